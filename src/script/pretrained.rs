//! The option `pretrained` of models, and the options by which weights are taken over.

use super::Host;
use super::options::Options;
use super::value::{self, kind_of, list_of, map_of, text_of};
use crate::error::{Error, Kind, Result};
use crate::models::weights::{Head, LoadOptions, Renaming, Stem};
use crate::models::{Pretrained, Spec, hub};
use crate::nn::Pattern;
use rhai::{Array, Dynamic, Map};
use std::path::PathBuf;

/// The keys of the map under `pretrained` in the table of keys.
const KEYS: &str = "model.pretrained";
const OPTION: &str = "pretrained";
/// What names of fetched weights begin with.
const HUB: &str = "hub:";

/// The model with the weights that its option `pretrained` names, or as it is where it names none.
///
/// # Errors
/// A file that the recipe may not read, or that is none of weights; a wrong option.
pub(super) fn pretrained(host: &dyn Host, options: &Options, spec: Spec) -> Result<Spec> {
    let Some(given) = options.get(OPTION) else { return Ok(spec) };
    let operation = options.operation();
    let (file, own) = match given.is_string() {
        true => (text_of(operation, "'pretrained'", given)?, LoadOptions::default()),
        false if !given.is_map() => {
            return Err(Error::new(Kind::Type, operation, "'pretrained' has the wrong type")
                .expected("a file, or a map: #{ file: \"…\", head: \"new\" }")
                .received(kind_of(given)));
        }
        false => {
            let map = map_of(operation, "'pretrained'", given)?;
            let inner = Options::under(operation, KEYS, OPTION, map)?;
            let file = inner.text("file")?;
            let file = file.ok_or_else(|| inner.missing("file", "a file of weights"))?;
            (file, load_options(&inner)?)
        }
    };
    let path = weights_at(host, operation, &file)?;
    Ok(Spec::Pretrained(Pretrained::new(spec, &path, own)?))
}

/// The file of weights that a recipe names: one that it may read, or one of the hub's cache. Whoever fetched that lets
/// it be read.
///
/// # Errors
/// A file that nobody allowed; weights that were not fetched.
pub(super) fn weights_at(host: &dyn Host, operation: &str, file: &str) -> Result<PathBuf> {
    match file.strip_prefix(HUB) {
        Some(name) => hub::cached(operation, name),
        // A name of a model stands where a file should.
        None => host.readable(operation, file).map_err(|error| {
            match hub::PUBLISHED.iter().any(|known| known.name == file) {
                true => error.hint(format!("published weights are named \"{HUB}{file}\", once `still models fetch {file}` has them")),
                false => error,
            }
        }),
    }
}

/// The options by which weights are taken over.
pub(super) fn load_options(options: &Options) -> Result<LoadOptions> {
    let operation = options.operation();
    let mut own = LoadOptions::default();
    options.flag("strict", &mut own.strict)?;
    if let Some(name) = options.text("head")? {
        own.head = Head::named(operation, &name)?;
    }
    if let Some(name) = options.text("stem")? {
        own.stem = Some(Stem::named(operation, &name)?);
    }
    if let Some(given) = options.get("allow") {
        own.allow = patterns(operation, given)?;
    }
    if let Some(given) = options.get("map") {
        own.map = renamings(operation, given)?;
    }
    own.grid = match options.list("grid", value::count_of)? {
        None => None,
        Some(sides) => match sides.as_slice() {
            [rows, columns] if *rows > 0 && *columns > 0 => Some([*rows, *columns]),
            _ => {
                return Err(Error::new(Kind::Range, operation, "'grid' makes no sense")
                    .expected("two numbers: patches along frequency and along time, [12, 101]")
                    .received(format!("{sides:?}")));
            }
        },
    };
    Ok(own)
}

fn patterns(operation: &str, given: &Dynamic) -> Result<Vec<Pattern>> {
    let patterns = super::nets::patterns_of(operation, given);
    patterns.map_err(|error| match error.kind() {
        Kind::Type => Error::new(Kind::Type, operation, "'allow' has the wrong type")
            .expected("a pattern of names, or an array of them: \"head.*\"")
            .received(kind_of(given)),
        _ => error,
    })
}

/// A map of patterns to names, or an array of pairs, whose order counts.
fn renamings(operation: &str, given: &Dynamic) -> Result<Vec<Renaming>> {
    let wrong = |value: &Dynamic| {
        Error::new(Kind::Type, operation, "'map' has the wrong type")
            .expected("#{ \"theirs.*\": \"ours.*\" }, or [[\"theirs.*\", \"ours.*\"], …]")
            .received(kind_of(value))
    };
    let renaming = |from: &str, to: &Dynamic| {
        let to = match to.is_unit() {
            true => String::new(),
            false => text_of(operation, &format!("'map.{from}'"), to)?,
        };
        Renaming::new(from, &to).map_err(|error| error.during(operation))
    };
    if let Some(map) = given.read_lock::<Map>() {
        return map.iter().map(|(from, to)| renaming(from, to)).collect();
    }
    if !given.is_array() {
        return Err(wrong(given));
    }
    list_of(operation, "'map'", given, |_, what, pair| {
        match pair.read_lock::<Array>().as_deref().map(Vec::as_slice) {
            Some([from, to]) => renaming(&text_of(operation, what, from)?, to),
            _ => Err(wrong(pair)),
        }
    })
}
