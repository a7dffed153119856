//! Of all that a recipe and its imports say, what a stage depends on: the functions that its hooks reach, the
//! consts that they read, and nothing else. Comments and layout do not count.

use super::compile::Compiled;
use super::outline::{Outline, tokens, word};
use crate::run::Part;
use rhai::{Engine, Token};
use std::collections::{BTreeMap, BTreeSet};

/// All statements that have closures in them, as one piece.
const CLOSURES: &str = "closures";

/// A function, a const, an import, or all other statements of a file.
#[derive(Clone, Debug)]
struct Piece {
    /// `fn loss/4`, `const RATE`, `import rates`; empty for the other statements.
    label: String,
    /// By what name it is mentioned; its number of parameters, if it is a function.
    name: String,
    parameters: Option<usize>,
    text: String,
    /// Names and whole strings that it mentions.
    mentions: BTreeSet<String>,
    /// Whether it makes the name of a function while it runs: it may mean any.
    computes: bool,
    line: usize,
}

/// One file in pieces.
struct Pieces {
    /// As errors call it; empty for the recipe itself.
    file: String,
    place: String,
    pieces: Vec<Piece>,
}

/// What some functions depend on.
#[derive(Clone, Debug, Default)]
pub(super) struct Reached {
    /// Each piece with the hash of its text.
    pub parts: Vec<Part>,
    /// All names and strings that were mentioned.
    pub mentions: BTreeSet<String>,
}

/// What a version depends on from these functions on (name and number of parameters). A name without a
/// number means all functions of that name; `closures` means whatever the statements say.
pub(super) fn reached(
    engine: &Engine,
    compiled: &Compiled,
    roots: &[(String, Option<usize>)],
    closures: bool,
) -> Reached {
    let files = files_of(engine, compiled);
    let mut taken: BTreeMap<(usize, usize), ()> = BTreeMap::new();
    let mut found = Reached::default();
    let mut queue: Vec<(usize, usize)> = Vec::new();
    let mut places = Vec::new();
    for (number, file) in files.iter().enumerate() {
        for (place, piece) in file.pieces.iter().enumerate() {
            places.push((number, place));
            // A hook is a function of the recipe; another may be one of an imported file.
            let rooted = |(name, parameters): &(String, Option<usize>)| {
                let fits = number == 0 && *parameters == piece.parameters;
                *name == piece.name && (parameters.is_none() || fits)
            };
            let own = piece.parameters.is_some() && roots.iter().any(rooted);
            if own || (closures && number == 0 && piece.label == CLOSURES) {
                queue.push((number, place));
            }
        }
    }
    while let Some(at) = queue.pop() {
        if taken.insert(at, ()).is_some() {
            continue;
        }
        let Some(piece) = files.get(at.0).and_then(|file| file.pieces.get(at.1)) else { continue };
        for mention in &piece.mentions {
            if !found.mentions.insert(mention.clone()) {
                continue;
            }
            let named = |(number, place): &&(usize, usize)| {
                let piece = files.get(*number).and_then(|file| file.pieces.get(*place));
                piece.is_some_and(|piece| piece.name == *mention && !piece.label.is_empty())
            };
            queue.extend(places.iter().filter(named));
        }
        if piece.computes {
            let functions = |(number, place): &&(usize, usize)| {
                let piece = files.get(*number).and_then(|file| file.pieces.get(*place));
                piece.is_some_and(|piece| piece.parameters.is_some())
            };
            queue.extend(places.iter().filter(functions));
        }
        // What an imported file does when it is loaded belongs to each of its functions.
        if at.0 > 0 {
            let pieces = files.get(at.0).map(|file| file.pieces.as_slice()).unwrap_or_default();
            let rest = pieces.iter().position(|piece| piece.label.is_empty());
            queue.extend(rest.map(|rest| (at.0, rest)));
        }
    }
    for (file, place) in taken.into_keys() {
        let Some(file) = files.get(file) else { continue };
        let Some(piece) = file.pieces.get(place) else { continue };
        let label = if piece.label.is_empty() { "statements" } else { &piece.label };
        let name = match file.file.as_str() {
            "" => label.to_string(),
            file => format!("{label} of {file}"),
        };
        let value = blake3::hash(piece.text.as_bytes()).to_hex().to_string();
        found.parts.push(Part::new(&name, value).at(format!("{}:{}", file.place, piece.line)));
    }
    found
}

/// The recipe first, then what it imports, by name.
fn files_of(engine: &Engine, compiled: &Compiled) -> Vec<Pieces> {
    let root = compiled.source.file.parent().unwrap_or(std::path::Path::new(""));
    let mut files = vec![Pieces {
        file: String::new(),
        place: compiled.source.name.clone(),
        pieces: pieces_of(engine, &compiled.source.text),
    }];
    let others = compiled.imports.sources.all().filter(|(name, _)| *name != compiled.source.name);
    for (name, text) in others {
        let own = std::path::Path::new(name).strip_prefix(root);
        let file = own.map_or(name.to_string(), |own| own.display().to_string());
        files.push(Pieces { file, place: name.to_string(), pieces: pieces_of(engine, text) });
    }
    if let Some(rest) = files.get_mut(1..) {
        rest.sort_by(|one, other| one.file.cmp(&other.file));
    }
    files
}

