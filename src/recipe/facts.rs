//! What is known of a stage whose hooks are called: where they come from, and which functions serve them.

use super::version::Version;
use crate::error::{Error, Kind, Place, Result};
use crate::models::InputShape;
use crate::nn::Net;
use crate::script::{Hook, HookSource, HookSources};
use crate::train::{Moment, StageKind, Taps};

/// What the hooks need to know of their stage.
#[derive(Clone)]
pub(super) struct Facts {
    pub sources: HookSources,
    pub kind: StageKind,
    pub classes: usize,
    pub input: InputShape,
    /// Clips that a new version is tried on, and those of a batch.
    pub tried: usize,
    pub batch: usize,
    /// Networks that take features: an edit may have changed how they go forward.
    pub nets: Vec<Net>,
    /// Who teaches.
    pub teacher: Option<Net>,
    /// Inner outputs that the loss is shown.
    pub taps: Taps,
    /// Hooks that functions served when the stage began.
    pub began: Vec<Hook>,
}

impl Facts {
    /// The name of the function that serves a hook, unless a number does.
    fn name(&self, hook: Hook) -> Option<&str> {
        match hook.source(&self.sources) {
            HookSource::Standard => Some(hook.name()).filter(|_| hook.is_found_by_name()),
            HookSource::Named(name) => Some(name),
            HookSource::Constant(_) => None,
        }
    }

    /// The name of the function that serves a hook of such a stage, where there is one.
    pub fn served_by(&self, hook: Hook) -> Option<&str> {
        self.name(hook).filter(|_| hook.of_stage(self.kind))
    }

    fn parameters(&self, hook: Hook) -> usize {
        hook.parameters(self.kind).len()
    }

    /// The function that serves a hook in `version`, if one does, and its number of parameters.
    pub fn function(&self, hook: Hook, version: &Version) -> Option<(&str, usize)> {
        let (name, parameters) = (self.name(hook)?, self.parameters(hook));
        (hook.of_stage(self.kind) && version.has(name, parameters)).then_some((name, parameters))
    }

    pub fn constant(&self, hook: Hook) -> Option<f64> {
        match hook.source(&self.sources) {
            HookSource::Constant(number) => Some(*number),
            _ => None,
        }
    }

    /// Functions that the stage's options name must be there.
    pub fn check_names(&self, version: &Version) -> Result<()> {
        for hook in Hook::ALL {
            let HookSource::Named(name) = hook.source(&self.sources) else { continue };
            let parameters = self.parameters(hook);
            if version.has(name, parameters) {
                continue;
            }
            let operation = format!("the option '{}'", hook.name());
            let arities = version.arities(name);
            if arities.is_empty() {
                let known = version.functions();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                let error = crate::error::unknown(&operation, "function", name, &known);
                return Err(match known.is_empty() {
                    true => error.hint(format!(
                        "it names a function of this file, which may call others: fn my_{}(…) {{ … }}",
                        hook.name()
                    )),
                    false => error,
                });
            }
            let form = hook.parameters(self.kind).join(", ");
            let error = Error::new(Kind::Script, operation, format!("'{name}' does not fit"))
                .expected(format!("a function with {parameters} parameters: {name}({form})"))
                .received(format!("one with {}", listed(&arities)));
            return Err(match version.place_of(name) {
                Some(place) => error.at(place),
                None => error,
            });
        }
        Ok(())
    }

    /// A running stage does not lose a hook that it began with; one that an edit has added may go again.
    pub fn check_kept(&self, before: &Version, after: &Version) -> Result<()> {
        for hook in Hook::ALL {
            let Some((name, parameters)) = self.function(hook, before) else { continue };
            if self.began.contains(&hook) && !after.has(name, parameters) {
                let error = Error::new(Kind::Name, hook.name(), "the running stage uses this hook")
                    .expected(format!("a function '{name}' with {parameters} parameters"))
                    .received("an edit without it")
                    .hint(format!(
                        "a stage keeps the hooks that it began with: let '{name}' do the usual"
                    ));
                return Err(match before.compiled.place_of(name, parameters) {
                    Some(place) => error.at(Place { note: "it was at".into(), ..place }),
                    None => error,
                });
            }
        }
        Ok(())
    }

    /// Adds the function's place to an error about what it gave.
    pub fn placed(&self, hook: Hook, version: &Version, error: Error) -> Error {
        let function = self.function(hook, version);
        match function.and_then(|(name, parameters)| version.compiled.place_of(name, parameters)) {
            Some(place) => error.at(place),
            None => error,
        }
    }
}

/// "2", "1 or 3".
pub(super) fn listed(numbers: &[usize]) -> String {
    numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(" or ")
}

/// "hook 'loss' of stage 'student', step 12".
pub(super) fn when(hook: Hook, moment: &Moment) -> String {
    asked_at(hook, "hook", moment)
}

/// The same for what is a `hook`, or an `option` that gives a number.
pub(super) fn asked_at(hook: Hook, sort: &str, moment: &Moment) -> String {
    let what = match hook {
        // It has a name of the recipe's own.
        Hook::Step => "each_step".to_string(),
        hook => format!("{sort} '{}'", hook.name()),
    };
    format!("{what} of stage '{}', step {}", moment.stage, moment.step)
}
