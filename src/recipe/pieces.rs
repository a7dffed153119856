//! Of all that a recipe and its imports say, what a stage depends on: the functions that its hooks reach, the
//! consts that they read, and nothing else. Comments and layout do not count.

use super::compile::Compiled;
use super::outline::{Outline, begins_operand, tokens, word};
use crate::run::Part;
use rhai::{Engine, Token};
use std::collections::BTreeSet;

/// What asks for an argument of the recipe.
const ARGUMENT: &str = "arg";

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
    /// Names that it mentions.
    names: BTreeSet<String>,
    /// Whole strings that it mentions.
    strings: BTreeSet<String>,
    /// Those of both that may mean a function, a const or an import.
    leads: BTreeSet<String>,
    /// Whether it makes the name of a function while it runs: it may mean any.
    computes: bool,
    /// Whether it makes the name of an argument while it runs: it may ask for any.
    asks: bool,
    line: usize,
}

impl Piece {
    fn of(label: String, name: String, line: usize, tokens: &[(Token, usize)]) -> Self {
        let (mut names, mut strings) = (BTreeSet::new(), BTreeSet::new());
        for (token, _) in tokens {
            match token {
                Token::Identifier(name) => drop(names.insert(name.to_string())),
                Token::StringConstant(string) => drop(strings.insert(string.to_string())),
                _ => {}
            }
        }
        let text = tokens.iter().map(|(token, _)| format!("{token:?} ")).collect();
        let leads = leads_of(tokens);
        let computes = computes_names("Fn", tokens);
        // What is called by a name of its own making may be `arg` itself.
        let hidden = computes || strings.contains(ARGUMENT);
        let asks = hidden || computes_names(ARGUMENT, tokens);
        Piece { label, name, parameters: None, text, names, strings, leads, computes, asks, line }
    }
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
    /// All names that were mentioned.
    pub names: BTreeSet<String>,
    /// All strings: of arguments, of files.
    pub strings: BTreeSet<String>,
    /// Whether any argument may be asked for: the name of one is made while a function runs.
    pub asks: bool,
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
    let mut taken: BTreeSet<(usize, usize)> = BTreeSet::new();
    let mut found = Reached::default();
    let mut queue: Vec<(usize, usize)> = Vec::new();
    let mut followed = BTreeSet::new();
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
        if !taken.insert(at) {
            continue;
        }
        let Some(piece) = files.get(at.0).and_then(|file| file.pieces.get(at.1)) else { continue };
        found.names.extend(piece.names.iter().cloned());
        found.strings.extend(piece.strings.iter().cloned());
        found.asks |= piece.asks;
        for mention in &piece.leads {
            if !followed.insert(mention.clone()) {
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
    for (file, place) in taken {
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
    let mut rest = Vec::new();
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
                    rest.push((token.clone(), *line));
                }
                at += 1;
                continue;
            }
        };
        let own = all.get(at..end).unwrap_or_default();
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
        pieces.push(Piece { parameters, ..Piece::of(label, name, *line, own) });
        at = end;
    }
    pieces.push(Piece::of(String::new(), String::new(), 1, &rest));
    // A closure has no name: those of a recipe stand or fall together.
    let statements = Outline::of(engine, text).statements;
    let closures: Vec<(Token, usize)> = statements
        .into_iter()
        .filter(|one| one.0.iter().any(|(token, _)| matches!(token, Token::Pipe | Token::Or)))
        .flat_map(|one| one.0)
        .collect();
    let line = closures.first().map_or(0, |(_, line)| *line);
    pieces.push(Piece::of(CLOSURES.to_string(), String::new(), line, &closures));
    pieces
}

/// Whether these call `function` with anything but a plain text as its first argument.
pub(super) fn computes_names(function: &str, tokens: &[(Token, usize)]) -> bool {
    tokens.iter().enumerate().any(|(at, (token, _))| {
        let after = |more: usize| tokens.get(at + more).map(|(token, _)| token);
        let plain = matches!(
            (after(1), after(2), after(3)),
            (
                Some(Token::LeftParen),
                Some(Token::StringConstant(_)),
                Some(Token::RightParen | Token::Comma)
            )
        );
        word(token) == Some(function) && matches!(after(1), Some(Token::LeftParen)) && !plain
    })
}

/// Names and strings that may mean a function, a const or an import. Properties and keys of maps do not, nor do a
/// piece's own variables: where `let loss = …` stands, `loss` alone is no function called `loss`.
fn leads_of(tokens: &[(Token, usize)]) -> BTreeSet<String> {
    let token = |at: usize| tokens.get(at).map(|(token, _)| token);
    let before = |at: usize| at.checked_sub(1).and_then(token);
    let mut leads = BTreeSet::new();
    let mut own: BTreeSet<&str> = BTreeSet::new();
    let mut bare: BTreeSet<&str> = BTreeSet::new();
    // The brackets around parameters: of a function, of a closure, of `for (x, i)`.
    let mut list: Option<&Token> = None;
    for at in 0..tokens.len() {
        let Some(this) = token(at) else { continue };
        let opens = match this {
            Token::LeftParen if matches!(before(at), Some(Token::For)) => Some(&Token::RightParen),
            Token::LeftParen if at == 2 && matches!(token(0), Some(Token::Fn)) => {
                Some(&Token::RightParen)
            }
            // Where an operand could begin; elsewhere it is an operator.
            Token::Pipe if list.is_none() && begins_operand(before(at)) => Some(&Token::Pipe),
            _ => None,
        };
        if opens.is_some() {
            list = opens;
            continue;
        }
        if list == Some(this) {
            list = None;
        }
        match this {
            Token::StringConstant(text) => drop(leads.insert(text.to_string())),
            Token::Identifier(name) => match (before(at), token(at + 1)) {
                (_, Some(Token::LeftParen | Token::DoubleColon)) => {
                    leads.insert(name.to_string());
                }
                (Some(Token::Let | Token::Const | Token::For), _) => drop(own.insert(name)),
                (Some(Token::LeftParen | Token::Comma | Token::Pipe), Some(next))
                    if list.is_some() && (matches!(next, Token::Comma) || list == Some(next)) =>
                {
                    own.insert(name);
                }
                (Some(Token::Period | Token::Elvis), _) | (_, Some(Token::Colon)) => {}
                _ => drop(bare.insert(name)),
            },
            _ => {}
        }
    }
    leads.extend(bare.difference(&own).map(|name| name.to_string()));
    leads
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
