//! Linear maps with their adjoints: each is an operation with a backward pass.

mod axis;
mod fourier;
mod pick;

pub(in crate::tensor) use axis::{Axis, Taps};
pub(in crate::tensor) use fourier::Fourier;
pub(in crate::tensor) use pick::{NOTHING, Pick, Rows};

/// A linear map between tensors of fixed shapes, in row-major order.
pub(in crate::tensor) trait Linear: std::fmt::Debug + Send + Sync {
    fn input_shape(&self) -> Vec<usize>;

    fn output_shape(&self) -> Vec<usize>;

    fn apply(&self, input: &[f32]) -> Vec<f32>;

    /// The transposed matrix times `gradient`: the gradient of the input.
    fn adjoint(&self, gradient: &[f32]) -> Vec<f32>;
}
