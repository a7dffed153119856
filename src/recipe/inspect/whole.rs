//! What is surely a whole number, as the text shows it.

use super::Read;
use rhai::{ASTNode, Expr, Stmt, Token};
use std::collections::BTreeMap;

/// Properties that are whole numbers, of `ctx` and of results.
const WHOLE: [&str; 8] =
    ["epoch", "epochs", "fold", "step", "steps", "classes", "clips", "parameters"];

/// Variables whose every value is a whole number.
pub(super) fn whole_variables(read: &Read) -> BTreeMap<String, bool> {
    let mut whole = BTreeMap::new();
    read.ast.walk(&mut |path: &[ASTNode]| {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::Var(declared, ..))) => {
                let is = is_whole(&declared.1, &whole);
                let known = whole.entry(declared.0.name.to_string()).or_insert(is);
                *known &= is;
            }
            // `state: #{ steps: 0 }` of a stage.
            Some(ASTNode::Expr(Expr::Map(entries, _))) => {
                let states = entries.0.iter().filter(|(key, _)| key.name == "state");
                for (_, state) in states {
                    let Expr::Map(keys, _) = state else { continue };
                    for (key, value) in &keys.0 {
                        let is = is_whole(value, &whole);
                        *whole.entry(state_key(&key.name)).or_insert(is) &= is;
                    }
                }
            }
            Some(ASTNode::Stmt(Stmt::Assignment(assigned))) => {
                let is = is_whole(&assigned.1.rhs, &whole);
                let name = match &assigned.1.lhs {
                    Expr::Variable(variable, ..) => Some(variable.1.to_string()),
                    other => last_key(other).map(state_key),
                };
                if let Some(name) = name {
                    *whole.entry(name).or_insert(is) &= is;
                }
            }
            // What is gone through may be anything.
            Some(ASTNode::Stmt(Stmt::For(parts, _))) => {
                whole.insert(parts.0.name.to_string(), false);
            }
            _ => {}
        }
        true
    });
    // What is a parameter somewhere may be anything.
    for function in read.ast.iter_functions() {
        function.params.iter().for_each(|name| {
            whole.insert(name.to_string(), false);
        });
    }
    whole
}

/// Whether what stands behind a point is a whole number: `ctx.epoch`, `x.shape[0]`, `ctx.state.steps`.
fn is_whole_part(part: &Expr, variables: &BTreeMap<String, bool>) -> bool {
    match part {
        Expr::Property(property, _) => WHOLE.contains(&property.2.as_str()),
        Expr::MethodCall(call, _) => matches!(call.name.as_str(), "len" | "to_int"),
        Expr::Index(parts, ..) => {
            matches!(&parts.lhs, Expr::Property(own, _) if own.2 == "shape")
        }
        Expr::Dot(parts, ..) => match (&parts.lhs, &parts.rhs) {
            (Expr::Property(own, _), Expr::Property(key, _)) if own.2 == "state" => {
                variables.get(&state_key(&key.2)) == Some(&true)
            }
            (_, rest) => is_whole_part(rest, variables),
        },
        _ => false,
    }
}

/// The last key of `a.b.c`.
fn last_key(value: &Expr) -> Option<&str> {
    match value {
        Expr::Dot(parts, ..) => last_key(&parts.rhs),
        Expr::Property(own, _) => Some(own.2.as_str()),
        _ => None,
    }
}

/// What a key of a stage's state is called among the variables.
fn state_key(key: &str) -> String {
    format!("state.{key}")
}

/// Whether an expression is one.
pub(super) fn is_whole(expr: &Expr, variables: &BTreeMap<String, bool>) -> bool {
    match expr {
        Expr::IntegerConstant(..) => true,
        Expr::Variable(variable, ..) => variables.get(variable.1.as_str()) == Some(&true),
        Expr::Dot(parts, ..) => is_whole_part(&parts.rhs, variables),
        Expr::FnCall(call, _) if call.name == "arg" => {
            matches!(call.args.get(1), Some(Expr::IntegerConstant(..)))
        }
        Expr::FnCall(call, _) => match (&call.op_token, call.args.as_slice()) {
            (Some(Token::Plus | Token::Minus | Token::Multiply | Token::Modulo), [left, right]) => {
                is_whole(left, variables) && is_whole(right, variables)
            }
            _ => false,
        },
        _ => false,
    }
}
