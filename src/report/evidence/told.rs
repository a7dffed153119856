//! What a run wrote down of the report that its recipe asked for.

use super::{Expected, Options};
use crate::run::Past;
use serde_json::{Value, json};

impl Options {
    /// As a run's journal has it.
    pub fn to_json(&self) -> Value {
        let expected = Expected::NAMES.iter().find(|(_, own)| *own == self.expected);
        json!({
            "stages": self.stages, "title": self.title, "claim": self.claim, "baseline": self.baseline,
            "about": self.about, "expected": expected.map(|(name, _)| name), "margin": self.margin,
        })
    }

    /// What a run's journal has of it: the stages of all calls, and of everything else what was said last.
    pub fn told(past: &Past) -> Self {
        let mut all = Options::default();
        for event in past.events_of("report") {
            let text = |key: &str| event.get(key).and_then(Value::as_str).map(str::to_string);
            let stages = event.get("stages").and_then(Value::as_array).into_iter().flatten();
            for stage in stages.filter_map(Value::as_str) {
                if !all.stages.iter().any(|known| known == stage) {
                    all.stages.push(stage.to_string());
                }
            }
            all.title = text("title").or(all.title);
            all.claim = text("claim").or(all.claim);
            all.baseline = text("baseline").or(all.baseline);
            all.about = text("about").or(all.about);
            let expected = text("expected").and_then(|name| Expected::named(&name));
            all.expected = expected.unwrap_or(all.expected);
            all.margin = event.get("margin").and_then(Value::as_f64).unwrap_or(all.margin);
        }
        all
    }
}
