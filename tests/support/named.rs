//! A network that is nothing but names and shapes, to load weights into.

use std::sync::Arc;
use stillroom::error::Result;
use stillroom::nn::{Mode, Net, Network, Parameter, Role, Visitor, scoped};
use stillroom::tensor::{Device, Tensor};

struct Named {
    parameters: Vec<(String, Parameter)>,
    grid: Option<[usize; 2]>,
}

impl Network for Named {
    fn forward(&self, input: &Tensor, _: Mode) -> Result<Tensor> {
        Ok(input.clone())
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        for (name, parameter) in &self.parameters {
            visit(scoped(scope, name), parameter);
        }
    }

    fn position_grid(&self) -> Option<[usize; 2]> {
        self.grid
    }
}

/// A network of parameters with these names and shapes, all −7; with the grid of its positions.
pub fn named<'a>(
    all: impl IntoIterator<Item = (&'a str, &'a [usize])>,
    grid: Option<[usize; 2]>,
) -> Net {
    let parameter = |(name, shape): (&str, &[usize])| {
        let value = Tensor::full(shape, -7.0, &Device::default()).expect("a tensor");
        (name.to_string(), Parameter::new(value, Role::Weight).expect("a parameter"))
    };
    let parameters = all.into_iter().map(parameter).collect();
    Net::of("named", String::new(), Arc::new(Named { parameters, grid }), None)
}
