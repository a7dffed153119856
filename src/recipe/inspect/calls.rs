//! Calls of what there is not: known before anything runs.

use super::{Import, Read};
use crate::error::{Error, Kind, nearest};
use crate::script::{Vocabulary, called};
use rhai::{ASTNode, Expr, FnCallExpr, Position, Stmt};
use std::collections::BTreeSet;

/// Words of the language that look like calls.
const WORDS: [&str; 9] =
    ["Fn", "call", "curry", "is_shared", "is_def_var", "is_def_fn", "print", "debug", "type_of"];

/// Every call of a function that nobody has, or with a number of arguments that none of its forms takes.
pub(super) fn unknown_calls(read: &Read, words: &Vocabulary) -> Vec<Error> {
    let mut found = Vec::new();
    let names = Names::of(read, words);
    read.ast.walk(&mut |path: &[ASTNode]| {
        let mistake = match path.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, at)))
            | Some(ASTNode::Stmt(Stmt::FnCall(call, at))) => names.call(call, *at),
            Some(ASTNode::Expr(Expr::MethodCall(call, at))) => {
                let owner = owner(path);
                // `F.relu(x)`: that there is no F is told, and so is what it means.
                let told = owner.is_some_and(|owner| was_a_name(owner, &read.source.text));
                let of_context = matches!(owner, Some(Expr::Variable(own, ..)) if own.1 == "ctx");
                names.method(call, *at, of_context).filter(|_| !told)
            }
            _ => None,
        };
        found.extend(mistake.map(|(error, at)| read.placed(error, at)));
        true
    });
    found
}

struct Names<'a> {
    read: &'a Read<'a>,
    words: &'a Vocabulary,
    /// Functions of the recipe, each with its number of parameters.
    own: Vec<(String, usize)>,
    /// Variables, parameters, keys of maps: they may hold functions.
    held: BTreeSet<String>,
    /// Variables that begin as closures or named functions.
    functions: BTreeSet<String>,
}

/// What a method is called on.
fn owner<'a>(path: &[ASTNode<'a>]) -> Option<&'a Expr> {
    let owner = path.len().checked_sub(2).and_then(|above| path.get(above));
    let Some(ASTNode::Expr(Expr::Dot(parts, ..))) = owner else { return None };
    Some(&parts.lhs)
}

/// Whether a number stands where the text has a name that is not defined, so that the rest could be read.
pub(super) fn was_a_name(value: &Expr, text: &str) -> bool {
    let Expr::IntegerConstant(_, at) = value else { return false };
    let (Some(line), Some(column)) = (at.line(), at.position()) else { return false };
    let row = text.split('\n').nth(line - 1);
    row.and_then(|row| row.chars().nth(column - 1)).is_some_and(|first| !first.is_ascii_digit())
}

/// Whether an expression is a closure, or `Fn("…")`.
fn is_function(value: &Expr) -> bool {
    match value {
        Expr::FnCall(call, _) => call.name == "Fn" || call.name == "curry",
        Expr::DynamicConstant(value, _) => value.is_fnptr(),
        // What captures variables is a block that ends so.
        Expr::Stmt(block) => match block.iter().last() {
            Some(Stmt::Expr(last)) => is_function(last),
            Some(Stmt::FnCall(call, _)) => call.name == "curry",
            _ => false,
        },
        _ => false,
    }
}

type Mistake = Option<(Error, Position)>;

