//! What a tensor is known by: where its numbers lie, and how it looks at them.

use burn::backend::{DispatchTensor, DispatchTensorKind};
use burn::tensor::Bytes;
use burn_flex::FlexTensor;
use std::sync::{Arc, Weak};

/// The same for the same numbers in the same shape.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    buffer: usize,
    start: usize,
    shape: Vec<usize>,
    strides: Vec<isize>,
    dtype: String,
}

/// Keeps the address of a buffer from being used again, but not its numbers.
pub(super) struct Hold(#[expect(dead_code, reason = "held, not read")] Weak<Bytes>);

/// What `tensor` is known by; nothing where its device does not tell.
pub(super) fn of(tensor: &DispatchTensor) -> Option<(Key, Hold)> {
    let flex = flex(&tensor.kind)?;
    let buffer = flex.data_arc();
    let layout = flex.layout();
    let key = Key {
        buffer: Arc::as_ptr(&buffer).cast::<()>() as usize,
        start: layout.start_offset(),
        shape: layout.shape().to_vec(),
        strides: layout.strides().to_vec(),
        dtype: format!("{:?}", flex.dtype()),
    };
    Some((key, Hold(Arc::downgrade(&buffer))))
}

/// The tensor of the CPU backend within, whether it is tracked or not.
fn flex(kind: &DispatchTensorKind) -> Option<&FlexTensor> {
    use burn::backend::BackendTensor;
    // Devices that a feature adds may have kinds of their own.
    #[allow(unreachable_patterns)]
    match kind {
        DispatchTensorKind::Flex(tensor) => match tensor {
            BackendTensor::Float(tensor)
            | BackendTensor::Int(tensor)
            | BackendTensor::Bool(tensor) => Some(tensor),
            BackendTensor::Autodiff(tensor) => Some(tensor.primitive()),
            _ => None,
        },
        DispatchTensorKind::Autodiff(inner) => flex(inner),
        _ => None,
    }
}
