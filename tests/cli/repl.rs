//! `still repl`, driven through a pipe.

use crate::support::{Ran, Sandbox};
use std::io::Write;
use std::process::Stdio;
use stillroom::recipe::{Given, Repl, is_whole};

fn talk_in(sandbox: &Sandbox, typed: &str, more: &[&str]) -> Ran {
    let mut command = sandbox.command();
    command.arg("repl").args(more);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    child.stdin.take().expect("a pipe").write_all(typed.as_bytes()).expect("it listens");
    sandbox.finish(child.wait_with_output().expect("it ends"))
}

fn talk(typed: &str) -> Ran {
    talk_in(&Sandbox::new(), typed, &[]).good()
}

/// What is printed of values; nothing may go wrong.
#[track_caller]
fn values(typed: &str) -> Vec<String> {
    let ran = talk(typed);
    assert_eq!(ran.err, "", "{typed}");
    ran.out.lines().map(str::to_string).collect()
}

fn session() -> Repl {
    Repl::new(&Given::default(), &Default::default(), Box::new(|_| {}))
}

#[test]
fn variables_are_kept_and_values_printed_as_eval_does() {
    assert_eq!(values("let x = 2;\nx * 3\n()\n\"a\" + x\n"), ["6", "a2"]);
    assert_eq!(values("let x = 2;\nlet x = x + 1;\nx += 1;\nx"), ["4"]);
    assert_eq!(values("let x = 1;\nlet x = 2;\nlet y = 0;\nx\nlet x = 3;\nx\n"), ["2", "3"]);
    assert_eq!(values("let t = tensor([1, 2]);\n(t + 1).to_array()\n"), ["[2, 3]"]);
}

#[test]
fn functions_are_kept_and_replaced() {
    let typed = "fn f(x) { x + 1 }\nfn g(x) { f(x) * 10 }\ng(1)\nfn f(x) { x + 2 }\ng(1)\nfn f(x, y) { x + y }\nf(1) + f(1, 1)\n";
    assert_eq!(values(typed), ["20", "30", "5"]);
}

#[test]
fn closures_stay_callable_and_see_what_they_captured() {
    let typed = "let a = 10;\nlet add = |x| x + a;\nfn apply(f, x) { f.call(x) }\napply(add, 1)\na = 20;\nadd.call(1)\nlet fs = [|x| x, |x| x * 2];\nfs[1].call(4)\n";
    assert_eq!(values(typed), ["11", "21", "8"]);
}

#[test]
fn imports_and_consts_are_kept_also_for_functions() {
    let typed = "import \"std/hinton\" as hinton;\nconst TAU = 4;\nlet s = tensor([[1, 2]]);\n\
        hinton::soft(s, s, TAU).item()\nfn own(s) { hinton::soft(s, s, global::TAU).item() }\nown(s)\nTAU\n";
    assert_eq!(values(typed), ["0.0", "0.0", "4"]);
}

#[test]
fn networks_of_the_sessions_own_call_its_functions_as_they_are_now() {
    let typed = "fn forward(self, x) { self.body.forward(x) + 1 }\n\
        let net = nn::network(#{ body: nn::relu() }, Fn(\"forward\"));\n\
        net.forward(tensor([1.0])).item()\n\
        fn forward(self, x) { self.body.forward(x) + 10 }\n\
        net.forward(tensor([1.0])).item()\n\
        const SHIFT = 0.5;\n\
        let other = nn::network(|x| x + 0.25);\n\
        fn forward(self, x) { x + global::SHIFT }\n\
        net.forward(tensor([1.0])).item() + other.forward(tensor([1.0])).item()\n";
    assert_eq!(values(typed), ["2.0", "11.0", "2.75"]);
}

#[test]
fn what_is_drawn_is_that_of_the_seed_and_differs_from_input_to_input() {
    let typed = "let a = nn::linear(2, 3).state().weight;\nlet b = nn::linear(2, 3).state().weight;\n(a == b).any().item()\na.sum().item()\n";
    let run = |seed: &str| talk_in(&Sandbox::new(), typed, &["--seed", seed]).good().out;
    assert!(run("1").starts_with("false\n"), "{}", run("1"));
    assert_eq!(run("1"), run("1"));
    assert_ne!(run("1"), run("2"));
}

#[test]
fn inputs_go_on_while_something_is_open() {
    let typed = "let m = #{\n  a: 1,\n  b: [2,\n 3],\n};\nm.b[1] +\n  m.a\nfn f(x) {\n  // a ) comment\n  x\n}\nf(`two\nlines`)\n/* a\nremark */ 7\n";
    assert_eq!(values(typed), ["4", "two", "lines", "7"]);
    for whole in
        ["1", "f(1)", "let s = \"a ( b\";", "`a ${ [1][0] } b`", "1 // (", "'('", "x]", "\"open"]
    {
        assert!(is_whole(whole), "{whole}");
    }
    for part in [
        "f(",
        "[1,",
        "1 +",
        "x.",
        "`a",
        "`${ f(`b`) ",
        "/* /* */",
        "let x =",
        "#\"raw",
        "/// A comment of what follows.",
    ] {
        assert!(!is_whole(part), "{part}");
    }
}

