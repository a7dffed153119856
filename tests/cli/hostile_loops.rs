//! Recipes that never end, or print, log and name without end.

use crate::support::{Ran, Sandbox};
use std::time::{Duration, Instant};

const FEW: [&str; 2] = ["--max-operations", "2000000"];

#[track_caller]
fn eval(text: &str, more: &[&str]) -> Ran {
    let begun = Instant::now();
    let ran = Sandbox::new().still(&[&["eval", text][..], more].concat());
    assert!(begun.elapsed() < Duration::from_secs(30), "{text}");
    ran
}

#[test]
fn loops_without_progress() {
    for text in [
        "loop {}",
        "let n = 0; while true { n += 1; }",
        "loop { try { loop {} } catch {} }",
        "loop { try { throw 1 } catch (e) {} }",
        "for i in range(0, 9000000000000000000, 1) {}",
        "let f = |f| loop {}; [1].map(f)",
        "[1, 2, 3].sort(|a, b| { loop {} })",
        "fn f(n) { for i in 0..100 { if n > 0 { f(n - 1) } } } f(40)",
    ] {
        let ran = eval(text, &FEW);
        let error = ran.error();
        assert!(error.contains("it goes on and on without any progress"), "{text}\n{error}");
        assert!(error.contains("╭─[<eval>:1:"), "{text}\n{error}");
        assert!(error.contains("--max-operations N"), "{text}\n{error}");
        assert_eq!(ran.code, 3);
    }
    // Any number of operations, as long as something comes of them.
    eval("for n in 0..100 { print(n); for i in 0..10000 {} }", &["--max-operations", "100000"])
        .good();
    eval("for i in 0..1000000 {}", &["--max-operations", "0"]).good();
}

#[test]
fn recursion_without_end() {
    for text in [
        "fn f() { f() } f()",
        "fn f() { g() } fn g() { f() } f()",
        "fn f(n) { Fn(\"f\").call(n + 1) } f(0)",
        "fn f(x) { [1].map(|y| f(y)) } f(1)",
        "fn f(x) { [1, 2].sort(|a, b| f(a)) } f(1)",
        "fn f(x) { nn::network(|y| f(y)).forward(x) } f(tensor([1.0]))",
        "fn f(m) { m.on.call(m) } f(#{ on: |m| f(m) })",
    ] {
        let ran = eval(text, &FEW);
        let error = ran.error();
        let told = ["too deeply", "within each other at most"];
        assert!(told.iter().any(|words| error.contains(words)), "{text}\n{error}");
        assert_eq!(ran.code, 3, "{text}");
    }
}

#[test]
fn sorting_and_ending_are_no_ways_out() {
    eval(
        "let a = []; for i in 0..1000 { a.push(i * 7919 % 1000); } a.sort(|a, b| 1); a.len()",
        &[],
    )
    .good();
    eval("let a = []; for i in 0..1000 { a.push(i * 7919 % 1000); } a.sort(|a, b| if a % 3 == 0 { 1 } else { -1 }); 1", &[])
        .good();
    assert_eq!(eval("exit(3); loop {}", &[]).good().out.trim(), "3");
}

#[test]
fn time_that_is_slept_away_counts() {
    let error = eval("loop { sleep(0.2) }", &["--max-operations", "1"]).error();
    assert!(error.contains("without any progress"), "{error}");
}

#[test]
fn printing_has_an_end() {
    let line = "x".repeat(1000);
    let ran = eval(&format!("loop {{ print(\"{line}\"); }}"), &FEW);
    assert!(ran.err.len() < 10_100_000, "{} bytes", ran.err.len());
    assert!(ran.err.contains("the recipe prints too much: what follows is left out"));
    assert!(ran.error().contains("without any progress"), "{}", ran.error());
    // One text that is longer than all that may be printed is not cut, but left out.
    let ran =
        eval("let s = \"x\"; s.pad(3000000, \"x\"); for i in 0..9 { debug(s); } 1", &[]).good();
    assert!(ran.err.len() < 10_100_000, "{} bytes", ran.err.len());
}

