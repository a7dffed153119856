//! The backward passes of our operations.

use super::StillOps;
use super::kept::Kept;
use super::linear::Linear;
use burn::backend::ops::ConvOptions;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, TensorMetadata};
use burn::tensor::Shape;
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use std::sync::Arc;

#[derive(Debug)]
struct Conv2d;

impl<B: Backend + StillOps> Backward<B, 2> for Conv2d {
    type State = (Kept<B>, Kept<B>, ConvOptions<2>);

    fn backward(
        self,
        ops: Ops<Self::State, 2>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let [input_node, kernel_node] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        let (input, kernel, options) = ops.state;
        let (input, kernel) = (input.numbers(checkpointer), kernel.numbers(checkpointer));
        if let Some(node) = input_node {
            let shape = input.shape();
            let (size, gradient) = ([shape[2], shape[3]], gradient.clone());
            let made = B::still_conv2d_transposed(gradient, kernel.clone(), options.clone(), size);
            grads.register::<B>(node.id, made);
        }
        if let Some(node) = kernel_node {
            let made = B::still_conv2d_kernel(input, kernel, gradient, options);
            grads.register::<B>(node.id, made);
        }
    }
}

#[derive(Debug)]
struct TransposedConv2d;

impl<B: Backend + StillOps> Backward<B, 2> for TransposedConv2d {
    type State = (Kept<B>, Kept<B>, ConvOptions<2>);

    // The adjoint of the adjoint is the convolution itself.
    fn backward(
        self,
        ops: Ops<Self::State, 2>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let [input_node, kernel_node] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        let (input, kernel, options) = ops.state;
        let (input, kernel) = (input.numbers(checkpointer), kernel.numbers(checkpointer));
        if let Some(node) = input_node {
            let made = B::still_conv2d(gradient.clone(), kernel.clone(), options.clone());
            grads.register::<B>(node.id, made);
        }
        if let Some(node) = kernel_node {
            let made = B::still_conv2d_kernel(gradient, kernel, input, options);
            grads.register::<B>(node.id, made);
        }
    }
}

#[derive(Debug)]
struct LinearMap;

impl<B: Backend + StillOps> Backward<B, 1> for LinearMap {
    type State = (Arc<dyn Linear>, bool);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let [node] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        let (map, adjoint) = ops.state;
        if let Some(node) = node {
            grads.register::<B>(node.id, B::still_linear(gradient, map, !adjoint));
        }
    }
}

#[derive(Debug)]
struct Permuted;

impl<B: Backend + StillOps> Backward<B, 1> for Permuted {
    type State = Vec<usize>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let [node] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        let mut back = vec![0; ops.state.len()];
        ops.state.iter().enumerate().for_each(|(place, axis)| back[*axis] = place);
        if let Some(node) = node {
            grads.register::<B>(node.id, B::still_permuted(gradient, back));
        }
    }
}

#[derive(Debug)]
struct Sloped;

impl<B: Backend + StillOps> Backward<B, 1> for Sloped {
    type State = FloatTensor<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let [node] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        if let Some(node) = node {
            grads.register::<B>(node.id, B::float_mul(gradient, ops.state));
        }
    }
}

#[derive(Debug)]
struct Flat;

impl<B: Backend + StillOps> Backward<B, 1> for Flat {
    type State = Shape;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let [node] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        if let Some(node) = node {
            let dtype = gradient.dtype().into();
            grads.register::<B>(node.id, B::float_zeros(ops.state, &gradient.device(), dtype));
        }
    }
}

impl<B: Backend + StillOps, C: CheckpointStrategy> StillOps for Autodiff<B, C> {
    fn still_conv2d(
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        let nodes = [input.node(), kernel.node()];
        match Conv2d.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = (
                    Kept::new(input.primitive(), || prep.checkpoint(&input)),
                    Kept::new(kernel.primitive(), || prep.checkpoint(&kernel)),
                    options.clone(),
                );
                let output =
                    B::still_conv2d(input.into_primitive(), kernel.into_primitive(), options);
                prep.finish(state, output)
            }
            OpsKind::UnTracked(prep) => {
                let (input, kernel) = (input.into_primitive(), kernel.into_primitive());
                prep.finish(B::still_conv2d(input, kernel, options))
            }
        }
    }

    fn still_conv2d_transposed(
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        options: ConvOptions<2>,
        size: [usize; 2],
    ) -> FloatTensor<Self> {
        let nodes = [input.node(), kernel.node()];
        match TransposedConv2d.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = (
                    Kept::new(input.primitive(), || prep.checkpoint(&input)),
                    Kept::new(kernel.primitive(), || prep.checkpoint(&kernel)),
                    options.clone(),
                );
                let (input, kernel) = (input.into_primitive(), kernel.into_primitive());
                prep.finish(state, B::still_conv2d_transposed(input, kernel, options, size))
            }
            OpsKind::UnTracked(prep) => {
                let (input, kernel) = (input.into_primitive(), kernel.into_primitive());
                prep.finish(B::still_conv2d_transposed(input, kernel, options, size))
            }
        }
    }

    fn still_linear(
        input: FloatTensor<Self>,
        map: Arc<dyn Linear>,
        adjoint: bool,
    ) -> FloatTensor<Self> {
        match LinearMap.prepare::<C>([input.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let output = B::still_linear(input.into_primitive(), map.clone(), adjoint);
                prep.finish((map, adjoint), output)
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::still_linear(input.into_primitive(), map, adjoint))
            }
        }
    }

    fn still_permuted(input: FloatTensor<Self>, axes: Vec<usize>) -> FloatTensor<Self> {
        match Permuted.prepare::<C>([input.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let output = B::still_permuted(input.into_primitive(), axes.clone());
                prep.finish(axes, output)
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::still_permuted(input.into_primitive(), axes))
            }
        }
    }

    // Gradients of gradients are not offered: Burn has none.
    fn still_conv2d_kernel(
        input: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        Self::from_inner(B::still_conv2d_kernel(
            Self::inner(input),
            Self::inner(kernel),
            Self::inner(gradient),
            options,
        ))
    }

    fn still_sloped(
        input: FloatTensor<Self>,
        value: FloatTensor<Self>,
        slope: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let (value, slope) = (Self::inner(value), Self::inner(slope));
        match Sloped.prepare::<C>([input.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(slope, value),
            OpsKind::UnTracked(prep) => prep.finish(value),
        }
    }

    fn still_flat(input: FloatTensor<Self>, value: FloatTensor<Self>) -> FloatTensor<Self> {
        let (value, shape) = (Self::inner(value), input.shape());
        match Flat.prepare::<C>([input.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(shape, value),
            OpsKind::UnTracked(prep) => prep.finish(value),
        }
    }
}
