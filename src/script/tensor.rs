//! Bindings of `tensor`: operators, methods, and the ways to make one.

use super::raise::{Raw, raw};
use super::value::{count_of, list_of};
use crate::error::{Error, Kind, Result};
use crate::tensor::{Device, Tensor, check_size};
use rhai::{Dynamic, Engine, FLOAT, INT};

/// `+ - * / **` between tensors, and with numbers on either side.
pub(super) fn operators(engine: &mut Engine) {
    macro_rules! arithmetic {
        ($($symbol:literal, $tensors:ident, $number:ident, $reversed:expr;)*) => { $(
            engine.register_fn($symbol, |a: Tensor, b: Tensor| raw(a.$tensors(&b)));
            engine.register_fn($symbol, |a: Tensor, b: FLOAT| raw(a.$number(b)));
            engine.register_fn($symbol, |a: Tensor, b: INT| raw(a.$number(b as FLOAT)));
            let reversed: fn(FLOAT, &Tensor) -> Result<Tensor> = $reversed;
            engine.register_fn($symbol, move |a: FLOAT, b: Tensor| raw(reversed(a, &b)));
            engine.register_fn($symbol, move |a: INT, b: Tensor| raw(reversed(a as FLOAT, &b)));
        )* };
    }
    arithmetic! {
        "+", add, add_number, |a, b| b.add_number(a);
        "-", sub, sub_number, |a, b| b.neg()?.add_number(a);
        "*", mul, mul_number, |a, b| b.mul_number(a);
        "/", div, div_number, |a, b| b.pow_number(-1.0)?.mul_number(a);
    }
    engine.register_fn("**", |a: Tensor, b: FLOAT| raw(a.pow_number(b)));
    engine.register_fn("**", |a: Tensor, b: INT| raw(a.pow_number(b as FLOAT)));
    engine.register_fn("-", |a: Tensor| raw(a.neg()));
    engine.register_fn("to_string", |tensor: &mut Tensor| show(tensor));
    engine.register_fn("to_debug", |tensor: &mut Tensor| show(tensor));
}

/// Dtype, shape, and the values where they are few.
fn show(tensor: &Tensor) -> String {
    const FEW: usize = 12;
    match tensor.to_values() {
        Ok(values) if values.len() <= FEW => format!("{} {values:?}", tensor.describe()),
        _ => tensor.describe(),
    }
}

/// A tensor from a number or from arrays nested evenly.
fn nested(value: &Dynamic) -> Result<Tensor> {
    let (mut values, mut shape) = (Vec::new(), Vec::new());
    collect(value, 0, &mut shape, &mut values)?;
    if shape.is_empty() {
        shape.push(1);
    }
    Tensor::from_values(values, &shape, &Device::default())
}

fn collect(
    value: &Dynamic,
    depth: usize,
    shape: &mut Vec<usize>,
    values: &mut Vec<f32>,
) -> Result<()> {
    let uneven = |received: String| {
        Error::new(Kind::Shape, "tensor", "the arrays are nested unevenly")
            .expected("rows of one length")
            .received(received)
    };
    let Some(array) = value.read_lock::<rhai::Array>() else {
        if depth < shape.len() {
            return Err(uneven(format!("a number where rows of {} stand elsewhere", shape[depth])));
        }
        values.push(super::number_of("tensor", "an element", value)? as f32);
        return Ok(());
    };
    if depth == crate::tensor::MAX_RANK {
        return Err(Error::new(Kind::Range, "tensor", "the arrays are nested too deeply")
            .expected(format!("{} dimensions at most", crate::tensor::MAX_RANK)));
    }
    match shape.get(depth) {
        None if values.is_empty() => shape.push(array.len()),
        Some(length) if *length == array.len() => {}
        Some(length) => return Err(uneven(format!("{length} and {} elements", array.len()))),
        None => return Err(uneven("an array where numbers stand elsewhere".into())),
    }
    array.iter().try_for_each(|element| collect(element, depth + 1, shape, values))
}

