//! The hooks: their names, the parameters of each form, and which stages have them.

use super::HookSources;
use crate::train::StageKind;

/// A function that the host calls while a stage runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// A whole step, where it is the recipe's own.
    Step,
    /// What becomes of a batch before the step, after the chain's own augmentations.
    Augment,
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
    pub const ALL: [Hook; 7] =
        [Hook::Step, Hook::Augment, Hook::Loss, Hook::Lambda, Hook::Tau, Hook::Lr, Hook::OnEpoch];

    /// Its standard name, and its key among a stage's options; `augment` stands as the last step of the list there.
    pub fn name(self) -> &'static str {
        match self {
            Hook::Step => "step",
            Hook::Augment => "augment",
            Hook::Loss => "loss",
            Hook::Lambda => "lambda",
            Hook::Tau => "tau",
            Hook::Lr => "lr",
            Hook::OnEpoch => "on_epoch",
        }
    }

    /// Its parameters in a stage of that kind.
    pub fn parameters(self, kind: StageKind) -> &'static [&'static str] {
        match (self, kind) {
            (Hook::Step | Hook::Augment, _) => &["ctx", "batch"],
            (Hook::Loss, StageKind::Distill) => &["ctx", "student", "teacher", "target"],
            (Hook::Loss, _) => &["ctx", "student", "target"],
            _ => &["ctx"],
        }
    }

    /// Whether stages of that kind have this hook.
    pub fn of_stage(self, kind: StageKind) -> bool {
        match self {
            Hook::Step => kind == StageKind::EachStep,
            Hook::Augment | Hook::Loss | Hook::Lr => kind != StageKind::EachStep,
            Hook::Lambda | Hook::Tau => kind == StageKind::Distill,
            Hook::OnEpoch => true,
        }
    }

    /// Whether a function of this name is the hook without being named in a stage's options. `step` is too
    /// common a word for that.
    pub fn is_found_by_name(self) -> bool {
        self != Hook::Step
    }

    /// Whether a number can stand for the function.
    pub fn takes_number(self) -> bool {
        matches!(self, Hook::Lambda | Hook::Tau)
    }

    /// Where it comes from, of all sources of a stage.
    pub fn source(self, sources: &HookSources) -> &super::HookSource {
        match self {
            Hook::Step => &sources.step,
            Hook::Augment => &sources.augment,
            Hook::Loss => &sources.loss,
            Hook::Lambda => &sources.lambda,
            Hook::Tau => &sources.tau,
            Hook::Lr => &sources.lr,
            Hook::OnEpoch => &sources.on_epoch,
        }
    }
}
