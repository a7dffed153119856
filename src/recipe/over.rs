//! Which functions serve stages that are over, and nothing that is still to come: an edit of them has no effect in a
//! run. That is read off the text, and wherever the text leaves a doubt, nothing is said.

use super::compile::Compiled;
use super::facts::Facts;
use super::outline::{Outline, Piece, Statement, mentions, word};
use super::pieces::computes_names;
use super::reach::reached;
use crate::script::Hook;
use rhai::Token;
use std::collections::BTreeSet;

/// What calls a stage.
const CALLS: [&str; 3] = ["train", "distill", "each_step"];

/// The stage that runs while an edit comes.
pub(super) struct Running<'a> {
    /// The line of the recipe that calls it, where a statement does.
    pub line: Option<usize>,
    pub facts: &'a Facts,
}

/// Those of `names` that serve stages that are over, and no other. `first` is the recipe whose statements run.
pub(super) fn of_stages_over(
    first: &Outline,
    versions: [&Compiled; 2],
    names: &[String],
    running: &Running,
) -> Vec<String> {
    over(first, versions, names, running).unwrap_or_default()
}

fn over(
    first: &Outline,
    versions: [&Compiled; 2],
    names: &[String],
    running: &Running,
) -> Option<Vec<String>> {
    let outlines = versions.map(|version| &version.outline);
    let bodies = || outlines.into_iter().flat_map(Outline::functions).map(|(_, body)| body);
    // Imported files may begin stages, and so may functions; a name that is made may be any.
    let hidden = versions.iter().any(|version| !version.imports.files.is_empty())
        || bodies().any(|body| stages_in(body) != Some(0))
        || first.statements.iter().map(|own| own.0.as_slice()).chain(bodies()).any(makes_a_name);
    // How many stages each statement begins, once and in any case.
    let begun: Option<Vec<usize>> = first.statements.iter().map(|own| stages_in(&own.0)).collect();
    let begun = begun.filter(|_| !hidden)?;
    let is_own = |own: &Statement| {
        let (from, to) = own.lines();
        running.line.is_some_and(|line| (from..=to).contains(&line))
    };
    let at = first.statements.iter().position(is_own).filter(|at| begun.get(*at) == Some(&1))?;
    let (past, later) = (begun.get(..at)?, begun.get(at + 1..)?);
    if past.iter().all(|stages| *stages == 0) {
        return None;
    }
    let is_last = later.iter().all(|stages| *stages == 0);
    // What stands for a hook in the call of a past stage is the one thing that does not count.
    let mut served = BTreeSet::new();
    let mut texts: Vec<Vec<Piece>> = Vec::new();
    for (index, (statement, stages)) in first.statements.iter().zip(&begun).enumerate() {
        let is_past = index < at && *stages > 0;
        let (hooks, rest) = match is_past {
            true => without_hooks(&statement.0),
            false => (Vec::new(), statement.0.clone()),
        };
        served.extend(hooks);
        texts.push(rest);
    }
    let standard = Hook::ALL.into_iter().filter(|hook| hook.is_found_by_name()).map(Hook::name);
    served.extend(standard.clone().map(String::from));
    let own = Hook::ALL.into_iter().filter_map(|hook| running.facts.served_by(hook));
    let own: Vec<String> = own.map(String::from).collect();
    let known = outlines.into_iter().flat_map(Outline::functions).map(|(name, _)| name);
    let said = known.filter(|name| texts.iter().any(|text| mentions(text, name)));
    let standard = standard.filter(|_| !is_last).map(String::from);
    let live = said.map(String::from).chain(standard).chain(own).collect();
    let (live, over) = (reached(live, &outlines), reached(served.into_iter().collect(), &outlines));
    let is_over = |name: &&String| over.contains(*name) && !live.contains(*name);
    Some(names.iter().filter(is_over).cloned().collect())
}

/// How many stages a text begins; `None` where it may begin them more than once, or not at all.
fn stages_in(pieces: &[Piece]) -> Option<usize> {
    use Token::{Do, For, If, LeftBrace, Loop, Or, Period, Pipe, Switch, Try, While};
    let token = |at: Option<usize>| at.and_then(|at| pieces.get(at)).map(|(token, _)| token);
    let calls = pieces.iter().enumerate().filter(|(at, (own, _))| {
        let open = matches!(token(at.checked_add(1)), Some(Token::LeftParen));
        let before = token(at.checked_sub(1));
        let method = matches!(before, Some(Period | Token::Elvis | Token::DoubleColon));
        word(own).is_some_and(|name| CALLS.contains(&name)) && open && !method
    });
    let calls = calls.count();
    let named =
        |own: &Token| matches!(own, Token::StringConstant(text) if CALLS.contains(&text.as_str()));
    let turns = |own: &Token| {
        matches!(own, Do | For | If | LeftBrace | Loop | Or | Pipe | Switch | Try | While)
    };
    let doubtful = calls > 0 && pieces.iter().any(|(own, _)| turns(own));
    (!doubtful && !pieces.iter().any(|(own, _)| named(own))).then_some(calls)
}

/// Whether the name of a function is made while the recipe runs.
fn makes_a_name(pieces: &[Piece]) -> bool {
    computes_names("Fn", pieces)
}

/// The names in `lr: Fn("name")` and the like, and the text without them.
fn without_hooks(pieces: &[Piece]) -> (Vec<String>, Vec<Piece>) {
    let (mut names, mut rest) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(piece) = pieces.get(at) {
        let six = pieces.get(at..at + 6).unwrap_or_default();
        if let [
            (key, _),
            (Token::Colon, _),
            (make, _),
            (Token::LeftParen, _),
            (Token::StringConstant(name), _),
            (Token::RightParen, _),
        ] = six
            && word(make) == Some("Fn")
            && Hook::ALL.into_iter().any(|hook| word(key) == Some(hook.name()))
        {
            names.push(name.to_string());
            at += six.len();
        } else {
            rest.push(piece.clone());
            at += 1;
        }
    }
    (names, rest)
}
