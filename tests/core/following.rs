//! Runs that are followed: journals that come in pieces, are cut, replaced, or vanish.

use crate::support::Sandbox;
use crate::support::past::{THEN, ended};
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use stillroom::disk::Lock;
use stillroom::run::{Following, Happening, State};

const JOURNAL: &str = "home/runs/1_a/events.jsonl";

fn line(event: Value) -> String {
    let mut event = event;
    event["at"] = json!(THEN);
    format!("{event}\n")
}

fn head() -> String {
    line(json!({ "event": "run", "recipe": "a.rhai", "seed": 7, "set": { "tau": "2" } }))
}

fn stage(step: u64) -> String {
    line(json!({ "event": "stage", "stage": "teacher", "kind": "train", "epochs": 4, "steps": 12,
                 "clips": { "train": 24, "test": 8 }, "spec": { "model": "cnn" }, "step": step }))
}

fn epoch(epoch: u64, accuracy: f64) -> String {
    line(json!({ "event": "epoch", "stage": "teacher", "epoch": epoch, "step": 3 * epoch,
                 "loss": 2.0 / epoch as f64, "accuracy": accuracy, "lr": 0.001, "lambda": null,
                 "logged": [["gap", 0.5]] }))
}

struct Scene {
    sandbox: Sandbox,
}

impl Scene {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.write(JOURNAL, "");
        Scene { sandbox }
    }

    fn folder(&self) -> PathBuf {
        self.sandbox.file("home/runs/1_a")
    }

    fn add(&self, text: impl AsRef<[u8]>) {
        let path = self.sandbox.file(JOURNAL);
        let mut file = OpenOptions::new().append(true).open(path).expect("the journal");
        file.write_all(text.as_ref()).expect("written");
    }

    fn lock(&self) -> Lock {
        Lock::try_take(&self.folder().join("run.lock")).expect("a file").expect("a free lock")
    }
}

fn accuracies(following: &Following) -> Vec<f64> {
    let courses = following.picture().courses();
    let epochs = courses.first().map(|course| course.epochs.as_slice()).unwrap_or_default();
    epochs.iter().filter_map(|epoch| epoch.accuracy).collect()
}

#[test]
fn a_journal_that_comes_byte_by_byte_gives_what_it_gives_at_once() {
    let edit = json!({ "event": "edit", "stage": "teacher", "step": 4, "version": 1,
                       "outcome": "rejected", "functions": [], "message": "error: no\u{2028} λ" });
    let pause = json!({ "event": "paused", "stage": "teacher", "step": 5, "message": "it threw" });
    let whole = [head(), stage(0), epoch(1, 0.25), line(edit), epoch(2, 0.5), line(pause)].concat();
    let scene = Scene::new();
    let mut following = Following::open(&scene.folder());
    assert!(!following.poll());
    let mut news = 0;
    for byte in whole.as_bytes() {
        scene.add([*byte]);
        let changed = following.poll();
        assert_eq!(changed, *byte == b'\n', "a line counts when it is whole");
        news += usize::from(changed);
    }
    assert_eq!((news, following.picture().told()), (6, 6));
    let at_once = Following::open(&scene.folder());
    assert_eq!(at_once.picture().courses(), following.picture().courses());
    assert!(at_once.picture().log().eq(following.picture().log()));
    let picture = following.picture();
    assert_eq!(picture.seed, Some(7));
    let course = picture.current().expect("a stage that has not ended");
    assert_eq!((course.stage.test_clips, course.steps_planned), (Some(8), Some(12)));
    assert_eq!(course.epochs[1].logged, [("gap".to_string(), 0.5)]);
    assert_eq!(picture.edits[0].message.as_deref(), Some("error: no\u{2028} λ"));
    assert_eq!(picture.pause.as_ref().map(|pause| pause.step), Some(5));
    // Nobody holds the run.
    assert_eq!(following.state(), State::Stopped);
    let held = scene.lock();
    assert!(following.poll());
    assert_eq!(following.state(), State::Paused);
    drop(held);
    assert!(following.poll());
    assert_eq!(following.state(), State::Stopped);
}

