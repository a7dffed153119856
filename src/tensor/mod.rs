//! Tensors: one rank-erased handle with autodiff, and everything that is done with it.
//!
//! This is the only module that calls Burn's tensor operations. Each operation checks its arguments
//! first, so that a mistake becomes an [`Error`](crate::error::Error) and never one of Burn's panics.
//!
//! A [`Tensor`] is a cheap handle: cloning it copies no numbers. Operations make new tensors; nothing
//! is changed in place. Scalars (`sum()` of everything, a loss) have the shape `[1]`.

mod arrange;
mod attention;
mod compare;
mod convolution;
mod cumulate;
mod descent;
mod device;
mod distance;
mod dtype;
mod einsum;
mod elementwise;
mod extreme;
pub mod file;
mod gradient;
mod index;
mod kernels;
mod largest;
mod lookup;
mod make;
pub mod memory;
mod normalise;
pub mod npy;
mod pooling;
mod precision;
mod probability;
mod product;
pub mod random;
pub mod record;
mod reduce;
mod resample;
mod shape;
mod show;
mod spectrum;
pub mod store;
mod sweep;
pub mod sync;
pub mod trace;
mod unary;
pub mod work;

pub use arrange::Padding;
pub use convolution::{Conv2dOptions, ConvPadding, ConvTransposeOptions};
pub use descent::AdamStep;
pub use device::{Card, Choice, Device, Trial, VARIABLE as DEVICE_VARIABLE, cards};
pub use dtype::DType;
pub use gradient::{GRAPH_IS_USED, Gradients};
pub use kernels::pictures::After;
pub(crate) use kernels::rows::Curve;
pub use pooling::PoolOptions;
pub use precision::Precision;
pub use reduce::Along;
pub use resample::Interpolation;
pub use shape::MAX_RANK;
pub use spectrum::{Complex, StftOptions};

use crate::error::{Error, Kind, Result};
use burn::backend::ops::{FloatTensorOps, IntTensorOps};
use burn::backend::{Dispatch as Burn, DispatchTensor, TensorMetadata};

/// A tensor of any rank. Floats are f32, integers i64; floats may carry a gradient.
#[derive(Clone, Debug)]
pub struct Tensor(DispatchTensor);

impl Tensor {
    /// The lengths of all dimensions.
    pub fn shape(&self) -> Vec<usize> {
        self.0.shape().to_vec()
    }

    /// The number of dimensions.
    pub fn rank(&self) -> usize {
        self.0.shape().num_dims()
    }

    /// The number of elements.
    pub fn count(&self) -> usize {
        self.0.shape().num_elements()
    }

    /// All numbers in row-major order as floats, copied to the host.
    pub fn to_values(&self) -> Result<Vec<f32>> {
        record::may_read("to_values", self)?;
        sync::note();
        self.host_values()
    }

    /// `to_values` that is not counted: where the numbers lie on the host anyway.
    fn host_values(&self) -> Result<Vec<f32>> {
        let data = futures_ready(Burn::float_into_data(self.float()?.0))?;
        data.convert::<f32>().try_into_vec::<f32>().map_err(unreadable)
    }

    /// The device that it is on.
    pub(crate) fn device(&self) -> Device {
        Device::of(self.0.device())
    }

    /// All integers (or bools, as 0 and 1) in row-major order, copied to the host.
    pub fn to_integers(&self) -> Result<Vec<i64>> {
        if self.is_float() {
            return Err(Error::new(Kind::Type, "to_integers", "the tensor holds no integers")
                .received(self.describe()));
        }
        record::may_read("to_integers", self)?;
        sync::note();
        let data = futures_ready(Burn::int_into_data(self.to(DType::I64)?.0))?;
        data.convert::<i64>().try_into_vec::<i64>().map_err(unreadable)
    }

    /// The one number of a tensor with one element.
    pub fn item(&self) -> Result<f64> {
        if self.count() != 1 {
            return Err(Error::new(Kind::Shape, "item", "the tensor has not one element")
                .expected("one element")
                .received(self.describe())
                .hint("reduce it first, e.g. with .sum() or .mean()"));
        }
        match self.dtype() {
            DType::F32 => Ok(f64::from(self.to_values()?.first().copied().unwrap_or_default())),
            _ => Ok(self.to_integers()?.first().copied().unwrap_or_default() as f64),
        }
    }

