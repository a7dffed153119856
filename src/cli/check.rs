//! `still check`: everything short of training.

use super::arguments::Arguments;
use super::signals::catch_signals;
use super::words::counted;
use super::{lines, note, out, tell};
use crate::error::{Error, Kind, Result, Severity};
use crate::recipe::{
    self, Display, ENDLESS, Entry, HOOK_SECONDS, Inspector, Setup, Signals, Source, Tried,
};
use crate::run::Home;
use crate::train::{Event, Observer, Sample};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Look for mistakes in a recipe without training: names, hooks, options, shapes; one step of each stage on two
/// made-up clips; its schedules. All mistakes are told, not only the first.
#[derive(Args)]
pub(super) struct Check {
    /// The recipe, a .rhai file.
    recipe: PathBuf,
    #[command(flatten)]
    arguments: Arguments,
    /// Seconds that a hook may take; 0 for any time.
    #[arg(long, value_name = "SECONDS", default_value_t = HOOK_SECONDS, value_parser = super::run::seconds)]
    hook_seconds: f64,
    /// Only read the recipe: try no stage, open no data.
    #[arg(long)]
    static_only: bool,
    /// Count warnings as errors.
    #[arg(long)]
    deny_warnings: bool,
    /// Print one line of JSON for each mistake and each stage.
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(self) -> Result<i32> {
        let given = self.arguments.given()?;
        let signals = Signals::default();
        catch_signals(&signals.stop, &signals.pulse)?;
        let told = Told { json: self.json, ..Told::default() };
        let told = Arc::new(Mutex::new(told));
        let source = match Source::read(&self.recipe) {
            Ok(source) => source,
            Err(error) if self.json => {
                // Whoever reads lines of JSON looks for the mistake there.
                let mut told = lock(&told);
                told.tell(&error);
                told.sum();
                return Ok(error.exit_code());
            }
            Err(error) => return Err(error),
        };
        let mut is_endless = false;
        for error in Inspector::given(&self.recipe, &given).inspect(source) {
            is_endless |= error.report().problem == ENDLESS;
            lock(&told).tell(&error);
        }
        // What does not end would not end either where it is tried.
        if !self.static_only && !is_endless {
            lock(&told).trying = true;
            let home = Home::of(&self.recipe, given.home);
            let setup = Setup {
                set: given.set,
                seed: given.seed,
                granted: given.granted,
                max_operations: given.max_operations,
                entry: Entry::Check,
                hook_seconds: self.hook_seconds,
                ..Setup::new(self.recipe, home)
            };
            match recipe::run(setup, Box::new(Shown(told.clone())), signals) {
                Err(error) if matches!(error.kind(), Kind::Interrupted | Kind::Usage) => {
                    return Err(error);
                }
                // Reading has told why it does not compile, and all that is to be told of it.
                Err(error)
                    if matches!(error.kind(), Kind::Script | Kind::Name)
                        && lock(&told).errors > 0 => {}
                Err(error) => lock(&told).tell(&error),
                Ok(_) => {}
            }
        }
        let told = lock(&told);
        told.sum();
        match told.errors > 0 || self.deny_warnings && told.warnings > 0 {
            true => Ok(Kind::Script.exit_code()),
            false => Ok(0),
        }
    }
}

fn lock(told: &Arc<Mutex<Told>>) -> std::sync::MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What was told so far.
#[derive(Default)]
struct Told {
    json: bool,
    errors: usize,
    warnings: usize,
    stages: usize,
    /// What was told.
    known: Vec<Known>,
    /// Whether reading is over.
    trying: bool,
}

/// A mistake that was told.
struct Known {
    place: Option<String>,
    headline: String,
    severity: Severity,
    /// The name that is unknown, and its line.
    named: Option<(String, usize)>,
    /// The file and the function that is unknown there, named by a text or called.
    pointed: Option<(std::path::PathBuf, String)>,
    /// Whether it was found by trying.
    tried: bool,
    /// Whether it is about a loss.
    of_loss: bool,
    /// Whether it is about what a loss was given.
    is_given: bool,
}

