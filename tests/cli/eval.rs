//! `still eval`: values as text and as JSON, and mistakes.

use crate::support::{Ran, Sandbox};
use std::io::Write;
use std::process::Stdio;

fn eval(arguments: &[&str]) -> Ran {
    Sandbox::new().still(&[&["eval"], arguments].concat())
}

fn value(text: &str) -> String {
    eval(&[text]).good().out.trim_end().to_string()
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(&eval(&["--json", text]).good().out).expect("JSON")
}

/// A closure that calls a closure, so many times.
fn nested(depth: usize) -> String {
    let calls: String =
        (1..depth).map(|level| format!("let n{level} = wrap(n{});\n", level - 1)).collect();
    format!(
        "fn wrap(inner) {{ nn::network(|x| inner.forward(x) + 1) }}\n\
         let n0 = nn::network(|x| x);\n{calls}n{}.forward(tensor([0.0])).item()",
        depth - 1
    )
}

#[test]
fn networks_of_closures_may_nest_deeply() {
    let ran = Sandbox::new().still(&["eval", &nested(128)]).good();
    assert_eq!(ran.out.trim(), "127.0");
    let ran = Sandbox::new().still(&["eval", &nested(129)]);
    let error = ran.error();
    assert!(error.contains("128 within each other at most"), "{error}");
    assert!(error.contains("nn::sequential"), "{error}");
}

#[test]
fn values_as_they_are_printed() {
    assert_eq!(value("1 + 1"), "2");
    assert_eq!(value("-1 + 2"), "1");
    assert_eq!(value("1 / 2.0"), "0.5");
    assert_eq!(value("\"a\" + 'b'"), "ab");
    assert_eq!(value("[1, 2.0, \"x\", ()]"), "[1, 2.0, \"x\", ()]");
    assert_eq!(value("#{ a: [true] }"), "#{\"a\": [true]}");
    assert_eq!(value("tensor([1.5, 2.0])"), value("`${tensor([1.5, 2.0])}`"));
    assert_eq!(value("let x = 3; fn twice(x) { 2 * x } twice(x)"), "6");
    assert_eq!(
        value("import \"std/smoothing\" as s; s::labels(tensor([[1.0, 0.0]]), 0.5).sum().item()"),
        "1.0"
    );
    // Nothing is printed of nothing.
    assert_eq!(value("()"), "");
    assert_eq!(value("let x = 1;"), "");
    assert_eq!(value(""), "");
}

