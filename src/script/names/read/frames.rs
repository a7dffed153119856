//! Brackets, functions and closures; and what can be told when all of the text was read.

use super::super::scan::{Kind, Token};
use super::super::{Binding, Literal, Role, Wall};
use super::{Open, Reader};

impl<'a> Reader<'a> {
    /// `fn name(a, b) { … }`, `fn Type.name(a) { … }`. A function stands at the top level, whatever is still open.
    pub(super) fn function(&mut self, token: Token<'a>) {
        self.close_all(token.start);
        let private = self.next_is(-1, "private");
        let start = self.docs.first().map_or(token.start, |doc| doc.start);
        self.at += 1;
        if self.next_is(1, ".") {
            self.at += 2;
        }
        let Some(name) = self.word_at(0) else { return };
        let index = self.bind(Binding::Function, name, start);
        let doc = doc_of(&self.docs);
        self.at += 1;
        let mut bound = Vec::new();
        if self.next_is(0, "(") {
            self.at += 1;
            while let Some(next) = self.token(0) {
                match next.kind {
                    Kind::Word if next.text != "fn" && next.text != "let" => {
                        bound.push(self.bind(Binding::Parameter, next, next.start));
                    }
                    Kind::Sign if next.text == "," => {}
                    _ => break,
                }
                self.at += 1;
            }
            self.at += usize::from(self.next_is(0, ")"));
        }
        let parameters =
            bound.iter().map(|index| self.names.symbols[*index].name.clone()).collect();
        let end = self.token(-1).map_or(name.end(), |last| last.end());
        let symbol = &mut self.names.symbols[index];
        (symbol.parameters, symbol.doc, symbol.private) = (parameters, doc, private);
        (symbol.from, symbol.extent.1) = (0, end);
        if self.next_is(0, "{") {
            let scope = self.new_scope(0, Wall::Function, end);
            for parameter in bound {
                self.declare(parameter, scope, end);
            }
            self.push(Open::Body(index), scope);
            self.at += 1;
        }
    }

    pub(super) fn sign(&mut self, token: Token<'a>) {
        if matches!(token.text, "," | ";" | ")" | "]" | "}") {
            self.end_closures(token.start);
        }
        let scope = self.top().scope;
        match token.text {
            "{" => {
                let inner = self.new_scope(scope, Wall::None, token.end());
                self.push(Open::Block, inner);
                if let Some((bound, depth)) = self.next_block.take() {
                    match depth == self.frames.len() - 1 {
                        true => bound
                            .into_iter()
                            .for_each(|index| self.declare(index, inner, token.end())),
                        false => self.next_block = Some((bound, depth)),
                    }
                }
            }
            "#{" => self.map(token),
            "${" => self.push(Open::Code, scope),
            "(" => self.push(Open::Group(None), scope),
            "[" | "?[" => self.push(Open::Square, scope),
            ")" => {
                self.close(token.start, |open| matches!(open, Open::Group(_)));
            }
            "]" => {
                self.close(token.start, |open| open == Open::Square);
            }
            "}" => {
                let braced =
                    |open| matches!(open, Open::Block | Open::Body(_) | Open::Map(_) | Open::Code);
                let closed = self.close(token.start, braced);
                // A closure's block ends the closure.
                let block = closed.is_some_and(|open| open == Open::Block);
                if block && self.top().open == Open::Closure && !self.next_is(1, "else") {
                    self.pop(token.end());
                }
            }
            "," => {
                if let Open::Group(Some(call)) = self.top().open {
                    self.names.calls[call].commas.push(token.start);
                }
            }
            ";" => self.end_statement(token.start),
            "|" | "||" if self.begins_operand() => return self.closure(token),
            _ => {}
        }
        self.at += 1;
    }

    fn map(&mut self, token: Token<'a>) {
        let (mut call, mut under, mut variable) = (None, None, None);
        let mut in_array = false;
        for (depth, frame) in self.frames.iter().enumerate().rev() {
            match frame.open {
                Open::Square => in_array = true,
                Open::Group(None) => {}
                Open::Group(Some(own)) => {
                    call = (!in_array).then_some(own);
                    break;
                }
                Open::Map(outer) => {
                    let key = self.names.literals[outer].keys.last();
                    under = key.map(|(key, _)| (outer, key.clone()));
                    break;
                }
                _ => {
                    let last = self.pending.last().filter(|(_, at)| *at == depth + 1 && !in_array);
                    variable = last.map(|(index, _)| *index);
                    break;
                }
            }
        }
        self.names.literals.push(Literal {
            open: token.start,
            close: usize::MAX,
            keys: Vec::new(),
            call,
            under,
            variable,
        });
        self.push(Open::Map(self.names.literals.len() - 1), self.top().scope);
    }

    /// Whether an operand could begin here: a `|` begins a closure then, and is no operator.
    fn begins_operand(&self) -> bool {
        match self.token(-1) {
            None => true,
            Some(before) => match before.kind {
                Kind::Sign => !matches!(before.text, ")" | "]" | "}"),
                Kind::Word => matches!(before.text, "return" | "throw" | "in" | "else"),
                _ => false,
            },
        }
    }

    fn closure(&mut self, token: Token<'a>) {
        let scope = self.new_scope(self.top().scope, Wall::None, token.start);
        self.at += 1;
        if token.text == "|" {
            while let Some(next) = self.token(0).filter(|next| !next.is("|")) {
                match next.kind {
                    Kind::Word => {
                        let index = self.bind(Binding::Closure, next, token.start);
                        self.declare(index, scope, next.end());
                    }
                    Kind::Sign if next.text == "," => {}
                    _ => break,
                }
                self.at += 1;
            }
            self.at += usize::from(self.next_is(0, "|"));
        }
        self.push(Open::Closure, scope);
    }

