//! Assertions: what holds, what does not, and what is told then.

use super::host::{evaluate, fails, plain_host};
use crate::support::root;
use stillroom::error::Kind;
use stillroom::recipe::{Functions, Source};

#[track_caller]
fn hold(lines: &[&str]) {
    for line in lines {
        if let Err(error) = evaluate(line) {
            panic!("{line}\n{error}");
        }
    }
}

#[track_caller]
fn fail(lines: &[&str]) {
    for line in lines {
        assert!(fails(line).starts_with("error[assertion]"), "{line}");
    }
}

const NAN: &str = "let nan = 0.0 / 0.0; let inf = 1.0 / 0.0; ";

#[test]
fn what_is_equal() {
    hold(&[
        "assert(true)",
        "assert_eq(1, 1.0)",
        "assert_eq((), ())",
        "assert_eq('a', 'a')",
        "assert_eq([], [])",
        "assert_eq([1, [2.0, \"a\"]], [1.0, [2, \"a\"]])",
        "assert_eq(#{ a: 1, b: #{ c: true } }, #{ b: #{ c: true }, a: 1.0 })",
        "assert_eq(tensor([[1.5, 2.0]]), tensor([[1.5, 2.0]]))",
        "assert_eq([tensor([1.5])], [tensor([1.5])])",
        "assert_eq(tensor([1, 2]), tensor([1, 2]))",
        "assert_eq(tensor([1, 2]) > 1, tensor([false, true]))",
        "assert_eq(tensor([1.5]).requires_grad() * 2, tensor([3.0]))",
        "assert_ne(tensor([1, 2]), tensor([1.0, 2.0]))",
        "assert_ne(tensor([9007199254740992]), tensor([9007199254740993]))",
        "assert_eq(0..3, 0..3)",
        "let x = 1; let f = || x; assert_eq(x, 1)",
        "assert_ne(1, 2)",
        "assert_ne(1, \"1\")",
        "assert_ne([1], [1, 2])",
        "assert_ne(#{ a: 1 }, #{ b: 1 })",
        "assert_ne(9007199254740992, 9007199254740993)",
        "assert_ne(tensor([1.5]), tensor([[1.5]]))",
        "assert_ne(tensor([1.5]), 1.5)",
    ]);
    hold(&[
        &format!("{NAN}assert_eq(nan, nan)"),
        &format!("{NAN}assert_eq(inf, inf)"),
        &format!("{NAN}assert_ne(inf, -inf)"),
        &format!("{NAN}assert_eq(tensor([nan, inf]), tensor([nan, inf]))"),
        &format!("{NAN}assert_close([nan, inf], [nan, inf])"),
    ]);
    fail(&[
        "assert(false)",
        "assert_eq(1, 2)",
        "assert_eq(0..3, 0..4)",
        "assert_ne(1, 1.0)",
        "assert_ne([tensor([1.5])], [tensor([1.5])])",
        "assert_eq(true, 1)",
        "assert_eq(\"a\", 'a')",
    ]);
}

#[test]
fn what_is_close() {
    hold(&[
        "assert_close(1.000009, 1)",
        "assert_close(0.000009, 0)",
        "assert_close(1000000, 1000009)",
        "assert_close(1, 2, 0.5)",
        "assert_close(-1, 1, 2)",
        "assert_close(1, 1, 0)",
        "assert_close([1, \"a\"], [1.000001, \"a\"])",
        "assert_close(#{ a: tensor([1.5]) }, #{ a: tensor([1.500001]) })",
    ]);
    fail(&[
        "assert_close(1.00002, 1)",
        "assert_close(0.00002, 0)",
        "assert_close(1, 1.0000001, 0)",
        "assert_close(\"a\", \"b\", 100)",
        "assert_close(tensor([1.5]), tensor([1.5002]))",
    ]);
    // An infinity is near to nothing, whatever the tolerance.
    fail(&[
        &format!("{NAN}assert_close(1, inf, 1)"),
        &format!("{NAN}assert_close(inf, 1, 1)"),
        &format!("{NAN}assert_close(inf, -inf, 1)"),
        &format!("{NAN}assert_close(nan, 1, 1)"),
        &format!("{NAN}assert_close(1, nan, 1)"),
    ]);
}