fn pieces_of(engine: &Engine, text: &str) -> Vec<Piece> {
    let all = tokens(engine, text);
    let mut pieces = Vec::new();
    let mut rest = Piece {
        label: String::new(),
        name: String::new(),
        parameters: None,
        text: String::new(),
        mentions: BTreeSet::new(),
        computes: false,
        line: 1,
    };
    let mut at = 0;
    let mut depth = 0usize;
    while let Some((token, line)) = all.get(at) {
        let name = |place: usize| match all.get(place) {
            Some((Token::Identifier(name), _)) => name.to_string(),
            Some((Token::StringConstant(text), _)) => text.to_string(),
            _ => String::new(),
        };
        let end = match token {
            Token::Fn | Token::Const | Token::Import if depth == 0 => {
                end_of(&all, at, matches!(token, Token::Fn))
            }
            _ => {
                match token {
                    Token::LeftBrace | Token::MapStart => depth += 1,
                    Token::RightBrace => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if !matches!(token, Token::Private) {
                    note(token, &mut rest.text, &mut rest.mentions);
                }
                at += 1;
                continue;
            }
        };
        let own = all.get(at..end).unwrap_or_default();
        let (mut text, mut mentions) = (String::new(), BTreeSet::new());
        own.iter().for_each(|(token, _)| note(token, &mut text, &mut mentions));
        let (label, name, parameters) = match token {
            Token::Fn => {
                let name = name(at + 1);
                let count = parameters_of(own);
                (format!("fn {name}/{count}"), name, Some(count))
            }
            Token::Const => (format!("const {}", name(at + 1)), name(at + 1), None),
            _ => {
                // `import "path" as alias`
                let alias = own.iter().rev().find_map(|(token, _)| match token {
                    Token::Identifier(name) => Some(name.to_string()),
                    _ => None,
                });
                let alias = alias.unwrap_or_default();
                (format!("import {alias}"), alias, None)
            }
        };
        let computes = computes_names(own);
        pieces.push(Piece { label, name, parameters, text, mentions, computes, line: *line });
        at = end;
    }
    pieces.push(rest);
    // A closure has no name: those of a recipe stand or fall together.
    let mut closures = Piece {
        label: CLOSURES.to_string(),
        name: String::new(),
        parameters: None,
        text: String::new(),
        mentions: BTreeSet::new(),
        computes: false,
        line: 0,
    };
    for statement in &Outline::of(engine, text).statements {
        let has = statement.0.iter().any(|(token, _)| matches!(token, Token::Pipe | Token::Or));
        if has {
            closures.line = closures.line.max(statement.lines().0);
            let tokens = statement.0.iter();
            tokens.for_each(|(token, _)| note(token, &mut closures.text, &mut closures.mentions));
            closures.computes |= computes_names(&statement.0);
        }
    }
    pieces.push(closures);
    pieces
}

/// Whether these say `Fn(…)` of anything but a plain text.
fn computes_names(tokens: &[(Token, usize)]) -> bool {
    tokens.iter().enumerate().any(|(at, (token, _))| {
        let after = |more: usize| tokens.get(at + more).map(|(token, _)| token);
        let plain = matches!(
            (after(1), after(2), after(3)),
            (Some(Token::LeftParen), Some(Token::StringConstant(_)), Some(Token::RightParen))
        );
        word(token) == Some("Fn") && matches!(after(1), Some(Token::LeftParen)) && !plain
    })
}

/// The number of a function's parameters, from its tokens.
fn parameters_of(tokens: &[(Token, usize)]) -> usize {
    let head = tokens.iter().skip(2).take_while(|(token, _)| !matches!(token, Token::LeftBrace));
    head.filter(|(token, _)| matches!(token, Token::Identifier(_))).count()
}

/// Where the function, const or import that begins at `start` ends.
fn end_of(all: &[(Token, usize)], start: usize, is_function: bool) -> usize {
    let mut depth = 0usize;
    for (place, (token, _)) in all.iter().enumerate().skip(start) {
        match token {
            Token::LeftBrace | Token::MapStart => depth += 1,
            Token::RightBrace => {
                depth = depth.saturating_sub(1);
                if depth == 0 && is_function {
                    return place + 1;
                }
            }
            Token::SemiColon if depth == 0 => return place + 1,
            _ => {}
        }
    }
    all.len()
}

fn note(token: &Token, text: &mut String, mentions: &mut BTreeSet<String>) {
    text.push_str(&format!("{token:?} "));
    match token {
        Token::StringConstant(string) => drop(mentions.insert(string.to_string())),
        _ => mentions.extend(word(token).map(String::from)),
    }
}
