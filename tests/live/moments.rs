//! Edits at every moment of a run: the first step and the last, evaluation, hooks, between stages.

use super::runner::{Manner, Run, STAGE, When, doing, run_in, save, untouched, with_edits};
use crate::support::Sandbox;
use std::time::Duration;

fn recipe() -> String {
    format!("{STAGE}fn lr(ctx) {{ 0.25 }}\n")
}

fn edited() -> String {
    recipe().replace("0.25", "0.125")
}

/// A network whose function takes its time when it is evaluated, so that a test can save meanwhile.
fn evaluated() -> String {
    STAGE.replace(
        "let net = model::cnn(#{ classes: data.classes, channels: [4] });",
        "let net = nn::network(#{ head: nn::linear(16, 10) }, Fn(\"forward\"));",
    ) + "fn forward(self, x) {
    if !nn::training() { sleep(0.2); }
    self.head.forward(x.mean(1))
}
fn lr(ctx) { 0.25 }
"
}

/// Saves an edit of it while the evaluation after so many steps goes on.
fn in_evaluation(after: usize) -> Run {
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", evaluated());
    let edit = doing(after, |sandbox| {
        let file = sandbox.file("recipe.rhai");
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            let _ = std::fs::write(file, evaluated().replace("0.25", "0.125"));
        });
    });
    run_in(sandbox, Manner { settle: Duration::ZERO, ..Manner::default() }, vec![edit]).good()
}

#[test]
fn before_the_first_step() {
    let recipe = format!("print(\"begins\");\n{}", recipe());
    let edits = vec![save(When::Said("begins"), "recipe.rhai", edited())];
    let run = with_edits(&recipe, |_| {}, edits).good();
    assert_eq!(run.outcomes(), [(0, "in force")]);
    assert_eq!(run.shown.rates, [0.125; 12]);
}

#[test]
fn a_broken_one_before_the_first_step() {
    let recipe = format!("print(\"begins\");\n{}", recipe());
    let edits = vec![save(When::Said("begins"), "recipe.rhai", recipe.replace("0.25", "0.25 +"))];
    let run = with_edits(&recipe, |_| {}, edits).good();
    assert_eq!(run.outcomes(), [(0, "refused")]);
    run.same_weights(&untouched(&recipe));
}

#[test]
fn before_the_last_step() {
    let run = with_edits(&recipe(), |_| {}, vec![save(11, "recipe.rhai", edited())]).good();
    assert_eq!(run.outcomes(), [(11, "in force")]);
    assert_eq!(run.shown.rates, [vec![0.25; 11], vec![0.125]].concat());
}

/// An edit after the last step is told, and changes nothing.
#[track_caller]
fn is_late(run: &Run, recipe: &str) {
    assert_eq!(run.outcomes(), []);
    assert_eq!(
        run.shown.warnings,
        [
            "SANDBOX/recipe.rhai: saved after the last step; not in force in this run, it counts in the next \
             one"
        ]
    );
    let events = run.sandbox.events();
    let edit = events.iter().find(|event| event["event"] == "edit").expect("an edit");
    assert_eq!(edit["outcome"], "late");
    run.same_weights(&untouched(recipe));
}

#[test]
fn after_the_last_step() {
    let run = with_edits(&recipe(), |_| {}, vec![save(12, "recipe.rhai", edited())]).good();
    is_late(&run, &recipe());
}

#[test]
fn a_broken_one_after_the_last_step() {
    let broken = recipe().replace("0.25", "0.25 +");
    let run = with_edits(&recipe(), |_| {}, vec![save(12, "recipe.rhai", broken)]).good();
    is_late(&run, &recipe());
}

#[test]
fn during_an_evaluation() {
    let run = in_evaluation(4);
    assert_eq!(run.outcomes(), [(4, "in force")]);
    assert_eq!(run.shown.rates, [vec![0.25; 4], vec![0.125; 8]].concat());
}

#[test]
fn during_the_last_evaluation() {
    is_late(&in_evaluation(12), &evaluated());
}

#[test]
fn during_the_hook_on_epoch() {
    let recipe = format!("{}fn on_epoch(ctx) {{ print(\"an epoch\"); }}\n", recipe());
    let edits = vec![save(When::Said("an epoch"), "recipe.rhai", recipe.replace("0.25", "0.125"))];
    let run = with_edits(&recipe, |_| {}, edits).good();
    assert_eq!(run.outcomes(), [(4, "in force")]);
    assert_eq!(run.shown.rates, [vec![0.25; 4], vec![0.125; 8]].concat());
}

