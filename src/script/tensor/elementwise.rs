//! One number in, one number out.

use crate::script::register::functions;
use crate::script::value::number_of;
use crate::tensor::Tensor;
use rhai::{Dynamic, Module};

macro_rules! unary {
    ($module:expr; $($(#[doc = $doc:expr])* $name:literal => $method:ident, $example:literal;)*) => {
        functions! { $module; $(
            $(#[doc = $doc])*
            ///
            /// ```rhai
            #[doc = $example]
            /// ```
            fn $name(tensor: Tensor) -> Tensor { tensor.$method() }
        )* }
    };
}

pub(super) fn functions(module: &mut Module) {
    unary! { module;
        /// e to the power of each element.
        "exp" => exp, " exp(tensor(0)).item() == 1.0";
        /// The natural logarithm of each element.
        "log" => log, " tensor(1).log().item() == 0.0";
        /// ln(1 + x), exact near 0.
        "log1p" => log1p, " tensor(0).log1p().item() == 0.0";
        /// e^x − 1, exact near 0.
        "expm1" => expm1, " tensor(1e-6).expm1().item() > 1e-6";
        /// The square root of each element.
        "sqrt" => sqrt, " tensor(9).sqrt().item() == 3.0";
        /// 1 / √x.
        "rsqrt" => rsqrt, " tensor(4).rsqrt().item() == 0.5";
        /// The absolute value of each element; integers stay integers.
        "abs" => abs, " tensor(-2).abs().item() == 2";
        /// −1, 0 or 1.
        "sign" => sign, " tensor([-2.5, 0.0]).sign().to_array() == [-1.0, 0.0]";
        /// The largest whole number that is not larger. Its gradient is 0.
        "floor" => floor, " tensor(-0.5).floor().item() == -1.0";
        /// The smallest whole number that is not smaller. Its gradient is 0.
        "ceil" => ceil, " tensor(0.5).ceil().item() == 1.0";
        /// The nearest whole number, halves to the even one. Its gradient is 0.
        "round" => round, " tensor([0.5, 1.5]).round().to_array() == [0.0, 2.0]";
        /// The sine of each element.
        "sin" => sin, " tensor(0).sin().item() == 0.0";
        /// The cosine of each element.
        "cos" => cos, " tensor(0).cos().item() == 1.0";
        /// The hyperbolic tangent of each element.
        "tanh" => tanh, " tensor(0).tanh().item() == 0.0";
        /// The Gauss error function.
        "erf" => erf, " tensor(0).erf().item().abs() < 1e-6";
        /// 1 / (1 + e^−x).
        "sigmoid" => sigmoid, " tensor(0).sigmoid().item() == 0.5";
        /// ln(1 / (1 + e^−x)), without overflow.
        "log_sigmoid" => log_sigmoid, " tensor(100).log_sigmoid().item().abs() < 1e-6";
        /// max(x, 0).
        "relu" => relu, " tensor([-1.0, 2.0]).relu().to_array() == [0.0, 2.0]";
        /// x · Φ(x), in its exact form.
        "gelu" => gelu, " tensor(0).gelu().item() == 0.0";
        /// x / (1 + e^−x).
        "silu" => silu, " tensor(0).silu().item() == 0.0";
        /// ln(1 + e^x), without overflow.
        "softplus" => softplus, " tensor(1000).softplus().item() == 1000.0";
        /// x · min(max(x + 3, 0), 6) / 6.
        "hardswish" => hardswish, " tensor([-4.0, 4.0]).hardswish().to_array() == [0.0, 4.0]";
        /// Where it is no number.
        "is_nan" => is_nan, " (tensor(0.0) / 0.0).is_nan().item()";
        /// Where it is infinite, in either direction.
        "is_inf" => is_inf, " (tensor(1.0) / 0.0).is_inf().item()";
        /// Where it is a number that is not infinite.
        "is_finite" => is_finite, " tensor([1.0]).is_finite().item()";
    }
    functions! { module;
        /// x where it is above 0, 0.01 · x else.
        ///
        /// ```rhai
        /// tensor([-1.0, 1.0]).leaky_relu().sum().item() == tensor(0.99).item()
        /// ```
        fn "leaky_relu"(tensor: Tensor) -> Tensor { tensor.leaky_relu(0.01) }

        /// As `leaky_relu()`, with another slope below 0.
        ///
        /// ```rhai
        /// tensor([-1.0]).leaky_relu(0.5).item() == -0.5
        /// ```
        fn "leaky_relu"(tensor: Tensor, slope: Dynamic) -> Tensor {
            tensor.leaky_relu(number_of("leaky_relu", "the slope", &slope)?)
        }

        /// x where it is above 0, e^x − 1 else.
        ///
        /// ```rhai
        /// tensor([2.0]).elu().item() == 2.0
        /// ```
        fn "elu"(tensor: Tensor) -> Tensor { tensor.elu(1.0) }

        /// As `elu()`, with `alpha` · (e^x − 1) below 0.
        ///
        /// ```rhai
        /// tensor([-1000.0]).elu(2).item() == -2.0
        /// ```
        fn "elu"(tensor: Tensor, alpha: Dynamic) -> Tensor {
            tensor.elu(number_of("elu", "alpha", &alpha)?)
        }

        /// As `gelu()`; "tanh" gives the approximation with tanh, "none" the exact form.
        ///
        /// ```rhai
        /// tensor(0).gelu("tanh").item() == 0.0
        /// ```
        fn "gelu"(tensor: Tensor, approximate: &str) -> Tensor {
            match approximate {
                "tanh" => tensor.gelu_tanh(),
                "none" => tensor.gelu(),
                other => Err(crate::error::unknown("gelu", "form", other, &["tanh", "none"])),
            }
        }

        /// No element below `low` or above `high`.
        ///
        /// ```rhai
        /// tensor([-2.0, 0.5, 3.0]).clamp(0, 1).to_array() == [0.0, 0.5, 1.0]
        /// ```
        fn "clamp"(tensor: Tensor, low: Dynamic, high: Dynamic) -> Tensor {
            let low = number_of("clamp", "low", &low)?;
            tensor.clamp(low, number_of("clamp", "high", &high)?)
        }

        /// No element below `low`.
        ///
        /// ```rhai
        /// tensor([-2.0, 3.0]).clamp_min(0).to_array() == [0.0, 3.0]
        /// ```
        fn "clamp_min"(tensor: Tensor, low: Dynamic) -> Tensor {
            tensor.clamp_min(number_of("clamp_min", "low", &low)?)
        }

        /// No element above `high`.
        ///
        /// ```rhai
        /// tensor([-2.0, 3.0]).clamp_max(0).to_array() == [-2.0, 0.0]
        /// ```
        fn "clamp_max"(tensor: Tensor, high: Dynamic) -> Tensor {
            tensor.clamp_max(number_of("clamp_max", "high", &high)?)
        }

        /// e^x divided by its sum along a dimension.
        ///
        /// ```rhai
        /// tensor([[0, 0]]).softmax(1).to_array() == [[0.5, 0.5]]
        /// ```
        fn "softmax"(tensor: Tensor, dim: i64) -> Tensor { tensor.softmax(dim) }

        /// The logarithm of the softmax along a dimension, without overflow.
        ///
        /// ```rhai
        /// tensor([[5]]).log_softmax(1).item() == 0.0
        /// ```
        fn "log_softmax"(tensor: Tensor, dim: i64) -> Tensor { tensor.log_softmax(dim) }

        /// Divided by its Euclidean length along a dimension.
        ///
        /// ```rhai
        /// tensor([[3.0, 4.0]]).normalize(1).norm().item() == 1.0
        /// ```
        fn "normalize"(tensor: Tensor, dim: i64) -> Tensor { tensor.normalize(dim) }
    }
}