    fn end_closures(&mut self, at: usize) {
        while self.top().open == Open::Closure {
            self.pop(at);
        }
    }

    /// Closes the innermost bracket of a kind, with all that is still open within, and says what it opened; a
    /// bracket that closes nothing is passed over, and no block is closed by a parenthesis.
    fn close(&mut self, at: usize, kind: impl Fn(Open) -> bool) -> Option<Open> {
        let braced = |open| matches!(open, Open::Block | Open::Body(_) | Open::Top | Open::Code);
        let own = self.frames.iter().rposition(|frame| kind(frame.open));
        let wall = self.frames.iter().rposition(|frame| braced(frame.open)).unwrap_or(0);
        let own = own.filter(|own| *own >= wall && *own > 0)?;
        let opened = self.frames.get(own).map(|frame| frame.open);
        while self.frames.len() > own {
            self.pop(at);
        }
        opened
    }

    fn pop(&mut self, at: usize) {
        let Some(frame) = self.frames.pop() else { return };
        let depth = self.frames.len();
        while let Some((index, _)) = self.pending.pop_if(|(_, own)| *own > depth) {
            self.ended(index, at);
        }
        match frame.open {
            Open::Group(Some(call)) => self.names.calls[call].close = at,
            Open::Map(map) => self.names.literals[map].close = at,
            Open::Block | Open::Closure => self.names.scopes[frame.scope].end = at,
            Open::Body(function) => {
                self.names.scopes[frame.scope].end = at;
                let end = (at + 1).min(self.names.text.len());
                self.names.symbols[function].extent.1 = end;
            }
            Open::Top | Open::Group(None) | Open::Square | Open::Code => {}
        }
    }

    /// A `let` can be seen from the end of its statement on.
    fn ended(&mut self, index: usize, at: usize) {
        let symbol = &mut self.names.symbols[index];
        symbol.extent.1 = at;
        if let Some((_, end)) = &mut symbol.value {
            *end = at;
        }
        let scope = symbol.scope;
        self.declare(index, scope, at);
    }

    /// What is open within a statement ends with it.
    pub(super) fn end_statement(&mut self, at: usize) {
        let inner =
            |open| matches!(open, Open::Map(_) | Open::Group(_) | Open::Square | Open::Closure);
        while inner(self.top().open) {
            self.pop(at);
        }
        let depth = self.frames.len();
        while let Some((index, _)) = self.pending.pop_if(|(_, own)| *own >= depth) {
            self.ended(index, at);
        }
    }

    pub(super) fn close_all(&mut self, at: usize) {
        while self.frames.len() > 1 {
            self.pop(at);
        }
        self.end_statement(at);
        self.next_block = None;
        self.import = None;
    }

    /// The innermost variable or import of that name that can be seen here.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        let mut within = Some(self.top().scope);
        let mut walled = false;
        while let Some(scope) = within.and_then(|scope| self.names.scopes.get(scope)) {
            let found = scope.symbols.iter().rev().find(|index| {
                let symbol = &self.names.symbols[**index];
                symbol.name == name && (!walled || symbol.binding == Binding::Import)
            });
            if found.is_some() {
                return found.copied();
            }
            walled |= scope.wall == Wall::Function;
            within = scope.parent;
        }
        None
    }

    /// Whether a function stands around here.
    pub(super) fn walled(&self) -> bool {
        self.frames.iter().any(|frame| matches!(frame.open, Open::Body(_)))
    }

    /// Looks up what can stand anywhere: functions, and consts behind `global::`.
    pub(super) fn resolve(&mut self) {
        let names = &mut self.names;
        let end = names.text.len();
        names.calls.iter_mut().for_each(|call| call.close = call.close.min(end));
        names.literals.iter_mut().for_each(|map| map.close = map.close.min(end));
        for index in &self.globals {
            let span = names.uses[*index].span;
            let name = names.text.get(span.start..span.end).unwrap_or_default();
            let found = names.consts().find(|(_, symbol)| symbol.name == name);
            if let Some((symbol, _)) = found {
                names.uses[*index].role = Role::Symbol(symbol);
                names.undefined.retain(|one| one.span != span);
            }
        }
        for (index, call) in &self.asked {
            let span = names.uses[*index].span;
            let name = names.text.get(span.start..span.end).unwrap_or_default();
            let count = call.and_then(|call| names.calls.get(call)).map(|call| call.count());
            let fits = |parameters: usize| count.is_none_or(|count| count == parameters);
            let found = names
                .functions()
                .find(|(_, function)| function.name == name && fits(function.parameters.len()));
            if let Some((function, _)) = found {
                names.uses[*index].role = Role::Symbol(function);
            }
        }
        let outer: Vec<String> = names
            .symbols
            .iter()
            .filter(|one| one.scope == 0 && matches!(one.binding, Binding::Let | Binding::Const))
            .map(|one| one.name.clone())
            .collect();
        for one in &mut names.undefined {
            one.top_level &= outer.contains(&one.name);
        }
        names.uses.sort_by_key(|one| one.span.start);
    }
}

/// The text of doc comments, without their signs.
fn doc_of(docs: &[Token]) -> String {
    let mut lines = Vec::new();
    for doc in docs {
        let text = doc.text.trim_start_matches("/**").trim_end_matches("*/");
        for line in text.lines() {
            let line = line.trim();
            let line = line.strip_prefix("///").or(line.strip_prefix('*')).unwrap_or(line);
            lines.push(line.strip_prefix(' ').unwrap_or(line).to_string());
        }
    }
    lines.join("\n").trim().to_string()
}
