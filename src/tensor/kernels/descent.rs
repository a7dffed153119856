//! Steps of optimisers in one pass over memory.

use super::composed;
use super::lanes::{GRAIN, fresh, vectorised};
use super::{made, plain};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Flex, TensorMetadata, backend_extension};
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_flex::FlexTensor;
use rayon::prelude::*;

/// The numbers of one step of Adam.
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    /// Decay of both moments.
    pub betas: [f32; 2],
    /// One less them; of its own, since it is rounded from a double.
    pub rests: [f32; 2],
    /// What is added of each weight to its gradient.
    pub coupled: f32,
    /// What is left of each weight before the step.
    pub kept: f32,
    /// The root of what makes up for the second moment's start at 0.
    pub root: f32,
    pub eps: f32,
    /// The rate, with what makes up for the first moment's start at 0.
    pub rate: f32,
}

/// Steps on plain tensors, outside of any graph.
#[backend_extension(Flex, Cube: cfg(any(feature = "wgpu", feature = "cuda")), Autodiff)]
pub trait DescentOps: Backend {
    /// The new value, and both moments, of tensors of one shape.
    fn still_adam(
        value: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        square: FloatTensor<Self>,
        rule: Adam,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        composed::adam::<Self>(value, gradient, mean, square, rule)
    }
}

/// Rows of one parameter: what is written, and what is read.
type Out<'a> = [&'a mut [f32]; 3];

vectorised! {
    fn adam(out: Out, value: &[f32], gradient: &[f32], mean: &[f32], square: &[f32], rule: Adam) {
        let [new_value, new_mean, new_square] = out;
        let news = new_value.iter_mut().zip(new_mean).zip(new_square);
        let olds = value.iter().zip(gradient).zip(mean).zip(square);
        for (((to, to_mean), to_square), (((value, g), mean), square)) in news.zip(olds) {
            let g = g + value * rule.coupled;
            let mean = mean * rule.betas[0] + g * rule.rests[0];
            let square = square * rule.betas[1] + (g * g) * rule.rests[1];
            let step = mean / (square.sqrt() / rule.root + rule.eps);
            *to = value * rule.kept - step * rule.rate;
            *to_mean = mean;
            *to_square = square;
        }
    }
}

impl DescentOps for Flex {
    fn still_adam(
        value: FlexTensor,
        gradient: FlexTensor,
        mean: FlexTensor,
        square: FlexTensor,
        rule: Adam,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let shape = value.shape().to_vec();
        let parts = [value, gradient, mean, square].map(|part| part.to_contiguous());
        let [value, gradient, mean, square] = parts.each_ref().map(plain);
        let [mut to, mut to_mean, mut to_square] = [(); 3].map(|()| fresh(value.len()));
        let news = to.par_chunks_mut(GRAIN).zip(to_mean.par_chunks_mut(GRAIN));
        let news = news.zip(to_square.par_chunks_mut(GRAIN));
        let olds = value.par_chunks(GRAIN).zip(gradient.par_chunks(GRAIN));
        let olds = olds.zip(mean.par_chunks(GRAIN)).zip(square.par_chunks(GRAIN));
        news.zip(olds).for_each(|(((to, to_mean), to_square), (((value, g), mean), square))| {
            adam([to, to_mean, to_square], value, g, mean, square, rule);
        });
        (made(to, shape.clone()), made(to_mean, shape.clone()), made(to_square, shape))
    }
}

impl<B: Backend + DescentOps, C: CheckpointStrategy> DescentOps for Autodiff<B, C> {
    fn still_adam(
        value: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        square: FloatTensor<Self>,
        rule: Adam,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let [value, gradient, mean, square] = [value, gradient, mean, square].map(Self::inner);
        let (value, mean, square) = B::still_adam(value, gradient, mean, square, rule);
        (Self::from_inner(value), Self::from_inner(mean), Self::from_inner(square))
    }
}
