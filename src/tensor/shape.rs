//! Broadcasting, and everything that moves numbers without changing them.

use super::dtype::by_dtype;
use super::record::Dispatch;
use super::{DType, Tensor, words};
use crate::error::{Error, Kind, Result};
use burn::backend::DispatchTensor;
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
    let wrong = || {
        let error = Error::new(Kind::Shape, operation, "the shapes do not fit each other")
            .expected("equal lengths, or 1, counted from the last dimension")
            .received(format!("{} and {}", words(left), words(right)));
        match lifted_to_fit(left, right) {
            Some(hint) => error.hint(hint),
            None => error,
        }
    };
    let lengths: Vec<usize> = (0..rank)
        .map(|i| match (length(left, i), length(right, i)) {
            (a, b) if a == b => Ok(a),
            (1, b) => Ok(b),
            (a, 1) => Ok(a),
            _ => Err(wrong()),
        })
        .collect::<Result<_>>()?;
    super::check_size(operation, &lengths)?;
    Ok(lengths)
}

/// What to do where one more dimension in the shorter shape makes both fit: a row for each sample, say.
fn lifted_to_fit(left: &[usize], right: &[usize]) -> Option<String> {
    let (short, long) = if left.len() < right.len() { (left, right) } else { (right, left) };
    if short.len() == long.len() {
        return None;
    }
    // A new first dimension changes nothing: broadcasting adds it anyway.
    let fits = |dim: &usize| {
        let mut lifted = short.to_vec();
        lifted.insert(*dim, 1);
        let pairs = lifted.iter().rev().zip(long.iter().rev());
        pairs.clone().all(|(a, b)| a == b || *a == 1)
    };
    let dim = (1..=short.len()).find(fits)?;
    Some(format!("did you mean .unsqueeze({dim}) for the one of shape {}?", words(short)))
}

/// Two operands of one type and one rank, ready for a broadcasting operation.
pub(super) struct Pair {
    pub left: DispatchTensor,
    pub right: DispatchTensor,
    /// f32 or i64.
    pub dtype: DType,
    shape: Vec<usize>,
}

impl Pair {
    /// Whether the result has no elements: Burn need not see it.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// The result without elements.
    pub fn none(&self, dtype: DType, inputs: &[&Tensor]) -> Result<Tensor> {
        Tensor::none(dtype, &self.shape, inputs)
    }
}

/// Both operands with the same type and rank; two of bools count as integers.
pub(super) fn aligned(operation: &str, left: &Tensor, right: &Tensor) -> Result<Pair> {
    let (a, b) = (left.shape(), right.shape());
    let shape = broadcast(operation, &a, &b)?;
    let dtype = left.dtype().max(right.dtype()).max(DType::I64);
    let (left, right) = (left.to(dtype)?, right.to(dtype)?);
    if shape.contains(&0) {
        return Ok(Pair { left: left.0, right: right.0, dtype, shape });
    }
    let rank = shape.len();
    Ok(Pair { left: left.lifted(rank, &a), right: right.lifted(rank, &b), dtype, shape })
}

