//! How long scripts may go on.

use std::time::Duration;
use stillroom::script::Meter;

/// Looks every `every` seconds, `times` times; how often it did until it was told to end.
fn looks(meter: &Meter, from: u64, every: u64, times: u64) -> Option<u64> {
    (1..=times).find(|n| meter.look_at(Duration::from_secs(from + n * every)).is_some())
}

#[test]
fn a_loop_of_long_calls_ends_after_an_hour() {
    let meter = Meter::default();
    assert_eq!(looks(&meter, 0, 10, 500), Some(361));
    // Progress begins it anew, and any number of operations is any time.
    meter.progress();
    assert_eq!(looks(&meter, 5000, 10, 300), None);
    assert_eq!(looks(&Meter::new(0), 0, 10, 500), None);
}

#[test]
fn one_call_may_take_days() {
    let meter = Meter::default();
    assert_eq!(looks(&meter, 0, 100_000, 59), None);
}
