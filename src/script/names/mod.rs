//! The names of a recipe: what each word stands for, where it is bound, and from where it can be seen. Made from the
//! text alone, which need not compile.

mod call;
mod comments;
mod read;
mod scan;
mod span;

pub use call::{Call, Literal};
pub use comments::{meant_to_divide, unclosed_comment};
pub use span::Span;

use crate::train::StageKind;
use span::Lines;

/// What binds a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// `fn name(…)`.
    Function,
    /// A parameter of a function.
    Parameter,
    /// `let name`.
    Let,
    /// `const name`.
    Const,
    /// `for name in …`.
    Loop,
    /// `catch (name)`.
    Catch,
    /// A parameter of a closure.
    Closure,
    /// `import "…" as name`.
    Import,
}

/// A name that is bound in a recipe.
#[derive(Clone, Debug)]
pub struct Symbol {
    /// What binds it.
    pub binding: Binding,
    /// The name.
    pub name: String,
    /// Where it is bound.
    pub span: Span,
    /// From the beginning to the end of what binds it: a function with its body, a `let` with its value.
    pub extent: (usize, usize),
    /// A function's parameters.
    pub parameters: Vec<String>,
    /// A function's `///` text.
    pub doc: String,
    /// Whether a function is private.
    pub private: bool,
    /// The path of an import, where it is written out.
    pub path: Option<String>,
    /// The bytes of the value that a `let` or `const` begins with.
    pub value: Option<(usize, usize)>,
    /// The scope that it belongs to.
    scope: usize,
    /// The byte from which on it can be seen.
    from: usize,
}

/// What a word stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// A name that is bound in this file, by its index; also where it is bound.
    Symbol(usize),
    /// A name in front of `::` that no import binds.
    Namespace,
    /// A name behind `::`; `import` is the import in front of it, if it is one.
    Member {
        /// What stands before `::`.
        namespace: String,
        /// The import that it is, by its index.
        import: Option<usize>,
        /// Whether it is called.
        called: bool,
    },
    /// A function that is called and that this file does not have.
    Called,
    /// A function that is called behind a point.
    Method,
    /// A property behind a point.
    Property,
    /// A key of a map, by the map's index.
    Key(usize),
    /// A function named by `Fn("…")` that this file does not have.
    Pointed,
    /// A name that is bound nowhere.
    Undefined,
}

/// A word and what it stands for.
#[derive(Clone, Debug)]
pub struct Use {
    /// Where it stands.
    pub span: Span,
    /// What for.
    pub role: Role,
}

/// A name that is used and bound nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undefined {
    /// The name, without `global::`.
    pub name: String,
    /// Where it is used.
    pub span: Span,
    /// Whether a `let` or `const` at the top level is meant, which functions cannot see.
    pub top_level: bool,
    /// Whether it was asked for as `global::name`, which finds consts only.
    pub global: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wall {
    /// Everything around it can be seen.
    None,
    /// A function: of what is around it, only functions and imports can be seen.
    Function,
}

#[derive(Clone, Debug)]
struct Scope {
    parent: Option<usize>,
    wall: Wall,
    start: usize,
    end: usize,
    symbols: Vec<usize>,
}

/// All names of one file.
#[derive(Clone, Debug)]
pub struct Names {
    text: String,
    lines: Lines,
    symbols: Vec<Symbol>,
    scopes: Vec<Scope>,
    /// In the order of the text.
    uses: Vec<Use>,
    undefined: Vec<Undefined>,
    calls: Vec<Call>,
    literals: Vec<Literal>,
    /// Where comments and strings stand: nothing is completed there.
    comments: Vec<(usize, usize)>,
    texts: Vec<(usize, usize)>,
}

