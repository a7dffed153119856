//! SIGTERM, Ctrl-C and SIGUSR1.

use super::actor::Scene;
use super::lab::{Lab, THREE, events, signal, undisturbed, until};
use crate::support::example;
use std::io::{BufRead, BufReader, Read};
use std::process::Child;
use std::time::{Duration, Instant};
use stillroom::data::{Caches, Esc50Options, FrontEnd, Reach, esc50};
use stillroom::error::Kind;
use stillroom::train::Features;

const LONG: [&str; 5] = ["run", "lab.rhai", "--new", "--set", "epochs=100000"];

/// Waits for the end, and gives the exit code with what was said.
fn ended(mut child: Child) -> (i32, String) {
    let mut text = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut text).expect("text");
    (child.wait().expect("a process").code().unwrap_or(-1), text)
}

/// Begins a run whose first stage is under way.
fn under_way(lab: &Lab, arguments: &[&str], word: &str) -> Child {
    let child = lab.begin(arguments);
    until(word, || {
        let journal = lab.runs().last().map(|run| run.join("events.jsonl"));
        journal.is_some_and(|path| std::fs::read_to_string(path).unwrap_or_default().contains(word))
    });
    child
}

#[test]
fn a_run_that_is_stopped_goes_on_at_that_step() {
    for name in ["TERM", "INT"] {
        let lab = Lab::new();
        let child = under_way(&lab, &LONG, "\"event\":\"epoch\"");
        let begun = Instant::now();
        signal(&child, name);
        let (code, told) = ended(child);
        assert_eq!(code, 130, "{told}");
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        let last = events(&lab.last(), 0).pop().expect("an event");
        assert_eq!(last["event"], "interrupted");
        let checkpoints = lab.checkpoints("teacher");
        let step = checkpoints[0].file_stem().expect("a name").to_string_lossy().parse::<u64>();
        let step = step.expect("a step");
        let message = last["message"].as_str().expect("a message");
        assert!(message.contains(&format!("{step} of 300000 steps done")), "{message}");
        let child = under_way(&lab, &["run", "lab.rhai", "--set", "epochs=100000"], "resumed");
        let begins =
            || events(&lab.last(), 1).into_iter().filter(|event| event["event"] == "stage");
        until("the stage", || begins().count() == 2);
        assert_eq!(begins().next_back().expect("the stage")["step"], step);
        signal(&child, name);
        assert_eq!(ended(child).0, 130);
    }
}

/// One operation that takes far more than ten seconds on any machine, which nothing can cut in the middle.
const NATIVE: &str = "let big = tensor::ones([16000, 16000]);\nprint(\"begins\");\nlet square = big.matmul(big);\nprint(\"ended\");\n";

#[test]
fn a_signal_ends_what_cannot_be_cut_off() {
    let lab = Lab::of(NATIVE);
    let mut command = lab.sandbox.command();
    command.args(["run", "lab.rhai"]);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().expect("the binary");
    let mut told = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut text = String::new();
    told.read_line(&mut text).expect("text");
    assert_eq!(text, "begins\n");
    std::thread::sleep(Duration::from_millis(200));
    let begun = Instant::now();
    signal(&child, "TERM");
    let code = child.wait().expect("a process").code();
    told.read_to_string(&mut text).expect("text");
    assert_eq!(code, Some(130), "{text}");
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    // A machine on which the product takes less than ten seconds stops in good order.
    let given_up = text.contains("within 10 s of the signal, so the program ends now");
    assert!(given_up || text.contains("stopped by a signal"), "{text}");
    assert!(!text.contains("ended\n"), "{text}");
}

#[test]
fn a_second_signal_ends_a_run_at_once() {
    let lab = Lab::of(&THREE.replace(
        "    ctx.state.seen += 1;",
        "    let n = 0; while n < 1000000000 { n += 1; }\n    ctx.state.seen += 1;",
    ));
    let child =
        under_way(&lab, &[&LONG[..], &["--hook-seconds", "0"]].concat(), "\"event\":\"stage\"");
    std::thread::sleep(Duration::from_millis(50));
    let begun = Instant::now();
    signal(&child, "INT");
    signal(&child, "INT");
    assert_eq!(ended(child).0, 130);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    lab.sandbox.write("lab.rhai", THREE);
    lab.run(3, &[]).good();
    assert_eq!(&lab.outcome(), undisturbed());
}

