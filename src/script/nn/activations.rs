//! Activations as layers.

use super::plain;
use crate::error::{Result, unknown};
use crate::nn::{Activation, Net};
use crate::script::register::namespaced;
use crate::script::value::{integer_of, number_of};
use rhai::{Dynamic, Module};

fn leaky_relu(slope: f64) -> Result<Net> {
    plain("leaky_relu", Activation::LeakyRelu { slope })
}

fn elu(alpha: f64) -> Result<Net> {
    plain("elu", Activation::Elu { alpha })
}

pub(super) fn layers(module: &mut Module) {
    namespaced! { module;
        /// The activation called `name`, with its defaults: "relu", "gelu", "silu", "hardswish", …
        ///
        /// ```rhai
        /// nn::activation("relu").forward(tensor([-1.0, 2.0])).to_array() == [0.0, 2.0]
        /// ```
        fn "activation"(name: &str) -> Net { plain(name, Activation::named("nn::activation", name)?) }

        /// max(x, 0).
        ///
        /// ```rhai
        /// nn::relu().forward(tensor([-1.0, 2.0])).to_array() == [0.0, 2.0]
        /// ```
        fn "relu"() -> Net { plain("relu", Activation::Relu) }

        /// min(max(x, 0), 6).
        ///
        /// ```rhai
        /// nn::relu6().forward(tensor([-1.0, 7.0])).to_array() == [0.0, 6.0]
        /// ```
        fn "relu6"() -> Net { plain("relu6", Activation::Relu6) }

        /// x above 0, 0.01 · x below.
        ///
        /// ```rhai
        /// (nn::leaky_relu().forward(tensor([-2.0])).item() + 0.02).abs() < 1e-6
        /// ```
        fn "leaky_relu"() -> Net { leaky_relu(0.01) }

        /// As `nn::leaky_relu()`, with another slope below 0.
        ///
        /// ```rhai
        /// nn::leaky_relu(0.5).forward(tensor([-2.0])).item() == -1.0
        /// ```
        fn "leaky_relu"(slope: Dynamic) -> Net { leaky_relu(number_of("nn::leaky_relu", "the slope", &slope)?) }

        /// x above 0, e^x − 1 below.
        ///
        /// ```rhai
        /// nn::elu().forward(tensor([3.0])).item() == 3.0
        /// ```
        fn "elu"() -> Net { elu(1.0) }

        /// As `nn::elu()`, with `alpha` times as much below 0.
        ///
        /// ```rhai
        /// nn::elu(2).forward(tensor([-100.0])).item() == -2.0
        /// ```
        fn "elu"(alpha: Dynamic) -> Net { elu(number_of("nn::elu", "alpha", &alpha)?) }

        /// x · Φ(x), with the error function.
        ///
        /// ```rhai
        /// (nn::gelu().forward(tensor([1.0])).item() - 0.841345).abs() < 1e-5
        /// ```
        fn "gelu"() -> Net { plain("gelu", Activation::Gelu) }

        /// As `nn::gelu()`; "tanh" approximates it by a hyperbolic tangent, "none" does not.
        ///
        /// ```rhai
        /// (nn::gelu("tanh").forward(tensor([1.0])).item() - 0.841192).abs() < 1e-5
        /// ```
        fn "gelu"(approximate: &str) -> Net {
            match approximate {
                "none" => plain("gelu", Activation::Gelu),
                "tanh" => plain("gelu_tanh", Activation::GeluTanh),
                other => Err(unknown("nn::gelu", "approximation", other, &["none", "tanh"])),
            }
        }

        /// x · sigmoid(x), also called swish.
        ///
        /// ```rhai
        /// nn::silu().forward(tensor([0.0])).item() == 0.0
        /// ```
        fn "silu"() -> Net { plain("silu", Activation::Silu) }

        /// ln(1 + e^x).
        ///
        /// ```rhai
        /// (nn::softplus().forward(tensor([0.0])).item() - 0.693147).abs() < 1e-5
        /// ```
        fn "softplus"() -> Net { plain("softplus", Activation::Softplus) }

        /// x · max(0, min(x + 3, 6)) / 6.
        ///
        /// ```rhai
        /// nn::hardswish().forward(tensor([-4.0, 4.0])).to_array() == [0.0, 4.0]
        /// ```
        fn "hardswish"() -> Net { plain("hardswish", Activation::Hardswish) }

        /// max(0, min(x / 6 + ½, 1)).
        ///
        /// ```rhai
        /// nn::hardsigmoid().forward(tensor([-4.0, 0.0, 4.0])).to_array() == [0.0, 0.5, 1.0]
        /// ```
        fn "hardsigmoid"() -> Net { plain("hardsigmoid", Activation::Hardsigmoid) }

        /// 1 / (1 + e^−x).
        ///
        /// ```rhai
        /// nn::sigmoid().forward(tensor([0.0])).item() == 0.5
        /// ```
        fn "sigmoid"() -> Net { plain("sigmoid", Activation::Sigmoid) }

        /// The logarithm of the sigmoid.
        ///
        /// ```rhai
        /// (nn::log_sigmoid().forward(tensor([0.0])).item() + 0.693147).abs() < 1e-5
        /// ```
        fn "log_sigmoid"() -> Net { plain("log_sigmoid", Activation::LogSigmoid) }

        /// The hyperbolic tangent.
        ///
        /// ```rhai
        /// nn::tanh().forward(tensor([0.0])).item() == 0.0
        /// ```
        fn "tanh"() -> Net { plain("tanh", Activation::Tanh) }

        /// e^x divided by its sum along a dimension.
        ///
        /// ```rhai
        /// nn::softmax(-1).forward(tensor([[1.0, 1.0]])).to_array() == [[0.5, 0.5]]
        /// ```
        fn "softmax"(dim: Dynamic) -> Net {
            let dim = integer_of("nn::softmax", "the dimension", &dim)?;
            plain("softmax", Activation::Softmax { dim })
        }

        /// The logarithm of the softmax along a dimension.
        ///
        /// ```rhai
        /// nn::log_softmax(-1).forward(tensor([[3.0]])).item() == 0.0
        /// ```
        fn "log_softmax"(dim: Dynamic) -> Net {
            let dim = integer_of("nn::log_softmax", "the dimension", &dim)?;
            plain("log_softmax", Activation::LogSoftmax { dim })
        }
    }
}
