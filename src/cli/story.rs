//! What happened in a run, in words, for those who look on; the same words as the run's own.

use super::curves::{Curve, worth, worth_of};
use super::lines;
use super::words::{counted, grouped, plain};
use crate::run::{Course, Edit, Entry, Happening, PastEpoch, Pause, Picture};
use std::time::Duration;

/// How much something matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// What is expected.
    Plain,
    /// An edit that is in force, a result.
    Good,
    /// What may need a look.
    Warning,
    /// What went wrong.
    Bad,
}

/// Something that happened.
pub(super) struct Told {
    /// One line.
    pub text: String,
    /// What an error says, in lines.
    pub message: Option<String>,
    pub tone: Tone,
}

/// An entry in words.
pub(super) fn told(entry: &Entry, picture: &Picture) -> Told {
    let told = |text: String, tone: Tone| Told { text, message: None, tone };
    let wrong = |text: String, message: &str| {
        let message = Some(message.trim_end().to_string()).filter(|text| !text.is_empty());
        Told { text, message, tone: Tone::Bad }
    };
    match &entry.what {
        Happening::Began => {
            let recipe = picture.recipe.as_deref().map_or("a recipe".into(), plain);
            let seed = picture.seed.map(|seed| format!(", seed {seed}")).unwrap_or_default();
            told(format!("begins: {recipe}{seed}"), Tone::Plain)
        }
        Happening::WentOn => told("another process goes on with it".into(), Tone::Plain),
        Happening::Stage { stage, step } => {
            let text = match picture.course(stage) {
                Some(course) => format!("{}: {}", plain(stage), about(course, *step)),
                None => plain(stage),
            };
            told(text, Tone::Plain)
        }
        Happening::Epoch { stage, step } => {
            let course = picture.course(stage);
            let epoch = course.and_then(|it| it.epochs.iter().find(|epoch| epoch.step == *step));
            let text = match course.zip(epoch) {
                Some((course, epoch)) => self::epoch(course, epoch),
                // It was done again since.
                None => format!("{}: an epoch, {} done", plain(stage), steps(*step)),
            };
            told(text, Tone::Plain)
        }
        Happening::Edited(edit) => edited(edit),
        Happening::Paused(Pause { stage, step, message, .. }) => {
            wrong(format!("{}: paused at step {step}, waiting for an edit", plain(stage)), message)
        }
        Happening::Continued { stage, step } => {
            told(format!("{}: goes on at step {step}", plain(stage)), Tone::Good)
        }
        Happening::Recalled { stage } => {
            let worth = picture.course(stage).map(|course| worth(&course.stage));
            let text = format!("{}: from the store, {}", plain(stage), worth.unwrap_or_default());
            told(text, Tone::Good)
        }
        Happening::StageEnded { stage } => {
            let ended = picture.course(stage).map(ended).unwrap_or_default();
            told(format!("{}: {ended}", plain(stage)), Tone::Good)
        }
        Happening::Made { name, seconds } => {
            let made = match seconds.and_then(|s| Duration::try_from_secs_f64(s).ok()) {
                Some(time) => format!("made, {}", lines::time(time)),
                None => "from the store".into(),
            };
            told(format!("{}: {made}", plain(name)), Tone::Plain)
        }
        Happening::Warned(text) => told(format!("warning: {}", flat(text)), Tone::Warning),
        Happening::Ended => told("the run has ended".into(), Tone::Good),
        Happening::Failed(message) => wrong("a mistake ended the run".into(), message),
        Happening::Interrupted(_) => {
            told("a signal ended the run; `still resume` goes on with it".into(), Tone::Warning)
        }
    }
}

