//! Mistakes in a recipe, each told with its place, what was expected, and what was there.

use super::host::{fails, is_drawn};
use crate::support::{Sandbox, TINY};

#[test]
fn unknown_and_missing_options() {
    insta::assert_snapshot!(fails("model::cnn(#{ classes: 3, chanels: [4] })"), @"
    error[name]: model::cnn: unknown option 'chanels'
       ╭─[script:1:27]
     1 │ model::cnn(#{ classes: 3, chanels: [4] })
       ·                           ────────
       ╰────
      hint: did you mean 'channels'?
    ");
    insta::assert_snapshot!(fails("model::ast(#{})"), @"
    error[name]: model::ast: the option 'classes' is missing
       ╭─[script:1:8]
     1 │ model::ast(#{})
       ·        ───
       ╰────
      expected: a whole number: data.classes
    ");
    insta::assert_snapshot!(fails("audio::fbank(#{ mean: 0 })"), @"
    error[name]: audio::fbank: the option 'std' is missing
       ╭─[script:1:8]
     1 │ audio::fbank(#{ mean: 0 })
       ·        ─────
       ╰────
      expected: a number, since 'mean' is given
    ");
}

#[test]
fn options_of_the_wrong_type_or_out_of_range() {
    insta::assert_snapshot!(fails("model::cnn(#{ classes: 3, channels: [4, 4.5] })"), @"
    error[type]: model::cnn: 'channels[1]' has the wrong type
       ╭─[script:1:27]
     1 │ model::cnn(#{ classes: 3, channels: [4, 4.5] })
       ·                           ─────────
       ╰────
      expected: a whole number
      received: float 4.5
    ");
    insta::assert_snapshot!(fails("audio::fbank(#{ mels: -1 })"), @"
    error[range]: audio::fbank: 'mels' is out of range
       ╭─[script:1:17]
     1 │ audio::fbank(#{ mels: -1 })
       ·                 ─────
       ╰────
      expected: 0 or more
      received: -1
    ");
    insta::assert_snapshot!(fails("optim::adam(#{ betas: [0.9] })"), @"
    error[type]: optim::adam: 'betas' has the wrong length
       ╭─[script:1:16]
     1 │ optim::adam(#{ betas: [0.9] })
       ·                ──────
       ╰────
      expected: two numbers
      received: [0.9]
    ");
    insta::assert_snapshot!(fails("augment::mixup(2)"), @"
    error[range]: augment::mixup: the rate is out of range
       ╭─[script:1:10]
     1 │ augment::mixup(2)
       ·          ─────
       ╰────
      expected: 0 to 1
      received: 2
    ");
}

#[test]
fn shapes_that_do_not_fit() {
    insta::assert_snapshot!(fails("tensor([[1, 2]]) + tensor([1, 2, 3])"), @"
    error[shape]: +: the shapes do not fit each other
       ╭─[script:1:18]
     1 │ tensor([[1, 2]]) + tensor([1, 2, 3])
       ·                  ─
       ╰────
      expected: equal lengths, or 1, counted from the last dimension
      received: [1, 2] and [3]
    ");
    insta::assert_snapshot!(fails("kd::kl(tensor([[1, 2]]), tensor([[1, 2, 3]]))"), @"
    error[shape]: kd::kl: student and teacher differ
       ╭─[script:1:5]
     1 │ kd::kl(tensor([[1, 2]]), tensor([[1, 2, 3]]))
       ·     ──
       ╰────
      expected: teacher [1, 2], as the student
      received: student tensor i64 [1, 2], teacher tensor i64 [1, 3]
    ");
    insta::assert_snapshot!(fails("tensor([[1, 2], [3]])"), @"
    error[shape]: tensor: the arrays are nested unevenly
       ╭─[script:1:1]
     1 │ tensor([[1, 2], [3]])
       · ──────
       ╰────
      expected: rows of one length
      received: 2 and 1 elements
    ");
    insta::assert_snapshot!(fails("tensor([1, 2]).reshape([3])"), @"
    error[shape]: reshape: the new shape holds another number of elements
       ╭─[script:1:16]
     1 │ tensor([1, 2]).reshape([3])
       ·                ───────
       ╰────
      expected: 2 elements, as [2]
      received: [3]
    ");
    insta::assert_snapshot!(fails("tensor([1, 2]).softmax(1)"), @"
    error[range]: softmax: no such dimension
       ╭─[script:1:16]
     1 │ tensor([1, 2]).softmax(1)
       ·                ───────
       ╰────
      expected: -1 to 0 for 1 dimensions
      received: 1
    ");
}

#[test]
fn functions_that_are_not_there_or_take_something_else() {
    insta::assert_snapshot!(fails("kd::kll(1, 2)"), @"
    error[name]: kd::kll: there is no such function
       ╭─[script:1:5]
     1 │ kd::kll(1, 2)
       ·     ───
       ╰────
      received: kd::kll(integer, integer)
      hint: did you mean kd::kl(student, teacher)?
    ");
    insta::assert_snapshot!(fails("kd::kl(tensor(1), 4)"), @"
    error[type]: kd::kl: no form of this function takes these arguments
       ╭─[script:1:5]
     1 │ kd::kl(tensor(1), 4)
       ·     ──
       ╰────
      expected: kd::kl(student, teacher) or kd::kl(student, teacher, options)
      received: kd::kl(Tensor, integer)
    ");
}

#[test]
fn names_that_are_not_defined() {
    insta::assert_snapshot!(fails("let data = 1;\nfn loss(ctx) {\n    data\n}\nloss(1)"), @r#"
    error[name]: data: this name is not defined here
       ╭─[script:3:5]
     3 │     data
       ·     ────
       ╰────
      hint: functions cannot see a top-level `let`: pass 'data' on, read it with arg("data", …), or make it `const` and write global::data
    "#);
    insta::assert_snapshot!(fails("modle::cnn(#{})"), @"
    error[name]: modle: there is no such namespace
       ╭─[script:1:1]
     1 │ modle::cnn(#{})
       · ──────────
       ╰────
      hint: did you mean 'model::'?
    ");
    insta::assert_snapshot!(fails("let m = #{ a: 1 };\nm.b"), @"
    error[name]: b: there is no such property or key
       ╭─[script:2:3]
     2 │ m.b
       ·   ─
       ╰────
      hint: 'm' has a
    ");
}

#[test]
fn what_a_sandbox_forbids() {
    assert!(fails("eval(\"1\")").contains("reserved keyword 'eval' is disabled"));
    assert!(fails("fn f(n) { f(n + 1) }\nf(0)").contains("functions call each other too deeply"));
    let large = fails("tensor::zeros([1000000, 1000000])");
    assert!(large.contains("the tensor would be too large"), "{large}");
    let grown = fails("let text = \"x\"; loop { text += text; }");
    assert!(grown.starts_with("error[script]"), "{grown}");
}

#[test]
fn a_failing_hook_shows_the_way_to_it() {
    let recipe = format!(
        "{TINY}
fn soft(student, teacher) {{
    kd::kl(student.sum(0), teacher)
}}
fn loss(ctx, student, teacher, target) {{
    0.5 * cross_entropy(student, target) + soft(student, teacher)
}}
"
    );
    let ran = Sandbox::new().run(&recipe, &["--set", "epochs=1", "--on-error", "stop"]);
    assert_eq!(ran.code, 3);
    insta::assert_snapshot!(ran.error(), @r#"
    error[shape]: kd::kl: the student's logits are no table
        ╭─[recipe.rhai:16:9]
     16 │     kd::kl(student.sum(0), teacher)
        ·         ──
        ╰────
      in the call of 'soft' at
        ╭─[recipe.rhai:19:44]
     19 │     0.5 * cross_entropy(student, target) + soft(student, teacher)
        ·                                            ────
        ╰────
      reached from
        ╭─[recipe.rhai:12:15]
     12 │ let student = distill(teacher, net, common + #{ name: "student" });
        ·               ───────
        ╰────
      expected: [batch, class]
      received: student tensor f32 [10], teacher tensor f32 [8, 10]
      in: hook 'loss' of stage 'student', step 0
    "#);
}

fn stage_fails(options: &str) -> String {
    let more = format!("common + #{{ {options} }}");
    let recipe = TINY.replace("common + #{ name: \"student\" }", &more);
    let ran = Sandbox::new().run(&recipe, &["--set", "epochs=1"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    let error = ran.error();
    let headline = error.lines().next().unwrap_or_default().to_string();
    let rest = error.lines().skip(1).filter(|line| line.contains(": ") && line.starts_with("  "));
    let rest: Vec<&str> = rest.filter(|line| !is_drawn(line)).map(str::trim).collect();
    format!("{headline} | {}", rest.join(" | "))
}

#[test]
fn a_name_is_of_one_stage() {
    let told = |recipe: &str| {
        let ran = Sandbox::new().run(recipe, &["--set", "epochs=1"]);
        assert_eq!(ran.code, 3, "{}", ran.err);
        ran.error()
    };
    // Folds in a loop, of which only the second one finds it.
    let (before, _) = TINY.split_once("let teacher").expect("the first stage");
    let body = "for fold in 1..=2 {\n    train(model::cnn(#{ classes: data.classes, channels: [2] }), common + #{ name: \"student\" });\n}\n";
    insta::assert_snapshot!(told(&format!("{before}{body}")), @r#"
    error[name]: stage: there is a stage 'student' already
        ╭─[recipe.rhai:11:78]
     11 │     train(model::cnn(#{ classes: data.classes, channels: [2] }), common + #{ name: "student" });
        ·                                                                              ─────
        ╰────
      hint: give each stage a name of its own; in a loop e.g. name: `student, fold ${fold}, seed ${seed}`: reports put those together
    "#);
    let named = body.replace("\"student\"", "`student, fold ${fold}`");
    assert_eq!(Sandbox::new().run(&format!("{before}{named}"), &["--set", "epochs=1"]).code, 0);
    // Two names, but not as names of files.
    let alike = TINY.replace("\"teacher\"", "\"a net\"").replace("\"student\"", "\"a-net\"");
    insta::assert_snapshot!(told(&alike), @r#"
    error[name]: stage: 'a-net' and the stage 'a net' would have the same files
        ╭─[recipe.rhai:12:49]
     12 │ let student = distill(teacher, net, common + #{ name: "a-net" });
        ·                                                 ─────
        ╰────
      hint: let their names differ in letters or digits
    "#);
}

#[test]
fn stages_that_contradict_themselves() {
    insta::assert_snapshot!(stage_fails("name: \"teacher\""), @"error[name]: stage: there is a stage 'teacher' already | hint: give each stage a name of its own; in a loop e.g. name: `student, fold ${fold}, seed ${seed}`: reports put those together");
    insta::assert_snapshot!(stage_fails("epochs: 0"), @"error[range]: distill: 'epochs' is out of range | expected: at least 1 | received: 0");
    insta::assert_snapshot!(stage_fails("batch: 0"), @"error[range]: distill: 'batch' is out of range | expected: at least 1 | received: 0");
    insta::assert_snapshot!(stage_fails("tau: 0"), @"error[range]: kd::cmkd: 'tau' is out of range | expected: more than 0 | received: 0 | in: option 'tau' of stage 'ast', step 0");
    insta::assert_snapshot!(stage_fails("lambda: 2"), @"error[range]: kd::cmkd: 'lambda' is out of range | expected: 0 to 1 | received: 2 | in: option 'lambda' of stage 'ast', step 0");
    insta::assert_snapshot!(stage_fails("tau: \"high\""), @"error[type]: distill: 'tau' has the wrong type | received: string \"high\" | hint: a number, or Fn(\"my_tau\")");
    insta::assert_snapshot!(stage_fails("loss: Fn(\"my_los\")"), @"error[name]: the option 'loss': unknown function 'my_los' | hint: it names a function of this file, which may call others: fn my_loss(…) { … }");
    insta::assert_snapshot!(stage_fails("loss: |a, b, c, d| 1"), @"error[type]: distill: 'loss' is a closure, which could not be edited while it runs | received: a function | hint: write `fn my_loss(…)` and give loss: Fn(\"my_loss\")");
    insta::assert_snapshot!(stage_fails("optimizer: optim::adam(#{ groups: [#{ names: \"haed.*\", lr: 1 }] })"), @"error[name]: optim::adam: no parameter fits 'haed.*' | hint: the nearest are head.0.weight, head.0.bias, head.1.weight");
    insta::assert_snapshot!(stage_fails("optimizer: #{ lr: 0.1 }"), @"error[type]: distill: 'optimizer' has the wrong type | expected: an optimiser: optim::adam(#{ lr: 1e-3 }) | received: a map");
    insta::assert_snapshot!(stage_fails("seed: -1"), @"error[range]: distill: 'seed' is out of range | expected: 0 or more | received: -1");
}

#[test]
fn nothing_that_a_script_can_make_is_a_crash() {
    for text in [
        "tensor::zeros([0, 2, 2]).matmul(tensor::zeros([1, 2, 2]))",
        "tensor::zeros([1, 2, 2]).matmul(tensor::zeros([0, 2, 2]))",
        "tensor::zeros([0, 2, 2]).matmul(tensor::zeros([2, 2]))",
        "tensor::zeros([2, 0]).matmul(tensor::zeros([0, 3])).sum()",
        "tensor([[]]).log_softmax(1)",
        "tensor::zeros([2, 0, 2]).log_softmax(1)",
    ] {
        assert!(super::host::evaluate(text).is_ok(), "{text}");
    }
    let huge = i64::MAX;
    for text in [
        format!("tensor::zeros([0, {huge}]).sum(0)"),
        "eval(\"1\")".into(),
        "tensor::zeros([4000000, 1]) + tensor::zeros([1, 4000000])".into(),
        "tensor::zeros([4000000, 1]).matmul(tensor::zeros([1, 4000000]))".into(),
        format!("audio::fbank(#{{ frames: {huge} }})"),
        "audio::fbank(#{ frames: 4611686018427387904, mels: 8 })".into(),
        "sleep(1e300)".into(),
        "sleep(-1)".into(),
        "let t = 1; for i in 0..20 { t = [t]; } tensor(t)".into(),
        "optim::adam(#{ eps: 1e-60 })".into(),
    ] {
        let error = fails(&text);
        assert!(!error.contains("defect of Stillroom"), "{text}: {error}");
    }
}

#[test]
fn models_that_no_machine_could_hold() {
    for model in [
        "model::cnn(#{ classes: data.classes, channels: [9223372036854775807] })",
        "model::ast(#{ classes: data.classes, width: 9223372036854775806, heads: 2 })",
        "model::ast(#{ classes: data.classes, depth: 9223372036854775807 })",
        "model::ast(#{ classes: data.classes, mlp_ratio: 9223372036854775807 })",
    ] {
        let recipe = TINY.replace("model::cnn(#{ classes: data.classes, channels: [4] })", model);
        let ran = Sandbox::new().run(&recipe, &[]);
        assert_eq!(ran.code, 3, "{model}: {}", ran.err);
    }
}
