//! Many numbers in, fewer out.

use super::{Tensor, shape};
use crate::error::{Error, Kind, Result};
use burn::backend::Dispatch;
use burn::backend::ops::FloatTensorOps;
use burn::tensor::{IntDType, Shape};

impl Tensor {
    /// The sum of all elements, shape `[1]`.
    pub fn sum(&self) -> Result<Tensor> {
        self.need_float("sum")?;
        Ok(Tensor(Dispatch::float_sum(self.0.clone())))
    }

    /// The mean of all elements, shape `[1]`.
    pub fn mean(&self) -> Result<Tensor> {
        self.need_some("mean")?;
        Ok(Tensor(Dispatch::float_mean(self.0.clone())))
    }

    /// The sum along `dims`, which vanish unless `keep`.
    pub fn sum_dims(&self, dims: &[i64], keep: bool) -> Result<Tensor> {
        self.need_some("sum")?;
        self.over(dims, keep, "sum", Dispatch::float_sum_dim)
    }

    /// The mean along `dims`, which vanish unless `keep`.
    pub fn mean_dims(&self, dims: &[i64], keep: bool) -> Result<Tensor> {
        self.need_some("mean")?;
        self.over(dims, keep, "mean", Dispatch::float_mean_dim)
    }

    /// The largest element along `dim`, which vanishes unless `keep`.
    pub fn max_dim(&self, dim: i64, keep: bool) -> Result<Tensor> {
        self.need_some("max")?;
        self.over(&[dim], keep, "max", Dispatch::float_max_dim)
    }

    /// The index of the first largest element along `dim`, which vanishes.
    pub fn argmax(&self, dim: i64) -> Result<Tensor> {
        self.need_some("argmax")?;
        let axis = shape::dim_of("argmax", dim, self.rank())?;
        let found = Dispatch::float_argmax(self.0.clone(), axis, IntDType::I64);
        use burn::backend::ops::IntTensorOps;
        let kept = without(&self.shape(), &[axis]);
        Ok(Tensor(Dispatch::int_reshape(found, Shape::from(kept))))
    }

    pub(super) fn need_some(&self, operation: &str) -> Result<()> {
        self.need_float(operation)?;
        if self.count() > 0 {
            return Ok(());
        }
        Err(Error::new(Kind::Shape, operation, "the tensor is empty").received(self.describe()))
    }

    fn over(
        &self,
        dims: &[i64],
        keep: bool,
        operation: &str,
        along: fn(burn::backend::DispatchTensor, usize) -> burn::backend::DispatchTensor,
    ) -> Result<Tensor> {
        let own = self.shape();
        let axes = dims
            .iter()
            .map(|dim| shape::dim_of(operation, *dim, own.len()))
            .collect::<Result<Vec<_>>>()?;
        let mut result = self.0.clone();
        for axis in &axes {
            result = along(result, *axis);
        }
        if !keep {
            result = Dispatch::float_reshape(result, Shape::from(without(&own, &axes)));
        }
        Ok(Tensor(result))
    }
}

/// `shape` without `axes`; never empty, since a scalar is `[1]`.
fn without(shape: &[usize], axes: &[usize]) -> Vec<usize> {
    let kept: Vec<usize> =
        shape.iter().enumerate().filter(|(i, _)| !axes.contains(i)).map(|(_, n)| *n).collect();
    if kept.is_empty() { vec![1] } else { kept }
}
