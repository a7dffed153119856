//! What a recipe is made of, without layout and comments: its functions one by one, and the rest.

use super::testing::is_test;
use rhai::{Engine, Token};
use std::collections::BTreeMap;

/// A recipe in pieces that can be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The tokens of each function, by its name and number of parameters.
    functions: BTreeMap<(String, usize), (String, usize)>,
    /// The tokens of all statements.
    statements: String,
}

impl Outline {
    /// Takes `text` apart; it need not compile.
    pub fn of(engine: &Engine, text: &str) -> Self {
        let tokens = tokens(engine, text);
        let mut outline = Outline::default();
        let mut depth = 0usize;
        let mut at = 0;
        while let Some((token, _)) = tokens.get(at) {
            if depth == 0 && matches!(token, Token::Fn) {
                at = outline.function(&tokens, at);
                continue;
            }
            match token {
                Token::LeftBrace | Token::MapStart => depth += 1,
                Token::RightBrace => depth = depth.saturating_sub(1),
                _ => {}
            }
            // `private` belongs to its function, and the function's text says the rest.
            if !matches!(token, Token::Private) {
                outline.statements.push_str(&format!("{token:?} "));
            }
            at += 1;
        }
        outline
    }

    /// Takes the function that begins at `start` in; where it ends.
    fn function(&mut self, tokens: &[(Token, usize)], start: usize) -> usize {
        let name = match tokens.get(start + 1) {
            Some((Token::Identifier(name), _)) => name.to_string(),
            other => format!("{other:?}"),
        };
        let line = tokens.get(start).map_or(0, |(_, line)| *line);
        let (mut text, mut parameters) = (String::new(), 0);
        let (mut depth, mut in_head) = (0usize, true);
        let mut at = start;
        while let Some((token, _)) = tokens.get(at) {
            text.push_str(&format!("{token:?} "));
            at += 1;
            match token {
                Token::Identifier(_) if in_head && at > start + 2 => parameters += 1,
                Token::LeftBrace | Token::MapStart => {
                    in_head = false;
                    depth += 1;
                }
                Token::RightBrace => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        break;
                    }
                }
                _ => {}
            }
        }
        self.functions.insert((name, parameters), (text, line));
        at
    }

    /// The line on which a function begins.
    pub fn line(&self, name: &str, parameters: usize) -> Option<usize> {
        self.functions.get(&(name.to_string(), parameters)).map(|(_, line)| *line)
    }

    /// Functions that are new, gone, or different in `other`; tests do not count.
    pub fn changed(&self, other: &Outline) -> Vec<String> {
        let keys = self.functions.keys().chain(other.functions.keys());
        let keys = keys.filter(|(name, parameters)| {
            !is_test(name, *parameters) || self.uses(name) || other.uses(name)
        });
        let body = |outline: &Outline, key| {
            outline.functions.get(key).map(|(text, _): &(String, usize)| text.clone())
        };
        let mut names: Vec<String> = keys
            .filter(|key| body(self, *key) != body(other, *key))
            .map(|(name, _)| name.clone())
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Whether anything but a test mentions a function.
    fn uses(&self, name: &str) -> bool {
        let mention = format!("{:?}", Token::Identifier(Box::new(name.into())));
        let functions = self.functions.iter().filter(|((own, count), _)| !is_test(own, *count));
        let mut texts = functions.map(|(_, (text, _))| text).chain([&self.statements]);
        texts.any(|text| text.contains(&mention))
    }

    /// Whether the statements are the same.
    pub fn same_statements(&self, other: &Outline) -> bool {
        self.statements == other.statements
    }
}

/// All tokens with their lines, without comments.
pub(super) fn tokens(engine: &Engine, text: &str) -> Vec<(Token, usize)> {
    let texts = [text];
    let (stream, control) = engine.lex(&texts);
    let mut all = Vec::new();
    // The code within `${…}` ends at its own brace, and the string goes on: the lexer must be told.
    let mut open: Vec<usize> = Vec::new();
    for (token, position) in stream {
        match &token {
            Token::EOF => break,
            Token::Comment(_) => continue,
            Token::InterpolatedString(_) => open.push(0),
            Token::LeftBrace | Token::MapStart => {
                if let Some(depth) = open.last_mut() {
                    *depth += 1;
                }
            }
            Token::RightBrace => {
                if let Some(depth) = open.last_mut() {
                    *depth = depth.saturating_sub(1);
                    if *depth == 0 {
                        open.pop();
                        control.borrow_mut().is_within_text = true;
                    }
                }
            }
            _ => {}
        }
        all.push((token, position.line().unwrap_or(0)));
    }
    all
}
