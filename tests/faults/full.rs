//! A disk that is full, once or for good, at every kind of write.

use super::lab::{Lab, undisturbed};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Fills the disk at every `stride`-th write; `ending` is `+` where it stays full.
fn walk(ending: &str, stride: usize) {
    let at = AtomicUsize::new(1);
    let (well, badly) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let walk = || {
        loop {
            let n = at.fetch_add(stride, Ordering::Relaxed);
            let lab = Lab::new();
            let ran = lab.run_with(&format!("{n}{ending}"), 3);
            let what = format!("write {n}{ending}: {} {}", ran.code, ran.err);
            assert!(!ran.err.contains("error[internal]") && !ran.err.contains("panick"), "{what}");
            if ran.code == 0 {
                if !ran.err.contains("No space left") {
                    return n;
                }
                well.fetch_add(1, Ordering::Relaxed);
                assert!(ran.err.contains("warning: "), "{what}");
                assert_eq!(&lab.outcome(), undisturbed(), "{what}");
            } else {
                badly.fetch_add(1, Ordering::Relaxed);
                assert!(ran.err.contains("error[file]"), "{what}");
                assert!(ran.err.contains("No space left on device"), "{what}");
            }
            let again = lab.run(3, &[]);
            assert_eq!(again.code, 0, "{what}\nagain: {}", again.err);
            assert!(!again.err.contains("damaged"), "{what}\nagain: {}", again.err);
            let expected = undisturbed().clone().wherever();
            assert_eq!(lab.outcome().wherever(), expected, "{what}\nagain: {}", again.err);
            // Now the store has all of it.
            assert_eq!(lab.run(3, &["--new"]).good().code, 0);
            assert_eq!(lab.outcome().hits(), [true; 3], "{what}\nagain: {}", again.err);
        }
    };
    std::thread::scope(|scope| {
        let walks = [scope.spawn(walk), scope.spawn(walk)];
        for walk in walks {
            walk.join().expect("a walk");
        }
    });
    eprintln!("full{ending}: {well:?} runs ended well, {badly:?} with an error");
}

#[test]
fn a_disk_that_is_full_once_costs_no_result() {
    walk("", 5);
}

#[test]
fn a_disk_that_stays_full_costs_no_result() {
    walk("+", 5);
}

#[test]
#[ignore = "a minute; see docs/src/dev/testing.md"]
fn a_disk_that_is_full_at_any_write_costs_no_result() {
    walk("", 1);
    walk("+", 1);
}
