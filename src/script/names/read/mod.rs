//! From tokens to names: one pass over the text with the brackets that are open.

mod frames;

use super::scan::{Kind, Token, tokens};
use super::span::Lines;
use super::{Binding, Call, Names, Role, Scope, Symbol, Undefined, Use, Wall};

/// Words that are no names.
const KEYWORDS: [&str; 27] = [
    "true", "false", "let", "const", "if", "else", "switch", "do", "while", "until", "loop", "for",
    "in", "continue", "break", "return", "throw", "try", "catch", "fn", "private", "import",
    "export", "as", "this", "global", "_",
];

/// Functions whose first argument is the name of a function.
const POINTERS: [&str; 2] = ["Fn", "is_def_fn"];

/// What an open bracket opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Top,
    Block,
    /// A function's body, with the function.
    Body(usize),
    Map(usize),
    /// Parentheses, of a call or not.
    Group(Option<usize>),
    Square,
    /// The code of `${…}`.
    Code,
    /// A closure, up to the end of its expression or of its block.
    Closure,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    open: Open,
    scope: usize,
}

pub(super) struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    names: Names,
    frames: Vec<Frame>,
    /// `let`s whose statement has not ended, with the number of open brackets there.
    pending: Vec<(usize, usize)>,
    /// What the next block binds, with the number of open brackets there.
    next_block: Option<(Vec<usize>, usize)>,
    /// An import that waits for its name.
    import: Option<(usize, Option<String>)>,
    docs: Vec<Token<'a>>,
    /// Names behind `global::`, which are looked up when all consts are known.
    globals: Vec<usize>,
    /// Calls and pointers, which are looked up when all functions are known: use, and call if it is one.
    asked: Vec<(usize, Option<usize>)>,
}

pub(super) fn read(text: &str) -> Names {
    let (tokens, comments) = tokens(text);
    let texts = tokens.iter().filter(|token| token.kind == Kind::Text);
    let texts = texts.map(|token| (token.start, token.end())).collect();
    let top =
        Scope { parent: None, wall: Wall::None, start: 0, end: text.len(), symbols: Vec::new() };
    let names = Names {
        text: text.to_string(),
        lines: Lines::of(text),
        symbols: Vec::new(),
        scopes: vec![top],
        uses: Vec::new(),
        undefined: Vec::new(),
        calls: Vec::new(),
        literals: Vec::new(),
        comments,
        texts,
    };
    let mut reader = Reader {
        tokens,
        at: 0,
        names,
        frames: vec![Frame { open: Open::Top, scope: 0 }],
        pending: Vec::new(),
        next_block: None,
        import: None,
        docs: Vec::new(),
        globals: Vec::new(),
        asked: Vec::new(),
    };
    while let Some(token) = reader.tokens.get(reader.at).copied() {
        reader.step(token);
    }
    reader.close_all(text.len());
    reader.resolve();
    reader.names
}

