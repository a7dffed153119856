//! The values that runs are begun for: `1..5`, `0,2,7`, `0.1,0.5`.

use crate::error::{Error, Kind, Result};

/// More runs than anybody waits for.
pub(super) const MOST: usize = 1000;

/// The values of a list, in its order; `1..5` are the numbers from 1 to 5, both with it. `numbers` says that all must be whole numbers.
///
/// # Errors
/// No value, one twice, one that is no number where all must be, a range that goes down, too many.
pub fn values(option: &str, text: &str, numbers: bool) -> Result<Vec<String>> {
    let wrong = |problem: &str, received: &str| {
        let expected = match numbers {
            true => "whole numbers from 0 on: 1..5 (with both ends) or 1,3,5",
            false => "values with commas between them, or 1..5 (with both ends)",
        };
        Error::new(Kind::Usage, option, problem)
            .expected(expected)
            .received(format!("'{received}'"))
    };
    let number = |text: &str| text.parse::<u64>().ok().filter(|number| *number <= i64::MAX as u64);
    let mut all: Vec<String> = Vec::new();
    for piece in text.split(',').map(str::trim) {
        let range = piece
            .split_once("..")
            .map(|(first, last)| (number(first), number(last.strip_prefix('=').unwrap_or(last))));
        match (range, number(piece)) {
            _ if piece.is_empty() => return Err(wrong("a value is missing", text)),
            (Some((Some(first), Some(last))), _) => {
                if first > last {
                    return Err(wrong("the range goes down", piece));
                }
                if last - first >= MOST as u64 {
                    return Err(wrong(&format!("more than {MOST} runs"), piece));
                }
                all.extend((first..=last).map(|number| number.to_string()));
            }
            // What is told to the recipe stands as it was typed, a path among others.
            (_, None) if !numbers => all.push(piece.to_string()),
            (None, Some(_)) if !numbers => all.push(piece.to_string()),
            (None, Some(number)) => all.push(number.to_string()),
            _ => return Err(wrong("this is no whole number", piece)),
        }
    }
    for (place, value) in all.iter().enumerate() {
        if all[..place].contains(value) {
            return Err(wrong(&format!("{value} is named twice"), text));
        }
    }
    Ok(all)
}
