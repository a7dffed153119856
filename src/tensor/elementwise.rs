//! One number in, one number out; two tensors are broadcast as NumPy does.

use super::{Tensor, shape};
use crate::error::Result;
use burn::backend::ops::{ActivationOps, FloatTensorOps};
use burn::backend::{Dispatch, DispatchTensor};
use burn::tensor::Scalar;

macro_rules! binary {
    ($($(#[$doc:meta])* $name:ident => $op:ident, $word:literal;)*) => { impl Tensor { $(
        $(#[$doc])*
        ///
        /// # Errors
        /// Shapes that cannot be broadcast, or integers.
        pub fn $name(&self, other: &Tensor) -> Result<Tensor> {
            let (left, right) = shape::aligned($word, self, other)?;
            Ok(Tensor(Dispatch::$op(left, right)))
        }
    )* } };
}

macro_rules! with_number {
    ($($(#[$doc:meta])* $name:ident => $op:ident, $word:literal;)*) => { impl Tensor { $(
        $(#[$doc])*
        pub fn $name(&self, number: f64) -> Result<Tensor> {
            self.need_float($word)?;
            Ok(Tensor(Dispatch::$op(self.0.clone(), Scalar::Float(number))))
        }
    )* } };
}

macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident => $op:expr;)*) => { impl Tensor { $(
        $(#[$doc])*
        pub fn $name(&self) -> Result<Tensor> {
            self.need_float(stringify!($name))?;
            let apply: fn(DispatchTensor) -> DispatchTensor = $op;
            Ok(Tensor(apply(self.0.clone())))
        }
    )* } };
}

binary! {
    /// `self + other`.
    add => float_add, "+";
    /// `self - other`.
    sub => float_sub, "-";
    /// `self * other`, element by element.
    mul => float_mul, "*";
    /// `self / other`.
    div => float_div, "/";
}

with_number! {
    /// `self + number`.
    add_number => float_add_scalar, "+";
    /// `self - number`.
    sub_number => float_sub_scalar, "-";
    /// `self * number`.
    mul_number => float_mul_scalar, "*";
    /// `self / number`.
    div_number => float_div_scalar, "/";
    /// `self ** number`.
    pow_number => float_powf_scalar, "**";
    /// No element below `number`.
    clamp_min => float_clamp_min, "clamp_min";
    /// No element above `number`.
    clamp_max => float_clamp_max, "clamp_max";
}

unary! {
    /// `-self`.
    neg => Dispatch::float_neg;
    /// e to the power of each element.
    exp => Dispatch::float_exp;
    /// Natural logarithm.
    log => Dispatch::float_log;
    /// ln(1 + x), exact near 0.
    log1p => Dispatch::float_log1p;
    /// Square root.
    sqrt => Dispatch::float_sqrt;
    /// Absolute value.
    abs => Dispatch::float_abs;
    /// -1, 0 or 1.
    sign => Dispatch::float_sign;
    /// Hyperbolic tangent.
    tanh => Dispatch::float_tanh;
    /// Gauss error function.
    erf => Dispatch::float_erf;
    /// 1 / (1 + e^-x).
    sigmoid => Dispatch::sigmoid;
    /// ln of the sigmoid, without overflow.
    log_sigmoid => Dispatch::log_sigmoid;
    /// max(x, 0).
    relu => Dispatch::relu;
    /// x · Φ(x), the exact form with the error function, as PyTorch's default.
    gelu => Dispatch::gelu;
}
