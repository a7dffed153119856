//! What pages show, in parts that are sent again when they change.

use super::figure::{figures, spark};
use super::http::encoded;
use crate::cli::curves::{best_worth, between, surety, worth};
use crate::cli::lines;
use crate::cli::stages::fate;
use crate::cli::story::{Tone, about, lines_of, told};
use crate::cli::words::{date, percent, plain, time_of};
use crate::run::index::Row;
use crate::run::{Course, Following, Happening, Live, PastStage, Picture, State};
use maud::{Markup, html};
use std::path::Path;
use std::time::Duration;

/// So much of the log is shown, the newest first.
const LOG: usize = 200;

/// Parts by the names of their elements.
pub(super) type Parts = Vec<(String, String)>;

/// A run in the list.
pub(super) struct Brief {
    name: String,
    state: State,
    recipe: Option<String>,
    started: Option<f64>,
    tags: Vec<String>,
    stages: Vec<PastStage>,
    /// How much of its stage is done, of one that is running.
    progress: Option<(String, f64)>,
}

impl Brief {
    pub fn of_row(row: &Row) -> Self {
        Brief {
            name: row.name.clone(),
            state: row.state,
            recipe: row.recipe.clone(),
            started: row.started,
            tags: row.tags.clone(),
            stages: row.stages.clone(),
            progress: None,
        }
    }

    pub fn of_following(following: &Following) -> Self {
        let picture = following.picture();
        let seconds = |time: std::time::SystemTime| {
            time.duration_since(std::time::UNIX_EPOCH).ok().map(|since| since.as_secs_f64())
        };
        let share = |course: &Course| {
            let live = following.live();
            let step = live.map_or(course.steps(), |live| live.step);
            let steps = live.map(|live| live.steps).or(course.steps_planned)?;
            Some((course.stage.name.clone(), step as f64 / steps.max(1) as f64))
        };
        Brief {
            name: following.name().to_string(),
            state: following.state(),
            recipe: picture.recipe.clone(),
            started: picture.started.and_then(seconds),
            tags: crate::run::Past::tags_of(following.path()),
            stages: picture.courses().iter().map(Course::summary).collect(),
            progress: picture.current().and_then(share),
        }
    }
}

fn state(state: State) -> Markup {
    html! { span class={ "state " (state.word()) } { (state.word()) } }
}

/// The list of all runs.
pub(super) fn of_list(runs: &[Brief], trouble: Option<&str>) -> Parts {
    let living = runs.iter().filter(|run| run.state.lives()).count();
    let count = match living {
        0 => format!("{} runs", runs.len()),
        living => format!("{} runs, {living} running", runs.len()),
    };
    let list = html! {
        @if let Some(trouble) = trouble { p class="message" { (plain(trouble)) } }
        @if runs.is_empty() {
            p class="note" { "No run yet. Begin one: " code { "still run recipe.rhai" } }
        } @else {
            div class="tabled" {
                table class="cards" {
                    thead {
                        tr {
                            th { "Run" } th { "State" } th { "Last stage" } th class="number" { "Result" }
                            th { "95 %" } th { "Curve" } th { "Began (UTC)" }
                        }
                    }
                    tbody { @for run in runs { (listed(run)) } }
                }
            }
        }
    };
    vec![("count".into(), count), ("list".into(), list.into_string())]
}

fn listed(run: &Brief) -> Markup {
    let last = run.stages.last();
    let shown = |text: String| if text.is_empty() { "–".to_string() } else { text };
    html! {
        tr {
            th scope="row" {
                a href={ "/run/" (encoded(&run.name)) } { (plain(&run.name)) }
                @for tag in &run.tags { " " span class="tag" { (plain(tag)) } }
                @if let Some(recipe) = &run.recipe { span class="under" { (plain(recipe)) } }
            }
            td data-label="State" {
                (state(run.state))
                @if let Some((_, share)) = &run.progress { span class="under" { (percent(Some(*share))) " of the stage" } }
            }
            td data-label="Last stage" { (last.map_or("–".into(), |stage| plain(&stage.name))) }
            td data-label="Result" class="number" { (last.map_or("–".into(), worth)) }
            td data-label="95 %" { (shown(between(last.and_then(surety)))) }
            td data-label="Curve" { (last.map(|stage| spark(&stage.curve)).unwrap_or_default()) }
            td data-label="Began" { (run.started.map_or("–".into(), |time| date(time_of(time)))) }
        }
    }
}

