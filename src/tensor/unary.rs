//! One number in, one number out.

use super::kernels::rows::Curve;
use super::record::{self, Dispatch, Op, Unary, whole};
use super::{DType, Tensor};
use crate::error::Result;
use burn::backend::DispatchTensor;

macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident => $op:expr;)*) => { impl Tensor { $(
        $(#[$doc])*
        pub fn $name(&self) -> Result<Tensor> {
            let apply: fn(DispatchTensor) -> DispatchTensor = $op;
            self.mapped(apply)
        }
    )* } };
}

unary! {
    /// e to the power of each element.
    exp => Dispatch::float_exp;
    /// Natural logarithm.
    log => Dispatch::float_log;
    /// ln(1 + x), exact near 0.
    log1p => Dispatch::float_log1p;
    /// Square root.
    sqrt => Dispatch::float_sqrt;
    /// Sine.
    sin => Dispatch::float_sin;
    /// Cosine.
    cos => Dispatch::float_cos;
    /// Hyperbolic tangent.
    tanh => Dispatch::float_tanh;
    /// Gauss error function.
    erf => Dispatch::float_erf;
    /// ln of the sigmoid, without overflow.
    log_sigmoid => Dispatch::log_sigmoid;
}

/// √(2/π) and the cubic term of GELU's approximation with tanh.
const TANH_GELU: (f64, f64) = (0.797_884_560_802_865_4, 0.044715);

impl Tensor {
    fn mapped(&self, apply: fn(DispatchTensor) -> DispatchTensor) -> Result<Tensor> {
        let own = self.float()?;
        if own.count() == 0 {
            return Ok(own);
        }
        Ok(Tensor(apply(own.0)))
    }

    pub(super) fn curved(&self, curve: Curve) -> Result<Tensor> {
        let own = self.float()?;
        if own.count() == 0 {
            return Ok(own);
        }
        Ok(Tensor(Dispatch::still_curve(own.0, curve)))
    }

    /// 1 / (1 + e^-x).
    pub fn sigmoid(&self) -> Result<Tensor> {
        self.curved(Curve::Sigmoid)
    }

    /// x · Φ(x), the exact form with the error function, as PyTorch's default.
    pub fn gelu(&self) -> Result<Tensor> {
        self.curved(Curve::Gelu)
    }

    /// A step function of the elements: its slope is 0 everywhere. Integers stay as they are.
    fn stepped(&self, apply: fn(DispatchTensor) -> DispatchTensor) -> Result<Tensor> {
        if self.dtype() != DType::F32 {
            return Ok(self.clone());
        }
        let value = self.detached()?.mapped(apply)?;
        self.sloped(&value, &Tensor::full(&self.shape(), 0.0, &super::Device::default())?)
    }

    /// `-self`; integers stay integers.
    pub fn neg(&self) -> Result<Tensor> {
        match self.dtype() {
            DType::F32 => self.mapped(Dispatch::float_neg),
            _ if self.count() == 0 => self.to(DType::I64),
            _ => Ok(Tensor(Dispatch::int_neg(self.to(DType::I64)?.0))),
        }
    }

    /// Absolute value; integers stay integers.
    pub fn abs(&self) -> Result<Tensor> {
        match self.dtype() {
            DType::F32 => self.mapped(Dispatch::float_abs),
            _ if self.count() == 0 => self.to(DType::I64),
            _ => Ok(Tensor(Dispatch::int_abs(self.to(DType::I64)?.0))),
        }
    }

    /// max(x, 0); integers stay integers.
    pub fn relu(&self) -> Result<Tensor> {
        match self.dtype() {
            DType::F32 => self.curved(Curve::Relu),
            _ => self.clamp_min(0.0),
        }
    }

    /// -1, 0 or 1; 0 for NaN.
    pub fn sign(&self) -> Result<Tensor> {
        whole(
            || Op::Unary(Unary::Sign),
            &[self],
            || {
                let plain = self.detached()?;
                let value = plain.above_number(0.0)?.to(DType::I64)?;
                let value = value.sub(&plain.below_number(0.0)?.to(DType::I64)?)?;
                match self.dtype() {
                    DType::F32 => {
                        let none = Tensor::full(&self.shape(), 0.0, &super::Device::default())?;
                        self.sloped(&value.float()?, &none)
                    }
                    _ => Ok(value),
                }
            },
        )
    }

