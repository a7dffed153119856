//! Broadcasting, and everything that moves numbers without changing them.

use super::{Tensor, words};
use crate::error::{Error, Kind, Result};
use burn::backend::ops::FloatTensorOps;
use burn::backend::{Dispatch, DispatchTensor};
use burn::tensor::{Shape, Slice};

/// The most dimensions that a tensor may have (Burn's limit).
pub const MAX_RANK: usize = 8;

/// The shape that `left` and `right` are broadcast to, as NumPy does it.
pub(super) fn broadcast(operation: &str, left: &[usize], right: &[usize]) -> Result<Vec<usize>> {
    let rank = left.len().max(right.len());
    let length = |shape: &[usize], i: usize| {
        let missing = rank - shape.len();
        if i < missing { 1 } else { shape.get(i - missing).copied().unwrap_or(1) }
    };
    let lengths: Vec<usize> = (0..rank)
        .map(|i| match (length(left, i), length(right, i)) {
            (a, b) if a == b => Ok(a),
            (1, b) => Ok(b),
            (a, 1) => Ok(a),
            _ => Err(Error::new(Kind::Shape, operation, "the shapes do not fit each other")
                .expected("equal lengths, or 1, counted from the last dimension")
                .received(format!("{} and {}", words(left), words(right)))),
        })
        .collect::<Result<_>>()?;
    super::check_size(operation, &lengths)?;
    Ok(lengths)
}

/// Both operands with the same rank, ready for a broadcasting operation.
pub(super) fn aligned(
    operation: &str,
    left: &Tensor,
    right: &Tensor,
) -> Result<(DispatchTensor, DispatchTensor)> {
    left.need_float(operation)?;
    right.need_float(operation)?;
    let (a, b) = (left.shape(), right.shape());
    broadcast(operation, &a, &b)?;
    let rank = a.len().max(b.len());
    Ok((left.lifted(rank, &a), right.lifted(rank, &b)))
}

/// A dimension counted from the end where negative, checked against `rank`.
pub(super) fn dim_of(operation: &str, dim: i64, rank: usize) -> Result<usize> {
    let counted = if dim < 0 { dim.saturating_add(rank as i64) } else { dim };
    match usize::try_from(counted) {
        Ok(found) if found < rank => Ok(found),
        _ => Err(Error::new(Kind::Range, operation, "no such dimension")
            .expected(format!("{} to {} for {rank} dimensions", -(rank as i64), rank as i64 - 1))
            .received(dim.to_string())),
    }
}

impl Tensor {
    /// The primitive with leading dimensions of length 1 up to `rank`.
    pub(super) fn lifted(&self, rank: usize, shape: &[usize]) -> DispatchTensor {
        if shape.len() == rank {
            return self.0.clone();
        }
        let mut full = vec![1; rank - shape.len()];
        full.extend_from_slice(shape);
        Dispatch::float_reshape(self.0.clone(), Shape::from(full))
    }

    /// The same numbers in another shape; one length may be -1 (whatever is left).
    pub fn reshape(&self, shape: &[i64]) -> Result<Tensor> {
        self.need_float("reshape")?;
        let wrong = || {
            Error::new(Kind::Shape, "reshape", "the new shape holds another number of elements")
                .expected(format!("{} elements, as {}", self.count(), words(&self.shape())))
                .received(format!("{shape:?}"))
        };
        let known = shape
            .iter()
            .filter(|n| **n >= 0)
            .try_fold(1usize, |all, n| all.checked_mul(*n as usize))
            .ok_or_else(wrong)?;
        let open = shape.iter().filter(|n| **n < 0).count();
        let rest = self.count().checked_div(known).unwrap_or(0);
        let full: Vec<usize> =
            shape.iter().map(|n| if *n < 0 { rest } else { *n as usize }).collect();
        let fits = open <= 1
            && !full.is_empty()
            && full.len() <= MAX_RANK
            && shape.iter().all(|n| *n >= -1)
            && full.iter().product::<usize>() == self.count();
        if !fits {
            return Err(wrong());
        }
        Ok(Tensor(Dispatch::float_reshape(self.0.clone(), Shape::from(full))))
    }