/// The page of a run.
pub(super) fn of_run(following: &Following) -> Parts {
    let picture = following.picture();
    let trail = following.trail();
    let mut parts: Parts = vec![
        ("state".into(), head(following).into_string()),
        ("now".into(), now(following).into_string()),
        ("table".into(), table(picture, following.state()).into_string()),
        ("edits".into(), edits(picture, following.state()).into_string()),
        ("log".into(), log(picture).into_string()),
    ];
    for (index, course) in picture.courses().iter().enumerate().rev() {
        let own = trail.filter(|live| live.stage == course.stage.name);
        parts.push((format!("stage-{index}"), stage(picture, course, own).into_string()));
    }
    parts
}

fn head(following: &Following) -> Markup {
    let picture = following.picture();
    let end =
        if following.state().lives() { Some(std::time::SystemTime::now()) } else { picture.last };
    let took = picture.started.and_then(|began| end?.duration_since(began).ok());
    let set = picture.set.iter().map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_string);
        plain(&format!("{name}={value}"))
    });
    let set: Vec<String> = set.collect();
    let version = picture.edits.iter().rev().find_map(|edit| edit.version).unwrap_or(0);
    html! {
        p class="facts" {
            (state(following.state()))
            @if following.is_gone() { span { "its folder is gone" } }
            @if let Some(recipe) = &picture.recipe { span { (plain(recipe)) } }
            @if let Some(seed) = picture.seed { span { "seed " (seed) } }
            @if version > 0 { span { "version " (version) } }
            @if let Some(began) = picture.started { span { "began " (date(began)) " UTC" } }
            // A time that runs would change the page all the time.
            @if let (Some(took), false) = (took, following.state().lives()) { span { "took " (lines::time(took)) } }
            @if !set.is_empty() { span class="set" { (set.join("  ")) } }
            @if has_report(following.path()) {
                a href={ "/run/" (encoded(following.name())) "/report.html" } { "report" }
            }
        }
        @match following.state() {
            State::Paused => {
                @if let Some(pause) = &picture.pause {
                    div class="message" role="alert" {
                        p { strong { "Paused" } " at step " (pause.step) " of " (plain(&pause.stage)) ": waiting for an edit. Nothing is lost." }
                        pre { (text_of(&pause.message)) }
                    }
                }
            }
            State::Failed | State::Interrupted => {
                @if let Some(message) = &picture.message {
                    div class="message" { pre { (text_of(message)) } }
                }
            }
            State::Stopped => {
                div class="message" { p { "Its process is gone and left no word; " code { "still resume" } " goes on with it." } }
            }
            State::Running | State::Ended => {}
        }
    }
}

fn has_report(folder: &Path) -> bool {
    folder.join("report.html").is_file()
}

fn text_of(message: &str) -> String {
    lines_of(message.trim_end()).collect::<Vec<_>>().join("\n")
}

/// Where the stage stands that is being done.
fn now(following: &Following) -> Markup {
    let picture = following.picture();
    let Some(course) = picture.current().filter(|_| following.state().lives()) else {
        return html! {};
    };
    let live: Option<&Live> = following.live();
    let step = live.map_or(course.steps(), |live| live.step);
    let steps = live.map(|live| live.steps).or(course.steps_planned).unwrap_or(0);
    let last = course.epochs.last();
    let epoch = live.map(|live| live.epoch).or(last.map(|epoch| epoch.epoch)).unwrap_or(0);
    let speed = live.and_then(|live| live.clips_per_second);
    let speed = speed.or(last.and_then(|epoch| epoch.clips_per_second));
    let waiting = live.and_then(|live| live.waiting).or(last.and_then(|epoch| epoch.waiting));
    let left = live.and_then(|live| live.seconds_left).or(course.seconds_left());
    let left = left.filter(|_| following.state() == State::Running);
    let left = left.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    html! {
        h2 { (plain(&course.stage.name)) }
        progress max=(steps.max(1)) value=(step.min(steps)) aria-label="steps of the stage" {}
        dl class="numbers" {
            div { dt { "Step" } dd { (step) " / " (steps) } }
            @if let Some(planned) = course.epochs_planned { div { dt { "Epoch" } dd { (epoch) " / " (planned) } } }
            @if let Some(loss) = live.and_then(|live| live.loss) { div { dt { "Loss" } dd { (crate::cli::curves::Curve::Loss.text(loss, false)) } } }
            @if let Some(speed) = speed { div { dt { "Clips/s" } dd { (format!("{speed:.0}")) } } }
            @if let Some(share) = waiting { div { dt { "Waiting for data" } dd { (percent(Some(share))) } } }
            @if let Some(left) = left { div { dt { "Left" } dd { (lines::time(left)) } } }
        }
        @if let Some(edit) = picture.edits.last() {
            @let told = crate::cli::story::edited(edit);
            p class={ "newest " (tone(told.tone)) } { (told.text) }
        }
    }
}