fn filled(operation: &str, shape: rhai::Array, number: f32) -> Result<Tensor> {
    let shape = list_of(operation, "shape", &Dynamic::from(shape), count_of)?;
    check_size(operation, &shape)?;
    let count = shape.iter().product();
    Tensor::from_values(vec![number; count], &shape, &Device::default())
}

#[rhai::export_module]
pub(super) mod methods {
    use super::{Raw, raw};
    use crate::script::value;
    use crate::tensor::Tensor;
    use rhai::{Array, Dynamic, INT};

    /// Makes a tensor (f32) from a number or from nested arrays of numbers.
    ///
    /// Shapes: rows of one length; a number has the shape `[1]`.
    /// Errors: rows of different lengths, or an element that is no number.
    ///
    /// ```rhai
    /// tensor([[1, 2], [3, 4]]).shape == [2, 2]
    /// ```
    #[rhai_fn(name = "tensor", return_raw)]
    pub fn make(values: Dynamic) -> Raw<Tensor> {
        raw(super::nested(&values))
    }

    /// The lengths of all dimensions.
    ///
    /// ```rhai
    /// tensor([1, 2, 3]).shape == [3]
    /// ```
    #[rhai_fn(get = "shape", pure)]
    pub fn shape(tensor: &mut Tensor) -> Array {
        tensor.shape().into_iter().map(|length| (length as INT).into()).collect()
    }

