//! Numbers of 16 bits for products, where the process asks for them; nothing happens elsewhere.

use super::Numbers;
use crate::tensor::Precision;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::FloatDType;

/// Rounded.
pub(super) fn rounded<B: Backend>(x: Numbers<B>) -> Numbers<B> {
    match Precision::now().rounded() {
        Some(kind) => Numbers(B::float_cast(x.0, kind)),
        None => x,
    }
}

/// What came of rounded numbers, in single precision again.
pub(super) fn whole<B: Backend>(x: Numbers<B>) -> Numbers<B> {
    match Precision::now().rounded() {
        Some(_) => Numbers(B::float_cast(x.0, FloatDType::F32)),
        None => x,
    }
}

/// A gradient that may be rounded, with what makes up for its scale: numbers of up to 1.
pub(super) fn scaled<B: Backend>(gradient: FloatTensor<B>) -> (Numbers<B>, Option<Numbers<B>>) {
    let gradient = Numbers::<B>(gradient);
    // The other kind of 16 bits has the range of 32.
    if Precision::now() != Precision::F16 {
        return (gradient, None);
    }
    let rank = gradient.shape().len();
    // Of nothing but zeros, too, it must stay 0.
    let top = Numbers::<B>(B::float_max_abs(gradient.0.clone())) + f64::from(f32::MIN_POSITIVE);
    let top = top.reshape(&vec![1; rank]);
    (gradient / top.clone(), Some(top))
}

/// Undoes `scaled` in what came of it.
pub(super) fn unscaled<B: Backend>(x: Numbers<B>, top: Option<Numbers<B>>) -> Numbers<B> {
    match top {
        Some(top) => {
            let rank = x.shape().len();
            x * top.reshape(&vec![1; rank])
        }
        None => x,
    }
}

/// What a backward pass keeps for a product: rounded, where products are.
pub(in crate::tensor::kernels) fn kept<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    rounded(Numbers::<B>(x)).0
}

/// Whether what is kept differs from what is there.
pub(in crate::tensor::kernels) fn rounds() -> bool {
    Precision::now().rounded().is_some()
}

/// In single precision, whatever it is.
pub(super) fn single<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    match x.dtype() {
        burn::tensor::DType::F32 => x,
        _ => B::float_cast(x, FloatDType::F32),
    }
}
