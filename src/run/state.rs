//! How far a run has come.

use serde::Serialize;

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its process lives.
    Running,
    /// Its process lives and waits for an edit.
    Paused,
    /// It came to its end.
    Ended,
    /// A mistake ended it.
    Failed,
    /// A signal ended it.
    Interrupted,
    /// Its process is gone and left no word.
    Stopped,
}

impl State {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Paused => "paused",
            State::Ended => "ended",
            State::Failed => "failed",
            State::Interrupted => "interrupted",
            State::Stopped => "stopped",
        }
    }

    /// The state of that word.
    pub fn of(word: &str) -> Option<Self> {
        use State::{Ended, Failed, Interrupted, Paused, Running, Stopped};
        [Running, Paused, Ended, Failed, Interrupted, Stopped]
            .into_iter()
            .find(|state| state.word() == word)
    }

    /// Whether its process lives.
    pub fn lives(self) -> bool {
        matches!(self, State::Running | State::Paused)
    }
}
