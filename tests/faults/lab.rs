//! A run of three short stages that is disturbed, and what is compared with an undisturbed one.

use crate::support::{Ran, Sandbox, example};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use stillroom::disk::faults::VARIABLE;

/// Train, distill, each_step of the recipe's own; what hooks keep is of every kind.
pub const THREE: &str = r#"//! Three stages whose hooks keep things.
let data = dataset::esc50(arg("data"), #{ fold: 5, per_class: 2 });
let common = #{
    data: data, features: audio::fbank(#{ mels: 16, hop_ms: 40, frames: 20 }), batch: 8, epochs: arg("epochs", 2),
    augment: [augment::time_roll(), augment::freq_mask(4), augment::mixup(0.5)],
};
let teacher = train(model::cnn(#{ classes: data.classes, channels: [2] }), common + #{
    name: "teacher", optimizer: optim::adam(#{ lr: 0.02 }), loss: Fn("plain"),
    state: #{ seen: 0, sums: [], mean: tensor::zeros([10]) },
});
let student = distill(teacher, model::cnn(#{ classes: data.classes, channels: [3] }), common + #{ name: "student" });
let net = nn::network(#{ head: nn::linear(16, 10), drop: nn::dropout(0.2) }, Fn("forward"));
let own = each_step(common + #{
    name: "own", nets: #{ net: net }, optimizers: #{ net: optim::adam(#{ lr: 0.01 }) },
    state: #{ count: 0, ema: net.copy(), list: [1, 2.5, "three"], last: tensor::zeros([10]) },
}, Fn("teach"));
report([teacher, student, own]);

fn plain(ctx, logits, target) {
    ctx.state.seen += 1;
    ctx.state.sums.push(tensor::uniform([1], "noise").item());
    ctx.state.mean = ctx.state.mean * 0.9 + logits.detach().mean(0) * 0.1;
    ctx.log("seen", ctx.state.seen);
    cross_entropy(logits, target) + (logits - ctx.state.mean).abs().mean() * 0.01 * ctx.state.sums[-1]
}
fn loss(ctx, student, teacher, target) { cross_entropy(student, target) * 0.5 + kd::kl(student, teacher) * 0.5 }
fn forward(self, x) { self.head.forward(self.drop.forward(x.mean(1))) }
fn teach(ctx, batch) {
    let logits = ctx.nets.net.forward(batch.input);
    let loss = cross_entropy(logits, batch.target) + kd::kl(logits, ctx.state.ema.forward(batch.input).detach());
    ctx.optimizers.net.step(ctx.nets.net, loss);
    ctx.state.ema.lerp(ctx.nets.net, 0.3);
    ctx.state.count += 1;
    ctx.state.list.push(ctx.state.count);
    ctx.state.last = logits.detach().mean(0);
    #{ loss: loss, count: ctx.state.list.len() }
}
"#;

/// What a run gave, but for times and its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub stages: Vec<Value>,
    pub metrics: Vec<Vec<String>>,
    /// The content of each file of weights, hashed.
    pub weights: BTreeMap<String, String>,
}

/// A sandbox with a recipe in it.
pub struct Lab {
    pub sandbox: Sandbox,
    pub data: PathBuf,
}

impl Lab {
    pub fn of(recipe: &str) -> Self {
        let sandbox = Sandbox::new();
        sandbox.write("lab.rhai", recipe);
        Lab { sandbox, data: example().to_path_buf() }
    }

    pub fn new() -> Self {
        Lab::of(THREE)
    }

    /// `still` with these arguments; nobody waits for an edit.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.sandbox.command();
        // Recipes read files beside them.
        command.env("STILL_DATA_ROOTS", self.sandbox.path());
        command.args(arguments);
        if ["run", "resume"].contains(&arguments[0]) {
            command.args(["--on-error", "stop"]);
        }
        if ["run", "why"].contains(&arguments[0]) {
            command.arg("--set").arg(format!("data={}", self.data.display()));
        }
        command
    }

    pub fn still(&self, arguments: &[&str]) -> Ran {
        self.sandbox.finish(self.command(arguments).output().expect("the binary"))
    }

    /// `still run`, with a checkpoint after so many steps.
    pub fn run(&self, steps: usize, more: &[&str]) -> Ran {
        let steps = steps.to_string();
        self.still(&[&["run", "lab.rhai", "--checkpoint-steps", &steps][..], more].concat())
    }

    /// The same with a fault at a write: `5`, `5+` or `5!`.
    pub fn run_with(&self, fault: &str, steps: usize) -> Ran {
        let steps = steps.to_string();
        let mut command = self.command(&["run", "lab.rhai", "--checkpoint-steps", &steps]);
        self.sandbox.finish(command.env(VARIABLE, fault).output().expect("the binary"))
    }

    /// Begins a command and does not wait for it.
    pub fn begin(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary")
    }

    /// The folders of all runs, in the order in which they began.
    pub fn runs(&self) -> Vec<PathBuf> {
        let read = std::fs::read_dir(self.sandbox.file("home/runs"));
        let mut all: Vec<PathBuf> =
            read.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        all.sort();
        all
    }

    pub fn last(&self) -> PathBuf {
        self.runs().pop().expect("a run")
    }

    pub fn name(&self) -> String {
        self.last().file_name().expect("a name").to_string_lossy().to_string()
    }

    /// What the newest run gave.
    #[track_caller]
    pub fn outcome(&self) -> Outcome {
        outcome(&self.last())
    }

    /// Files of the store's objects whose path ends so.
    pub fn objects(&self, ending: &str) -> Vec<PathBuf> {
        let root = self.sandbox.file("home/objects");
        let names = stillroom::disk::files_in(&root).into_iter();
        names.filter(|name| name.ends_with(ending)).map(|name| root.join(name)).collect()
    }

    pub fn checkpoints(&self, stage: &str) -> Vec<PathBuf> {
        let folder = self.last().join("checkpoints").join(stage);
        let read = std::fs::read_dir(folder);
        let mut all: Vec<PathBuf> =
            read.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        all.retain(|path| path.extension().is_some_and(|ending| ending == "checkpoint"));
        all.sort();
        all
    }
}

/// The lines of a run's journal; at most `torn` of them may be cut.
#[track_caller]
pub fn events(run: &Path, torn: usize) -> Vec<Value> {
    let text = std::fs::read(run.join("events.jsonl")).expect("a journal");
    let text = String::from_utf8_lossy(&text).to_string();
    let lines: Vec<_> = text.lines().map(serde_json::from_str::<Value>).collect();
    let bad = lines.iter().filter(|line| line.is_err()).count();
    assert!(bad <= torn, "{bad} lines cannot be read: {text}");
    lines.into_iter().flatten().collect()
}

/// What a run gave.
#[track_caller]
pub fn outcome(run: &Path) -> Outcome {
    let text = std::fs::read_to_string(run.join("results.json")).expect("results");
    let results: Value = serde_json::from_str(&text).expect("results");
    let mut stages = results["stages"].as_array().expect("stages").clone();
    stages
        .iter_mut()
        .flat_map(Value::as_object_mut)
        .for_each(|stage| ["seconds", "waiting"].iter().for_each(|key| drop(stage.remove(*key))));
    let text = std::fs::read_to_string(run.join("metrics.csv")).expect("metrics");
    let mut rows: Vec<Vec<String>> =
        text.lines().map(|line| line.split(',').map(String::from).collect()).collect();
    let timed: Vec<usize> = ["seconds", "clips_per_second", "waiting"]
        .iter()
        .filter_map(|name| rows[0].iter().position(|column| column == name))
        .collect();
    rows.iter_mut().skip(1).for_each(|row| timed.iter().for_each(|at| row[*at].clear()));
    let folder = run.join("weights");
    let weights = stillroom::disk::files_in(&folder).into_iter();
    let weights = weights.filter(|name| name.ends_with(".safetensors")).map(|name| {
        let bytes = std::fs::read(folder.join(&name)).expect("weights");
        (name, blake3::hash(&bytes).to_hex().to_string())
    });
    Outcome { stages, metrics: rows, weights: weights.collect() }
}

impl Outcome {
    /// The same but for whether stages came from the store.
    pub fn wherever(mut self) -> Self {
        for stage in &mut self.stages {
            stage["from_store"] = Value::Null;
            stage["history"] = Value::Null;
        }
        self
    }

    /// Whether each stage came from the store.
    pub fn hits(&self) -> Vec<bool> {
        self.stages.iter().map(|stage| stage["from_store"] == true).collect()
    }

    /// The hash of each stage's weights.
    pub fn hashes(&self) -> Vec<String> {
        self.stages.iter().map(|stage| stage["weights_blake3"].to_string()).collect()
    }
}

/// What the three stages give where nobody disturbs them.
pub fn undisturbed() -> &'static Outcome {
    static OUTCOME: OnceLock<Outcome> = OnceLock::new();
    OUTCOME.get_or_init(|| {
        let lab = Lab::new();
        lab.run(3, &[]).good();
        lab.outcome()
    })
}

/// Waits until it is so; fails after half a minute.
#[track_caller]
pub fn until(what: &str, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_secs(30), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a signal to a process that this test began.
pub fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(status.expect("kill").success());
}
