//! What an edit changes, in words: what comes into force, and what does not in this run.

use super::compile::Compiled;
use super::outline::{Outline, Piece, Statement, begins_operand, deeper, mentions, same, word};
use super::over::{Running, of_stages_over};
use super::reach::called_by_statements;
use rhai::{Engine, Token};

/// What an edit changes.
pub(super) struct Difference {
    /// Functions, consts and imports, by name.
    pub names: Vec<String>,
    /// What does not come into force.
    pub note: Option<String>,
}

/// Compares a version with the one in force, while a stage runs. `first` is the recipe whose statements run.
pub(super) fn difference(
    engine: &Engine,
    first: &Outline,
    running: &Running,
    own: &Compiled,
    fresh: &Compiled,
) -> Difference {
    let mut names = own.outline.changed(&fresh.outline);
    let gone: Vec<String> = {
        let is_gone = |name: &&String| fresh.outline.bodies(name).next().is_none();
        names.iter().filter(is_gone).cloned().collect()
    };
    let mut notes = Vec::new();
    if !gone.is_empty() {
        let are = if gone.len() == 1 { "is" } else { "are" };
        notes.push(format!("{} {are} gone", listed(&gone)));
    }
    notes.extend(named_by_stages(first, &gone));
    let mut ran = called_by_statements(first, [&own.outline, &fresh.outline], &names);
    ran.retain(|name| !gone.contains(name));
    if !ran.is_empty() {
        notes.push(format!(
            "nothing but statements, which run once, calls {}: no effect until the next run",
            listed(&ran)
        ));
    }
    let mut over = of_stages_over(first, [own, fresh], &names, running);
    over.retain(|name| !gone.contains(name) && !ran.contains(name));
    if !over.is_empty() {
        let (name, serve) = (listed(&over), if over.len() == 1 { "serves" } else { "serve" });
        notes.push(format!(
            "{name} {serve} no stage but those that are over: no effect until the next run"
        ));
    }
    let closures = in_functions(&own.outline, &fresh.outline, &names);
    imports(engine, own, fresh, &mut names);
    if !own.outline.same_statements(&fresh.outline) {
        notes.extend(statements(first, &own.outline, &fresh.outline, &mut names, closures));
    } else {
        notes.extend(about_closures(&closures));
    }
    Difference { names, note: (!notes.is_empty()).then(|| notes.join("; ")) }
}

/// Imported files whose functions or statements differ.
fn imports(engine: &Engine, own: &Compiled, fresh: &Compiled, names: &mut Vec<String>) {
    for file in fresh.imports.files.iter().chain(&own.imports.files) {
        let name = file.display().to_string();
        let texts = [own, fresh].map(|compiled| compiled.sources.text(&name));
        let [before, after] = texts.map(|text| text.map(|text| Outline::of(engine, text)));
        let same = match (before, after) {
            (Some(before), Some(after)) => {
                before.same_statements(&after) && before.changed(&after).is_empty()
            }
            (before, after) => before.is_none() && after.is_none(),
        };
        if !same && !names.contains(&name) {
            names.push(name);
        }
    }
}

/// Functions that are gone, and that a stage's options name.
fn named_by_stages(first: &Outline, gone: &[String]) -> Option<String> {
    let is_named = |statement: &&Statement, name: &str| {
        statement.0.windows(3).any(|three| match three {
            [(begin, _), (Token::LeftParen, _), (Token::StringConstant(text), _)] => {
                word(begin) == Some("Fn") && text.as_str() == name
            }
            _ => false,
        })
    };
    let named = |name: &&String| first.statements.iter().any(|own| is_named(&own, name));
    let names: Vec<String> = gone.iter().filter(named).cloned().collect();
    (!names.is_empty()).then(|| {
        format!(
            "the options of a stage name {}: when such a stage begins, the version before comes back",
            listed(&names)
        )
    })
}