    /// The one number of a tensor with one element.
    ///
    /// Errors: more or fewer elements.
    ///
    /// ```rhai
    /// tensor([2, 3]).sum().item() == 5.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn item(tensor: Tensor) -> Raw<f64> {
        raw(tensor.item())
    }

    /// The sum of all elements, shape `[1]`.
    ///
    /// ```rhai
    /// tensor([[1, 2], [3, 4]]).sum().item() == 10.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn sum(tensor: Tensor) -> Raw<Tensor> {
        raw(tensor.sum())
    }

    /// The sum along a dimension, which vanishes; negative dimensions count from the end.
    ///
    /// ```rhai
    /// tensor([[1, 2], [3, 4]]).sum(0).shape == [2]
    /// ```
    #[rhai_fn(name = "sum", return_raw)]
    pub fn sum_along(tensor: Tensor, dim: INT) -> Raw<Tensor> {
        raw(tensor.sum_dims(&[dim], false))
    }

    /// The mean of all elements, shape `[1]`.
    ///
    /// ```rhai
    /// tensor([1, 2, 3]).mean().item() == 2.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn mean(tensor: Tensor) -> Raw<Tensor> {
        raw(tensor.mean())
    }

    /// The mean along a dimension, which vanishes; negative dimensions count from the end.
    ///
    /// ```rhai
    /// tensor([[1, 3], [5, 7]]).mean(-1).sum().item() == 8.0
    /// ```
    #[rhai_fn(name = "mean", return_raw)]
    pub fn mean_along(tensor: Tensor, dim: INT) -> Raw<Tensor> {
        raw(tensor.mean_dims(&[dim], false))
    }

    /// e to the power of each element.
    ///
    /// ```rhai
    /// tensor(0).exp().item() == 1.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn exp(tensor: Tensor) -> Raw<Tensor> {
        raw(tensor.exp())
    }

    /// The natural logarithm of each element.
    ///
    /// ```rhai
    /// tensor(1).log().item() == 0.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn log(tensor: Tensor) -> Raw<Tensor> {
        raw(tensor.log())
    }

    /// The square root of each element.
    ///
    /// ```rhai
    /// tensor(9).sqrt().item() == 3.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn sqrt(tensor: Tensor) -> Raw<Tensor> {
        raw(tensor.sqrt())
    }

    /// The absolute value of each element.
    ///
    /// ```rhai
    /// tensor(-2).abs().item() == 2.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn abs(tensor: Tensor) -> Raw<Tensor> {
        raw(tensor.abs())
    }

    /// max(x, 0) for each element.
    ///
    /// ```rhai
    /// tensor([-1, 2]).relu().sum().item() == 2.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn relu(tensor: Tensor) -> Raw<Tensor> {
        raw(tensor.relu())
    }

    /// 1 / (1 + e^−x) for each element.
    ///
    /// ```rhai
    /// tensor(0).sigmoid().item() == 0.5
    /// ```
    #[rhai_fn(return_raw)]
    pub fn sigmoid(tensor: Tensor) -> Raw<Tensor> {
        raw(tensor.sigmoid())
    }

    /// The hyperbolic tangent of each element.
    ///
    /// ```rhai
    /// tensor(0).tanh().item() == 0.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn tanh(tensor: Tensor) -> Raw<Tensor> {
        raw(tensor.tanh())
    }

    /// e^x divided by its sum along a dimension.
    ///
    /// ```rhai
    /// tensor([[0, 0]]).softmax(1).mean().item() == 0.5
    /// ```
    #[rhai_fn(return_raw)]
    pub fn softmax(tensor: Tensor, dim: INT) -> Raw<Tensor> {
        raw(tensor.softmax(dim))
    }

    /// The logarithm of the softmax along a dimension, without overflow.
    ///
    /// ```rhai
    /// tensor([[5]]).log_softmax(1).item() == 0.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn log_softmax(tensor: Tensor, dim: INT) -> Raw<Tensor> {
        raw(tensor.log_softmax(dim))
    }

    /// The product of matrices `[…, n, k]` and `[…, k, m]`; leading dimensions are broadcast.
    ///
    /// ```rhai
    /// tensor([[1, 2]]).matmul(tensor([[3], [4]])).item() == 11.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn matmul(left: Tensor, right: Tensor) -> Raw<Tensor> {
        raw(left.matmul(&right))
    }

    /// Two dimensions exchanged.
    ///
    /// ```rhai
    /// tensor([[1, 2, 3]]).transpose(0, 1).shape == [3, 1]
    /// ```
    #[rhai_fn(return_raw)]
    pub fn transpose(tensor: Tensor, first: INT, second: INT) -> Raw<Tensor> {
        raw(tensor.transpose(first, second))
    }

    /// The same elements in another shape; one length may be −1, which is whatever is left.
    ///
    /// ```rhai
    /// tensor([1, 2, 3, 4]).reshape([2, -1]).shape == [2, 2]
    /// ```
    #[rhai_fn(return_raw)]
    pub fn reshape(tensor: Tensor, shape: Array) -> Raw<Tensor> {
        let lengths = Dynamic::from(shape);
        let lengths = raw(value::list_of("reshape", "shape", &lengths, value::integer_of))?;
        raw(tensor.reshape(&lengths))
    }

    /// The same numbers outside of any graph: no gradient flows through.
    ///
    /// ```rhai
    /// tensor([1, 2]).detach().shape == [2]
    /// ```
    #[rhai_fn(return_raw)]
    pub fn detach(tensor: Tensor) -> Raw<Tensor> {
        raw(tensor.detached())
    }
}

#[rhai::export_module]
pub(super) mod makers {
    use crate::script::raise::{Raw, placed};
    use crate::tensor::Tensor;
    use rhai::{Array, NativeCallContext};

    /// A tensor of zeros.
    ///
    /// ```rhai
    /// tensor::zeros([2, 3]).sum().item() == 0.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn zeros(call: NativeCallContext, shape: Array) -> Raw<Tensor> {
        placed(&call, super::filled("tensor::zeros", shape, 0.0))
    }

    /// A tensor of ones.
    ///
    /// ```rhai
    /// tensor::ones([2, 3]).sum().item() == 6.0
    /// ```
    #[rhai_fn(return_raw)]
    pub fn ones(call: NativeCallContext, shape: Array) -> Raw<Tensor> {
        placed(&call, super::filled("tensor::ones", shape, 1.0))
    }
}
