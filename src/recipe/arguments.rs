//! The arguments of a recipe: what it asks for with `arg(…)`, and what the command line gives.

use crate::error::{Error, Kind, Place, Result, unknown};
use crate::script::{needed, parse_argument};
use rhai::{AST, ASTFlags, ASTNode, Dynamic, Expr, FnCallExpr, Stmt};
use std::collections::{BTreeMap, BTreeSet};

/// An argument that a recipe asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// Its default, `…` where it is computed, `None` where the command line must give it.
    pub default: Option<String>,
    /// The file that asks for it first.
    pub file: Option<String>,
    /// The line there.
    pub line: usize,
}

/// All arguments of a recipe.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments {
    /// In the order in which they stand in the file.
    pub declared: Vec<Declared>,
    /// Defaults that are literals, or consts that are, by name.
    defaults: BTreeMap<String, Dynamic>,
    /// Names that are asked for with several defaults, or with one that is computed.
    several: BTreeSet<String>,
    /// Whether a name is computed, so that others may exist.
    computed: bool,
}

impl Arguments {
    /// Finds every `arg(…)` of a recipe and what it imports, in statements and functions.
    pub fn of<'a>(asts: impl IntoIterator<Item = &'a AST>) -> Self {
        let mut found = Arguments::default();
        asts.into_iter().for_each(|ast| found.find(ast));
        found
    }

    /// Whether it makes no difference that the command line gives this value: wherever the argument is asked for,
    /// its default is the same.
    pub fn is_default(&self, name: &str, text: &str) -> bool {
        let Some(default) = self.defaults.get(name) else { return false };
        let sure = !self.computed && !self.several.contains(name);
        sure && parse_argument(name, text, default).is_ok_and(|given| is_same(&given, default))
    }

    fn find(&mut self, ast: &AST) {
        let (first, consts) = (self.declared.len(), Consts::of(ast));
        ast.walk(&mut |path: &[ASTNode]| {
            match path.last() {
                Some(ASTNode::Expr(Expr::FnCall(call, at)))
                | Some(ASTNode::Stmt(Stmt::FnCall(call, at))) => {
                    self.take(call, at.line().unwrap_or(0), &consts);
                }
                _ => {}
            }
            true
        });
        // Statements come before functions in the tree, wherever they stand in the file.
        if let Some(own) = self.declared.get_mut(first..) {
            let file = ast.source().map(String::from);
            own.iter_mut().for_each(|known| known.file = file.clone());
            own.sort_by_key(|known| known.line);
        }
    }

    fn take(&mut self, call: &FnCallExpr, line: usize, consts: &Consts) {
        if call.name != "arg" || !call.namespace.is_empty() {
            return;
        }
        let Some(Expr::StringConstant(name, _)) = call.args.first() else {
            self.computed = true;
            return;
        };
        let value = call.args.get(1).and_then(|expr| consts.value_of(expr));
        if self.declared.iter().any(|known| known.name == *name) {
            let before = self.defaults.get(name.as_str());
            if !value.as_ref().zip(before).is_some_and(|(one, other)| is_same(one, other)) {
                self.several.insert(name.to_string());
            }
            return;
        }
        if let Some(value) = &value {
            self.defaults.insert(name.to_string(), value.clone());
        }
        let default = call.args.get(1);
        let default = default.map(|_| value.as_ref().map_or("…".to_string(), literal));
        self.declared.push(Declared { name: name.to_string(), default, file: None, line });
    }

    /// Whether the recipe asks for it, or may.
    pub fn may_ask_for(&self, name: &str) -> bool {
        self.computed || self.declared.iter().any(|known| known.name == name)
    }

    /// Refuses a value for a name that the recipe never asks for, one of the wrong type, and a missing one
    /// that must be given: before anything is computed.
    pub fn check(&self, given: &BTreeMap<String, String>) -> Result<()> {
        self.check_given(given)?;
        self.missing(given)
    }

    /// As `check`, where what is missing may never be asked for.
    pub fn check_given(&self, given: &BTreeMap<String, String>) -> Result<()> {
        for (name, text) in given {
            if let Some(default) = self.defaults.get(name) {
                parse_argument(name, text, default).map(|_| ())?;
            }
        }
        let known: Vec<&str> = self.declared.iter().map(|known| known.name.as_str()).collect();
        match given.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) if !self.computed => {
                Err(unknown("--set", "argument", name, &known).as_kind(Kind::Usage))
            }
            _ => Ok(()),
        }
    }

    fn missing(&self, given: &BTreeMap<String, String>) -> Result<()> {
        let open = |known: &&Declared| known.default.is_none() && !given.contains_key(&known.name);
        let all: Vec<&Declared> = self.declared.iter().filter(open).collect();
        match all.first() {
            Some(known) => {
                let sets: Vec<String> =
                    all.iter().map(|known| format!("--set {}=VALUE", known.name)).collect();
                let error = needed(&known.name).hint(sets.join(" "));
                Err(match &known.file {
                    Some(file) => error.at(Place::row(file, known.line)),
                    None => error,
                })
            }
            None => Ok(()),
        }
    }
}

/// The consts of a file, with those values that are literals.
struct Consts(BTreeMap<String, Option<Dynamic>>);

impl Consts {
    fn of(ast: &AST) -> Self {
        let mut consts = BTreeMap::new();
        for statement in ast.statements() {
            let Stmt::Var(own, flags, _) = statement else { continue };
            if flags.contains(ASTFlags::CONSTANT) {
                let value = own.1.get_literal_value(None);
                let known = consts.insert(own.0.name.to_string(), value);
                // Said twice: which of them a function sees is not for this to know.
                if let (Some(_), Some(value)) = (known, consts.get_mut(own.0.name.as_str())) {
                    *value = None;
                }
            }
        }
        Consts(consts)
    }

    /// What a default is, where that can be read.
    fn value_of(&self, default: &Expr) -> Option<Dynamic> {
        match default {
            Expr::Variable(own, ..)
                if own.2.path.iter().map(|part| part.as_str()).eq(["global"]) =>
            {
                self.0.get(own.1.as_str()).cloned().flatten()
            }
            _ => default.get_literal_value(None),
        }
    }
}

/// Whether two values are of one type and the same; lists and maps are compared as they are written.
fn is_same(one: &Dynamic, other: &Dynamic) -> bool {
    let words = |value: &Dynamic| format!("{} {value:?}", value.type_name());
    words(one) == words(other)
}

fn literal(value: &Dynamic) -> String {
    if value.is_string() { format!("\"{value}\"") } else { value.to_string() }
}

/// Splits `name=value`.
///
/// # Errors
/// Text without a name or an equals sign.
pub fn assignment(text: &str) -> Result<(String, String)> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_string(), value.to_string()))
        }
        _ => Err(Error::new(Kind::Usage, "--set", "this is no assignment")
            .expected("name=value")
            .received(format!("'{text}'"))),
    }
}