impl<'a> Reader<'a> {
    fn token(&self, ahead: isize) -> Option<Token<'a>> {
        self.tokens.get(self.at.checked_add_signed(ahead)?).copied()
    }

    fn next_is(&self, ahead: isize, sign: &str) -> bool {
        self.token(ahead).is_some_and(|token| token.is(sign))
    }

    fn word_at(&self, ahead: isize) -> Option<Token<'a>> {
        self.token(ahead).filter(|token| token.kind == Kind::Word)
    }

    fn top(&self) -> Frame {
        self.frames.last().copied().unwrap_or(Frame { open: Open::Top, scope: 0 })
    }

    fn step(&mut self, token: Token<'a>) {
        match token.kind {
            Kind::Doc => {
                self.docs.push(token);
                self.at += 1;
                return;
            }
            Kind::Word => self.word(token),
            Kind::Sign => self.sign(token),
            Kind::Text => self.string(token),
            Kind::Number => self.at += 1,
        }
        if !token.is("private") {
            self.docs.clear();
        }
    }

    fn string(&mut self, token: Token<'a>) {
        let inner = token.text.trim_matches('"');
        let inside = (token.start + 1, token.start + 1 + inner.len());
        let behind = |name: &&str| self.next_is(-1, "(") && self.next_is(-2, name);
        if token.text.starts_with('"') && POINTERS.iter().any(behind) {
            let asked = self.used(inside.0, inside.1, Role::Pointed);
            self.asked.push((asked, None));
        } else if let (Open::Map(map), true) = (self.top().open, self.begins_entry()) {
            self.key(map, inner, inside);
        }
        self.at += 1;
    }

    /// Whether a key of a map stands here.
    fn begins_entry(&self) -> bool {
        self.next_is(-1, "#{") || self.next_is(-1, ",")
    }

    fn key(&mut self, map: usize, name: &str, (start, end): (usize, usize)) {
        let span = self.names.span(start, end);
        if let Some(literal) = self.names.literals.get_mut(map) {
            literal.keys.push((name.to_string(), span));
        }
        self.used(start, end, Role::Key(map));
    }

    fn used(&mut self, start: usize, end: usize, role: Role) -> usize {
        let span = self.names.span(start, end);
        self.names.uses.push(Use { span, role });
        self.names.uses.len() - 1
    }

    fn word(&mut self, token: Token<'a>) {
        if self.next_is(-1, ".") || self.next_is(-1, "?.") {
            return self.behind_a_point(token);
        }
        match token.text {
            "let" | "const" => self.variable(token),
            "fn" => self.function(token),
            "for" => self.turns(token),
            "catch" => self.catches(token),
            "import" | "export" => {
                self.end_statement(token.start);
                let path = self.token(1).filter(|next| next.kind == Kind::Text);
                let path = path.map(|next| next.text.trim_matches('"').to_string());
                self.import = (token.text == "import").then_some((token.start, path));
                self.at += 1;
            }
            "as" => {
                if let Some((start, path)) = self.import.take()
                    && let Some(name) = self.word_at(1)
                {
                    let index = self.bind(Binding::Import, name, start);
                    self.names.symbols[index].path = path;
                    self.declare(index, self.top().scope, name.end());
                }
                self.at += 1 + usize::from(self.word_at(1).is_some());
            }
            word if KEYWORDS.contains(&word) && !self.next_is(1, "::") => self.at += 1,
            _ => self.name(token),
        }
    }

    fn behind_a_point(&mut self, token: Token<'a>) {
        if self.next_is(1, "(") {
            return self.call(token, None, true);
        }
        self.used(token.start, token.end(), Role::Property);
        self.at += 1;
    }

    fn name(&mut self, token: Token<'a>) {
        if self.next_is(1, "::") {
            return self.path(token);
        }
        if let (Open::Map(map), true) = (self.top().open, self.begins_entry()) {
            self.key(map, token.text, (token.start, token.end()));
        } else if self.next_is(1, "(") {
            return self.call(token, None, false);
        } else {
            let role = self.find(token.text).map_or(Role::Undefined, Role::Symbol);
            if role == Role::Undefined {
                self.missing(token, false);
            }
            self.used(token.start, token.end(), role);
        }
        self.at += 1;
    }

    fn missing(&mut self, token: Token<'a>, global: bool) {
        let span = self.names.span(token.start, token.end());
        let top_level = self.walled() || global;
        let name = token.text.to_string();
        self.names.undefined.push(Undefined { name, span, top_level, global });
    }

    /// `a::b`, `a::b(…)`, `alias::inner::c`.
    fn path(&mut self, first: Token<'a>) {
        let import = self.find(first.text);
        let import = import.filter(|own| self.names.symbols[*own].binding == Binding::Import);
        if first.text != "global" {
            let role = import.map_or(Role::Namespace, Role::Symbol);
            self.used(first.start, first.end(), role);
        }
        self.at += 2;
        let mut namespace = first.text.to_string();
        while let (Some(inner), true) = (self.word_at(0), self.next_is(1, "::")) {
            namespace = format!("{namespace}::{}", inner.text);
            self.at += 2;
        }
        // `a::` at the end of what was typed so far: the word on the next line is another statement.
        let Some(last) = self.word_at(0).filter(|word| !KEYWORDS.contains(&word.text)) else {
            return;
        };
        match (namespace.as_str(), self.next_is(1, "(")) {
            ("global", true) => self.call(last, None, false),
            ("global", false) => {
                let index = self.used(last.start, last.end(), Role::Undefined);
                self.globals.push(index);
                self.missing(last, true);
                self.at += 1;
            }
            (_, called) => {
                let role = Role::Member { namespace: namespace.clone(), import, called };
                self.used(last.start, last.end(), role);
                match called {
                    true => self.opened(last, Some(namespace), false),
                    false => self.at += 1,
                }
            }
        }
    }

    fn call(&mut self, name: Token<'a>, namespace: Option<String>, method: bool) {
        let role = match (method, self.find(name.text)) {
            (true, _) => Role::Method,
            (false, Some(variable)) => Role::Symbol(variable),
            (false, None) => Role::Called,
        };
        let index = self.used(name.start, name.end(), role);
        self.asked.push((index, Some(self.names.calls.len())));
        self.opened(name, namespace, method);
    }

    /// A call's parenthesis stands behind its name, which stands here.
    fn opened(&mut self, name: Token<'a>, namespace: Option<String>, method: bool) {
        let span = self.names.span(name.start, name.end());
        let open = self.token(1).map_or(name.end(), |token| token.start);
        let empty = self.next_is(2, ")");
        self.names.calls.push(Call {
            name: name.text.to_string(),
            namespace,
            span,
            method,
            open,
            close: usize::MAX,
            commas: Vec::new(),
            empty,
        });
        self.push(Open::Group(Some(self.names.calls.len() - 1)), self.top().scope);
        self.at += 2;
    }

    fn push(&mut self, open: Open, scope: usize) {
        self.frames.push(Frame { open, scope });
    }

    fn new_scope(&mut self, parent: usize, wall: Wall, start: usize) -> usize {
        let end = self.names.text.len();
        self.names.scopes.push(Scope {
            parent: Some(parent),
            wall,
            start,
            end,
            symbols: Vec::new(),
        });
        self.names.scopes.len() - 1
    }

    fn bind(&mut self, binding: Binding, name: Token<'a>, start: usize) -> usize {
        let index = self.names.symbols.len();
        self.used(name.start, name.end(), Role::Symbol(index));
        self.names.symbols.push(Symbol {
            binding,
            name: name.text.to_string(),
            span: self.names.span(name.start, name.end()),
            extent: (start, name.end()),
            parameters: Vec::new(),
            doc: String::new(),
            private: false,
            path: None,
            value: None,
            scope: self.top().scope,
            from: usize::MAX,
        });
        index
    }

    fn declare(&mut self, index: usize, scope: usize, from: usize) {
        if let Some(symbol) = self.names.symbols.get_mut(index) {
            (symbol.scope, symbol.from) = (scope, from);
        }
        if let Some(scope) = self.names.scopes.get_mut(scope) {
            scope.symbols.push(index);
        }
    }

    fn variable(&mut self, token: Token<'a>) {
        self.end_statement(token.start);
        self.at += 1;
        let Some(name) = self.word_at(0) else { return };
        let binding = if token.text == "let" { Binding::Let } else { Binding::Const };
        let index = self.bind(binding, name, token.start);
        if self.next_is(1, "=") {
            let start = self.token(2).map_or(name.end(), |value| value.start);
            self.names.symbols[index].value = Some((start, start));
            self.at += 1;
        }
        self.pending.push((index, self.frames.len()));
        self.at += 1;
    }

    /// `for x in …`, `for (x, count) in …`.
    fn turns(&mut self, token: Token<'a>) {
        self.at += 1;
        let mut bound = Vec::new();
        while let Some(next) = self.token(0) {
            match next.kind {
                Kind::Word if next.text != "in" => {
                    bound.push(self.bind(Binding::Loop, next, token.start));
                }
                Kind::Sign if ["(", ",", ")"].contains(&next.text) => {}
                _ => break,
            }
            self.at += 1;
        }
        self.next_block = Some((bound, self.frames.len()));
    }

    fn catches(&mut self, token: Token<'a>) {
        self.at += 1;
        if let (true, Some(name), true) =
            (self.next_is(0, "("), self.word_at(1), self.next_is(2, ")"))
        {
            let index = self.bind(Binding::Catch, name, token.start);
            self.next_block = Some((vec![index], self.frames.len()));
            self.at += 3;
        }
    }
}
