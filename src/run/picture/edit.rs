//! An edit as the journal tells it.

use crate::run::said::{count, strings, text};
use serde::Serialize;
use serde_json::Value;

/// A version of the recipe that was saved while the run lived.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Edit {
    /// The stage that was running.
    pub stage: Option<String>,
    /// The step at which it came, from which on it was in force.
    pub step: Option<u64>,
    /// Its number: that of its folder in `recipe/`.
    pub version: Option<u64>,
    /// `in_force`, `unchanged`, `rejected`, `reverted` or `late`.
    pub outcome: String,
    /// Functions that changed.
    pub functions: Vec<String>,
    /// What has no effect of it.
    pub note: Option<String>,
    /// Why it was refused or taken back.
    pub message: Option<String>,
}

impl Edit {
    pub(crate) fn of(event: &Value) -> Self {
        Edit {
            stage: text(event, "stage"),
            step: count(event, "step"),
            version: count(event, "version"),
            outcome: text(event, "outcome").unwrap_or_else(|| "unknown".into()),
            functions: strings(event.get("functions")),
            note: text(event, "note"),
            message: text(event, "message"),
        }
    }

    /// Whether it was refused, or taken back.
    pub fn is_refused(&self) -> bool {
        matches!(self.outcome.as_str(), "rejected" | "reverted")
    }
}
