//! Where a bool is wanted: a tensor with one counts as it, or is refused, and is never taken for false.

use super::host::{all_hold, fails};

#[test]
fn functions_that_are_asked_about_elements_may_answer_with_one_bool_of_a_tensor() {
    all_hold(&[
        "[1, 2, 3].filter(|x| tensor([x]) > 1) == [2, 3]",
        "[1, 2, 3].filter(|x, i| tensor([x * i]) > 1) == [2, 3]",
        "[1, 2, 3].filter(|x| x > 1) == [2, 3]",
        "[1, 2, 3].filter(|x| if x > 1 { true }) == [2, 3]",
        "[1, 2, 3].find(|x| tensor([x]) > 1) == 2 && [1].find(|x| x > 1) == ()",
        "[1, 2, 3].find(|x| tensor([x]) > 0, -1) == 3",
        "[1, 2].some(|x| tensor([x]) > 1) && ![1, 2].some(|x| tensor([x]) > 2)",
        "[1, 2].all(|x| tensor([x]) > 0) && ![1, 2].all(|x| tensor([x]) > 1)",
        "[1, 2].index_of(|x| tensor([x]) > 1) == 1 && [1, 2].index_of(|x| tensor([x]) > 0, 1) == 1",
        "let a = [1, 2, 3]; let b = a.drain(|x| tensor([x]) > 1); a == [1] && b == [2, 3]",
        "let a = [1, 2, 3]; let b = a.retain(|x| tensor([x]) > 1); a == [2, 3] && b == [1]",
        "let a = [1, 1, 2, 1]; a.dedup(|a, b| tensor([a]) == tensor([b])); a == [1, 2, 1]",
        "let a = [3, 1, 2]; a.sort(|a, b| tensor([a]) - tensor([b])); a == [1, 2, 3]",
        "let a = [3, 1, 2]; a.sort(|a, b| tensor([a]) < tensor([b])); a == [1, 2, 3]",
        "let a = [0.3, 0.1, 0.2]; a.sort(|a, b| a - b); a == [0.1, 0.2, 0.3]",
        "let a = [3, 1, 2]; a.sort(|a, b| b - a); a == [3, 2, 1]",
        "const A = [1, 2, 3]; A.filter(|x| x > 2) == [3]",
        "#{ a: 1, b: 2 }.filter(|k, v| tensor([v]) > 1) == #{ b: 2 }",
        "let m = #{ a: 1, b: 2 }; let n = m.drain(|k, v| tensor([v]) > 1); m == #{ a: 1 } && n == #{ b: 2 }",
        "let m = #{ a: 1, b: 2 }; let n = m.retain(|k, v| tensor([v]) > 1); m == #{ b: 2 } && n == #{ a: 1 }",
    ]);
}

#[test]
fn arrays_and_maps_of_tensors_are_equal_where_all_elements_are() {
    all_hold(&[
        "[tensor([1, 2])] == [tensor([1, 2])]",
        "[tensor([1, 2])] != [tensor([1, 3])]",
        "[tensor([1, 2])] != [tensor([1, 2, 3])]",
        "[[tensor([1])], #{ a: tensor([2]) }] == [[tensor([1])], #{ a: tensor([2]) }]",
        "#{ a: tensor([1]) } == #{ a: tensor([1]) } && #{ a: tensor([1]) } != #{ a: tensor([2]) }",
        "#{ a: 1 } != #{ b: 1 } && [1, \"a\"] == [1, \"a\"] && [1] != [\"a\"] && [1] == [1.0]",
        "tensor([1, 2]) in [5, tensor([1, 2])]",
        "[tensor([1]), tensor([2])].contains(tensor([2])) && ![tensor([1])].contains(tensor([2]))",
        "[tensor([1]), tensor([2])].index_of(tensor([2])) == 1 && [1, 2].index_of(2) == 1",
        "let a = [tensor([1]), tensor([1]), tensor([2])]; a.dedup(); a.len() == 2",
    ]);
}

#[test]
fn what_is_neither_true_nor_false_is_refused() {
    let error = fails("[1, 2].filter(|x| tensor([x, x]) > 1)");
    insta::assert_snapshot!(error, @"
    error[type]: filter: this is neither true nor false
       ╭─[script:1:8]
     1 │ [1, 2].filter(|x| tensor([x, x]) > 1)
       ·        ──────
       ╰────
      expected: true or false
      received: tensor bool [2]
      hint: a tensor with one element has .item(), others .all().item() or .any().item()
    ");
    let error = fails("[1, 2].some(|x| 5)");
    insta::assert_snapshot!(error, @"
    error[type]: some: this is neither true nor false
       ╭─[script:1:8]
     1 │ [1, 2].some(|x| 5)
       ·        ────
       ╰────
      expected: true or false
      received: integer 5
    ");
    for text in [
        "if tensor([1]) > 0 { 1 }",
        "while tensor([1]) > 0 { }",
        "do { } until tensor([1]) > 0;",
        "let t = tensor([1]) > 0; if !t { 1 }",
        "let t = tensor([1]) > 0; let u = t; u && t",
        "switch 1 { 1 if tensor([1]) > 0 => 5, _ => 6 }",
    ] {
        let error = fails(text);
        assert!(error.contains("a tensor with one element has .item()"), "{text}\n{error}");
    }
    let kept = "let a = [1, 2]; try { a.drain(|x| tensor([x, x]) > 1); } catch { } a == [1, 2]";
    all_hold(&[kept]);
}
