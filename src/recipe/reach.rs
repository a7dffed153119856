//! Which functions hooks reach, and which only statements do, or stages that are over: statements run once, so an
//! edit of what they call has no effect in a run.

use super::facts::Facts;
use super::outline::{Outline, Piece, Statement, deeper, mentions, word};
use crate::script::Hook;
use rhai::Token;

/// What calls a stage.
const CALLS: [&str; 3] = ["train", "distill", "each_step"];

/// The stage that runs while an edit comes.
pub(super) struct Running<'a> {
    /// The line of the recipe that calls it, where a statement does.
    pub line: Option<usize>,
    pub facts: &'a Facts,
}

/// Those of `names` that statements reach, e.g. to make a network, and no hook does.
pub(super) fn called_by_statements(
    first: &Outline,
    versions: [&Outline; 2],
    names: &[String],
) -> Vec<String> {
    let statements = || first.statements.iter().map(|statement| statement.0.as_slice());
    let all = || versions.into_iter().flat_map(Outline::functions);
    let given = statements().chain(all().map(|(_, body)| body)).flat_map(handed_on);
    let standard = Hook::ALL.into_iter().filter(|hook| hook.is_found_by_name()).map(Hook::name);
    let live = reached(given.chain(standard.map(String::from)).collect(), &versions);
    let mentioned = all()
        .map(|(name, _)| name)
        .filter(|name| statements().any(|statement| mentions(statement, name)));
    let ran = reached(mentioned.map(String::from).collect(), &versions);
    names.iter().filter(|name| ran.contains(*name) && !live.contains(*name)).cloned().collect()
}

/// Those of `names` that serve stages that are over, and nothing that is still to come. Where that cannot be told
/// from the text, they do not count.
pub(super) fn of_stages_over(
    first: &Outline,
    versions: [&Outline; 2],
    names: &[String],
    running: &Running,
) -> Vec<String> {
    let is_own = |own: &Statement| {
        let (from, to) = own.lines();
        running.line.is_some_and(|line| (from..=to).contains(&line))
    };
    let Some(at) = first.statements.iter().position(is_own) else { return Vec::new() };
    let (past, rest) = first.statements.split_at(at);
    let bodies = || versions.into_iter().flat_map(Outline::functions).map(|(_, body)| body);
    let (own, later) = (rest.iter().take(1), rest.iter().skip(1));
    // Nothing comes after the stage that runs: no loop goes round, and no function begins a stage.
    let repeats = |own: &Statement| {
        let begins = own.0.first().map(|(token, _)| token);
        let calls = own.0.iter().filter(|(token, _)| is_stage(token)).count();
        calls != 1 || matches!(begins, Some(Token::For | Token::While | Token::Loop | Token::Do))
    };
    let is_last = !own.clone().any(repeats)
        && !later.clone().any(|own| begins_stage(&own.0))
        && !bodies().any(begins_stage);
    let over = past.iter().filter(|own| begins_stage(&own.0)).flat_map(|own| handed_on(&own.0));
    let by_name = || Hook::ALL.into_iter().filter(|hook| hook.is_found_by_name());
    let over = over.chain(by_name().map(|hook| hook.name().to_string()));
    let texts = past.iter().filter(|own| !begins_stage(&own.0)).chain(own).chain(later);
    let texts = texts.map(|own| own.0.as_slice()).chain(bodies());
    let served =
        Hook::ALL.into_iter().filter_map(|hook| running.facts.served_by(hook).map(String::from));
    let still = by_name().filter(|_| !is_last).map(|hook| hook.name().to_string()).chain(served);
    let called = |name: &&str| rest.iter().any(|own| mentions(&own.0, name));
    let called = names.iter().map(String::as_str).filter(called).map(String::from);
    let live = reached(texts.flat_map(handed_on).chain(still).chain(called).collect(), &versions);
    let over = reached(over.collect(), &versions);
    names.iter().filter(|name| over.contains(*name) && !live.contains(*name)).cloned().collect()
}

fn is_stage(token: &Token) -> bool {
    word(token).is_some_and(|name| CALLS.contains(&name))
}

fn begins_stage(pieces: &[Piece]) -> bool {
    pieces.iter().any(|(token, _)| is_stage(token))
}

/// All functions that these call, and those that they call.
fn reached(mut names: Vec<String>, versions: &[&Outline; 2]) -> Vec<String> {
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

/// The names in `Fn("name")`, but for functions that make what a stage trains: those are called at once.
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

/// Whether the argument at `at` is what `train` or `distill` trains.
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
        _ => false,
    }
}
