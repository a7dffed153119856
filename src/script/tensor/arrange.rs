//! The same elements in another shape or order.

use super::{array_of, counts_of, dims_of, integers_of, tensors_of};
use crate::error::{Error, Kind, Result};
use crate::script::register::functions;
use crate::script::value::{count_of, number_of};
use crate::tensor::{Padding, Tensor};
use rhai::{Array, Dynamic, Module};

pub(super) fn functions(module: &mut Module) {
    shapes(module);
    pieces(module);
    orders(module);
}

fn shapes(module: &mut Module) {
    functions! { module;
        /// The same elements in another shape; one length may be −1, which is whatever is left.
        ///
        /// ```rhai
        /// tensor([1, 2, 3, 4]).reshape([2, -1]).shape == [2, 2]
        /// ```
        fn "reshape"(tensor: Tensor, shape: Array) -> Tensor {
            tensor.reshape(&integers_of("reshape", "shape", shape)?)
        }

        /// All dimensions as one.
        ///
        /// ```rhai
        /// tensor([[1, 2], [3, 4]]).flatten().shape == [4]
        /// ```
        fn "flatten"(tensor: Tensor) -> Tensor { tensor.flatten(0, -1) }

        /// As `flatten()`, from a dimension on.
        ///
        /// ```rhai
        /// tensor::zeros([2, 3, 4]).flatten(1).shape == [2, 12]
        /// ```
        fn "flatten"(tensor: Tensor, start: i64) -> Tensor { tensor.flatten(start, -1) }

        /// As `flatten()`, from one dimension to another, both included.
        ///
        /// ```rhai
        /// tensor::zeros([2, 3, 4]).flatten(0, 1).shape == [6, 4]
        /// ```
        fn "flatten"(tensor: Tensor, start: i64, end: i64) -> Tensor { tensor.flatten(start, end) }

        /// Dimensions in another order.
        ///
        /// ```rhai
        /// tensor::zeros([2, 3, 4]).permute([2, 0, 1]).shape == [4, 2, 3]
        /// ```
        fn "permute"(tensor: Tensor, dims: Array) -> Tensor {
            tensor.permute(&integers_of("permute", "dims", dims)?)
        }

        /// Two dimensions exchanged.
        ///
        /// ```rhai
        /// tensor([[1, 2, 3]]).transpose(0, 1).shape == [3, 1]
        /// ```
        fn "transpose"(tensor: Tensor, first: i64, second: i64) -> Tensor {
            tensor.transpose(first, second)
        }

        /// Without any dimension of length 1.
        ///
        /// ```rhai
        /// tensor([[[1, 2]]]).squeeze().shape == [2]
        /// ```
        fn "squeeze"(tensor: Tensor) -> Tensor { tensor.squeeze_all() }

        /// As `squeeze()`, for the given dimensions only; those longer than 1 stay.
        ///
        /// ```rhai
        /// tensor([[[1, 2]]]).squeeze(0).shape == [1, 2]
        /// ```
        fn "squeeze"(tensor: Tensor, dims: Dynamic) -> Tensor {
            tensor.squeeze(&dims_of("squeeze", &dims)?)
        }

        /// With one more dimension, of length 1.
        ///
        /// ```rhai
        /// tensor([1, 2]).unsqueeze(0).shape == [1, 2]
        /// ```
        fn "unsqueeze"(tensor: Tensor, dim: i64) -> Tensor { tensor.unsqueeze(dim) }

        /// Repeated along dimensions of length 1 until it has that shape; −1 keeps a length.
        ///
        /// ```rhai
        /// tensor([[1], [2]]).expand([-1, 3]).shape == [2, 3]
        /// ```
        fn "expand"(tensor: Tensor, shape: Array) -> Tensor {
            let lengths = integers_of("expand", "shape", shape)?;
            let own = tensor.shape();
            let length = |(at, length): (usize, &i64)| {
                let kept = (at + own.len()).checked_sub(lengths.len()).and_then(|at| own.get(at));
                match (usize::try_from(*length), kept) {
                    (Ok(length), _) => Ok(length),
                    (_, Some(kept)) if *length == -1 => Ok(*kept),
                    _ => Err(Error::new(Kind::Range, "expand", "a length is out of range")
                        .expected("0 or more, or -1 for a dimension that is there")
                        .received(format!("{lengths:?}"))),
                }
            };
            tensor.expand(&lengths.iter().enumerate().map(length).collect::<Result<Vec<_>>>()?)
        }
    }
}