    /// Dtype and shape in words: `tensor f32 [16, 10]`.
    pub fn describe(&self) -> String {
        format!("tensor {} {}", self.dtype().name(), words(&self.shape()))
    }

    fn need_float(&self, operation: &str) -> Result<()> {
        if self.is_float() {
            return Ok(());
        }
        Err(Error::new(Kind::Type, operation, "needs a tensor of floats")
            .expected("tensor f32")
            .received(self.describe())
            .hint("convert it with .to(\"f32\")"))
    }

    fn need_rank(&self, operation: &str, what: &str, rank: usize) -> Result<()> {
        if self.rank() == rank {
            return Ok(());
        }
        let error = Error::new(
            Kind::Shape,
            operation,
            format!("{what} has the wrong number of dimensions"),
        )
        .expected(format!("{rank} dimensions"))
        .received(words(&self.shape()));
        Err(if self.rank() + 1 == rank { error.hint(BATCH_OF_ONE) } else { error })
    }
}

/// What to do where the batch is missing.
pub(crate) const BATCH_OF_ONE: &str = "did you mean .unsqueeze(0)? It makes a batch of one";

fn unreadable(cause: impl std::fmt::Debug) -> Error {
    Error::new(Kind::Internal, "reading a tensor back", format!("{cause:?}"))
}

/// A shape as users read it: `[16, 10]`.
pub fn words(shape: &[usize]) -> String {
    format!("{shape:?}")
}

/// The most elements that a tensor may have: 2 GiB of them.
pub const LARGEST: usize = 1 << 29;

/// Refuses a shape that is too large, has too many dimensions, or needs more memory than there is, before anything
/// is made of it.
pub(crate) fn check_size(operation: &str, shape: &[usize]) -> Result<()> {
    // A length of 0 must not hide the others.
    let count = shape.iter().try_fold(1usize, |all, n| all.checked_mul((*n).max(1)));
    if let Some(count) = count.filter(|count| shape.len() <= shape::MAX_RANK && *count <= LARGEST) {
        return memory::check(operation, count);
    }
    Err(Error::new(Kind::Range, operation, "the tensor would be too large")
        .expected(format!("{LARGEST} elements and {} dimensions at most", shape::MAX_RANK))
        .received(format!("{} dimensions: {}", shape.len(), words(shape))))
}

fn check_count(operation: &str, count: usize, shape: &[usize]) -> Result<()> {
    check_size(operation, shape)?;
    let wanted = shape.iter().try_fold(1usize, |all, n| all.checked_mul(*n));
    if wanted == Some(count) && !shape.is_empty() {
        return Ok(());
    }
    let needs = wanted.map_or("too many".to_string(), |n| n.to_string());
    Err(Error::new(Kind::Shape, operation, "the number of values does not fit the shape")
        .expected(format!("{needs} values for {}", words(shape)))
        .received(format!("{count} values")))
}

/// Waits for a value that the backend hands out asynchronously; on the CPU it is always there.
fn futures_ready<T, E: std::fmt::Debug>(
    future: impl Future<Output = std::result::Result<T, E>>,
) -> Result<T> {
    burn::tensor::try_read_sync(future).and_then(|read| read.ok()).ok_or_else(|| {
        Error::new(Kind::Internal, "reading a tensor back", "the device did not answer")
    })
}

/// For tests of single parts.
#[doc(hidden)]
pub mod inside {
    pub use super::kernels::composed;
    pub use super::kernels::convolution::is_minimal;
    pub use super::kernels::descent::{Adam, DescentOps};
    pub use super::kernels::lanes::{Once, Twice, exp};
    pub use super::kernels::pictures::{NormOptions, PictureOps};
    pub use super::kernels::rows::{Curve, RowOps, Softmax};
    pub use super::kernels::vectors::width;
    pub use super::kernels::{StillOps, made, plain};
    pub use super::sweep::Last as Swept;
}
