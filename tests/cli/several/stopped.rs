//! Several runs that are stopped, killed, or edited.

use super::{command, events, recipe, runs, sandbox, still, weights};
use crate::support::Sandbox;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Long enough that something can be done to it.
const LONG: [&str; 6] = ["--seeds", "0..2", "--jobs", "2", "--set", "epochs=4000"];

fn begin(sandbox: &Sandbox, more: &[&str]) -> Child {
    let mut command = command(sandbox, more);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary")
}

#[track_caller]
fn until(what: &str, is: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until two runs are in the middle of a stage.
fn under_way(sandbox: &Sandbox) {
    let trains = |run: &PathBuf| events(run).iter().any(|event| event["event"] == "epoch");
    until("two runs", || runs(sandbox).iter().filter(|run| trains(run)).count() == 2);
}

fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status();
    assert!(sent.expect("kill").success());
}

/// The processes that a process began, by their command lines.
#[cfg(target_os = "linux")]
fn children(parent: u32) -> Vec<(u32, String)> {
    let processes = std::fs::read_dir("/proc").expect("processes").flatten();
    let of = |name: String| -> Option<(u32, String)> {
        let pid: u32 = name.parse().ok()?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let above: u32 = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
        (above == parent).then(|| (pid, line.replace('\0', " ")))
    };
    processes.filter_map(|entry| of(entry.file_name().to_string_lossy().to_string())).collect()
}

fn last_event(run: &Path) -> String {
    let all = events(run);
    all.last().and_then(|event| event["event"].as_str()).unwrap_or_default().to_string()
}

#[cfg(unix)]
#[test]
fn signals_stop_all_with_a_checkpoint_and_the_same_command_goes_on() {
    for name in ["INT", "TERM"] {
        let sandbox = sandbox();
        let child = begin(&sandbox, &LONG);
        under_way(&sandbox);
        signal(child.id(), name);
        let ran = sandbox.finish(child.wait_with_output().expect("a process"));
        assert_eq!(ran.code, 130, "{}", ran.err);
        let begun = runs(&sandbox);
        assert_eq!(begun.len(), 2, "the third did not begin");
        for run in &begun {
            assert_eq!(last_event(run), "interrupted");
            assert!(run.join("checkpoints").read_dir().expect("checkpoints").next().is_some());
        }
        assert!(ran.err.contains("stopping: 2 runs make a checkpoint"), "{}", ran.err);
        assert!(ran.err.contains("stopped by a signal with 3 runs to go"), "{}", ran.err);
        let going_on = begin(&sandbox, &LONG);
        until("both go on", || {
            begun.iter().all(|run| {
                let all = events(run);
                let stages: Vec<&Value> = all.iter().filter(|it| it["event"] == "stage").collect();
                stages.len() > 1
                    && stages.last().is_some_and(|stage| stage["step"].as_u64() > Some(0))
            })
        });
        signal(going_on.id(), name);
        assert_eq!(going_on.wait_with_output().expect("a process").status.code(), Some(130));
        assert_eq!(runs(&sandbox).len(), 2, "no new run");
    }
}

#[cfg(unix)]
#[test]
fn what_was_stopped_gives_what_it_gives_undisturbed() {
    let whole = sandbox();
    let arguments = ["--seeds", "0..1", "--jobs", "2", "--set", "epochs=60"];
    still(&whole, &arguments).good();
    let cut = sandbox();
    let child = begin(&cut, &arguments);
    under_way(&cut);
    signal(child.id(), "INT");
    assert_eq!(child.wait_with_output().expect("a process").status.code(), Some(130));
    still(&cut, &arguments).good();
    assert_eq!(weights(&cut), weights(&whole));
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_that_is_killed_is_told_and_the_others_end() {
    let sandbox = sandbox();
    let child = begin(&sandbox, &["--seeds", "0..2", "--jobs", "2", "--set", "epochs=300"]);
    under_way(&sandbox);
    let all = children(child.id());
    let (pid, _) = all.iter().find(|(_, line)| line.contains("--seed=1")).expect("the process");
    signal(*pid, "KILL");
    let ran = sandbox.finish(child.wait_with_output().expect("a process"));
    assert_eq!(ran.code, 130, "{}", ran.err);
    assert!(ran.err.contains("seed 1: failed"), "{}", ran.err);
    assert!(ran.err.contains("its process is gone: signal: 9"), "{}", ran.err);
    assert!(ran.err.contains("1 run failed: seed 1"), "{}", ran.err);
    for label in ["seed 0", "seed 2"] {
        assert!(ran.err.contains(&format!("{label}: ended after")), "{}", ran.err);
    }
    let words = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("teacher 2 "), "{}", ran.out);
}

#[cfg(target_os = "linux")]
#[test]
fn where_the_process_above_is_killed_the_runs_make_checkpoints_and_end() {
    let sandbox = sandbox();
    let mut child = begin(&sandbox, &LONG);
    under_way(&sandbox);
    let all = children(child.id());
    assert_eq!(all.len(), 2, "{all:?}");
    child.kill().and_then(|()| child.wait()).expect("a process");
    until("both are stopped", || runs(&sandbox).iter().all(|run| last_event(run) == "interrupted"));
    until("both are gone", || {
        all.iter().all(|(pid, _)| {
            // An orphan that nobody waits for stays as a zombie.
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.is_empty() || stat.contains(") Z ")
        })
    });
}

#[test]
fn a_recipe_that_is_edited_meanwhile_is_warned_of() {
    let sandbox = sandbox();
    let child = begin(&sandbox, &["--seeds", "0..1", "--jobs", "1", "--set", "epochs=300"]);
    until("the first run", || runs(&sandbox).iter().any(|run| last_event(run) == "epoch"));
    sandbox.write("recipe.rhai", recipe().replace("arg(\"lambda\", 0.5)", "arg(\"lambda\", 0.7)"));
    let ran = sandbox.finish(child.wait_with_output().expect("a process"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("warning: the recipe was edited while these ran"), "{}", ran.err);
}
