//! Values that are worked out and then dropped, and changes of copies: warnings.

use super::{CHANGES, Read};
use crate::error::{Error, Kind};
use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, Stmt, Token};

/// Properties that belong to something which all holders share: an optimiser's rate, a stage's own map.
const OF_SHARED: [&str; 2] = ["lr", "state"];

/// All of them in a recipe.
pub(super) fn lost(read: &Read) -> Vec<Error> {
    let mut found = Vec::new();
    let top = AST::new(read.ast.statements().iter().cloned(), rhai::Module::new());
    in_one(read, &top, &mut found);
    for function in read.ast.iter_functions() {
        // What a closure catches is shared.
        if function.name.contains('$') {
            continue;
        }
        let name = function.name;
        let alone = read.alone(name, function.params.len());
        in_one(read, &alone, &mut found);
        found.extend(function.params.iter().filter_map(|own| copied(read, &alone, name, own)));
        found.extend(taken_state(read, &alone));
    }
    found
}

/// Statements whose value nobody takes, in the top level or in one function.
fn in_one(read: &Read, ast: &AST, found: &mut Vec<Error>) {
    let mut count = 0;
    ast.walk(&mut |path: &[ASTNode]| {
        count += usize::from(path.len() == 1);
        true
    });
    let mut at = 0;
    ast.walk(&mut |path: &[ASTNode]| {
        let (Some(ASTNode::Stmt(statement)), before) =
            (path.last(), path.len().checked_sub(2).and_then(|before| path.get(before)))
        else {
            return true;
        };
        at += usize::from(path.len() == 1);
        // The last statement of a function or a block is its value.
        let is_last = match before {
            None => at == count,
            Some(ASTNode::Stmt(Stmt::For(..) | Stmt::While(..) | Stmt::Do(..))) => false,
            Some(ASTNode::Stmt(Stmt::If(parts, _))) => {
                let ends = [parts.body.statements().last(), parts.branch.statements().last()];
                ends.into_iter().flatten().any(|last| std::ptr::eq(last, *statement))
            }
            Some(ASTNode::Stmt(Stmt::Block(block)) | ASTNode::Expr(Expr::Stmt(block))) => {
                block.statements().last().is_some_and(|last| std::ptr::eq(last, *statement))
            }
            Some(_) => true,
        };
        if !is_last {
            found.extend(dropped(read, statement).map(|(error, at)| read.placed(error, at)));
        }
        true
    });
}

/// `x.clamp(0, 1);`, `o + #{ … };`, `a == b;`.
fn dropped(read: &Read, statement: &Stmt) -> Option<(Error, Position)> {
    let (call, at, is_method) = match statement {
        Stmt::FnCall(call, at) => (&**call, *at, false),
        Stmt::Expr(value) => last_call(value)?,
        _ => return None,
    };
    let name = call.name.as_str();
    let hint = match &call.op_token {
        Some(Token::EqualsTo) => "a value is given by one sign: a = b".to_string(),
        Some(Token::Plus) => "write a += b, or let c = a + b".to_string(),
        Some(_) => "give it a name: let c = …".to_string(),
        None if is_method && read.signatures.gives_anew(name, call.args.len() + 1) => {
            format!("the value before it stays as it is: write x = x.{name}(…)")
        }
        None => return None,
    };
    let problem = "what it gives is dropped";
    Some((Error::new(Kind::Script, name, problem).hint(hint).as_warning(), at))
}

/// What an expression ends with, where that is a call, and whether it stands behind a point.
fn last_call(value: &Expr) -> Option<(&FnCallExpr, Position, bool)> {
    match value {
        Expr::FnCall(call, at) => Some((call, *at, false)),
        Expr::MethodCall(call, at) => Some((call, *at, true)),
        Expr::Dot(parts, ..) => last_call(&parts.rhs),
        _ => None,
    }
}

