//! Patterns of parameter names: `head.*`, `blocks.0-5.*`, `{stem,head}.weight`.

use crate::error::{Error, Kind, Result};
use serde::{Serialize, Serializer};

/// A pattern that a whole parameter name must fit.
///
/// `*` stands for any characters, dots too, `?` for one; `{a,b}` for one of several texts, which may
/// have wildcards themselves; `0-5`, `[0-5]` and `[0,2,7-9]` for a whole number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Letter(char),
    One,
    Any,
    /// A whole number within one of these ranges, ends included.
    Number(Vec<(u64, u64)>),
    Either(Vec<Vec<Piece>>),
}

/// More than any name differs by.
const FAR: usize = usize::MAX / 2;

/// How many names a message proposes.
const PROPOSED: usize = 3;

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// An empty text, brackets without a partner or within each other, ranges that run backwards.
    pub fn new(text: &str) -> Result<Self> {
        let wrong = |problem: &str| {
            Error::new(Kind::Range, format!("the pattern '{text}'"), problem)
                .hint("* is any text, ? one character, {a,b} either, 0-5 a number")
        };
        if text.is_empty() {
            return Err(wrong("is empty"));
        }
        let letters: Vec<char> = text.chars().collect();
        let pieces = pieces(&letters, true).map_err(wrong)?;
        Ok(Pattern { text: text.to_string(), pieces })
    }

    /// The pattern as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the whole of `name` fits.
    pub fn matches(&self, name: &str) -> bool {
        self.distance(name) == 0
    }

    /// How many wildcards it has: all but letters.
    pub fn wildcards(&self) -> usize {
        self.pieces.iter().filter(|piece| !matches!(piece, Piece::Letter(_))).count()
    }

    /// What each wildcard stands for in `name`, in order, the first ones taking as little as they can; nothing where
    /// the pattern does not fit.
    pub fn taken(&self, name: &str) -> Option<Vec<String>> {
        let name: Vec<char> = name.chars().collect();
        let mut lengths = Vec::new();
        let mut hopeless = std::collections::HashSet::new();
        if !take(&self.pieces, &name, 0, &mut lengths, &mut hopeless) {
            return None;
        }
        let mut at = 0;
        let mut all = Vec::new();
        for (piece, length) in self.pieces.iter().zip(lengths) {
            if !matches!(piece, Piece::Letter(_)) {
                all.push(name[at..at + length].iter().collect());
            }
            at += length;
        }
        Some(all)
    }

    /// The error for a pattern that fits none of `names`; it proposes the nearest ones.
    pub fn unmatched(&self, operation: &str, names: &[&str]) -> Error {
        let error = Error::new(Kind::Name, operation, format!("no parameter fits '{}'", self.text));
        let mut ranked: Vec<(usize, &str)> =
            names.iter().map(|name| (self.distance(name), *name)).collect();
        ranked.sort_by_key(|(distance, _)| *distance);
        let near: Vec<&str> = ranked.iter().take(PROPOSED).map(|(_, name)| *name).collect();
        match near.is_empty() {
            true => error.hint("there are no parameters"),
            false => error.hint(format!("the nearest are {}", near.join(", "))),
        }
    }

    /// Changes of single characters that would make `name` fit; a wildcard takes what it stands for.
    fn distance(&self, name: &str) -> usize {
        let name: Vec<char> = name.chars().collect();
        // The cost of having come to each position of the name with no piece used yet.
        let start = (0..=name.len()).collect();
        after(&self.pieces, &name, start).last().copied().unwrap_or(FAR)
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.serialize_str(&self.text)
    }
}

/// The cost of every position of `name` after `pieces`, where `cost` is that before them.
fn after(pieces: &[Piece], name: &[char], mut cost: Vec<usize>) -> Vec<usize> {
    for piece in pieces {
        // A piece that is left out costs one, but for `*`, which may stand for nothing.
        let mut next: Vec<usize> = cost.iter().map(|cost| (cost + 1).min(FAR)).collect();
        match piece {
            Piece::Letter(letter) => {
                for (at, found) in name.iter().enumerate() {
                    next[at + 1] = next[at + 1].min(cost[at] + usize::from(found != letter));
                }
            }
            Piece::One => {
                for at in 0..name.len() {
                    next[at + 1] = next[at + 1].min(cost[at]);
                }
            }
            Piece::Any => {
                let mut least = FAR;
                for (next, cost) in next.iter_mut().zip(&cost) {
                    least = least.min(*cost);
                    *next = least;
                }
            }
            Piece::Number(ranges) => {
                for (from, to, number) in numbers(name) {
                    let fits = ranges.iter().any(|(low, high)| (*low..=*high).contains(&number));
                    next[to] = next[to].min(cost[from] + usize::from(!fits));
                }
            }
            Piece::Either(all) => {
                next.fill(FAR);
                for pieces in all {
                    let own = after(pieces, name, cost.clone());
                    next.iter_mut().zip(own).for_each(|(next, own)| *next = own.min(*next));
                }
            }
        }
        // A character that no piece stands for costs one.
        for at in 1..next.len() {
            next[at] = next[at].min(next[at - 1] + 1);
        }
        cost = next;
    }
    cost
}

