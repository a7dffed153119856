//! What happened in a run, event by event, as far as somebody who looks on wants to know.

use super::Edit;
use std::time::SystemTime;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// When, in UTC.
    pub at: Option<SystemTime>,
    /// What.
    pub what: Happening,
}

/// What happens in a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// The run began.
    Began,
    /// Another process goes on with it.
    WentOn,
    /// A stage began, or goes on after so many steps.
    Stage {
        /// Its name.
        stage: String,
        /// Steps that were done before.
        step: u64,
    },
    /// A stage finished an epoch.
    Epoch {
        /// The stage's name.
        stage: String,
        /// Steps of the stage at its end: by them the epoch is found.
        step: u64,
    },
    /// An edit was taken up, or refused.
    Edited(Edit),
    /// A stage waits for an edit.
    Paused(Pause),
    /// It goes on.
    Continued {
        /// Its name.
        stage: String,
        /// The step that comes next.
        step: u64,
    },
    /// A stage's result came from the store.
    Recalled {
        /// Its name.
        stage: String,
    },
    /// A stage came to its end.
    StageEnded {
        /// Its name.
        stage: String,
    },
    /// Something else was made, or came from the store.
    Made {
        /// Its name.
        name: String,
        /// How long it took; unknown where it came from the store.
        seconds: Option<f64>,
    },
    /// A remark.
    Warned(String),
    /// The run came to its end.
    Ended,
    /// A mistake ended it.
    Failed(String),
    /// A signal ended it.
    Interrupted(String),
}

/// Why a stage waits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pause {
    /// The stage.
    pub stage: String,
    /// The step that could not be done.
    pub step: u64,
    /// What went wrong.
    pub message: String,
    /// Since when, in UTC.
    pub at: Option<SystemTime>,
}
