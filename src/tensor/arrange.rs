//! The same elements in another arrangement.

use super::dtype::by_dtype;
use super::{DType, Device, Tensor, shape, words};
use crate::error::{Error, Kind, Result};

/// What is put around a tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Padding {
    /// One value.
    Value(f64),
    /// The elements mirrored at the edge, which is not repeated.
    Reflect,
    /// The element at the edge.
    Replicate,
    /// The elements of the other end.
    Circular,
}

impl Padding {
    /// The padding that is called `name` in a recipe.
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "reflect" => Ok(Padding::Reflect),
            "replicate" => Ok(Padding::Replicate),
            "circular" => Ok(Padding::Circular),
            other => {
                let known = ["reflect", "replicate", "circular"];
                Err(crate::error::unknown("pad", "padding", other, &known))
            }
        }
    }
}

impl Tensor {
    /// Without those of the dimensions `dims` that have a length of 1.
    pub fn squeeze(&self, dims: &[i64]) -> Result<Tensor> {
        let own = self.shape();
        let mut axes = Vec::new();
        for dim in dims {
            let axis = shape::dim_of("squeeze", *dim, own.len())?;
            if own[axis] == 1 {
                axes.push(axis);
            }
        }
        self.lengths_where(|axis, _| !axes.contains(&axis))
    }

    /// Without any dimension of length 1.
    pub fn squeeze_all(&self) -> Result<Tensor> {
        self.lengths_where(|_, length| length != 1)
    }

    fn lengths_where(&self, stays: impl Fn(usize, usize) -> bool) -> Result<Tensor> {
        let own = self.shape();
        let left = own.iter().enumerate().filter(|(axis, length)| stays(*axis, **length));
        let left: Vec<i64> = left.map(|(_, length)| *length as i64).collect();
        self.reshape(if left.is_empty() { &[1] } else { &left })
    }

    /// With one more dimension, of length 1, at `dim`.
    pub fn unsqueeze(&self, dim: i64) -> Result<Tensor> {
        let mut lengths: Vec<i64> = self.shape().iter().map(|n| *n as i64).collect();
        let at = shape::dim_of("unsqueeze", dim, lengths.len() + 1)?;
        super::check_size("unsqueeze", &vec![1; lengths.len() + 1])?;
        lengths.insert(at, 1);
        self.reshape(&lengths)
    }

    /// The dimensions from `start` to `end`, both included, as one.
    pub fn flatten(&self, start: i64, end: i64) -> Result<Tensor> {
        let own = self.shape();
        let first = shape::dim_of("flatten", start, own.len())?;
        let last = shape::dim_of("flatten", end, own.len())?;
        if first > last {
            return Err(Error::new(Kind::Range, "flatten", "the dimensions stand the wrong way")
                .received(format!("{start} to {end} for {}", words(&own))));
        }
        let middle = own[first..=last].iter().product::<usize>();
        let lengths = own[..first].iter().chain([&middle]).chain(&own[last + 1..]);
        self.reshape(&lengths.map(|n| *n as i64).collect::<Vec<_>>())
    }

    /// Tensors of one shape put one after another along a new dimension.
    pub fn stack(tensors: &[Tensor], dim: i64) -> Result<Tensor> {
        let first = tensors.first().map(Tensor::shape);
        for tensor in tensors {
            if Some(tensor.shape()) != first {
                return Err(Error::new(Kind::Shape, "stack", "the shapes differ")
                    .expected(words(first.as_deref().unwrap_or_default()))
                    .received(words(&tensor.shape())));
            }
        }
        let lifted = tensors.iter().map(|tensor| tensor.unsqueeze(dim));
        let lifted = lifted.collect::<Result<Vec<_>>>()?;
        Tensor::cat(&lifted, dim).map_err(|error| error.during("stack"))
    }

    /// Pieces of the given lengths along `dim`, which must use it up.
    pub fn split(&self, lengths: &[usize], dim: i64) -> Result<Vec<Tensor>> {
        let axis = shape::dim_of("split", dim, self.rank())?;
        let (whole, own) = (lengths.iter().sum::<usize>(), self.shape()[axis]);
        if whole != own {
            return Err(Error::new(
                Kind::Shape,
                "split",
                "the lengths do not use the dimension up",
            )
            .expected(format!("lengths that add up to {own}"))
            .received(format!("{lengths:?}, {whole} in all")));
        }
        let mut start = 0;
        let mut pieces = Vec::new();
        for length in lengths {
            pieces.push(self.narrow(dim, start, *length)?);
            start += length;
        }
        Ok(pieces)
    }

