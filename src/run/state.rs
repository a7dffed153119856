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

/// A run's state as event after event tells it, for a process that lives and for one that is gone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turns {
    lives: State,
    gone: State,
}

impl Default for Turns {
    fn default() -> Self {
        Turns { lives: State::Running, gone: State::Stopped }
    }
}

impl Turns {
    /// Takes the next event in.
    pub fn take(&mut self, event: &str) {
        match event {
            "paused" => self.lives = State::Paused,
            "continued" | "epoch" => self.lives = State::Running,
            "run" => self.gone = State::Stopped,
            "resumed" => *self = Turns::default(),
            "end" => self.gone = State::Ended,
            "failed" => self.gone = State::Failed,
            "interrupted" => self.gone = State::Interrupted,
            _ => {}
        }
    }

    /// The state; `lives` says whether its process does.
    pub fn state(self, lives: bool) -> State {
        if lives { self.lives } else { self.gone }
    }
}