#[test]
fn memory_that_loops_pile_up() {
    for text in [
        "let a = []; loop { a.push(tensor::zeros([1000, 1000])); }",
        "let a = []; let t = tensor::zeros([1000, 100]); loop { a.push(t.exp()); }",
        "let a = #{}; let n = 0; loop { a[`${n}`] = tensor::zeros([1000, 1000]) + 1; n += 1; }",
        "let a = [0]; a.pad(900000, 1); let f = Fn(\"x\"); let all = []; loop { all.push(f.curry(a)); }",
        "let s = \"x\"; s.pad(900000, \"x\"); let m = #{}; let n = 0; loop { m[s + n] = 1; n += 1; }",
    ] {
        let ran = eval(text, &["--max-memory", "0.5"]);
        let error = ran.error();
        assert!(error.contains("there is not enough memory"), "{text}\n{error}");
        assert_eq!(ran.code, 3, "{text}");
    }
    // What is dropped is given back.
    eval("for i in 0..40 { tensor::zeros([10000, 2000]); }", &["--max-memory", "0.5"]).good();
    assert_eq!(eval("1", &["--max-memory", "0"]).code, 2);
}

/// A stage of four steps with that hook.
fn hook(body: &str) -> String {
    format!(
        "let data = dataset::esc50(\"still:example\", #{{ per_class: 1 }});\n\
         train(model::cnn(#{{ classes: data.classes, channels: [2] }}), #{{ data: data, batch: 5, \
         epochs: 1, features: audio::fbank(#{{ mels: 16, hop_ms: 50, frames: 20 }}) }});\n\
         fn lr(ctx) {{ {body} 0.01 }}\n"
    )
}

#[test]
fn names_and_numbers_that_are_logged_have_an_end() {
    for (body, words) in [
        ("for i in 0..2000 { ctx.log(`n${i}`, 1); }", "too many names in one stage"),
        ("for i in 0..200000 { ctx.log(\"n\", 1); }", "too many numbers in one step"),
        ("ctx.log(\"a\\nb\", 1);", "this cannot be a name"),
        ("let s = \"x\"; s.pad(300, \"x\"); ctx.log(s, 1);", "this cannot be a name"),
    ] {
        let ran = Sandbox::new().run(&hook(body), &["--on-error", "stop"]);
        assert!(ran.error().contains(words), "{body}\n{}", ran.error());
        assert_eq!(ran.code, 3, "{body}");
    }
    // A name that looks like a path is only a name.
    let sandbox = Sandbox::new();
    sandbox.run(&hook("ctx.log(\"../../x\", 1);"), &[]).good();
    let metrics = std::fs::read_to_string(sandbox.run_folder().join("metrics.csv"));
    assert!(metrics.expect("metrics").contains("../../x"));
}

#[test]
fn names_of_stages_stay_within_the_run() {
    let sandbox = Sandbox::new();
    sandbox.run("print(stage(\"../../x\", [], |inputs| 1));", &[]).good();
    assert!(!sandbox.file("x").exists() && !sandbox.file("home/x").exists());
    let long = Sandbox::new();
    let ran = long.run("let s = \"x\"; s.pad(300, \"x\"); stage(s, [], |inputs| 1);", &[]);
    assert!(ran.error().contains("this cannot be a name"), "{}", ran.error());
}

#[test]
fn a_loop_that_only_prints_ends() {
    let ran = Sandbox::new()
        .run("let n = 0; loop { n += 1; print(n); }", &["--max-operations", "100000"]);
    assert!(ran.error().contains("it goes on and on without any progress"), "{:.300}", ran.error());
    assert_eq!(ran.code, 3);
    // A thousand lines with work between them are no such loop.
    let text = "for n in 0..500 { for m in 0..2000 { } print(n); }";
    Sandbox::new().run(text, &["--max-operations", "100000"]).good();
}

#[test]
fn stages_have_a_limit() {
    let stages = "for i in 0..10000 { try { stage(`s${i}`, i, |n| n); } catch { } }\nstage(\"one\", 1, |n| n);";
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", stages);
    let ran = sandbox.still(&["check", "recipe.rhai"]);
    assert!(ran.error().contains("the recipe has too many stages"), "{:.500}", ran.error());
    assert!(ran.error().contains("10000 at most"), "{:.500}", ran.error());
}

#[test]
#[ignore = "ten thousand files; a minute on a busy machine"]
fn files_have_a_limit() {
    let sandbox = Sandbox::new();
    let files = "let t = tensor([1]); for i in 0..10000 { t.save(`f${i}.npy`); }\nt.save(\"f0.npy\"); t.save(\"one.npy\");";
    let ran = sandbox.still(&["eval", files, "--out", "."]);
    assert!(ran.error().contains("the run has written too much"), "{:.500}", ran.error());
    assert!(ran.error().contains("10000 files and 16 GiB at most"), "{:.500}", ran.error());
}
