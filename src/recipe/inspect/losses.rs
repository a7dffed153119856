//! Losses that give a number and are not what was meant: warnings.

use super::name_of;
use crate::error::{Error, Kind};
use crate::script::names::Symbol;
use rhai::{Expr, FnCallExpr};

/// Losses of logits, and whether the second argument is logits as well.
const OF_LOGITS: [(&str, bool); 3] = [("cross_entropy", false), ("bce", false), ("kd::kl", true)];
/// What makes probabilities of logits.
const SQUASHING: [&str; 3] = ["softmax", "log_softmax", "sigmoid"];

/// A call of a loss with its arguments turned around, or with probabilities.
pub(super) fn wrong_loss(call: &FnCallExpr) -> Option<Error> {
    let name = name_of(call);
    let (_, both) = OF_LOGITS.iter().find(|(known, _)| *known == name)?;
    let first = call.args.first()?;
    if let Expr::Variable(own, ..) = first
        && ["target", "targets", "teacher"].contains(&own.1.as_str())
    {
        let error =
            Error::new(Kind::Type, &name, "what is to be learnt stands in the student's place")
                .hint(format!("the student's logits come first: {name}(student, {})", own.1))
                .as_warning();
        return Some(error);
    }
    let logits = call.args.iter().take(if *both { 2 } else { 1 });
    let squashed = logits.filter_map(squashed).next()?;
    let error = Error::new(Kind::Type, &name, "it takes logits, and squashes them itself")
        .hint(format!("leave .{squashed}(…) out"))
        .as_warning();
    Some(error)
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
pub(super) fn turned(own: &Symbol) -> Option<Error> {
    let at = |name: &str| own.parameters.iter().position(|known| known == name);
    let turned =
        at("teacher").zip(at("student")).is_some_and(|(teacher, student)| teacher < student);
    (own.name == "loss" && at("ctx") == Some(0) && turned).then(|| {
        Error::new(Kind::Name, &own.name, "the hook is given the student before the teacher")
            .expected("loss(ctx, student, teacher, target)")
            .received(format!("loss({})", own.parameters.join(", ")))
    })
}
