//! Our operations out of operations that every backend of Burn has: what runs on graphics cards, and what the kernels
//! for the processor are tested against. Nothing here leaves the device.

mod descent;
mod half;
mod pictures;
mod plain;
mod rows;

pub use descent::adam;
pub(super) use half::{kept, rounds};
pub use pictures::{
    block_means, block_spread, channel_norm, channel_norm_gradients, channel_statistics,
    gate_gradients, gated, plane_means, plane_spread,
};
pub use plain::{conv2d, conv2d_kernel, conv2d_transposed, on_the_host, permuted};
pub use rows::{
    attention, attention_gradient, curve, curve_gradient, layer_norm, layer_norm_gradients, linear,
    linear_input, linear_weight, row_sum, softmax, softmax_gradient,
};

use burn::backend::tensor::{BoolTensor, FloatTensor};
use burn::backend::{Backend, TensorMetadata, get_or_init_device_settings};
use burn::tensor::{BoolDType, Scalar, Shape};

/// Numbers of a backend, with the operators of numbers.
struct Numbers<B: Backend>(FloatTensor<B>);

impl<B: Backend> Clone for Numbers<B> {
    fn clone(&self) -> Self {
        Numbers(self.0.clone())
    }
}

macro_rules! two {
    ($($trait:ident $name:ident $whole:ident $single:ident;)*) => { $(
        impl<B: Backend> std::ops::$trait for Numbers<B> {
            type Output = Self;

            fn $name(self, other: Self) -> Self {
                Numbers(B::$whole(self.0, other.0))
            }
        }

        impl<B: Backend> std::ops::$trait<f64> for Numbers<B> {
            type Output = Self;

            fn $name(self, other: f64) -> Self {
                Numbers(B::$single(self.0, Scalar::Float(other)))
            }
        }
    )* };
}

two! {
    Add add float_add float_add_scalar;
    Sub sub float_sub float_sub_scalar;
    Mul mul float_mul float_mul_scalar;
    Div div float_div float_div_scalar;
}

impl<B: Backend> Numbers<B> {
    fn shape(&self) -> Vec<usize> {
        self.0.shape().to_vec()
    }

    /// The same numbers, one behind the other in memory. What Burn's reductions on graphics cards make of others is wrong
    /// where the last dimension does not lie side by side (seen in 0.22.1), so nothing else ever gets there.
    fn laid_out(self) -> Self {
        let shape = self.shape();
        let count = shape.iter().product();
        self.reshape(&[count]).reshape(&shape)
    }

    fn reshape(self, shape: &[usize]) -> Self {
        Numbers(B::float_reshape(self.0, Shape::from(shape.to_vec())))
    }

    fn expand(self, shape: &[usize]) -> Self {
        Numbers(B::float_expand(self.0, Shape::from(shape.to_vec())))
    }

    fn permute(self, axes: &[usize]) -> Self {
        Numbers(B::float_permute(self.0, axes))
    }

    /// The last two dimensions exchanged.
    fn turned(self) -> Self {
        let rank = self.shape().len();
        Numbers(B::float_swap_dims(self.0, rank - 2, rank - 1))
    }

    /// A product of matrices, of numbers rounded as the process asks.
    fn product(self, other: Self) -> Self {
        let (left, right) = (half::rounded(self), half::rounded(other));
        half::whole(Numbers(B::float_matmul(left.0, right.0)))
    }

    /// The sum along each of `axes`, which stay with a length of 1.
    fn sums(self, axes: impl IntoIterator<Item = usize>) -> Self {
        Numbers(axes.into_iter().fold(self.0, |sum, axis| B::float_sum_dim(sum, axis)))
    }

    /// The sum along the last dimension, which stays.
    fn row_sums(self) -> Self {
        let last = self.shape().len() - 1;
        self.sums([last])
    }

    fn row_means(self) -> Self {
        let last = self.shape().len() - 1;
        Numbers(B::float_mean_dim(self.0, last))
    }

    fn row_tops(self) -> Self {
        let last = self.shape().len() - 1;
        Numbers(B::float_max_dim(self.0, last))
    }

    fn exp(self) -> Self {
        Numbers(B::float_exp(self.0))
    }

    fn log(self) -> Self {
        Numbers(B::float_log(self.0))
    }

    fn sqrt(self) -> Self {
        Numbers(B::float_sqrt(self.0))
    }

    fn neg(self) -> Self {
        Numbers(B::float_neg(self.0))
    }

    fn squared(self) -> Self {
        self.clone() * self
    }

    /// How truth is stored there.
    fn truths(&self) -> BoolDType {
        get_or_init_device_settings::<B>(&self.0.device()).bool_dtype
    }

    /// Where it is at most `limit`.
    fn at_most(&self, limit: f64) -> BoolTensor<B> {
        B::float_lower_equal_elem(self.0.clone(), Scalar::Float(limit), self.truths())
    }

    /// Where it is at least `limit`.
    fn at_least(&self, limit: f64) -> BoolTensor<B> {
        B::float_greater_equal_elem(self.0.clone(), Scalar::Float(limit), self.truths())
    }

    /// Numbers of one dimension, all that there are, as those of `axis` beside tensors of this rank.
    fn beside(self, axis: usize, rank: usize) -> Self {
        let mut shape = vec![1; rank];
        shape[axis] = self.shape().iter().product();
        self.reshape(&shape)
    }

    /// So many zeros before and behind the others along `axis`.
    fn with_zeros(self, axis: usize, [before, behind]: [usize; 2]) -> Self {
        let zeros = |count: usize| {
            let mut shape = self.shape();
            shape[axis] = count;
            B::float_zeros(shape.into(), &self.0.device(), self.0.dtype().into())
        };
        let around = [before, behind].map(|count| (count > 0).then(|| zeros(count)));
        match around {
            [None, None] => self,
            [first, last] => {
                let parts = [first, Some(self.0), last].into_iter().flatten();
                Numbers(B::float_cat(parts.collect(), axis))
            }
        }
    }

    /// `value` where `mask` is true.
    fn with(self, mask: BoolTensor<B>, value: f64) -> Self {
        Numbers(B::float_mask_fill(self.0, mask, Scalar::Float(value)))
    }

    /// The indices `from` to `to` along `axis`.
    fn part(self, axis: usize, from: usize, to: usize) -> Self {
        let shape = self.shape();
        let slices: Vec<burn::tensor::Slice> = (0..shape.len())
            .map(|at| if at == axis { from..to } else { 0..shape[at] })
            .map(burn::tensor::Slice::from)
            .collect();
        Numbers(B::float_slice(self.0, &slices))
    }

    /// All rows, one below the other: `[row, width]`.
    fn rows(self) -> Self {
        let shape = self.shape();
        let width = shape.last().copied().unwrap_or(1);
        let rows = shape.iter().product::<usize>() / width.max(1);
        self.reshape(&[rows, width])
    }
}
