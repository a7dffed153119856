//! Products, distances, angles.

use super::tensors_of;
use crate::script::register::functions;
use crate::tensor::Tensor;
use rhai::{Array, Module};

pub(super) fn functions(module: &mut Module) {
    functions! { module;
        /// The product of matrices `[…, n, k]` and `[…, k, m]`; leading dimensions are broadcast, and a
        /// vector stands for a row on the left, for a column on the right. Also written `a @ b`.
        ///
        /// ```rhai
        /// (tensor([[1, 2]]) @ tensor([[3], [4]])).item() == 11.0
        /// ```
        fn "matmul"(a: Tensor, b: Tensor) -> Tensor { a.matmul(&b) }

        /// Each element of one vector times each of another.
        ///
        /// ```rhai
        /// outer(tensor([1, 2]), tensor([3, 4])).to_array() == [[3, 4], [6, 8]]
        /// ```
        fn "outer"(a: Tensor, b: Tensor) -> Tensor { a.outer(&b) }

        /// An Einstein sum of one tensor: over all labels that the result does not have. `...` stands for
        /// dimensions without a label.
        ///
        /// ```rhai
        /// einsum("ii->", tensor::eye(3)).item() == 3.0
        /// ```
        fn "einsum"(text: &str, a: Tensor) -> Tensor { Tensor::einsum(text, &[a]) }

        /// As `einsum(text, a)`, of two tensors.
        ///
        /// ```rhai
        /// einsum("ij,kj->ik", tensor([[1, 2]]), tensor([[3, 4]])).item() == 11.0
        /// ```
        fn "einsum"(text: &str, a: Tensor, b: Tensor) -> Tensor { Tensor::einsum(text, &[a, b]) }

        /// As `einsum(text, a)`, of three tensors.
        ///
        /// ```rhai
        /// einsum("i,i,i->", tensor([1, 2]), tensor([3, 4]), tensor([5, 6])).item() == 63.0
        /// ```
        fn "einsum"(text: &str, a: Tensor, b: Tensor, c: Tensor) -> Tensor {
            Tensor::einsum(text, &[a, b, c])
        }

        /// As `einsum(text, a)`, of any number of tensors.
        ///
        /// ```rhai
        /// einsum("i,j->ij", [tensor([1, 2]), tensor([3, 4])]).shape == [2, 2]
        /// ```
        fn "einsum"(text: &str, tensors: Array) -> Tensor {
            Tensor::einsum(text, &tensors_of("einsum", &tensors)?)
        }

        /// The product of a tensor's last dimension with a weight `[out, in]`.
        ///
        /// ```rhai
        /// linear(tensor([[1, 2]]), tensor([[3, 4]])).item() == 11.0
        /// ```
        fn "linear"(input: Tensor, weight: Tensor) -> Tensor { input.linear(&weight.float()?, None) }

        /// As `linear(input, weight)`, plus a bias `[out]`.
        ///
        /// ```rhai
        /// linear(tensor([[1, 2]]), tensor([[3, 4]]), tensor([0.5])).item() == 11.5
        /// ```
        fn "linear"(input: Tensor, weight: Tensor, bias: Tensor) -> Tensor {
            input.linear(&weight.float()?, Some(&bias))
        }

        /// The Euclidean distance of each row of `[…, n, d]` to each of `[…, m, d]`, as `[…, n, m]`. Its
        /// gradient is 0 where a distance is 0.
        ///
        /// ```rhai
        /// cdist(tensor([[0.0, 0.0]]), tensor([[3.0, 4.0]])).item() == 5.0
        /// ```
        fn "cdist"(a: Tensor, b: Tensor) -> Tensor { a.cdist(&b) }

        /// The cosine of the angle between both along the last dimension, which vanishes.
        ///
        /// ```rhai
        /// cosine_similarity(tensor([1.0, 0.0]), tensor([0.0, 2.0])).item() == 0.0
        /// ```
        fn "cosine_similarity"(a: Tensor, b: Tensor) -> Tensor { a.cosine_similarity(&b, -1) }

        /// As `cosine_similarity(a, b)`, along another dimension.
        ///
        /// ```rhai
        /// cosine_similarity(tensor([[1, 0], [0, 1]]), tensor([[1, 0], [0, 1]]), 0).to_array() == [1.0, 1.0]
        /// ```
        fn "cosine_similarity"(a: Tensor, b: Tensor, dim: i64) -> Tensor { a.cosine_similarity(&b, dim) }
    }
}