/// What a stage is: `train cnn, 18,482 parameters, 240 clips, 375 steps`.
pub(super) fn about(course: &Course, step: u64) -> String {
    let stage = &course.stage;
    let mut parts = Vec::new();
    let words = [&stage.kind, &stage.model].map(|word| word.as_deref().map(plain));
    parts.push(words.into_iter().flatten().collect::<Vec<_>>().join(" "));
    parts.extend(course.teacher.as_deref().map(|name| format!("taught by '{}'", plain(name))));
    parts.extend(stage.parameters.map(|count| format!("{} parameters", grouped(count))));
    parts.extend(course.train_clips.map(|count| format!("{} clips", grouped(count))));
    parts.extend(course.steps_planned.map(steps));
    if step > 0 {
        parts.push(format!("from step {step} on"));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

fn steps(count: u64) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), "step")
}

fn epoch(course: &Course, epoch: &PastEpoch) -> String {
    let planned = course.epochs_planned.map(|all| format!("/{all}")).unwrap_or_default();
    let mut line = format!("{}: epoch {}{planned}", plain(&course.stage.name), epoch.epoch);
    let is_map = epoch.map.is_some();
    let mut add = |name: &str, text: Option<String>| {
        if let Some(text) = text {
            line.push_str(&format!("  {name}{text}"));
        }
    };
    let loss = |value: Option<f64>| value.map(|value| Curve::Loss.text(value, false));
    add("loss ", loss(epoch.loss));
    add("test loss ", loss(epoch.test_loss));
    let name = if is_map { "" } else { "accuracy " };
    add(name, epoch.main().map(|value| worth_of(Some(value), is_map)));
    add("lr ", epoch.lr.map(|value| format!("{value:.2e}")));
    add("λ ", epoch.lambda.map(|value| format!("{value:.2}")));
    add("τ ", epoch.tau.map(|value| format!("{value:.2}")));
    for (name, value) in &epoch.logged {
        add(&format!("{} ", plain(name)), Some(format!("{value:.4}")));
    }
    add("", epoch.clips_per_second.map(|speed| format!("{speed:.0} clips/s")));
    line
}

fn ended(course: &Course) -> String {
    let verb = match course.stage.kind.as_deref() {
        Some("train") => "trained",
        Some("distill") => "distilled",
        _ => "done",
    };
    let mut parts = vec![verb.to_string(), worth(&course.stage)];
    let time = course.stage.seconds.and_then(|s| Duration::try_from_secs_f64(s).ok());
    parts.extend(time.map(lines::time));
    let waiting =
        course.waiting.map(|share| format!("{:.1} % of it waiting for data", share * 100.0));
    parts.extend(waiting);
    parts.join(", ")
}

/// What became of an edit.
pub(super) fn edited(edit: &Edit) -> Told {
    let step = edit.step.map(|step| format!(" step {step}")).unwrap_or_default();
    let version = edit.version.map(|version| format!("version {version}"));
    let version = version.unwrap_or_else(|| "a version".into());
    let functions = plain(&edit.functions.join(", "));
    let (mut text, tone) = match edit.outcome.as_str() {
        "in_force" => (format!("edit: {version} in force from{step}: {functions}"), Tone::Good),
        "unchanged" => (format!("edit: {version}, nothing that hooks do differs"), Tone::Plain),
        "rejected" => (format!("edit: refused at{step}"), Tone::Bad),
        "reverted" => (format!("edit: taken back at{step}"), Tone::Bad),
        "late" => ("edit: came too late".into(), Tone::Warning),
        other => (format!("edit: {}", plain(other)), Tone::Plain),
    };
    if let Some(note) = &edit.note {
        text.push_str(&format!(" ({})", flat(note)));
    }
    let message = edit.message.as_ref().map(|message| message.trim_end().to_string());
    Told { text, message, tone }
}

/// Several lines as one.
fn flat(text: &str) -> String {
    plain(&text.lines().map(str::trim).collect::<Vec<_>>().join(" "))
}

/// Lines of a message, tame.
pub(super) fn lines_of(message: &str) -> impl Iterator<Item = String> + '_ {
    message.lines().map(|line| plain(&line.replace('\t', "    ")))
}
