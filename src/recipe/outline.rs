//! What a recipe is made of, without layout and comments: its functions one by one, and the rest.

use super::testing::is_test;
use rhai::{Engine, Token};
use std::collections::BTreeMap;

/// A token and its line.
pub(super) type Piece = (Token, usize);

/// A recipe in pieces that can be compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Outline {
    /// Each function, by its name and number of parameters.
    functions: BTreeMap<(String, usize), Vec<Piece>>,
    /// All statements at the top level.
    pub statements: Vec<Statement>,
}

/// A statement at the top level, or a function: where layout differs it is the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Statement(pub Vec<Piece>);

impl PartialEq for Statement {
    fn eq(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

impl PartialEq for Outline {
    fn eq(&self, other: &Self) -> bool {
        self.same_statements(other)
            && self.functions.len() == other.functions.len()
            && self.functions.iter().all(|(key, body)| {
                other.functions.get(key).is_some_and(|theirs| same(body, theirs))
            })
    }
}

/// Whether two texts are the same but for their layout.
pub(super) fn same(one: &[Piece], other: &[Piece]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|((one, _), (other, _))| one == other)
}

/// What a token says, if it is a name.
pub(super) fn word(token: &Token) -> Option<&str> {
    match token {
        Token::Identifier(name) | Token::Reserved(name) => Some(name.as_str()),
        _ => None,
    }
}

/// Whether a text mentions a name, as such or as the text of `Fn("name")`. A key of a map and a property are
/// other things that happen to be called so.
pub(super) fn mentions(pieces: &[Piece], name: &str) -> bool {
    let token = |at: Option<usize>| at.and_then(|at| pieces.get(at)).map(|(token, _)| token);
    pieces.iter().enumerate().any(|(at, (own, _))| match own {
        Token::StringConstant(text) => text.as_str() == name,
        _ if word(own) == Some(name) => {
            let after = token(at.checked_add(1));
            let called = matches!(after, Some(Token::LeftParen | Token::Unit));
            let dotted = matches!(token(at.checked_sub(1)), Some(Token::Period | Token::Elvis));
            called || !dotted && !matches!(after, Some(Token::Colon))
        }
        _ => false,
    })
}

impl Outline {
    /// Takes `text` apart; it need not compile.
    pub fn of(engine: &Engine, text: &str) -> Self {
        let tokens = tokens(engine, text);
        let mut outline = Outline::default();
        let (mut depth, mut at) = (0usize, 0);
        let mut open = Statement::default();
        while let Some(piece) = tokens.get(at) {
            if depth == 0 && matches!(piece.0, Token::Fn) {
                at = outline.function(&tokens, at);
                continue;
            }
            at += 1;
            depth = deeper(depth, &piece.0);
            let next = tokens.get(at).map(|(token, _)| token);
            match &piece.0 {
                // `private` belongs to its function, and the function's text says the rest.
                Token::Private => {}
                Token::SemiColon if depth == 0 => outline.end(&mut open),
                token => {
                    open.0.push(piece.clone());
                    if depth == 0 && matches!(token, Token::RightBrace) && open.ends(next) {
                        outline.end(&mut open);
                    }
                }
            }
        }
        outline.end(&mut open);
        outline
    }

    fn end(&mut self, open: &mut Statement) {
        let statement = std::mem::take(open);
        if !statement.0.is_empty() {
            self.statements.push(statement);
        }
    }