    /// Pieces of `size` along `dim`; the last one may be shorter.
    pub fn split_every(&self, size: usize, dim: i64) -> Result<Vec<Tensor>> {
        let axis = shape::dim_of("split", dim, self.rank())?;
        if size == 0 {
            return Err(Error::new(Kind::Range, "split", "the size is out of range")
                .expected("1 or more")
                .received("0"));
        }
        let own = self.shape()[axis];
        let lengths: Vec<usize> = (0..own).step_by(size).map(|at| size.min(own - at)).collect();
        if lengths.is_empty() { Ok(vec![self.clone()]) } else { self.split(&lengths, dim) }
    }

    /// At most `count` pieces of one length along `dim`; the last one may be shorter, as in PyTorch.
    pub fn chunk(&self, count: usize, dim: i64) -> Result<Vec<Tensor>> {
        let axis = shape::dim_of("chunk", dim, self.rank())?;
        if count == 0 {
            return Err(Error::new(Kind::Range, "chunk", "the number of pieces is out of range")
                .expected("1 or more")
                .received("0"));
        }
        self.split_every(self.shape()[axis].div_ceil(count).max(1), dim)
    }

    /// Backwards along `dims`.
    pub fn flip(&self, dims: &[i64]) -> Result<Tensor> {
        let along = super::reduce::Along::dims(dims, true);
        let axes = along.axes("flip", &self.shape())?;
        if self.count() == 0 {
            return Ok(self.clone());
        }
        Ok(by_dtype!(self, float_flip | int_flip | bool_flip, &axes))
    }

    /// Moved by `shift` along `dim`; what leaves at the end comes in at the start.
    pub fn roll(&self, shift: i64, dim: i64) -> Result<Tensor> {
        let axis = shape::dim_of("roll", dim, self.rank())?;
        let length = self.shape()[axis];
        if length == 0 {
            return Ok(self.clone());
        }
        let shift = shift.rem_euclid(length as i64) as usize;
        if shift == 0 {
            return Ok(self.clone());
        }
        let tail = self.narrow(dim, length - shift, shift)?;
        Tensor::cat(&[tail, self.narrow(dim, 0, length - shift)?], dim)
    }

    /// More elements before and after along the last dimensions: `amounts` are pairs, the last dimension's
    /// first, as PyTorch has them. A negative amount takes away (with `Padding::Value` only).
    pub fn pad(&self, amounts: &[i64], padding: Padding) -> Result<Tensor> {
        let (pairs, odd) = amounts.as_chunks::<2>();
        if !odd.is_empty() || pairs.len() > self.rank() {
            return Err(Error::new(Kind::Shape, "pad", "the amounts do not fit the dimensions")
                .expected("pairs [before, after], the last dimension's first")
                .received(format!("{amounts:?} for {}", words(&self.shape()))));
        }
        let mut full = self.shape();
        for (index, [before, after]) in pairs.iter().enumerate() {
            let axis = self.rank() - 1 - index;
            let length = full[axis] as i64;
            full[axis] = length.saturating_add(*before).saturating_add(*after).max(0) as usize;
        }
        super::check_size("pad", &full)?;
        let mut padded = self.clone();
        for (index, [before, after]) in pairs.iter().enumerate() {
            let dim = self.rank() as i64 - 1 - index as i64;
            padded = padded.padded(dim, *before, *after, padding)?;
        }
        Ok(padded)
    }

    fn padded(&self, dim: i64, before: i64, after: i64, padding: Padding) -> Result<Tensor> {
        let axis = shape::dim_of("pad", dim, self.rank())?;
        let own = self.shape()[axis] as i64;
        let most = match padding {
            Padding::Value(_) => super::LARGEST as i64,
            Padding::Reflect => own - 1,
            Padding::Circular => own,
            Padding::Replicate => {
                if own > 0 {
                    super::LARGEST as i64
                } else {
                    0
                }
            }
        };
        let least = if matches!(padding, Padding::Value(_)) { -own } else { 0 };
        let within = |amount: i64| (least..=most).contains(&amount);
        if !within(before) || !within(after) || before.saturating_add(after) < -own {
            return Err(Error::new(Kind::Range, "pad", "an amount is out of range")
                .expected(format!("{least} to {most} for a length of {own}"))
                .received(format!("{before} and {after}")));
        }
        let cut = |start: i64, length: i64| self.narrow(dim, start as usize, length as usize);
        let piece = |amount: i64, front: bool| -> Result<Tensor> {
            match padding {
                Padding::Value(value) => {
                    let mut shape = self.shape();
                    shape[axis] = amount.max(0) as usize;
                    super::check_size("pad", &shape)?;
                    let fill = Tensor::empty(self.dtype(), &shape)?;
                    fill.masked_fill(&Tensor::scalar(DType::Bool, 1.0)?, value)
                }
                Padding::Reflect => {
                    cut(if front { 1 } else { own - 1 - amount }, amount)?.flip(&[dim])
                }
                Padding::Circular => cut(if front { own - amount } else { 0 }, amount),
                Padding::Replicate => {
                    let mut shape = self.shape();
                    shape[axis] = amount as usize;
                    super::check_size("pad", &shape)?;
                    cut(if front { 0 } else { own - 1 }, 1)?.expand(&shape)
                }
            }
        };
        let kept = cut((-before).max(0), own - (-before).max(0) - (-after).max(0))?;
        let mut parts = Vec::new();
        if before > 0 {
            parts.push(piece(before, true)?);
        }
        parts.push(kept);
        if after > 0 {
            parts.push(piece(after, false)?);
        }
        Tensor::cat(&parts, dim)
    }