/// What differs in the statements: consts and imports come into force, the rest ran.
fn statements(
    first: &Outline,
    own: &Outline,
    fresh: &Outline,
    names: &mut Vec<String>,
    mut closures: Vec<usize>,
) -> Vec<String> {
    let (mut stay, mut read) = (Vec::new(), Vec::new());
    let added = lacking(fresh, own).map(|statement| (statement, true));
    let removed = lacking(own, fresh).map(|statement| (statement, false));
    for (statement, is_new) in added.chain(removed) {
        if let Some((name, is_const)) = declared(statement) {
            if !names.contains(&name) {
                let inner = name.trim_start_matches("const ").to_string();
                let ran = first.statements.iter().filter(|other| declared(other).is_none());
                if is_const && ran.into_iter().any(|other| mentions(&other.0, &inner)) {
                    read.push(name.clone());
                }
                names.push(name);
            }
        } else if is_new && !first.statements.contains(statement) {
            let before = lacking(first, fresh).find(|other| head(other) == head(statement));
            let (what, own) = details(before, statement);
            closures.extend(own);
            stay.push(format!("{}{what}", lines(statement)));
        } else if !is_new && first.statements.contains(statement) {
            let replaced = lacking(fresh, own).any(|other| head(other) == head(statement));
            if !replaced {
                stay.push(format!("what was {}", lines(statement)));
            }
        }
    }
    let mut notes = Vec::new();
    if !stay.is_empty() {
        notes.push(format!(
            "statements run once, as they stood at the start: {} until the next run",
            match stay.len() {
                1 => format!("{} has no effect", stay.concat()),
                _ => format!("{} have no effect", stay.join(", ")),
            }
        ));
    } else if lacking(own, fresh).chain(lacking(fresh, own)).next().is_none() {
        notes.push("statements are in the order of the start until the next run".to_string());
    }
    if !read.is_empty() {
        notes.push(format!("statements that read {} stay as they were", listed(&read)));
    }
    notes.extend(about_closures(&closures));
    notes
}

/// The statements of `one` that `other` does not have.
fn lacking<'a>(one: &'a Outline, other: &'a Outline) -> impl Iterator<Item = &'a Statement> {
    one.statements.iter().filter(|own| !other.statements.contains(own))
}

/// The name of a const, or an import: both are evaluated again with each version.
fn declared(statement: &Statement) -> Option<(String, bool)> {
    let mut tokens = statement.0.iter().map(|(token, _)| token);
    match (tokens.next()?, tokens.next()?) {
        (Token::Export, Token::Const) => Some((format!("const {}", word(tokens.next()?)?), true)),
        (Token::Const, name) => Some((format!("const {}", word(name)?), true)),
        (Token::Import, Token::StringConstant(name)) => Some((format!("import \"{name}\""), false)),
        _ => None,
    }
}

/// What a statement begins with: those that begin alike are the same one, before and after.
fn head(statement: &Statement) -> Vec<&Token> {
    statement.0.iter().map(|(token, _)| token).take(2).collect()
}

/// "line 4", "lines 4-9".
fn lines(statement: &Statement) -> String {
    match statement.lines() {
        (from, to) if from == to => format!("line {from}"),
        (from, to) => format!("lines {from}-{to}"),
    }
}

/// "'a' and 'b'".
fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    match quoted.as_slice() {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        all => all.concat(),
    }
}

/// What is known of a changed statement: defaults of arguments and options that differ; and lines of closures.
fn details(before: Option<&Statement>, after: &Statement) -> (String, Vec<usize>) {
    let Some(before) = before else { return (String::new(), Vec::new()) };
    let (was, mut changed) = (closures(&before.0), closures(&after.0));
    changed.retain(|closure| !was.iter().any(|old| same(old, closure)));
    let arguments = unlike(&defaults(&before.0), &defaults(&after.0));
    let mut what: Vec<String> =
        arguments.iter().map(|(name, _)| format!("default of arg '{name}'")).collect();
    let options = unlike(&options(&before.0), &options(&after.0));
    for (place, (name, value)) in options.iter().enumerate() {
        // The innermost one is the news; the map around it changed with it.
        let around =
            options.iter().enumerate().any(|(at, (_, inner))| at != place && inside(inner, value));
        let mut news = arguments.iter().map(|(_, inner)| *inner).chain(changed.iter().copied());
        if !around && !news.any(|inner| inside(inner, value)) {
            what.push(format!("option '{name}'"));
        }
    }
    what.dedup();
    let what = if what.is_empty() { String::new() } else { format!(" ({})", what.join(", ")) };
    (what, changed.iter().filter_map(|closure| closure.first()).map(|(_, line)| *line).collect())
}