#[test]
fn values_as_json() {
    assert_eq!(json("1 + 1"), serde_json::json!(2));
    assert_eq!(
        json("#{ a: [1.5, \"x\", true, ()] }"),
        serde_json::json!({ "a": [1.5, "x", true, null] })
    );
    assert_eq!(
        json("tensor([[0.1, 2.0], [3.0, 4.5]])"),
        serde_json::json!([[0.1, 2.0], [3.0, 4.5]])
    );
    assert_eq!(json("[tensor([1, 2]), tensor([true])]"), serde_json::json!([[1, 2], [true]]));
    assert_eq!(json("tensor::zeros([2, 0])"), serde_json::json!([[], []]));
    assert_eq!(json("[tensor([1.5]), 0.0 / 0.0]"), serde_json::json!([[1.5], null]));
    assert_eq!(json("()"), serde_json::Value::Null);
    let ran = eval(&["--json", "model::cnn(#{ classes: 2 })"]);
    assert_eq!(ran.code, 3);
    insta::assert_snapshot!(ran.error(), @r"
    error[type]: --json: JSON cannot hold this value
      expected: numbers, bools, strings, tensors, arrays or maps
      received: a model
    ");
}

#[test]
fn arguments_and_seed() {
    assert_eq!(eval(&["--set", "x=5", "arg(\"x\", 1) * 2"]).good().out, "10\n");
    assert_eq!(eval(&["--seed", "7", "arg(\"seed\", 1)"]).good().out, "7\n");
    let ran = eval(&["--set", "y=5", "arg(\"x\", 1)"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.error(), @"
    error[usage]: --set: unknown argument 'y'
      hint: known: x
    ");
}

#[test]
fn what_is_printed_is_no_value() {
    let ran = eval(&["print(\"words\"); 3"]).good();
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("3\n", "words\n"));
}

#[test]
fn mistakes_are_told_with_their_place() {
    let error = |text: &str| {
        let ran = eval(&[text]);
        assert_eq!(ran.code, 3, "{text}");
        ran.error()
    };
    insta::assert_snapshot!(error("tensor([1, 2]) + tensor([1, 2, 3])"), @"
    error[shape]: +: the shapes do not fit each other
       ╭─[<eval>:1:16]
     1 │ tensor([1, 2]) + tensor([1, 2, 3])
       ·                ─
       ╰────
      expected: equal lengths, or 1, counted from the last dimension
      received: [2] and [3]
    ");
    insta::assert_snapshot!(error("1 +"), @"
    error[script]: the recipe: script is incomplete
       ╭─[<eval>:1:4]
     1 │ 1 + 
       ·    ─
       ╰────
    ");
    insta::assert_snapshot!(error("let a = 1;\nfn f() { b }\nf()"), @"
    error[name]: b: this name is not defined here
       ╭─[<eval>:2:10]
     2 │ fn f() { b }
       ·          ─
       ╰────
    ");
    insta::assert_snapshot!(error("train(model::cnn(#{ classes: 10 }), #{ data: dataset::esc50(\"still:example\", #{}) })"), @r#"
    error[script]: train: still eval cannot train
       ╭─[<eval>:1:1]
     1 │ train(model::cnn(#{ classes: 10 }), #{ data: dataset::esc50("still:example", #{}) })
       · ─────
       ╰────
      hint: call what the stage is made of, e.g. its loss on tensors; `still run` runs stages
    "#);
    insta::assert_snapshot!(error("fn f() { f() } f()"), @"
    error[script]: the recipe: functions call each other too deeply
       ╭─[<eval>:1:16]
     1 │ fn f() { f() } f()
       ·                ─
       ╰────
      expected: 64 calls within each other at most
    ");
}

#[test]
fn standard_input_and_imports_beside_it() {
    let sandbox = Sandbox::new();
    sandbox.write("more/helper.rhai", "fn fails() {\n    assert(false)\n}\n");
    let run = |text: &str| {
        let mut command = sandbox.command();
        command.args(["eval", "-"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("it listens");
        sandbox.finish(child.wait_with_output().expect("it ends"))
    };
    assert_eq!(run("let x = 2;\nx * 3\n").good().out, "6\n");
    let ran = run("import \"more/helper\" as helper;\nhelper::fails()\n");
    assert_eq!(ran.code, 3);
    insta::assert_snapshot!(ran.error(), @"
    error[assertion]: assert: the condition is false
       ╭─[more/helper.rhai:2:5]
     2 │     assert(false)
       ·     ──────
       ╰────
      in the call of 'fails' at
       ╭─[<stdin>:2:9]
     2 │ helper::fails()
       ·         ─────
       ╰────
    ");
}

#[test]
fn tables_are_printed_as_csv() {
    let csv = |text: &str| eval(&["--csv", text]).good().out;
    assert_eq!(csv("tensor([[1, 2], [3, 4]])"), "1,2\n3,4\n");
    assert_eq!(csv("[1, 2.5, \"a,b\"]"), "1\n2.5\n\"a,b\"\n");
    assert_eq!(csv("#{ a: 1, b: #{ c: () } }"), "a,1\nb.c,\n");
    let table = csv(
        "metrics::per_class(tensor([[0.9, 0.5], [0.1, 0.5]]), tensor([[1, 0], [0, 0]]), #{ names: [\"cat\", \"dog, big\"] })",
    );
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("class,name,average_precision,best_f1"), "{table}");
    assert!(lines[1].starts_with("0,cat,1,1"), "{table}");
    // A class without positives has no average precision, which is not 0.
    assert!(lines[2].starts_with("1,\"dog, big\",,0,"), "{table}");
    assert!(eval(&["--csv", "[#{ a: 1 }, #{ b: 1 }]"]).error().contains("the same keys"));
    assert!(eval(&["--csv", "[[1, 2]]"]).error().contains("CSV cannot hold this value"));
}

#[test]
fn wrong_scores_are_told_with_their_shapes() {
    let error = |text: &str| eval(&[text]).error();
    let shapes = error("metrics::roc_auc(tensor([[0.5, 1.0]]), tensor([[1]]))");
    assert!(shapes.contains("[1, 2] as the scores") && shapes.contains("[1, 1]"), "{shapes}");
    let nan = error("metrics::lwlrap(tensor([[0.0, 1.0]]) / 0.0, tensor([[0, 1]]))");
    assert!(nan.contains("a score is not finite") && nan.contains("clip 0, class 0"), "{nan}");
    let soft = error("metrics::lwlrap(tensor([[0.5, 1.0]]), tensor([[0.5, 1]]))");
    assert!(soft.contains("a target is neither 0 nor 1"), "{soft}");
    let several = error("metrics::accuracy(tensor([[0.5, 1.0]]), tensor([[1, 1]]))");
    assert!(several.contains("clip 0 has 2"), "{several}");
    let class = error("metrics::accuracy(tensor([[0.5, 1.0]]), tensor([2]))");
    assert!(class.contains("0 to 1") && class.contains("2 of clip 0"), "{class}");
    let none = error("metrics::average_precision(tensor([[0.5, 1.0]]), tensor([[0, 0]]))");
    assert!(none.contains("not defined for these targets"), "{none}");
    let logits = error("metrics::ece(tensor([[5.0, 1.0]]), tensor([0]), #{})");
    assert!(logits.contains("no probabilities") && logits.contains("logits: true"), "{logits}");
    let empty = error("metrics::accuracy(tensor::zeros([0, 3]), tensor::zeros([0, 3]))");
    assert!(empty.contains("at least one of each"), "{empty}");
    let name = error("metrics::bootstrap(\"acuracy\", tensor([[1.0]]), tensor([0]), #{})");
    assert!(name.contains("did you mean 'accuracy'"), "{name}");
    let option = error("metrics::roc_auc(tensor([[1.0]]), tensor([0]), #{ avrage: \"micro\" })");
    assert!(option.contains("did you mean 'average'"), "{option}");
}
