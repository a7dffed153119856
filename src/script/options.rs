//! Maps of options: every key must be known, and is told by the nearest name where it is not.

use super::known::keys_of;
use super::{pytorch, value};
use crate::error::{Error, Kind, Result, unknown};
use rhai::{Dynamic, Map};

/// The options of one call.
pub(super) struct Options<'a> {
    operation: &'a str,
    map: Map,
    /// What stands before a key in errors: `groups[1].`.
    before: String,
}

impl<'a> Options<'a> {
    /// The options of `operation`, which knows the keys that the table says and no other.
    pub(super) fn new(operation: &'a str, map: Map) -> Result<Self> {
        Options::under(operation, operation, "", map)
    }

    /// The same for a map within another one; the table has it as `path`, and errors name it `what`: `groups[1]`.
    pub(super) fn under(operation: &'a str, path: &str, what: &str, map: Map) -> Result<Self> {
        let before = match what.replace('\'', "") {
            bare if bare.is_empty() => bare,
            bare => format!("{bare}."),
        };
        let Some(known) = keys_of(path) else {
            return Err(Error::new(Kind::Internal, operation, "its options are not known"));
        };
        match map.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(unknown_within(operation, &before, key, &known)),
            None => Ok(Options { operation, map, before }),
        }
    }

    /// A key as errors name it.
    pub(super) fn quoted(&self, key: &str) -> String {
        format!("'{}{key}'", self.before)
    }

    /// What the options are of.
    pub(super) fn operation(&self) -> &str {
        self.operation
    }

    /// The raw value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Dynamic> {
        self.map.get(key)
    }

    /// Replaces `into` by the number under `key`, if it is there.
    pub(super) fn number(&self, key: &str, into: &mut f64) -> Result<()> {
        self.with(key, into, value::number_of)
    }

    /// Replaces `into` by the whole number under `key`, if it is there.
    pub(super) fn count(&self, key: &str, into: &mut usize) -> Result<()> {
        self.with(key, into, value::count_of)
    }

    /// Replaces `into` by the truth value under `key`, if it is there.
    pub(super) fn flag(&self, key: &str, into: &mut bool) -> Result<()> {
        self.with(key, into, value::flag_of)
    }

    /// The string under `key`, if it is there.
    pub(super) fn text(&self, key: &str) -> Result<Option<String>> {
        let named = |value| value::text_of(self.operation, &self.quoted(key), value);
        self.get(key).map(named).transpose()
    }

    /// The array under `key`, if it is there, with each element converted.
    pub(super) fn list<T>(
        &self,
        key: &str,
        each: impl Fn(&str, &str, &Dynamic) -> Result<T>,
    ) -> Result<Option<Vec<T>>> {
        let listed = |value: &Dynamic| {
            let listed = value::list_of(self.operation, &self.quoted(key), value, &each);
            match value.is_array() {
                true => listed,
                false => listed.map_err(|error| {
                    error.hint(format!("one stands in brackets too: {key}: [ … ]"))
                }),
            }
        };
        self.get(key).map(listed).transpose()
    }

    /// The value of one of our own types under `key`, if it is there.
    pub(super) fn native<T: Clone + Send + Sync + 'static>(
        &self,
        key: &str,
        expected: &str,
    ) -> Result<Option<T>> {
        let converted =
            |value| value::native_of(self.operation, &self.quoted(key), expected, value);
        self.get(key).map(converted).transpose()
    }

    /// The error for a key that must be there.
    pub(super) fn missing(&self, key: &str, expected: &str) -> Error {
        Error::new(
            Kind::Name,
            self.operation,
            format!("the option {} is missing", self.quoted(key)),
        )
        .expected(expected)
    }

    fn with<T>(
        &self,
        key: &str,
        into: &mut T,
        convert: impl Fn(&str, &str, &Dynamic) -> Result<T>,
    ) -> Result<()> {
        if let Some(value) = self.get(key) {
            *into = convert(self.operation, &self.quoted(key), value)?;
        }
        Ok(())
    }
}

/// The error for a key that nothing is called by; what other libraries call so is named as it is here.
pub fn unknown_option(operation: &str, key: &str, known: &[&str]) -> Error {
    unknown_within(operation, "", key, known)
}

/// The same for a key of a map within options.
fn unknown_within(operation: &str, before: &str, key: &str, known: &[&str]) -> Error {
    let error = Error::new(Kind::Name, operation, format!("unknown option '{before}{key}'"));
    match pytorch::option(key, known) {
        Some(own) => error.hint(format!("it is called '{own}' here")),
        None => match elsewhere(operation, key) {
            Some(hint) => error.hint(hint),
            None if before.is_empty() => unknown(operation, "option", key, known),
            None => error.near(key, known.iter().copied()),
        },
    }
}

/// What has an option that stages do not have.
fn elsewhere(operation: &str, key: &str) -> Option<&'static str> {
    Some(match (operation, key) {
        ("train", "lambda" | "tau" | "teaching") => "it is for distill(teacher, student, #{ … })",
        (
            "train" | "distill",
            "learning_rate" | "lr" | "weight_decay" | "wd" | "momentum" | "betas" | "clip_norm",
        ) => "the optimizer has it: optimizer: optim::adam(#{ lr: 1e-3, weight_decay: 1e-4 })",
        ("train" | "distill" | "each_step", "num_workers" | "workers") => {
            "the command line has it: still run R --workers 2"
        }
        ("train" | "distill" | "each_step", "device") => {
            "the command line has it: still run R --device wgpu"
        }
        _ => return None,
    })
}
