//! Linear maps with their adjoints: each is an operation with a backward pass.

mod axis;
mod fourier;
mod pick;

pub(in crate::tensor) use axis::{Axis, Taps};
pub(in crate::tensor) use fourier::Fourier;
pub(in crate::tensor) use pick::{NOTHING, Pick, Rows};

/// A linear map between tensors of fixed shapes, in row-major order.
pub trait Linear: std::fmt::Debug + Send + Sync {
    fn input_shape(&self) -> Vec<usize>;

    fn output_shape(&self) -> Vec<usize>;

    fn apply(&self, input: &[f32]) -> Vec<f32>;

    /// The transposed matrix times `gradient`: the gradient of the input.
    fn adjoint(&self, gradient: &[f32]) -> Vec<f32>;

    /// What it does, in operations that others have, too.
    fn told(&self) -> Told {
        Told::Nothing
    }
}

/// A linear map in other words.
pub enum Told {
    /// The elements at these places along a dimension.
    Picked { axis: usize, places: Vec<usize> },
    /// A matrix `[from, to]` along a dimension.
    Matrix { axis: usize, from: usize, to: usize, values: Vec<f32> },
    /// A matrix `[points, 2 · bins]` along the last dimension: cosines, then sines, of each bin.
    Fourier { points: usize, values: Vec<f32> },
    /// It has no other words.
    Nothing,
}

/// Elements of the largest matrix that a map is told as.
const LARGEST_TOLD: usize = 1 << 26;
