//! What runs were told, and what they were computed with.

use crate::report::evidence::{Evidence, Run, plain};
use crate::report::words::{counted, time};
use maud::{Markup, html};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Which runs these are, in a line.
pub fn summary(evidence: &Evidence) -> Markup {
    let stages: usize = evidence.runs.iter().map(|run| run.stages.len()).sum();
    html! {
        (counted(evidence.runs.len(), "run")) ", " (counted(stages, "stage"))
        @if let [only] = evidence.runs.as_slice() { " · " code { (only.past.name()) } }
        @if let Some(began) = evidence.runs.iter().filter_map(|run| run.past.started()).min() {
            " · begun " (date(began)) " UTC"
        }
        @if evidence.left_out > 0 {
            " · the first " (evidence.groups.len()) " of " (evidence.groups.len() + evidence.left_out)
            " stages; the recipe can name those that matter"
        }
    }
}

fn date(time: SystemTime) -> String {
    // What a damaged journal says may be beyond what can be shown.
    let last = UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    let text = humantime::format_rfc3339_seconds(time.clamp(UNIX_EPOCH, last)).to_string();
    text.get(..16).unwrap_or_default().replace('T', " ")
}

/// A list of facts for each run.
pub fn facts(evidence: &Evidence) -> Markup {
    let single = evidence.runs.len() == 1;
    html! {
        @for run in &evidence.runs {
            details open[single] {
                summary { code { (run.past.name()) } @if !run.setting.is_empty() { " · " (run.setting) } }
                dl.facts {
                    @for (name, value) in of_run(run) { dt { (name) } dd { (value) } }
                }
            }
        }
    }
}

fn of_run(run: &Run) -> Vec<(String, String)> {
    let past = &run.past;
    let head = past.head();
    let said = |key: &str| head.get(key).filter(|value| !value.is_null()).map(plain);
    let locked = |key: &str| run.lock.get(key).filter(|value| !value.is_null()).map(plain);
    let set: Vec<String> =
        past.set().iter().map(|(name, value)| format!("{name}={}", plain(value))).collect();
    let recipe = past.recipe().map(|recipe| {
        let name = Path::new(&recipe).file_name().map(|name| name.to_string_lossy().to_string());
        name.unwrap_or(recipe)
    });
    let span = past.started().zip(past.last()).and_then(|(from, to)| to.duration_since(from).ok());
    let mut facts: Vec<(String, String)> = [
        ("state", Some(past.state().word().to_string())),
        ("recipe", recipe),
        ("its hash", said("blake3")),
        ("seed", said("seed")),
        ("arguments", (!set.is_empty()).then(|| set.join("  "))),
        ("tags", (!past.tags().is_empty()).then(|| past.tags().join(", "))),
        ("began", past.started().map(|own| format!("{} UTC", date(own)))),
        ("took", span.map(|span| time(span.as_secs_f64()))),
        ("still", locked("still").or_else(|| said("still"))),
        ("numeric code", locked("numerics").or_else(|| said("numerics"))),
        ("device", locked("device").or_else(|| said("device"))),
        ("system", locked("system")),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_string(), value?)))
    .collect();
    if let Some(data) = run.lock.get("data").and_then(Value::as_object) {
        facts.extend(data.iter().map(|(name, hash)| (format!("data {name}"), plain(hash))));
    }
    for stage in &run.stages {
        let fate = if stage.past.from_store { "from the store" } else { "computed" };
        let clips = stage.clips.map(|[train, test]| format!(", {train} clips train, {test} test"));
        let seed = stage.seed.map(|seed| format!(", seed {seed}"));
        let key = stage.past.key.as_deref();
        let key = key.map(|key| format!(", key {}", key.get(..12).unwrap_or(key)));
        let told: String = [seed, clips, key].into_iter().flatten().collect();
        facts.push((format!("stage “{}”", stage.past.name), format!("{fate}{told}")));
    }
    facts
}
