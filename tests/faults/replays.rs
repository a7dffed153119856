//! `still replay` of runs that had a life.

use super::actor::Scene;
use super::lab::{Lab, THREE};

#[track_caller]
fn replays(lab: &Lab) {
    let ran = lab.still(&["replay", "last"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(ran.out.matches(": the same weights, ").count(), 3, "{}", ran.out);
}

#[test]
fn a_run_that_was_paused_and_edited_then() {
    for (what, fails, message) in [
        (
            "a step",
            THREE.replace(
                "    ctx.state.count += 1;",
                "    if ctx.step == 4 && batch.clips > 2 { throw \"no\"; } ctx.state.count += 1;",
            ),
            "own 4",
        ),
        (
            "an epoch's end",
            format!(
                "{THREE}\nfn on_epoch(ctx) {{ if ctx.stage == \"student\" && ctx.step == 3 {{ throw \"no\"; }} }}\n"
            ),
            "student 3",
        ),
    ] {
        let lab = Lab::of(&fails);
        let mended = fails
            .replace("throw \"no\"", "ctx.log(\"mended\", 1)")
            .replace("lerp(ctx.nets.net, 0.3)", "lerp(ctx.nets.net, 0.2)");
        let seen = Scene::new().patient().edit("paused", &mended).play(&lab);
        assert_eq!(
            (seen.error, seen.edits),
            (None, vec![format!("{message}: in force")]),
            "{what}"
        );
        replays(&lab);
        // Killed after it went on.
        let lab = Lab::of(&fails);
        Scene::new().patient().checkpoints(1).edit("paused", &mended).kill("own 5").play(&lab);
        assert_eq!(Scene::new().play(&lab).error, None);
        replays(&lab);
    }
}

#[test]
fn a_run_whose_end_of_an_epoch_was_edited_and_failed() {
    let first = format!("{THREE}\nfn on_epoch(ctx) {{ ctx.log(\"end\", 1); }}\n");
    let fails = first
        .replace(
            "ctx.log(\"end\", 1);",
            "if ctx.epoch == 1 && ctx.stage == \"own\" { throw \"no\"; } ctx.log(\"end\", 2);",
        )
        .replace("lerp(ctx.nets.net, 0.3)", "lerp(ctx.nets.net, 0.2)");
    let lab = Lab::of(&first);
    let seen = Scene::new().edit("student 2", &fails).play(&lab);
    assert_eq!(
        (seen.error, seen.edits),
        (None, vec!["student 2: in force".to_string(), "own 6: taken back".to_string()])
    );
    let whole = lab.outcome();
    replays(&lab);
    for kill in ["student 4", "own 1", "own 5"] {
        let lab = Lab::of(&first);
        Scene::new().checkpoints(2).edit("student 2", &fails).kill(kill).play(&lab);
        assert_eq!(Scene::new().play(&lab).error, None);
        assert_eq!(lab.outcome(), whole, "{kill}");
        replays(&lab);
    }
}

#[test]
fn a_run_whose_imports_were_edited() {
    let recipe = format!(
        "import \"lib/rates\" as rates;\nimport \"std/hinton\" as hinton;\n{}",
        THREE.replace("lerp(ctx.nets.net, 0.3)", "lerp(ctx.nets.net, rates::slow())").replace(
            "kd::kl(student, teacher) * 0.5",
            "hinton::soft(student, teacher, 2.0) * rates::half()"
        )
    );
    let lab = Lab::of(&recipe);
    let rates = "fn slow() { 0.3 } fn half() { 0.5 }";
    lab.sandbox.write("lib/rates.rhai", rates);
    let seen = Scene::new()
        .save("student 2", "lib/rates.rhai", &rates.replace("0.5", "0.25"))
        .save("student 4", "std/hinton.rhai", "fn soft(s, t, tau) { kd::kl(s, t / tau) }")
        .save("own 3", "lib/rates.rhai", &rates.replace("0.3", "0.2"))
        .checkpoints(2)
        .kill("own 5");
    let whole = seen.clone();
    seen.play(&lab);
    let seen = Scene::new().play(&lab);
    assert_eq!((seen.error, seen.edits.len(), lab.runs().len()), (None, 0, 1), "{:?}", seen.said);
    replays(&lab);
    let other = Lab::of(&recipe);
    other.sandbox.write("lib/rates.rhai", rates);
    let seen = whole.alive().play(&other);
    assert_eq!(seen.edits, ["student 2: in force", "student 4: in force", "own 3: in force"]);
    assert_eq!(lab.outcome(), other.outcome());
    replays(&other);
}

#[test]
fn a_run_that_was_made_longer() {
    let lab = Lab::new();
    let edited = THREE.replace("lerp(ctx.nets.net, 0.3)", "lerp(ctx.nets.net, 0.2)");
    Scene::new().edit("own 4", &edited).play(&lab);
    lab.run(3, &["--set", "epochs=3"]).good();
    replays(&lab);
    let lab = Lab::new();
    Scene::new().edit("own 4", &edited).play(&lab);
    lab.still(&["resume", "last", "--set", "epochs=3"]).good();
    // Two lengths in one run: it is repeated in two parts.
    replays(&lab);
}

#[test]
fn a_run_that_is_edited_after_it_went_on() {
    let lab = Lab::new();
    let edited = |rate: &str| {
        THREE.replace("lerp(ctx.nets.net, 0.3)", &format!("lerp(ctx.nets.net, {rate})"))
    };
    Scene::new().checkpoints(1).edit("own 2", &edited("0.2")).kill("own 3").play(&lab);
    Scene::new().checkpoints(1).edit("own 4", &edited("0.1")).kill("own 5").play(&lab);
    let seen = Scene::new().edit("own 6", &edited("0.4")).play(&lab);
    assert_eq!((seen.error, lab.runs().len()), (None, 1));
    replays(&lab);
    let whole = Lab::new();
    Scene::new().edit("own 2", &edited("0.2")).edit("own 4", &edited("0.1")).play(&whole);
    assert_eq!(lab.outcome(), whole.outcome());
}
