//! Hooks that a recipe has and that no stage of it calls.

use super::compile::Compiled;
use super::facts::Facts;
use super::session::{Session, lock};
use super::version::Version;
use crate::error::{Error, Kind};
use crate::kd::{check_share, check_temperature};
use crate::metrics::Labelling;
use crate::script::names::{Call, Names};
use crate::script::{Hook, HookSource};
use crate::tensor::Tensor;
use crate::train::{Plan, Sample, StageKind, check_lr};

/// Fewer outputs than these lie within 0 to 1 by chance.
const LEAST: usize = 8;

/// A function: its name, and the number of its parameters.
type Form = (String, usize);

/// Which functions serve hooks of the stages that were tried.
#[derive(Default)]
pub(super) struct Serving {
    called: Vec<Form>,
    /// Functions with a hook's own name that an option stands before, with that option.
    passed_over: Vec<(Form, String)>,
}

impl Serving {
    /// What a stage calls, and what it would call if its options did not say otherwise.
    pub fn note(&mut self, stage: &str, facts: &Facts, version: &Version) {
        for hook in Hook::ALL {
            if let Some((name, parameters)) = facts.function(hook, version) {
                self.called.push((name.to_string(), parameters));
            }
            let parameters = hook.parameters(facts.kind).len();
            let has = hook.of_stage(facts.kind)
                && hook.is_found_by_name()
                && version.has(hook.name(), parameters);
            let option = match hook.source(&facts.sources) {
                HookSource::Constant(number) => number.to_string(),
                HookSource::Named(name) => format!("Fn(\"{name}\")"),
                HookSource::Standard => continue,
            };
            if has {
                let told = format!("stage '{stage}' has {}: {option}", hook.name());
                self.passed_over.push(((hook.name().to_string(), parameters), told));
            }
        }
    }
}

/// λ and τ of a stage whose own loss has no use for them: they would be logged, and change nothing.
pub(super) fn unheeded(stage: &str, facts: &Facts, version: &Version) -> Vec<(Hook, Error)> {
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
        let is_read = compiled.sources.all().any(|(_, text)| text.contains(&property));
        let is_called = function
            .is_some_and(|name| names.calls().iter().any(|call| !call.method && call.name == name));
        if is_read || is_called {
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

/// A loss of the recipe's own that takes it that each clip has one class, where clips have several.
pub(super) fn of_one_class(plan: &Plan, facts: &Facts, version: &Version) -> Option<(Hook, Error)> {
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
    Some((Hook::Loss, facts.placed(Hook::Loss, version, error.as_warning())))
}

/// Losses for clips of one class, and what they are for several labels.
const OF_ONE: [(&str, &str); 3] = [
    ("cross_entropy", "bce(student, target)"),
    ("kd::kl", "kd::bernoulli_kl(student, teacher)"),
    ("kd::cmkd", "kd::cmkd_multi(student, teacher, target, lambda, tau)"),
];

/// Clips that train and have no label, where the usual loss of `train` learns nothing of them.
pub(super) fn unlabelled(plan: &Plan, facts: &Facts, version: &Version) -> Option<Error> {
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
pub(super) fn squashed(stage: &str, model: &str, logits: &Tensor) -> Option<Error> {
    let [_, classes] = logits.shape().try_into().ok()?;
    let values = logits.to_values().ok()?;
    let inside = values.len() >= LEAST && values.iter().all(|value| (0.0..=1.0).contains(value));
    if !inside {
        return None;
    }
    let sums = || values.chunks(classes).map(|row| row.iter().sum::<f32>());
    let shares = classes > 1 && sums().all(|sum| (sum - 1.0).abs() < 1e-3);
    // Numbers that an untrained network gives are as often below 0, and zeros come of a ReLU.
    let each = values.iter().all(|value| *value > 0.0 && *value < 1.0);
    let end = match (shares, each) {
        (true, _) => "softmax",
        (_, true) => "sigmoid",
        _ => return None,
    };
    let problem = format!("the network of stage '{stage}' seems to end with a {end}");
    let error = Error::new(Kind::Number, model, problem)
        .expected("logits, any numbers: losses and reports make probabilities of them")
        .received(match shares {
            true => "numbers from 0 to 1 that sum to 1 for each clip".to_string(),
            false => "numbers from 0 to 1 alone".to_string(),
        })
        .hint(format!("leave the last {end} out"));
    Some(error.as_warning())
}

/// Schedules that leave their range before the stage ends, each told once. What an own loss makes of λ and τ is its affair.
pub(super) fn out_of_range(
    schedule: &[Sample],
    facts: &Facts,
    version: &Version,
) -> Vec<(Hook, Error)> {
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

impl Session {
    /// Hooks that no stage calls, because of the number of their parameters, the sort of the stages, or their options.
    pub(super) fn idle_hooks(&self, compiled: &Compiled) {
        let serving = lock(&self.serving);
        let text = &compiled.source.text;
        let names = Names::of(text);
        let found = Hook::ALL.into_iter().filter(|hook| hook.is_found_by_name());
        for name in found.map(Hook::name) {
            let own = compiled.ast.iter_functions().filter(|function| function.name == name);
            for function in own {
                let one = (name.to_string(), function.params.len());
                // What a function calls has its use there.
                let is_called = names.calls().iter().any(|call| !call.method && call.name == name)
                    || text.contains(&format!("Fn(\"{name}\")"));
                if serving.called.contains(&one) || is_called {
                    continue;
                }
                let before = serving.passed_over.iter().find(|(form, _)| *form == one);
                let taught = matches!((name, one.1), ("lambda" | "tau", _) | ("loss", 4));
                let kind = if taught { "distill" } else { "train" };
                let error =
                    Error::new(Kind::Script, name, "no stage of the recipe calls this hook")
                        .received(format!("{name}({})", function.params.join(", ")));
                let error = match before {
                    Some((_, told)) => error
                        .expected("a hook, or the option of that name: an option goes before a function")
                        .received(told)
                        .hint("leave one of the two out"),
                    // A stage that is left out this time may call it another time.
                    None if names.calls().iter().any(|call| call.name == kind) => continue,
                    None if name == Hook::Augment.name() => {
                        error.hint("each_step(…) has no such hook: its step calls what it wants itself")
                    }
                    None => error.hint(
                        "lambda, tau and a loss with a teacher are for distill(…); each_step(…) has neither \
                         loss nor lr",
                    ),
                };
                let error = error.as_warning();
                self.display().finding(&match compiled.place_of(name, one.1) {
                    Some(place) => error.at(place),
                    None => error,
                });
            }
        }
    }
}
