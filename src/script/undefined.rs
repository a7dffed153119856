//! A name that is not defined where it stands: what was meant.

use super::habits;
use crate::error::{Error, Kind, Place, nearest};
use std::collections::BTreeSet;

/// What to do about `name`, which the compiler does not know in some place of `text`, on the line `row`.
pub(super) fn meant(text: &str, name: &str, row: &str) -> Option<String> {
    if let Some(own) = name.strip_prefix("global::") {
        if declares(text, "let", own) {
            return Some(format!("global:: has consts alone: write const {own} = …"));
        }
        let consts = text.lines().filter_map(|line| line.strip_prefix("const ")?.split('=').next());
        let consts: Vec<&str> = consts.map(str::trim).collect();
        if consts.contains(&own) {
            return Some(format!("outside of functions a const is written {own}"));
        }
        let near = nearest(own, consts.iter().copied())?;
        return Some(format!("did you mean global::{near}?"));
    }
    let beyond = |rest: &str| rest.starts_with(|c: char| c.is_alphabetic() && !c.is_ascii());
    if row.match_indices(name).any(|(at, found)| beyond(&row[at + found.len()..])) {
        return Some(habits::LETTERS.into());
    }
    if row.trim_start().starts_with("import ") && declares(text, "let", name) {
        return Some("the path of an import is a text, which is read before statements run".into());
    }
    if declares(text, "let", name) && row.starts_with("const ") {
        return Some(format!(
            "consts are worked out before statements run: make '{name}' const as well, or this one let"
        ));
    }
    // A statement stands at the margin, before the value that it asks for.
    let is_statement = !row.starts_with([' ', '\t', '}'])
        && !row.starts_with("fn ")
        && !row.starts_with("private ");
    let line_of = |is: &dyn Fn(&str) -> bool| text.lines().position(is);
    let is_before = line_of(&|line| line == row) < line_of(&|line| declares(line, "let", name));
    if declares(text, "let", name) && is_statement && is_before {
        return Some(format!(
            "'{name}' gets its value further down: statements run from top to bottom"
        ));
    }
    if let Some(instead) =
        of_stage(text, name).filter(|_| row.starts_with([' ', '\t']) || row.starts_with("fn "))
    {
        return Some(format!("a stage's functions find it as {instead}"));
    }
    if declares(text, "let", name) {
        return Some(format!(
            "functions cannot see a top-level `let`: pass '{name}' on, read it with arg(\"{name}\", …), or \
             make it `const` and write global::{name}"
        ));
    }
    if declares(text, "const", name) {
        return Some(format!("in a function a top-level `const` is written global::{name}"));
    }
    if text.contains(&format!("fn {name}(")) {
        return Some(format!("a function is handed on as Fn(\"{name}\"), and called as {name}(…)"));
    }
    let imported = text.lines().any(|line| {
        let rest =
            line.trim_start().strip_prefix("import ").and_then(|rest| rest.split(" as ").nth(1));
        rest.is_some_and(|alias| alias.split(';').next().unwrap_or_default().trim() == name)
    });
    if imported {
        return Some(format!("what is imported is called {name}::f(…)"));
    }
    if let Some(line) = text.lines().position(|line| goes_through(line, name)) {
        return Some(format!(
            "'{name}' of line {} is known within its loop alone: let {name} = … before it is known after it",
            line + 1
        ));
    }
    if let Some(hint) = habits::within(text, name).or_else(|| habits::name(name)) {
        return Some(hint);
    }
    let others = bound(text).filter(|word| *word != name && word.len() > 1);
    if let Some(near) = nearest(name, others.collect::<BTreeSet<_>>()) {
        return Some(format!("did you mean '{near}'?"));
    }
    let assigned = text.lines().any(|line| {
        let rest = line.trim_start().strip_prefix(name).map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with('=') && !rest.starts_with("=="))
    });
    assigned.then(|| format!("a variable is declared first: let {name} = …"))
}

/// What to do about an import of `text` that was given no name, and that `name` means.
pub(super) fn nameless_import(text: &str, name: &str) -> Option<String> {
    let paths = text.match_indices("import \"").filter_map(|(at, found)| {
        let (path, rest) = text[at + found.len()..].split_once('"')?;
        (!rest.trim_start().starts_with("as ")).then_some(path)
    });
    let last = |path: &str| path.rsplit('/').next() == Some(name);
    let path = paths.map(|path| path.trim_end_matches(".rhai")).find(|path| last(path))?;
    Some(format!("an import is given a name: import \"{path}\" as {name};"))
}

/// Words that are keys of maps in `text`.
pub(super) fn keys(text: &str) -> impl Iterator<Item = &str> {
    let pieces = text.split_inclusive(':').filter(|piece| piece.ends_with(':'));
    let part = |c: char| !c.is_alphanumeric() && c != '_';
    pieces.filter_map(move |piece| {
        let word = piece.trim_end_matches(':').trim_end().rsplit(part).next()?;
        (!word.is_empty()).then_some(word)
    })
}

