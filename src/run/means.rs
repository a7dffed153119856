//! By what means a run is computed, as far as they decide what it gives: whoever goes on with it, or repeats it, takes the
//! same ones.

use super::Past;
use super::past::json_of;
use serde_json::Value;

/// What a command line says, or a run's journal tells that it was; nothing of what neither does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Means {
    /// The device that computed.
    pub device: Option<String>,
    /// What products were computed in.
    pub precision: Option<String>,
    /// Seconds that a hook had, 0 for any time.
    pub hook_seconds: Option<f64>,
    /// Operations that a script had, 0 for any number.
    pub max_operations: Option<u64>,
}

impl Means {
    /// What an event says that tells of a beginning.
    fn told(event: &Value) -> Self {
        let text = |key: &str| event.get(key).and_then(Value::as_str).map(String::from);
        Means {
            device: text("device"),
            precision: text("precision"),
            hook_seconds: event.get("hook_seconds").and_then(Value::as_f64),
            max_operations: event.get("max_operations").and_then(Value::as_u64),
        }
    }

    /// Has as much time as `other`, where that has more.
    pub fn allow(&mut self, other: &Means) {
        self.hook_seconds = more(self.hook_seconds, other.hook_seconds);
        self.max_operations = more(self.max_operations, other.max_operations);
    }

    /// Itself, and what `before` says beside it.
    pub fn or(&self, before: &Means) -> Means {
        Means {
            device: self.device.clone().or_else(|| before.device.clone()),
            precision: self.precision.clone().or_else(|| before.precision.clone()),
            hook_seconds: self.hook_seconds.or(before.hook_seconds),
            max_operations: self.max_operations.or(before.max_operations),
        }
    }
}

/// The greater limit of two, where both are known; 0 is no limit.
fn more<N: Default + PartialOrd>(one: Option<N>, two: Option<N>) -> Option<N> {
    let (one, two, none) = (one?, two?, N::default());
    if one == none || two == none {
        return Some(none);
    }
    Some(if one < two { two } else { one })
}

impl Past {
    /// By what means it was computed when a process last began with it or went on.
    pub fn means(&self) -> Means {
        self.start().map(|event| self.means_of(event)).unwrap_or_default()
    }

    /// The same of one of its beginnings.
    pub fn means_of(&self, event: &Value) -> Means {
        let mut told = Means::told(event);
        if told.precision.is_none() {
            // Runs of before say it there only.
            told.precision = Means::told(&json_of(&self.path().join("still.lock"))).precision;
        }
        if self.origin().is_none() {
            // What somebody else's recipe may take is for this user to say.
            (told.hook_seconds, told.max_operations) = (None, None);
        }
        told
    }
}
