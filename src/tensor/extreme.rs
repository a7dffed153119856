//! The largest and the smallest, where they are, and the order of all.

use super::record::{Dispatch, Op, whole};
use super::reduce::Along;
use super::{DType, Tensor, shape};
use crate::error::{Error, Kind, Result};
use burn::backend::DispatchTensor;

/// Which end of the order.
#[derive(Clone, Copy)]
enum End {
    Largest,
    Smallest,
}

impl Tensor {
    /// The largest element along `dim`, which vanishes unless `keep`; the gradient goes to the first one.
    pub fn max_dim(&self, dim: i64, keep: bool) -> Result<Tensor> {
        self.at_extreme("max", End::Largest, dim, keep)
    }

    /// The smallest element along `dim`, which vanishes unless `keep`; the gradient goes to the first one.
    pub fn min_dim(&self, dim: i64, keep: bool) -> Result<Tensor> {
        self.at_extreme("min", End::Smallest, dim, keep)
    }

    /// The largest element along several dimensions; equal ones share the gradient.
    pub fn max_along(&self, along: &Along) -> Result<Tensor> {
        self.extreme("max", End::Largest, along)
    }

    /// The smallest element along several dimensions; equal ones share the gradient.
    pub fn min_along(&self, along: &Along) -> Result<Tensor> {
        self.extreme("min", End::Smallest, along)
    }

    /// The index of the first largest element along `dim`, which vanishes.
    pub fn argmax(&self, dim: i64) -> Result<Tensor> {
        self.where_extreme("argmax", End::Largest, dim, false)
    }

    /// The index of the first largest element along `dim`.
    pub fn argmax_dim(&self, dim: i64, keep: bool) -> Result<Tensor> {
        self.where_extreme("argmax", End::Largest, dim, keep)
    }

    /// The index of the first smallest element along `dim`.
    pub fn argmin_dim(&self, dim: i64, keep: bool) -> Result<Tensor> {
        self.where_extreme("argmin", End::Smallest, dim, keep)
    }

    fn at_extreme(&self, word: &str, end: End, dim: i64, keep: bool) -> Result<Tensor> {
        let places = self.where_extreme(word, end, dim, true)?;
        let found = self.gather(dim, &places)?;
        let along = Along::dims(&[dim], keep);
        let axes = along.axes(word, &self.shape())?;
        found.without_axes(&along, &self.shape(), &axes)
    }

    fn where_extreme(&self, word: &str, end: End, dim: i64, keep: bool) -> Result<Tensor> {
        let along = Along::dims(&[dim], keep);
        let (own, axes) = (self.shape(), along.axes(word, &self.shape())?);
        let axis = axes.first().copied().unwrap_or(0);
        if own.get(axis) == Some(&0) {
            self.need_some(word)?;
        }
        if self.count() == 0 {
            return Tensor::empty(DType::I64, &along.result(&own, &axes));
        }
        let (plain, integers) = (self.detached()?, self.device().integers());
        let found = match (plain.dtype(), end) {
            (DType::F32, End::Largest) => Dispatch::float_argmax(plain.0, axis, integers),
            (DType::F32, End::Smallest) => Dispatch::float_argmin(plain.0, axis, integers),
            (_, End::Largest) => Dispatch::int_argmax(plain.to(DType::I64)?.0, axis),
            (_, End::Smallest) => Dispatch::int_argmin(plain.to(DType::I64)?.0, axis),
        };
        Tensor(found).without_axes(&along, &own, &axes)
    }

