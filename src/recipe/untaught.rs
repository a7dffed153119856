//! What a step of one's own trains badly, or not at all, as a trial of it shows: told by a check.

use super::suspect::{Doubt, mentions};
use super::version::Version;
use crate::error::{Error, Kind};
use crate::nn::Net;
use crate::train::{Dry, Plan};

/// Methods of a network that change its weights without an optimiser.
const CHANGES: [&str; 5] = [".copy_from(", ".init(", ".lerp(", ".load(", ".set_weight("];

/// Optimisers that take no step, networks that no step changes.
pub(super) fn untaught(plan: &Plan, dry: &Dry, version: &Version) -> Vec<Doubt> {
    let Some(own) = plan.own.as_ref() else { return Vec::new() };
    let mut found = Vec::new();
    if dry.idle.len() == own.optimizers.len() {
        let may_step = dry.keeps_state && mentions(version, ".step(");
        found.extend(no_step(plan).filter(|_| !may_step).map(|error| (None, error)));
    } else {
        let idle = idle_optimizer(plan, dry, version);
        found.extend(idle.map(|error| (Some("optimizers"), error)));
    }
    // Its steps change another network than those of the stage.
    if dry.unmoved.len() == own.nets.len() {
        let elsewhere = elsewhere(plan).filter(|_| dry.idle.len() < own.optimizers.len());
        // The rate of a first step may be 0.
        let is_sure = !dry.keeps_state && plan.epochs > 1;
        found.extend(elsewhere.filter(|_| is_sure).map(|error| (None, error)));
        return found;
    }
    let network = |name: &str| own.nets.iter().find(|(own, _)| own == name).map(|(_, net)| net);
    found.extend(trained_along(plan, dry, version).map(|error| (None, error)));
    for (name, moves) in &dry.unmoved {
        let doubt = match (moves, network(name)) {
            (true, _) => still_teacher(name, dry, version),
            (false, Some(net)) => still_judged(plan, name, net, dry, version),
            (false, None) => None,
        };
        found.extend(doubt.map(|error| (None, error)));
    }
    found
}

/// Steps that went well, in which no optimiser took one.
fn no_step(plan: &Plan) -> Option<Error> {
    let own = plan.own.as_ref()?;
    let (name, options) = own.optimizers.first()?;
    let net = own.nets.first().map_or("net", |(net, _)| net);
    let problem = format!("no optimizer of stage '{}' took a step", plan.name);
    let error = Error::new(Kind::Script, "each_step", problem)
        .expected(format!(
            "ctx.optimizers.{name}.step(ctx.nets.{net}, loss) in each step, or in some"
        ))
        .received(format!("a step that makes a loss, and leaves {} as it is", options.operation()));
    Some(error.as_warning())
}

/// Optimisers that took steps, which no network of the stage follows.
fn elsewhere(plan: &Plan) -> Option<Error> {
    let own = plan.own.as_ref()?;
    let learns = |net: &Net| net.unique_parameters().iter().any(|(_, own)| own.is_trainable());
    let (name, _) = own.nets.iter().find(|(_, net)| learns(net))?;
    let (optimizer, _) = own.optimizers.first()?;
    let problem = format!("no step changes a network of stage '{}'", plan.name);
    let error = Error::new(Kind::Script, "each_step", problem)
        .expected(format!("ctx.optimizers.{optimizer}.step(ctx.nets.{name}, loss)"))
        .received("steps of another network: one of a variable or a const is none of the stage's");
    Some(error.as_warning())
}

/// A whole map of networks that is trained, of which one is asked as a teacher is.
fn trained_along(plan: &Plan, dry: &Dry, version: &Version) -> Option<Error> {
    let own = plan.own.as_ref()?;
    let is_still = |name: &str| dry.unmoved.iter().any(|(still, _)| still == name);
    let all = ["step(ctx.nets,", "step(ctx.nets ,"].iter().any(|form| mentions(version, form));
    let asked = |name: &str| mentions(version, &format!("ctx.nets.{name}.eval()"));
    let (name, _) = own.nets.iter().find(|(name, _)| all && asked(name) && !is_still(name))?;
    let problem = format!("the step trains '{name}' along, which is asked as a teacher is");
    let error = Error::new(Kind::Script, "each_step", problem)
        .expected("the networks that learn: optimizer.step(ctx.nets.student, loss)")
        .received("optimizer.step(ctx.nets, loss), which trains all of them")
        .hint("a teacher is given as net.copy().freeze().eval()");
    Some(error.as_warning())
}

/// An optimiser that no function names, and that took no step where another one did.
fn idle_optimizer(plan: &Plan, dry: &Dry, version: &Version) -> Option<Error> {
    let named = |name: &str| {
        let forms = [format!("optimizers.{name}"), format!("\"{name}\"")];
        forms.iter().any(|form| mentions(version, form))
    };
    let name = dry.idle.iter().find(|name| !named(name))?;
    let problem = format!("the optimizer '{name}' of stage '{}' takes no step", plan.name);
    let error = Error::new(Kind::Script, "each_step", problem)
        .expected(format!("ctx.optimizers.{name}.step(…, loss) in the step"));
    Some(error.as_warning())
}

/// Whether a step that was not tried may train a network: where the text names it as what is trained, or where steps
/// take turns by what they keep, and what is trained has another name there.
fn may_train(name: &str, dry: &Dry, version: &Version) -> bool {
    let own = format!("ctx.nets.{name}");
    version.compiled.sources.all().any(|(_, text)| {
        text.match_indices(".step(").any(|(at, call)| {
            let given = text.get(at + call.len()..).unwrap_or_default().trim_start();
            match given.strip_prefix(own.as_str()) {
                Some(rest) => !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'),
                None => dry.keeps_state && !given.starts_with("ctx.nets."),
            }
        })
    })
}

/// A network that is asked as if it were trained, and that is not.
fn still_teacher(name: &str, dry: &Dry, version: &Version) -> Option<Error> {
    if may_train(name, dry, version) {
        return None;
    }
    let problem = format!(
        "the step leaves the weights of '{name}' as they are, and moves its running statistics"
    );
    let error = Error::new(Kind::Script, "each_step", problem)
        .received("a network in training")
        .hint(format!("a teacher is asked as ctx.nets.{name}.eval().forward(x), or given as net.copy().freeze().eval()"));
    Some(error.as_warning())
}

/// The network that is judged, and that nothing changes.
fn still_judged(plan: &Plan, name: &str, net: &Net, dry: &Dry, version: &Version) -> Option<Error> {
    let learns = net.unique_parameters().iter().any(|(_, own)| own.is_trainable());
    let may_follow = dry.keeps_state && CHANGES.iter().any(|own| mentions(version, own));
    if !plan.evaluates(net) || !learns || may_follow || may_train(name, dry, version) {
        return None;
    }
    let problem = format!("the step never changes '{name}', which is judged");
    let error = Error::new(Kind::Script, "each_step", problem)
        .expected("weights that follow the others, as of a mean teacher, or an optimizer's step")
        .received(format!("evaluate: \"{name}\""));
    Some(error.as_warning())
}
