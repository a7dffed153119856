//! What Rhai takes without a word and does otherwise than people expect: warnings.

use super::super::testing::TEST_PREFIX;
use super::draws::same_draws;
use super::losses::{turned, turned_call, wrong_loss};
use super::schedules::turned_schedule;
use super::{Read, name_of};
use crate::error::{Error, Kind, nearest};
use crate::script::names::{Symbol, meant_to_divide, unclosed_comment};
use rhai::{ASTNode, Expr, FnCallExpr, Stmt, Token};
use std::collections::BTreeMap;

/// Properties that are whole numbers, of `ctx` and of results.
const WHOLE: [&str; 7] = ["epoch", "epochs", "step", "steps", "classes", "clips", "parameters"];

/// All traps of a recipe.
pub(super) fn traps(read: &Read) -> Vec<Error> {
    let mut found = Vec::new();
    let whole = whole_variables(read);
    read.ast.walk(&mut |path: &[ASTNode]| {
        let call = match path.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, at)))
            | Some(ASTNode::Stmt(Stmt::FnCall(call, at))) => Some((call, *at)),
            _ => None,
        };
        if let Some((call, at)) = call {
            let trap = division(call, &whole)
                .filter(|_| !is_count(path))
                .or_else(|| power(read, call))
                .or_else(|| closure(call));
            let trap = trap.or_else(|| no_divergence(call)).or_else(|| chained(call));
            let trap = trap.or_else(|| bits(call, &whole)).or_else(|| wrong_loss(call));
            let trap = trap.or_else(|| turned_schedule(call));
            found.extend(trap.map(|error| read.placed(error, at)));
        }
        if let Some(ASTNode::Expr(Expr::StringConstant(text, at))) = path.last()
            && text.contains("${")
        {
            let problem = "a value is put into texts with back-ticks alone";
            let error =
                Error::new(Kind::Script, "${…}", problem).hint("write `loss ${x}`").as_warning();
            found.push(read.placed(error, *at));
        }
        if let Some(ASTNode::Stmt(Stmt::Assignment(assigned))) = path.last()
            && let Some(Token::DivideAssign) =
                assigned.0.get_op_assignment_info().map(|info| info.2)
            && is_whole(&assigned.1.lhs, &whole)
            && is_whole(&assigned.1.rhs, &whole)
        {
            found.push(read.placed(whole_division("/="), assigned.0.position()));
        }
        true
    });
    found
        .extend(read.ast.statements().iter().filter_map(|statement| running_loop(read, statement)));
    // What others import is called by them, with whatever they like.
    let trains = read.names.trains();
    let hook = |own: &Symbol| turned(own).filter(|_| trains);
    found.extend(read.about_functions(|own| no_test(read, own).or_else(|| hook(own))));
    found.extend(turned_call(read));
    found.extend(same_draws(read));
    found.extend(
        unclosed_comment(&read.source.text)
            .map(|(error, at)| error.at(read.source.place(at.line, Some(at.column + 1)))),
    );
    found.extend(meant_to_divide(&read.source.text).into_iter().map(|at| {
        let at = read.source.place(at.line, Some(at.column + 1));
        Error::new(Kind::Script, "//", "the line ends here: what follows is a comment")
            .hint("7 // 2 is written 7 / 2: whole numbers drop the rest; where it is a comment, put a word into it")
            .as_warning()
            .at(at)
    }));
    found.extend(unknown_consts(read));
    for (at, import) in read.imports.iter().enumerate() {
        let before = read.imports.get(..at).unwrap_or_default().iter();
        let same =
            before.rev().find(|other| other.alias == import.alias && other.name != import.name);
        found.extend(same.map(|other| {
            let problem = format!("'{}' is \"{}\" already", import.alias, other.name);
            let error = Error::new(Kind::Name, format!("import \"{}\"", import.name), problem)
                .hint("what is imported later hides it: give each a name of its own")
                .as_warning();
            read.placed(error, import.at)
        }));
    }
    found.extend(read.imports.iter().filter_map(|import| {
        let hides = read.signatures.has_namespace(&import.alias);
        let problem = format!("the import hides the host's own '{}::'", import.alias);
        let error = Error::new(Kind::Name, format!("import \"{}\"", import.name), problem)
            .hint(format!("give it another name: as my_{}", import.alias))
            .as_warning();
        hides.then(|| read.placed(error, import.at))
    }));
    found
}

/// `global::NAME` where there is no such const.
fn unknown_consts(read: &Read) -> Vec<Error> {
    let names = &read.names;
    let consts: Vec<&str> = names.consts().map(|(_, own)| own.name.as_str()).collect();
    let unknown =
        names.undefined().iter().filter(|own| own.global && !read.missing.contains(&own.name));
    let unknown = unknown.map(|own| {
        let full = format!("global::{}", own.name);
        let error = Error::new(Kind::Name, &full, "this name is not defined here");
        let error = match (own.top_level, nearest(&own.name, consts.iter().copied())) {
            (true, _) => {
                error.hint(format!("global:: has consts alone: write const {} = …", own.name))
            }
            (false, Some(near)) => error.hint(format!("did you mean global::{near}?")),
            (false, None) => error,
        };
        let column = (own.span.column + 1).saturating_sub("global::".len());
        error.at(read.source.place(own.span.line, Some(column)))
    });
    unknown.collect()
}

