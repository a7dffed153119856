//! Hooks that a recipe has and that no stage of it calls.

use super::compile::Compiled;
use super::facts::Facts;
use super::session::{Session, lock};
use super::version::Version;
use crate::error::{Error, Kind};
use crate::script::names::Names;
use crate::script::{Hook, HookSource};

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
                    None if (name, one.1) == ("loss", 3) => error.hint(
                        "distill(…) calls loss(ctx, student, teacher, target), train(…) this one",
                    ),
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
