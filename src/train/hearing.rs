//! What a teacher is shown, where it was trained on features that are not its student's: a network must hear as it
//! learned to.

use super::plan::{Features, Plan, TeacherModel};
use crate::data::{Normal, Teaching};
use crate::error::{Error, Kind, Result};
use crate::tensor::Tensor;
use std::sync::OnceLock;

/// How a teacher's features come of its student's.
pub(super) struct Hearing {
    /// What the teacher was trained on, where that may differ.
    teacher: Option<Features>,
    student: Features,
    /// Factor and offset; `None` where both are the same. Worked out when the first batch asks.
    step: OnceLock<Option<[f64; 2]>>,
}

impl Hearing {
    /// That of a stage's teacher.
    pub fn of(plan: &Plan, teacher: &TeacherModel) -> Self {
        let teacher = teacher.features.clone();
        Hearing { teacher, student: plan.features.clone(), step: OnceLock::new() }
    }

    /// Refuses a teacher whose features cannot be made of its student's, unless what it says is stored: only then is
    /// it asked about clips as they are.
    ///
    /// # Errors
    /// Features that differ in more than how they are normalised.
    pub fn check(plan: &Plan, teacher: &TeacherModel) -> Result<()> {
        let Some(theirs) = &teacher.features else { return Ok(()) };
        let difference = difference(theirs, &plan.features);
        match difference {
            Some(difference) if plan.teaching != Teaching::Stored => {
                Err(Error::new(
                    Kind::Shape,
                    plan.operation(),
                    format!("the teacher was trained on other features: {difference} differ"),
                )
                .expected("features that differ in their normalisation at most")
                .hint("teaching: \"stored\" asks the teacher once about each clip, with features of its own"))
            }
            _ => Ok(()),
        }
    }

    /// The clips as the teacher takes them, for whom each is asked about once.
    ///
    /// # Errors
    /// A clip that cannot be read.
    pub fn own(&self) -> Result<Features> {
        match &self.teacher {
            None => Ok(self.student.clone()),
            Some(teacher) => self.student.heard_by(&teacher.resolved(&|| false)?),
        }
    }

    /// What the teacher is shown for what its student is shown.
    ///
    /// # Errors
    /// A clip that cannot be read, where statistics are not measured yet.
    pub fn shown(&self, input: &Tensor) -> Result<Tensor> {
        match self.step()? {
            None => Ok(input.clone()),
            Some([factor, offset]) => input.mul_number(factor)?.add_number(offset),
        }
    }

    fn step(&self) -> Result<Option<[f64; 2]>> {
        if let Some(known) = self.step.get() {
            return Ok(*known);
        }
        let step = match &self.teacher {
            Some(teacher) => between(teacher.train.normal()?, self.student.train.normal()?),
            None => None,
        };
        Ok(*self.step.get_or_init(|| step))
    }
}

/// From features that are normalised one way to those that are normalised another.
fn between(teacher: Normal, student: Normal) -> Option<[f64; 2]> {
    let (factor, offset) =
        (teacher.scale / student.scale, (student.mean - teacher.mean) * teacher.scale);
    (factor != 1.0 || offset != 0.0).then_some([factor, offset])
}

/// What differs besides the normalisation.
fn difference(teacher: &Features, student: &Features) -> Option<&'static str> {
    let (theirs, ours) = (teacher.front(), student.front());
    if theirs.features != ours.features {
        return Some("their options");
    }
    if teacher.train.rate_hz() != student.train.rate_hz() {
        return Some("their sample rates");
    }
    if teacher.shape() != student.shape() {
        return Some("their frames");
    }
    let parts = theirs.fit != ours.fit || theirs.channel != ours.channel;
    parts.then_some("the parts or channels of clips")
}
