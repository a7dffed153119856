//! Which functions hooks reach, and which only statements do: statements run once, so an edit of what they
//! call has no effect in a run.

use super::outline::{Outline, Piece, deeper, mentions, word};
use super::pieces::computes_names;
use crate::script::Hook;
use rhai::Token;

/// Those of `names` that statements reach, e.g. to make a network, and no hook does.
pub(super) fn called_by_statements(
    first: &Outline,
    versions: [&Outline; 2],
    names: &[String],
) -> Vec<String> {
    let statements = || first.statements.iter().map(|statement| statement.0.as_slice());
    let all = || versions.into_iter().flat_map(Outline::functions);
    // A name that is made may be any.
    if statements().chain(all().map(|(_, body)| body)).any(|text| computes_names("Fn", text)) {
        return Vec::new();
    }
    let given = statements().chain(all().map(|(_, body)| body)).flat_map(handed_on);
    let standard = Hook::ALL.into_iter().filter(|hook| hook.is_found_by_name()).map(Hook::name);
    let live = reached(given.chain(standard.map(String::from)).collect(), &versions);
    let mentioned = all()
        .map(|(name, _)| name)
        .filter(|name| statements().any(|statement| mentions(statement, name)));
    let ran = reached(mentioned.map(String::from).collect(), &versions);
    names.iter().filter(|name| ran.contains(*name) && !live.contains(*name)).cloned().collect()
}

/// All functions that these call, and those that they call.
pub(super) fn reached(mut names: Vec<String>, versions: &[&Outline; 2]) -> Vec<String> {
    let mut at = 0;
    while let Some(name) = names.get(at).cloned() {
        at += 1;
        for body in versions.iter().flat_map(|version| version.bodies(&name)) {
            let more = versions.iter().flat_map(|version| version.functions());
            let more = more.filter(|(other, _)| mentions(body, other)).map(|(other, _)| other);
            let new: Vec<String> =
                more.filter(|other| !names.iter().any(|n| n == other)).map(String::from).collect();
            names.extend(new);
        }
    }
    names
}

/// The names in `Fn("name")`, but for functions that make what a stage trains or gives: those are called at once.
fn handed_on(pieces: &[Piece]) -> Vec<String> {
    let found = pieces.windows(3).enumerate().filter_map(|(at, three)| match three {
        [(begin, _), (Token::LeftParen, _), (Token::StringConstant(text), _)]
            if word(begin) == Some("Fn") && !makes_a_model(pieces, at) =>
        {
            Some(text.to_string())
        }
        _ => None,
    });
    found.collect()
}

/// Whether the argument at `at` is what `train` or `distill` trains, or what `stage` calls.
fn makes_a_model(pieces: &[Piece], at: usize) -> bool {
    let (mut depth, mut commas, mut at) = (0usize, 0, at);
    while let Some((token, _)) = at.checked_sub(1).and_then(|before| pieces.get(before)) {
        at -= 1;
        let opens = deeper(0, token) == 1;
        let closes = deeper(1, token) == 0;
        match token {
            _ if opens && depth == 0 => break,
            _ if opens => depth -= 1,
            _ if closes => depth += 1,
            Token::Comma if depth == 0 => commas += 1,
            _ => {}
        }
    }
    let callee = at.checked_sub(1).and_then(|before| pieces.get(before));
    match callee.and_then(|(token, _)| word(token)) {
        Some("train") => commas == 0,
        Some("distill") => commas <= 1,
        Some("stage") => commas == 2,
        _ => false,
    }
}
