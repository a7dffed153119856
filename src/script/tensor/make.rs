//! Tensors from a script's numbers, from shapes, ranges and random streams.

use crate::error::{Error, Kind, Result};
use crate::script::Host;
use crate::script::options::Options;
use crate::script::register::{functions, namespaced};
use crate::script::value::{self, kind_of, number_of};
use crate::tensor::random::Stream;
use crate::tensor::{DType, Device, MAX_RANK, Tensor};
use rhai::{Dynamic, INT, Map, Module};
use std::sync::Arc;

pub(super) fn functions(module: &mut Module) {
    functions! { module;
        /// Makes a tensor from a number, a bool, or from nested arrays of them.
        ///
        /// Integers alone give i64, bools alone bool, anything with a float f32; an empty array gives f32.
        /// Shapes: rows of one length; a single number has the shape `[1]`.
        /// Errors: rows of different lengths, an element that is no number.
        ///
        /// ```rhai
        /// tensor([[1, 2], [3, 4]]).shape == [2, 2]
        /// ```
        fn "tensor"(values: Dynamic) -> Tensor {
            nested(&values, None)
        }

        /// As `tensor(values)`, with the option `dtype`: "f32", "i64" or "bool".
        ///
        /// ```rhai
        /// tensor([1, 2], #{ dtype: "f32" }).dtype == "f32"
        /// ```
        fn "tensor"(values: Dynamic, options: Map) -> Tensor {
            let options = Options::new("tensor", options)?;
            let named = |name: String| DType::named("tensor", &name);
            nested(&values, options.text("dtype")?.map(named).transpose()?)
        }
    }
}

pub(super) fn makers(module: &mut Module, host: &Arc<dyn Host>) {
    namespaced! { module;
        /// A tensor of zeros (f32).
        ///
        /// ```rhai
        /// tensor::zeros([2, 3]).sum().item() == 0.0
        /// ```
        fn "zeros"(shape: Dynamic) -> Tensor {
            filled("tensor::zeros", &shape, 0.0)
        }

        /// A tensor of ones (f32).
        ///
        /// ```rhai
        /// tensor::ones([2, 3]).sum().item() == 6.0
        /// ```
        fn "ones"(shape: Dynamic) -> Tensor {
            filled("tensor::ones", &shape, 1.0)
        }

        /// A tensor of one value (f32).
        ///
        /// ```rhai
        /// tensor::full([2], 3.5).to_array() == [3.5, 3.5]
        /// ```
        fn "full"(shape: Dynamic, value: Dynamic) -> Tensor {
            let value = number_of("tensor::full", "the value", &value)?;
            filled("tensor::full", &shape, value)
        }

        /// The integers from 0 up to `end`, without it; floats where `end` is one.
        ///
        /// ```rhai
        /// tensor::arange(3).to_array() == [0, 1, 2]
        /// ```
        fn "arange"(end: Dynamic) -> Tensor {
            arange(&Dynamic::from(0 as INT), &end, &Dynamic::from(1 as INT))
        }

        /// As `tensor::arange(end)`, from `start` on.
        ///
        /// ```rhai
        /// tensor::arange(2, 5).to_array() == [2, 3, 4]
        /// ```
        fn "arange"(start: Dynamic, end: Dynamic) -> Tensor {
            arange(&start, &end, &Dynamic::from(1 as INT))
        }

        /// As `tensor::arange(start, end)`, in steps; a step may be negative. Integers where all three are.
        ///
        /// ```rhai
        /// tensor::arange(0, 1, 0.25).to_array() == [0.0, 0.25, 0.5, 0.75]
        /// ```
        fn "arange"(start: Dynamic, end: Dynamic, step: Dynamic) -> Tensor {
            arange(&start, &end, &step)
        }

        /// So many floats evenly from `start` to `end`, both included.
        ///
        /// ```rhai
        /// tensor::linspace(0, 1, 3).to_array() == [0.0, 0.5, 1.0]
        /// ```
        fn "linspace"(start: Dynamic, end: Dynamic, count: Dynamic) -> Tensor {
            let operation = "tensor::linspace";
            let start = number_of(operation, "start", &start)?;
            let end = number_of(operation, "end", &end)?;
            let count = value::count_of(operation, "count", &count)?;
            Tensor::linspace(start, end, count, &Device::default())
        }

        /// The unit matrix (f32).
        ///
        /// ```rhai
        /// tensor::eye(2).to_array() == [[1.0, 0.0], [0.0, 1.0]]
        /// ```
        fn "eye"(count: Dynamic) -> Tensor {
            Tensor::eye(value::count_of("tensor::eye", "count", &count)?, &Device::default())
        }
    }
    random(module, host);
}

