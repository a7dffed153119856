//! `still run recipe.rhai --epochs 3`: an argument of the recipe, given as if it were an option.

use crate::error::{Error, Kind, nearest};
use crate::recipe::{Listed, Source};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;
use std::path::Path;

/// Verbs that take `--set`.
const VERBS: [&str; 5] = ["run", "resume", "replay", "why", "test"];

/// What is told instead of what clap says, where the recipe on the command line asks for such an argument.
pub(super) fn told(cause: &clap::Error, arguments: &[OsString]) -> Option<Error> {
    if cause.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(option)) = cause.get(ContextKind::InvalidArg) else {
        return None;
    };
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let verb = words.get(1).filter(|verb| VERBS.contains(*verb))?;
    let recipe = words.iter().find(|word| word.ends_with(".rhai"))?;
    let listed = Listed::of(&Source::read(Path::new(recipe)).ok()?);
    let given = option.trim_start_matches('-').split('=').next()?.replace('-', "_");
    let known = listed.arguments().iter().map(|argument| argument.name.as_str());
    // What is an option but for a slip is none of the recipe's.
    let slip = cause.get(ContextKind::SuggestedArg).is_some();
    let exact = known.clone().find(|name| *name == given);
    let name = exact.or_else(|| nearest(&given, known).filter(|_| !slip))?;
    let value = value_of(option, &words).unwrap_or("VALUE");
    let problem = format!("there is no option '{option}'");
    let says = match exact {
        Some(_) => format!("'{name}' is an argument of the recipe"),
        None => format!("the recipe has an argument '{name}'"),
    };
    Some(
        Error::new(Kind::Usage, format!("still {verb}"), problem)
            .hint(format!("{says}: --set {name}={value}")),
    )
}

/// The value that was to be given: behind `=`, or the next word.
fn value_of<'a>(option: &str, words: &[&'a str]) -> Option<&'a str> {
    let name = option.split('=').next()?;
    let place = words.iter().position(|word| word.split('=').next() == Some(name))?;
    let word = words.get(place)?;
    if let Some((_, value)) = word.split_once('=') {
        return Some(value);
    }
    let next = words.get(place + 1)?;
    let is_value = !next.starts_with('-') || next.parse::<f64>().is_ok();
    Some(*next).filter(|next| is_value && !next.ends_with(".rhai"))
}
