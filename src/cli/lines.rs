//! What a run says, in words; the same for a terminal and for a log.

use super::words::counted;
use crate::report::score;
use crate::tensor::trace::Trace;
use crate::train::{Change, Moment, Outcome, Plan, Reading, StageKind, Trained};
use std::path::Path;
use std::time::Duration;

/// A stage begins.
pub(super) fn started(plan: &Plan, parameters: usize, steps: usize, step: usize) -> String {
    let teacher = match plan.taught_by() {
        Some(teacher) => format!(", taught by '{teacher}'"),
        None => String::new(),
    };
    let shape = plan.features.shape();
    let from = if step > 0 { format!(", from step {step} on") } else { String::new() };
    format!(
        "{}: {}{teacher}, {}, {} of [{}, {}], {}{from}",
        plan.name,
        plan.spec.name(),
        counted(parameters, "parameter"),
        counted(plan.features.train.len(), "clip"),
        shape.frames,
        shape.mels,
        counted(steps, "step"),
    )
}

/// An epoch is done.
pub(super) fn epoch(stage: &str, epochs: usize, reading: &Reading) -> String {
    let mut line = format!(
        "{stage}: epoch {}/{epochs}  loss {:.4}  test loss {:.4}  {}  lr {:.2e}",
        reading.epoch,
        reading.loss,
        reading.test_loss,
        worth(reading.accuracy, reading.map),
        reading.lr,
    );
    if let (Some(lambda), Some(tau)) = (reading.lambda, reading.tau) {
        line.push_str(&format!("  λ {lambda:.2}  τ {tau:.2}"));
    }
    for (name, value) in &reading.logged {
        line.push_str(&format!("  {name} {value:.4}"));
    }
    line.push_str(&format!("  {:.0} clips/s", reading.clips_per_second));
    line
}

/// How good a model is, in the measure of its data.
fn worth(accuracy: f64, map: Option<f64>) -> String {
    match map {
        Some(_) => score(accuracy, map),
        None => format!("accuracy {}", score(accuracy, map)),
    }
}

/// A stage is done.
pub(super) fn ended(trained: &Trained) -> String {
    let averaged = trained.averaged.as_ref().map(|own| {
        let [from, to] = own.epochs;
        format!(
            " ({} averaged over epochs {from} to {to})",
            score(own.score.accuracy, own.score.map)
        )
    });
    format!(
        "{}: {}, {}{}, {}, {:.1} % of it waiting for data",
        trained.name,
        verb(trained.kind),
        worth(trained.accuracy, trained.map),
        averaged.unwrap_or_default(),
        time(Duration::from_secs_f64(trained.seconds)),
        trained.waiting * 100.0,
    )
}

/// A stage came from the store.
pub(super) fn recalled(
    trained: &Trained,
    age: Option<Duration>,
    elsewhere: Option<&str>,
) -> String {
    let verb = verb(trained.kind);
    let ago = match age {
        Some(age) => format!("{verb} {}", ago(age)),
        None => format!("{verb} earlier"),
    };
    let worth = trained.map.unwrap_or(trained.accuracy);
    // Other devices have other last digits.
    let there = elsewhere.map(|device| format!(" on {device}")).unwrap_or_default();
    format!("{}: from the store, {ago}{there}, {worth:.3}", trained.name)
}

/// Something was made, or came from the store.
pub(super) fn made(name: &str, took: Option<Duration>, age: Option<Duration>) -> String {
    match (took, age) {
        (Some(took), _) => format!("{name}: made, {}", time(took)),
        (None, Some(age)) => format!("{name}: from the store, made {}", ago(age)),
        (None, None) => format!("{name}: from the store, made earlier"),
    }
}

/// Where a stage's time went.
pub(super) fn profiled(stage: &str, traced: &Trace, file: &Path) -> String {
    let table = super::profile::table(traced);
    format!("{stage}: where the time went ({})\n{table}", file.display())
}

/// A stage waits.
pub(super) fn paused(moment: &Moment) -> String {
    format!(
        "{}: paused at step {} of {}, waiting for an edit (Ctrl-C stops; nothing is lost)",
        moment.stage, moment.step, moment.steps
    )
}

/// A stage that waited goes on.
pub(super) fn continued(moment: &Moment) -> String {
    format!("{}: goes on at step {}", moment.stage, moment.step)
}

/// `just now`, `5 min ago`, `2 h ago`, `3 days ago`.
pub(super) fn ago(span: Duration) -> String {
    let minutes = span.as_secs() / 60;
    match minutes {
        0 => "just now".to_string(),
        1..60 => format!("{minutes} min ago"),
        60..2880 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1440),
    }
}

fn verb(kind: StageKind) -> &'static str {
    match kind {
        StageKind::Train => "trained",
        StageKind::Distill => "distilled",
        StageKind::EachStep => "stepped",
    }
}

/// An edit and what became of it; the error, if there is one, is told apart.
pub(super) fn changed(step: usize, change: &Change) -> String {
    let functions = change.functions.join(", ");
    let mut line = match &change.outcome {
        Outcome::InForce => {
            format!("edit: version {} in force from step {step}: {functions}", change.version)
        }
        Outcome::Unchanged => {
            format!("edit: version {}, nothing that hooks do differs", change.version)
        }
        Outcome::Rejected(_) => "edit: refused".to_string(),
        Outcome::Reverted(_) => format!("edit: taken back at step {step}"),
    };
    if let Some(note) = &change.note {
        line.push_str(&format!(" ({note})"));
    }
    line
}

/// `2 min 05 s`, `12.3 s`.
pub(super) fn time(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..60 => format!("{:.1} s", span.as_secs_f64()),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}