#[test]
fn only_what_is_new_is_read() {
    let scene = Scene::new();
    scene.add([head(), stage(0), epoch(1, 0.25)].concat());
    let mut following = Following::open(&scene.folder());
    // What is far before the end is not looked at again: an epoch that is changed there changes nothing.
    let text = scene.sandbox.read(JOURNAL);
    let before = text.replace("\"seed\":7", "\"seed\":9");
    assert_ne!(text, before);
    scene.sandbox.write(JOURNAL, before);
    scene.add(epoch(2, 0.5));
    assert!(following.poll());
    assert_eq!(accuracies(&following), [0.25, 0.5]);
    assert_eq!(following.picture().seed, Some(7));
    let new: Vec<_> = following.picture().log_since(3).map(|entry| &entry.what).collect();
    assert_eq!(new, [&Happening::Epoch { stage: "teacher".into(), step: 6 }]);
    assert_eq!(following.picture().log_since(4).count(), 0);
}

#[test]
fn a_journal_that_is_cut_or_replaced_is_read_anew() {
    let scene = Scene::new();
    scene.add([head(), stage(0), epoch(1, 0.25), epoch(2, 0.5)].concat());
    let mut following = Following::open(&scene.folder());
    // Shorter.
    scene.sandbox.write(JOURNAL, [head(), stage(0)].concat());
    assert!(following.poll());
    assert!(accuracies(&following).is_empty());
    // Longer, but another one.
    let other = [head(), stage(0), epoch(1, 0.75), epoch(2, 0.8), epoch(3, 0.9)].concat();
    scene.sandbox.write(JOURNAL, other.replace("a.rhai", "b.rhai"));
    assert!(following.poll());
    assert_eq!(accuracies(&following), [0.75, 0.8, 0.9]);
    assert_eq!(following.picture().recipe.as_deref(), Some("b.rhai"));
    assert!(!following.poll());
}

#[test]
fn a_half_line_that_is_taken_back_does_no_harm() {
    let scene = Scene::new();
    scene.add([head(), stage(0)].concat());
    let mut following = Following::open(&scene.folder());
    let whole = scene.sandbox.read(JOURNAL);
    scene.add(&epoch(1, 0.25)[..30]);
    assert!(!following.poll());
    // A full disk: the journal takes it back, and the same line comes later.
    scene.sandbox.write(JOURNAL, whole);
    assert!(!following.poll());
    scene.add(epoch(1, 0.5));
    assert!(following.poll());
    // A kill in the middle of a line: the next process begins on a new one.
    scene.add(&epoch(2, 0.6)[..30]);
    scene.add("\n");
    scene.add("\u{0}\u{0}{}[]\n");
    scene.add(epoch(2, 0.7));
    assert!(following.poll());
    assert_eq!(accuracies(&following), [0.5, 0.7]);
}

#[test]
fn a_line_without_end_is_passed_over() {
    let scene = Scene::new();
    scene.add([head(), stage(0)].concat());
    let mut following = Following::open(&scene.folder());
    scene.add(vec![b'x'; 40 << 20]);
    following.poll();
    assert!(!following.poll());
    scene.add("x\n");
    scene.add(epoch(1, 0.5));
    assert!(following.poll());
    assert_eq!(accuracies(&following), [0.5]);
}

#[test]
fn a_run_that_vanishes_leaves_its_picture() {
    let scene = Scene::new();
    scene.add([head(), stage(0), epoch(1, 0.25)].concat());
    let mut following = Following::open(&scene.folder());
    std::fs::remove_dir_all(scene.folder()).expect("removed");
    assert!(following.poll());
    assert!(following.is_gone() && !following.poll());
    assert_eq!(accuracies(&following), [0.25]);
    // It comes back, as another one.
    scene.sandbox.write(JOURNAL, [head(), stage(0)].concat());
    assert!(following.poll());
    assert!(!following.is_gone() && accuracies(&following).is_empty());
}

