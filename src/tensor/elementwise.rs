//! Arithmetic of two tensors, broadcast as NumPy does, and of a tensor with a number.

use super::record::{Binary, Dispatch, Op, unseen, whole};
use super::{DType, Tensor, shape};
use crate::error::Result;
use burn::tensor::Scalar;

macro_rules! binary {
    ($($(#[$doc:meta])* $name:ident => $float:ident, $int:ident, $word:literal;)*) => { impl Tensor { $(
        $(#[$doc])*
        ///
        /// # Errors
        /// Shapes that cannot be broadcast.
        pub fn $name(&self, other: &Tensor) -> Result<Tensor> {
            let pair = shape::aligned($word, self, other)?;
            if pair.is_empty() {
                return pair.none(pair.dtype, &[self, other]);
            }
            Ok(Tensor(match pair.dtype {
                DType::F32 => Dispatch::$float(pair.left, pair.right),
                _ => Dispatch::$int(pair.left, pair.right),
            }))
        }
    )* } };
}

macro_rules! with_number {
    ($($(#[$doc:meta])* $name:ident => $op:ident;)*) => { impl Tensor { $(
        $(#[$doc])*
        pub fn $name(&self, number: f64) -> Result<Tensor> {
            let own = self.float()?;
            if own.count() == 0 {
                return Ok(own);
            }
            Ok(Tensor(Dispatch::$op(own.0, Scalar::Float(number))))
        }
    )* } };
}

binary! {
    /// `self + other`.
    add => float_add, int_add, "+";
    /// `self - other`.
    sub => float_sub, int_sub, "-";
    /// `self * other`, element by element.
    mul => float_mul, int_mul, "*";
}

with_number! {
    /// `self + number`, as floats.
    add_number => float_add_scalar;
    /// `self - number`, as floats.
    sub_number => float_sub_scalar;
    /// `self * number`, as floats.
    mul_number => float_mul_scalar;
    /// `self / number`, as floats.
    div_number => float_div_scalar;
}

impl Tensor {
    /// `self / other`, as floats.
    ///
    /// # Errors
    /// Shapes that cannot be broadcast.
    pub fn div(&self, other: &Tensor) -> Result<Tensor> {
        let pair = shape::aligned("/", &self.float()?, &other.float()?)?;
        if pair.is_empty() {
            return pair.none(DType::F32, &[self, other]);
        }
        Ok(Tensor(Dispatch::float_div(pair.left, pair.right)))
    }

    /// What is left of `self` after so many whole `other`, with the sign of `other`, as in Python.
    ///
    /// # Errors
    /// Shapes that cannot be broadcast; integers by 0.
    pub fn remainder(&self, other: &Tensor) -> Result<Tensor> {
        let dtype = self.dtype().max(other.dtype()).max(DType::I64);
        if dtype == DType::I64 {
            return self.integer_remainder(other);
        }
        let (own, other) = (self.float()?, other.float()?);
        whole(
            || Op::Binary(Binary::Remainder),
            &[&own, &other],
            || {
                let (left, right) = shape::spread("%", &own, &other)?;
                let whole = left.detached()?.div(&right.detached()?)?.floor()?;
                let left_part = left.detached()?;
                let pair = shape::aligned("%", &left_part, &right.detached()?)?;
                let value = match pair.is_empty() {
                    true => return pair.none(DType::F32, &[&own, &other]),
                    false => Tensor(Dispatch::float_remainder(pair.left, pair.right)),
                };
                let ones = Tensor::full(&left.shape(), 1.0, &super::Device::default())?;
                left.sloped(&value, &ones)?.sum_of_slopes(&right, &whole.neg()?)
            },
        )
    }

    fn integer_remainder(&self, other: &Tensor) -> Result<Tensor> {
        use crate::error::{Error, Kind};
        let pair = shape::aligned("%", &self.to(DType::I64)?, &other.to(DType::I64)?)?;
        if pair.is_empty() {
            return pair.none(DType::I64, &[]);
        }
        if unseen(|| other.to_integers())?.contains(&0) {
            return Err(Error::new(Kind::Number, "%", "integers have no remainder by 0"));
        }
        Ok(Tensor(Dispatch::int_remainder(pair.left, pair.right)))
    }

    /// `self ** other`, as floats where either is one; integers by integers of 0 or more stay integers.
    ///
    /// # Errors
    /// Shapes that cannot be broadcast.
    pub fn pow(&self, other: &Tensor) -> Result<Tensor> {
        let whole = self.dtype() != DType::F32 && other.dtype() != DType::F32;
        if whole && other.to_integers()?.iter().all(|exponent| *exponent >= 0) {
            let pair = shape::aligned("**", &self.to(DType::I64)?, &other.to(DType::I64)?)?;
            if pair.is_empty() {
                return pair.none(DType::I64, &[]);
            }
            return Ok(Tensor(Dispatch::int_powi(pair.left, pair.right)));
        }
        let (base, exponent) = shape::spread("**", &self.float()?, &other.float()?)?;
        if base.count() == 0 {
            return Tensor::none(DType::F32, &base.shape(), &[&base, &exponent]);
        }
        let (b, e) = (base.detached()?, exponent.detached()?);
        let value = Tensor(Dispatch::float_powf(b.0.clone(), e.0.clone()));
        let mut result = value.clone();
        if base.is_tracked() {
            // b^(e−1), but nothing where e = 0: 0 · 0^−1 is no number.
            let less = Tensor(Dispatch::float_powf(b.0.clone(), e.sub_number(1.0)?.0));
            let slope = e.mul(&less)?.masked_fill(&e.equals_number(0.0)?, 0.0)?;
            result = base.sloped(&result, &slope)?;
        }
        if exponent.is_tracked() {
            let flat = b.equals_number(0.0)?.and(&e.at_least_number(0.0)?)?;
            let slope = value.mul(&b.log()?)?.masked_fill(&flat, 0.0)?;
            result = result.sum_of_slopes(&exponent, &slope)?;
        }
        Ok(result)
    }

    /// `self ** number`.
    pub fn pow_number(&self, number: f64) -> Result<Tensor> {
        // Burn reads a number beyond that as none at all.
        const LARGEST: f64 = 1e6;
        if number.is_nan() || number.abs() > LARGEST {
            return self.pow(&Tensor::scalar(DType::F32, number)?);
        }
        let own = self.float()?;
        let plain = own.detached()?;
        let power = |exponent: f64| -> Result<Tensor> {
            // Roots and squares are exact there, a general power is not.
            if exponent == 0.5 {
                return plain.sqrt();
            }
            if exponent == 2.0 {
                return plain.mul(&plain);
            }
            if plain.count() == 0 {
                return Ok(plain.clone());
            }
            Ok(Tensor(Dispatch::float_powf_scalar(plain.0.clone(), Scalar::Float(exponent))))
        };
        let value = power(number)?;
        if !own.is_tracked() {
            return Ok(value);
        }
        let slope = match number {
            0.0 => Tensor::full(&own.shape(), 0.0, &super::Device::default())?,
            _ => power(number - 1.0)?.mul_number(number)?,
        };
        own.sloped(&value, &slope)
    }

    /// No element below `low`.
    pub fn clamp_min(&self, low: f64) -> Result<Tensor> {
        self.clamp(low, f64::INFINITY)
    }

    /// No element above `high`.
    pub fn clamp_max(&self, high: f64) -> Result<Tensor> {
        self.clamp(f64::NEG_INFINITY, high)
    }

    /// No element below `low` or above `high`; where both contradict each other, `high`. Integers stay
    /// integers where the limits are. No gradient passes at a limit, as in PyTorch.
    pub fn clamp(&self, low: f64, high: f64) -> Result<Tensor> {
        let even = |limit: f64| limit.is_infinite() || limit.fract() == 0.0;
        let own = match self.dtype() {
            DType::F32 => self.clone(),
            _ if even(low) && even(high) => self.to(DType::I64)?,
            _ => self.float()?,
        };
        whole(
            || Op::Clip(low, high),
            &[&own],
            || {
                let plain = own.detached()?;
                let (mut value, mut outside) = (plain.clone(), plain.is_nan()?);
                // A limit that is infinite is none: it keeps no gradient back either.
                if low != f64::NEG_INFINITY {
                    value = value.masked_fill(&value.below_number(low)?, low)?;
                    outside = outside.or(&plain.at_most_number(low)?)?;
                }
                if high != f64::INFINITY {
                    value = value.masked_fill(&value.above_number(high)?, high)?;
                    outside = outside.or(&plain.at_least_number(high)?)?;
                }
                own.sloped(&value, &outside.not()?.float()?)
            },
        )
    }

    /// `value`, outside of any graph, as something that depends on all of `inputs` with a slope of 0: where
    /// there are no elements, so that what is made of it still has a gradient.
    pub(super) fn flat(value: Tensor, inputs: &[&Tensor]) -> Result<Tensor> {
        let tracked: Vec<_> = inputs.iter().filter(|input| input.is_tracked()).collect();
        let flat = |input: &Tensor, value: &Tensor| {
            Tensor(Dispatch::still_flat(input.0.clone(), value.0.clone()))
        };
        match tracked.as_slice() {
            _ if !value.is_float() => Ok(value),
            [] => Ok(value),
            [one] => Ok(flat(one, &value)),
            [first, rest @ ..] => {
                let zero = Tensor::scalar(DType::F32, 0.0)?;
                let carrier = rest
                    .iter()
                    .try_fold(flat(first, &zero), |sum, input| sum.add(&flat(input, &zero)))?;
                Ok(flat(&carrier, &value))
            }
        }
    }

    /// No elements, of `shape`, made of `inputs`.
    pub(super) fn none(dtype: DType, shape: &[usize], inputs: &[&Tensor]) -> Result<Tensor> {
        Tensor::flat(Tensor::empty(dtype, shape)?, inputs)
    }

    /// `value`, outside of any graph, as a function of this tensor with so large a slope at each of its
    /// elements: how an operation gets a gradient that Burn has not, or has otherwise than PyTorch.
    /// `value` may have lengths of 1 where this tensor was reduced.
    pub(super) fn sloped(&self, value: &Tensor, slope: &Tensor) -> Result<Tensor> {
        if self.count() == 0 {
            return Tensor::flat(value.clone(), &[self]);
        }
        if !self.is_tracked() {
            return Ok(value.clone());
        }
        Ok(Tensor(Dispatch::still_sloped(self.0.clone(), value.0.clone(), slope.0.clone())))
    }

    /// This value, which also depends on `other` (of the same shape) with so large a slope.
    pub(super) fn sum_of_slopes(&self, other: &Tensor, slope: &Tensor) -> Result<Tensor> {
        if other.count() == 0 {
            return Tensor::flat(self.detached()?, &[self, other]);
        }
        if !other.is_tracked() {
            return Ok(self.clone());
        }
        let nothing = Tensor::full(&other.shape(), 0.0, &super::Device::default())?;
        self.add(&other.sloped(&nothing, slope)?)
    }
}
