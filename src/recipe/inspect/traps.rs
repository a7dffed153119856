//! What Rhai takes without a word and does otherwise than people expect: warnings.

use super::super::testing::TEST_PREFIX;
use super::draws::same_draws;
use super::losses::{turned, turned_call, wrong_loss};
use super::lost::lost;
use super::operators::{misread, whole_division};
use super::schedules::turned_schedule;
use super::unread::unread;
use super::whole::{is_whole, whole_variables};
use super::{Read, name_of};
use crate::error::{Error, Kind, nearest};
use crate::script::names::{Symbol, meant_to_divide, unclosed_comment};
use rhai::{ASTNode, Expr, FnCallExpr, Ident, Stmt, Token};

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
            let trap = misread(read, path, call, &whole).or_else(|| closure(call));
            let trap = trap.or_else(|| no_divergence(call));
            let trap = trap.or_else(|| wrong_loss(read, call, at));
            let trap = trap.or_else(|| turned_schedule(call));
            found.extend(trap.map(|error| read.placed(error, at)));
        }
        if let Some(ASTNode::Expr(Expr::Dot(parts, ..))) = path.last()
            && let Expr::MethodCall(call, at) = &parts.rhs
        {
            let trap = nearly_copied(call).or_else(|| over_clips(&parts.lhs, call));
            found.extend(trap.map(|error| read.placed(error, *at)));
        }
        if let Some(ASTNode::Expr(Expr::StringConstant(text, at))) = path.last()
            && text.contains("${")
        {
            let problem = "a value is put into texts with back-ticks alone";
            let error =
                Error::new(Kind::Script, "${…}", problem).hint("write `loss ${x}`").as_warning();
            found.push(read.placed(error, *at));
        }
        if let Some(ASTNode::Stmt(Stmt::For(parts, at))) = path.last() {
            let counter = parts.1.as_ref().filter(|_| goes_through_batches(&parts.2.expr));
            found.extend(counter.and_then(counted).map(|error| read.placed(error, *at)));
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
    found.extend(fresh_layers(read));
    found.extend(fresh_optimizers(read));
    found.extend(read.about_functions(|own| {
        no_test(read, own).or_else(|| hook(own)).or_else(|| self_behind(own))
    }));
    found.extend(turned_call(read));
    found.extend(same_draws(read));
    found.extend(lost(read));
    found.extend(unread(read));
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

/// Layers with weights, which are drawn where they are made.
const WITH_WEIGHTS: [&str; 19] = [
    "attention",
    "batch_norm1d",
    "batch_norm2d",
    "conv1d",
    "conv2d",
    "conv_transpose1d",
    "conv_transpose2d",
    "depthwise",
    "embedding",
    "group_norm",
    "gru",
    "layer_norm",
    "linear",
    "lstm",
    "parameter",
    "rms_norm",
    "sequential",
    "squeeze_excite",
    "transformer_block",
];

/// Layers that a network's function makes: others at each call, which nothing trains.
fn fresh_layers(read: &Read) -> Vec<Error> {
    let mut found = Vec::new();
    let text = &read.source.text;
    let is_network = |own: &Symbol| {
        own.parameters.first().is_some_and(|first| first == "self")
            && text.contains(&format!("Fn(\"{}\")", own.name))
    };
    for own in read.names.functions().map(|(_, own)| own).filter(|own| is_network(own)) {
        let within = own.extent.0..own.extent.1;
        let made = read.names.calls().iter().find(|call| {
            within.contains(&call.span.start)
                && call.namespace.as_deref() == Some("nn")
                && WITH_WEIGHTS.contains(&call.name.as_str())
        });
        found.extend(made.map(|call| {
            let name = call.full_name();
            Error::new(Kind::Script, &name, "a layer is made anew at each call, and never trained")
                .hint("put it among the parts of nn::network(#{ … }, …), and ask self for it")
                .as_warning()
                .at(read.source.place(call.span.line, Some(call.span.column + 1)))
        }));
    }
    found
}

/// Optimisers that a hook makes: others at each call, which remember nothing.
fn fresh_optimizers(read: &Read) -> Vec<Error> {
    let text = &read.source.text;
    let mut found = Vec::new();
    let hooks = read.names.functions().map(|(_, own)| own);
    for own in hooks.filter(|own| own.parameters.first().is_some_and(|first| first == "ctx")) {
        let within = own.extent.0..own.extent.1;
        // What is made once may be kept.
        if text.get(within.clone()).is_none_or(|body| body.contains(".state")) {
            continue;
        }
        let made = read.names.calls().iter().find(|call| {
            within.contains(&call.span.start) && call.namespace.as_deref() == Some("optim")
        });
        found.extend(made.map(|call| {
            let problem = "an optimizer is made anew at each call, and remembers nothing";
            Error::new(Kind::Script, call.full_name(), problem)
                .expected("optimizers: #{ main: optim::adam(#{ lr: 1e-3 }) } of each_step, and ctx.optimizers.main")
                .as_warning()
                .at(read.source.place(call.span.line, Some(call.span.column + 1)))
        }));
    }
    found
}

/// `fn forward(x, self)`: a network's function is given its parts first.
fn self_behind(own: &Symbol) -> Option<Error> {
    let is_behind = own.parameters.iter().skip(1).any(|name| name == "self");
    is_behind.then(|| {
        let problem = "a network's function is given its parts first";
        let others = own.parameters.iter().filter(|name| *name != "self");
        let right: Vec<&str> = ["self"].into_iter().chain(others.map(String::as_str)).collect();
        Error::new(Kind::Name, &own.name, problem)
            .expected(format!("{}({})", own.name, right.join(", ")))
            .received(format!("{}({})", own.name, own.parameters.join(", ")))
    })
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

/// `average.lerp(net, 0.999)`, as decays are written elsewhere: the average becomes the other network at once.
fn nearly_copied(call: &FnCallExpr) -> Option<Error> {
    let (true, [_, Expr::FloatConstant(share, _)]) = (call.name == "lerp", call.args.as_slice())
    else {
        return None;
    };
    let share = **share;
    (0.9..1.0).contains(&share).then(|| {
        let problem = "the share is that of the other one, which is taken over nearly whole";
        Error::new(Kind::Range, "lerp", problem)
            .expected(format!("{}, where {share} shall stay", ((1.0 - share) * 1e6).round() / 1e6))
            .received(format!("{share}"))
            .as_warning()
    })
}

/// `student.log_softmax(0)`: of a table of clips the first dimension is the clips.
fn over_clips(value: &Expr, call: &FnCallExpr) -> Option<Error> {
    let is_logits = matches!(value, Expr::Variable(own, ..) if ["student", "teacher", "logits"].contains(&own.1.as_str()));
    let squashes = ["softmax", "log_softmax"].contains(&call.name.as_str());
    let is_first = matches!(call.args.as_slice(), [Expr::IntegerConstant(0, _)]);
    (is_logits && squashes && is_first).then(|| {
        Error::new(Kind::Range, call.name.as_str(), "it goes over the clips, not over the classes")
            .expected(format!("{}(1): logits are [batch, class]", call.name))
            .as_warning()
    })
}

/// Whether what is gone through is batches of a data set.
fn goes_through_batches(value: &Expr) -> bool {
    let mut found = false;
    value.walk(&mut Vec::new(), &mut |path: &[ASTNode]| {
        if let Some(ASTNode::Expr(Expr::FnCall(call, _) | Expr::MethodCall(call, _))) = path.last()
        {
            found |= call.name == "batches";
        }
        if let Some(ASTNode::Expr(Expr::Variable(own, ..))) = path.last() {
            found |= ["batches", "loader", "train_loader"].contains(&own.1.as_str());
        }
        !found
    });
    found
}

/// `for (x, y) in batches`: the second name is the place in the list.
fn counted(counter: &Ident) -> Option<Error> {
    const NAMES: [&str; 6] = ["y", "target", "targets", "label", "labels", "truth"];
    let name = counter.name.as_str();
    NAMES.contains(&name).then(|| {
        Error::new(Kind::Script, "for", format!("'{name}' counts: it is 0, 1, 2 and so on"))
            .hint("for batch in data.batches(…) { … } has batch.input and batch.target")
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
    let has = call.args.iter().any(holds_closure);
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

/// Whether a value is a closure, or an array or a map that has one: what another call makes of one is none.
fn holds_closure(value: &Expr) -> bool {
    match value {
        Expr::Array(items, _) => items.iter().any(holds_closure),
        Expr::Map(entries, _) => entries.0.iter().any(|(_, value)| holds_closure(value)),
        value => is_closure(value),
    }
}

fn is_closure(expr: &Expr) -> bool {
    match expr {
        Expr::DynamicConstant(value, _) => {
            value.read_lock::<rhai::FnPtr>().is_some_and(|pointer| pointer.is_anonymous())
        }
        // What captures variables ends a block: no function could do as much.
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
