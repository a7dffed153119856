//! The linear layer.

use super::{Mode, Network, Parameter, Role, Visitor, scoped};
use crate::error::Result;
use crate::tensor::random::Stream;
use crate::tensor::{Device, Tensor, check_size};

/// `input · weightᵀ + bias`; names `weight` `[out, in]` and `bias` `[out]`.
#[derive(Clone, Debug)]
pub struct Linear {
    weight: Parameter,
    bias: Parameter,
}

impl Linear {
    /// PyTorch's default start: both uniform within ±1/√in.
    pub fn new(inputs: usize, outputs: usize, random: &mut Stream, on: &Device) -> Result<Self> {
        let bound = 1.0 / (inputs.max(1) as f64).sqrt();
        Ok(Linear {
            weight: uniform(&[outputs, inputs], bound, random, on)?,
            bias: uniform(&[outputs], bound, random, on)?,
        })
    }
}

/// A weight drawn uniformly within ±`bound`.
pub(super) fn uniform(
    shape: &[usize],
    bound: f64,
    random: &mut Stream,
    on: &Device,
) -> Result<Parameter> {
    check_size("making weights", shape)?;
    let count = shape.iter().product();
    let values = (0..count).map(|_| random.range(-bound, bound) as f32).collect();
    Parameter::new(Tensor::from_values(values, shape, on)?, Role::Weight)
}

impl Network for Linear {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        input.linear(&self.weight.get(mode), Some(&self.bias.get(mode)))
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        visit(scoped(scope, "weight"), &self.weight);
        visit(scoped(scope, "bias"), &self.bias);
    }
}