#[test]
fn mistakes_are_told_with_their_place_and_end_nothing() {
    let ran = talk(
        "let x = 1;\nfn f(t) {\n    t.reshape([3])\n}\nlet y = x + z;\nf(tensor([1, 2]))\nx + 1\n",
    );
    assert_eq!(ran.out, "2\n");
    assert!(ran.err.contains("error[name]: z: this name is not defined here"), "{}", ran.err);
    assert!(ran.err.contains("<repl>:5:13"), "{}", ran.err);
    // A function tells the line on which it was typed, and from where it was called.
    assert!(ran.err.contains("<repl>:3:7") && ran.err.contains("<repl>:6:1"), "{}", ran.err);
    assert!(
        ran.err.contains("t.reshape([3])") && ran.err.contains("f(tensor([1, 2]))"),
        "{}",
        ran.err
    );
    let ran = talk("train(1, #{})\n1 +* 2\nfn f() { f() }\nf()\nthrow \"no\"\n5\n");
    assert_eq!(ran.out, "5\n");
    assert_eq!(ran.err.matches("error[").count(), 4, "{}", ran.err);
}

#[test]
fn an_input_that_does_too_much_leaves_the_next_its_own() {
    let typed = "let x = 3;\nloop { }\nfor i in 0..50 { print(i) }\nx + 1\n";
    let ran = talk_in(&Sandbox::new(), typed, &["--max-operations", "2000"]).good();
    assert_eq!(ran.out, "4\n");
    assert_eq!(ran.err.matches("without any progress").count(), 1, "{}", ran.err);
}

#[test]
fn what_was_defined_before_a_mistake_stays() {
    let ran =
        talk("let a = 1; fn f() { 5 } let b = a + tensor([1, 2]) + tensor([1, 2, 3]);\na + f()\n");
    assert_eq!(ran.out, "6\n");
    // An input that is cut off at the end of the file is told as one that is not complete.
    assert!(talk("let x = (1 +\n").err.contains("error["));
}

#[test]
fn commands() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "own.rhai",
        "//! Mine.\n\n/// Twice as much.\nfn twice(x) { 2 * x }\nconst TWO = 2;\n",
    );
    let typed = ":load own.rhai\ntwice(TWO)\n:type tensor([[1.5]])\n:type twice(2)\nlet x = [1];\n:vars\n:doc twice\n:doc kd::kl\n:reset\n:vars\n";
    let ran = talk_in(&sandbox, typed, &[]).good();
    assert_eq!(ran.err, "");
    let first = "4\ntensor f32 [1, 1]\ninteger 4\nconst TWO: integer 2\nx: an array\nfn twice(x)\n\
        fn twice(x)\n\nTwice as much.\nfn kl(student: tensor, teacher: tensor) -> tensor;\n";
    assert!(ran.out.starts_with(first), "{}", ran.out);
    // Nothing is left after `:reset`.
    assert!(ran.out.ends_with("```\n"), "{}", ran.out);
    let ran = talk(":load nope.rhai\n:doc kl_dvi\n:typ 1\n:type\n:quit\n1\n");
    assert_eq!(ran.out, "");
    let heads: Vec<&str> = ran.err.lines().filter(|line| !line.starts_with("error[file")).collect();
    assert_eq!(ran.err.matches("error[").count(), 4, "{heads:?}");
    assert!(
        ran.err.contains("did you mean 'kl_div'?") && ran.err.contains("did you mean ':type'?")
    );
    assert!(talk(":help\n").out.contains(":doc NAME"));
}

#[test]
fn completion_knows_names_by_what_stands_before() {
    let mut repl = session();
    repl.eval("import \"std/hinton\" as hinton;").expect("it is there");
    repl.eval("let weights = tensor([1]); let options = #{ alpha: 1 }; fn warm(x) { x }")
        .expect("fine");
    let complete = |line: &str| repl.complete(line, line.len());
    assert_eq!(complete("kd::k"), (4, vec!["kl".to_string()]));
    assert_eq!(complete("1 + weights"), (4, vec!["weights".to_string()]));
    assert_eq!(complete("hinton::so").1, ["soft"]);
    assert_eq!(complete("hint").1, ["hinton::"]);
    assert!(complete("wa").1.contains(&"warm".to_string()));
    assert_eq!(complete("weights.soft").1, ["softmax", "softplus"]);
    assert_eq!(complete("options.al").1, ["alpha"]);
    assert!(complete("weights.tr").1.contains(&"transpose".to_string()));
    assert!(!complete("weights.tr").1.contains(&"trainable".to_string()), "that is a network's");
    assert!(complete("nowhere.shap").1.contains(&"shape".to_string()));
    assert_eq!(complete("").1, [""; 0]);
}

#[test]
fn what_runs_is_stopped_and_the_session_goes_on() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    let stop = Arc::new(AtomicBool::new(false));
    let mut repl = Repl::new(&Given::default(), &stop, Box::new(|_| {}));
    repl.eval("let x = 3;").expect("fine");
    stop.store(true, Ordering::Relaxed);
    let error = repl.eval("loop { }").expect_err("it was stopped");
    assert_eq!(error.kind(), stillroom::error::Kind::Interrupted);
    assert_eq!(repl.eval("x").expect("it goes on"), Some("3".to_string()));
}

#[test]
fn names_that_a_function_cannot_see_are_explained() {
    let hint = "hint: functions cannot see a top-level `let`: pass 'rate' on";
    let ran = talk("let rate = 1;\nfn f() { rate }\nf()\n");
    assert!(ran.err.contains(hint), "{}", ran.err);
    // What was forgotten explains nothing.
    let ran = talk("let rate = 1;\n:reset\nfn f() { rate }\nf()\n");
    assert!(ran.err.contains("not defined here") && !ran.err.contains("hint"), "{}", ran.err);
    assert!(ran.err.contains("<repl>:2:10"), "{}", ran.err);
    let ran = talk("import \"std/hinton\" as hinton;\nhinton::los(1, 2)\n");
    assert!(ran.err.contains("hint: did you mean hinton::loss("), "{}", ran.err);
}
