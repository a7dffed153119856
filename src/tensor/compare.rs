//! Comparisons, logic, and choices by a mask.

use super::dtype::by_dtype;
use super::record::{Binary, Dispatch, Op, whole};
use super::{DType, Tensor, shape};
use crate::error::Result;
use burn::tensor::Scalar;

macro_rules! comparison {
    ($($(#[$doc:meta])* $name:ident => $float:ident, $int:ident, $word:literal;)*) => { impl Tensor { $(
        $(#[$doc])*
        ///
        /// # Errors
        /// Shapes that cannot be broadcast.
        pub fn $name(&self, other: &Tensor) -> Result<Tensor> {
            let (left, right) = shape::spread($word, &self.detached()?, &other.detached()?)?;
            let pair = shape::aligned($word, &left, &right)?;
            if pair.is_empty() {
                return pair.none(DType::Bool, &[]);
            }
            let device = self.device();
            let truths = device.truths();
            // What differs, in shaders, leaves out what is no number.
            if $word == "!=" && !device.is_cpu() {
                return left.equal(&right)?.not();
            }
            Ok(Tensor(match pair.dtype {
                DType::F32 => Dispatch::$float(pair.left, pair.right, truths),
                _ => Dispatch::$int(pair.left, pair.right, truths),
            }))
        }
    )* } };
}

macro_rules! with_number {
    ($($(#[$doc:meta])* $name:ident => $op:ident;)*) => { impl Tensor { $(
        $(#[$doc])*
        pub(super) fn $name(&self, number: f64) -> Result<Tensor> {
            let plain = self.detached()?.float()?;
            if plain.count() == 0 {
                return Tensor::empty(DType::Bool, &plain.shape());
            }
            let truths = plain.device().truths();
            Ok(Tensor(Dispatch::$op(plain.0, Scalar::Float(number), truths)))
        }
    )* } };
}

comparison! {
    /// Where both are equal.
    equal => float_equal, int_equal, "==";
    /// Where both differ.
    not_equal => float_not_equal, int_not_equal, "!=";
    /// Where `self` is smaller.
    lower => float_lower, int_lower, "<";
    /// Where `self` is smaller or equal.
    lower_equal => float_lower_equal, int_lower_equal, "<=";
    /// Where `self` is larger.
    greater => float_greater, int_greater, ">";
    /// Where `self` is larger or equal.
    greater_equal => float_greater_equal, int_greater_equal, ">=";
}

with_number! {
    /// Where it equals `number`.
    equals_number => float_equal_elem;
    /// Where it is below `number`.
    below_number => float_lower_elem;
    /// Where it is `number` or below.
    at_most_number => float_lower_equal_elem;
    /// Where it is above `number`.
    above_number => float_greater_elem;
    /// Where it is `number` or above.
    at_least_number => float_greater_equal_elem;
}

impl Tensor {
    /// Where it is no number.
    pub fn is_nan(&self) -> Result<Tensor> {
        let own = self.detached()?.float()?;
        own.equal(&own)?.not()
    }

    /// Where it is infinite, in either direction.
    pub fn is_inf(&self) -> Result<Tensor> {
        self.detached()?.float()?.abs()?.equals_number(f64::INFINITY)
    }

    /// Where it is a number that is not infinite.
    pub fn is_finite(&self) -> Result<Tensor> {
        self.is_nan()?.or(&self.is_inf()?)?.not()
    }

    /// True where it was false.
    pub fn not(&self) -> Result<Tensor> {
        self.need_bools("!", "the tensor")?;
        if self.count() == 0 {
            return Ok(self.clone());
        }
        Ok(Tensor(Dispatch::bool_not(self.0.clone())))
    }

    /// Where both are true.
    pub fn and(&self, other: &Tensor) -> Result<Tensor> {
        self.logic("&", other, Dispatch::bool_and)
    }

    /// Where either is true.
    pub fn or(&self, other: &Tensor) -> Result<Tensor> {
        self.logic("|", other, Dispatch::bool_or)
    }

    fn logic(
        &self,
        word: &str,
        other: &Tensor,
        apply: fn(
            burn::backend::DispatchTensor,
            burn::backend::DispatchTensor,
        ) -> burn::backend::DispatchTensor,
    ) -> Result<Tensor> {
        self.need_bools(word, "the left side")?;
        other.need_bools(word, "the right side")?;
        let (left, right) = shape::spread(word, self, other)?;
        if left.count() == 0 {
            return Ok(left);
        }
        Ok(Tensor(apply(left.0, right.0)))
    }

    /// `yes` where the mask is true, `no` elsewhere; all three are broadcast.
    ///
    /// # Errors
    /// A mask that holds no bools, shapes that cannot be broadcast.
    pub fn select(mask: &Tensor, yes: &Tensor, no: &Tensor) -> Result<Tensor> {
        mask.need_bools("where", "the condition")?;
        let dtype = yes.dtype().max(no.dtype());
        let (yes, no) = (yes.to(dtype)?, no.to(dtype)?);
        let both = shape::broadcast("where", &yes.shape(), &no.shape())?;
        let full = shape::broadcast("where", &mask.shape(), &both)?;
        let [mask, yes, no] = [mask.expand(&full)?, yes.expand(&full)?, no.expand(&full)?];
        if mask.count() == 0 {
            return Tensor::none(dtype, &full, &[&yes, &no]);
        }
        Ok(by_dtype!(no, float_mask_where | int_mask_where | bool_mask_where, mask.0, yes.0))
    }

    /// `value` where the mask is true. The mask is broadcast.
    pub fn masked_fill(&self, mask: &Tensor, value: f64) -> Result<Tensor> {
        mask.need_bools("masked_fill", "the mask")?;
        let own = if value.fract() == 0.0 { self.clone() } else { self.float()? };
        let full = shape::broadcast("masked_fill", &own.shape(), &mask.shape())?;
        let (own, mask) = (own.expand(&full)?, mask.expand(&full)?);
        if own.count() == 0 {
            return Ok(own);
        }
        let value = match own.dtype() {
            DType::F32 => Scalar::Float(value),
            DType::I64 => Scalar::Int(value as i64),
            DType::Bool => Scalar::Bool(value != 0.0),
        };
        Ok(by_dtype!(own, float_mask_fill | int_mask_fill | bool_mask_fill, mask.0, value))
    }

    /// The larger of both; where they are equal, each has half of the gradient.
    pub fn maximum(&self, other: &Tensor) -> Result<Tensor> {
        self.either("maximum", Binary::Max, other, Tensor::greater)
    }

    /// The smaller of both; where they are equal, each has half of the gradient.
    pub fn minimum(&self, other: &Tensor) -> Result<Tensor> {
        self.either("minimum", Binary::Min, other, Tensor::lower)
    }

    fn either(
        &self,
        word: &str,
        told: Binary,
        other: &Tensor,
        wins: fn(&Tensor, &Tensor) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let (left, right) = shape::spread(word, self, other)?;
        let (a, b) = (left.detached()?, right.detached()?);
        let value = whole(
            || Op::Binary(told),
            &[&a, &b],
            || {
                // NaN goes through from either side.
                let first = wins(&a, &b)?.or(&a.is_nan()?)?;
                Tensor::select(&first, &a, &b)
            },
        )?;
        if !left.is_tracked() && !right.is_tracked() {
            return Ok(value);
        }
        let half = a.equal(&b)?.float()?.mul_number(0.5)?;
        // Who does not lose has a slope: where one is NaN, neither loses, as in PyTorch.
        let left_slope = wins(&b, &a)?.not()?.float()?.sub(&half)?;
        let right_slope = wins(&a, &b)?.not()?.float()?.sub(&half)?;
        left.sloped(&value, &left_slope)?.sum_of_slopes(&right, &right_slope)
    }
}
