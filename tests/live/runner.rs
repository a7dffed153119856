//! Runs a recipe in this process, with edits at given steps.

use crate::support::{Sandbox, example};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use stillroom::error::Result;
use stillroom::recipe::{Display, HOOK_SECONDS, Patience, Setup, Signals, run};
use stillroom::run::{Home, Results};
use stillroom::train::{Event, Observer, Outcome};

/// A save counts when the file has been quiet for so long, and a little more.
const SETTLE: Duration = Duration::from_millis(160);

/// What was seen of an edit.
#[derive(Clone, Debug)]
pub struct Seen {
    pub stage: String,
    pub version: usize,
    pub step: usize,
    pub outcome: &'static str,
    pub functions: Vec<String>,
    pub note: String,
    /// The error's text, where there is one.
    pub error: String,
}

/// Everything that a run showed.
#[derive(Default)]
pub struct Shown {
    pub edits: Vec<Seen>,
    /// The learning rate of every step.
    pub rates: Vec<f64>,
    /// The steps at which the stage waited, and why.
    pub pauses: Vec<(usize, String)>,
    pub warnings: Vec<String>,
    pub said: Vec<String>,
}

/// When something is done to the folder; once.
#[derive(Clone, Copy, PartialEq)]
pub enum When {
    /// After so many steps of a stage.
    Step(usize),
    /// When the recipe prints this.
    Said(&'static str),
    /// When the stage waits for an edit, for the so manieth time, counted from 1.
    Paused(usize),
}

impl From<usize> for When {
    fn from(step: usize) -> Self {
        When::Step(step)
    }
}

/// Something that is done to the folder while the recipe runs.
pub type Edit = (When, Box<dyn Fn(&Sandbox) + Send>);

/// Puts a text into a file after `step` steps.
pub fn save(when: impl Into<When>, file: &'static str, text: impl Into<String>) -> Edit {
    let text = text.into();
    doing(when, move |sandbox| drop(sandbox.write(file, &text)))
}

/// Does anything at all.
pub fn doing(when: impl Into<When>, act: impl Fn(&Sandbox) + Send + 'static) -> Edit {
    (when.into(), Box::new(act))
}

struct Editor {
    sandbox: Arc<Sandbox>,
    edits: Vec<Edit>,
    shown: Arc<Mutex<Shown>>,
    settle: Duration,
}

impl Editor {
    fn edit(&mut self, when: When) {
        let (due, rest) =
            std::mem::take(&mut self.edits).into_iter().partition(|(at, _)| *at == when);
        self.edits = rest;
        let due: Vec<Edit> = due;
        for (_, act) in due {
            act(&self.sandbox);
            std::thread::sleep(self.settle);
        }
    }
}

impl Observer for Editor {
    fn observe(&mut self, event: &Event) -> Result<()> {
        match event {
            Event::Stepped { moment, report, .. } => {
                self.shown.lock().expect("not poisoned").rates.push(report.lr);
                self.edit(When::Step(moment.step + 1));
            }
            Event::Changed { moment, change } => {
                let (outcome, error) = match &change.outcome {
                    Outcome::InForce => ("in force", String::new()),
                    Outcome::Unchanged => ("unchanged", String::new()),
                    Outcome::Rejected(error) => ("refused", error.to_string()),
                    Outcome::Reverted(error) => ("taken back", error.to_string()),
                };
                self.shown.lock().expect("not poisoned").edits.push(Seen {
                    stage: moment.stage.to_string(),
                    version: change.version,
                    step: moment.step,
                    outcome,
                    functions: change
                        .functions
                        .iter()
                        .map(|name| self.sandbox.scrub(name))
                        .collect(),
                    note: change.note.clone().unwrap_or_default(),
                    error: self.sandbox.scrub(&error),
                });
            }
            Event::Paused { moment, failure } => {
                let times = {
                    let mut shown = self.shown.lock().expect("not poisoned");
                    let told = self.sandbox.scrub(&failure.to_string());
                    shown.pauses.push((moment.step, told));
                    shown.pauses.len()
                };
                self.edit(When::Paused(times));
            }
            _ => {}
        }
        Ok(())
    }
}

impl Display for Editor {
    fn say(&mut self, text: &str) {
        self.shown.lock().expect("not poisoned").said.push(text.to_string());
        let is_due = |when: &When| matches!(when, When::Said(word) if *word == text);
        if let Some(when) = self.edits.iter().map(|(when, _)| *when).find(is_due) {
            self.edit(when);
        }
    }