/// `fn test_loss(x)`, which is no test, and which nothing calls.
fn no_test(read: &Read, own: &Symbol) -> Option<Error> {
    let is_called = || read.source.text.matches(&own.name).count() > 1;
    (own.name.starts_with(TEST_PREFIX) && !own.parameters.is_empty() && !is_called()).then(|| {
        let problem = "a test takes no parameters: `still test` leaves this out";
        Error::new(Kind::Name, &own.name, problem)
            .hint("write it without them; what helps a test has another name")
    })
}

fn whole_division(operator: &str) -> Error {
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
    path.iter().any(|node| match node {
        ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _)) => {
            !call.namespace.is_empty() && ["nn", "model"].contains(&call.namespace.root())
        }
        _ => false,
    })
}

/// `1 / 2`, `ctx.epoch / 10`.
fn division(call: &FnCallExpr, whole: &BTreeMap<String, bool>) -> Option<Error> {
    let (Some(Token::Divide), [left, right]) = (&call.op_token, call.args.as_slice()) else {
        return None;
    };
    if let (Expr::IntegerConstant(left, _), Expr::IntegerConstant(right, _)) = (left, right)
        && left.checked_rem(*right).is_none_or(|rest| rest == 0)
    {
        return None;
    }
    (is_whole(left, whole) && is_whole(right, whole)).then(|| whole_division("/"))
}

/// `-2 ** 2`.
fn power(read: &Read, call: &FnCallExpr) -> Option<Error> {
    let (Some(Token::PowerOf), Some(Expr::IntegerConstant(base, at))) =
        (&call.op_token, call.args.first())
    else {
        return None;
    };
    // `(-2) ** 2` says what it means.
    let row = at.line().and_then(|line| read.source.text.lines().nth(line.checked_sub(1)?));
    let before = row.zip(at.position()).map(|(row, column)| {
        row.chars().take(column.saturating_sub(1)).filter(|letter| !letter.is_whitespace()).last()
    });
    (*base < 0 && before != Some(Some('('))).then(|| {
        Error::new(Kind::Range, "**", "the sign belongs to the number, not to the power")
            .expected("-(2 ** 2), where the power is meant to be negative")
            .received(format!("({base}) ** …"))
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

/// A diagnostic that is no loss.
fn no_divergence(call: &FnCallExpr) -> Option<Error> {
    let is_it = call.name == "positive_only_kl"
        && !call.namespace.is_empty()
        && call.namespace.root() == "kd";
    is_it.then(|| {
        let problem = "this is no divergence: it raises every logit for ever where it trains";
        Error::new(Kind::Number, "kd::positive_only_kl", problem)
            .hint("kd::bernoulli_kl is the KL divergence of clips with several labels")
            .as_warning()
    })
}

/// A closure as a part of a network, which no edit reaches.
fn closure(call: &FnCallExpr) -> Option<Error> {
    if (call.namespace.is_empty() || call.namespace.root() != "nn") && call.name != "stage" {
        return None;
    }
    let mut has = false;
    for argument in &call.args {
        argument.walk(&mut Vec::new(), &mut |path: &[ASTNode]| {
            has |= matches!(path.last(), Some(ASTNode::Expr(expr)) if is_closure(expr));
            !has
        });
    }
    has.then(|| {
        Error::new(
            Kind::Script,
            name_of(call),
            "a closure is not live: edits do not reach it while it runs",
        )
        .hint("write a function, and give Fn(\"its_name\")")
        .as_warning()
    })
}

fn is_closure(expr: &Expr) -> bool {
    match expr {
        Expr::DynamicConstant(value, _) => {
            value.read_lock::<rhai::FnPtr>().is_some_and(|pointer| pointer.is_anonymous())
        }
        Expr::FnCall(call, _) => call.name == "curry",
        _ => false,
    }
}

/// A loop among the statements that trains: its body is not live.
fn running_loop(read: &Read, statement: &Stmt) -> Option<Error> {
    let at = match statement {
        Stmt::For(_, at) | Stmt::While(_, at) | Stmt::Do(_, _, at) => *at,
        _ => return None,
    };
    let mut trains = false;
    statement.walk(&mut Vec::new(), &mut |path: &[ASTNode]| {
        if let Some(ASTNode::Expr(Expr::MethodCall(call, _))) = path.last() {
            trains |= matches!(call.name.as_str(), "step" | "backward");
        }
        !trains
    });
    let error = || {
        let problem =
            "this loop trains, and is no stage: edits do not reach it, nothing of it is kept";
        Error::new(Kind::Script, "the recipe", problem)
            .hint("each_step(#{ … }, Fn(\"teach\")) calls `fn teach(ctx, batch)` for each batch, live")
            .as_warning()
    };
    trains.then(|| read.placed(error(), at))
}

/// Variables whose every value is a whole number.
fn whole_variables(read: &Read) -> BTreeMap<String, bool> {
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
                        whole.insert(state_key(&key.name), is_whole(value, &whole));
                    }
                }
            }
            Some(ASTNode::Stmt(Stmt::Assignment(assigned))) => {
                if let Expr::Variable(variable, ..) = &assigned.1.lhs {
                    let is = is_whole(&assigned.1.rhs, &whole);
                    let known = whole.entry(variable.1.to_string()).or_insert(is);
                    *known &= is;
                }
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

/// What a key of a stage's state is called among the variables.
fn state_key(key: &str) -> String {
    format!("state.{key}")
}

fn is_whole(expr: &Expr, variables: &BTreeMap<String, bool>) -> bool {
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
