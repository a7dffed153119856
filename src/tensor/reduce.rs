//! Many numbers in, fewer out.

use super::dtype::by_dtype;
use super::record::Dispatch;
use super::{DType, Tensor, shape};
use crate::error::{Error, Kind, Result};
use burn::backend::DispatchTensor;
use burn::tensor::Shape;

/// Along which dimensions, and whether they stay with a length of 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Along {
    /// The dimensions, counted from the end where negative; `None` means all of them.
    pub dims: Option<Vec<i64>>,
    /// Whether they stay.
    pub keep: bool,
}

impl Along {
    /// All dimensions, which vanish: one number, shape `[1]`.
    pub fn all() -> Self {
        Along::default()
    }

    /// These dimensions, which stay where `keep` says so.
    pub fn dims(dims: &[i64], keep: bool) -> Self {
        Along { dims: Some(dims.to_vec()), keep }
    }

    /// The dimensions' numbers in `shape`, each once.
    pub(super) fn axes(&self, operation: &str, shape: &[usize]) -> Result<Vec<usize>> {
        let Some(dims) = &self.dims else { return Ok((0..shape.len()).collect()) };
        let mut axes = Vec::new();
        for dim in dims {
            let axis = shape::dim_of(operation, *dim, shape.len())?;
            if axes.contains(&axis) {
                return Err(Error::new(Kind::Range, operation, "a dimension is named twice")
                    .received(format!("{dims:?} for {} dimensions", shape.len())));
            }
            axes.push(axis);
        }
        Ok(axes)
    }

    /// The shape of the result; never empty, since a scalar is `[1]`.
    pub(super) fn result(&self, shape: &[usize], axes: &[usize]) -> Vec<usize> {
        let length = |(i, n): (usize, &usize)| match (axes.contains(&i), self.keep) {
            (true, true) => Some(1),
            (true, false) => None,
            _ => Some(*n),
        };
        let left: Vec<usize> = shape.iter().enumerate().filter_map(length).collect();
        if left.is_empty() { vec![1] } else { left }
    }
}

/// A reduction along one axis, which stays.
type Step = fn(DispatchTensor, usize) -> DispatchTensor;

impl Tensor {
    /// The sum of all elements, shape `[1]`; integers stay integers.
    pub fn sum(&self) -> Result<Tensor> {
        if self.is_float() && self.count() > 0 {
            return Ok(Tensor(Dispatch::float_sum(self.0.clone())));
        }
        self.sum_along(&Along::all())
    }

    /// The mean of all elements, shape `[1]`; NaN of none.
    pub fn mean(&self) -> Result<Tensor> {
        let own = self.float()?;
        if own.count() > 0 {
            return Ok(Tensor(Dispatch::float_mean(own.0)));
        }
        own.mean_along(&Along::all())
    }

    /// The sum along `dims`, which vanish unless `keep`.
    pub fn sum_dims(&self, dims: &[i64], keep: bool) -> Result<Tensor> {
        self.sum_along(&Along::dims(dims, keep))
    }

    /// The mean along `dims`, which vanish unless `keep`.
    pub fn mean_dims(&self, dims: &[i64], keep: bool) -> Result<Tensor> {
        self.mean_along(&Along::dims(dims, keep))
    }

    /// The sum; of none it is 0.
    pub fn sum_along(&self, along: &Along) -> Result<Tensor> {
        let own = if self.is_float() { self.clone() } else { self.to(DType::I64)? };
        own.folded("sum", along, 0.0, Dispatch::float_sum_dim, Dispatch::int_sum_dim)
    }

    /// The mean, as floats; of none it is NaN.
    pub fn mean_along(&self, along: &Along) -> Result<Tensor> {
        let own = self.float()?;
        own.folded("mean", along, f64::NAN, Dispatch::float_mean_dim, Dispatch::int_mean_dim)
    }

    /// The product; of none it is 1.
    pub fn prod_along(&self, along: &Along) -> Result<Tensor> {
        let own = if self.is_float() { self.clone() } else { self.to(DType::I64)? };
        let plain = own.detached()?;
        let (float, int): (Step, Step) = (Dispatch::float_prod_dim, Dispatch::int_prod_dim);
        if !own.is_tracked() {
            return plain.folded("prod", along, 1.0, float, int);
        }
        let axes = along.axes("prod", &own.shape())?;
        let kept = plain.folded("prod", &along.kept(), 1.0, float, int)?;
        // x vanishes from its own slope, also where it is 0: the others' product.
        let zero = plain.equals_number(0.0)?;
        let zeros = zero.to(DType::I64)?.sum_along(&along.kept())?;
        let without = plain.masked_fill(&zero, 1.0)?;
        let others = without.folded("prod", &along.kept(), 1.0, float, int)?;
        let only = zero.and(&zeros.equals_number(1.0)?)?;
        let slope = others.div(&without)?.masked_fill(&zeros.above_number(0.0)?, 0.0)?;
        let slope = Tensor::select(&only, &others, &slope)?;
        own.sloped(&kept, &slope)?.without_axes(along, &own.shape(), &axes)
    }

    /// Whether any element is not 0.
    pub fn any_along(&self, along: &Along) -> Result<Tensor> {
        let step: Step = Dispatch::bool_any_dim;
        self.to(DType::Bool)?.folded("any", along, 0.0, step, step)
    }

    /// Whether no element is 0.
    pub fn all_along(&self, along: &Along) -> Result<Tensor> {
        let step: Step = Dispatch::bool_all_dim;
        self.to(DType::Bool)?.folded("all", along, 1.0, step, step)
    }