/// A stage, and another one that it teaches.
fn two() -> String {
    let second = "distill(first, net, #{
    data: data, name: \"student\", epochs: 2, batch: 5, features: audio::fbank(#{ mels: 16, hop_ms: 40, frames: 40 }),
});
fn lambda(ctx) { 0.25 }
fn lr(ctx) { if ctx.stage == \"cnn\" { 0.5 } else { lambda(ctx) } }
";
    format!("{}{second}", STAGE.replace("train(net, #{", "let first = train(net, #{"))
}

#[test]
fn during_the_first_stage_for_hooks_of_the_second() {
    let edits = vec![save(6, "recipe.rhai", two().replace("0.25", "0.125"))];
    let run = with_edits(&two(), |_| {}, edits).good();
    assert_eq!(run.outcomes(), [(6, "in force")]);
    assert_eq!(run.shown.edits[0].stage, "cnn");
    assert_eq!(run.shown.rates, [vec![0.5; 12], vec![0.125; 8]].concat());
}

#[test]
fn between_two_stages() {
    let recipe = two().replace("distill(first", "print(\"between\");\ndistill(first");
    let edits = vec![save(When::Said("between"), "recipe.rhai", recipe.replace("0.25", "0.125"))];
    let run = with_edits(&recipe, |_| {}, edits).good();
    assert_eq!(run.outcomes(), [(0, "in force")]);
    assert_eq!(run.shown.edits[0].stage, "student");
    assert_eq!(run.shown.rates, [vec![0.5; 12], vec![0.125; 8]].concat());
}

#[test]
fn several_files_at_once_are_one_edit() {
    let recipe = format!(
        "import \"a\" as a;\nimport \"b\" as b;\n{STAGE}fn lr(ctx) {{ a::now() * b::now() }}\n"
    );
    let files = |sandbox: &Sandbox| {
        sandbox.write("a.rhai", "fn now() { 0.5 }");
        sandbox.write("b.rhai", "fn now() { 0.5 }");
    };
    let both = doing(5, |sandbox| {
        sandbox.write("a.rhai", "fn now() { 0.25 }");
        sandbox.write("b.rhai", "fn now() { 1.0 }\nfn more() { 1 }");
        sandbox.write("recipe.rhai", sandbox.read("recipe.rhai").replace("* b::now", "/ b::now"));
    });
    let run = with_edits(&recipe, files, vec![both]).good();
    assert_eq!(run.outcomes(), [(5, "in force")]);
    assert_eq!(run.shown.edits[0].functions, ["lr", "SANDBOX/a.rhai", "SANDBOX/b.rhai"]);
    assert_eq!(run.shown.rates, [0.25; 12]);
}

#[test]
fn the_version_is_in_ctx_and_a_rehearsal_has_the_new_one() {
    let recipe = format!("{STAGE}fn lr(ctx) {{ 1.0 / (4 + ctx.version) }}\n");
    let edits = vec![
        save(3, "recipe.rhai", format!("{recipe}// layout\n")),
        save(
            6,
            "recipe.rhai",
            recipe.replace("1.0 /", "if ctx.version < 2 { throw \"old\"; }\n 2.0 /"),
        ),
        save(
            9,
            "recipe.rhai",
            recipe.replace("1.0 /", "if ctx.version == 3 { throw \"new\"; }\n 4.0 /"),
        ),
    ];
    let run = with_edits(&recipe, |_| {}, edits).good();
    assert_eq!(run.outcomes(), [(3, "unchanged"), (6, "in force"), (9, "refused")]);
    assert!(run.shown.edits[2].error.contains("new"), "{}", run.shown.edits[2].error);
    let rates = [vec![1.0 / 4.0; 3], vec![1.0 / 5.0; 3], vec![2.0 / 6.0; 6]].concat();
    assert_eq!(run.shown.rates, rates);
}

#[test]
fn a_rehearsal_says_nothing() {
    let edited = recipe().replace("{ 0.25 }", "{ print(`step ${ctx.step}`); 0.25 }");
    let refused = edited.replace("0.25 }", "0.25.nothing() }");
    let edits = vec![save(4, "recipe.rhai", refused), save(10, "recipe.rhai", edited)];
    let run = with_edits(&recipe(), |_| {}, edits).good();
    assert_eq!(run.outcomes(), [(4, "refused"), (10, "in force")]);
    let said: Vec<&String> =
        run.shown.said.iter().filter(|text| text.starts_with("step")).collect();
    assert_eq!(said, ["step 10", "step 11"]);
}
