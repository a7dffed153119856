//! Tensors that look at numbers in another order: every operation must see them as they are, values and gradients. Some
//! devices have operations that do not, so their tensors are laid out anew.

use crate::support::close;
use stillroom::error::Result;
use stillroom::tensor::random::Stream;
use stillroom::tensor::{Along, Device, Tensor};

fn normal(name: &str, shape: &[usize]) -> Tensor {
    let mut random = Stream::new(4, name, &[]);
    Tensor::normal(shape, &mut random, &Device::default()).expect("numbers")
}

/// The same numbers, seen through two turns.
fn turned(tensor: &Tensor) -> Result<Tensor> {
    let shape: Vec<i64> = tensor.shape().iter().map(|n| *n as i64).collect();
    let inner = tensor.permute(&[0, 3, 2, 1])?.reshape(&[-1])?;
    inner.reshape(&[shape[0], shape[3], shape[2], shape[1]])?.permute(&[0, 3, 2, 1])
}

/// Values and gradient of `act`, seen plainly and through turns on the way in and out.
fn same(what: &str, input: &Tensor, act: &dyn Fn(&Tensor) -> Result<Tensor>) {
    let both = [false, true].map(|turns| {
        let leaf = input.tracked().expect("a leaf");
        let shown = if turns { turned(&leaf).expect("a view") } else { leaf.clone() };
        let output = act(&shown).expect(what);
        let weights = normal("weights", &output.shape());
        let loss = output.mul(&weights).and_then(|t| t.sum()).expect("a sum");
        let gradient = loss.backward().expect("gradients").of(&leaf).expect("a gradient");
        [output, gradient].map(|tensor| tensor.to_values().expect("numbers"))
    });
    for (part, (plain, turned)) in ["value", "gradient"].iter().zip(both[0].iter().zip(&both[1])) {
        close(&format!("{part} of {what}"), turned, plain, 2e-6, 2e-6);
    }
}

#[test]
fn reductions_see_views_as_they_are() {
    let input = normal("input", &[2, 4, 3, 8]);
    for dim in 0..4 {
        same(&format!("sum {dim}"), &input, &|t| t.sum_along(&Along::dims(&[dim], false)));
        same(&format!("max {dim}"), &input, &|t| t.max_dim(dim, false));
        same(&format!("softmax {dim}"), &input, &|t| t.softmax(dim));
    }
    same("everything", &input, &|t| t.sum());
    let channels = normal("channels", &[1, 4, 1, 1]);
    same("an offset of channels", &input, &|t| t.add(&channels)?.mul(t));
}

/// The gradient of what is added to each row or channel is a sum over the others, of a gradient that may be a view.
#[test]
fn what_is_spread_has_the_gradient_of_all_its_places() {
    for shape in [[1, 4, 1, 1], [2, 1, 1, 8], [1, 1, 3, 1]] {
        let found = [false, true].map(|turns| {
            let input = normal("input", &[2, 4, 3, 8]);
            let leaf = normal("small", &shape).tracked().expect("a leaf");
            let output = input.add(&leaf).expect("a sum");
            let output = if turns { turned(&output).expect("a view") } else { output };
            let loss = output.mul(&output).and_then(|t| t.sum()).expect("a loss");
            let gradient = loss.backward().expect("gradients").of(&leaf).expect("a gradient");
            gradient.to_values().expect("numbers")
        });
        close(&format!("{shape:?}"), &found[1], &found[0], 2e-5, 2e-6);
    }
}
