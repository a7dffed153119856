//! Folders of runs that were never run, written as a run would leave them.

use super::Sandbox;
use serde_json::{Value, json};

/// A time that no test reaches: what is shown of it is always the same.
pub const THEN: &str = "2999-01-01T00:00:00.000Z";

/// A run of one stage with these last events; its recipe is `text`.
pub fn past(sandbox: &Sandbox, name: &str, text: &str, last: &[Value]) {
    let mut events = vec![
        json!({ "event": "run", "run": name, "recipe": "lab/tiny.rhai", "still": "0.1.0",
                "seed": 7, "set": { "epochs": "2" }, "device": "cpu" }),
        json!({ "event": "stage", "stage": "teacher", "kind": "train",
                "spec": { "model": "cnn", "channels": [8, 16] }, "teacher": null, "batch": 8,
                "optimizer": { "name": "adam", "lr": 0.005 }, "parameters": 246, "steps": 6 }),
        json!({ "event": "epoch", "stage": "teacher", "step": 3, "accuracy": 0.5 }),
    ];
    events.extend(last.iter().cloned());
    write(sandbox, name, &events);
    sandbox.write(&format!("home/runs/{name}/recipe/0000/tiny.rhai"), text);
}

/// The events of a stage that came to its end, and of its run.
pub fn ended() -> [Value; 2] {
    [
        json!({ "event": "stage_end", "name": "teacher", "kind": "train", "model": "cnn",
                "accuracy": 0.75, "best_accuracy": 0.8, "seconds": 1.5, "steps": 6,
                "parameters": 246, "weights_blake3": "ab".repeat(32) }),
        json!({ "event": "end" }),
    ]
}

/// A journal of these events, each at the same time.
pub fn write(sandbox: &Sandbox, name: &str, events: &[Value]) {
    let line = |event: &Value| {
        let mut event = event.clone();
        event["at"] = json!(THEN);
        format!("{event}\n")
    };
    let text: String = events.iter().map(line).collect();
    sandbox.write(&format!("home/runs/{name}/events.jsonl"), text);
}

/// Two runs of one recipe, in which a number differs.
pub fn two(sandbox: &Sandbox) {
    past(sandbox, "2026-01-01_10-00-00_tiny", "fn tau(ctx) { 1.0 }\n", &ended());
    past(sandbox, "2026-01-02_10-00-00_tiny", "fn tau(ctx) { 2.0 }\n", &ended());
}