#[test]
fn failures_show_both_values() {
    insta::assert_snapshot!(fails("assert(1 > 2)"), @"
    error[assertion]: assert: the condition is false
       ╭─[script:1:1]
     1 │ assert(1 > 2)
       · ──────
       ╰────
    ");
    insta::assert_snapshot!(fails("assert(1 > 2, \"one is less\")"), @r#"
    error[assertion]: assert: one is less
       ╭─[script:1:1]
     1 │ assert(1 > 2, "one is less")
       · ──────
       ╰────
    "#);
    insta::assert_snapshot!(fails("assert_eq(1 + 1, 3.5)"), @"
    error[assertion]: assert_eq: the numbers differ
       ╭─[script:1:1]
     1 │ assert_eq(1 + 1, 3.5)
       · ─────────
       ╰────
      expected: 3.5
      received: 2
    ");
    insta::assert_snapshot!(fails("assert_eq(\"a\", 1)"), @r#"
    error[assertion]: assert_eq: the values have different types
       ╭─[script:1:1]
     1 │ assert_eq("a", 1)
       · ─────────
       ╰────
      expected: integer 1
      received: string "a"
    "#);
    insta::assert_snapshot!(fails("assert_close(299.99, 300)"), @"
    error[assertion]: assert_close: the numbers differ
       ╭─[script:1:1]
     1 │ assert_close(299.99, 300)
       · ────────────
       ╰────
      expected: 300 ± 0.003
      received: 299.99
    ");
    insta::assert_snapshot!(fails("assert_ne([1, 2], [1, 2])"), @"
    error[assertion]: assert_ne: the values are equal
       ╭─[script:1:1]
     1 │ assert_ne([1, 2], [1, 2])
       · ─────────
       ╰────
      expected: anything but [1, 2]
      received: [1, 2]
    ");
}

#[test]
fn failures_tell_where_in_arrays_maps_and_tensors() {
    insta::assert_snapshot!(fails("assert_eq([1, 2], [1, 2, 3])"), @"
    error[assertion]: assert_eq: the arrays have different lengths
       ╭─[script:1:1]
     1 │ assert_eq([1, 2], [1, 2, 3])
       · ─────────
       ╰────
      expected: 3 elements
      received: 2 elements
    ");
    insta::assert_snapshot!(fails("assert_eq([1, [2, 3, 4]], [1, [2, 5, 14]])"), @"
    error[assertion]: assert_eq: 2 of 4 elements differ, the first at [1][1]; the largest difference is 10.0 at [1][2]
       ╭─[script:1:1]
     1 │ assert_eq([1, [2, 3, 4]], [1, [2, 5, 14]])
       · ─────────
       ╰────
      expected: 5
      received: 3
    ");
    insta::assert_snapshot!(fails("assert_eq(#{ a: [#{ b: \"x\" }] }, #{ a: [#{ b: \"y\" }] })"), @r#"
    error[assertion]: assert_eq: the values differ at .a[0].b
       ╭─[script:1:1]
     1 │ assert_eq(#{ a: [#{ b: "x" }] }, #{ a: [#{ b: "y" }] })
       · ─────────
       ╰────
      expected: string "y"
      received: string "x"
    "#);
    insta::assert_snapshot!(fails("assert_eq(#{ a: 1 }, #{ a: 1, b: 2 })"), @"
    error[assertion]: assert_eq: the maps have different keys
       ╭─[script:1:1]
     1 │ assert_eq(#{ a: 1 }, #{ a: 1, b: 2 })
       · ─────────
       ╰────
      expected: #{ a, b }
      received: #{ a }
    ");
    insta::assert_snapshot!(
        fails("assert_close(tensor([[1.5, 2, 3], [4, 5, 6]]), tensor([[1.5, 2, 3.5], [4, 8, 6]]))"),
        @"
    error[assertion]: assert_close: 2 of 6 elements differ, the first at [0, 2]; the largest difference is 3.0 at [1, 1]
       ╭─[script:1:1]
     1 │ assert_close(tensor([[1.5, 2, 3], [4, 5, 6]]), tensor([[1.5, 2, 3.5], [4, 8, 6]]))
       · ────────────
       ╰────
      expected: 3.5 ± 3.5e-5
      received: 3.0
    "
    );
    insta::assert_snapshot!(fails("assert_eq(tensor([[1.5, 2]]), tensor([1.5, 2]))"), @"
    error[assertion]: assert_eq: the tensors differ in type or shape
       ╭─[script:1:1]
     1 │ assert_eq(tensor([[1.5, 2]]), tensor([1.5, 2]))
       · ─────────
       ╰────
      expected: tensor f32 [2]
      received: tensor f32 [1, 2]
    ");
    insta::assert_snapshot!(fails("assert_eq(tensor([1.5]), [1.5])"), @"
    error[assertion]: assert_eq: the values have different types
       ╭─[script:1:1]
     1 │ assert_eq(tensor([1.5]), [1.5])
       · ─────────
       ╰────
      expected: [1.5]
      received: tensor f32 [1]
      hint: compare it with a tensor, or read it with .item() or .to_array()
    ");
}

#[test]
fn errors_that_must_be_thrown() {
    hold(&[
        "assert_throws(|| throw \"no such thing\", \"such\")",
        "assert_throws(|| tensor([1, 2]) + tensor([1, 2, 3]), \"error[shape]\")",
        "assert_throws(|| kd::kl(1, 2), \"no form of this function\")",
        "assert_throws(|| assert(false, \"as expected\"), \"as expected\")",
        "let x = 2; assert_throws(|| { if x > 1 { throw `${x} is much` } }, \"2 is much\")",
    ]);
    insta::assert_snapshot!(fails("assert_throws(|| 1 + 1, \"much\")"), @r#"
    error[assertion]: assert_throws: nothing was thrown
       ╭─[script:1:1]
     1 │ assert_throws(|| 1 + 1, "much")
       · ─────────────
       ╰────
      expected: an error with "much"
      received: 2
    "#);
    insta::assert_snapshot!(fails("assert_throws(|| tensor([1, 2]).reshape([3]), \"much\")"), @r#"
    error[assertion]: assert_throws: another error was thrown
       ╭─[script:1:1]
     1 │ assert_throws(|| tensor([1, 2]).reshape([3]), "much")
       · ─────────────
       ╰────
      expected: an error with "much"
      received: error[shape]: reshape: the new shape holds another number of elements
                     expected: 2 elements, as [2]
                     received: [3]
    "#);
    insta::assert_snapshot!(fails("assert_throws(|| throw 1, \"\")"), @r#"
    error[range]: assert_throws: the part of the message is empty
       ╭─[script:1:1]
     1 │ assert_throws(|| throw 1, "")
       · ─────────────
       ╰────
      hint: every message has an empty part: name some words of it
    "#);
}

#[test]
fn wrong_use_of_assertions() {
    insta::assert_snapshot!(fails("assert(1)"), @"
    error[type]: assert: the condition has the wrong type
       ╭─[script:1:1]
     1 │ assert(1)
       · ──────
       ╰────
      expected: a bool
      received: integer 1
    ");
    insta::assert_snapshot!(fails("assert(tensor([1.0]))"), @"
    error[type]: assert: the condition has the wrong type
       ╭─[script:1:1]
     1 │ assert(tensor([1.0]))
       · ──────
       ╰────
      expected: a bool
      received: tensor f32 [1]
      hint: read it with .item(), e.g. t.all().item()
    ");
    insta::assert_snapshot!(fails("assert_close(1, 1, -1)"), @"
    error[range]: assert_close: the tolerance is out of range
       ╭─[script:1:1]
     1 │ assert_close(1, 1, -1)
       · ────────────
       ╰────
      expected: 0 or more
      received: -1
    ");
    insta::assert_snapshot!(fails("assert_eq(model::cnn(#{ classes: 2 }), model::cnn(#{ classes: 2 }))"), @"
    error[type]: assert_eq: values of this type cannot be compared
       ╭─[script:1:1]
     1 │ assert_eq(model::cnn(#{ classes: 2 }), model::cnn(#{ classes: 2 }))
       · ─────────
       ╰────
      received: a model
      hint: compare what can be read from them
    ");
}

#[test]
fn a_panic_in_native_code_is_an_error_with_a_name() {
    let source = Source::of("recipe.rhai", "fn test_defect() { arg(\"panic\") }");
    let functions = Functions::compile(source, root(), &plain_host()).expect("it compiles");
    let error = functions.call("test_defect", Vec::new()).expect_err("a panic");
    assert_eq!(error.kind(), Kind::Internal);
    assert!(error.to_string().contains("defect of Stillroom"), "{error}");
}
