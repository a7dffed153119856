//! What several augmentations are given: ranges, rates, names of a choice.

use crate::augment::Range;
use crate::error::{Error, Kind, Result, unknown};
use crate::script::options::Options;
use crate::script::value;
use rhai::{Array, Dynamic};

/// What a range is, in messages.
const RANGE: &str = "a number, or the least and the greatest: [low, high]";

pub(super) fn outside(operation: &str, what: &str, wanted: &str, found: String) -> Error {
    Error::new(Kind::Range, operation, format!("{what} is out of range"))
        .expected(wanted)
        .received(found)
}

/// One number, or two in order, all within `least` to `most`.
pub(super) fn range_of(
    operation: &str,
    what: &str,
    given: &Dynamic,
    [least, most]: [f64; 2],
) -> Result<Range> {
    let range = match given.read_lock::<Array>() {
        None => {
            let number =
                value::number_of(operation, what, given).map_err(|error| error.expected(RANGE))?;
            Range::new(number, number)
        }
        Some(array) => match array.as_slice() {
            [low, high] => Range::new(
                value::number_of(operation, &format!("{what}[0]"), low)?,
                value::number_of(operation, &format!("{what}[1]"), high)?,
            ),
            _ => {
                let found = format!("an array of {}", array.len());
                return Err(outside(operation, what, RANGE, found));
            }
        },
    };
    let found = || format!("[{}, {}]", range.low, range.high);
    if range.low > range.high {
        return Err(outside(operation, what, "the least first: [low, high]", found()));
    }
    let fits = |number: f64| number.is_finite() && number >= least && number <= most;
    match fits(range.low) && fits(range.high) {
        true => Ok(range),
        false => Err(outside(operation, what, &format!("{least} to {most}"), found())),
    }
}

/// The range under a key, if it is there.
pub(super) fn range(
    options: &Options,
    key: &str,
    into: &mut Range,
    within: [f64; 2],
) -> Result<()> {
    if let Some(given) = options.get(key) {
        *into = range_of(options.operation(), &format!("'{key}'"), given, within)?;
    }
    Ok(())
}

/// Most of anything that is counted in a clip: more than there are bins.
const MOST: f64 = 4096.0;

/// Two whole numbers in order under a key, if they are there.
pub(super) fn counts(options: &Options, key: &str, into: &mut [usize; 2]) -> Result<()> {
    let mut range = Range::new(into[0] as f64, into[1] as f64);
    let Some(list) = options.list(key, value::count_of)? else { return Ok(()) };
    self::range(options, key, &mut range, [1.0, MOST])?;
    if let [low, high] = list.as_slice() {
        *into = [*low, *high];
    }
    Ok(())
}

/// A probability.
pub(super) fn rate_of(operation: &str, what: &str, given: &Dynamic) -> Result<f64> {
    let rate = value::number_of(operation, what, given)?;
    match (0.0..=1.0).contains(&rate) {
        true => Ok(rate),
        false => Err(outside(operation, what, "0 to 1", rate.to_string())),
    }
}

/// Replaces `into` by the number more than 0 under a key, if it is there.
pub(super) fn positive(options: &Options, key: &str, into: &mut f64) -> Result<()> {
    options.number(key, into)?;
    match *into > 0.0 && into.is_finite() {
        true => Ok(()),
        false => {
            let what = format!("'{key}'");
            Err(outside(options.operation(), &what, "more than 0", into.to_string()))
        }
    }
}

/// Replaces `into` by what a name under a key stands for, if it is there.
pub(super) fn choice<T: Copy>(
    options: &Options,
    key: &str,
    names: &[(&str, T)],
    into: &mut T,
) -> Result<()> {
    let Some(name) = options.text(key)? else { return Ok(()) };
    let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
    match names.iter().find(|(own, _)| *own == name) {
        Some((_, value)) => *into = *value,
        None => return Err(unknown(options.operation(), &format!("'{key}'"), &name, &known)),
    }
    Ok(())
}
