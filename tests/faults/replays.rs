//! `still replay` of runs that had a life.

use super::actor::Scene;
use super::lab::{Lab, THREE};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use stillroom::error::{Kind, Result};
use stillroom::recipe::{Display, Setup, Signals, replay};
use stillroom::run::{Home, Means};
use stillroom::train::{Event, Observer};

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

/// Asks for an end at the first step, as Ctrl-C does.
struct Impatient(Arc<AtomicBool>);

impl Observer for Impatient {
    fn observe(&mut self, event: &Event) -> Result<()> {
        if matches!(event, Event::Stepped { .. }) {
            self.0.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl Display for Impatient {
    fn say(&mut self, _: &str) {}

    fn report(&mut self, _: &str) {}

    fn warn(&mut self, _: &str) {}

    fn made(&mut self, _: &str, _: Option<Duration>, _: Option<Duration>) {}
}

/// A part that ends where the next one begins is ended in the same way as by a signal.
#[test]
fn a_signal_in_the_first_of_two_parts_ends_it_all() {
    let lab = Lab::new();
    Scene::new().checkpoints(1).kill("student 3").play(&lab);
    lab.still(&["resume", "last", "--set", "epochs=3"]).good();
    replays(&lab);
    let signals = Signals::default();
    let home = lab.sandbox.file("again");
    let like = Setup::new(PathBuf::new(), Home::of(Path::new(""), Some(home)));
    let display = || Box::new(Impatient(signals.stop.clone())) as Box<dyn Display>;
    let ended = replay(&lab.last(), &like, &Means::default(), display, &signals);
    assert_eq!(ended.map_err(|error| error.kind()), Err(Kind::Interrupted));
}