impl Known {
    /// Whether nothing new would be said by `other`. A warning does not tell of an error.
    fn tells(&self, other: &Known) -> bool {
        if self.severity < other.severity {
            return false;
        }
        // Reading and trying tell of one mistake in different words; trying alone finds several at a stage's call.
        let both_tried = self.tried && other.tried && self.headline != other.headline;
        let same_place = self.place.is_some() && self.place == other.place && !both_tried;
        let bare = self.place.is_none() && other.place.is_none() && self.headline == other.headline;
        let pointed =
            !self.tried && other.tried && self.pointed.is_some() && self.pointed == other.pointed;
        // What stands in a wrong place of a call of a loss is no logits there either.
        let same_loss = !self.tried && other.tried && self.of_loss && other.is_given;
        same_place
            || bare
            || pointed
            || same_loss
            || self.named.is_some() && self.named == other.named
    }
}

impl Told {
    /// Tells a mistake, unless it was told already: reading finds some that trying finds again.
    fn tell(&mut self, error: &Error) {
        let report = error.report();
        let place = report
            .places
            .first()
            .map(|place| format!("{}:{}:{:?}", place.file.display(), place.line, place.column));
        // Reading and trying tell of one mistake in different words: of a name that is nowhere, in the same line.
        let line = report.places.first().map(|place| place.line);
        let word = report.problem.split('\'').nth(1).map(String::from);
        let pointed = match report.operation.as_str() {
            "Fn" => word.clone(),
            name if report.problem == "there is no such function" => Some(name.to_string()),
            _ => None,
        };
        let named = word.zip(line).filter(|_| report.kind == Kind::Name);
        let one = Known {
            tried: self.trying,
            of_loss: is_loss(&report.operation),
            is_given: report.problem.starts_with("it takes "),
            place,
            headline: error.headline(),
            severity: report.severity,
            named,
            pointed: report
                .places
                .first()
                .map(|place| place.file.clone())
                .zip(pointed.filter(|_| report.kind == Kind::Name)),
        };
        if self.known.iter().any(|known| known.tells(&one)) {
            return;
        }
        self.known.push(one);
        match error.severity() {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        match self.json {
            true => out(&as_json(error).to_string()),
            false => {
                tell(error);
                note("");
            }
        }
    }

    fn sum(&self) {
        if self.json {
            let Told { errors, warnings, stages, .. } = self;
            out(&json!({ "errors": errors, "warnings": warnings, "stages": stages }).to_string());
            return;
        }
        let count = |number: usize, what: &str| match number {
            0 => format!("no {what}s"),
            1 => format!("1 {what}"),
            more => format!("{more} {what}s"),
        };
        let all = [(self.stages, "stage"), (self.errors, "error"), (self.warnings, "warning")];
        out(&all.map(|(number, what)| count(number, what)).join(", "));
    }
}

/// Whether an operation is a loss, or the hook of that name.
fn is_loss(operation: &str) -> bool {
    operation.starts_with("kd::") || ["bce", "cross_entropy", "kl_div", "loss"].contains(&operation)
}

fn as_json(error: &Error) -> Value {
    let report = error.report();
    let place = |place: &crate::error::Place| json!({ "file": place.file, "line": place.line, "column": place.column, "note": place.note });
    json!({
        "severity": match report.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "kind": report.kind.word(), "operation": report.operation, "problem": report.problem,
        "expected": report.expected, "received": report.received, "part": report.part,
        "in": report.note, "hint": report.hint,
        "places": report.places.iter().map(place).collect::<Vec<_>>(),
    })
}

struct Shown(Arc<Mutex<Told>>);

impl Observer for Shown {
    fn observe(&mut self, _: &Event) -> Result<()> {
        Ok(())
    }
}

impl Display for Shown {
    fn say(&mut self, text: &str) {
        note(text);
    }

    fn report(&mut self, _: &str) {}

