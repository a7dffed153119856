//! A run with edits at given steps, which is killed at a given step: in a process of its own, or to its end
//! in this one.

use super::lab::Lab;
use crate::support::example;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use stillroom::disk::faults::{Armed, Fault, fail_after};
use stillroom::error::Result;
use stillroom::recipe::{Display, Entry, Patience, Setup, Signals, run};
use stillroom::run::{CheckpointPolicy, Home};
use stillroom::train::{Event, Observer, Outcome};

const SCENE: &str = "STILL_TEST_SCENE";
/// A save counts when the file has been quiet for so long, and a little more.
const SETTLE: Duration = Duration::from_millis(160);

/// What happens in one process.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Scene {
    folder: PathBuf,
    /// Saves: at `own 4`, before step 4 of the stage `own`, or at `paused`; the file, its text.
    saves: Vec<(String, String, String)>,
    /// Files that get other names.
    moves: Vec<(String, String, String)>,
    /// The process dies there.
    kill: Option<String>,
    /// The process dies in the so manieth write after that place.
    dies: Option<(String, u64)>,
    /// From there on the disk is full.
    full: Option<String>,
    /// It is asked to stop there.
    stop: Option<String>,
    /// The last run goes on, whatever was changed.
    resume: bool,
    /// A stage waits for an edit.
    patient: bool,
    steps: Option<usize>,
    set: BTreeMap<String, String>,
}

/// What was seen of a run that was not killed.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub error: Option<String>,
    /// Stage, step and outcome of each edit.
    pub edits: Vec<String>,
    pub said: Vec<String>,
}

impl Scene {
    pub fn new() -> Self {
        Scene { steps: Some(3), ..Scene::default() }
    }

    pub fn checkpoints(self, steps: usize) -> Self {
        Scene { steps: Some(steps), ..self }
    }

    pub fn save(mut self, at: &str, file: &str, text: &str) -> Self {
        self.saves.push((at.into(), file.into(), text.into()));
        self
    }

    pub fn rename(mut self, at: &str, from: &str, to: &str) -> Self {
        self.moves.push((at.into(), from.into(), to.into()));
        self
    }

    pub fn edit(self, at: &str, text: &str) -> Self {
        self.save(at, "lab.rhai", text)
    }

    pub fn kill(self, at: &str) -> Self {
        Scene { kill: Some(at.into()), ..self }
    }

    pub fn dies_in(self, at: &str, write: u64) -> Self {
        Scene { dies: Some((at.into(), write)), ..self }
    }

    pub fn full(self, at: &str) -> Self {
        Scene { full: Some(at.into()), ..self }
    }

    /// The same without the kill.
    pub fn alive(self) -> Self {
        Scene { kill: None, ..self }
    }

    pub fn stop(self, at: &str) -> Self {
        Scene { stop: Some(at.into()), ..self }
    }

    pub fn resume(self) -> Self {
        Scene { resume: true, ..self }
    }

    pub fn patient(self) -> Self {
        Scene { patient: true, ..self }
    }

    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.set.insert(name.into(), value.into());
        self
    }

    /// Plays it; a scene with a kill must end in it.
    #[track_caller]
    pub fn play(mut self, lab: &Lab) -> Seen {
        self.folder = lab.sandbox.path().to_path_buf();
        if self.kill.is_none() && self.dies.is_none() {
            return act(&self);
        }
        let text = serde_json::to_string(&self).expect("a scene");
        let mut command = Command::new(std::env::current_exe().expect("this binary"));
        command.args(["--exact", "faults::actor::plays_a_scene", "--ignored", "--nocapture"]);
        let output = command.env(SCENE, text).output().expect("a process");
        let told = String::from_utf8_lossy(&output.stderr).to_string();
        assert!(!output.status.success() && told.contains("now it dies"), "not killed: {told}");
        Seen::default()
    }
}

#[test]
#[ignore = "a part of other tests"]
fn plays_a_scene() {
    let text = std::env::var(SCENE).expect("a scene");
    let seen = act(&serde_json::from_str(&text).expect("a scene"));
    eprintln!("it lived: {seen:?}");
}