    /// The whole tensor again and again along each dimension; `times` may name more dimensions than there
    /// are, as in PyTorch.
    pub fn repeat(&self, times: &[usize]) -> Result<Tensor> {
        let own = self.shape();
        if times.len() < own.len() {
            return Err(Error::new(Kind::Shape, "repeat", "a number is missing")
                .expected(format!("at least {} numbers for {}", own.len(), words(&own)))
                .received(format!("{times:?}")));
        }
        let mut lengths = vec![1; times.len() - own.len()];
        lengths.extend(own);
        let full: Vec<usize> =
            lengths.iter().zip(times).map(|(n, times)| n.saturating_mul(*times)).collect();
        super::check_size("repeat", &full)?;
        if full.contains(&0) {
            return Tensor::none(self.dtype(), &full, &[self]);
        }
        let mut repeated = self.reshape(&lengths.iter().map(|n| *n as i64).collect::<Vec<_>>())?;
        for (dim, count) in times.iter().enumerate().filter(|(_, count)| **count > 1) {
            repeated = Tensor::cat(&vec![repeated; *count], dim as i64)?;
        }
        Ok(repeated)
    }

    /// Zero above the `diagonal`-th diagonal of the last two dimensions.
    pub fn tril(&self, diagonal: i64) -> Result<Tensor> {
        let gap = self.diagonals("tril")?;
        self.masked_fill(&gap.greater(&Tensor::scalar(DType::I64, diagonal as f64)?)?, 0.0)
    }

    /// Zero below the `diagonal`-th diagonal of the last two dimensions.
    pub fn triu(&self, diagonal: i64) -> Result<Tensor> {
        let gap = self.diagonals("triu")?;
        self.masked_fill(&gap.lower(&Tensor::scalar(DType::I64, diagonal as f64)?)?, 0.0)
    }

    /// Column less row, for the last two dimensions.
    fn diagonals(&self, operation: &str) -> Result<Tensor> {
        let own = self.shape();
        let Some(&[rows, columns]) = own.last_chunk::<2>() else {
            return Err(Error::new(Kind::Shape, operation, "needs a matrix")
                .expected("at least two dimensions")
                .received(words(&own)));
        };
        let line = |count: usize| Tensor::arange(0, count as i64, 1, &Device::default());
        line(columns)?.unsqueeze(0)?.sub(&line(rows)?.unsqueeze(1)?)
    }

    /// Windows of `size` along `dim`, one every `step`; they become a new last dimension.
    pub fn unfold(&self, dim: i64, size: usize, step: usize) -> Result<Tensor> {
        let own = self.shape();
        let axis = shape::dim_of("unfold", dim, own.len())?;
        let length = own[axis];
        if size > length || step == 0 || size == 0 {
            return Err(Error::new(Kind::Range, "unfold", "the windows do not fit")
                .expected(format!("a size of 1 to {length} and a step of 1 or more"))
                .received(format!("size {size}, step {step}")));
        }
        let count = (length - size) / step + 1;
        let mut full = own.clone();
        full[axis] = count;
        full.push(size);
        super::check_size("unfold", &full)?;
        let places = (0..count).flat_map(|window| window * step..window * step + size);
        let places: Vec<i64> = places.map(|place| place as i64).collect();
        let places = Tensor::from_integers(places, &[count * size], &Device::default())?;
        let picked = self.index_select(axis as i64, &places)?;
        // [… count, size, …] with the window last
        let mut lengths: Vec<i64> = own.iter().map(|n| *n as i64).collect();
        lengths[axis] = count as i64;
        lengths.insert(axis + 1, size as i64);
        let rank = lengths.len();
        let order = (0..rank).filter(|at| *at != axis + 1).chain([axis + 1]);
        let order: Vec<i64> = order.map(|at| at as i64).collect();
        picked.reshape(&lengths)?.permute(&order)
    }
}
