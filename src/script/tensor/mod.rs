//! Bindings of `tensor`: the ways to make one, operators, and everything that can be done with it.

mod arrange;
mod choose;
mod elementwise;
mod gradient;
mod index;
mod make;
mod operators;
mod product;
mod read;
mod reduce;

use super::value::{self, kind_of};
use crate::error::{Error, Kind, Result};
use crate::tensor::{DType, Device, Tensor};
use rhai::{Array, Dynamic, Engine, Module};

pub(super) use gradient::GradientsHandle;

/// Binds the noun.
pub(super) fn bind(engine: &mut Engine, host: &std::sync::Arc<dyn super::Host>) {
    operators::bind(engine);
    index::operators(engine);
    let mut module = Module::new();
    make::functions(&mut module);
    read::functions(&mut module, host);
    elementwise::functions(&mut module);
    choose::functions(&mut module);
    reduce::functions(&mut module);
    arrange::functions(&mut module);
    index::functions(&mut module);
    product::functions(&mut module);
    gradient::functions(&mut module);
    engine.register_global_module(module.into());
    let mut makers = Module::new();
    make::makers(&mut makers, host);
    read::makers(&mut makers, host);
    engine.register_static_module("tensor", makers.into());
}

/// One dimension, or an array of them.
fn dims_of(operation: &str, value: &Dynamic) -> Result<Vec<i64>> {
    if let Ok(dim) = value.as_int() {
        return Ok(vec![dim]);
    }
    if !value.is_array() {
        return Err(Error::new(Kind::Type, operation, "'dims' has the wrong type")
            .expected("a dimension, or an array of them")
            .received(kind_of(value)));
    }
    value::list_of(operation, "dims", value, value::integer_of)
}

/// Whole numbers of any sign, in an array.
fn integers_of(operation: &str, what: &str, array: Array) -> Result<Vec<i64>> {
    value::list_of(operation, what, &Dynamic::from(array), value::integer_of)
}

/// Whole numbers of 0 or more: one, or an array of them.
fn counts_of(operation: &str, what: &str, given: &Dynamic) -> Result<Vec<usize>> {
    match given.is_int() {
        true => Ok(vec![value::count_of(operation, what, given)?]),
        false => value::list_of(operation, what, given, value::count_of),
    }
}

/// A tensor, or a number or bool as one.
pub(super) fn tensor_of(operation: &str, what: &str, given: &Dynamic) -> Result<Tensor> {
    if let Some(tensor) = given.read_lock::<Tensor>() {
        return Ok(tensor.clone());
    }
    if let Ok(flag) = given.as_bool() {
        return Tensor::scalar(DType::Bool, f64::from(u8::from(flag)));
    }
    if let Ok(integer) = given.as_int() {
        return Tensor::from_integers(vec![integer], &[1], &Device::default());
    }
    if let Ok(float) = given.as_float() {
        return Tensor::scalar(DType::F32, float);
    }
    Err(Error::new(Kind::Type, operation, format!("{what} has the wrong type"))
        .expected("a tensor or a number")
        .received(kind_of(given)))
}

/// The tensors of an array.
fn tensors_of(operation: &str, given: &Array) -> Result<Vec<Tensor>> {
    let each = |(index, value)| tensor_of(operation, &format!("tensors[{index}]"), value);
    given.iter().enumerate().map(each).collect()
}

/// Tensors as a script's array.
fn array_of(tensors: Vec<Tensor>) -> Array {
    tensors.into_iter().map(Dynamic::from).collect()
}

/// `#{ values, indices }`.
fn values_and_indices(values: Tensor, indices: Tensor) -> rhai::Map {
    let parts = [("values", values), ("indices", indices)];
    parts.into_iter().map(|(name, tensor)| (name.into(), Dynamic::from(tensor))).collect()
}
