//! Activations as layers.

use super::{Mode, Network, Visitor};
use crate::error::{Result, unknown};
use crate::tensor::{After, Curve, Tensor};
use serde::Serialize;

/// A function of each element, or along one dimension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// max(x, 0).
    #[default]
    Relu,
    /// x above 0, `slope` · x below.
    LeakyRelu {
        /// 0.01 in PyTorch.
        slope: f64,
    },
    /// x above 0, `alpha` · (e^x − 1) below.
    Elu {
        /// 1 in PyTorch.
        alpha: f64,
    },
    /// x · Φ(x), with the error function.
    Gelu,
    /// The approximation of `gelu` by a hyperbolic tangent.
    GeluTanh,
    /// x · sigmoid(x).
    Silu,
    /// ln(1 + e^x).
    Softplus,
    /// x · max(0, min(x + 3, 6)) / 6.
    Hardswish,
    /// max(0, min(x / 6 + ½, 1)).
    Hardsigmoid,
    /// min(max(x, 0), 6).
    Relu6,
    /// 1 / (1 + e^−x).
    Sigmoid,
    /// ln of the sigmoid.
    LogSigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// e^x divided by its sum.
    Softmax {
        /// Along this dimension.
        dim: i64,
    },
    /// The logarithm of the softmax.
    LogSoftmax {
        /// Along this dimension.
        dim: i64,
    },
}

const NAMED: [(&str, Activation); 15] = [
    ("relu", Activation::Relu),
    ("leaky_relu", Activation::LeakyRelu { slope: 0.01 }),
    ("elu", Activation::Elu { alpha: 1.0 }),
    ("gelu", Activation::Gelu),
    ("gelu_tanh", Activation::GeluTanh),
    ("silu", Activation::Silu),
    ("softplus", Activation::Softplus),
    ("hardswish", Activation::Hardswish),
    ("hardsigmoid", Activation::Hardsigmoid),
    ("relu6", Activation::Relu6),
    ("sigmoid", Activation::Sigmoid),
    ("log_sigmoid", Activation::LogSigmoid),
    ("tanh", Activation::Tanh),
    ("softmax", Activation::Softmax { dim: -1 }),
    ("log_softmax", Activation::LogSoftmax { dim: -1 }),
];

impl Activation {
    /// The activation that is called `name`, with PyTorch's defaults.
    pub fn named(operation: &str, name: &str) -> Result<Self> {
        let found = NAMED.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, activation)| *activation)
            .ok_or_else(|| unknown(operation, "activation", name, &NAMED.map(|(name, _)| name)))
    }

    /// The function as one that follows a normalisation at once, where there is such.
    pub(crate) fn after(self) -> Option<After> {
        match self {
            Activation::Relu => Some(After::Relu),
            Activation::Silu => Some(After::Silu),
            Activation::Hardswish => Some(After::Hardswish),
            _ => None,
        }
    }

    /// The function as one that follows a linear layer at once: those of the layers that do so.
    pub(super) fn curve(self) -> Option<Curve> {
        match self {
            Activation::Relu => Some(Curve::Relu),
            Activation::Gelu => Some(Curve::Gelu),
            _ => None,
        }
    }

    /// The function itself.
    pub fn of(self, input: &Tensor) -> Result<Tensor> {
        match self {
            Activation::Relu => input.relu(),
            Activation::LeakyRelu { slope } => input.leaky_relu(slope),
            Activation::Elu { alpha } => input.elu(alpha),
            Activation::Gelu => input.gelu(),
            Activation::GeluTanh => input.gelu_tanh(),
            Activation::Silu => input.silu(),
            Activation::Softplus => input.softplus(),
            Activation::Hardswish => input.hardswish(),
            Activation::Hardsigmoid => {
                input.mul_number(1.0 / 6.0)?.add_number(0.5)?.clamp(0.0, 1.0)
            }
            Activation::Relu6 => input.relu()?.clamp_max(6.0),
            Activation::Sigmoid => input.sigmoid(),
            Activation::LogSigmoid => input.log_sigmoid(),
            Activation::Tanh => input.tanh(),
            Activation::Softmax { dim } => input.softmax(dim),
            Activation::LogSoftmax { dim } => input.log_softmax(dim),
        }
    }
}

impl Network for Activation {
    fn forward(&self, input: &Tensor, _mode: Mode) -> Result<Tensor> {
        self.of(input)
    }

    fn visit(&self, _scope: &str, _visit: &mut Visitor) {}
}