#[test]
fn what_is_told_again_counts_once() {
    let scene = Scene::new();
    scene.add([head(), stage(0), epoch(1, 0.25), epoch(2, 0.5), epoch(3, 0.6)].concat());
    let mut following = Following::open(&scene.folder());
    // Going on from step 6: the third epoch is done again.
    scene.add([line(json!({ "event": "resumed" })), stage(6)].concat());
    following.poll();
    assert_eq!(accuracies(&following), [0.25, 0.5]);
    scene.add([epoch(3, 0.7)].concat());
    following.poll();
    assert_eq!(accuracies(&following), [0.25, 0.5, 0.7]);
    scene.add(ended().map(line).concat());
    following.poll();
    let course = &following.picture().courses()[0];
    assert_eq!((course.stage.done, course.stage.accuracy), (true, Some(0.75)));
    assert_eq!(following.state(), State::Ended);
    assert!(following.picture().current().is_none());
}

#[test]
fn epochs_of_a_stage_from_the_store_stand_in_the_table() {
    let scene = Scene::new();
    let table = "stage,epoch,step,loss,test_loss,accuracy,map,lr,lambda,tau,clips_per_second,\
                 waiting,seconds,gap\nteacher,1,3,2,2.5,0.25,,0.001,,,10.0,0.5,1.0,\n\
                 teacher,2,6,1,1.5,0.5,,0.001,0.5,2,10.0,0.5,1.0,3\nother,1,3,1,1,1,,1,,,1,1,1,\n";
    scene.sandbox.write("home/runs/1_a/metrics.csv", table);
    let mut following = Following::open(&scene.folder());
    let hit = json!({ "event": "store_hit", "stage": "teacher", "name": "teacher", "steps": 6,
                      "accuracy": 0.5, "best_accuracy": 0.5, "from_store": true });
    scene.add([head(), line(hit)].concat());
    assert!(following.poll());
    let course = &following.picture().courses()[0];
    assert!(course.stage.from_store && course.stage.done);
    assert_eq!(accuracies(&following), [0.25, 0.5]);
    assert_eq!((course.epochs[1].lambda, course.epochs[1].tau), (Some(0.5), Some(2.0)));
    assert_eq!(course.epochs[0].logged, []);
    assert_eq!(course.epochs[1].logged, [("gap".to_string(), 3.0)]);
    assert_eq!(course.summary().curve, [0.25, 0.5]);
    assert_eq!(following.picture().courses().len(), 1);
}

#[test]
fn between_epochs_live_json_tells_where_the_stage_is() {
    let scene = Scene::new();
    let held = scene.lock();
    scene.add([head(), stage(0), epoch(1, 0.25)].concat());
    let live = |stage: &str, step: u64, at: &str| {
        let told = json!({ "at": at, "stage": stage, "step": step, "steps": 12, "epoch": 2,
                           "epochs": 4, "loss": 1.5, "lr": 0.001, "lambda": null, "tau": "inf",
                           "clips_per_second": 80.0, "waiting": 0.01, "seconds_left": 12.5,
                           "from": 0, "every": 2, "losses": [2.0, 1.5] });
        scene.sandbox.write("home/runs/1_a/live.json", told.to_string());
    };
    let mut following = Following::open(&scene.folder());
    assert_eq!(following.live(), None);
    live("teacher", 4, THEN);
    assert!(following.poll());
    let now = following.live().expect("a step").clone();
    assert_eq!((now.step, now.tau, now.lambda), (4, Some(f64::INFINITY), None));
    assert_eq!(now.course(64).collect::<Vec<_>>(), [(1.0, 2.0), (3.0, 1.5)]);
    assert_eq!(now.course(1).collect::<Vec<_>>(), [(2.0, 1.75)]);
    assert!(!following.poll());
    // Of another stage, of a step before the last epoch, of an earlier process, garbled.
    for (stage, step, at) in
        [("student", 4, THEN), ("teacher", 2, THEN), ("teacher", 4, "2026-01-01T00:00:00Z")]
    {
        live(stage, step, at);
        following.poll();
        assert_eq!(following.live(), None, "{stage} {step} {at}");
        // Only the losses of its steps may be some steps behind.
        assert_eq!(following.trail().is_some(), (stage, at) == ("teacher", THEN));
    }
    scene.sandbox.write("home/runs/1_a/live.json", "{\"stage\":");
    following.poll();
    assert_eq!(following.live(), None);
    live("teacher", 5, THEN);
    following.poll();
    assert!(following.live().is_some());
    // The process is gone: what it left is stale.
    drop(held);
    assert!(following.poll());
    assert_eq!(following.live(), None);
}