/// Finds how many characters each piece stands for, so that all of `name` from `at` on is used. What was tried in
/// vain is not tried again.
fn take(
    pieces: &[Piece],
    name: &[char],
    at: usize,
    lengths: &mut Vec<usize>,
    hopeless: &mut std::collections::HashSet<(usize, usize)>,
) -> bool {
    let Some((piece, rest)) = pieces.split_first() else { return at == name.len() };
    if hopeless.contains(&(pieces.len(), at)) {
        return false;
    }
    let mut cost = vec![FAR; name.len() + 1];
    cost[at] = 0;
    let ends = after(std::slice::from_ref(piece), name, cost);
    for end in (at..ends.len()).filter(|end| ends[*end] == 0) {
        lengths.push(end - at);
        if take(rest, name, end, lengths, hopeless) {
            return true;
        }
        lengths.pop();
    }
    hopeless.insert((pieces.len(), at));
    false
}

/// Every whole number in `name`: where it begins and ends, and its value.
fn numbers(name: &[char]) -> Vec<(usize, usize, u64)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < name.len() {
        let end = digits(name, at);
        if end > at {
            found.extend(number(&name[at..end]).map(|number| (at, end, number)));
        }
        at = end.max(at + 1);
    }
    found
}

/// The end of the digits that begin at `at`.
fn digits(letters: &[char], at: usize) -> usize {
    at + letters.iter().skip(at).take_while(|letter| letter.is_ascii_digit()).count()
}

fn number(digits: &[char]) -> Option<u64> {
    digits.iter().collect::<String>().parse().ok()
}

/// `0-5` at `at`, with the position after it; `None` where something else stands there.
fn range(letters: &[char], at: usize) -> Option<((u64, u64), usize)> {
    let middle = digits(letters, at);
    let low = number(letters.get(at..middle)?)?;
    if letters.get(middle) != Some(&'-') {
        return None;
    }
    let end = digits(letters, middle + 1);
    let high = number(letters.get(middle + 1..end)?)?;
    Some(((low, high), end))
}

type Parsed<T> = std::result::Result<T, &'static str>;

const BACKWARDS: &str = "has a range that runs backwards";

fn pieces(letters: &[char], outermost: bool) -> Parsed<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(letter) = letters.get(at) {
        let close = |bracket: char| letters.iter().skip(at).position(|own| *own == bracket);
        match letter {
            '*' => pieces.push(Piece::Any),
            '?' => pieces.push(Piece::One),
            '[' => {
                let length = close(']').ok_or("has a [ without its ]")?;
                pieces.push(Piece::Number(listed(&letters[at + 1..at + length])?));
                at += length;
            }
            '{' if !outermost => return Err("has alternatives within alternatives"),
            '{' => {
                let length = close('}').ok_or("has a { without its }")?;
                pieces.push(Piece::Either(alternatives(&letters[at + 1..at + length])?));
                at += length;
            }
            ']' => return Err("has a ] without its ["),
            '}' => return Err("has a } without its {"),
            _ => match range(letters, at) {
                Some(((low, high), _)) if low > high => return Err(BACKWARDS),
                Some((ends, end)) => {
                    pieces.push(Piece::Number(vec![ends]));
                    at = end - 1;
                }
                // All digits of one number, so that no range begins in its middle.
                None => {
                    let end = digits(letters, at).max(at + 1);
                    pieces.extend(letters[at..end].iter().copied().map(Piece::Letter));
                    at = end - 1;
                }
            },
        }
        at += 1;
    }
    Ok(pieces)
}

/// The texts between `{` and `}`; a comma within `[0,2]` parts no texts.
fn alternatives(letters: &[char]) -> Parsed<Vec<Vec<Piece>>> {
    let mut inside = false;
    let parts = letters.split(|letter| {
        inside = (inside || *letter == '[') && *letter != ']';
        *letter == ',' && !inside
    });
    parts.map(|part| pieces(part, false)).collect()
}

/// The numbers and ranges between `[` and `]`.
fn listed(letters: &[char]) -> Parsed<Vec<(u64, u64)>> {
    let ends = |part: &[char]| match (number(part), range(part, 0)) {
        (Some(only), _) => Ok((only, only)),
        (None, Some(((low, high), _))) if low > high => Err(BACKWARDS),
        (None, Some((ends, end))) if end == part.len() => Ok(ends),
        _ => Err("has [ ] with something other than numbers and ranges"),
    };
    letters.split(|letter| *letter == ',').map(ends).collect()
}