    /// The variance; the sum of squares is divided by the number of elements less `correction`.
    pub fn var_along(&self, along: &Along, correction: f64) -> Result<Tensor> {
        let (own, kept, slope) = self.spread_of("var", along, correction)?;
        let axes = along.axes("var", &own.shape())?;
        own.sloped(&kept, &slope)?.without_axes(along, &own.shape(), &axes)
    }

    /// The root of the variance; its slope is 0 where it is 0.
    pub fn std_along(&self, along: &Along, correction: f64) -> Result<Tensor> {
        let (own, variance, slope) = self.spread_of("std", along, correction)?;
        let axes = along.axes("std", &own.shape())?;
        let root = variance.sqrt()?;
        let flat = root.equals_number(0.0)?;
        let slope = slope.div(&root.mul_number(2.0)?)?.masked_fill(&flat, 0.0)?;
        own.sloped(&root, &slope)?.without_axes(along, &own.shape(), &axes)
    }

    /// Itself as floats, the variance with its dimensions kept, and its slope.
    fn spread_of(
        &self,
        operation: &str,
        along: &Along,
        correction: f64,
    ) -> Result<(Tensor, Tensor, Tensor)> {
        let own = self.float()?;
        let plain = own.detached()?;
        let axes = along.axes(operation, &own.shape())?;
        let count: usize = axes.iter().map(|axis| own.shape()[*axis]).product();
        let free = (count as f64 - correction).max(0.0);
        let off = plain.sub(&plain.mean_along(&along.kept())?)?;
        let kept = off.mul(&off)?.sum_along(&along.kept())?.div_number(free)?;
        Ok((own, kept, off.mul_number(2.0 / free)?))
    }

    /// The p-norm; infinity gives the largest absolute value.
    pub fn norm_along(&self, along: &Along, p: f64) -> Result<Tensor> {
        let own = self.float()?;
        if p.is_nan() || p <= 0.0 {
            return Err(Error::out_of_range("norm", "p", "more than 0", p));
        }
        let axes = along.axes("norm", &own.shape())?;
        let (plain, size) = (own.detached()?, own.detached()?.abs()?);
        if p.is_infinite() {
            return own.abs()?.max_along(along);
        }
        let kept = match p {
            1.0 => size.sum_along(&along.kept())?,
            _ => size.pow_number(p)?.sum_along(&along.kept())?.pow_number(1.0 / p)?,
        };
        if !own.is_tracked() {
            return kept.without_axes(along, &own.shape(), &axes);
        }
        // sign(x) · (|x| / norm)^(p − 1), and 0 where all is 0.
        let share = size.div(&kept)?.pow_number(p - 1.0)?.mul(&plain.sign()?)?;
        let slope = share.masked_fill(&kept.equals_number(0.0)?, 0.0)?;
        own.sloped(&kept, &slope)?.without_axes(along, &own.shape(), &axes)
    }

    /// ln Σ e^x, without overflow.
    pub fn logsumexp_along(&self, along: &Along) -> Result<Tensor> {
        let own = self.float()?;
        let axes = along.axes("logsumexp", &own.shape())?;
        let plain = own.detached()?;
        if own.count() == 0 {
            return plain.folded(
                "logsumexp",
                along,
                f64::NEG_INFINITY,
                Dispatch::float_sum_dim,
                Dispatch::float_sum_dim,
            );
        }
        let top = plain.max_along(&along.kept())?;
        let top = top.masked_fill(&top.is_inf()?, 0.0)?;
        let powers = plain.sub(&top)?.exp()?;
        let total = powers.sum_along(&along.kept())?;
        let value = total.log()?.add(&top)?;
        own.sloped(&value, &powers.div(&total)?)?.without_axes(along, &own.shape(), &axes)
    }

    /// Reduces along each axis; `nothing` stands where there is nothing to reduce.
    pub(super) fn folded(
        &self,
        operation: &str,
        along: &Along,
        nothing: f64,
        float: Step,
        other: Step,
    ) -> Result<Tensor> {
        let own = self.shape();
        let axes = along.axes(operation, &own)?;
        if self.count() == 0 {
            let shape = along.result(&own, &axes);
            let value = Tensor::empty(self.dtype(), &shape)?;
            let value = value.masked_fill(&Tensor::scalar(DType::Bool, 1.0)?, nothing)?;
            return Tensor::flat(value, &[self]);
        }
        let step = if self.is_float() { float } else { other };
        let folded = axes.iter().fold(self.0.clone(), |folded, axis| step(folded, *axis));
        Tensor(folded).without_axes(along, &own, &axes)
    }

    /// Takes the reduced axes away, unless they stay.
    pub(super) fn without_axes(
        &self,
        along: &Along,
        own: &[usize],
        axes: &[usize],
    ) -> Result<Tensor> {
        let shape = along.result(own, axes);
        if self.shape() == shape {
            return Ok(self.clone());
        }
        if self.count() == 0 {
            return Tensor::none(self.dtype(), &shape, &[self]);
        }
        let shape = Shape::from(shape);
        Ok(by_dtype!(self, float_reshape | int_reshape | bool_reshape, shape))
    }

    pub(super) fn need_some(&self, operation: &str) -> Result<()> {
        if self.count() > 0 {
            return Ok(());
        }
        Err(Error::new(Kind::Shape, operation, "the tensor is empty").received(self.describe()))
    }
}

impl Along {
    /// The same dimensions, which stay.
    pub(super) fn kept(&self) -> Along {
        Along { dims: self.dims.clone(), keep: true }
    }
}