/// Whether `part` is a piece of `whole`, in memory.
fn inside(part: &[Piece], whole: &[Piece]) -> bool {
    let (part, whole) = (part.as_ptr_range(), whole.as_ptr_range());
    whole.start <= part.start && part.end <= whole.end
}

/// Those of `after` whose value differs from that of the same name in `before`.
fn unlike<'a>(
    before: &[(String, &[Piece])],
    after: &[(String, &'a [Piece])],
) -> Vec<(String, &'a [Piece])> {
    let known = |(name, value): &&(String, &[Piece])| {
        before.iter().any(|(other, old)| other == name && same(old, value))
    };
    after.iter().filter(|own| !known(own)).cloned().collect()
}

/// What follows from `start` up to a comma or the bracket that closes around it.
fn value(pieces: &[Piece], start: usize) -> &[Piece] {
    let rest = pieces.get(start..).unwrap_or_default();
    let mut depth = 0usize;
    for (at, (token, _)) in rest.iter().enumerate() {
        let closes = depth == 0 && deeper(1, token) == 0;
        let ends = depth == 0 && matches!(token, Token::Comma | Token::SemiColon);
        if closes || ends {
            return rest.get(..at).unwrap_or_default();
        }
        depth = deeper(depth, token);
    }
    rest
}

/// `arg("name", default)`, wherever it stands.
fn defaults(pieces: &[Piece]) -> Vec<(String, &[Piece])> {
    let found = pieces.windows(4).enumerate().filter_map(|(at, four)| match four {
        [(arg, _), (Token::LeftParen, _), (Token::StringConstant(name), _), (Token::Comma, _)]
            if word(arg) == Some("arg") =>
        {
            Some((name.to_string(), value(pieces, at + 4)))
        }
        _ => None,
    });
    found.collect()
}

/// `key: value`, in maps.
fn options(pieces: &[Piece]) -> Vec<(String, &[Piece])> {
    let found = pieces.windows(2).enumerate().filter_map(|(at, two)| {
        let [(key, _), (Token::Colon, _)] = two else { return None };
        let name = match key {
            Token::StringConstant(text) => text.to_string(),
            other => word(other)?.to_string(),
        };
        Some((name, value(pieces, at + 2)))
    });
    found.collect()
}

/// `|x| …`: where an operand could begin, a bar begins a closure.
fn closures(pieces: &[Piece]) -> Vec<&[Piece]> {
    let mut found = Vec::new();
    for (at, (token, _)) in pieces.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| pieces.get(before));
        let operand = begins_operand(before.map(|(token, _)| token));
        let body = match token {
            Token::Or if operand => Some(at + 1),
            Token::Pipe if operand => {
                let rest = pieces.iter().enumerate().skip(at + 1);
                let mut ends = rest.filter(|(_, (token, _))| matches!(token, Token::Pipe));
                ends.next().map(|(end, _)| end + 1)
            }
            _ => None,
        };
        if let Some(body) = body {
            let end = body + value(pieces, body).len();
            found.extend(pieces.get(at..end));
        }
    }
    found
}

/// Lines of closures that differ in changed functions that make networks: a network keeps its closure.
fn in_functions(own: &Outline, fresh: &Outline, names: &[String]) -> Vec<usize> {
    let mut lines = Vec::new();
    for name in names {
        let was: Vec<&[Piece]> = own.bodies(name).flat_map(closures).collect();
        for body in fresh.bodies(name).filter(|body| mentions(body, "network")) {
            let changed = closures(body)
                .into_iter()
                .filter(|closure| !was.is_empty() && !was.iter().any(|old| same(old, closure)));
            lines.extend(changed.filter_map(|closure| closure.first().map(|(_, line)| *line)));
        }
    }
    lines
}

fn about_closures(lines: &[usize]) -> Option<String> {
    let lines: Vec<String> = lines.iter().map(|line| format!("line {line}")).collect();
    (!lines.is_empty()).then(|| {
        format!(
            "closures are not live, and what holds the one at {} keeps it as it was: write a function, \
             `fn my_part(…)`, and give Fn(\"my_part\")",
            lines.join(", ")
        )
    })
}
