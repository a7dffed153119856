//! Clips of any length as clips of one: which part of a longer one, and what is put beside a shorter one.

use crate::audio::Features;
use crate::error::{Result, unknown};
use crate::tensor::random::Stream;
use serde::{Deserialize, Serialize};

/// Which part of a longer clip is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Crop {
    /// Its beginning, as AST takes it.
    #[default]
    Start,
    /// Its middle.
    Centre,
    /// Any part, another one in each epoch; its middle where nothing trains.
    Random,
}

/// What is put beside a shorter clip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pad {
    /// 0 before the features are normalised, as AST has it.
    #[default]
    Zero,
    /// 0 after they are normalised: the mean.
    Mean,
    /// The clip itself, again and again.
    Repeat,
}

/// Where it is put.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PadAt {
    /// After the clip.
    #[default]
    End,
    /// Before it.
    Start,
    /// Half of it on each side.
    Both,
}

/// How clips of any length become clips of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fit {
    /// Which part of a longer clip is taken.
    pub crop: Crop,
    /// What is put beside a shorter one.
    pub pad: Pad,
    /// Where.
    pub pad_at: PadAt,
}

/// A value by its name in recipes.
fn named<T: Copy>(operation: &str, what: &str, name: &str, known: &[(&str, T)]) -> Result<T> {
    let names: Vec<&str> = known.iter().map(|(own, _)| *own).collect();
    let found = known.iter().find(|(own, _)| *own == name);
    found.map(|(_, value)| *value).ok_or_else(|| unknown(operation, what, name, &names))
}

impl Crop {
    /// The one of that name in recipes.
    ///
    /// # Errors
    /// There is none.
    pub fn named(operation: &str, name: &str) -> Result<Self> {
        let known = [("start", Crop::Start), ("centre", Crop::Centre), ("random", Crop::Random)];
        named(operation, "'crop'", name, &known)
    }
}

impl Pad {
    /// The one of that name in recipes.
    ///
    /// # Errors
    /// There is none.
    pub fn named(operation: &str, name: &str) -> Result<Self> {
        let known = [("zero", Pad::Zero), ("mean", Pad::Mean), ("repeat", Pad::Repeat)];
        named(operation, "'pad'", name, &known)
    }
}

impl PadAt {
    /// The one of that name in recipes.
    ///
    /// # Errors
    /// There is none.
    pub fn named(operation: &str, name: &str) -> Result<Self> {
        let known = [("end", PadAt::End), ("start", PadAt::Start), ("both", PadAt::Both)];
        named(operation, "'pad_at'", name, &known)
    }
}

impl Fit {
    /// The first frame of the part that is taken of a longer clip; without a stream nothing is drawn.
    pub fn first(&self, there: usize, wanted: usize, random: Option<&mut Stream>) -> usize {
        let spare = there.saturating_sub(wanted);
        match (self.crop, random) {
            (Crop::Start, _) => 0,
            (Crop::Random, Some(random)) => random.below(spare + 1),
            (Crop::Centre | Crop::Random, _) => spare / 2,
        }
    }

    /// `wanted` frames from frame `first` on, each value as `normal` says; `zero` stands for what is no part of the
    /// clip.
    pub fn frames(
        &self,
        features: &Features,
        first: usize,
        wanted: usize,
        normal: impl Fn(f32) -> f32,
    ) -> Vec<f32> {
        let width = features.bins;
        let there = features.values.get(first * width..).unwrap_or_default();
        let there = there.get(..(wanted * width).min(there.len())).unwrap_or_default();
        let total = wanted * width;
        let missing = total - there.len();
        let before = match self.pad_at {
            PadAt::End => 0,
            PadAt::Start => missing,
            PadAt::Both => missing / width.max(1) / 2 * width,
        };
        let fill = match self.pad {
            Pad::Mean => 0.0,
            _ => normal(0.0),
        };
        let mut values = vec![fill; total];
        if let Some(place) = values.get_mut(before..before + there.len()) {
            place.iter_mut().zip(there).for_each(|(cell, value)| *cell = normal(*value));
        }
        if self.pad == Pad::Repeat && !there.is_empty() {
            // The clip goes on as it began, to both sides.
            let length = there.len();
            for at in (0..before).chain(before + length..total) {
                let source = (at as isize - before as isize).rem_euclid(length as isize) as usize;
                values[at] = normal(there[source]);
            }
        }
        values
    }
}
