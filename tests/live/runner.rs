//! Runs a recipe in this process, with edits at given steps.

use crate::support::{Sandbox, example};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use stillroom::error::Result;
use stillroom::recipe::{Display, Setup, Signals, run};
use stillroom::run::{Home, Results};
use stillroom::train::{Event, Observer, Outcome};

/// A save counts when the file has been quiet for so long, and a little more.
const SETTLE: Duration = Duration::from_millis(250);

/// What was seen of an edit.
#[derive(Clone, Debug)]
pub struct Seen {
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
    pub warnings: Vec<String>,
    pub said: Vec<String>,
}

/// An edit: after so many steps of the stage, this is done to the folder.
pub type Edit = (usize, Box<dyn Fn(&Sandbox) + Send>);

/// Puts a text into a file after `step` steps.
pub fn save(step: usize, file: &'static str, text: impl Into<String>) -> Edit {
    let text = text.into();
    (step, Box::new(move |sandbox: &Sandbox| drop(sandbox.write(file, &text))))
}

struct Editor {
    sandbox: Arc<Sandbox>,
    edits: Vec<Edit>,
    shown: Arc<Mutex<Shown>>,
}

impl Observer for Editor {
    fn observe(&mut self, event: &Event) -> Result<()> {
        let mut shown = self.shown.lock().expect("not poisoned");
        match event {
            Event::Stepped { moment, report, .. } => {
                shown.rates.push(report.lr);
                for (_, act) in self.edits.iter().filter(|(step, _)| *step == moment.step + 1) {
                    act(&self.sandbox);
                    std::thread::sleep(SETTLE);
                }
            }
            Event::Changed { moment, change } => {
                let (outcome, error) = match &change.outcome {
                    Outcome::InForce => ("in force", String::new()),
                    Outcome::Unchanged => ("unchanged", String::new()),
                    Outcome::Rejected(error) => ("refused", error.to_string()),
                    Outcome::Reverted(error) => ("taken back", error.to_string()),
                };
                shown.edits.push(Seen {
                    step: moment.step,
                    outcome,
                    functions: change.functions.clone(),
                    note: change.note.clone().unwrap_or_default(),
                    error: self.sandbox.scrub(&error),
                });
            }
            _ => {}
        }
        Ok(())
    }
}

impl Display for Editor {
    fn say(&mut self, text: &str) {
        self.shown.lock().expect("not poisoned").said.push(text.to_string());
    }

    fn report(&mut self, _: &str) {}

    fn warn(&mut self, text: &str) {
        self.shown.lock().expect("not poisoned").warnings.push(text.to_string());
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

/// Runs `recipe` with edits. Other files of the sandbox can be written by `before`.
pub fn with_edits(recipe: &str, before: impl FnOnce(&Sandbox), edits: Vec<Edit>) -> Run {
    let sandbox = Arc::new(Sandbox::new());
    before(&sandbox);
    let file = sandbox.write("recipe.rhai", recipe);
    let shown = Arc::new(Mutex::new(Shown::default()));
    let editor = Editor { sandbox: sandbox.clone(), edits, shown: shown.clone() };
    let home = Home::of(&PathBuf::new(), Some(sandbox.file("home")));
    let setup = Setup {
        set: BTreeMap::from([("data".into(), example().display().to_string())]),
        workers: 1,
        patient: false,
        ..Setup::new(file, home)
    };
    let results = run(setup, Box::new(editor), Signals::default());
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

    /// The hash of the weights of the only stage.
    pub fn weights(&self) -> String {
        self.results.as_ref().expect("results").stages[0].weights_blake3.clone()
    }
}
