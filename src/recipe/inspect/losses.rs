//! Losses that give a number and are not what was meant: warnings.

use super::{Read, name_of};
use crate::error::{Error, Kind};
use crate::script::names::Symbol;
use rhai::{ASTNode, Expr, FnCallExpr, Position, Stmt, Token};

/// Losses of logits, and whether the second argument is logits as well.
const OF_LOGITS: [(&str, bool); 3] = [("cross_entropy", false), ("bce", false), ("kd::kl", true)];
/// What makes probabilities of logits.
const SQUASHING: [&str; 3] = ["softmax", "log_softmax", "sigmoid"];

/// What a teacher says, and labels, by their usual names.
const OF_TEACHERS: [&str; 2] = ["teacher", "teacher_logits"];
const OF_LABELS: [&str; 5] = ["target", "targets", "label", "labels", "truth"];

/// Whether a name is that of what is to be learnt, with everybody.
fn is_learnt(name: &str) -> bool {
    OF_TEACHERS.contains(&name) || OF_LABELS.contains(&name)
}

/// A call of a loss with its arguments turned around, or with probabilities.
pub(super) fn wrong_loss(read: &Read, call: &FnCallExpr, at: Position) -> Option<Error> {
    let name = name_of(call);
    if name == "kl_div" {
        return no_logarithms(call);
    }
    let Some((_, both)) = OF_LOGITS.iter().find(|(known, _)| *known == name) else {
        return exchanged(read, &name, call).or_else(|| tempered_twice(read, &name, call));
    };
    let second = call.args.get(1).and_then(last_name);
    if let Some(learnt) = call.args.first().and_then(last_name).filter(|own| is_learnt(own))
        // How well a teacher does is asked so.
        && !(OF_TEACHERS.contains(&learnt) && second.is_some_and(|own| OF_LABELS.contains(&own)))
    {
        return Some(in_students_place(&name, learnt));
    }
    // What was made probabilities of may have kept its name.
    let as_given = |own: &str| {
        let (is_hook, text) = before(read, at);
        is_hook && !text.replace(' ', "").contains(&format!("{own}="))
    };
    let (wrong, problem, instead) = match both {
        true => (
            OF_LABELS.as_slice(),
            "it takes the teacher's logits, and labels are none",
            "cross_entropy(student, target) learns from labels",
        ),
        false => (
            OF_TEACHERS.as_slice(),
            "it takes labels or probabilities, and a teacher gives logits",
            "kd::kl(student, teacher) takes both as logits",
        ),
    };
    if second.filter(|own| wrong.contains(own)).is_some_and(as_given) {
        let error = Error::new(Kind::Type, &name, problem).hint(instead);
        return Some(error.as_warning());
    }
    let logits = call.args.iter().take(if *both { 2 } else { 1 });
    let squashed = logits.filter_map(squashed).next()?;
    let error = Error::new(Kind::Type, &name, "it takes logits, and squashes them itself")
        .hint(format!("leave .{squashed}(…) out"))
        .as_warning();
    Some(error)
}

/// Where a function is defined.
fn defined<'a>(read: &'a Read, name: &str, count: usize) -> Option<&'a Symbol> {
    let mut own = read.names.functions().map(|(_, own)| own);
    own.find(|own| own.name == name && own.parameters.len() == count)
}

/// The text of a function, or of the top level, up to a place in it, and whether it is a function that is given the context:
/// what another one is given may be called anything.
fn before(read: &Read, at: Position) -> (bool, String) {
    let line = at.line().unwrap_or_default();
    let begins = |symbol: &&Symbol| symbol.span.line <= line;
    let own = read.names.functions().map(|(_, own)| own).filter(begins);
    let own = own.max_by_key(|own| own.span.line);
    let start = own.map_or(1, |own| own.span.line);
    let is_hook = own.and_then(|own| own.parameters.first()).is_some_and(|first| first == "ctx");
    let rows = read.source.text.lines().skip(start - 1).take(line + 1 - start);
    (is_hook, rows.collect::<Vec<_>>().join("\n"))
}

/// What a loss is given by place, as its forms name it.
const BY_PLACE: [&str; 5] = ["student", "teacher", "target", "lambda", "tau"];

/// `kd::cmkd(student, teacher, target, ctx.tau, ctx.lambda)`: two arguments in each other's place, as the function's own
/// form names them.
fn exchanged(read: &Read, name: &str, call: &FnCallExpr) -> Option<Error> {
    let forms = read.forms(call).into_iter();
    let mut fitting = forms.filter_map(|form| {
        let (_, words) = form.strip_suffix(')')?.split_once('(')?;
        let words: Vec<String> = words.split(", ").map(String::from).collect();
        (words.len() == call.args.len()).then_some((form, words))
    });
    // Of two distributions, either may be the one that is learnt.
    let (form, words) = fitting.next().filter(|(_, words)| words.len() > 2)?;
    let given: Vec<Option<&str>> = call.args.iter().map(last_name).collect();
    let all = || words.iter().zip(&given);
    let turned = all().any(|(word, own)| {
        let word = word.as_str();
        BY_PLACE.contains(&word)
            && own.is_some_and(|own| {
                own != word
                    && BY_PLACE.contains(&own)
                    && all().any(|(other, back)| other == own && *back == Some(word))
            })
    });
    let shown: Vec<&str> = given.iter().map(|own| own.unwrap_or("…")).collect();
    turned.then(|| {
        Error::new(Kind::Type, name, "two arguments stand in each other's place")
            .expected(form)
            .received(format!("{name}({})", shown.join(", ")))
            .as_warning()
    })
}

