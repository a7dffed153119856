//! What must hold before a version may come into force, whatever stage is running.

use super::compile::{Compiled, Compiler, Refused};
use super::source::Source;
use super::testing::TEST_PREFIX;
use super::version::Version;
use crate::error::{Error, Kind, Result};
use crate::script::{Hook, Sources};
use crate::train::StageKind;
use rhai::{Engine, FnAccess};

/// A version that may come into force. Only [`check`] makes one.
pub(super) struct Checked(Version);

impl Checked {
    /// The version itself.
    pub fn into_version(self) -> Version {
        self.0
    }

    /// The version, to try it.
    pub fn version(&self) -> &Version {
        &self.0
    }
}

/// Compiles a recipe as it was read from its file.
///
/// # Errors
/// What kept it from being read; what [`Source::read`] and [`Compiler::compile`] refuse, with the files that may mend it.
pub(super) fn compiled(
    engine: &Engine,
    compiler: &Compiler,
    source: Result<Source>,
) -> std::result::Result<Compiled, Box<Refused>> {
    let source = source.map_err(|error| {
        Box::new(Refused { error, files: Vec::new(), sources: Sources::default() })
    })?;
    compiler.compile(engine, source)
}

/// The same, with its hooks checked.
///
/// # Errors
/// What [`compiled`] and [`unfit`] refuse.
pub(super) fn read(
    engine: &Engine,
    compiler: &Compiler,
    source: Result<Source>,
) -> std::result::Result<Compiled, Box<Refused>> {
    let compiled = compiled(engine, compiler, source)?;
    match unfit(&compiled).into_iter().next() {
        None => Ok(compiled),
        Some(error) => Err(Refused::of(&compiled, error)),
    }
}

/// A version that is only tried, whatever is [`unfit`] in it: that is told by itself.
pub(super) fn tried(compiled: Compiled, compiler: &Compiler) -> Version {
    Version::new(0, compiled, compiler)
}

/// Makes a version of what is not [`unfit`].
///
/// # Errors
/// A hook that could never be called.
pub(super) fn check(number: usize, compiled: Compiled, compiler: &Compiler) -> Result<Checked> {
    if let Some(error) = unfit(&compiled).into_iter().next() {
        return Err(error);
    }
    Ok(Checked(Version::new(number, compiled, compiler)))
}

/// Checks hooks: they must be public, and take what they will be given. Gives one error for each that could
/// never be called.
pub(super) fn unfit(compiled: &Compiled) -> Vec<Error> {
    let mut errors = Vec::new();
    for hook in Hook::ALL {
        let name = hook.name();
        if !hook.is_found_by_name() {
            continue;
        }
        let kinds = [StageKind::Train, StageKind::Distill];
        let mut forms = kinds.map(|kind| hook.parameters(kind)).to_vec();
        forms.dedup();
        for function in compiled.ast.iter_functions().filter(|function| function.name == name) {
            let fits = forms.iter().any(|form| form.len() == function.params.len());
            let forms: Vec<String> =
                forms.iter().map(|form| format!("{name}({})", form.join(", "))).collect();
            let error = if function.access == FnAccess::Private {
                Error::new(Kind::Script, name, "a hook cannot be private")
                    .hint(format!("write `fn {name}` without `private`"))
            } else if !fits {
                Error::new(Kind::Script, name, "the hook takes other parameters")
                    .expected(forms.join(" or "))
                    .received(format!("{name}({})", function.params.join(", ")))
            } else {
                continue;
            };
            errors.push(match compiled.place_of(name, function.params.len()) {
                Some(place) => error.at(place),
                None => error,
            });
        }
    }
    errors
}

/// What others call a hook.
const ELSEWHERE: [(&str, &str); 11] = [
    ("after_epoch", "on_epoch"),
    ("alpha", "lambda"),
    ("compute_loss", "loss"),
    ("criterion", "loss"),
    ("get_lr", "lr"),
    ("learning_rate", "lr"),
    ("loss_fn", "loss"),
    ("on_epoch_end", "on_epoch"),
    ("scheduler", "lr"),
    ("temperature", "tau"),
    ("training_step", "loss"),
];

/// Functions that are given the context first and that nothing calls, each with what to do about it: misspelt hooks, and those
/// that a stage is to be given by an option.
pub(super) fn uncalled(compiled: &Compiled) -> Vec<(String, String)> {
    let hooks = Hook::ALL.map(Hook::name);
    let text = &compiled.source.text;
    let mut found = Vec::new();
    // Names that are put together may be any.
    let is_written = |rest: &str| {
        let end = rest.strip_prefix('"').and_then(|own| own.split_once('"'));
        end.is_some_and(|(_, after)| after.starts_with(')'))
    };
    let all_written =
        text.match_indices("Fn(").all(|(at, own)| is_written(&text[at + own.len()..]));
    for function in compiled.ast.iter_functions() {
        let name = function.name;
        // A name that stands twice is called, or handed on, somewhere.
        let once = text.matches(name).count() == 1;
        let is_given = function.params.first().is_some_and(|first| *first == "ctx");
        if !(once && is_given) || hooks.contains(&name) || name.starts_with(TEST_PREFIX) {
            continue;
        }
        let slip = |hook: &&&str| hook.len() > 3 && strsim::damerau_levenshtein(name, hook) <= 2;
        let other = ELSEWHERE.iter().find(|(own, _)| *own == name).map(|(_, hook)| hook);
        let kind =
            hooks.iter().find(|hook| **hook == "on_epoch").filter(|_| name.starts_with("on_"));
        let near = hooks.iter().find(slip).or(other).or(kind).filter(|_| name.len() > 3);
        if near.is_none() && !all_written {
            continue;
        }
        let part = |own: &&(&str, &str)| name.split('_').any(|part| part == own.0);
        let meant = GIVEN.iter().find(part).map(|(_, option)| option);
        let hint = match (near, meant) {
            (Some(hook), _) => format!("did you mean the hook '{hook}'?"),
            (None, Some(option)) => format!("a stage is given it: {option}: Fn(\"{name}\")"),
            (None, None) => format!("a stage is given it by its options, as Fn(\"{name}\")"),
        };
        found.push((name.to_string(), hint));
    }
    found
}

/// Parts of names, and the option that such functions are for.
const GIVEN: [(&str, &str); 7] = [
    ("loss", "loss"),
    ("tau", "tau"),
    ("temperature", "tau"),
    ("lambda", "lambda"),
    ("lr", "lr"),
    ("rate", "lr"),
    ("augment", "augment"),
];
