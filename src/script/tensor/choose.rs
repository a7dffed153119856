//! The larger, the smaller, and choices by a mask.

use super::tensor_of;
use crate::script::register::functions;
use crate::script::value::number_of;
use crate::tensor::Tensor;
use rhai::{Dynamic, FLOAT, Module};

pub(super) fn functions(module: &mut Module) {
    functions! { module;
        /// The larger of both, element by element; one of them may be a number. Equal ones share the gradient.
        ///
        /// ```rhai
        /// maximum(tensor([1, 5]), 3).to_array() == [3, 5]
        /// ```
        fn "maximum"(a: Dynamic, b: Dynamic) -> Tensor {
            tensor_of("maximum", "a", &a)?.maximum(&tensor_of("maximum", "b", &b)?)
        }

        /// The smaller of both, element by element; one of them may be a number. Equal ones share the
        /// gradient.
        ///
        /// ```rhai
        /// minimum(tensor([1, 5]), 3).to_array() == [1, 3]
        /// ```
        fn "minimum"(a: Dynamic, b: Dynamic) -> Tensor {
            tensor_of("minimum", "a", &a)?.minimum(&tensor_of("minimum", "b", &b)?)
        }

        /// As `maximum(a, b)`.
        ///
        /// ```rhai
        /// max(tensor([1, 5]), tensor([3, 2])).to_array() == [3, 5]
        /// ```
        fn "max"(a: Tensor, b: Tensor) -> Tensor { a.maximum(&b) }

        /// As `maximum(a, b)`.
        ///
        /// ```rhai
        /// tensor([-1.0, 2.0]).max(0.0).to_array() == [0.0, 2.0]
        /// ```
        fn "max"(a: Tensor, b: FLOAT) -> Tensor { a.maximum(&tensor_of("max", "b", &b.into())?) }

        /// As `maximum(a, b)`.
        ///
        /// ```rhai
        /// max(0, tensor([-1, 2])).to_array() == [0, 2]
        /// ```
        fn "max"(a: Dynamic, b: Tensor) -> Tensor { tensor_of("max", "a", &a)?.maximum(&b) }

        /// As `minimum(a, b)`.
        ///
        /// ```rhai
        /// min(tensor([1, 5]), tensor([3, 2])).to_array() == [1, 2]
        /// ```
        fn "min"(a: Tensor, b: Tensor) -> Tensor { a.minimum(&b) }

        /// As `minimum(a, b)`.
        ///
        /// ```rhai
        /// tensor([-1.0, 2.0]).min(0.0).to_array() == [-1.0, 0.0]
        /// ```
        fn "min"(a: Tensor, b: FLOAT) -> Tensor { a.minimum(&tensor_of("min", "b", &b.into())?) }

        /// As `minimum(a, b)`.
        ///
        /// ```rhai
        /// min(0, tensor([-1, 2])).to_array() == [-1, 0]
        /// ```
        fn "min"(a: Dynamic, b: Tensor) -> Tensor { tensor_of("min", "a", &a)?.minimum(&b) }

        /// `yes` where the condition is true, `no` elsewhere; either may be a number. All are broadcast.
        ///
        /// Errors: a condition that is no tensor of bools.
        ///
        /// ```rhai
        /// let t = tensor([-1, 2]);
        /// where(t > 0, t, 0).to_array() == [0, 2]
        /// ```
        fn "where"(condition: Tensor, yes: Dynamic, no: Dynamic) -> Tensor {
            let yes = tensor_of("where", "yes", &yes)?;
            Tensor::select(&condition, &yes, &tensor_of("where", "no", &no)?)
        }

        /// `value` where the mask is true; the mask is broadcast.
        ///
        /// ```rhai
        /// tensor([1, 2]).masked_fill(tensor([true, false]), 0).to_array() == [0, 2]
        /// ```
        fn "masked_fill"(tensor: Tensor, mask: Tensor, value: Dynamic) -> Tensor {
            tensor.masked_fill(&mask, number_of("masked_fill", "the value", &value)?)
        }
    }
}
