//! `7 // 2`, as Python divides: here the line ends before it, and nothing is wrong with what is left.

use super::scan::{Kind, in_word, tokens};
use super::span::{Lines, Span};

/// The comments that look as if they were meant to divide: behind an operand that ends its block, nothing but a
/// number, or a name with a semicolon behind it.
pub fn meant_to_divide(text: &str) -> Vec<Span> {
    let (tokens, comments) = tokens(text);
    let lines = Lines::of(text);
    let meant = |(start, end): &(usize, usize)| {
        let divisor = text.get(*start..*end).and_then(|comment| comment.strip_prefix("//"));
        let before = tokens.partition_point(|token| token.end() <= *start);
        let after = tokens.get(before);
        let before = before.checked_sub(1).and_then(|at| tokens.get(at));
        let same_line = |end| text.get(end..*start).is_some_and(|gap| !gap.contains('\n'));
        divisor.is_some_and(is_divisor)
            && before.is_some_and(|token| {
                let operand = matches!(token.kind, Kind::Word | Kind::Number);
                (operand || token.is(")") || token.is("]")) && same_line(token.end())
            })
            && after.is_none_or(|token| token.is("}"))
    };
    comments
        .iter()
        .filter(|own| meant(own))
        .map(|(start, _)| lines.span(text, *start, start + 2))
        .collect()
}

fn is_divisor(comment: &str) -> bool {
    let bare = comment.trim();
    let name = bare.strip_suffix(';').map(str::trim);
    let number = name.unwrap_or(bare);
    let is_number =
        number.starts_with(|c: char| c.is_ascii_digit()) && number.parse::<f64>().is_ok();
    is_number || name.is_some_and(|name| !name.is_empty() && name.chars().all(in_word))
}
