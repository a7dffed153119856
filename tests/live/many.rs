//! Many edits in one run: each in force in its turn, and memory and file handles level.

use super::runner::{Manner, STAGE, doing, run_in};
use crate::support::Sandbox;
use std::time::Duration;
use stillroom::recipe::Patience;

/// Set for the process of its own in which memory is measured: the number of edits.
const CHILD: &str = "STILL_TEST_EDITS";

/// One edit a step, as soon as the one before is in force: pages in memory and open files after each.
fn edit(count: usize) -> Vec<(usize, usize)> {
    let epochs = format!("epochs: {}", count / 4 + 2);
    let recipe = format!("{}fn lr(ctx) {{ 0.0001 }}\n", STAGE.replace("epochs: 3", &epochs));
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", &recipe);
    let millis = Duration::from_millis;
    let manner = Manner {
        patience: Patience { look: millis(2), rest: millis(4), refuse: millis(8) },
        settle: millis(20),
        ..Manner::default()
    };
    let used = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let edits = (1..=count).map(|step| {
        let (used, text) = (used.clone(), recipe.clone());
        let text = text.replace("0.0001", &format!("0.0001 + {step} * 1e-9"));
        doing(step, move |sandbox| {
            sandbox.write("recipe.rhai", &text);
            used.lock().expect("not poisoned").push(measured());
        })
    });
    let run = run_in(sandbox, manner, edits.collect()).good();
    let seen: Vec<(usize, &str)> = run.outcomes();
    // A save that was not seen in time is seen with the next one.
    let in_force = seen.iter().filter(|(_, outcome)| *outcome == "in force").count();
    assert_eq!(in_force, seen.len(), "{seen:?}");
    assert!(in_force > count * 9 / 10, "{in_force} of {count}");
    let last = run.shown.rates.last().expect("a step");
    assert_eq!(*last, 0.0001 + count as f64 * 1e-9);
    used.lock().expect("not poisoned").clone()
}

/// Pages in memory, and open files, of this process.
fn measured() -> (usize, usize) {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split_whitespace().nth(1)?.parse().ok());
    let handles = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    (pages.unwrap_or(0), handles)
}

/// Runs the test `child` in a process of its own, where no other test takes memory.
fn in_a_process(count: usize) {
    let test = std::env::current_exe().expect("this binary");
    let ran = std::process::Command::new(test)
        .args(["--exact", "live::many::child", "--nocapture", "--test-threads", "1"])
        .env(CHILD, count.to_string())
        .output()
        .expect("this binary");
    let text = String::from_utf8_lossy(&ran.stdout).to_string();
    assert!(ran.status.success(), "{text}{}", String::from_utf8_lossy(&ran.stderr));
    println!("{text}");
}

#[test]
fn child() {
    let Some(count) = std::env::var(CHILD).ok().and_then(|text| text.parse().ok()) else { return };
    let used = edit(count);
    // The first third warms up: caches fill, and the allocator takes what it keeps.
    let (start, end) = (used[count / 3], used[count - 1]);
    let grown = (end.0 as f64 - start.0 as f64) * 4096.0 / 1e6;
    let megabytes = end.0 as f64 * 4096.0 / 1e6;
    let handles = end.1;
    println!("{count} edits: {megabytes:.0} MB, {grown:.1} MB of it new, and {handles} handles");
    assert!(end.1 <= start.1, "{} file handles, then {}", start.1, end.1);
    assert!(grown < 8.0, "{grown:.1} MB more");
}

#[test]
fn three_hundred_edits_take_no_memory_and_no_handles() {
    in_a_process(300);
}

/// `cargo test --release ten_thousand -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes"]
fn ten_thousand_edits_take_no_memory_and_no_handles() {
    in_a_process(10_000);
}
