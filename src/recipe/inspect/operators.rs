//! Operators that give something else than people expect: warnings.

use super::Read;
use super::calls::was_a_name;
use super::whole::is_whole;
use crate::error::{Error, Kind};
use rhai::{ASTNode, Expr, FnCallExpr, Stmt, Token};
use std::collections::BTreeMap;

/// What a call of an operator does otherwise; `path` leads to it.
pub(super) fn misread(
    read: &Read,
    path: &[ASTNode],
    call: &FnCallExpr,
    whole: &BTreeMap<String, bool>,
) -> Option<Error> {
    let divided = division(path, call, whole);
    let others = divided.or_else(|| power(read, call)).or_else(|| chained(call));
    let others = others.or_else(|| bits(call, whole)).or_else(|| unlike(read, call, whole));
    others.or_else(|| beyond(call)).or_else(|| in_percent(call))
}

/// A division that drops the rest.
pub(super) fn whole_division(operator: &str) -> Error {
    Error::new(Kind::Type, operator, "whole numbers are divided, and the rest is dropped")
        .hint("write one of them with a point, e.g. 10.0, or x.to_float(); where it shall be so, (a / b).to_int()")
        .as_warning()
}

/// Whether what stands there becomes a count: an argument of a layer or a model, or `(a / b).to_int()`.
fn is_count(path: &[ASTNode]) -> bool {
    let above = path.len().checked_sub(2).and_then(|above| path.get(above));
    if let Some(ASTNode::Expr(Expr::Dot(parts, ..))) = above
        && let Expr::MethodCall(call, _) = &parts.rhs
        && call.name == "to_int"
    {
        return true;
    }
    is_given_to(path, &["nn", "model"])
        || path.iter().any(|node| match node {
            ASTNode::Expr(Expr::MethodCall(call, _)) => PLACES.contains(&call.name.as_str()),
            _ => false,
        })
}

/// Methods whose arguments are places and lengths.
const PLACES: [&str; 7] = ["chunk", "narrow", "pad", "repeat", "reshape", "roll", "split"];

/// Whether what stands there goes to a function of one of these namespaces.
fn is_given_to(path: &[ASTNode], namespaces: &[&str]) -> bool {
    path.iter().any(|node| match node {
        ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _)) => {
            !call.namespace.is_empty() && namespaces.contains(&call.namespace.root())
        }
        _ => false,
    })
}

/// `1 / 2`, `ctx.epoch / 10`.
fn division(path: &[ASTNode], call: &FnCallExpr, whole: &BTreeMap<String, bool>) -> Option<Error> {
    let (Some(Token::Divide), [left, right]) = (&call.op_token, call.args.as_slice()) else {
        return None;
    };
    let numbers = constant(left).zip(constant(right));
    // What is divided by 0 is an error of its own.
    let has_rest =
        numbers.is_none_or(|(left, right)| left.checked_rem(right).is_some_and(|rest| rest != 0));
    let drops = has_rest && is_whole(left, whole) && is_whole(right, whole);
    (drops && !is_length(path, left, right) && !is_count(path)).then(|| whole_division("/"))
}

/// `x.shape[1] / 2` and `x.len() / 2` are lengths, `ctx.steps / ctx.epochs` has no rest, and a share of either is where a
/// schedule begins or ends.
fn is_length(path: &[ASTNode], left: &Expr, right: &Expr) -> bool {
    fn of_what(value: &Expr) -> Option<&str> {
        match value {
            Expr::Dot(parts, ..) => of_what(&parts.rhs),
            Expr::Property(own, _) => Some(own.2.as_str()),
            Expr::MethodCall(call, _) => Some(call.name.as_str()),
            Expr::Index(parts, ..) => of_what(&parts.lhs),
            _ => None,
        }
    }
    match (of_what(left), of_what(right)) {
        (Some("steps"), Some("epochs")) => true,
        // A half of them is a moment, which has no rest either.
        (Some("steps" | "epochs"), _) => {
            constant(right).is_some() || is_given_to(path, &["schedule"])
        }
        // Of two lengths the one may be a share of the other.
        (Some("shape" | "len"), other) => other.is_none(),
        _ => false,
    }
}

/// The number that constants give, as written.
fn constant(value: &Expr) -> Option<i64> {
    match value {
        Expr::IntegerConstant(number, _) => Some(*number),
        Expr::FnCall(call, _) => {
            let [left, right] = call.args.as_slice() else { return None };
            let (left, right) = (constant(left)?, constant(right)?);
            match &call.op_token {
                Some(Token::Plus) => left.checked_add(right),
                Some(Token::Minus) => left.checked_sub(right),
                Some(Token::Multiply) => left.checked_mul(right),
                _ => None,
            }
        }
        _ => None,
    }
}

/// `-2 ** 2`.
fn power(read: &Read, call: &FnCallExpr) -> Option<Error> {
    let (Some(Token::PowerOf), Some(base)) = (&call.op_token, call.args.first()) else {
        return None;
    };
    let (at, shown) = match base {
        Expr::IntegerConstant(base, at) if *base < 0 => (*at, base.to_string()),
        Expr::FnCall(inner, at) if inner.args.len() == 1 && inner.name == "-" => (*at, "-x".into()),
        _ => return None,
    };
    // `(-2) ** 2` says what it means.
    let row = at.line().and_then(|line| read.source.text.lines().nth(line.checked_sub(1)?));
    let before = row.zip(at.position()).map(|(row, column)| {
        row.chars().take(column.saturating_sub(1)).filter(|letter| !letter.is_whitespace()).last()
    });
    // The parenthesis may be that of a call, `exp(-d ** 2)`: it closes before the power where it is the base's own.
    let rest = row.zip(at.position()).map(|(row, column)| row.chars().skip(column - 1).collect());
    let rest: String = rest.unwrap_or_default();
    let head = rest.split("**").next().unwrap_or_default();
    let is_own = before == Some(Some('(')) && head.trim_end().ends_with(')');
    (!is_own).then(|| {
        let problem = "the sign belongs to what stands behind it, not to the power";
        Error::new(Kind::Range, "**", problem)
            .expected("-(2 ** 2), where the power is meant to be negative")
            .received(format!("({shown}) ** …"))
            .as_warning()
    })
}

