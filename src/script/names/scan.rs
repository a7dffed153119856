//! Tokens of a recipe with their exact extent. Rhai's own lexer tells where a token begins, not where it ends, and
//! an editor's text is seldom whole: here an open string ends with its line, and nothing is refused.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Word,
    Number,
    /// A string without what it interpolates; the extent includes the quotes that are there.
    Text,
    /// Operators and brackets.
    Sign,
    /// `///` or `/** … */`.
    Doc,
}

/// A token; the extent is in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub kind: Kind,
    pub start: usize,
    pub text: &'a str,
}

impl Token<'_> {
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    pub fn is(&self, sign: &str) -> bool {
        matches!(self.kind, Kind::Sign | Kind::Word) && self.text == sign
    }
}

/// Operators of more than one character, longest first.
const SIGNS: [&str; 28] = [
    "**=", "<<=", ">>=", "..=", "::", "#{", "=>", "==", "!=", "<=", ">=", "||", "&&", "..", "?.",
    "?[", "??", "+=", "-=", "*=", "/=", "%=", "|=", "&=", "^=", "**", "<<", ">>",
];

/// Whether a character may stand in a name.
pub(super) fn in_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    found: Vec<Token<'a>>,
    /// Open braces within each `${…}` that is open.
    open: Vec<usize>,
    /// Where a comment begins that does not end.
    unclosed: Option<usize>,
}

/// Where a comment begins that is not closed.
pub(super) fn open_comment(text: &str) -> Option<usize> {
    scanned(text).0.unclosed
}

/// All tokens of `text`, and the extents of its comments.
pub(super) fn tokens(text: &str) -> (Vec<Token<'_>>, Vec<(usize, usize)>) {
    let (scanner, comments) = scanned(text);
    (scanner.found, comments)
}

fn scanned(text: &str) -> (Scanner<'_>, Vec<(usize, usize)>) {
    let mut scanner = Scanner { text, at: 0, found: Vec::new(), open: Vec::new(), unclosed: None };
    let mut comments = Vec::new();
    while let Some(letter) = scanner.rest().chars().next() {
        let start = scanner.at;
        if scanner.comment() {
            comments.push((start, scanner.at));
        } else if letter.is_whitespace() {
            scanner.at += letter.len_utf8();
        } else {
            scanner.token(letter);
        }
    }
    (scanner, comments)
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, kind: Kind, length: usize) {
        let end = (self.at + length).min(self.text.len());
        let text = self.text.get(self.at..end).unwrap_or_default();
        if !text.is_empty() {
            self.found.push(Token { kind, start: self.at, text });
        }
        self.at = end;
    }

    fn line_end(&self) -> usize {
        self.rest().find('\n').unwrap_or(self.rest().len())
    }

    /// Whether a comment stood here, which is passed over.
    fn comment(&mut self) -> bool {
        let rest = self.rest();
        if rest.starts_with("//") {
            let length = self.line_end();
            match rest.starts_with("///") && !rest.starts_with("////") {
                true => self.push(Kind::Doc, length),
                false => self.at += length,
            }
            return true;
        }
        if !rest.starts_with("/*") {
            return false;
        }
        let (mut depth, mut length) = (0usize, 0);
        while let Some(letter) = rest.get(length..).and_then(|rest| rest.chars().next()) {
            let two = rest.get(length..length + 2).unwrap_or_default();
            match two {
                "/*" => depth += 1,
                "*/" => depth -= 1,
                _ => {
                    length += letter.len_utf8();
                    continue;
                }
            }
            length += 2;
            if depth == 0 {
                break;
            }
        }
        if depth > 0 {
            self.unclosed = Some(self.at);
        }
        match rest.starts_with("/**") && !rest.starts_with("/***") && length > 4 {
            true => self.push(Kind::Doc, length),
            false => self.at += length,
        }
        true
    }

    fn token(&mut self, letter: char) {
        let rest = self.rest();
        match letter {
            '"' | '\'' => self.quoted(letter),
            '`' => {
                self.at += 1;
                self.template(1);
            }
            '0'..='9' => self.number(),
            '#' if rest.trim_start_matches('#').starts_with('"') => self.raw(),
            letter if in_word(letter) => {
                let length = rest.find(|c| !in_word(c)).unwrap_or(rest.len());
                self.push(Kind::Word, length);
            }
            letter => {
                let long = SIGNS.iter().find(|sign| rest.starts_with(**sign));
                let sign = self.at;
                self.push(Kind::Sign, long.map_or(letter.len_utf8(), |sign| sign.len()));
                self.braces(self.text.get(sign..self.at).unwrap_or_default());
            }
        }
    }

    /// The code within `${…}` ends at its own brace, and the string goes on.
    fn braces(&mut self, sign: &str) {
        match (self.open.last_mut(), sign) {
            (Some(depth), "{" | "#{") => *depth += 1,
            (Some(0), "}") => {
                self.open.pop();
                self.template(0);
            }
            (Some(depth), "}") => *depth -= 1,
            _ => {}
        }
    }

    /// A string in quotes: it ends with its line, but for a line that ends with a backslash.
    fn quoted(&mut self, quote: char) {
        let mut length = 1;
        let mut escaped = false;
        for letter in self.rest().chars().skip(1) {
            if letter == '\n' && !escaped {
                break;
            }
            length += letter.len_utf8();
            match letter {
                '\r' if escaped => {}
                '\\' => escaped = !escaped,
                letter if letter == quote && !escaped => break,
                _ => escaped = false,
            }
        }
        self.push(Kind::Text, length);
    }

    /// A back-ticked string from behind its tick, or behind a `}`; `back` bytes before belong to it.
    fn template(&mut self, back: usize) {
        let rest = self.rest();
        let tick = rest.find('`');
        let code = rest.find("${").filter(|code| tick.is_none_or(|tick| *code < tick));
        let start = self.at - back;
        let length = back + code.or(tick.map(|tick| tick + 1)).unwrap_or(rest.len());
        self.at = start;
        self.push(Kind::Text, length);
        if code.is_some() {
            self.push(Kind::Sign, 2);
            self.open.push(0);
        }
    }

    /// `#"…"#`, with any number of signs.
    fn raw(&mut self) {
        let rest = self.rest();
        let signs = rest.find('"').unwrap_or(0);
        let end = format!("\"{}", "#".repeat(signs));
        let inner = rest.get(signs + 1..).unwrap_or_default();
        let length = inner.find(&end).map(|length| signs + 1 + length + end.len());
        self.push(Kind::Text, length.unwrap_or(rest.len()));
    }

    fn number(&mut self) {
        let rest = self.rest();
        let word = |from: usize| {
            let tail = rest.get(from..).unwrap_or_default();
            tail.find(|c: char| !in_word(c)).unwrap_or(tail.len())
        };
        let mut length = word(0);
        let tail = rest.get(length..).unwrap_or_default();
        if tail.starts_with('.') && tail[1..].starts_with(|c: char| c.is_ascii_digit()) {
            length += 1 + word(length + 1);
        }
        let is_hex = rest.starts_with("0x") || rest.starts_with("0X");
        let so_far = rest.get(..length).unwrap_or_default();
        let tail = rest.get(length..).unwrap_or_default();
        if !is_hex && so_far.ends_with(['e', 'E']) && tail.starts_with(['+', '-']) {
            length += 1 + word(length + 1);
        }
        self.push(Kind::Number, length);
    }
}