impl Names {
    /// Reads a text; any text will do.
    pub fn of(text: &str) -> Self {
        read::read(text)
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The byte at a line, counted from 1, and a column, counted from 0 in characters; the nearest one if there is
    /// no such place.
    pub fn offset(&self, line: usize, column: usize) -> usize {
        self.lines.offset(&self.text, line, column)
    }

    /// The extent between two bytes.
    pub fn span(&self, start: usize, end: usize) -> Span {
        self.lines.span(&self.text, start, end)
    }

    /// All names that are bound here.
    pub fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    /// One of them, by its index.
    pub fn symbol(&self, index: usize) -> Option<&Symbol> {
        self.symbols.get(index)
    }

    /// All functions, with their indices.
    pub fn functions(&self) -> impl Iterator<Item = (usize, &Symbol)> {
        let all = self.symbols.iter().enumerate();
        all.filter(|(_, symbol)| symbol.binding == Binding::Function)
    }

    /// All words that stand for something.
    pub fn uses(&self) -> &[Use] {
        &self.uses
    }

    /// The word at a byte, or that ends there.
    pub fn at(&self, offset: usize) -> Option<&Use> {
        let last = self.uses.partition_point(|one| one.span.start <= offset);
        let one = self.uses.get(last.checked_sub(1)?)?;
        (offset <= one.span.end).then_some(one)
    }

    /// The name that is bound or used at a byte, by its index.
    pub fn symbol_at(&self, offset: usize) -> Option<usize> {
        match self.at(offset)?.role {
            Role::Symbol(index) => Some(index),
            _ => None,
        }
    }

    /// Where a name is bound and used. Functions of one name belong together: `Fn("name")` means them all.
    pub fn references(&self, index: usize) -> Vec<Span> {
        let alike = self.alike(index);
        let own = self.uses.iter().filter(|one| match one.role {
            Role::Symbol(other) => alike.contains(&other),
            _ => false,
        });
        own.map(|one| one.span).collect()
    }

    /// A name's index, and those of the functions that are called the same.
    pub fn alike(&self, index: usize) -> Vec<usize> {
        let Some(symbol) = self.symbol(index) else { return Vec::new() };
        if symbol.binding != Binding::Function {
            return vec![index];
        }
        let same = self.functions().filter(|(_, other)| other.name == symbol.name);
        same.map(|(index, _)| index).collect()
    }

    /// Every name that can be seen from a byte, innermost first; of two of one name the inner one. Functions are seen
    /// from everywhere.
    pub fn visible(&self, offset: usize) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        let mut within = self.scope_at(offset);
        let mut walled = false;
        while let Some(scope) = within.and_then(|scope| self.scopes.get(scope)) {
            for index in scope.symbols.iter().rev() {
                let Some(symbol) = self.symbol(*index) else { continue };
                let seen = !walled || symbol.binding == Binding::Import;
                let hidden = found.iter().any(|other| {
                    self.symbol(*other).is_some_and(|other| other.name == symbol.name)
                });
                if seen && !hidden && symbol.from <= offset {
                    found.push(*index);
                }
            }
            walled |= scope.wall == Wall::Function;
            within = scope.parent;
        }
        found.extend(self.functions().map(|(index, _)| index));
        found
    }

    /// Consts of the top level, which `global::` finds.
    pub fn consts(&self) -> impl Iterator<Item = (usize, &Symbol)> {
        let all = self.symbols.iter().enumerate();
        all.filter(|(_, symbol)| symbol.binding == Binding::Const && symbol.scope == 0)
    }

    /// Whether a name is a variable of the top level.
    pub fn is_top_level(&self, index: usize) -> bool {
        self.symbol(index).is_some_and(|one| self.is_top_level_name(one))
    }

    /// The same for a symbol of this file.
    pub fn is_top_level_name(&self, symbol: &Symbol) -> bool {
        symbol.scope == 0 && matches!(symbol.binding, Binding::Let | Binding::Const)
    }

    /// Whether a byte stands within a function's body.
    pub fn within_function(&self, offset: usize) -> bool {
        self.functions().any(|(_, one)| one.extent.0 < offset && offset < one.extent.1)
    }

