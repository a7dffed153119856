//! Comments that may be none: `7 // 2`, as Python divides, where the line ends here and nothing is wrong with what is left;
//! and `/*` without an end, which takes all the rest.

use super::scan::{Kind as Sort, Token, in_word, open_comment, tokens};
use super::span::{Lines, Span};
use crate::error::{Error, Kind};

/// The comments that look as if they were meant to divide: behind an operand that ends a block or the text, nothing but
/// a number, or a name with a semicolon behind it.
pub fn meant_to_divide(text: &str) -> Vec<Span> {
    let (tokens, comments) = tokens(text);
    let lines = Lines::of(text);
    let mut found = Vec::new();
    // The braces that are open, and whether each is a block: no map, and no `switch`.
    let (mut open, mut next) = (Vec::new(), 0);
    for (start, end) in comments {
        while let Some(token) = tokens.get(next).filter(|token| token.end() <= start) {
            match token.text {
                "{" | "#{" | "(" | "[" => open.push(token.is("{")),
                "}" | ")" | "]" => drop(open.pop()),
                "=>" => open.last_mut().into_iter().for_each(|block| *block = false),
                _ => {}
            }
            next += 1;
        }
        let divisor = text.get(start..end).and_then(|comment| comment.strip_prefix("//"));
        let before = next.checked_sub(1).and_then(|at| tokens.get(at));
        let ends = match tokens.get(next) {
            Some(token) => token.is("}") && open.last() == Some(&true),
            None => open.is_empty(),
        };
        let same_line = |end| text.get(end..start).is_some_and(|gap| !gap.contains('\n'));
        let operand = before.is_some_and(|token| is_operand(token) && same_line(token.end()));
        if ends && operand && divisor.is_some_and(is_divisor) {
            found.push(lines.span(text, start, start + 2));
        }
    }
    found
}

/// What is said of a comment that is not closed, and where it begins.
pub fn unclosed_comment(text: &str) -> Option<(Error, Span)> {
    let start = open_comment(text)?;
    let problem = "the comment is not closed: all the rest belongs to it";
    let error = Error::new(Kind::Script, "/*", problem).hint("it ends with */");
    Some((error, Lines::of(text).span(text, start, start + 2)))
}

fn is_operand(token: &Token) -> bool {
    const NONE: [&str; 7] = ["return", "throw", "break", "continue", "else", "true", "false"];
    match token.kind {
        Sort::Word => !NONE.contains(&token.text),
        Sort::Number => true,
        _ => token.is(")") || token.is("]"),
    }
}

fn is_divisor(comment: &str) -> bool {
    let bare = comment.trim();
    let name = bare.strip_suffix(';').map(str::trim);
    let number = name.unwrap_or(bare);
    let is_number =
        number.starts_with(|c: char| c.is_ascii_digit()) && number.parse::<f64>().is_ok();
    is_number || name.is_some_and(|name| !name.is_empty() && name.chars().all(in_word))
}
