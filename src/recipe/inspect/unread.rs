//! What nobody reads: variables of functions, parts of networks, what `on_epoch` gives. Warnings.

use super::{Read, name_of};
use crate::error::{Error, Kind};
use crate::script::names::Binding;
use rhai::{ASTFlags, ASTNode, Expr, Stmt};

/// All of it in a file.
pub(super) fn unread(read: &Read) -> Vec<Error> {
    let mut found = variables(read);
    found.extend(parts(read));
    found.extend(given_back(read));
    found
}

/// `let soft = …;` in a function that does not mention it again.
fn variables(read: &Read) -> Vec<Error> {
    let names = &read.names;
    let unread = names.symbols().iter().enumerate().filter(|(index, own)| {
        own.binding == Binding::Let
            && !own.name.starts_with('_')
            && names.within_function(own.span.start)
            && names.references(*index).len() == 1
    });
    let told = unread.map(|(_, own)| {
        let error = Error::new(Kind::Name, &own.name, "nothing reads this variable")
            .hint(format!("leave it out, or call it _{}", own.name));
        error.as_warning().at(read.source.place(own.span.line, Some(own.span.column + 1)))
    });
    told.collect()
}

/// Parts of `nn::network(#{ … }, …)` that its function never asks for: they are made, and never trained.
fn parts(read: &Read) -> Vec<Error> {
    let text = &read.source.text;
    // Parts that are gone through, or asked for by names that are put together.
    if ["self[", "self.keys", "self.values", "in self", "self.parts"]
        .iter()
        .any(|own| text.contains(own))
    {
        return Vec::new();
    }
    let mut found = Vec::new();
    read.ast.walk(&mut |path: &[ASTNode]| {
        if let Some(ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _))) =
            path.last()
            && name_of(call) == "nn::network"
            && let Some(Expr::Map(entries, _)) = call.args.first()
        {
            for (key, _) in entries.0.iter().filter(|(key, _)| !is_asked(text, &key.name)) {
                let problem = format!("no function asks for the part '{}'", key.name);
                let error = Error::new(Kind::Name, "nn::network", problem)
                    .expected(format!("self.{} in the network's function", key.name));
                found.push(read.placed(error.as_warning(), key.pos));
            }
        }
        true
    });
    found
}

/// Whether a text has `.key`, or a text that begins with the key.
fn is_asked(text: &str, key: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
    let begins = |sign: char| {
        let form = format!("{sign}{key}");
        text.match_indices(&form).any(|(at, own)| text.get(at + own.len()..).is_some_and(ends))
    };
    begins('.') || begins('"')
}

/// `return "stop"` in `on_epoch`, whose value nobody takes.
fn given_back(read: &Read) -> Vec<Error> {
    let mut found = Vec::new();
    if !read.names.trains() {
        return found;
    }
    let hook = read.ast.iter_functions().find(|own| own.name == "on_epoch");
    let Some(hook) = hook else { return found };
    read.alone(hook.name, hook.params.len()).walk(&mut |path: &[ASTNode]| {
        // `throw` is one with a flag.
        if let Some(ASTNode::Stmt(Stmt::Return(Some(value), flags, at))) = path.last()
            && !flags.intersects(ASTFlags::BREAK)
            && matches!(**value, Expr::StringConstant(..) | Expr::BoolConstant(..))
        {
            let problem = "nobody takes what it gives: a stage has all its epochs";
            let error = Error::new(Kind::Script, "on_epoch", problem)
                .hint(
                    "the weights of the best epoch are kept beside the last: trained.best_accuracy",
                )
                .as_warning();
            found.push(read.placed(error, *at));
        }
        true
    });
    found
}