fn table(picture: &Picture, state: State) -> Markup {
    let current = picture.current().filter(|_| state.lives()).map(|it| it.stage.name.as_str());
    let stages: Vec<&PastStage> = picture.courses().iter().map(|course| &course.stage).collect();
    if stages.is_empty() {
        return html! { p class="note" { "No stage has begun yet." } };
    }
    let dash = || "–".to_string();
    let time = |stage: &PastStage| {
        let seconds = stage.seconds.and_then(|s| Duration::try_from_secs_f64(s).ok());
        seconds.map_or_else(dash, lines::time)
    };
    let sure = |stage: &PastStage| Some(between(surety(stage))).filter(|text| !text.is_empty());
    let any = stages.iter().any(|stage| surety(stage).is_some());
    html! {
        div class="tabled" {
            table class="cards" {
                thead {
                    tr {
                        th { "Stage" } th { "Model" } th class="number" { "Result" } th { "95 %" }
                        th class="number" { "Best epoch" } th class="number" { "Steps" } th class="number" { "Time" } th { "State" }
                    }
                }
                tbody {
                    @for stage in stages {
                        tr {
                            th scope="row" { (plain(&stage.name)) }
                            td data-label="Model" { (stage.model.as_deref().map_or_else(dash, plain)) }
                            td data-label="Result" class="number" { (worth(stage)) }
                            td data-label="95 %" { (sure(stage).unwrap_or_else(dash)) }
                            td data-label="Best epoch" class="number" { (best_worth(stage)) }
                            td data-label="Steps" class="number" { (stage.steps.map_or_else(dash, |steps| steps.to_string())) }
                            td data-label="Time" class="number" { (time(stage)) }
                            td data-label="State" { (if current == Some(stage.name.as_str()) { state.word() } else { fate(stage) }) }
                        }
                    }
                }
            }
        }
        @if any { p class="note" { (crate::cli::curves::WILSON) " The best epoch is chosen on the clips that judge epochs." } }
    }
}

fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "",
        Tone::Good => "good",
        Tone::Warning => "warning",
        Tone::Bad => "bad",
    }
}

fn edits(picture: &Picture, state: State) -> Markup {
    if picture.edits.is_empty() {
        let text = match state.lives() {
            true => "No edit yet. Save the recipe, and the functions that changed come into force.",
            false => "There was none.",
        };
        return html! { p class="note" { (text) } };
    }
    html! {
        ol class="story" reversed {
            @for edit in picture.edits.iter().rev().take(LOG) {
                @let told = crate::cli::story::edited(edit);
                li class=(tone(told.tone)) {
                    @if let Some(stage) = &edit.stage { span class="soft" { (plain(stage)) ": " } }
                    (told.text)
                    @if let Some(message) = &told.message { pre { (text_of(message)) } }
                }
            }
        }
    }
}

fn log(picture: &Picture) -> Markup {
    // Epochs are in the curves: the newest one is enough.
    let mut epochs = 0;
    let entries = picture.log().rev().filter(|entry| {
        let is_epoch = matches!(entry.what, Happening::Epoch { .. });
        epochs += usize::from(is_epoch);
        !is_epoch || epochs == 1
    });
    html! {
        ol class="story" reversed {
            @for entry in entries.take(LOG) {
                @let told = told(entry, picture);
                li class=(tone(told.tone)) {
                    @if let Some(at) = entry.at { time { (date(at).split(' ').next_back().unwrap_or_default()) } " " }
                    (told.text)
                    @if let Some(message) = &told.message { pre { (text_of(message)) } }
                }
            }
        }
    }
}

/// A stage with its curves.
fn stage(picture: &Picture, course: &Course, live: Option<&Live>) -> Markup {
    html! {
        h3 { (plain(&course.stage.name)) " " span class="now" { (worth(&course.stage)) } }
        p class="note" { (about(course, 0)) }
        (figures(course, &picture.edits, live))
    }
}
