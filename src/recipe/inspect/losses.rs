//! Losses that give a number and are not what was meant: warnings.

use super::{Read, place};
use crate::error::{Error, Kind};
use rhai::{ASTNode, Expr, FnCallExpr, Position, Stmt};

/// Losses of logits, and whether the second argument is logits as well.
const OF_LOGITS: [(&str, bool); 3] = [("cross_entropy", false), ("bce", false), ("kd::kl", true)];
/// What makes probabilities of logits.
const SQUASHING: [&str; 3] = ["softmax", "log_softmax", "sigmoid"];

/// All of them in a recipe.
pub(super) fn wrong_losses(read: &Read) -> Vec<Error> {
    let mut found: Vec<Error> = Vec::new();
    read.ast.walk(&mut |path: &[ASTNode]| {
        if let Some(ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at))) =
            path.last()
        {
            found.extend(of_call(call, *at).map(|(error, at)| read.placed(error, at)));
        }
        true
    });
    found.extend(turned_parameters(read));
    found
}

fn of_call(call: &FnCallExpr, at: Position) -> Option<(Error, Position)> {
    let name = match call.namespace.is_empty() {
        true => call.name.to_string(),
        false => format!("{}::{}", call.namespace, call.name),
    };
    let (_, both) = OF_LOGITS.iter().find(|(known, _)| *known == name)?;
    let first = call.args.first()?;
    if let Expr::Variable(own, ..) = first
        && ["target", "targets", "teacher"].contains(&own.1.as_str())
    {
        let error =
            Error::new(Kind::Type, &name, "what is to be learnt stands in the student's place")
                .hint(format!("the student's logits come first: {name}(student, {})", own.1))
                .as_warning();
        return Some((error, at));
    }
    let logits = call.args.iter().take(if *both { 2 } else { 1 });
    let squashed = logits.filter_map(squashed).next()?;
    let error = Error::new(Kind::Type, &name, "it takes logits, and squashes them itself")
        .hint(format!("leave .{squashed}(…) out"))
        .as_warning();
    Some((error, at))
}

/// What an expression ends with, where that makes probabilities.
fn squashed(value: &Expr) -> Option<&'static str> {
    let call = match value {
        Expr::FnCall(call, _) | Expr::MethodCall(call, _) => call,
        Expr::Dot(parts, ..) => return squashed(&parts.rhs),
        _ => return None,
    };
    SQUASHING.into_iter().find(|own| *own == call.name.as_str())
}

/// `fn loss(ctx, teacher, student, target)`: parameters go by their places.
fn turned_parameters(read: &Read) -> Option<Error> {
    let own = read.ast.iter_functions().find(|own| {
        let at = |name: &str| own.params.iter().position(|known| *known == name);
        let turned = matches!((at("teacher"), at("student")), (Some(teacher), Some(student)) if teacher < student);
        own.name == "loss" && own.params.first() == Some(&"ctx") && turned
    })?;
    let error =
        Error::new(Kind::Name, own.name, "the hook is given the student before the teacher")
            .expected("loss(ctx, student, teacher, target)")
            .received(format!("loss({})", own.params.join(", ")))
            .as_warning();
    let starts = "fn loss(";
    let line = read.source.text.lines().position(|row| row.trim_start().starts_with(starts));
    Some(match line {
        Some(line) => error.at(place(read.source, line + 1, None)),
        None => error,
    })
}