    /// Takes the function that begins at `start` in; where it ends.
    fn function(&mut self, tokens: &[Piece], start: usize) -> usize {
        let name = match tokens.get(start + 1) {
            Some((Token::Identifier(name), _)) => name.to_string(),
            other => format!("{other:?}"),
        };
        let (mut body, mut parameters) = (Vec::new(), 0);
        let (mut depth, mut in_head) = (0usize, true);
        let mut at = start;
        while let Some(piece) = tokens.get(at) {
            body.push(piece.clone());
            at += 1;
            match &piece.0 {
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
        self.functions.insert((name, parameters), body);
        at
    }

    /// The line on which a function begins.
    pub fn line(&self, name: &str, parameters: usize) -> Option<usize> {
        let body = self.functions.get(&(name.to_string(), parameters))?;
        body.first().map(|(_, line)| *line)
    }

    /// All functions: names and texts.
    pub fn functions(&self) -> impl Iterator<Item = (&str, &[Piece])> {
        self.functions.iter().map(|((name, _), body)| (name.as_str(), body.as_slice()))
    }

    /// The text of every function called `name`.
    pub fn bodies(&self, name: &str) -> impl Iterator<Item = &[Piece]> {
        let own = self.functions.iter().filter(move |((known, _), _)| known == name);
        own.map(|(_, body)| body.as_slice())
    }

    /// Functions that are new, gone, or different in `other`; tests do not count.
    pub fn changed(&self, other: &Outline) -> Vec<String> {
        let keys = self.functions.keys().chain(other.functions.keys());
        let keys = keys.filter(|(name, parameters)| {
            !is_test(name, *parameters) || self.uses(name) || other.uses(name)
        });
        let differs = |key: &(String, usize)| {
            let bodies = [self, other].map(|outline| outline.functions.get(key));
            !matches!(bodies, [Some(one), Some(other)] if same(one, other))
        };
        let mut names: Vec<String> =
            keys.filter(|key| differs(key)).map(|(name, _)| name.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Whether anything but a test mentions a function.
    fn uses(&self, name: &str) -> bool {
        let functions = self.functions.iter().filter(|((own, count), _)| !is_test(own, *count));
        let texts = functions.map(|(_, body)| body.as_slice());
        let mut texts = texts.chain(self.statements.iter().map(|statement| &statement.0[..]));
        texts.any(|text| text.iter().any(|(token, _)| word(token) == Some(name)))
    }

    /// Whether the statements are the same.
    pub fn same_statements(&self, other: &Outline) -> bool {
        self.statements == other.statements
    }
}

impl Statement {
    /// Whether it ends with a brace that was just closed: `if … { … }` does, `let x = #{ … }` does not.
    fn ends(&self, next: Option<&Token>) -> bool {
        use Token::{Catch, Do, Else, For, If, LeftBrace, Loop, Switch, Try, Until, While};
        let begins = self.0.first().map(|(token, _)| token);
        let block = matches!(begins, Some(If | For | While | Loop | Do | Switch | Try | LeftBrace));
        let is_do = matches!(begins, Some(Do));
        let goes_on =
            matches!(next, Some(Else | Catch)) || is_do && matches!(next, Some(While | Until));
        block && !goes_on
    }

    /// The lines on which it begins and ends.
    pub fn lines(&self) -> (usize, usize) {
        let line = |piece: Option<&Piece>| piece.map_or(0, |(_, line)| *line);
        (line(self.0.first()), line(self.0.last()))
    }
}

/// The depth of brackets after a token.
pub(super) fn deeper(depth: usize, token: &Token) -> usize {
    use Token::{LeftBrace, LeftBracket, LeftParen, MapStart, QuestionBracket};
    use Token::{RightBrace, RightBracket, RightParen};
    match token {
        LeftBrace | LeftBracket | LeftParen | MapStart | QuestionBracket => depth + 1,
        RightBrace | RightBracket | RightParen => depth.saturating_sub(1),
        _ => depth,
    }
}

/// Whether an operand could begin after `before`: a `|` there begins a closure, and is no operator.
pub(super) fn begins_operand(before: Option<&Token>) -> bool {
    use Token::{
        Colon, Comma, DoubleArrow, Equals, LeftBrace, LeftBracket, LeftParen, MapStart, Return,
        SemiColon,
    };
    matches!(
        before,
        None | Some(
            LeftParen
                | LeftBracket
                | LeftBrace
                | MapStart
                | Comma
                | Colon
                | Equals
                | Return
                | SemiColon
                | DoubleArrow
        )
    )
}

/// All tokens with their lines, without comments.
pub(super) fn tokens(engine: &Engine, text: &str) -> Vec<Piece> {
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
