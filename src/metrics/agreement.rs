//! How far a student says what its teacher says.

use super::argmax;
use super::calibration::{Labelling, log_softmax, sigmoid};
use super::paired::ranks;
use super::single::{counts, kappa};
use crate::error::{Error, Kind, Result};

/// How two models agree on the same clips.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// The share of equal decisions: of the largest logit of each clip, or for several labels, of each logit
    /// being above 0.
    pub agreement: f64,
    /// Cohen's κ of these decisions; NaN where both always decide for the same one.
    pub kappa: f64,
    /// KL(teacher ‖ student): of softmax, the mean over clips; or of a Bernoulli variable a class, the mean
    /// over clips and classes.
    pub kl: f64,
    /// Pearson's correlation of all logits; NaN where one model's are all equal.
    pub correlation: f64,
    /// Spearman's: that of the ranks, equal logits at their mean rank.
    pub rank_correlation: f64,
}

/// Compares logits `[clips, classes]` of a student and of its teacher.
///
/// # Errors
/// Shapes that differ, no clips, a logit that is not finite.
pub fn agreement(
    student: &[f64],
    teacher: &[f64],
    classes: usize,
    labelling: Labelling,
) -> Result<Agreement> {
    if classes == 0 || student.is_empty() || student.len() != teacher.len() {
        return Err(Error::new(Kind::Shape, "metrics", "the two do not fit")
            .expected(format!("both [clips, {classes}], with at least one clip and class"))
            .received(format!("{} and {} logits", student.len(), teacher.len())));
    }
    for (whose, logits) in [("student", student), ("teacher", teacher)] {
        if let Some(index) = logits.iter().position(|logit| !logit.is_finite()) {
            let (clip, class) = (index / classes, index % classes);
            return Err(Error::new(Kind::Number, "metrics", "a logit is not finite").received(
                format!("{} of the {whose} at clip {clip}, class {class}", logits[index]),
            ));
        }
    }
    let rows = || student.chunks_exact(classes).zip(teacher.chunks_exact(classes));
    let decisions = |logits: &[f64]| -> Vec<usize> {
        match labelling {
            Labelling::Single => logits.chunks_exact(classes).map(argmax).collect(),
            Labelling::Multi => logits.iter().map(|logit| usize::from(*logit > 0.0)).collect(),
        }
    };
    let kinds = if labelling == Labelling::Single { classes } else { 2 };
    let (ours, theirs) = (decisions(student), decisions(teacher));
    let same = ours.iter().zip(&theirs).filter(|(a, b)| a == b).count();
    let kl = match labelling {
        Labelling::Single => {
            let sum: f64 = rows().map(|(ours, theirs)| softmax_kl(ours, theirs)).sum();
            sum / (student.len() / classes) as f64
        }
        Labelling::Multi => {
            let each = |(ours, theirs): (&f64, &f64)| bernoulli_kl(*ours, *theirs);
            student.iter().zip(teacher).map(each).sum::<f64>() / student.len() as f64
        }
    };
    Ok(Agreement {
        agreement: same as f64 / ours.len() as f64,
        kappa: kappa(&counts(&ours, &theirs, kinds), kinds),
        kl,
        correlation: correlation(student, teacher),
        rank_correlation: correlation(&ranks(student), &ranks(teacher)),
    })
}

fn softmax_kl(student: &[f64], teacher: &[f64]) -> f64 {
    let (ours, theirs) = (log_softmax(student), log_softmax(teacher));
    ours.iter().zip(&theirs).map(|(own, their)| libm::exp(*their) * (their - own)).sum()
}

fn bernoulli_kl(student: f64, teacher: f64) -> f64 {
    // log σ(x) without overflow.
    let log = |x: f64| x.min(0.0) - libm::log1p(libm::exp(-x.abs()));
    sigmoid(teacher) * (log(teacher) - log(student))
        + sigmoid(-teacher) * (log(-teacher) - log(-student))
}

/// Pearson's correlation; NaN where one side does not vary.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |all: &[f64]| all.iter().sum::<f64>() / all.len() as f64;
    let (of_a, of_b) = (mean(a), mean(b));
    let (mut both, mut own, mut other) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        let (x, y) = (x - of_a, y - of_b);
        both += x * y;
        own += x * x;
        other += y * y;
    }
    match own > 0.0 && other > 0.0 {
        true => (both / (own.sqrt() * other.sqrt())).clamp(-1.0, 1.0),
        false => f64::NAN,
    }
}