    fn made(&mut self, name: &str, _: Option<Duration>, age: Option<Duration>) {
        if !lock(&self.0).json {
            out(&lines::made(name, None, age));
        }
    }

    fn warn(&mut self, text: &str) {
        // It is about the data, and no mistake of the recipe.
        note(&format!("note: {text}"));
    }

    fn finding(&mut self, error: &Error) {
        lock(&self.0).tell(error);
    }

    fn remark(&mut self, text: &str) {
        note(&format!("note: {text}"));
    }

    fn tried(&mut self, stage: &Tried) {
        let mut told = lock(&self.0);
        told.stages += 1;
        match told.json {
            true => out(&stage_json(stage).to_string()),
            false => out(&stage_text(stage)),
        }
    }
}

/// A number as short as four digits allow.
fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_string(),
        size if (1e-3..1e5).contains(&size) => {
            let text = format!("{value:.4}");
            text.trim_end_matches('0').trim_end_matches('.').to_string()
        }
        _ => format!("{value:.3e}"),
    }
}

fn stage_json(stage: &Tried) -> Value {
    let sample = |at: &Sample| json!({ "epoch": at.epoch, "step": at.step, "lr": at.lr, "lambda": at.lambda, "tau": at.tau });
    json!({
        "stage": stage.stage, "kind": stage.kind.operation(), "model": stage.model, "teacher": stage.teacher,
        "parameters": stage.parameters, "input": stage.input, "output": stage.output,
        "loss": stage.loss, "epochs": stage.epochs, "steps_per_epoch": stage.steps_per_epoch,
        "schedule": stage.schedule.iter().map(sample).collect::<Vec<_>>(),
        "failures": stage.failures, "pretrained": stage.pretrained,
    })
}

fn stage_text(stage: &Tried) -> String {
    let taught = stage.teacher.iter().map(|teacher| format!(", taught by {teacher}"));
    let taught = taught.collect::<String>();
    let mut text = format!("{}: {}, {}{taught}", stage.stage, stage.kind.operation(), stage.model);
    let shape = |shape: &[usize]| crate::tensor::words(shape);
    let output = stage.output.as_deref().map_or("nothing".to_string(), shape);
    let mut row = |word: &str, what: String| text.push_str(&format!("\n  {word:<11}{what}"));
    row("parameters", stage.parameters.to_string());
    if let Some(own) = &stage.pretrained {
        row("weights", own.to_string().replace('\n', "\n             "));
    }
    row("shapes", format!("{} -> {output}", shape(&stage.input)));
    let steps = stage.epochs.saturating_mul(stage.steps_per_epoch);
    let epochs = counted(stage.epochs, "epoch");
    row("steps", format!("{epochs} of {}, {steps} in all", stage.steps_per_epoch));
    if let Some(loss) = stage.loss {
        row("loss", format!("{loss:.4} on two made-up clips"));
    }
    for name in ["lr", "lambda", "tau"] {
        let value = |at: &Sample| match name {
            "lr" => at.lr,
            "lambda" => at.lambda,
            _ => at.tau,
        };
        let values: Vec<f64> = stage.schedule.iter().filter_map(value).collect();
        if let Some(curve) = curve(&values) {
            row(name, curve);
        }
    }
    if stage.failures > 0 {
        row("mistakes", format!("{}, told above", stage.failures));
    }
    text
}

/// A schedule in one line: its first and last value, and its form between them where it changes.
fn curve(values: &[f64]) -> Option<String> {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let (first, last) = (values.first()?, values.last()?);
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if low == high {
        return Some(number(*first));
    }
    let bar = |value: &f64| {
        let share = (value - low) / (high - low);
        BARS.get((share * 7.0).round() as usize).copied().unwrap_or('?')
    };
    let form: String = values.iter().map(bar).collect();
    let mut text = format!("{} {form} {}", number(*first), number(*last));
    if low < first.min(*last) || high > first.max(*last) {
        text.push_str(&format!(", {} to {}", number(low), number(high)));
    }
    Some(text)
}
