//! Schedules whose arguments were mixed up: they give numbers all the same. Warnings.

use super::name_of;
use crate::error::{Error, Kind};
use rhai::{ASTNode, Expr, FnCallExpr};

/// Schedules that have an end, with their parameters.
const WITH_END: [(&str, &str); 3] = [
    ("schedule::linear", "at, start, end, from, to"),
    ("schedule::cosine", "at, start, end, from, to"),
    ("schedule::polynomial", "at, start, end, from, to, power"),
];

/// A schedule that ends before it begins, or whose position is a number that stands there.
pub(super) fn turned_schedule(call: &FnCallExpr) -> Option<Error> {
    if call.namespace.is_empty() || call.namespace.root() != "schedule" {
        return None;
    }
    let (name, arguments) = (name_of(call), call.args.as_slice());
    if let Some(place) = arguments.iter().skip(1).position(counts)
        && arguments.first().and_then(number).is_some()
    {
        let problem = "the position is the same number all the time";
        let error = Error::new(Kind::Script, &name, problem)
            .expected(format!("{name}(at, …), with what counts up first: ctx.epoch, ctx.step"))
            .received(format!("what counts up as argument {}", place + 2));
        return Some(error.as_warning());
    }
    if WITH_END.iter().any(|(known, _)| *known == name)
        && let Some(place) = arguments.iter().take(3).position(|own| property(own) == Some("lr"))
    {
        let (_, form) = WITH_END.iter().find(|(known, _)| *known == name)?;
        let error = Error::new(Kind::Script, &name, "a rate stands where a moment belongs")
            .expected(format!("{name}({form})"))
            .received(format!("ctx.lr as argument {}", place + 1));
        return Some(error.as_warning());
    }
    let measures = (arguments.first().and_then(property), arguments.get(2).and_then(property));
    let pair = match measures {
        (Some("step"), Some("epochs")) => Some("steps"),
        (Some("epoch"), Some("steps")) => Some("epochs"),
        (Some("progress"), Some("epochs" | "steps")) => Some("progress"),
        _ => None,
    };
    if let (Some(right), (Some(at), Some(end))) = (pair, measures) {
        if right == "progress" {
            let error = Error::new(Kind::Range, &name, "the progress goes from 0 to 1")
                .expected(format!("{name}(ctx.progress, 0, 1, …)"))
                .received(format!("an end at ctx.{end}"));
            return Some(error.as_warning());
        }
        let error = Error::new(Kind::Range, &name, "it counts one thing, and ends with another")
            .expected(format!("ctx.{at} with ctx.{right}"))
            .received(format!("ctx.{at} with ctx.{end}"));
        return Some(error.as_warning());
    }
    let (_, parameters) = WITH_END.iter().find(|(known, _)| *known == name)?;
    let [_, start, end, ..] = arguments else { return None };
    let (start, end) = (number(start)?, number(end)?);
    (end < start).then(|| {
        Error::new(Kind::Range, &name, "it ends before it begins: a jump instead of a way")
            .expected(format!("{name}({parameters}), with start before end"))
            .received(format!("start {start}, end {end}"))
            .as_warning()
    })
}

/// A number as it stands in the text.
fn number(value: &Expr) -> Option<f64> {
    match value {
        Expr::IntegerConstant(number, _) => Some(*number as f64),
        Expr::FloatConstant(number, _) => Some(**number),
        _ => None,
    }
}

/// The property of the context that an argument is: `epochs` of `ctx.epochs`.
fn property(value: &Expr) -> Option<&str> {
    let Expr::Dot(parts, ..) = value else { return None };
    match (&parts.lhs, &parts.rhs) {
        (Expr::Variable(ctx, ..), Expr::Property(own, _)) if ctx.1 == "ctx" => Some(own.2.as_str()),
        _ => None,
    }
}

/// Whether an argument is where the stage stands: `ctx.epoch`, `ctx.step`.
fn counts(value: &Expr) -> bool {
    let mut found = false;
    value.walk(&mut Vec::new(), &mut |path: &[ASTNode]| {
        if let Some(ASTNode::Expr(Expr::Property(property, _))) = path.last() {
            found |= matches!(property.2.as_str(), "epoch" | "step");
        }
        !found
    });
    found
}
