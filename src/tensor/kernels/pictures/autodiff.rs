//! The backward passes.

use super::{NormOptions, PictureOps};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, TensorMetadata};
use burn_autodiff::NodeId;
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};

#[derive(Debug)]
struct ChannelNorm;

impl<B: Backend + PictureOps> Backward<B, 3> for ChannelNorm {
    type State = ([NodeId; 3], FloatTensor<B>, NormOptions);

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let nodes = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        let (kept, statistics, options) = ops.state;
        let [input, scale, shift] =
            kept.map(|node| checkpointer.retrieve_node_output::<FloatTensor<B>>(node));
        let (input, scale, shift) =
            B::still_channel_norm_gradients(input, scale, shift, statistics, gradient, options);
        for (node, gradient) in nodes.into_iter().zip([input, scale, shift]) {
            if let Some(node) = node {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

#[derive(Debug)]
struct Means;

impl<B: Backend + PictureOps> Backward<B, 1> for Means {
    type State = [usize; 2];

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        if let Some(node) = node {
            grads.register::<B>(node.id, B::still_plane_spread(gradient, ops.state));
        }
    }
}

#[derive(Debug)]
struct BlockMeans;

impl<B: Backend + PictureOps> Backward<B, 1> for BlockMeans {
    type State = [[usize; 2]; 2];

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        let [size, plane] = ops.state;
        if let Some(node) = node {
            grads.register::<B>(node.id, B::still_block_spread(gradient, size, plane));
        }
    }
}

#[derive(Debug)]
struct Gated;

impl<B: Backend + PictureOps> Backward<B, 2> for Gated {
    type State = [NodeId; 2];

    fn backward(
        self,
        ops: Ops<Self::State, 2>,
        grads: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let [input_node, gate_node] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        let [input, gates] =
            ops.state.map(|node| checkpointer.retrieve_node_output::<FloatTensor<B>>(node));
        if let Some(node) = gate_node {
            let made = B::still_gate_gradients(input, gradient.clone());
            grads.register::<B>(node.id, made);
        }
        if let Some(node) = input_node {
            grads.register::<B>(node.id, B::still_gated(gradient, gates));
        }
    }
}

impl<B: Backend + PictureOps, C: CheckpointStrategy> PictureOps for Autodiff<B, C> {
    fn still_channel_statistics(input: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::from_inner(B::still_channel_statistics(Self::inner(input)))
    }

    fn still_channel_norm(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        options: NormOptions,
    ) -> FloatTensor<Self> {
        let nodes = [input.node(), scale.node(), shift.node()];
        let (statistics, parts) = (Self::inner(statistics), [input, scale, shift]);
        match ChannelNorm.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let kept = parts.each_ref().map(|part| prep.checkpoint(part));
                let state = (kept, statistics.clone(), options);
                let [input, scale, shift] = parts.map(|part| part.into_primitive());
                prep.finish(state, B::still_channel_norm(input, scale, shift, statistics, options))
            }
            OpsKind::UnTracked(prep) => {
                let [input, scale, shift] = parts.map(|part| part.into_primitive());
                prep.finish(B::still_channel_norm(input, scale, shift, statistics, options))
            }
        }
    }

    fn still_channel_norm_own(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        options: NormOptions,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let nodes = [input.node(), scale.node(), shift.node()];
        let parts = [input, scale, shift];
        match ChannelNorm.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let kept = parts.each_ref().map(|part| prep.checkpoint(part));
                let [input, scale, shift] = parts.map(|part| part.into_primitive());
                let (output, statistics) = B::still_channel_norm_own(input, scale, shift, options);
                let state = (kept, statistics.clone(), options);
                (prep.finish(state, output), Self::from_inner(statistics))
            }
            OpsKind::UnTracked(prep) => {
                let [input, scale, shift] = parts.map(|part| part.into_primitive());
                let (output, statistics) = B::still_channel_norm_own(input, scale, shift, options);
                (prep.finish(output), Self::from_inner(statistics))
            }
        }
    }

    // Gradients of gradients are not offered: Burn has none.
    fn still_channel_norm_gradients(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        options: NormOptions,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (input, scale, shift) = B::still_channel_norm_gradients(
            Self::inner(input),
            Self::inner(scale),
            Self::inner(shift),
            Self::inner(statistics),
            Self::inner(gradient),
            options,
        );
        (Self::from_inner(input), Self::from_inner(scale), Self::from_inner(shift))
    }

    fn still_plane_means(input: FloatTensor<Self>) -> FloatTensor<Self> {
        let shape = input.shape();
        match Means.prepare::<C>([input.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                prep.finish([shape[2], shape[3]], B::still_plane_means(input.into_primitive()))
            }
            OpsKind::UnTracked(prep) => prep.finish(B::still_plane_means(input.into_primitive())),
        }
    }

    fn still_plane_spread(means: FloatTensor<Self>, size: [usize; 2]) -> FloatTensor<Self> {
        Self::from_inner(B::still_plane_spread(Self::inner(means), size))
    }

    fn still_block_means(input: FloatTensor<Self>, size: [usize; 2]) -> FloatTensor<Self> {
        let shape = input.shape();
        let state = [size, [shape[2], shape[3]]];
        match BlockMeans.prepare::<C>([input.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                prep.finish(state, B::still_block_means(input.into_primitive(), size))
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::still_block_means(input.into_primitive(), size))
            }
        }
    }

    fn still_block_spread(
        means: FloatTensor<Self>,
        size: [usize; 2],
        plane: [usize; 2],
    ) -> FloatTensor<Self> {
        Self::from_inner(B::still_block_spread(Self::inner(means), size, plane))
    }

    fn still_gated(input: FloatTensor<Self>, gates: FloatTensor<Self>) -> FloatTensor<Self> {
        match Gated.prepare::<C>([input.node(), gates.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = [prep.checkpoint(&input), prep.checkpoint(&gates)];
                let output = B::still_gated(input.into_primitive(), gates.into_primitive());
                prep.finish(state, output)
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::still_gated(input.into_primitive(), gates.into_primitive()))
            }
        }
    }

    fn still_gate_gradients(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        Self::from_inner(B::still_gate_gradients(Self::inner(input), Self::inner(gradient)))
    }
}
