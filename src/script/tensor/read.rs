//! What a tensor is and holds, other types, and files.

use crate::error::{Error, Kind, Result};
use crate::script::Host;
use crate::script::register::{functions, namespaced, property};
use crate::tensor::{DType, Tensor, file};
use rhai::{Array, Dynamic, FuncRegistration, INT, Map, Module};
use std::sync::Arc;

pub(super) fn functions(module: &mut Module, host: &Arc<dyn Host>) {
    getters(module);
    let saver = host.clone();
    functions! { module;
        /// The same elements as another type: "f32", "i64" (fractions are cut off) or "bool" (what is not 0
        /// is true). No gradient flows through a change of type.
        ///
        /// ```rhai
        /// tensor([0.5, 2.5]).to("i64").to_array() == [0, 2]
        /// ```
        fn "to"(tensor: Tensor, dtype: &str) -> Tensor {
            tensor.to(DType::named("to", dtype)?)
        }

        /// The one element of a tensor that has one: a float, an integer or a bool.
        ///
        /// Errors: more or fewer elements.
        ///
        /// ```rhai
        /// tensor([2, 3]).sum().item() == 5
        /// ```
        fn "item"(tensor: Tensor) -> Dynamic {
            let value = tensor.item()?;
            Ok(match tensor.dtype() {
                DType::F32 => value.into(),
                DType::I64 => tensor.to_integers()?.first().copied().unwrap_or_default().into(),
                DType::Bool => (value != 0.0).into(),
            })
        }

        /// All elements as nested arrays. For looking at few of them: a script's arrays are slow.
        ///
        /// ```rhai
        /// tensor([[1, 2], [3, 4]]).to_array() == [[1, 2], [3, 4]]
        /// ```
        fn "to_array"(tensor: Tensor) -> Array {
            const MOST: usize = 1_000_000;
            if tensor.count() > MOST {
                return Err(Error::new(Kind::Range, "to_array", "that is too much for an array")
                    .expected(format!("{MOST} elements at most"))
                    .received(tensor.describe())
                    .hint("take a part, or reduce it first"));
            }
            let elements: Vec<Dynamic> = match tensor.dtype() {
                DType::F32 => {
                    let values = tensor.detached()?.to_values()?;
                    values.into_iter().map(|value| f64::from(value).into()).collect()
                }
                DType::I64 => tensor.to_integers()?.into_iter().map(Dynamic::from).collect(),
                DType::Bool => tensor.to_integers()?.into_iter().map(|n| (n != 0).into()).collect(),
            };
            Ok(nest(&tensor.shape(), &elements))
        }

        /// Writes the tensor to an `.npy` file.
        ///
        /// The path is one below the folder `files` of the run; `tensor::load` finds it under the same path.
        /// Errors: another ending, a path that leads elsewhere.
        ///
        /// ```rhai
        /// tensor([1.5, 2.5]).save("example_one.npy");
        /// tensor::load("example_one.npy").to_array() == [1.5, 2.5]
        /// ```
        fn "save"(tensor: Tensor, path: &str) -> () {
            let path = saver.writable("save", path)?;
            file::save(&path, &[(String::new(), tensor)])
        }
    }
}

/// What the properties are, each with an example.
const SHAPE: [&str; 2] = ["The lengths of all dimensions.", "tensor([[1, 2, 3]]).shape == [1, 3]"];
const RANK: [&str; 2] = ["The number of dimensions.", "tensor([[1, 2, 3]]).rank == 2"];
const COUNT: [&str; 2] = ["The number of elements.", "tensor([[1, 2, 3]]).count == 3"];
const DTYPE: [&str; 2] = ["\"f32\", \"i64\" or \"bool\".", "tensor([1, 2]).dtype == \"i64\""];
const DEVICE: [&str; 2] = [
    "Where it lives: \"cpu\", \"wgpu:0\", \"cuda:1\". A recipe runs on any of them unchanged.",
    "tensor([1, 2]).device == tensor([true]).device",
];
const TRACKED: [&str; 2] =
    ["Whether a gradient flows through it.", "tensor([1.0]).requires_grad().tracked"];

fn getters(module: &mut Module) {
    let mut getter = |name: &str, gives: &str, doc: [&str; 2], read: fn(&Tensor) -> Dynamic| {
        FuncRegistration::new(format!("get${name}"))
            .in_global_namespace()
            .with_comments(property(doc))
            .with_params_info(["tensor: Tensor", gives])
            .set_into_module(module, move |tensor: &mut Tensor| read(tensor));
    };
    getter("shape", "Array", SHAPE, |tensor| {
        let lengths = tensor.shape().into_iter().map(|length| (length as INT).into());
        Dynamic::from(lengths.collect::<Array>())
    });
    getter("rank", "i64", RANK, |tensor| (tensor.rank() as INT).into());
    getter("count", "i64", COUNT, |tensor| (tensor.count() as INT).into());
    getter("dtype", "String", DTYPE, |tensor| tensor.dtype().name().into());
    getter("device", "String", DEVICE, |t| t.device().name().into());
    getter("tracked", "bool", TRACKED, |tensor| tensor.is_tracked().into());
}

pub(super) fn makers(module: &mut Module, host: &Arc<dyn Host>) {
    let (saver, loader) = (host.clone(), host.clone());
    namespaced! { module;
        /// Reads a file: an `.npy` gives a tensor, an `.npz` or `.safetensors` a map of tensors by name.
        ///
        /// Errors: a file that nobody allowed (`--data-root`, or the value of a `--set`), one that is damaged, or of
        /// a type that no tensor has.
        ///
        /// ```rhai
        /// tensor([[1, 2]]).save("example_two.npy");
        /// tensor::load("example_two.npy").shape == [1, 2]
        /// ```
        fn "load"(path: &str) -> Dynamic {
            let tensors = file::load(&loader.readable("tensor::load", path)?)?;
            if let [(name, tensor)] = tensors.as_slice()
                && name.is_empty()
            {
                return Ok(Dynamic::from(tensor.clone()));
            }
            let entries = tensors.into_iter().map(|(name, tensor)| (name.into(), tensor));
            Ok(entries.map(|(name, tensor)| (name, Dynamic::from(tensor))).collect::<Map>().into())
        }

        /// Writes a map of tensors to an `.npz` or `.safetensors` file.
        ///
        /// The path is one below the folder `files` of the run; `tensor::load` finds it under the same path.
        /// Errors: another ending, a path that leads elsewhere, a value that is no tensor.
        ///
        /// ```rhai
        /// tensor::save(#{ a: tensor([1, 2]), b: tensor([0.5]) }, "example.npz");
        /// tensor::load("example.npz").a.to_array() == [1, 2]
        /// ```
        fn "save"(tensors: Map, path: &str) -> () {
            let path = saver.writable("tensor::save", path)?;
            let named = |(name, value): (&rhai::Identifier, &Dynamic)| {
                let tensor = super::tensor_of("tensor::save", &format!("'{name}'"), value)?;
                Ok((name.to_string(), tensor))
            };
            file::save(&path, &tensors.iter().map(named).collect::<Result<Vec<_>>>()?)
        }
    }
}

/// Elements as arrays nested by `shape`.
fn nest(shape: &[usize], elements: &[Dynamic]) -> Array {
    let Some((length, inner)) = shape.split_first() else { return Array::new() };
    if inner.is_empty() {
        return elements.to_vec();
    }
    let size = inner.iter().product::<usize>();
    let row = |index: usize| {
        let part = elements.get(index * size..(index + 1) * size).unwrap_or_default();
        Dynamic::from(nest(inner, part))
    };
    (0..*length).map(row).collect()
}