    /// The largest whole number that is not larger.
    pub fn floor(&self) -> Result<Tensor> {
        self.stepped(Dispatch::float_floor)
    }

    /// The smallest whole number that is not smaller.
    pub fn ceil(&self) -> Result<Tensor> {
        self.stepped(Dispatch::float_ceil)
    }

    /// The nearest whole number; halves go to the even one.
    pub fn round(&self) -> Result<Tensor> {
        self.stepped(Dispatch::float_round)
    }

    /// e^x − 1, exact near 0.
    pub fn expm1(&self) -> Result<Tensor> {
        let (own, plain) = (self.float()?, self.float()?.detached()?);
        let power = plain.exp()?;
        // tanh(x / 2) = (e^x − 1) / (e^x + 1)
        let value = plain.mul_number(0.5)?.tanh()?.mul(&power.add_number(1.0)?)?;
        own.sloped(&value, &power)
    }

    /// 1 / √x.
    pub fn rsqrt(&self) -> Result<Tensor> {
        let (own, plain) = (self.float()?, self.float()?.detached()?);
        let value = Tensor::scalar(DType::F32, 1.0)?.div(&plain.sqrt()?)?;
        let slope = value.mul(&value)?.mul(&value)?.mul_number(-0.5)?;
        own.sloped(&value, &slope)
    }

    /// x where it is above 0, `slope` · x else.
    pub fn leaky_relu(&self, slope: f64) -> Result<Tensor> {
        let (own, plain) = (self.float()?, self.float()?.detached()?);
        whole(
            || Op::LeakyRelu(slope),
            &[&own],
            || {
                let above = plain.above_number(0.0)?;
                let value = Tensor::select(&above, &plain, &plain.mul_number(slope)?)?;
                let flat = Tensor::full(&own.shape(), slope, &super::Device::default())?;
                own.sloped(&value, &flat.masked_fill(&above, 1.0)?)
            },
        )
    }

    /// x where it is above 0, `alpha` · (e^x − 1) else.
    pub fn elu(&self, alpha: f64) -> Result<Tensor> {
        let (own, plain) = (self.float()?, self.float()?.detached()?);
        whole(
            || Op::Elu(alpha),
            &[&own],
            || {
                let above = plain.above_number(0.0)?;
                // Only where it counts, so that nothing overflows.
                let low = plain.clamp_max(0.0)?;
                let value = Tensor::select(&above, &plain, &low.expm1()?.mul_number(alpha)?)?;
                own.sloped(&value, &low.exp()?.mul_number(alpha)?.masked_fill(&above, 1.0)?)
            },
        )
    }

    /// GELU in its approximation with tanh.
    pub fn gelu_tanh(&self) -> Result<Tensor> {
        let own = self.float()?;
        let (root, cubic) = TANH_GELU;
        let inner = own.mul(&own)?.mul_number(cubic)?.add_number(1.0)?.mul(&own)?;
        let gate = inner.mul_number(root)?.tanh()?.add_number(1.0)?.mul_number(0.5)?;
        own.mul(&gate)
    }

    /// x · σ(x).
    pub fn silu(&self) -> Result<Tensor> {
        // A graph has no operation for it.
        if record::is_on() {
            return self.mul(&self.sigmoid()?);
        }
        self.curved(Curve::Silu)
    }

    /// x · min(max(x + 3, 0), 6) / 6.
    pub fn hardswish(&self) -> Result<Tensor> {
        self.curved(Curve::HardSwish)
    }

    /// ln(1 + e^x), without overflow.
    pub fn softplus(&self) -> Result<Tensor> {
        let own = self.float()?;
        whole(|| Op::Unary(Unary::Softplus), &[&own], || own.neg()?.log_sigmoid()?.neg())
    }
}
