//! Elements by their places.

use super::tensor_of;
use crate::error::{Error, Kind, Result};
use crate::script::pytorch;
use crate::script::raise::{Raw, raw};
use crate::script::register::{functions, property};
use crate::script::value::{count_of, kind_of};
use crate::tensor::Tensor;
use rhai::{Array, Dynamic, Engine, FuncRegistration, INT, Module};
use std::ops::{Range, RangeInclusive};

/// `t[0]`, `t[-1]`, `t[1..3]`, `t[indices]`, `t[mask]`; assignment has no function, and is refused.
pub(super) fn operators(engine: &mut Engine) {
    let mut module = Module::new();
    let place = |index: &'static str, doc: [&str; 2]| {
        FuncRegistration::new_index_getter().with_comments(property(doc)).with_params_info([
            "tensor: Tensor",
            index,
            "Tensor",
        ])
    };
    place("place: i64", ["The slice at a place of the first dimension; -1 is the last.", AT])
        .set_into_module(&mut module, |tensor: &mut Tensor, place: INT| raw(tensor.at(place)));
    place(
        "start..end: range",
        ["The slices from a place up to another one, which is left out.", RANGE],
    )
    .set_into_module(&mut module, |tensor: &mut Tensor, range: Range<INT>| {
        raw(tensor.range(range.start, range.end))
    });
    place(
        "start..=end: range",
        ["The slices from a place up to and including another one.", UP_TO],
    )
    .set_into_module(&mut module, |tensor: &mut Tensor, range: RangeInclusive<INT>| {
        raw(inclusive(tensor, *range.start(), *range.end()))
    });
    place(
        "index: Tensor",
        ["The slices at places (i64), or the elements where a mask is true.", MASK],
    )
    .set_into_module(&mut module, |tensor: &mut Tensor, index: Tensor| raw(tensor.picked(&index)));
    place("places: Array", ["The slices at places, or where bools are true.", LISTED])
        .set_into_module(&mut module, |tensor: &mut Tensor, index: Array| -> Raw<Tensor> {
            raw(listed(tensor, &index))
        });
    engine.register_global_module(module.into());
    engine.register_indexer_get(|_: &mut Tensor, index: Dynamic| -> Raw<Tensor> {
        raw(Err(no_such_index(&index)))
    });
}

const AT: &str = "tensor([10, 20, 30])[-1].item() == 30";
const RANGE: &str = "tensor([10, 20, 30])[1..3].to_array() == [20, 30]";
const UP_TO: &str = "tensor([10, 20, 30])[0..=1].to_array() == [10, 20]";
const MASK: &str = "let t = tensor([-1, 2]); t[t > 0].to_array() == [2]";
const LISTED: &str = "tensor([10, 20, 30])[[2, 0]].to_array() == [30, 10]";

/// A property that is not there comes here too, as a string.
fn no_such_index(index: &Dynamic) -> Error {
    const PROPERTIES: [&str; 6] = ["shape", "rank", "count", "dtype", "device", "tracked"];
    match index.clone().into_immutable_string() {
        Ok(name) => match pytorch::property(&name) {
            Some(hint) => {
                Error::new(Kind::Name, "Tensor", format!("unknown property '{name}'")).hint(hint)
            }
            None => crate::error::unknown("Tensor", "property", &name, &PROPERTIES),
        },
        Err(_) => Error::new(Kind::Type, "index", "a tensor has no such index")
            .expected("a whole number, a range, an array or tensor of places, a mask")
            .received(kind_of(index)),
    }
}

fn inclusive(tensor: &Tensor, start: INT, end: INT) -> Result<Tensor> {
    // Up to -1 means up to the end, which has no number after it.
    match end {
        -1 => tensor.range(start, INT::MAX),
        _ => tensor.range(start, end.saturating_add(1)),
    }
}

/// An array of places, or of bools.
fn listed(tensor: &Tensor, index: &Array) -> Result<Tensor> {
    let wrong = index.iter().find(|place| !place.is_int() && !place.is_bool());
    if let Some(wrong) = wrong {
        return Err(Error::new(Kind::Type, "index", "an index has the wrong type")
            .expected("whole numbers, or bools")
            .received(kind_of(wrong)));
    }
    if index.is_empty() {
        return tensor.narrow(0, 0, 0);
    }
    let index = super::make::nested(&Dynamic::from(index.clone()), None)?;
    tensor.picked(&index)
}

pub(super) fn functions(module: &mut Module) {
    functions! { module;
        /// The slices along a dimension that an index (i64, one dimension) names, in its order.
        ///
        /// Errors: an index that leaves the tensor.
        ///
        /// ```rhai
        /// tensor([10, 20, 30]).index_select(0, tensor([2, 0])).to_array() == [30, 10]
        /// ```
        fn "index_select"(tensor: Tensor, dim: i64, index: Tensor) -> Tensor {
            tensor.index_select(dim, &index)
        }

        /// Along a dimension, the element that the index (i64) names at each place; the result has the
        /// index's shape.
        ///
        /// ```rhai
        /// tensor([[1, 2], [3, 4]]).gather(1, tensor([[1], [0]])).to_array() == [[2], [3]]
        /// ```
        fn "gather"(tensor: Tensor, dim: i64, index: Tensor) -> Tensor { tensor.gather(dim, &index) }

        /// Puts each element of `source` (a tensor of the index's shape, or a number) to where the index
        /// names along a dimension.
        ///
        /// Errors: two elements for one place.
        ///
        /// ```rhai
        /// tensor::zeros([3]).scatter(0, tensor([2]), tensor([5.0])).to_array() == [0.0, 0.0, 5.0]
        /// ```
        fn "scatter"(tensor: Tensor, dim: i64, index: Tensor, source: Dynamic) -> Tensor {
            let source = tensor_of("scatter", "source", &source)?;
            tensor.scatter(dim, &index, &source_for(source, &index)?)
        }

        /// Adds each element of `source` (a tensor of the index's shape, or a number) to the one that the
        /// index names along a dimension.
        ///
        /// ```rhai
        /// tensor::zeros([2]).scatter_add(0, tensor([1, 1]), tensor([2.0, 3.0])).to_array() == [0.0, 5.0]
        /// ```
        fn "scatter_add"(tensor: Tensor, dim: i64, index: Tensor, source: Dynamic) -> Tensor {
            let source = tensor_of("scatter_add", "source", &source)?;
            tensor.scatter_add(dim, &index, &source_for(source, &index)?)
        }

        /// The elements where the mask is true, in row-major order.
        ///
        /// ```rhai
        /// let t = tensor([1, -2, 3]);
        /// t.masked_select(t > 0).to_array() == [1, 3]
        /// ```
        fn "masked_select"(tensor: Tensor, mask: Tensor) -> Tensor { tensor.masked_select(&mask) }

        /// A row of `classes` floats for each integer: 1 at its place, 0 elsewhere.
        ///
        /// ```rhai
        /// tensor([1, 0]).one_hot(2).to_array() == [[0.0, 1.0], [1.0, 0.0]]
        /// ```
        fn "one_hot"(tensor: Tensor, classes: Dynamic) -> Tensor {
            tensor.one_hot(count_of("one_hot", "classes", &classes)?)
        }
    }
}

/// A single number for every place.
fn source_for(source: Tensor, index: &Tensor) -> Result<Tensor> {
    if source.shape() == [1] { source.expand(&index.shape()) } else { Ok(source) }
}
