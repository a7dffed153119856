//! The hooks: their names, the parameters of each form, and which stages have them.

use super::HookSources;

/// A function that the host calls while a stage runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// The loss of a step.
    Loss,
    /// The weight of the label.
    Lambda,
    /// The temperature of the teacher.
    Tau,
    /// The learning rate.
    Lr,
    /// After each epoch.
    OnEpoch,
}

impl Hook {
    /// All of them.
    pub const ALL: [Hook; 5] = [Hook::Loss, Hook::Lambda, Hook::Tau, Hook::Lr, Hook::OnEpoch];

    /// Its standard name, and its key among a stage's options.
    pub fn name(self) -> &'static str {
        match self {
            Hook::Loss => "loss",
            Hook::Lambda => "lambda",
            Hook::Tau => "tau",
            Hook::Lr => "lr",
            Hook::OnEpoch => "on_epoch",
        }
    }

    /// Its parameters, with a teacher or without.
    pub fn parameters(self, taught: bool) -> &'static [&'static str] {
        match (self, taught) {
            (Hook::Loss, true) => &["ctx", "student", "teacher", "target"],
            (Hook::Loss, false) => &["ctx", "student", "target"],
            _ => &["ctx"],
        }
    }

    /// Whether a stage with a teacher, or without, has this hook.
    pub fn of_stage(self, taught: bool) -> bool {
        taught || !self.takes_number()
    }

    /// Whether a number can stand for the function.
    pub fn takes_number(self) -> bool {
        matches!(self, Hook::Lambda | Hook::Tau)
    }

    /// Where it comes from, of all sources of a stage.
    pub fn source(self, sources: &HookSources) -> &super::HookSource {
        match self {
            Hook::Loss => &sources.loss,
            Hook::Lambda => &sources.lambda,
            Hook::Tau => &sources.tau,
            Hook::Lr => &sources.lr,
            Hook::OnEpoch => &sources.on_epoch,
        }
    }
}