/// `kd::cmkd(student, teacher / ctx.tau, target, ctx.lambda, ctx.tau)`: the loss divides by τ itself.
fn tempered_twice(read: &Read, name: &str, call: &FnCallExpr) -> Option<Error> {
    let forms = read.forms(call).into_iter();
    let mut places = forms.filter_map(|form| {
        let (_, words) = form.strip_suffix(')')?.split_once('(')?;
        let words: Vec<&str> = words.split(", ").collect();
        let place = words.iter().position(|word| *word == "tau")?;
        (words.len() == call.args.len()).then_some(place)
    });
    let tau = call.args.get(places.next()?).and_then(spoken)?;
    let is_divided = call.args.iter().any(|own| match worked_out(read, own) {
        Expr::FnCall(inner, _) => {
            inner.op_token == Some(Token::Divide)
                && inner.args.get(1).and_then(spoken).is_some_and(|by| by == tau)
        }
        _ => false,
    });
    is_divided.then(|| {
        Error::new(Kind::Number, name, "logits are divided by τ twice")
            .expected("logits as the networks give them: the loss divides by τ itself")
            .as_warning()
    })
}

/// What a variable was made of, where one `let` in the file gives it its value; else the value itself.
fn worked_out<'a>(read: &'a Read, value: &'a Expr) -> &'a Expr {
    let Expr::Variable(own, ..) = value else { return value };
    match read.lets.get(own.1.as_str()) {
        Some(Some(made)) => made,
        _ => value,
    }
}

/// A name or a number, as it is written.
fn spoken(value: &Expr) -> Option<String> {
    match value {
        Expr::IntegerConstant(number, _) => Some(number.to_string()),
        Expr::FloatConstant(number, _) => Some(number.to_string()),
        other => last_name(other).map(String::from),
    }
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
        let teacher = learnt.first().filter(|_| learnt.len() == 2);
        // What a function that it calls asks of the context.
        let own = defined(read, name, count);
        let body = own.and_then(|own| read.source.text.get(own.extent.0..own.extent.1));
        let body = body.unwrap_or_default();
        let mut asks = [".taps", ".teacher"].iter().any(|own| read.source.text.contains(own))
            || body.matches("(ctx").count() > 1;
        let alone = read.alone(name, count);
        alone.walk(&mut |path: &[ASTNode]| {
            if let Some(ASTNode::Expr(Expr::Variable(own, ..))) = path.last() {
                asks |= teacher.is_some_and(|teacher| *teacher == own.1.as_str());
            }
            if let Some(
                ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at)),
            ) = path.last()
                && let Some(Expr::Variable(own, ..)) = call.args.first()
                && learnt.contains(&own.1.as_str())
                && own.1 != "student"
                && !is_learnt(&own.1)
                && OF_LOGITS.iter().any(|(known, _)| *known == name_of(call))
            {
                found.push(read.placed(in_students_place(&name_of(call), &own.1), *at));
            }
            true
        });
        let labels = learnt.first().filter(|_| learnt.len() == 1);
        let unlearnt = labels.filter(|own| !own.starts_with('_') && mentions(body, own) == 1);
        if let (Some(labels), Some(own)) = (unlearnt, own)
            && read.names.trains()
            && body.matches("(ctx").count() == 1
            && !body.contains("ctx.")
        {
            let error = Error::new(Kind::Script, "loss", "the labels are never asked")
                .received(format!("loss({})", function.params.join(", ")))
                .hint(format!("what needs none is written with a line below: _{labels}"));
            found.push(error.as_warning().at(read.source.place(own.span.line, None)));
        }
        let unasked = teacher.filter(|teacher| !asks && !teacher.starts_with('_'));
        if unasked.is_some() && read.names.trains() {
            let error = Error::new(Kind::Script, "loss", "the teacher is never asked")
                .received(format!("loss({})", function.params.join(", ")))
                .hint("a loss of the labels alone is for train(…): loss(ctx, student, target)");
            found.extend(
                own.map(|own| error.as_warning().at(read.source.place(own.span.line, None))),
            );
        }
    }
    found
}

/// How often a text has a name as a word.
fn mentions(text: &str, name: &str) -> usize {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.split(|letter| !part(letter)).filter(|word| *word == name).count()
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