impl<'a> Names<'a> {
    fn of(read: &'a Read, words: &'a Vocabulary) -> Self {
        let own: Vec<(String, usize)> =
            read.ast.iter_functions().map(|own| (own.name.to_string(), own.params.len())).collect();
        let mut held = read.missing.clone();
        let mut functions = BTreeSet::new();
        let parameters = read.ast.iter_functions().flat_map(|own| own.params);
        held.extend(parameters.map(|name| name.to_string()));
        read.ast.walk(&mut |path: &[ASTNode]| {
            match path.last() {
                Some(ASTNode::Expr(Expr::Map(entries, _))) => {
                    held.extend(entries.0.iter().map(|(key, _)| key.name.to_string()));
                }
                // Parts of a network in an order: [["fc", nn::linear(64, 10)]].
                Some(ASTNode::Expr(Expr::Array(pair, _))) => {
                    if let [Expr::StringConstant(part, _), _] = pair.as_slice() {
                        held.insert(part.to_string());
                    }
                }
                Some(ASTNode::Expr(Expr::Property(property, _))) => {
                    held.insert(property.2.to_string());
                }
                Some(ASTNode::Stmt(Stmt::Var(declared, ..))) => {
                    let name = declared.0.name.to_string();
                    if is_function(&declared.1) {
                        functions.insert(name.clone());
                    }
                    held.insert(name);
                }
                _ => {}
            }
            true
        });
        Names { read, words, own, held, functions }
    }

    fn call(&self, call: &FnCallExpr, at: Position) -> Mistake {
        let (name, count) = (call.name.as_str(), call.args.len());
        if name == "Fn" && call.namespace.is_empty() {
            return self.pointer(call);
        }
        let operator = !name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if operator || call.op_token.is_some() || name.contains('$') {
            return None;
        }
        if !call.namespace.is_empty() {
            return self.qualified(call, at);
        }
        let arities: Vec<usize> =
            self.own.iter().filter(|(own, _)| own == name).map(|(_, count)| *count).collect();
        if arities.is_empty() && self.functions.contains(name) && !self.words.knows(name) {
            let error = Error::new(Kind::Name, name, "there is no such function");
            return Some((error.hint(called(name)), at));
        }
        if arities.contains(&count) || self.held.contains(name) || WORDS.contains(&name) {
            return None;
        }
        let (signatures, words) = (self.read.signatures, self.words);
        if words.knows(name) {
            let ours = signatures.has_forms(name) && words.is_ours_alone(name);
            let wrong = ours && arities.is_empty() && !signatures.takes(name, count);
            return wrong.then(|| (signatures.no_form(name, count), at));
        }
        let error = match (arities.is_empty(), self.near_own(name)) {
            (false, _) => Error::new(Kind::Type, name, "the function takes other parameters")
                .expected(self.forms_of(name).join(" or "))
                .received(words_of(count)),
            (true, Some(own)) => Error::new(Kind::Name, name, "there is no such function")
                .hint(format!("did you mean '{own}'?")),
            (true, None) => signatures.no_such(name),
        };
        Some((error, at))
    }

    /// `kd::kl(…)`, `methods::loss(…)`.
    fn qualified(&self, call: &FnCallExpr, at: Position) -> Mistake {
        let (name, count) = (call.name.as_str(), call.args.len());
        let root = call.namespace.root();
        let full = format!("{}::{name}", call.namespace);
        let (signatures, words) = (self.read.signatures, self.words);
        if self.read.missing.contains(root) {
            return None;
        }
        let fits = |import: &&Import| {
            import.functions.as_ref().is_none_or(|functions| {
                functions.iter().any(|(own, words)| own == name && words.len() == count)
            })
        };
        let mut named = self.read.imports.iter().filter(|import| import.alias == root);
        if let Some(import) = named.clone().next() {
            // Another function may import something else under the same name.
            let functions = import.functions.as_ref()?;
            if call.namespace.to_string() != root || named.any(|import| fits(&import)) {
                return None;
            }
            let forms = self.read.forms(call);
            let known = functions.iter().map(|(own, _)| own.as_str());
            let error = match (forms.is_empty(), nearest(name, known)) {
                (false, _) => Error::new(Kind::Type, full, "the function takes other parameters")
                    .expected(forms.join(" or "))
                    .received(words_of(count)),
                _ if import.private.iter().any(|own| own == name) => {
                    Error::new(Kind::Name, full, "the function is private there")
                        .hint(format!("write fn {name} without private in '{}'", import.name))
                }
                (true, Some(near)) => Error::new(Kind::Name, full, "there is no such function")
                    .hint(format!("did you mean '{near}'?")),
                (true, None) => Error::new(Kind::Name, full, "there is no such function")
                    .hint(format!("'{}' has no such function", import.name)),
            };
            return Some((error, at));
        }
        if words.knows(&full) {
            let wrong = !signatures.takes(&full, count);
            return wrong.then(|| (signatures.no_form(&full, count), at));
        }
        if signatures.has_namespace(root) {
            return Some((signatures.no_such(&full), at));
        }
        let aliases = self.read.imports.iter().map(|import| import.alias.as_str());
        let error = match nearest(root, aliases) {
            Some(near) => Error::new(Kind::Name, root, "there is no such namespace")
                .hint(format!("did you mean '{near}::'?")),
            None => signatures.no_namespace(root),
        };
        Some((error, call.namespace.position()))
    }