/// Each from the stream that `--seed`, the name and the index say: the same name and index give the same
/// numbers again, on every machine.
fn random(module: &mut Module, host: &Arc<dyn Host>) {
    let (uniform, uniform_at) = (host.clone(), host.clone());
    let (normal, normal_at) = (host.clone(), host.clone());
    let (order, order_at) = (host.clone(), host.clone());
    let nothing = || Dynamic::from(rhai::Array::new());
    namespaced! { module;
        /// Uniform floats in [0, 1) from the random stream called `name`.
        ///
        /// The same name gives the same numbers every time (and others with another `--seed`): give an index
        /// where numbers are wanted again and again.
        ///
        /// ```rhai
        /// let noise = tensor::uniform([100], "noise");
        /// noise.min().item() >= 0.0 && noise.max().item() < 1.0
        /// ```
        fn "uniform"(shape: Dynamic, name: &str) -> Tensor {
            let mut stream = stream(uniform.as_ref(), name, &nothing())?;
            Tensor::uniform(&shape_of("tensor::uniform", &shape)?, &mut stream, &Device::default())
        }

        /// As `tensor::uniform(shape, name)`; each index (a whole number or an array of them) gives other
        /// numbers.
        ///
        /// ```rhai
        /// (tensor::uniform([9], "noise", 1) == tensor::uniform([9], "noise", 2)).all().item() == false
        /// ```
        fn "uniform"(shape: Dynamic, name: &str, index: Dynamic) -> Tensor {
            let mut stream = stream(uniform_at.as_ref(), name, &index)?;
            Tensor::uniform(&shape_of("tensor::uniform", &shape)?, &mut stream, &Device::default())
        }

        /// Normal floats with mean 0 and deviation 1 from the random stream called `name`: the same at each call, so hooks give
        /// an index as well.
        ///
        /// ```rhai
        /// tensor::normal([1000], "noise").std().item() > 0.9
        /// ```
        fn "normal"(shape: Dynamic, name: &str) -> Tensor {
            let mut stream = stream(normal.as_ref(), name, &nothing())?;
            Tensor::normal(&shape_of("tensor::normal", &shape)?, &mut stream, &Device::default())
        }

        /// As `tensor::normal(shape, name)`; each index (a whole number or an array of them) gives other
        /// numbers.
        ///
        /// ```rhai
        /// (tensor::normal([3], "noise", [0, 7]) == tensor::normal([3], "noise", [0, 7])).all().item()
        /// ```
        fn "normal"(shape: Dynamic, name: &str, index: Dynamic) -> Tensor {
            let mut stream = stream(normal_at.as_ref(), name, &index)?;
            Tensor::normal(&shape_of("tensor::normal", &shape)?, &mut stream, &Device::default())
        }

        /// The integers from 0 up to `count`, without it, in random order.
        ///
        /// ```rhai
        /// tensor::permutation(5, "order").sort().values.to_array() == [0, 1, 2, 3, 4]
        /// ```
        fn "permutation"(count: Dynamic, name: &str) -> Tensor {
            let mut stream = stream(order.as_ref(), name, &nothing())?;
            let count = value::count_of("tensor::permutation", "count", &count)?;
            Tensor::permutation(count, &mut stream, &Device::default())
        }

        /// As `tensor::permutation(count, name)`; each index (a whole number or an array of them) gives
        /// another order.
        ///
        /// ```rhai
        /// tensor::permutation(5, "order", 3).sum().item() == 10
        /// ```
        fn "permutation"(count: Dynamic, name: &str, index: Dynamic) -> Tensor {
            let mut stream = stream(order_at.as_ref(), name, &index)?;
            let count = value::count_of("tensor::permutation", "count", &count)?;
            Tensor::permutation(count, &mut stream, &Device::default())
        }
    }
}

fn stream(host: &dyn Host, name: &str, index: &Dynamic) -> Result<Stream> {
    let indices = super::counts_of("a random stream", "the index", index)?;
    let indices: Vec<u64> = indices.into_iter().map(|index| index as u64).collect();
    Ok(Stream::new(host.seed(), &format!("script: {name}"), &indices))
}

