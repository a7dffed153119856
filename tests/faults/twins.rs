//! Several processes with one recipe and one home.

use super::lab::{Lab, events, outcome, signal, until};
use std::io::Read;
use std::process::{Child, ChildStderr};
use std::time::{Duration, Instant};

/// Long enough that others come.
const LONG: [&str; 6] =
    ["run", "lab.rhai", "--new", "--set", "epochs=100000", "--checkpoint-steps=50"];
const SHORT: [&str; 5] = ["run", "lab.rhai", "--new", "--set", "epochs=60"];

/// What the process has said so far, until it says `word`.
fn until_it_says(stderr: &mut ChildStderr, word: &str) -> String {
    let (mut text, mut byte) = (String::new(), [0u8]);
    let begun = Instant::now();
    while !text.contains(word) {
        assert!(begun.elapsed() < Duration::from_secs(30), "waited for '{word}': {text}");
        let read = stderr.read(&mut byte).expect("a pipe");
        assert!(read > 0, "it ended without '{word}': {text}");
        text.push(char::from(byte[0]));
    }
    text
}

/// Begins a command, and waits until it says `word`.
fn begin(lab: &Lab, arguments: &[&str], word: &str) -> (Child, ChildStderr) {
    let mut child = lab.begin(arguments);
    let mut stderr = child.stderr.take().expect("a pipe");
    until_it_says(&mut stderr, word);
    (child, stderr)
}

fn ends(child: &mut Child, most: Duration) -> i32 {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a process") {
            return status.code().unwrap_or(-1);
        }
        assert!(begun.elapsed() < most, "it does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn of_two_runs_at_once_one_computes_and_the_other_takes() {
    let lab = Lab::new();
    let (mut one, mut told) = begin(&lab, &SHORT, "teacher: cnn");
    let (mut two, mut other) = begin(&lab, &SHORT, "teacher: another run computes it");
    let drain = |stderr: &mut ChildStderr| stderr.read_to_string(&mut String::new()).expect("text");
    std::thread::scope(|scope| {
        scope.spawn(|| drain(&mut told));
        scope.spawn(|| drain(&mut other));
    });
    let most = Duration::from_secs(60);
    assert_eq!((ends(&mut one, most), ends(&mut two, most)), (0, 0));
    let [one, two] = [&lab.runs()[0], &lab.runs()[1]].map(|run| outcome(run));
    assert_eq!(one.clone().wherever(), two.clone().wherever());
    for (one, two) in one.hits().into_iter().zip(two.hits()) {
        assert!(one != two, "one of them computes");
    }
    assert_eq!(lab.objects("object.json").len(), 3);
}

#[test]
fn a_run_that_waits_ends_at_once_when_it_is_asked_to() {
    let lab = Lab::new();
    let (mut one, _told) = begin(&lab, &LONG, "teacher: cnn");
    let (mut two, _other) = begin(&lab, &LONG, "another run computes it");
    let begun = Instant::now();
    signal(&two, "INT");
    assert_eq!(ends(&mut two, Duration::from_secs(5)), 130);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    one.kill().and_then(|()| one.wait()).expect("a process");
}

#[test]
fn a_run_that_waits_takes_over_from_one_that_was_killed() {
    let lab = Lab::new();
    let (mut one, _told) = begin(&lab, &SHORT, "teacher: cnn");
    let (mut two, mut other) = begin(&lab, &SHORT, "another run computes it");
    one.kill().and_then(|()| one.wait()).expect("a process");
    other.read_to_string(&mut String::new()).expect("text");
    assert_eq!(ends(&mut two, Duration::from_secs(60)), 0);
    let second = lab.outcome();
    assert_eq!(second.hits(), [false; 3]);
    // The first one gives the same when it goes on.
    let first = lab.runs()[0].display().to_string();
    lab.still(&["resume", &first]).good();
    assert_eq!(outcome(&lab.runs()[0]).wherever().stages, second.wherever().stages);
}

#[test]
fn runs_that_begin_in_the_same_second_have_names_of_their_own() {
    let lab = Lab::new();
    let mut all: Vec<Child> = (0..6).map(|_| lab.begin(&["run", "lab.rhai", "--new"])).collect();
    for child in &mut all {
        assert_eq!(ends(child, Duration::from_secs(60)), 0);
    }
    assert_eq!(lab.runs().len(), 6);
    for run in lab.runs() {
        assert_eq!(events(&run, 0).iter().filter(|event| event["event"] == "run").count(), 1);
        assert_eq!(outcome(&run).hashes(), super::lab::undisturbed().hashes());
    }
}

#[test]
fn a_run_that_lives_is_not_resumed_by_another_process() {
    let lab = Lab::new();
    let (mut one, _told) = begin(&lab, &LONG, "teacher: cnn");
    until("a checkpoint", || !lab.checkpoints("teacher").is_empty());
    one.kill().and_then(|()| one.wait()).expect("a process");
    let (mut one, _told) = begin(&lab, &["resume", "last"], "teacher: cnn");
    let ran = lab.still(&["resume", "last"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(
        ran.error().contains(&format!("opening the run '{}': it is running", lab.name())),
        "{}",
        ran.err
    );
    one.kill().and_then(|()| one.wait()).expect("a process");
}