#[test]
fn a_scheduler_gets_a_checkpoint_and_the_run_goes_on() {
    let lab = Lab::new();
    let mut child = under_way(&lab, &LONG, "\"event\":\"epoch\"");
    assert!(lab.checkpoints("teacher").is_empty());
    signal(&child, "USR1");
    until("a checkpoint", || !lab.checkpoints("teacher").is_empty());
    assert!(child.try_wait().expect("a process").is_none());
    let count = || events(&lab.last(), 1).len();
    let before = count();
    until("more epochs", || count() > before + 2);
    child.kill().expect("a process");
    assert_eq!(child.wait().expect("a process").code(), None);
}

#[test]
fn a_run_that_waits_for_an_edit_can_be_stopped() {
    let fails = THREE.replace(
        "    ctx.state.count += 1;",
        "    if ctx.step == 4 { throw \"no\"; } ctx.state.count += 1;",
    );
    let lab = Lab::of(&fails);
    let mut command = lab.sandbox.command();
    command.args(["run", "lab.rhai", "--set", &format!("data={}", example().display())]);
    command.args(["--on-error", "pause"]);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let child = command.spawn().expect("the binary");
    until("a pause", || {
        let journal = lab.runs().last().map(|run| run.join("events.jsonl"));
        journal.is_some_and(|path| {
            std::fs::read_to_string(path).unwrap_or_default().contains("paused")
        })
    });
    signal(&child, "INT");
    assert_eq!(ended(child).0, 130);
    lab.sandbox.write("lab.rhai", THREE);
    lab.still(&["resume", "last"]).good();
    assert_eq!(lab.outcome().hashes(), undisturbed().hashes());
    let all = events(&lab.last(), 0);
    let step = all.iter().rfind(|event| event["event"] == "stage");
    assert_eq!(step.expect("the stage")["step"], 4);
}

#[test]
fn a_stop_during_an_evaluation_keeps_the_epoch() {
    // After the third step there is nothing but the evaluation, in which the recipe's own network is called.
    for place in ["own 3", "own 6", "student 6", "teacher 6"] {
        let lab = Lab::new();
        let seen = Scene::new().stop(place).play(&lab);
        assert!(seen.error.is_some_and(|error| error.contains("stopped by a signal")), "{place}");
        assert_eq!(Scene::new().play(&lab).error, None);
        assert_eq!(lab.runs().len(), 1);
        assert_eq!(&lab.outcome(), undisturbed(), "{place}");
    }
}

#[test]
fn features_are_not_finished_where_a_run_is_stopped() {
    let caches = std::sync::Arc::new(Caches::none());
    let data = std::sync::Arc::new(
        esc50(example(), &Esc50Options::default(), &Reach::anywhere(&caches.files))
            .expect("the example"),
    );
    let front = FrontEnd::standard();
    let features = Features::of(&data, &front, &caches).expect("features");
    let error = features.ready(&|| true).expect_err("stopped");
    assert_eq!(error.kind(), Kind::Interrupted);
    features.ready(&|| false).expect("features");
}

#[test]
fn a_hook_that_fails_where_nobody_looks_ends_the_run() {
    let lab = Lab::of(&THREE.replace("    ctx.state.count += 1;", "    throw \"no\";"));
    let mut command = lab.sandbox.command();
    command.args(["run", "lab.rhai", "--set", &format!("data={}", example().display())]);
    let ran = lab.sandbox.finish(command.output().expect("the binary"));
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.error().contains("an error was thrown"), "{}", ran.err);
    assert!(!ran.err.contains("paused"), "{}", ran.err);
    // Nothing of it is lost.
    lab.sandbox.write("lab.rhai", THREE);
    lab.still(&["resume", "last"]).good();
    assert_eq!(lab.outcome().hashes(), undisturbed().hashes());
}