/// Both operands with one type and one shape.
pub(super) fn spread(operation: &str, left: &Tensor, right: &Tensor) -> Result<(Tensor, Tensor)> {
    let full = broadcast(operation, &left.shape(), &right.shape())?;
    let dtype = left.dtype().max(right.dtype());
    Ok((left.to(dtype)?.expand(&full)?, right.to(dtype)?.expand(&full)?))
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
        self.shaped(full).0
    }

    /// The same elements in a shape that is known to fit.
    fn shaped(&self, shape: Vec<usize>) -> Tensor {
        let shape = Shape::from(shape);
        by_dtype!(self, float_reshape | int_reshape | bool_reshape, shape)
    }

    /// The same numbers in another shape; one length may be -1 (whatever is left).
    pub fn reshape(&self, shape: &[i64]) -> Result<Tensor> {
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
        if full.contains(&0) {
            return Tensor::none(self.dtype(), &full, &[self]);
        }
        Ok(self.shaped(full))
    }

    /// Dimensions in another order; `axes` names each exactly once.
    pub fn permute(&self, axes: &[i64]) -> Result<Tensor> {
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
        if self.count() == 0 {
            let shape: Vec<usize> = order.iter().map(|axis| self.shape()[*axis]).collect();
            return Tensor::none(self.dtype(), &shape, &[self]);
        }
        self.in_order(&order)
    }

    /// A view on the processor; laid out anew elsewhere, where not every operation sees a view as it is.
    fn in_order(&self, order: &[usize]) -> Result<Tensor> {
        if self.device().is_cpu() {
            return Ok(by_dtype!(self, float_permute | int_permute | bool_permute, order));
        }
        if self.is_float() {
            return Ok(Tensor(Dispatch::still_permuted(self.0.clone(), order.to_vec())));
        }
        let view = by_dtype!(self, float_permute | int_permute | bool_permute, order);
        let shape = view.shape();
        Ok(view.shaped(vec![self.count()]).shaped(shape))
    }

    /// Two dimensions exchanged.
    pub fn transpose(&self, first: i64, second: i64) -> Result<Tensor> {
        let a = dim_of("transpose", first, self.rank())?;
        let b = dim_of("transpose", second, self.rank())?;
        if self.count() == 0 {
            let mut shape = self.shape();
            shape.swap(a, b);
            return Tensor::none(self.dtype(), &shape, &[self]);
        }
        if !self.device().is_cpu() {
            let mut order: Vec<usize> = (0..self.rank()).collect();
            order.swap(a, b);
            return self.in_order(&order);
        }
        Ok(by_dtype!(self, float_swap_dims | int_swap_dims | bool_swap_dims, a, b))
    }

    /// `length` entries from `start` on along `dim`.
    pub fn narrow(&self, dim: i64, start: usize, length: usize) -> Result<Tensor> {
        let shape = self.shape();
        let axis = dim_of("narrow", dim, shape.len())?;
        let size = shape.get(axis).copied().unwrap_or(0);
        let end = start.checked_add(length).filter(|end| *end <= size);
        let Some(end) = end else {
            return Err(Error::new(Kind::Range, "narrow", "the range leaves the tensor")
                .expected(format!("within 0..{size} along dimension {axis}"))
                .received(format!("{length} from {start} on")));
        };
        if length == 0 || self.count() == 0 {
            let mut shape = shape;
            if let Some(own) = shape.get_mut(axis) {
                *own = length;
            }
            return Tensor::none(self.dtype(), &shape, &[self]);
        }
        let slices: Vec<Slice> = shape
            .iter()
            .enumerate()
            .map(|(i, n)| if i == axis { Slice::from(start..end) } else { Slice::from(0..*n) })
            .collect();
        Ok(by_dtype!(self, float_slice | int_slice | bool_slice, &slices))
    }

    /// The tensor repeated along dimensions of length 1 until it has `shape`.
    pub fn expand(&self, shape: &[usize]) -> Result<Tensor> {
        let own = self.shape();
        if broadcast("expand", &own, shape)? != shape || shape.len() > MAX_RANK {
            return Err(Error::new(Kind::Shape, "expand", "cannot be expanded to that shape")
                .expected(format!("lengths of 1 where it grows, in {}", words(&own)))
                .received(words(shape)));
        }
        if own == shape {
            return Ok(self.clone());
        }
        if shape.contains(&0) {
            return Tensor::none(self.dtype(), shape, &[self]);
        }
        let lifted = Tensor(self.lifted(shape.len(), &own));
        let shape = Shape::from(shape.to_vec());
        Ok(by_dtype!(lifted, float_expand | int_expand | bool_expand, shape))
    }

    /// Tensors of one shape but for `dim`, put one after another along it.
    pub fn cat(tensors: &[Tensor], dim: i64) -> Result<Tensor> {
        let Some(first) = tensors.first() else {
            return Err(Error::new(Kind::Shape, "cat", "there is nothing to put together"));
        };
        let shape = first.shape();
        let axis = dim_of("cat", dim, shape.len())?;
        for tensor in tensors {
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
        let dtype = tensors.iter().map(Tensor::dtype).fold(DType::Bool, DType::max);
        let mut full = shape;
        full[axis] = tensors.iter().map(|tensor| tensor.shape()[axis]).sum();
        super::check_size("cat", &full)?;
        if full.contains(&0) {
            return Tensor::none(dtype, &full, &tensors.iter().collect::<Vec<_>>());
        }
        let (some, none): (Vec<&Tensor>, Vec<&Tensor>) =
            tensors.iter().partition(|tensor| tensor.count() > 0);
        let parts = some.iter().map(|tensor| Ok(tensor.to(dtype)?.0));
        let parts = parts.collect::<Result<Vec<_>>>()?;
        let whole = Tensor(match dtype {
            DType::F32 => Dispatch::float_cat(parts, axis),
            DType::I64 => Dispatch::int_cat(parts, axis),
            DType::Bool => Dispatch::bool_cat(parts, axis),
        });
        // What has no elements may still hang on something that has a gradient.
        match none.iter().any(|tensor| tensor.is_tracked()) && whole.is_float() {
            true => whole.add(&Tensor::flat(Tensor::scalar(DType::F32, 0.0)?, &none)?),
            false => Ok(whole),
        }
    }
}
