//! A function of the recipe hides a method: Rhai calls the recipe's own `step(a, b)` for
//! `optimizer.step(a, b)`, with the optimiser as `this`.

use super::source::Source;
use crate::error::{Error, Kind};
use crate::script::Signatures;
use rhai::{AST, ASTNode, Expr, Position};

/// The first method call that reaches a function of the recipe instead of the method.
pub(super) fn hidden_method(ast: &AST, source: &Source, signatures: &Signatures) -> Option<Error> {
    let own: Vec<(&str, usize)> =
        ast.iter_functions().map(|function| (function.name, function.params.len())).collect();
    let mut found: Option<(String, usize, Position)> = None;
    ast.walk(&mut |path: &[ASTNode]| {
        if let Some(ASTNode::Expr(Expr::MethodCall(call, at))) = path.last() {
            let (name, count) = (call.name.as_str(), call.args.len());
            if own.contains(&(name, count)) && signatures.takes(name, count + 1) {
                found = Some((name.to_string(), count, *at));
            }
        }
        found.is_none()
    });
    let (name, count, at) = found?;
    let problem = format!("this calls the recipe's own function '{name}', not the method");
    let error = Error::new(Kind::Name, &name, problem)
        .received(format!("a function '{name}' with {count} parameters"))
        .hint(format!("give the function another name, e.g. 'my_{name}'"));
    Some(match at.line() {
        None => error,
        Some(line) => error.at(source.place(line, at.position())),
    })
}