fn act(scene: &Scene) -> Seen {
    let millis = Duration::from_millis;
    let home = scene.folder.join("home");
    let lab = |name: &str| scene.folder.join(name);
    let entry = match scene.resume {
        true => {
            let runs = std::fs::read_dir(home.join("runs")).expect("runs").flatten();
            Entry::Resume(runs.map(|entry| entry.path()).max().expect("a run"))
        }
        false => Entry::Run,
    };
    let mut set = scene.set.clone();
    set.entry("data".into()).or_insert(example().display().to_string());
    let setup = Setup {
        set,
        workers: 1,
        patience: Patience { look: millis(5), rest: millis(25), refuse: millis(60) },
        patient: scene.patient,
        entry,
        checkpoints: CheckpointPolicy { steps: scene.steps, every: Duration::from_secs(600) },
        ..Setup::new(lab("lab.rhai"), Home::of(Path::new(""), Some(home)))
    };
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Seen::default()));
    let signals = Signals::default();
    let stop = signals.stop.clone();
    let actor = Actor { scene: scene.clone(), seen: seen.clone(), stop, full: None };
    let outcome = run(setup, Box::new(actor), signals);
    let mut seen = seen.lock().expect("not poisoned").clone();
    seen.error = outcome.err().map(|error| error.to_string());
    seen
}

struct Actor {
    scene: Scene,
    seen: std::sync::Arc<std::sync::Mutex<Seen>>,
    stop: std::sync::Arc<std::sync::atomic::AtomicBool>,
    /// The disk is full until the run is over.
    full: Option<Armed>,
}

impl Actor {
    fn at(&mut self, place: &str) {
        let saves = std::mem::take(&mut self.scene.saves);
        let (due, rest): (Vec<_>, Vec<_>) = saves.into_iter().partition(|(at, ..)| at == place);
        self.scene.saves = rest;
        for (_, file, text) in due {
            let path = self.scene.folder.join(file);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
            std::thread::sleep(SETTLE);
        }
        for (_, from, to) in self.scene.moves.iter().filter(|(at, ..)| at == place) {
            let file = |name: &String| self.scene.folder.join(name);
            std::fs::rename(file(from), file(to)).expect("a file");
        }
        if self.scene.stop.as_deref() == Some(place) {
            self.stop.store(true, std::sync::atomic::Ordering::Relaxed);
        }
        if self.scene.full.as_deref() == Some(place) {
            self.full = Some(fail_after(1, Fault::FullFromThere));
        }
        if let Some((_, write)) = self.scene.dies.take_if(|(at, _)| at == place) {
            eprintln!("now it dies");
            // The steps are done, and told of, by the thread that writes.
            std::mem::forget(fail_after(write, Fault::Kill));
        }
        if self.scene.kill.as_deref() == Some(place) {
            eprintln!("now it dies");
            std::process::abort();
        }
    }

    fn note(&self, text: String) {
        self.seen.lock().expect("not poisoned").said.push(text);
    }
}

impl Observer for Actor {
    fn observe(&mut self, event: &Event) -> Result<()> {
        match event {
            Event::Stepped { moment, .. } => {
                self.at(&format!("{} {}", moment.stage, moment.step + 1));
            }
            Event::Paused { .. } => self.at("paused"),
            Event::Changed { moment, change } => {
                let outcome = match &change.outcome {
                    Outcome::InForce => "in force",
                    Outcome::Unchanged => "unchanged",
                    Outcome::Rejected(_) => "refused",
                    Outcome::Reverted(_) => "taken back",
                };
                let text = format!("{} {}: {outcome}", moment.stage, moment.step);
                self.seen.lock().expect("not poisoned").edits.push(text);
            }
            _ => {}
        }
        Ok(())
    }
}

impl Display for Actor {
    fn made(&mut self, _: &str, _: Option<std::time::Duration>, _: Option<std::time::Duration>) {}

    fn say(&mut self, text: &str) {
        self.note(text.into());
        self.at(text);
    }

    fn report(&mut self, _: &str) {}

    fn warn(&mut self, text: &str) {
        self.note(format!("warning: {text}"));
    }
}
