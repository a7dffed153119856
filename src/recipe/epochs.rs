//! Epochs in which the functions of a recipe do something else, as their text says.

use super::facts::Facts;
use super::version::Version;
use crate::script::{Hook, stdlib};
use std::collections::BTreeSet;

/// So many of them are tried at most: each is a step and an end of an epoch.
const MOST: usize = 6;
/// How much of a comparison is read.
const LENGTH: usize = 40;

/// Where a step or an end of an epoch calls a function of the recipe's own: the epochs that are compared with where the stage
/// stands, and those beside them: `ctx.epoch >= 5`, `ctx.epoch % 4 == 3`.
pub(super) fn epochs_named(facts: &Facts, version: &Version) -> Option<Vec<usize>> {
    let all = [Hook::Step, Hook::Loss, Hook::Augment, Hook::OnEpoch];
    all.into_iter().find(|hook| facts.function(*hook, version).is_some())?;
    let compiled = &version.compiled;
    let others = compiled.sources.all().filter(|(name, _)| *name != compiled.source.name);
    let texts = std::iter::once(&compiled.source.text).chain(others.map(|(_, text)| text));
    let mut found = Vec::new();
    let mut known = BTreeSet::new();
    for epoch in texts.flat_map(|text| named_in(text)) {
        if found.len() < MOST && known.insert(epoch) {
            found.push(epoch);
        }
    }
    Some(found)
}

/// Whether the recipe, or a file that it imports, takes slices: `x[0..4]`.
pub(super) fn takes_slices(version: &Version) -> bool {
    let all = version.compiled.sources.all();
    all.filter(|(name, _)| stdlib::find(name).is_none()).any(|(_, text)| {
        text.match_indices("..").any(|(at, _)| {
            let before = text.get(..at).unwrap_or_default();
            let row = before.rsplit('\n').next().unwrap_or_default();
            row.rfind('[').is_some_and(|open| !row.get(open..).unwrap_or_default().contains(']'))
        })
    })
}

fn named_in(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    for (at, name) in text.match_indices("ctx.epoch") {
        let rest: String = text[at + name.len()..].chars().take(LENGTH).collect();
        let row = rest.split(['\n', ';', '{', '&', '|']).next().unwrap_or_default().trim_start();
        if !row.starts_with(['<', '>', '=', '!', '%', '+', '-']) {
            continue;
        }
        let numbers = row.split(|c: char| !c.is_ascii_digit()).filter_map(|own| own.parse().ok());
        let numbers: Vec<usize> = numbers.take(2).collect();
        // The number itself first, then those around it.
        found.extend(numbers.iter().copied());
        found.extend(numbers.iter().flat_map(|own| [own.saturating_sub(1), own.saturating_add(1)]));
    }
    found
}