/// Line and column of the last bracket that `text` opens and never closes.
pub(super) fn open_bracket(text: &str) -> Option<(usize, usize)> {
    let mut open = Vec::new();
    for (line, row) in text.lines().enumerate() {
        let mut quoted = None;
        let mut letters = row.chars().enumerate().peekable();
        while let Some((column, letter)) = letters.next() {
            match (quoted, letter) {
                (Some(_), '\\') => drop(letters.next()),
                (Some(quote), _) if letter == quote => quoted = None,
                (Some(_), _) => {}
                (None, '"' | '`') => quoted = Some(letter),
                (None, '/') if letters.peek().is_some_and(|(_, next)| *next == '/') => break,
                (None, '(' | '[' | '{') => open.push((line + 1, column + 1)),
                (None, ')' | ']' | '}') => drop(open.pop()),
                _ => {}
            }
        }
    }
    open.pop()
}

/// The error for it.
pub(super) fn not_closed(place: Place) -> Error {
    Error::new(Kind::Script, "the recipe", "this bracket is not closed").at(place)
}

/// How hooks name what a stage is given as `nets: #{ own: name }`: `ctx.nets.own`.
fn of_stage(text: &str, name: &str) -> Option<String> {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    ["nets", "optimizers", "parts"].into_iter().find_map(|option| {
        let form = format!("{option}: #{{");
        text.match_indices(&form).find_map(|(at, found)| {
            let (entries, _) = text.get(at + found.len()..)?.split_once('}')?;
            let own = entries.split(',').find_map(|entry| {
                let (key, value) = entry.split_once(':')?;
                let value = value.trim().split(|letter| !part(letter)).next();
                (value == Some(name)).then_some(key.trim())
            })?;
            Some(format!("ctx.{option}.{own}"))
        })
    })
}

/// Whether a line is the head of a loop whose variable is `name`: `for name in …`, `for (x, name) in …`.
fn goes_through(line: &str, name: &str) -> bool {
    let head = line.trim_start().strip_prefix("for ").and_then(|rest| rest.split_once(" in "));
    head.is_some_and(|(names, _)| {
        names.trim_matches(['(', ')', ' ']).split(',').any(|own| own.trim() == name)
    })
}

/// Whether `text` has a top-level `let name` or `const name`.
fn declares(text: &str, word: &str, name: &str) -> bool {
    text.lines().any(|line| {
        let rest = line.strip_prefix(word).filter(|rest| rest.starts_with(' '));
        let rest = rest.map(str::trim_start);
        let after = rest.and_then(|rest| rest.strip_prefix(name));
        after.is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    })
}

/// Whether a variable `name` holds a function somewhere in `text`.
pub(super) fn holds_function(text: &str, name: &str) -> bool {
    text.match_indices(&format!("let {name}")).any(|(at, found)| {
        let after = text[at + found.len()..].trim_start().strip_prefix('=').map(str::trim_start);
        after.is_some_and(|after| after.starts_with('|') || after.starts_with("Fn("))
    })
}

/// Row and name of a value whose method is given a closure that uses the value itself: `m.keys().map(|k| m[k])`.
pub(super) fn uses_itself<'a>(text: &'a str, method: &str) -> Option<(usize, usize, &'a str)> {
    let part = |c: char| !c.is_alphanumeric() && c != '_';
    let call = format!(".{method}(");
    text.lines().enumerate().find_map(|(number, row)| {
        let at = row.find(&call)?;
        let (before, after) = (&row[..at], &row[at + call.len()..]);
        // The whole chain before the point, back to where it begins.
        let opens = before.rfind(|c: char| " =;{".contains(c)).map_or(0, |at| at + 1);
        let root = before[opens..].split(part).next().filter(|root| !root.is_empty())?;
        let used = after.split(part).any(|word| word == root);
        used.then(|| (number + 1, row[..at].chars().count() + 2, root))
    })
}

/// Whether `name` is a variable or a parameter somewhere in `text`.
pub(super) fn binds(text: &str, name: &str) -> bool {
    bound(text).any(|word| word == name)
}

/// Words that are a variable or a parameter where they stand, as often as they do.
fn bound(text: &str) -> impl Iterator<Item = &str> {
    let part = |c: char| !c.is_alphanumeric() && c != '_';
    let mut end = 0;
    text.split_inclusive(part).filter_map(move |piece| {
        let word = piece.trim_end_matches(part);
        let start = end;
        end += piece.len();
        if word.is_empty() {
            return None;
        }
        let (before, after) = (text.get(..start)?, text.get(start + word.len()..)?);
        let next = after.trim_start();
        let listed =
            before.trim_end().ends_with(['(', ',', '|']) && next.starts_with([',', ')', '|']);
        let is = listed || before.ends_with("let ") || before.ends_with("const ");
        is.then_some(word)
    })
}
