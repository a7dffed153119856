//! What options may be, and how it is said where they are not.

use crate::error::{Error, Kind, Result};

/// The longest FFT.
pub(super) const MOST_POINTS: usize = 1 << 20;

pub(super) fn whole(
    operation: &str,
    name: &str,
    value: usize,
    least: usize,
    most: usize,
) -> Result<()> {
    match (least..=most).contains(&value) {
        true => Ok(()),
        false => Err(Error::out_of_range(operation, name, format!("{least} to {most}"), value)),
    }
}

pub(super) fn number(operation: &str, name: &str, value: f64, least: f64, most: f64) -> Result<()> {
    // NaN lies in no range.
    match (least..=most).contains(&value) {
        true => Ok(()),
        false => Err(Error::out_of_range(operation, name, format!("{least} to {most}"), value)),
    }
}

pub(super) fn length_ms(operation: &str, name: &str, value: f64) -> Result<()> {
    match value > 0.0 && value <= 60_000.0 {
        true => Ok(()),
        false => Err(Error::out_of_range(operation, name, "more than 0, 60000 at most", value)),
    }
}

/// The band of a filter bank, as far as it does not depend on the rate.
pub(super) fn band(operation: &str, low_hz: f64, high_hz: f64) -> Result<()> {
    if !(low_hz >= 0.0 && low_hz.is_finite()) {
        return Err(Error::out_of_range(operation, "low_hz", "0 or more", low_hz));
    }
    match high_hz.is_finite() {
        true => Ok(()),
        false => Err(Error::out_of_range(
            operation,
            "high_hz",
            "a frequency, or 0 and less counted from half the sample rate",
            high_hz,
        )),
    }
}

/// The band at a rate: its ends in hertz.
pub(super) fn fitting(operation: &str, low_hz: f64, high_hz: f64, rate: f64) -> Result<[f64; 2]> {
    let half = rate / 2.0;
    let high = if high_hz > 0.0 { high_hz } else { half + high_hz };
    if high > half || low_hz >= high {
        let what = "'low_hz' and 'high_hz' do not fit the sample rate";
        return Err(Error::new(Kind::Range, operation, what)
            .expected(format!("low_hz below high_hz, and that at most {half} Hz"))
            .received(format!("{low_hz} to {high} Hz")));
    }
    Ok([low_hz, high])
}

/// Lengths of frame and hop in samples, which `frame_ms` and `hop_ms` gave.
pub(super) fn frame(
    operation: &str,
    ms: [f64; 2],
    [frame, hop]: [usize; 2],
    rate_hz: u32,
) -> Result<()> {
    if frame < 2 {
        let wanted = format!("2 samples at {rate_hz} Hz");
        return Err(Error::out_of_range(operation, "frame_ms", wanted, ms[0]));
    }
    if hop == 0 {
        return Err(Error::out_of_range(
            operation,
            "hop_ms",
            format!("a sample at {rate_hz} Hz"),
            ms[1],
        ));
    }
    points(operation, frame)
}

/// The length of an FFT.
pub(super) fn points(operation: &str, points: usize) -> Result<()> {
    match points <= MOST_POINTS {
        true => Ok(()),
        false => Err(Error::new(Kind::Range, operation, "a frame has too many samples")
            .expected(format!("{MOST_POINTS} at most"))
            .received(points.to_string())),
    }
}
