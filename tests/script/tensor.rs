//! Tensors in scripts, where no golden case looks.

use super::host::holds;

#[test]
fn einstein_sums_without_a_result_keep_labels_that_stand_once() {
    holds("einsum(\"ii\", tensor([[1.0, 2.0], [3.0, 4.0]])).item() == 5.0");
    holds("einsum(\"iij\", tensor::ones([2, 2, 3])).to_array() == [2.0, 2.0, 2.0]");
    holds("einsum(\"i...i\", tensor::ones([2, 3, 2])).to_array() == [2.0, 2.0, 2.0]");
    holds("einsum(\"ij,jk\", tensor([[1, 2]]), tensor([[3], [4]])).item() == 11");
}

#[test]
fn large_integers_are_counted_exactly() {
    holds("tensor::arange(9007199254740993, 9007199254740996).count == 3");
    holds("tensor::arange(9223372036854775800, 9223372036854775807).count == 7");
    holds("tensor::arange(5, 0, -2).to_array() == [5, 3, 1] && tensor::arange(0, 7, 3).count == 3");
}

#[test]
fn no_dimensions_are_all_of_them() {
    holds("tensor([[1, 2]]).mean([]).item() == 1.5");
}

#[test]
fn a_state_of_pytorch_may_count_batches() {
    holds(
        "let net = nn::batch_norm2d(2);
         net.load(net.state() + #{ num_batches_tracked: tensor([7]) });
         true",
    );
}
