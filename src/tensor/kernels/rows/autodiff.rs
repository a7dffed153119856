//! The backward passes of the operations on rows.

use super::{Curve, RowOps, Softmax, linear_then_curve};
use crate::tensor::kernels::kept::Kept;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend};
use burn_autodiff::NodeId;
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};

#[derive(Debug)]
struct Curved;

impl<B: Backend + RowOps> Backward<B, 1> for Curved {
    type State = (NodeId, Curve);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let [node] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        let (input, curve) = ops.state;
        let input = checkpointer.retrieve_node_output::<FloatTensor<B>>(input);
        if let Some(node) = node {
            grads.register::<B>(node.id, B::still_curve_gradient(input, gradient, curve));
        }
    }
}

#[derive(Debug)]
struct Softmaxed;

impl<B: Backend + RowOps> Backward<B, 1> for Softmaxed {
    type State = (FloatTensor<B>, Softmax);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let [node] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        let (output, kind) = ops.state;
        if let Some(node) = node {
            grads.register::<B>(node.id, B::still_softmax_gradient(output, gradient, kind));
        }
    }
}

#[derive(Debug)]
struct LayerNorm;

impl<B: Backend + RowOps> Backward<B, 3> for LayerNorm {
    type State = (NodeId, NodeId, f64);

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let nodes = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        let (input, scale, eps) = ops.state;
        let input = checkpointer.retrieve_node_output::<FloatTensor<B>>(input);
        let scale = checkpointer.retrieve_node_output::<FloatTensor<B>>(scale);
        let (input, scale, shift) = B::still_layer_norm_gradients(input, scale, gradient, eps);
        for (node, gradient) in nodes.into_iter().zip([input, scale, shift]) {
            if let Some(node) = node {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

/// A linear layer with `N − 2` biases.
#[derive(Debug)]
struct Linear;

impl<B: Backend + RowOps, const N: usize> Backward<B, N> for Linear {
    type State = (Kept<B>, Kept<B>);

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let gradient = grads.consume::<B>(&ops.node);
        let (input, weight) = ops.state;
        let (input, weight) = (input.numbers(checkpointer), weight.numbers(checkpointer));
        for (place, node) in ops.parents.into_iter().enumerate() {
            let Some(node) = node else { continue };
            let made = match place {
                0 => B::still_linear_input(weight.clone(), gradient.clone()),
                1 => B::still_linear_weight(input.clone(), gradient.clone()),
                _ => B::still_row_sum(gradient.clone()),
            };
            grads.register::<B>(node.id, made);
        }
    }
}

#[derive(Debug)]
struct Attention;

impl<B: Backend + RowOps> Backward<B, 1> for Attention {
    type State = (Kept<B>, FloatTensor<B>, usize);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let [node] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        let (qkv, levels, heads) = ops.state;
        let qkv = qkv.numbers(checkpointer);
        if let Some(node) = node {
            let made = B::still_attention_gradient(qkv, levels, gradient, heads);
            grads.register::<B>(node.id, made);
        }
    }
}

// Gradients of gradients are not offered: Burn has none. So the gradients of operations are taken outside of any graph.
impl<B: Backend + RowOps, C: CheckpointStrategy> RowOps for Autodiff<B, C> {
    fn still_curve(input: FloatTensor<Self>, curve: Curve) -> FloatTensor<Self> {
        match Curved.prepare::<C>([input.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = (prep.checkpoint(&input), curve);
                prep.finish(state, B::still_curve(input.into_primitive(), curve))
            }
            OpsKind::UnTracked(prep) => prep.finish(B::still_curve(input.into_primitive(), curve)),
        }
    }

    fn still_curve_gradient(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        curve: Curve,
    ) -> FloatTensor<Self> {
        let (input, gradient) = (Self::inner(input), Self::inner(gradient));
        Self::from_inner(B::still_curve_gradient(input, gradient, curve))
    }

    fn still_softmax(input: FloatTensor<Self>, kind: Softmax) -> FloatTensor<Self> {
        match Softmaxed.prepare::<C>([input.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let output = B::still_softmax(input.into_primitive(), kind);
                prep.finish((output.clone(), kind), output)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::still_softmax(input.into_primitive(), kind)),
        }
    }

    fn still_softmax_gradient(
        output: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        kind: Softmax,
    ) -> FloatTensor<Self> {
        let (output, gradient) = (Self::inner(output), Self::inner(gradient));
        Self::from_inner(B::still_softmax_gradient(output, gradient, kind))
    }