fn shape_of(operation: &str, shape: &Dynamic) -> Result<Vec<usize>> {
    super::counts_of(operation, "shape", shape)
}

fn filled(operation: &str, shape: &Dynamic, value: f64) -> Result<Tensor> {
    let made = Tensor::full(&shape_of(operation, shape)?, value, &Device::default());
    made.map_err(|error| error.during(operation))
}

fn arange(start: &Dynamic, end: &Dynamic, step: &Dynamic) -> Result<Tensor> {
    let operation = "tensor::arange";
    let device = Device::default();
    if let (Ok(start), Ok(end), Ok(step)) = (start.as_int(), end.as_int(), step.as_int()) {
        return Tensor::arange(start, end, step, &device).map_err(|e| e.during(operation));
    }
    let start = number_of(operation, "start", start)?;
    let end = number_of(operation, "end", end)?;
    let step = number_of(operation, "step", step)?;
    Tensor::arange_floats(start, end, step, &device).map_err(|error| error.during(operation))
}

/// What is gathered from nested arrays.
#[derive(Default)]
struct Elements {
    shape: Vec<usize>,
    /// Floats, and the same as integers: f64 does not hold all of those.
    values: Vec<(f64, i64)>,
    dtypes: Vec<DType>,
}

pub(super) fn nested(value: &Dynamic, dtype: Option<DType>) -> Result<Tensor> {
    if let Some(tensor) = value.read_lock::<Tensor>() {
        return tensor.to(dtype.unwrap_or(tensor.dtype()));
    }
    let mut elements = Elements::default();
    collect(value, 0, &mut elements)?;
    let Elements { mut shape, values, dtypes } = elements;
    if shape.is_empty() {
        shape.push(1);
    }
    let device = Device::default();
    let own = dtypes.iter().copied().max().unwrap_or(DType::F32);
    if own != DType::Bool && dtypes.contains(&DType::Bool) {
        return Err(Error::new(Kind::Type, "tensor", "bools and numbers are mixed")
            .hint("write 0 and 1 for the bools"));
    }
    let made = match own {
        DType::F32 => {
            Tensor::from_values(values.iter().map(|v| v.0 as f32).collect(), &shape, &device)
        }
        DType::I64 => Tensor::from_integers(values.iter().map(|v| v.1).collect(), &shape, &device),
        DType::Bool => {
            Tensor::from_bools(values.iter().map(|v| v.1 != 0).collect(), &shape, &device)
        }
    };
    made?.to(dtype.unwrap_or(own))
}

fn collect(value: &Dynamic, depth: usize, elements: &mut Elements) -> Result<()> {
    let uneven = |received: String| {
        Error::new(Kind::Shape, "tensor", "the arrays are nested unevenly")
            .expected("rows of one length")
            .received(received)
    };
    let Some(array) = value.read_lock::<rhai::Array>() else {
        if depth < elements.shape.len() {
            let length = elements.shape[depth];
            return Err(uneven(format!("a number where rows of {length} stand elsewhere")));
        }
        let (number, integer, dtype) = if let Ok(flag) = value.as_bool() {
            (f64::from(u8::from(flag)), i64::from(flag), DType::Bool)
        } else if let Ok(integer) = value.as_int() {
            (integer as f64, integer, DType::I64)
        } else if let Ok(float) = value.as_float() {
            (float, float as i64, DType::F32)
        } else {
            return Err(Error::new(Kind::Type, "tensor", "an element has the wrong type")
                .expected("a number or a bool")
                .received(kind_of(value)));
        };
        elements.values.push((number, integer));
        if elements.dtypes.last() != Some(&dtype) {
            elements.dtypes.push(dtype);
        }
        return Ok(());
    };
    if depth == MAX_RANK {
        return Err(Error::new(Kind::Range, "tensor", "the arrays are nested too deeply")
            .expected(format!("{MAX_RANK} dimensions at most")));
    }
    match elements.shape.get(depth) {
        None if elements.values.is_empty() => elements.shape.push(array.len()),
        Some(length) if *length == array.len() => {}
        Some(length) => return Err(uneven(format!("{length} and {} elements", array.len()))),
        None => return Err(uneven("an array where numbers stand elsewhere".into())),
    }
    array.iter().try_for_each(|element| collect(element, depth + 1, elements))
}
