//! Losses that give a number and are not what was meant: warnings.

use super::{Read, name_of};
use crate::error::{Error, Kind};
use crate::script::names::Symbol;
use rhai::{ASTNode, Expr, FnCallExpr, Stmt};

/// Losses of logits, and whether the second argument is logits as well.
const OF_LOGITS: [(&str, bool); 3] = [("cross_entropy", false), ("bce", false), ("kd::kl", true)];
/// What is to be learnt, by the names that it has with everybody.
const TO_LEARN: [&str; 7] =
    ["target", "targets", "label", "labels", "truth", "teacher", "teacher_logits"];
/// What makes probabilities of logits.
const SQUASHING: [&str; 3] = ["softmax", "log_softmax", "sigmoid"];

/// A call of a loss with its arguments turned around, or with probabilities.
pub(super) fn wrong_loss(call: &FnCallExpr) -> Option<Error> {
    let name = name_of(call);
    if name == "kl_div" {
        return no_logarithms(call);
    }
    let (_, both) = OF_LOGITS.iter().find(|(known, _)| *known == name)?;
    if let Some(learnt) = call.args.first().and_then(last_name).filter(|own| TO_LEARN.contains(own))
    {
        return Some(in_students_place(&name, learnt));
    }
    let logits = call.args.iter().take(if *both { 2 } else { 1 });
    let squashed = logits.filter_map(squashed).next()?;
    let error = Error::new(Kind::Type, &name, "it takes logits, and squashes them itself")
        .hint(format!("leave .{squashed}(…) out"))
        .as_warning();
    Some(error)
}

fn in_students_place(name: &str, learnt: &str) -> Error {
    Error::new(Kind::Type, name, "what is to be learnt stands in the student's place")
        .hint(format!("the student's logits come first: {name}(student, {learnt})"))
        .as_warning()
}

/// The name of a variable, or of the property that is taken of something: `batch.target`.
fn last_name(value: &Expr) -> Option<&str> {
    match value {
        Expr::Variable(own, ..) => Some(own.1.as_str()),
        Expr::Dot(parts, ..) => match &parts.rhs {
            Expr::Property(own, _) => Some(own.2.as_str()),
            _ => None,
        },
        _ => None,
    }
}

/// Losses in the hook `loss` that are given its labels or its teacher first, whatever they are called there.
pub(super) fn turned_call(read: &Read) -> Vec<Error> {
    let mut found = Vec::new();
    for function in read.ast.iter_functions().filter(|function| function.name == "loss") {
        let [_, _, learnt @ ..] = function.params.as_slice() else { continue };
        let (name, count) = (function.name, function.params.len());
        let (mut asks, teacher) = (false, learnt.first().filter(|_| learnt.len() == 2));
        let alone = read.ast.clone_functions_only_filtered(|_, _, _, known, parameters| {
            known == name && parameters == count
        });
        alone.walk(&mut |path: &[ASTNode]| {
            if let Some(ASTNode::Expr(Expr::Variable(own, ..))) = path.last() {
                asks |= teacher.is_some_and(|teacher| *teacher == own.1.as_str());
            }
            // Inner outputs of the teacher.
            if let Some(ASTNode::Expr(Expr::Property(own, _))) = path.last() {
                asks |= ["teacher", "taps"].contains(&own.2.as_str());
            }
            if let Some(
                ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at)),
            ) = path.last()
                && let Some(Expr::Variable(own, ..)) = call.args.first()
                && learnt.contains(&own.1.as_str())
                && own.1 != "student"
                && !TO_LEARN.contains(&own.1.as_str())
                && OF_LOGITS.iter().any(|(known, _)| *known == name_of(call))
            {
                found.push(read.placed(in_students_place(&name_of(call), &own.1), *at));
            }
            true
        });
        let unasked = teacher.filter(|teacher| !asks && !teacher.starts_with('_'));
        if unasked.is_some() && read.names.trains() {
            let error = Error::new(Kind::Script, "loss", "the teacher is never asked")
                .received(format!("loss({})", function.params.join(", ")))
                .hint("a loss of the labels alone is for train(…): loss(ctx, student, target)");
            let line = read.names.functions().find_map(|(_, own)| {
                (own.name == name && own.parameters.len() == count).then_some(own.span.line)
            });
            found.extend(line.map(|line| error.as_warning().at(read.source.place(line, None))));
        }
    }
    found
}

/// `kl_div(a.softmax(1), b.softmax(1))`; `kl_div(a.log_softmax(1), b.softmax(1))`, whose mean goes over all numbers.
fn no_logarithms(call: &FnCallExpr) -> Option<Error> {
    let first = call.args.first().and_then(squashed)?;
    if first != "log_softmax" {
        let error = Error::new(Kind::Type, "kl_div", "it takes log-probabilities first")
            .hint("write .log_softmax(1) there; kd::kl(student, teacher) takes logits");
        return Some(error.as_warning());
    }
    (call.args.len() == 2).then(|| {
        Error::new(Kind::Type, "kl_div", "its mean goes over all numbers, not over clips")
            .hint("write kl_div(…, …, #{ reduction: \"batch_mean\" }), or kd::kl(student, teacher) of logits")
            .as_warning()
    })
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

/// The places of a hook's parameters, by the names that everybody gives them.
const PLACES: [&str; 4] = ["ctx", "student", "teacher", "target"];

/// `fn loss(ctx, teacher, student, target)`: parameters go by their places.
pub(super) fn turned(own: &Symbol) -> Option<Error> {
    let names: Vec<&str> = own.parameters.iter().map(String::as_str).collect();
    let received = format!("{}({})", own.name, names.join(", "));
    let of_time = |name: &&str| ["epoch", "epochs", "step", "steps", "progress"].contains(name);
    match (own.name.as_str(), names.as_slice()) {
        ("lambda" | "tau" | "lr" | "on_epoch", [one]) if of_time(one) => {
            let error = Error::new(Kind::Name, &own.name, "the hook is given the context");
            Some(
                error
                    .expected(format!("{}(ctx), with ctx.{one} in it", own.name))
                    .received(received),
            )
        }
        ("loss", [first, _, _] | [first, _, _, _])
            if ["student", "teacher", "target"].contains(first) =>
        {
            let error = Error::new(Kind::Name, "loss", "the hook is given the context first");
            Some(error.expected(EITHER).received(received))
        }
        ("loss", ["ctx", "student", "teacher"]) => {
            let problem =
                "with three parameters it is the loss of train(…), which gives it the labels there";
            Some(Error::new(Kind::Name, "loss", problem).expected(EITHER).received(received))
        }
        ("loss", ["ctx", rest @ ..]) => {
            let places = rest.iter().filter_map(|name| PLACES.iter().position(|own| own == name));
            let places: Vec<usize> = places.collect();
            (!places.is_sorted()).then(|| {
                Error::new(
                    Kind::Name,
                    "loss",
                    "the hook is given the student, the teacher, and the labels last",
                )
                .expected(EITHER)
                .received(received)
            })
        }
        _ => None,
    }
}

const EITHER: &str =
    "loss(ctx, student, target) for train(…), loss(ctx, student, teacher, target) for distill(…)";
