//! How weights are taken over.

use super::map::Renaming;
use crate::error::{Result, unknown};
use crate::nn::Pattern;
use serde::Serialize;

/// What is done with the layer that gives the classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// The file's where it fits, and a new one where it does not or is not there.
    #[default]
    Auto,
    /// The file's; one that does not fit is an error.
    Keep,
    /// A new one, whatever the file has.
    New,
}

/// How a convolution for pictures of several channels becomes one for a single channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stem {
    /// The mean over the channels, as CMKD has it.
    Mean,
    /// The sum over the channels, as AST's code has it: what a grey picture would give.
    Sum,
}

/// The options of taking weights over; the same text for the same options.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoadOptions {
    /// Names of the file and what they are to be called, the first that fits counting.
    pub map: Vec<Renaming>,
    /// Whether what is missing, unexpected or of another shape is an error.
    pub strict: bool,
    /// What is done with the head.
    pub head: Head,
    /// How the first convolution is adapted; by its kind where nothing is said: the mean, and the sum for the
    /// projection of patches.
    pub stem: Option<Stem>,
    /// Names, the network's or the file's, at which nothing is an error.
    pub allow: Vec<Pattern>,
    /// The grid of the file's positions, frequency first, where its tensors do not tell it.
    pub grid: Option<[usize; 2]>,
}

impl Default for LoadOptions {
    fn default() -> Self {
        let (map, allow) = (Vec::new(), Vec::new());
        LoadOptions { map, strict: true, head: Head::Auto, stem: None, allow, grid: None }
    }
}

impl Head {
    /// All of them by name.
    pub const NAMES: [(&str, Head); 3] =
        [("auto", Head::Auto), ("keep", Head::Keep), ("new", Head::New)];

    /// The one that is called `name`.
    ///
    /// # Errors
    /// A name that none has.
    pub fn named(operation: &str, name: &str) -> Result<Self> {
        named(operation, "head", name, &Self::NAMES)
    }
}

impl Stem {
    /// All of them by name.
    pub const NAMES: [(&str, Stem); 2] = [("mean", Stem::Mean), ("sum", Stem::Sum)];

    /// The one that is called `name`.
    ///
    /// # Errors
    /// A name that none has.
    pub fn named(operation: &str, name: &str) -> Result<Self> {
        named(operation, "stem", name, &Self::NAMES)
    }
}

fn named<T: Copy>(operation: &str, what: &str, name: &str, all: &[(&str, T)]) -> Result<T> {
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    let found = all.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| *value).ok_or_else(|| unknown(operation, what, name, &names))
}