    fn extreme(&self, word: &str, end: End, along: &Along) -> Result<Tensor> {
        let own = if self.is_float() { self.clone() } else { self.to(DType::I64)? };
        let (shape, plain) = (own.shape(), own.detached()?);
        let axes = along.axes(word, &shape)?;
        if axes.iter().any(|axis| shape[*axis] == 0) {
            own.need_some(word)?;
        }
        if own.count() == 0 {
            return Tensor::none(self.dtype(), &along.result(&shape, &axes), &[self]);
        }
        let step: fn(DispatchTensor, usize) -> DispatchTensor = match (own.dtype(), end) {
            (DType::F32, End::Largest) => Dispatch::float_max_dim,
            (DType::F32, End::Smallest) => Dispatch::float_min_dim,
            (_, End::Largest) => Dispatch::int_max_dim,
            (_, End::Smallest) => Dispatch::int_min_dim,
        };
        let kept = plain.folded(word, &along.kept(), 0.0, step, step)?;
        if !own.is_tracked() {
            return kept.to(self.dtype())?.without_axes(along, &shape, &axes);
        }
        let mut same = plain.equal(&kept)?;
        if along.dims.is_none() {
            // PyTorch's max() of everything shares the slope among NaNs; its amax() gives NaN.
            same = same.or(&plain.is_nan()?)?;
        }
        let same = same.float()?;
        let slope = same.div(&same.sum_along(&along.kept())?)?;
        own.sloped(&kept, &slope)?.without_axes(along, &shape, &axes)
    }

    /// The places of all elements along `dim`, in the order of their values; equal ones keep their order.
    pub fn argsort(&self, dim: i64, descending: bool) -> Result<Tensor> {
        let own = self.shape();
        let axis = shape::dim_of("sort", dim, own.len())?;
        let length = own.get(axis).copied().unwrap_or(0);
        whole(
            || Op::ArgSort { axis, descending },
            &[self],
            || self.sorted_places(dim, length, descending),
        )
    }

    /// On the host: Burn's order of equal ones is not said to be stable.
    fn sorted_places(&self, dim: i64, length: usize, descending: bool) -> Result<Tensor> {
        let last = self.rank() as i64 - 1;
        let moved = self.detached()?.transpose(dim, last)?;
        let mut places = Vec::with_capacity(self.count());
        if self.is_float() {
            let values = moved.to_values()?;
            for row in values.chunks(length.max(1)) {
                places.extend(sorted(row.len(), descending, |a, b| compare(row[a], row[b])));
            }
        } else {
            let values = moved.to_integers()?;
            for row in values.chunks(length.max(1)) {
                places.extend(sorted(row.len(), descending, |a, b| row[a].cmp(&row[b])));
            }
        }
        let device = super::Device::default();
        Tensor::from_integers(places, &moved.shape(), &device)?.transpose(dim, last)
    }

    /// The `count` largest elements along `dim`, largest first, and their places.
    pub fn topk(&self, count: usize, dim: i64) -> Result<(Tensor, Tensor)> {
        let own = self.shape();
        let axis = shape::dim_of("topk", dim, own.len())?;
        if count > own[axis] {
            return Err(Error::new(Kind::Range, "topk", "there are not so many elements")
                .expected(format!("{} at most along dimension {dim}", own[axis]))
                .received(count.to_string()));
        }
        let places = self.argsort(dim, true)?.narrow(dim, 0, count)?;
        Ok((self.gather(dim, &places)?, places))
    }
}

/// NaN counts as largest of all, as in PyTorch.
fn compare(a: f32, b: f32) -> std::cmp::Ordering {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => std::cmp::Ordering::Equal,
        (true, false) => std::cmp::Ordering::Greater,
        (false, true) => std::cmp::Ordering::Less,
        _ => a.partial_cmp(&b).unwrap_or(std::cmp::Ordering::Equal),
    }
}

fn sorted(
    count: usize,
    descending: bool,
    order: impl Fn(usize, usize) -> std::cmp::Ordering,
) -> Vec<i64> {
    let mut places: Vec<usize> = (0..count).collect();
    match descending {
        true => places.sort_by(|a, b| order(*b, *a)),
        false => places.sort_by(|a, b| order(*a, *b)),
    }
    places.into_iter().map(|place| place as i64).collect()
}