/// Where a function changes what some of its variables hold, if it does nothing else with them: nobody sees that.
fn only_changed(alone: &AST, is_it: impl Fn(&str) -> bool) -> Option<Position> {
    let (mut mentions, mut changes) = (0usize, Vec::new());
    alone.walk(&mut |path: &[ASTNode]| {
        let change = match path.last() {
            Some(ASTNode::Expr(Expr::Variable(own, ..))) => {
                mentions += usize::from(is_it(&own.1));
                None
            }
            Some(ASTNode::Stmt(Stmt::Assignment(assigned))) => {
                changed(&assigned.1.lhs).zip(Some(assigned.1.lhs.start_position()))
            }
            Some(ASTNode::Stmt(Stmt::Expr(value))) => changed_by_method(value),
            _ => None,
        };
        changes.extend(change.filter(|(own, _)| is_it(own)).map(|(_, at)| at));
        true
    });
    // Whoever looks at it again may put it back in many ways.
    changes.first().copied().filter(|_| changes.len() == mentions)
}

/// A parameter that is changed and that nobody looks at afterwards: functions are given copies.
fn copied(read: &Read, alone: &AST, function: &str, own: &str) -> Option<Error> {
    let at = only_changed(alone, |name| name == own)?;
    let problem = format!("'{own}' is changed and dropped: a function is given a copy");
    let error = Error::new(Kind::Script, function, problem).hint(format!(
        "end it with `{own}`, and write {own} = {function}({own}) where it is called"
    ));
    Some(read.placed(error.as_warning(), at))
}

/// `let s = ctx.state; s.n += 1;`, `let h = ctx.state.seen; h.push(x);`, and nothing else of it.
fn taken_state(read: &Read, alone: &AST) -> Option<Error> {
    let mut copies: Vec<(String, String)> = Vec::new();
    alone.walk(&mut |path: &[ASTNode]| {
        if let Some(ASTNode::Stmt(Stmt::Var(declared, ..))) = path.last()
            && let Some(of) = state_of(&declared.1)
        {
            copies.push((declared.0.name.to_string(), of));
        }
        true
    });
    let own = |name: &str| copies.iter().find(|(copy, _)| copy == name).map(|(_, of)| of.as_str());
    let at = only_changed(alone, |name| own(name).is_some())?;
    let of = copies.first().map_or("ctx.state", |(_, of)| of.as_str());
    let instead = match of {
        "ctx.state" => "write ctx.state.n += 1, or ctx.state = … at the end".to_string(),
        key => format!("change {key} itself, or write {key} = … at the end"),
    };
    let error = Error::new(Kind::Script, of, "a copy of it is changed, and dropped").hint(instead);
    Some(read.placed(error.as_warning(), at))
}

/// `ctx.state`, or a key of it, as it is written.
fn state_of(value: &Expr) -> Option<String> {
    let Expr::Dot(parts, ..) = value else { return None };
    let Expr::Variable(own, ..) = &parts.lhs else { return None };
    let is_state = |key: &Expr| matches!(key, Expr::Property(key, _) if key.2 == "state");
    match &parts.rhs {
        _ if own.1 != "ctx" => None,
        key if is_state(key) => Some("ctx.state".to_string()),
        Expr::Dot(inner, ..) if is_state(&inner.lhs) => match &inner.rhs {
            Expr::Property(key, _) => Some(format!("ctx.state.{}", key.2)),
            _ => None,
        },
        _ => None,
    }
}

/// The variable that a statement `a.push(1);` changes.
fn changed_by_method(value: &Expr) -> Option<(&str, Position)> {
    let Expr::Dot(parts, ..) = value else { return None };
    match (&parts.lhs, &parts.rhs) {
        (Expr::Variable(own, _, at), Expr::MethodCall(call, _))
            if CHANGES.contains(&call.name.as_str()) =>
        {
            Some((own.1.as_str(), *at))
        }
        _ => None,
    }
}

/// The variable that `a = 1`, `a.b = 1` or `a[0] = 1` changes, where nobody else holds what is changed.
fn changed(target: &Expr) -> Option<&str> {
    match target {
        Expr::Variable(own, ..) => Some(own.1.as_str()),
        Expr::Dot(parts, ..) | Expr::Index(parts, ..) => {
            let shared = |key: &str| OF_SHARED.contains(&key);
            let mut is_shared = false;
            parts.rhs.walk(&mut Vec::new(), &mut |path: &[ASTNode]| {
                if let Some(ASTNode::Expr(Expr::Property(key, _))) = path.last() {
                    is_shared |= shared(&key.2);
                }
                true
            });
            let Expr::Variable(own, ..) = &parts.lhs else { return None };
            Some(own.1.as_str()).filter(|own| !is_shared && *own != "ctx")
        }
        _ => None,
    }
}