    /// `x.softmax(1)`. What `x` is cannot be known, only whether anything has such a method.
    fn method(&self, call: &FnCallExpr, at: Position, of_context: bool) -> Mistake {
        let (name, count) = (call.name.as_str(), call.args.len());
        let mut own = self.own.iter().filter(|(own, _)| own == name).peekable();
        let is_own = own.peek().is_some();
        // What stands before the point is `this` in it, and no argument.
        if is_own && own.all(|(_, arity)| *arity != count) && !self.held.contains(name) {
            let others = self.words.knows(name);
            let error = Error::new(Kind::Type, name, "a function of the recipe's own is no method")
                .expected(self.forms_of(name).join(" or "))
                .hint(format!("the value goes between the parentheses: {name}(x, …)"));
            return (!others).then_some((error, at));
        }
        if is_own || self.held.contains(name) || WORDS.contains(&name) {
            return None;
        }
        let (signatures, words) = (self.read.signatures, self.words);
        if !words.knows(name) {
            let property = words.knows(&format!("get${name}"));
            // What is called so elsewhere may be meant, and no property.
            let error = match property && count == 0 && !signatures.is_habit(name) {
                true => Error::new(Kind::Name, name, "there is no such function")
                    .hint(format!("it is a property: write .{name} without parentheses")),
                false if of_context => signatures.no_such_of(name, "ctx"),
                false => signatures.no_such(name),
            };
            return Some((error, at));
        }
        let ours = signatures.has_forms(name) && words.is_ours_alone(name);
        let wrong = ours && !signatures.takes(name, count + 1);
        wrong.then(|| (signatures.no_form(name, count), at))
    }

    /// `Fn("name")`.
    fn pointer(&self, call: &FnCallExpr) -> Mistake {
        let Some(Expr::StringConstant(name, at)) = call.args.first() else { return None };
        let name = name.as_str();
        let known = self.own.iter().any(|(own, _)| own == name);
        if known
            || self.read.missing.contains(name)
            || self.words.knows(name)
            || name.contains("::")
        {
            return None;
        }
        let error = Error::new(Kind::Name, "Fn", format!("there is no function '{name}'"));
        let error = match self.near_own(name) {
            Some(own) => error.hint(format!("did you mean '{own}'?")),
            None => error.hint(format!("write `fn {name}(…)` in this file")),
        };
        Some((error, *at))
    }

    fn near_own(&self, name: &str) -> Option<&str> {
        nearest(name, self.own.iter().map(|(own, _)| own.as_str()))
    }

    /// The recipe's own functions of that name, with their parameters, the shortest first.
    fn forms_of(&self, name: &str) -> Vec<String> {
        let own = self.read.ast.iter_functions().filter(|own| own.name == name);
        let mut all: Vec<Vec<&str>> = own.map(|own| own.params.clone()).collect();
        all.sort_by_key(Vec::len);
        all.iter().map(|params| format!("{name}({})", params.join(", "))).collect()
    }
}

fn words_of(count: usize) -> String {
    format!("{count} {}", if count == 1 { "argument" } else { "arguments" })
}
