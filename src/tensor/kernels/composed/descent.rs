//! Steps of optimisers.

use super::Numbers;
use crate::tensor::kernels::descent::Adam;
use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;

pub fn adam<B: Backend>(
    value: FloatTensor<B>,
    gradient: FloatTensor<B>,
    mean: FloatTensor<B>,
    square: FloatTensor<B>,
    rule: Adam,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let [value, gradient, mean, square] = [value, gradient, mean, square].map(Numbers::<B>);
    let [betas, rests] = [rule.betas.map(f64::from), rule.rests.map(f64::from)];
    let gradient = match rule.coupled == 0.0 {
        true => gradient,
        false => gradient + value.clone() * f64::from(rule.coupled),
    };
    let mean = mean * betas[0] + gradient.clone() * rests[0];
    let square = square * betas[1] + gradient.squared() * rests[1];
    let size = square.clone().sqrt() / f64::from(rule.root) + f64::from(rule.eps);
    let step = mean.clone() / size;
    let value = value * f64::from(rule.kept) - step * f64::from(rule.rate);
    (value.0, mean.0, square.0)
}