    fn still_layer_norm(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        eps: f64,
    ) -> FloatTensor<Self> {
        let nodes = [input.node(), scale.node(), shift.node()];
        match LayerNorm.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = (prep.checkpoint(&input), prep.checkpoint(&scale), eps);
                let [input, scale, shift] = [input, scale, shift].map(|part| part.into_primitive());
                prep.finish(state, B::still_layer_norm(input, scale, shift, eps))
            }
            OpsKind::UnTracked(prep) => {
                let [input, scale, shift] = [input, scale, shift].map(|part| part.into_primitive());
                prep.finish(B::still_layer_norm(input, scale, shift, eps))
            }
        }
    }

    fn still_layer_norm_gradients(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        eps: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let [input, scale, gradient] = [input, scale, gradient].map(Self::inner);
        let (input, scale, shift) = B::still_layer_norm_gradients(input, scale, gradient, eps);
        (Self::from_inner(input), Self::from_inner(scale), Self::from_inner(shift))
    }

    fn still_linear_plain(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        match Linear.prepare::<C>([input.node(), weight.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = (
                    Kept::new(input.primitive(), || prep.checkpoint(&input)),
                    Kept::new(weight.primitive(), || prep.checkpoint(&weight)),
                );
                let (input, weight) = (input.into_primitive(), weight.into_primitive());
                prep.finish(state, B::still_linear_plain(input, weight))
            }
            OpsKind::UnTracked(prep) => {
                let (input, weight) = (input.into_primitive(), weight.into_primitive());
                prep.finish(B::still_linear_plain(input, weight))
            }
        }
    }

    fn still_linear_biased(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let nodes = [input.node(), weight.node(), bias.node()];
        match Linear.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = (
                    Kept::new(input.primitive(), || prep.checkpoint(&input)),
                    Kept::new(weight.primitive(), || prep.checkpoint(&weight)),
                );
                let [input, weight, bias] = [input, weight, bias].map(|part| part.into_primitive());
                prep.finish(state, B::still_linear_biased(input, weight, bias))
            }
            OpsKind::UnTracked(prep) => {
                let [input, weight, bias] = [input, weight, bias].map(|part| part.into_primitive());
                prep.finish(B::still_linear_biased(input, weight, bias))
            }
        }
    }

    fn still_linear_curve(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        curve: Curve,
    ) -> FloatTensor<Self> {
        let nodes = [input.node(), weight.node(), bias.node()];
        match Linear.prepare::<C>(nodes).compute_bound().stateful() {
            // The backward pass needs what the function was taken of.
            OpsKind::Tracked(_) => linear_then_curve::<Self>(input, weight, bias, curve),
            OpsKind::UnTracked(prep) => {
                let [input, weight, bias] = [input, weight, bias].map(|part| part.into_primitive());
                prep.finish(B::still_linear_curve(input, weight, bias, curve))
            }
        }
    }

    fn still_linear_input(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let (weight, gradient) = (Self::inner(weight), Self::inner(gradient));
        Self::from_inner(B::still_linear_input(weight, gradient))
    }

    fn still_linear_weight(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let (input, gradient) = (Self::inner(input), Self::inner(gradient));
        Self::from_inner(B::still_linear_weight(input, gradient))
    }

    fn still_row_sum(gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::from_inner(B::still_row_sum(Self::inner(gradient)))
    }

    fn still_attention(
        qkv: FloatTensor<Self>,
        heads: usize,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        match Attention.prepare::<C>([qkv.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let kept = Kept::new(qkv.primitive(), || prep.checkpoint(&qkv));
                let (output, levels) = B::still_attention(qkv.into_primitive(), heads);
                let state = (kept, levels.clone(), heads);
                (prep.finish(state, output), Self::from_inner(levels))
            }
            OpsKind::UnTracked(prep) => {
                let (output, levels) = B::still_attention(qkv.into_primitive(), heads);
                (prep.finish(output), Self::from_inner(levels))
            }
        }
    }

    fn still_attention_gradient(
        qkv: FloatTensor<Self>,
        levels: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        heads: usize,
    ) -> FloatTensor<Self> {
        let [qkv, levels, gradient] = [qkv, levels, gradient].map(Self::inner);
        Self::from_inner(B::still_attention_gradient(qkv, levels, gradient, heads))
    }
}