    fn report(&mut self, _: &str) {}

    fn made(&mut self, _: &str, _: Option<Duration>, _: Option<Duration>) {}

    fn warn(&mut self, text: &str) {
        let text = self.sandbox.scrub(text);
        self.shown.lock().expect("not poisoned").warnings.push(text);
    }
}

/// One stage of 12 steps whose functions follow.
pub const STAGE: &str = r#"let data = dataset::esc50(arg("data"), #{ fold: 5, per_class: 2 });
let net = model::cnn(#{ classes: data.classes, channels: [4] });
train(net, #{
    data: data,
    features: audio::fbank(#{ mels: 16, hop_ms: 40, frames: 40 }),
    batch: 5, epochs: 3, optimizer: optim::adam(#{ lr: 0.5 }),
});
"#;

/// What came of a run.
pub struct Run {
    pub results: Result<Results>,
    pub shown: Shown,
    pub sandbox: Arc<Sandbox>,
}

/// How a recipe is run.
pub struct Manner {
    pub recipe: PathBuf,
    pub patience: Patience,
    pub hook_seconds: f64,
    pub stop: Arc<AtomicBool>,
    /// How long an edit is followed by nothing.
    pub settle: Duration,
    /// Whether a stage waits for an edit.
    pub patient: bool,
}

impl Default for Manner {
    /// Quick, so that tests are; a save is seen long before `SETTLE`.
    fn default() -> Self {
        let millis = Duration::from_millis;
        Manner {
            recipe: "recipe.rhai".into(),
            patience: Patience { look: millis(5), rest: millis(25), refuse: millis(60) },
            hook_seconds: HOOK_SECONDS,
            stop: Arc::default(),
            settle: SETTLE,
            patient: false,
        }
    }
}

/// Runs `recipe` with edits. Other files of the sandbox can be written by `before`.
pub fn with_edits(recipe: &str, before: impl FnOnce(&Sandbox), edits: Vec<Edit>) -> Run {
    let sandbox = Sandbox::new();
    before(&sandbox);
    sandbox.write("recipe.rhai", recipe);
    run_in(sandbox, Manner::default(), edits)
}

/// Runs `recipe`, and nobody touches it.
pub fn untouched(recipe: &str) -> Run {
    with_edits(recipe, |_| {}, Vec::new()).good()
}

/// Runs the recipe of a sandbox.
pub fn run_in(sandbox: Sandbox, manner: Manner, edits: Vec<Edit>) -> Run {
    let sandbox = Arc::new(sandbox);
    let shown = Arc::new(Mutex::new(Shown::default()));
    let settle = manner.settle;
    let editor = Editor { sandbox: sandbox.clone(), edits, shown: shown.clone(), settle };
    let home = Home::of(&PathBuf::new(), Some(sandbox.file("home")));
    let recipe = sandbox.file(&manner.recipe.display().to_string());
    let setup = Setup {
        set: BTreeMap::from([("data".into(), example().display().to_string())]),
        workers: 1,
        hook_seconds: manner.hook_seconds,
        patience: manner.patience,
        patient: manner.patient,
        ..Setup::new(recipe, home)
    };
    let signals = Signals { stop: manner.stop, ..Signals::default() };
    let results = run(setup, Box::new(editor), signals);
    let shown = std::mem::take(&mut *shown.lock().expect("not poisoned"));
    Run { results, shown, sandbox }
}

impl Run {
    /// Fails unless the run ended well.
    #[track_caller]
    pub fn good(self) -> Self {
        if let Err(error) = &self.results {
            panic!("{error}");
        }
        self
    }

    /// Step and outcome of each edit that was seen.
    pub fn outcomes(&self) -> Vec<(usize, &'static str)> {
        self.shown.edits.iter().map(|seen| (seen.step, seen.outcome)).collect()
    }

    /// What is told of the edit at that place, beside the names.
    pub fn note(&self, edit: usize) -> &str {
        &self.shown.edits[edit].note
    }

    /// The hash of the weights of the last stage.
    pub fn weights(&self) -> String {
        let stages = &self.results.as_ref().expect("results").stages;
        stages.last().expect("a stage").weights_blake3.clone()
    }

    /// Fails unless `other` gave the same weights.
    #[track_caller]
    pub fn same_weights(&self, other: &Run) {
        assert_eq!(self.weights(), other.weights());
    }
}
