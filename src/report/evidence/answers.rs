//! What a stage's last weights say of each clip that tests.

use crate::data::Logits;
use crate::error::Result;
use crate::metrics::{Labelling, Predictions, argmax_rows};
use std::collections::HashMap;

/// Answers to clips, in the order of the file. Targets of soft labels count as 1 from a half on.
#[derive(Clone, Debug)]
pub struct Answers {
    /// The clips' names.
    pub ids: Vec<String>,
    /// The classes' names.
    pub classes: Vec<String>,
    /// One class a clip, or several.
    pub labelling: Labelling,
    logits: Vec<f32>,
    truth: Vec<bool>,
    found: Vec<usize>,
}

impl Answers {
    /// Of a file of logits; `multi` where clips have several labels.
    ///
    /// # Errors
    /// In words: a file without targets; clips without exactly one label, where one is asked for.
    pub fn of(file: &Logits, multi: bool) -> std::result::Result<Self, String> {
        let (clips, width) = (file.ids().len(), file.width());
        let labelling = if multi { Labelling::Multi } else { Labelling::Single };
        let (mut logits, mut truth) = (Vec::with_capacity(clips * width), Vec::new());
        for row in 0..clips {
            logits.extend_from_slice(file.row(row));
            let target = file.target(row).ok_or("the file of answers does not say what is true")?;
            let before = truth.len();
            truth.extend(target.iter().map(|target| *target >= 0.5));
            let labels = truth.iter().skip(before).filter(|own| **own).count();
            if !multi && labels != 1 {
                return Err("not every clip has exactly one label".into());
            }
        }
        let classes = match file.classes() {
            [] => (0..width).map(|class| format!("class {class}")).collect(),
            named => named.to_vec(),
        };
        let found = argmax_rows(&logits, width);
        Ok(Answers { ids: file.ids().to_vec(), classes, labelling, logits, truth, found })
    }

    /// How many clips there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    fn logits(&self, clip: usize) -> Vec<f64> {
        let width = self.classes.len();
        let own = self.logits.get(clip * width..(clip + 1) * width).unwrap_or_default();
        own.iter().map(|value| f64::from(*value)).collect()
    }

    /// The probabilities of a clip's classes.
    pub fn probabilities(&self, clip: usize) -> Vec<f64> {
        self.labelling.probabilities(&self.logits(clip))
    }

    /// Which classes a clip has.
    pub fn truth(&self, clip: usize) -> &[bool] {
        let width = self.classes.len();
        self.truth.get(clip * width..(clip + 1) * width).unwrap_or_default()
    }

    /// The first of a clip's classes.
    pub fn label(&self, clip: usize) -> usize {
        self.truth(clip).iter().position(|own| *own).unwrap_or(0)
    }

    /// The class that a clip's largest logit stands at.
    pub fn found(&self, clip: usize) -> usize {
        self.found.get(clip).copied().unwrap_or(0)
    }

    /// Whether the class that was found is one of the clip's.
    pub fn right(&self, clip: usize) -> bool {
        self.truth(clip).get(self.found(clip)).copied().unwrap_or(false)
    }

    /// The name of a class.
    pub fn class(&self, class: usize) -> &str {
        self.classes.get(class).map_or("?", String::as_str)
    }

    /// Logits of these clips, to be measured.
    ///
    /// # Errors
    /// None that such a file could cause.
    pub fn scored(&self, clips: impl Iterator<Item = usize>) -> Result<Predictions> {
        self.gathered(clips, |clip| self.logits(clip))
    }

    /// Probabilities of these clips, to be measured.
    ///
    /// # Errors
    /// None that such a file could cause.
    pub fn believed(&self, clips: impl Iterator<Item = usize>) -> Result<Predictions> {
        self.gathered(clips, |clip| self.probabilities(clip))
    }

    fn gathered(
        &self,
        clips: impl Iterator<Item = usize>,
        of: impl Fn(usize) -> Vec<f64>,
    ) -> Result<Predictions> {
        let mut all = Predictions::new(self.classes.len());
        for clip in clips {
            let truth: Vec<f64> =
                self.truth(clip).iter().map(|own| f64::from(u8::from(*own))).collect();
            all.add(&of(clip), &truth)?;
        }
        Ok(all)
    }

    /// The clips of both, as pairs of places; `None` where they are not about the same clips and classes.
    pub fn paired(&self, other: &Answers) -> Option<Vec<(usize, usize)>> {
        if self.len() != other.len() || self.classes != other.classes {
            return None;
        }
        let places: HashMap<&str, usize> =
            other.ids.iter().enumerate().map(|(place, id)| (id.as_str(), place)).collect();
        let pair = |(own, id): (usize, &String)| {
            let other_place = *places.get(id.as_str())?;
            (self.truth(own) == other.truth(other_place)).then_some((own, other_place))
        };
        self.ids.iter().enumerate().map(pair).collect()
    }
}
