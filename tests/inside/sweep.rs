//! When graphs are swept, in a time of its own: nothing here waits.

use std::time::Duration;
use stillroom::tensor::inside::Swept;

/// A loop that makes nodes, as it goes on.
#[derive(Default)]
struct Loop {
    swept: Swept,
    /// Since the last sweep.
    made: u64,
    passed: f64,
    /// Nodes that somebody holds, and that nobody does.
    held: f64,
    dropped: f64,
    /// Nodes a second, in millions.
    rate: f64,
    /// How slow and uneven the machine is: a look takes so many times as long, now and then.
    slow: f64,
    turns: u64,
    /// Seconds of all sweeps, and the most that was dropped at one moment.
    looking: f64,
    most_dropped: f64,
}

impl Loop {
    /// Makes nodes of so many bytes each, ten at a time, 8 µs each.
    fn make(&mut self, count: usize, bytes: u64, held: bool) {
        for _ in 0..count / 10 {
            self.made += 10;
            self.passed += 1e-5 / if self.rate > 0.0 { self.rate } else { 0.125 };
            *(if held { &mut self.held } else { &mut self.dropped }) += 10.0;
            self.most_dropped = self.most_dropped.max(self.dropped);
            let passed = Duration::from_secs_f64(self.passed);
            if !self.swept.is_early(self.made, self.made * bytes, passed) {
                self.turns =
                    self.turns.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let uneven = 1.0 + self.slow * (self.turns >> 40) as f64 / (1u64 << 24) as f64;
                let look = (3e-5 + self.held * 1e-6) * uneven;
                self.looking += 2.0 * look;
                self.swept = self.swept.then(Duration::from_secs_f64(look));
                (self.made, self.passed, self.dropped) = (0, 0.0, 0.0);
            }
        }
    }
}

#[test]
fn what_is_dropped_is_freed_soon() {
    let mut own = Loop::default();
    own.make(1_000_000, 64, false);
    assert!(own.most_dropped <= 20_010.0, "{}", own.most_dropped);
    assert!(own.looking < 0.1 * 8.0, "{} s", own.looking);
    // Beside a network.
    own.held = 2_000.0;
    own.most_dropped = 0.0;
    own.make(1_000_000, 64, false);
    assert!(own.most_dropped <= 20_010.0, "{}", own.most_dropped);
}

#[test]
fn a_slow_and_uneven_machine_frees_as_well() {
    for (slow, rate) in [(0.0, 1.0), (0.5, 1.0), (3.0, 0.3), (3.0, 1.0), (6.0, 0.1), (6.0, 1.0)] {
        let mut own = Loop { slow, rate, ..Loop::default() };
        own.make(1_000_000, 64, false);
        assert!(own.most_dropped <= 20_010.0, "{slow}, {rate}: {}", own.most_dropped);
        // Beside a network.
        let mut own = Loop { slow, rate, held: 1_000.0, ..Loop::default() };
        own.make(1_000_000, 64, false);
        assert!(own.most_dropped <= 60_000.0, "{slow}, {rate}: {}", own.most_dropped);
    }
}

#[test]
fn a_long_graph_is_not_looked_through_again_and_again() {
    let mut own = Loop::default();
    own.make(1_000_000, 64, true);
    // Eight seconds of work. A sweep every 20,000 nodes would take half an hour.
    assert!(own.looking < 8.0, "{} s", own.looking);
}

#[test]
fn after_a_long_graph_memory_stays_bounded() {
    let mut own = Loop::default();
    own.make(1_000_000, 64, true);
    own.dropped += std::mem::take(&mut own.held);
    own.most_dropped = 0.0;
    own.make(5_000_000, 64, false);
    // About a GiB, and the graph itself.
    assert!(own.most_dropped < 2_100_000.0, "{}", own.most_dropped);
    own.most_dropped = 0.0;
    own.make(1_000_000, 64, false);
    assert!(own.most_dropped <= 20_010.0, "{}: what was long is forgotten", own.most_dropped);
    // Larger tensors count by their bytes.
    let mut own = Loop::default();
    own.make(100_000, 64, true);
    own.dropped += std::mem::take(&mut own.held);
    own.make(100_000, 1 << 20, false);
    assert!(own.most_dropped < 103_000.0, "{}", own.most_dropped);
    let mut own = Loop::default();
    own.make(1_000, 100 << 20, false);
    assert!(own.most_dropped <= 20.0, "{}: of very large ones a few are much", own.most_dropped);
}
