//! Kill −9, at random instants and in every write.

use super::lab::{Lab, events, undisturbed};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};
use stillroom::tensor::random::Stream;

/// Goes on after a kill until the run ends, and compares.
#[track_caller]
fn goes_on(lab: &Lab, steps: usize, what: &str) {
    let ran = lab.run(steps, &[]);
    assert_eq!(ran.code, 0, "{what}: {}", ran.err);
    assert_eq!(&lab.outcome(), undisturbed(), "{what}: {}", ran.err);
    events(&lab.last(), 9);
}

/// Whether the newest run came to its end.
fn ended(lab: &Lab) -> bool {
    let journal = lab.runs().last().map(|run| run.join("events.jsonl"));
    journal.is_some_and(|path| path.exists())
        && events(&lab.last(), 9).iter().any(|event| event["event"] == "end")
}

/// Kills runs at random instants, each several times until it ends.
fn random(kills: usize) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time").as_nanos();
    let seed = std::env::var("STILL_TEST_SEED").ok().and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or(now as u64);
    eprintln!("STILL_TEST_SEED={seed}");
    let begun = Instant::now();
    Lab::new().run(1, &[]).good();
    let whole = begun.elapsed().as_secs_f64();
    let mut random = Stream::new(seed, "kills", &[]);
    let (mut done, mut runs) = (0, 0);
    while done < kills {
        let lab = Lab::new();
        let steps = 1 + random.below(5);
        let args = ["run", "lab.rhai", "--checkpoint-steps", &steps.to_string()].map(String::from);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        // Few instants a run, so that it comes to its later stages.
        for _ in 0..3 {
            let mut child = lab.begin(&args);
            std::thread::sleep(Duration::from_secs_f64(random.uniform() * whole * 0.9));
            child.kill().expect("a process");
            let whole = child.wait().expect("a process").success();
            done += usize::from(!whole);
            // It may have died after its last line, too.
            if whole || ended(&lab) {
                break;
            }
        }
        runs += 1;
        if !ended(&lab) {
            goes_on(&lab, steps, &format!("seed {seed}, kill {done}"));
        }
        assert_eq!(&lab.outcome(), undisturbed(), "seed {seed}, kill {done}");
    }
    eprintln!("{done} kills in {runs} runs, {:.1} s", begun.elapsed().as_secs_f64());
}

#[test]
fn a_run_that_was_killed_at_random_instants_gives_the_same() {
    random(12);
}

#[test]
#[ignore = "half a minute; see docs/src/dev/testing.md"]
fn a_hundred_kills() {
    random(100);
}

/// Kills a run in every `stride`-th write, and goes on.
fn in_writes(steps: usize, stride: usize) {
    let at = AtomicUsize::new(1);
    let walk = || {
        loop {
            let n = at.fetch_add(stride, Ordering::Relaxed);
            let lab = Lab::new();
            let ran = lab.run_with(&format!("{n}!"), steps);
            if ran.code == 0 {
                return n;
            }
            match ended(&lab) {
                true => assert_eq!(&lab.outcome(), undisturbed(), "write {n}"),
                false => goes_on(&lab, steps, &format!("killed in write {n}")),
            }
        }
    };
    let writes = std::thread::scope(|scope| {
        let walks = [scope.spawn(walk), scope.spawn(walk)];
        walks.map(|walk| walk.join().expect("a walk")).into_iter().min()
    });
    assert!(writes.is_some_and(|writes| writes > 80), "{writes:?} writes");
    eprintln!("killed in each of {writes:?} writes");
}

#[test]
fn a_run_that_was_killed_in_any_write_gives_the_same() {
    in_writes(4, 2);
}

#[test]
#[ignore = "a minute; see docs/src/dev/testing.md"]
fn a_run_that_was_killed_in_every_write_gives_the_same() {
    in_writes(1, 1);
}
