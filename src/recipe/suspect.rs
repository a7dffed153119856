//! What a stage has that is surely not meant, as its data, its network and its functions show it: told by a check.

use super::facts::Facts;
use super::untaught::untaught;
use super::version::Version;
use crate::data::Clip;
use crate::error::{Error, Kind};
use crate::kd::{Noticed, Squashed, check_share, check_temperature};
use crate::metrics::Labelling;
use crate::script::Hook;
use crate::script::names::{Call, Names};
use crate::tensor::Tensor;
use crate::train::{Dry, Plan, Sample, StageKind, check_lr};
use std::collections::BTreeSet;
use std::path::Path;

/// What is told, and the option that it is about, if any.
pub(super) type Doubt = (Option<&'static str>, Error);

/// Warnings about a stage before it is tried.
pub(super) fn before(plan: &Plan, facts: &Facts, version: &Version) -> Vec<Doubt> {
    let heard = unheeded(&plan.name, facts, version).into_iter();
    let mut found: Vec<Doubt> = heard.map(|(hook, error)| (Some(hook.name()), error)).collect();
    let mixed_up = of_one_class(plan, facts, version);
    found.extend(mixed_up.map(|error| (Some(Hook::Loss.name()), error)));
    found.extend(unlabelled(plan, facts, version).map(|error| (None, error)));
    found.extend(unused_parts(plan, version).map(|error| (Some("parts"), error)));
    found.extend(leaked(plan).map(|error| (Some("data"), error)));
    found.extend(unread_taps(plan, facts, version).map(|error| (Some("taps"), error)));
    found
}

/// Mistakes and warnings that show themselves once a stage was tried, where its failures do not tell them.
pub(super) fn after(plan: &Plan, dry: &Dry, facts: &Facts, version: &Version) -> Vec<Doubt> {
    let mut found = Vec::new();
    found.extend(far_rate(plan, &dry.schedule, facts, version).map(|error| (None, error)));
    found.extend(long_warmup(plan, &dry.schedule, facts, version).map(|error| (None, error)));
    for (hook, error) in out_of_range(&dry.schedule, facts, version) {
        // The step may have said so.
        let told = format!("'{}'", hook.name());
        let said = |known: &Error| {
            let report = known.report();
            report.operation == hook.name() || report.problem.contains(&told)
        };
        if !dry.failures.iter().any(said) {
            found.push((Some(hook.name()), error));
        }
    }
    let logits = dry.output.as_ref().filter(|_| plan.own.is_none());
    match logits.and_then(|logits| squashed(&plan.name, plan.spec.name(), logits)) {
        Some(error) => found.push((None, error)),
        None => found.extend(unfit_losses(dry, facts, version).map(|error| (None, error))),
    }
    if dry.loss.is_some() {
        found.extend(untaught(plan, dry, version));
    }
    found
}

/// Whether a text stands anywhere in the recipe or in what it imports.
pub(super) fn mentions(version: &Version, text: &str) -> bool {
    version.compiled.sources.all().any(|(_, own)| own.contains(text))
}

/// λ and τ of a stage whose own loss has no use for them: they would be logged, and change nothing.
fn unheeded(stage: &str, facts: &Facts, version: &Version) -> Vec<(Hook, Error)> {
    let Some((loss, _)) = facts.function(Hook::Loss, version) else { return Vec::new() };
    let form = format!("{loss}({})", Hook::Loss.parameters(facts.kind).join(", "));
    let compiled = &version.compiled;
    let names = Names::of(&compiled.source.text);
    let mut found = Vec::new();
    for hook in [Hook::Lambda, Hook::Tau].into_iter().filter(|hook| hook.of_stage(facts.kind)) {
        let property = format!(".{}", hook.name());
        let (function, told) = match (facts.constant(hook), facts.function(hook, version)) {
            (Some(number), _) => (None, format!("{}: {number}", hook.name())),
            (None, Some((name, _))) => (Some(name), format!("the hook {name}(ctx)")),
            (None, None) => continue,
        };
        let is_read = mentions(version, &property);
        let is_called = function
            .is_some_and(|name| names.calls().iter().any(|call| !call.method && call.name == name));
        if is_read || is_called || is_const(&compiled.source.text, hook.name()) {
            continue;
        }
        let problem = format!("the loss of stage '{stage}' does not look at it");
        let error = Error::new(Kind::Script, hook.name(), problem)
            .expected(format!("ctx.{} in {form}", hook.name()))
            .received(format!("{told}, which is logged and changes nothing"))
            .as_warning();
        found.push((hook, error));
    }
    found
}

/// Whether an option is given by a const that functions look at: `tau: TAU`, and `global::TAU` in the loss.
fn is_const(text: &str, option: &str) -> bool {
    let form = format!("{option}: ");
    text.match_indices(&form).any(|(at, found)| {
        let rest = text.get(at + found.len()..).unwrap_or_default();
        let name = rest.split(|own: char| !own.is_alphanumeric() && own != '_').next();
        let is_name = |own: &&str| own.starts_with(char::is_alphabetic);
        name.filter(is_name).is_some_and(|name| text.contains(&format!("global::{name}")))
    })
}

/// A loss of the recipe's own that takes it that each clip has one class, where clips have several.
fn of_one_class(plan: &Plan, facts: &Facts, version: &Version) -> Option<Error> {
    let (loss, _) = facts.function(Hook::Loss, version)?;
    if plan.features.train.labelling() != Labelling::Multi {
        return None;
    }
    let names = Names::of(&version.compiled.source.text);
    let (_, own) = names.functions().find(|(_, own)| own.name == loss)?;
    let within = |call: &&Call| (own.extent.0..own.extent.1).contains(&call.span.start);
    let call = names.calls().iter().filter(within).find_map(|call| {
        let full = call.full_name();
        OF_ONE.iter().find(|(known, _)| *known == full)
    });
    let (name, instead) = call?;
    let problem = format!(
        "clips of stage '{}' have several labels, and '{name}' is for one class each",
        plan.name
    );
    let error = Error::new(Kind::Type, "loss", problem).expected(*instead).received(*name);
    Some(facts.placed(Hook::Loss, version, error.as_warning()))
}

/// Losses for clips of one class, and what they are for several labels.
const OF_ONE: [(&str, &str); 3] = [
    ("cross_entropy", "bce(student, target)"),
    ("kd::kl", "kd::bernoulli_kl(student, teacher)"),
    ("kd::cmkd", "kd::cmkd_multi(student, teacher, target, lambda, tau)"),
];

/// Clips that train and have no label, where the usual loss of `train` learns nothing of them.
fn unlabelled(plan: &Plan, facts: &Facts, version: &Version) -> Option<Error> {
    let usual = facts.kind == StageKind::Train && facts.function(Hook::Loss, version).is_none();
    let clips = plan.features.train.clips();
    let count = clips.iter().filter(|clip| clip.labels.is_empty()).count();
    if !usual || count == 0 || plan.features.train.labelling() == Labelling::Multi {
        return None;
    }
    let problem = format!("stage '{}' learns nothing from clips without a label", plan.name);
    let error = Error::new(Kind::Data, "train", problem)
        .received(format!("{count} of {} clips that train", clips.len()));
    Some(error.hint("distill(…) learns from them what a teacher says; a loss of one's own sees them as rows of 0").as_warning())
}

/// Outputs of a stage's network for made-up clips that look like probabilities: losses take logits.
fn squashed(stage: &str, model: &str, logits: &Tensor) -> Option<Error> {
    let by = Squashed::seen(logits)?;
    let end = by.name();
    let problem = format!("the network of stage '{stage}' seems to end with a {end}");
    let error = Error::new(Kind::Number, model, problem)
        .expected("logits, any numbers: losses and reports make probabilities of them")
        .received(match by {
            Squashed::Softmax => "numbers from 0 to 1 that sum to 1 for each clip",
            Squashed::Sigmoid => "numbers from 0 to 1 alone",
        })
        .hint(format!("leave the last {end} out"));
    Some(error.as_warning())
}

/// Parts of a stage that no function of the recipe looks at: they would be trained by nothing.
fn unused_parts(plan: &Plan, version: &Version) -> Option<Error> {
    let (first, _) = plan.parts.first()?;
    // A loss of the standard library may ask for one by a name that it is given.
    if mentions(version, ".parts") {
        return None;
    }
    let problem = format!("no function looks at the parts of stage '{}'", plan.name);
    let error = Error::new(Kind::Script, plan.operation(), problem)
        .expected(format!("ctx.parts.{first} in the loss"));
    Some(error.as_warning())
}

/// Clips that judge the student and that have trained its teacher.
fn leaked(plan: &Plan) -> Option<Error> {
    let teacher = plan.teacher.as_ref()?.features.as_ref()?;
    let taught: BTreeSet<(&Path, usize)> = teacher.train.clips().iter().map(place_of).collect();
    let judging = plan.features.judging().clips();
    let seen = judging.iter().filter(|clip| taught.contains(&place_of(clip))).count();
    if seen == 0 {
        return None;
    }
    let problem =
        format!("the teacher of stage '{}' was trained on clips that judge the student", plan.name);
    let error = Error::new(Kind::Data, plan.operation(), problem)
        .expected("a teacher of the same fold")
        .received(format!("{seen} of {} clips", judging.len()));
    Some(error.as_warning())
}

/// What a clip is a part of, and where it begins there.
fn place_of(clip: &Clip) -> (&Path, usize) {
    (&clip.file, clip.span.map_or(0, |span| span.start))
}

/// Inner outputs that are kept for the loss, and that no function looks at.
fn unread_taps(plan: &Plan, facts: &Facts, version: &Version) -> Option<Error> {
    let first = facts.taps.student.first().or(facts.taps.teacher.first())?;
    if mentions(version, ".taps") {
        return None;
    }
    let problem = format!("no function looks at the taps of stage '{}'", plan.name);
    let error = Error::new(Kind::Script, plan.operation(), problem)
        .expected(format!("ctx.taps.student[\"{first}\"] in the loss"));
    Some(error.as_warning())
}

/// Losses that were given something else than they take, each where the recipe calls it, if it does so once.
fn unfit_losses(dry: &Dry, facts: &Facts, version: &Version) -> impl Iterator<Item = Error> {
    let source = &version.compiled.source;
    let names = Names::of(&source.text);
    dry.noticed.iter().map(move |noticed| {
        let name = noticed.operation();
        let error = match noticed {
            Noticed::Probabilities { made_by, .. } => {
                Error::new(Kind::Type, name, "it takes logits, and squashes them itself")
                    .received(match made_by {
                        Squashed::Softmax => "numbers from 0 to 1 that sum to 1 for each clip",
                        Squashed::Sigmoid => "numbers from 0 to 1 alone",
                    })
                    .hint(format!("leave the {} before it out", made_by.name()))
            }
            Noticed::NoShares { .. } => Error::new(
                Kind::Type,
                name,
                "it takes probabilities second",
            )
            .received("numbers below 0")
            .hint("write .softmax(1) there; with log_target: true it takes logarithms there, too"),
            Noticed::NoLogarithms { .. } => {
                Error::new(Kind::Type, name, "it takes log-probabilities first")
                    .received("numbers above 0")
                    .hint("write .log_softmax(1) there; kd::kl(student, teacher) takes logits")
            }
        };
        let mut calls = names.calls().iter().filter(|call| call.full_name() == name);
        let error = error.as_warning();
        match (calls.next(), calls.next()) {
            (Some(call), None) => {
                error.at(source.place(call.span.line, Some(call.span.column + 1)))
            }
            _ => facts.placed(Hook::Loss, version, error),
        }
    })
}

/// A warm-up that is not over when the stage is: the rate rises to its end.
fn long_warmup(
    plan: &Plan,
    schedule: &[Sample],
    facts: &Facts,
    version: &Version,
) -> Option<Error> {
    facts.function(Hook::Lr, version)?;
    let rates: Vec<f64> = schedule.iter().filter_map(|at| at.lr).collect();
    // To its very end: one that stays level is over.
    let late = rates.get(rates.len() * 3 / 4);
    // Or far below its own, however it goes.
    let short = rates.last().is_some_and(|last| *last < 0.1 * plan.optimizer.lr);
    let rises = rates.is_sorted() && rates.len() >= 4 && (late < rates.last() || short);
    let warms = mentions(version, "schedule::warmup");
    let (last, own) = (*rates.last()?, plan.optimizer.lr);
    // The last sample is one step short of its end.
    if !(rises && warms && last < LEAST_WARM * own) {
        return None;
    }
    let problem = format!("the warm-up of stage '{}' is longer than the stage", plan.name);
    let error = Error::new(Kind::Range, Hook::Lr.name(), problem)
        .expected(format!("{own} within its {} epochs", plan.epochs))
        .received(format!("{} at its end", last as f32))
        .hint("steps are counted by ctx.step and ctx.steps, epochs by ctx.epoch and ctx.epochs");
    Some(facts.placed(Hook::Lr, version, error.as_warning()))
}

/// A warm-up that has come so far is over.
const LEAST_WARM: f64 = 0.9;

/// A hook `lr` that gives 1 or so at most where the optimiser's rate is a hundredth of that or less: a factor, as other
/// libraries have it. Or two schedules that were multiplied, each of which gives a rate.
fn far_rate(plan: &Plan, schedule: &[Sample], facts: &Facts, version: &Version) -> Option<Error> {
    facts.function(Hook::Lr, version)?;
    let own = plan.optimizer.lr;
    let most = schedule.iter().filter_map(|at| at.lr).fold(0.0, f64::max);
    let is_above = most >= FAR * own && most >= 0.5;
    let is_factor = is_above && most <= 2.0;
    let is_product = 0.0 < most && most * FAR <= own && multiplies_schedules(facts, version);
    if !(own > 0.0 && (is_above || is_product)) {
        return None;
    }
    let problem = format!("the rate of stage '{}' is far from its optimizer's", plan.name);
    let error = Error::new(Kind::Range, Hook::Lr.name(), problem)
        .expected(format!("about {own}, the optimizer's lr"))
        .received(format!("up to {}", most as f32))
        .hint(match (is_factor, is_above) {
            (true, _) => {
                "the hook gives the rate itself, no factor: ctx.lr * 0.5 is half of the optimizer's"
            }
            (_, true) => "is an argument of a schedule in another one's place?",
            _ => "each schedule gives a rate: of two that are multiplied one goes from 0 to 1",
        });
    Some(facts.placed(Hook::Lr, version, error.as_warning()))
}

/// Whether the function of the rate asks two schedules, and multiplies.
fn multiplies_schedules(facts: &Facts, version: &Version) -> bool {
    let text = &version.compiled.source.text;
    let names = Names::of(text);
    let Some((lr, _)) = facts.function(Hook::Lr, version) else { return false };
    let Some((_, own)) = names.functions().find(|(_, own)| own.name == lr) else { return false };
    let body = text.get(own.extent.0..own.extent.1).unwrap_or_default();
    body.contains('*') && body.matches("schedule::").count() > 1
}

/// Rates that are as many times those of their optimiser are no schedules of it.
const FAR: f64 = 100.0;

/// Schedules that leave their range before the stage ends, each told once. What an own loss makes of λ and τ is its affair.
fn out_of_range(schedule: &[Sample], facts: &Facts, version: &Version) -> Vec<(Hook, Error)> {
    let is_own = facts.function(Hook::Loss, version).is_some();
    let mut found = Vec::new();
    for hook in [Hook::Lr, Hook::Lambda, Hook::Tau] {
        let value = |at: &Sample| match hook {
            Hook::Lr => at.lr,
            Hook::Lambda => at.lambda.filter(|_| !is_own),
            _ => at.tau.filter(|_| !is_own),
        };
        let check = |value: f64| match hook {
            Hook::Lr => check_lr(value),
            Hook::Lambda => check_share(hook.name(), hook.name(), value),
            _ => check_temperature(hook.name(), hook.name(), value),
        };
        let first = schedule.iter().find_map(|at| {
            let value = value(at)?;
            check(value).err().map(|error| {
                error.received(format!("{value} in epoch {}, step {}", at.epoch, at.step))
            })
        });
        found.extend(first.map(|error| (hook, facts.placed(hook, version, error))));
    }
    found
}