    /// Dimensions in another order; `axes` names each exactly once.
    pub fn permute(&self, axes: &[i64]) -> Result<Tensor> {
        self.need_float("permute")?;
        let rank = self.rank();
        let order =
            axes.iter().map(|axis| dim_of("permute", *axis, rank)).collect::<Result<Vec<_>>>()?;
        let mut sorted = order.clone();
        sorted.sort_unstable();
        if sorted != (0..rank).collect::<Vec<_>>() {
            return Err(Error::new(Kind::Shape, "permute", "each dimension must be named once")
                .expected(format!("an order of 0 to {}", rank.saturating_sub(1)))
                .received(format!("{axes:?} for {}", words(&self.shape()))));
        }
        Ok(Tensor(Dispatch::float_permute(self.0.clone(), &order)))
    }

    /// Two dimensions exchanged.
    pub fn transpose(&self, first: i64, second: i64) -> Result<Tensor> {
        self.need_float("transpose")?;
        let a = dim_of("transpose", first, self.rank())?;
        let b = dim_of("transpose", second, self.rank())?;
        Ok(Tensor(Dispatch::float_swap_dims(self.0.clone(), a, b)))
    }

    /// `length` entries from `start` on along `dim`.
    pub fn narrow(&self, dim: i64, start: usize, length: usize) -> Result<Tensor> {
        self.need_float("narrow")?;
        let shape = self.shape();
        let axis = dim_of("narrow", dim, shape.len())?;
        let size = shape.get(axis).copied().unwrap_or(0);
        let end = start.checked_add(length).filter(|end| *end <= size && length > 0);
        let Some(end) = end else {
            return Err(Error::new(Kind::Range, "narrow", "the range leaves the tensor")
                .expected(format!("within 0..{size} along dimension {axis}"))
                .received(format!("{length} from {start} on")));
        };
        let slices: Vec<Slice> = shape
            .iter()
            .enumerate()
            .map(|(i, n)| if i == axis { Slice::from(start..end) } else { Slice::from(0..*n) })
            .collect();
        Ok(Tensor(Dispatch::float_slice(self.0.clone(), &slices)))
    }

    /// The tensor repeated along dimensions of length 1 until it has `shape`.
    pub fn expand(&self, shape: &[usize]) -> Result<Tensor> {
        self.need_float("expand")?;
        let own = self.shape();
        if broadcast("expand", &own, shape)? != shape || shape.len() > MAX_RANK {
            return Err(Error::new(Kind::Shape, "expand", "cannot be expanded to that shape")
                .expected(format!("lengths of 1 where it grows, in {}", words(&own)))
                .received(words(shape)));
        }
        let lifted = self.lifted(shape.len(), &own);
        Ok(Tensor(Dispatch::float_expand(lifted, Shape::from(shape.to_vec()))))
    }

    /// Tensors of one shape but for `dim`, put one after another along it.
    pub fn cat(tensors: &[Tensor], dim: i64) -> Result<Tensor> {
        let Some(first) = tensors.first() else {
            return Err(Error::new(Kind::Shape, "cat", "there is nothing to put together"));
        };
        let shape = first.shape();
        let axis = dim_of("cat", dim, shape.len())?;
        for tensor in tensors {
            tensor.need_float("cat")?;
            let other = tensor.shape();
            let fits = other.len() == shape.len()
                && other.iter().zip(&shape).enumerate().all(|(i, (a, b))| i == axis || a == b);
            if !fits {
                return Err(Error::new(
                    Kind::Shape,
                    "cat",
                    "the shapes differ beside the dimension",
                )
                .expected(format!("{} but for dimension {axis}", words(&shape)))
                .received(words(&other)));
            }
        }
        let parts = tensors.iter().map(|t| t.0.clone()).collect();
        Ok(Tensor(Dispatch::float_cat(parts, axis)))
    }
}