    /// Whether a byte stands at the top level: in no bracket of any kind.
    pub fn at_top(&self, offset: usize) -> bool {
        self.scope_at(offset) == Some(0) && self.call_at(offset).is_none()
    }

    /// Whether the name with this index, if it were `name`, would be hidden by another one at a byte where it is seen.
    pub fn captures(&self, offset: usize, name: &str, index: usize) -> bool {
        let alike = self.alike(index);
        let function = |symbol: &Symbol| symbol.binding == Binding::Function;
        let own = self.symbol(index).is_some_and(function);
        let seen = self.visible(offset).into_iter().take_while(|other| !alike.contains(other));
        let mut others = seen.filter_map(|other| self.symbol(other));
        others.any(|other| other.name == name && function(other) == own)
    }

    /// Whether another name of the same list of parameters is called `name`.
    pub fn stands_beside(&self, index: usize, name: &str) -> bool {
        let Some(own) = self.symbol(index) else { return false };
        let listed = matches!(own.binding, Binding::Parameter | Binding::Closure | Binding::Loop);
        let beside = |other: &Symbol| {
            other.binding == own.binding && other.scope == own.scope && other.span != own.span
        };
        listed && self.symbols.iter().any(|other| other.name == name && beside(other))
    }

    /// All names that are used and bound nowhere, in the order of the text. Functions that are called do not count:
    /// only running tells which of their forms are there.
    pub fn undefined(&self) -> &[Undefined] {
        &self.undefined
    }

    /// All calls.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// Whether it has stages; without one it is a module, and its functions are nobody's hooks.
    pub fn trains(&self) -> bool {
        let own = |call: &&Call| call.namespace.is_none() && !call.method;
        self.calls.iter().filter(own).any(|call| StageKind::of_operation(&call.name).is_some())
    }

    /// All maps that are written out.
    pub fn literals(&self) -> &[Literal] {
        &self.literals
    }

    /// The innermost call whose parentheses stand around a byte.
    pub fn call_at(&self, offset: usize) -> Option<usize> {
        let around = |call: &Call| call.open < offset && offset <= call.close;
        let all = self.calls.iter().enumerate().filter(|(_, call)| around(call));
        all.max_by_key(|(_, call)| call.open).map(|(index, _)| index)
    }

    /// The innermost map whose braces stand around a byte.
    pub fn literal_at(&self, offset: usize) -> Option<usize> {
        let around = |map: &Literal| map.open < offset && offset <= map.close;
        let all = self.literals.iter().enumerate().filter(|(_, map)| around(map));
        all.max_by_key(|(_, map)| map.open).map(|(index, _)| index)
    }

    /// Whether a byte stands in a comment.
    pub fn in_comment(&self, offset: usize) -> bool {
        let within = |(start, end): &(usize, usize)| {
            // A comment that ends with its line goes on where something is written at its end.
            let open = self.text.get(*start..).is_some_and(|text| text.starts_with("//"));
            *start < offset && (offset < *end || open && offset == *end)
        };
        self.comments.iter().any(within)
    }

    /// The string that a byte stands in, if any: its extent, with quotes.
    pub fn text_at(&self, offset: usize) -> Option<(usize, usize)> {
        let within = |(start, end): &&(usize, usize)| {
            let open = self.text.get(*start..*end).is_some_and(|text| {
                let quote = text.chars().next().unwrap_or_default();
                text.len() == 1 || !text.ends_with(quote)
            });
            *start < offset && (offset < *end || open && offset == *end)
        };
        self.texts.iter().find(within).copied()
    }

    fn scope_at(&self, offset: usize) -> Option<usize> {
        let around = |scope: &Scope| scope.start <= offset && offset <= scope.end;
        let all = self.scopes.iter().enumerate().filter(|(_, scope)| around(scope));
        all.max_by_key(|(index, scope)| (scope.start, *index)).map(|(index, _)| index)
    }
}
