//! What a model said of clips, and what is true of them: gathered batch by batch, measured at the end.

use super::ranking::Ranked;
use crate::error::{Error, Kind, Result};
use std::sync::OnceLock;

/// How often each clip counts, e.g. in a bootstrap's draw; `None` for once each.
pub type Weights<'a> = Option<&'a [u32]>;

/// The weight of a clip.
pub(super) fn weight(weights: Weights, clip: usize) -> f64 {
    weights.map_or(1.0, |all| all.get(clip).copied().map_or(0.0, f64::from))
}

/// Scores and targets, both `[clips, classes]`. Ranks need all clips at once, so they are kept: 9 bytes a
/// score. What is measured depends on the rows alone, not on how they came in batches.
#[derive(Clone, Debug, Default)]
pub struct Predictions {
    classes: usize,
    scores: Vec<f64>,
    targets: Vec<bool>,
    ranked: OnceLock<Vec<Ranked>>,
    pooled: OnceLock<Ranked>,
}

impl Predictions {
    /// No clips yet, of so many classes.
    pub fn new(classes: usize) -> Self {
        Predictions { classes, ..Predictions::default() }
    }

    /// All clips at once.
    ///
    /// # Errors
    /// As of [`Predictions::add`].
    pub fn of(scores: &[f64], targets: &[f64], classes: usize) -> Result<Self> {
        let mut all = Predictions::new(classes);
        all.add(scores, targets)?;
        Ok(all)
    }

    /// Adds the clips of a batch: rows of scores, and of targets that are 0 or 1. Nothing is added where it fails.
    ///
    /// # Errors
    /// Lengths that are no rows of the classes or differ, a score that is not finite, a target that is neither 0
    /// nor 1.
    pub fn add(&mut self, scores: &[f64], targets: &[f64]) -> Result<()> {
        let classes = self.classes;
        if classes == 0 || !scores.len().is_multiple_of(classes) || scores.len() != targets.len() {
            return Err(Error::new(Kind::Shape, "metrics", "scores and targets do not fit")
                .expected(format!("both [clips, {classes}], with at least one class"))
                .received(format!("{} scores and {} targets", scores.len(), targets.len())));
        }
        let place = |index: usize| {
            format!("clip {}, class {}", self.clips() + index / classes, index % classes)
        };
        if let Some(index) = scores.iter().position(|score| !score.is_finite()) {
            return Err(Error::new(Kind::Number, "metrics", "a score is not finite")
                .expected("scores that can be put in order")
                .received(format!("{} at {}", scores[index], place(index)))
                .hint("a network whose weights became NaN gives such scores"));
        }
        if let Some(index) = targets.iter().position(|target| *target != 0.0 && *target != 1.0) {
            return Err(Error::new(Kind::Range, "metrics", "a target is neither 0 nor 1")
                .expected("1 where the clip has the class, 0 elsewhere")
                .received(format!("{} at {}", targets[index], place(index)))
                .hint(
                    "mixed or smoothed labels are for training; measure against the clips' own",
                ));
        }
        // -0.0 and 0.0 are equal scores.
        self.scores.extend(scores.iter().map(|score| score + 0.0));
        self.targets.extend(targets.iter().map(|target| *target == 1.0));
        (self.ranked, self.pooled) = (OnceLock::new(), OnceLock::new());
        Ok(())
    }

    /// How many clips there are.
    pub fn clips(&self) -> usize {
        self.scores.len() / self.classes.max(1)
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The scores and the targets of each clip.
    pub fn rows(&self) -> impl Iterator<Item = (&[f64], &[bool])> {
        let width = self.classes.max(1);
        self.scores.chunks_exact(width).zip(self.targets.chunks_exact(width))
    }

    /// Whether a clip has a class.
    pub(super) fn target(&self, clip: usize, class: usize) -> bool {
        self.targets.get(clip * self.classes + class).copied().unwrap_or(false)
    }

    /// The score of a clip for a class.
    pub(super) fn score(&self, clip: usize, class: usize) -> f64 {
        self.scores.get(clip * self.classes + class).copied().unwrap_or(f64::NAN)
    }

    /// How many clips have a class.
    pub fn positives(&self, class: usize, weights: Weights) -> f64 {
        (0..self.clips())
            .filter(|clip| self.target(*clip, class))
            .map(|clip| weight(weights, clip))
            .sum()
    }

    /// Whether every clip has exactly one class.
    pub fn is_single(&self) -> bool {
        self.rows().all(|(_, targets)| count(targets) == 1)
    }

    /// The one class of each clip.
    ///
    /// # Errors
    /// A clip with no label or several.
    pub fn labels(&self) -> Result<Vec<usize>> {
        let one = |(clip, (_, targets)): (usize, (&[f64], &[bool]))| {
            match count(targets) {
            1 => Ok(targets.iter().position(|own| *own).unwrap_or(0)),
            several => Err(Error::new(Kind::Range, "metrics", "this is for clips with one label each")
                .expected("one 1 in each row of the targets")
                .received(format!("clip {clip} has {several}"))
                .hint("for several labels a clip: average_precision, roc_auc, lwlrap, precision_recall_f1; ece and brier take `multi: true`")),
        }
        };
        self.rows().enumerate().map(one).collect()
    }

    /// The rankings of the clips by each class.
    pub(super) fn ranked(&self) -> &[Ranked] {
        self.ranked.get_or_init(|| {
            let of = |class| Ranked::of((0..self.clips()).map(|clip| self.score(clip, class)));
            (0..self.classes).map(of).collect()
        })
    }

    /// The ranking of all pairs of a clip and a class.
    pub(super) fn pooled(&self) -> &Ranked {
        self.pooled.get_or_init(|| Ranked::of(self.scores.iter().copied()))
    }

    /// The same with scores made of each row of scores.
    pub(super) fn mapped(&self, each: impl Fn(&[f64]) -> Vec<f64>) -> Self {
        let scores = self.rows().flat_map(|(scores, _)| each(scores)).collect();
        let targets = self.targets.clone();
        Predictions { classes: self.classes, scores, targets, ..Predictions::default() }
    }

    /// These clips, and behind them the same ones with the scores of `other`.
    pub(super) fn stacked(&self, other: &Self) -> Self {
        let scores = [self.scores.as_slice(), &other.scores].concat();
        let targets = [self.targets.as_slice(), &other.targets].concat();
        Predictions { classes: self.classes, scores, targets, ..Predictions::default() }
    }

    /// Fails where there are no clips.
    pub(super) fn some(&self) -> Result<()> {
        match self.clips() {
            0 => Err(Error::new(Kind::Range, "metrics", "there are no clips to measure")
                .expected("at least one clip")),
            _ => Ok(()),
        }
    }

    /// Fails where `other` is not about the same clips and classes.
    pub(super) fn same_targets(&self, other: &Self) -> Result<()> {
        match self.classes == other.classes && self.targets == other.targets {
            true => Ok(()),
            false => Err(Error::new(Kind::Shape, "metrics", "the two are not of the same clips")
                .expected("scores for the same clips and classes, in the same order")),
        }
    }
}

/// How many labels a clip has.
pub(super) fn count(targets: &[bool]) -> usize {
    targets.iter().filter(|own| **own).count()
}