fn pieces(module: &mut Module) {
    functions! { module;
        /// Tensors put one after another along a dimension; the other lengths must be equal.
        ///
        /// ```rhai
        /// cat([tensor([[1, 2]]), tensor([[3, 4]])], 0).shape == [2, 2]
        /// ```
        fn "cat"(tensors: Array, dim: i64) -> Tensor { Tensor::cat(&tensors_of("cat", &tensors)?, dim) }

        /// Tensors of one shape put one after another along a new dimension.
        ///
        /// ```rhai
        /// stack([tensor([1, 2]), tensor([3, 4])], 1).to_array() == [[1, 3], [2, 4]]
        /// ```
        fn "stack"(tensors: Array, dim: i64) -> Tensor {
            Tensor::stack(&tensors_of("stack", &tensors)?, dim)
        }

        /// Pieces along a dimension: of one size (the last may be shorter), or of the sizes in an array.
        ///
        /// ```rhai
        /// tensor::arange(5).split([2, 3], 0)[1].to_array() == [2, 3, 4]
        /// ```
        fn "split"(tensor: Tensor, sizes: Dynamic, dim: i64) -> Array {
            Ok(array_of(match sizes.is_int() {
                true => tensor.split_every(count_of("split", "the size", &sizes)?, dim)?,
                false => tensor.split(&counts_of("split", "sizes", &sizes)?, dim)?,
            }))
        }

        /// At most so many pieces of one size along a dimension; the last may be shorter.
        ///
        /// ```rhai
        /// tensor::arange(5).chunk(2, 0)[0].to_array() == [0, 1, 2]
        /// ```
        fn "chunk"(tensor: Tensor, count: Dynamic, dim: i64) -> Array {
            Ok(array_of(tensor.chunk(count_of("chunk", "count", &count)?, dim)?))
        }

        /// `length` entries from `start` on along a dimension.
        ///
        /// ```rhai
        /// tensor([1, 2, 3, 4]).narrow(0, 1, 2).to_array() == [2, 3]
        /// ```
        fn "narrow"(tensor: Tensor, dim: i64, start: Dynamic, length: Dynamic) -> Tensor {
            let start = count_of("narrow", "start", &start)?;
            tensor.narrow(dim, start, count_of("narrow", "length", &length)?)
        }

        /// Windows of `size` along a dimension, one every `step`; they become a new last dimension.
        ///
        /// ```rhai
        /// tensor::arange(5).unfold(0, 3, 2).to_array() == [[0, 1, 2], [2, 3, 4]]
        /// ```
        fn "unfold"(tensor: Tensor, dim: i64, size: Dynamic, step: Dynamic) -> Tensor {
            let size = count_of("unfold", "size", &size)?;
            tensor.unfold(dim, size, count_of("unfold", "step", &step)?)
        }
    }
}

fn orders(module: &mut Module) {
    functions! { module;
        /// Backwards along one dimension or several.
        ///
        /// ```rhai
        /// tensor([1, 2, 3]).flip(0).to_array() == [3, 2, 1]
        /// ```
        fn "flip"(tensor: Tensor, dims: Dynamic) -> Tensor { tensor.flip(&dims_of("flip", &dims)?) }

        /// Moved along a dimension; what leaves at the end comes in at the start. Also with arrays of
        /// shifts and dimensions.
        ///
        /// ```rhai
        /// tensor([1, 2, 3]).roll(1, 0).to_array() == [3, 1, 2]
        /// ```
        fn "roll"(tensor: Tensor, shift: Dynamic, dim: Dynamic) -> Tensor {
            let (shifts, dims) = (dims_of("roll", &shift)?, dims_of("roll", &dim)?);
            if shifts.len() != dims.len() {
                return Err(Error::new(Kind::Shape, "roll", "each dimension needs a shift")
                    .received(format!("{} shifts, {} dimensions", shifts.len(), dims.len())));
            }
            let pairs = shifts.into_iter().zip(dims);
            pairs.into_iter().try_fold(tensor, |rolled, (shift, dim)| rolled.roll(shift, dim))
        }

        /// Zeros around: `[before, after]` of the last dimension, then of the one before it, and so on.
        /// Negative amounts take away.
        ///
        /// ```rhai
        /// tensor([1, 2]).pad([1, 2]).to_array() == [0, 1, 2, 0, 0]
        /// ```
        fn "pad"(tensor: Tensor, amounts: Array) -> Tensor {
            tensor.pad(&integers_of("pad", "amounts", amounts)?, Padding::Value(0.0))
        }

        /// As `pad(amounts)`, with another value, or "reflect", "replicate" or "circular".
        ///
        /// ```rhai
        /// tensor([1, 2, 3]).pad([2, 0], "reflect").to_array() == [3, 2, 1, 2, 3]
        /// ```
        fn "pad"(tensor: Tensor, amounts: Array, with: Dynamic) -> Tensor {
            let padding = match with.clone().into_immutable_string() {
                Ok(name) => Padding::named(&name)?,
                Err(_) => Padding::Value(number_of("pad", "the value", &with)?),
            };
            tensor.pad(&integers_of("pad", "amounts", amounts)?, padding)
        }

        /// The whole tensor again and again, so many times along each dimension.
        ///
        /// ```rhai
        /// tensor([1, 2]).repeat([2, 2]).to_array() == [[1, 2, 1, 2], [1, 2, 1, 2]]
        /// ```
        fn "repeat"(tensor: Tensor, times: Dynamic) -> Tensor {
            tensor.repeat(&counts_of("repeat", "times", &times)?)
        }

        /// Zero above the diagonal of the last two dimensions.
        ///
        /// ```rhai
        /// tensor::ones([2, 2]).tril().to_array() == [[1.0, 0.0], [1.0, 1.0]]
        /// ```
        fn "tril"(tensor: Tensor) -> Tensor { tensor.tril(0) }

        /// As `tril()`, with another diagonal: 1 is the one above.
        ///
        /// ```rhai
        /// tensor::ones([2, 2]).tril(-1).to_array() == [[0.0, 0.0], [1.0, 0.0]]
        /// ```
        fn "tril"(tensor: Tensor, diagonal: i64) -> Tensor { tensor.tril(diagonal) }

        /// Zero below the diagonal of the last two dimensions.
        ///
        /// ```rhai
        /// tensor::ones([2, 2]).triu(1).to_array() == [[0.0, 1.0], [0.0, 0.0]]
        /// ```
        fn "triu"(tensor: Tensor) -> Tensor { tensor.triu(0) }

        /// As `triu()`, with another diagonal: 1 is the one above.
        ///
        /// ```rhai
        /// tensor::ones([2, 2]).triu(1).to_array() == [[0.0, 1.0], [0.0, 0.0]]
        /// ```
        fn "triu"(tensor: Tensor, diagonal: i64) -> Tensor { tensor.triu(diagonal) }
    }
}
