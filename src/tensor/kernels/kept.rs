//! What a product keeps of its inputs for the backward pass.

use super::composed::{kept, rounds};
use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;
use burn_autodiff::NodeId;
use burn_autodiff::checkpoint::base::Checkpointer;

/// An input of a product: the node that it came from, or its numbers rounded, where products round them.
#[derive(Clone, Debug)]
pub(super) enum Kept<B: Backend> {
    Node(NodeId),
    Rounded(FloatTensor<B>),
}

impl<B: Backend> Kept<B> {
    /// `node` keeps the input as it is.
    pub(super) fn new(input: &FloatTensor<B>, node: impl FnOnce() -> NodeId) -> Self {
        match rounds() {
            true => Kept::Rounded(kept::<B>(input.clone())),
            false => Kept::Node(node()),
        }
    }

    pub(super) fn numbers(self, checkpointer: &mut Checkpointer) -> FloatTensor<B> {
        match self {
            Kept::Node(node) => checkpointer.retrieve_node_output::<FloatTensor<B>>(node),
            Kept::Rounded(numbers) => numbers,
        }
    }
}