/// `ctx.epoch == ctx.epochs`, which never holds: epochs are counted from 0.
fn beyond(call: &FnCallExpr) -> Option<Error> {
    let (
        Some(Token::EqualsTo | Token::GreaterThan | Token::GreaterThanEqualsTo),
        [Expr::Dot(left, ..), Expr::Dot(right, ..)],
    ) = (&call.op_token, call.args.as_slice())
    else {
        return None;
    };
    let is = |value: &Expr, name: &str| matches!(value, Expr::Property(own, _) if own.2 == name);
    // An epoch of `ctx.metrics` counts from 1.
    let of_ctx = |value: &Expr| matches!(value, Expr::Variable(own, ..) if own.1 == "ctx");
    let both = of_ctx(&left.lhs) && of_ctx(&right.lhs);
    (both && is(&left.rhs, "epoch") && is(&right.rhs, "epochs")).then(|| {
        let problem = "this never holds: epochs are counted from 0";
        Error::new(Kind::Range, call.name.as_str(), problem)
            .expected("ctx.epoch == ctx.epochs - 1 in the last one")
            .as_warning()
    })
}

/// `ctx.metrics[-1].accuracy > 90`: it is a share.
fn in_percent(call: &FnCallExpr) -> Option<Error> {
    use Token::{GreaterThan, GreaterThanEqualsTo, LessThan, LessThanEqualsTo};
    let signs = [GreaterThan, GreaterThanEqualsTo, LessThan, LessThanEqualsTo];
    let compares = call.op_token.as_ref().is_some_and(|sign| signs.contains(sign));
    let (true, [Expr::Dot(left, ..), right]) = (compares, call.args.as_slice()) else {
        return None;
    };
    fn last(value: &Expr) -> Option<&str> {
        match value {
            // What stands behind an index is a part of it: `metrics[-1].accuracy`.
            Expr::Dot(parts, ..) | Expr::Index(parts, ..) => last(&parts.rhs),
            Expr::Property(own, _) => Some(own.2.as_str()),
            _ => None,
        }
    }
    let name = last(&left.rhs)?;
    let number = match right {
        Expr::IntegerConstant(number, _) => *number as f64,
        Expr::FloatConstant(number, _) => **number,
        _ => return None,
    };
    let is_share = ["accuracy", "best_accuracy", "map", "best_map"].contains(&name);
    (is_share && number > 1.0).then(|| {
        Error::new(Kind::Range, name, "it is a share, from 0 to 1")
            .expected(format!("{}", number / 100.0))
            .received(format!("{number}"))
            .as_warning()
    })
}

/// `arg("epochs", "3") == 3`: a text and a number are never equal.
fn unlike(read: &Read, call: &FnCallExpr, whole: &BTreeMap<String, bool>) -> Option<Error> {
    let (Some(Token::EqualsTo | Token::NotEqualsTo), [left, right]) =
        (&call.op_token, call.args.as_slice())
    else {
        return None;
    };
    let is_number =
        |value: &Expr| matches!(value, Expr::FloatConstant(..)) || is_whole(value, whole);
    let is_text = |value: &Expr| match value {
        Expr::StringConstant(..) => true,
        Expr::FnCall(call, _) if call.name == "arg" => {
            matches!(call.args.get(1), None | Some(Expr::StringConstant(..)))
        }
        _ => false,
    };
    if [left, right].into_iter().any(|value| was_a_name(value, &read.source.text)) {
        return None;
    }
    let never = is_text(left) && is_number(right) || is_number(left) && is_text(right);
    never.then(|| {
        Error::new(Kind::Type, call.name.as_str(), "a text and a number are never equal")
            .hint("a text becomes a number by parse_int(x) or parse_float(x)")
            .as_warning()
    })
}

/// `2 ^ 3`, which is 1.
fn bits(call: &FnCallExpr, whole: &BTreeMap<String, bool>) -> Option<Error> {
    let (Some(Token::XOr), [left, right]) = (&call.op_token, call.args.as_slice()) else {
        return None;
    };
    (is_whole(left, whole) && is_whole(right, whole)).then(|| {
        Error::new(Kind::Type, "^", "bits are turned: this is no power")
            .hint("a power is written 2 ** 3")
            .as_warning()
    })
}

/// `0 < x < 10`: what a comparison gives is compared, a bool with a number, which is never true.
fn chained(call: &FnCallExpr) -> Option<Error> {
    let compares = |call: &FnCallExpr| {
        use Token::{GreaterThan, GreaterThanEqualsTo, LessThan, LessThanEqualsTo};
        let signs = [LessThan, LessThanEqualsTo, GreaterThan, GreaterThanEqualsTo];
        call.op_token.as_ref().is_some_and(|sign| signs.contains(sign))
    };
    let inner = match call.args.first() {
        Some(Expr::FnCall(inner, _)) => compares(inner),
        _ => false,
    };
    (compares(call) && inner).then(|| {
        Error::new(
            Kind::Type,
            &*call.name,
            "what a comparison gives is compared: this is never true",
        )
        .hint("write both comparisons: 0 < x && x < 10")
        .as_warning()
    })
}
