//! Runs that were never run, with all that a report is made of: three stages, six epochs, answers to each clip.

use super::Sandbox;
use serde_json::{Value, json};
use std::path::PathBuf;
use stillroom::data::Logits;
use stillroom::metrics::{Metric, Predictions};
use stillroom::run::slug;

/// The names of the stages.
pub const STAGES: [&str; 3] = ["teacher", "student alone", "student taught"];
const EPOCHS: usize = 6;
const STEPS: usize = 10;

/// What a run is like.
#[derive(Clone)]
pub struct Plan {
    pub seed: u64,
    pub clips: usize,
    pub classes: Vec<String>,
    pub stages: [String; 3],
    /// Several labels a clip.
    pub multi: bool,
    /// Whether its folder has what stages said of each clip.
    pub predictions: bool,
    /// The share of clips that each stage has right.
    pub shares: [f64; 3],
    pub recipe: String,
    /// The recipe that came into force in the last stage, at step 25.
    pub edit: Option<String>,
    pub set: Value,
}

impl Default for Plan {
    fn default() -> Self {
        Plan {
            seed: 0,
            clips: 120,
            classes: ["dog", "rain", "clock", "siren", "saw"].map(String::from).to_vec(),
            stages: STAGES.map(String::from),
            multi: false,
            predictions: true,
            shares: [0.85, 0.5, 0.75],
            recipe: "//! A made-up recipe.\n//!\n//! claim: the taught student is better\n\nfn tau(ctx) { 1.0 }\n".into(),
            edit: None,
            set: json!({}),
        }
    }
}

/// A number from 0 to 1 for each clip.
fn chance(clip: usize, salt: u64) -> f64 {
    let mixed = (clip as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ salt.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 31).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ mixed >> 29) >> 11) as f64 / (1u64 << 53) as f64
}

impl Plan {
    fn place(&self, stage: &str) -> usize {
        self.stages.iter().position(|own| own == stage).expect("a stage")
    }

    /// Whether a stage finds the class of a clip: clips that are hard for one are hard for all, but for a few.
    fn is_right(&self, stage: usize, clip: usize) -> bool {
        let salt = if chance(clip, 7) < 0.15 { stage as u64 + 40 } else { 3 };
        chance(clip, salt.wrapping_add(1000 * self.seed)) < self.shares[stage]
    }

    /// Its logits and targets.
    pub fn answers(&self, stage: usize) -> (Vec<f32>, Vec<f32>) {
        let count = self.classes.len();
        let (mut logits, mut targets) = (Vec::new(), Vec::new());
        for clip in 0..self.clips {
            let class = clip % count;
            let second = (self.multi && clip % 3 == 0).then_some((class + 2) % count);
            let right = self.is_right(stage, clip);
            let found =
                if right { class } else { (class + 1 + clip / count % (count - 1).max(1)) % count };
            for own in 0..count {
                let noise = chance(clip * 131 + own, 5 + stage as u64 + self.seed) as f32;
                let told = own == found || (right && Some(own) == second);
                logits.push(if told { 1.5 + 2.0 * noise } else { noise - 1.0 });
                targets.push(f32::from(u8::from(own == class || Some(own) == second)));
            }
        }
        (logits, targets)
    }

    /// The share of clips that a stage has right at its end.
    pub fn accuracy(&self, stage: usize) -> f64 {
        let right = (0..self.clips).filter(|clip| self.is_right(stage, *clip)).count();
        right as f64 / self.clips as f64
    }

    /// Mean average precision at a stage's end.
    pub fn map(&self, stage: usize) -> f64 {
        let metric = Metric::named("made", "average_precision").expect("a metric");
        metric.of(&self.predictions(stage), None).expect("a number")
    }

    /// Its answers, to be measured.
    pub fn predictions(&self, stage: usize) -> Predictions {
        let (logits, targets) = self.answers(stage);
        let wide = |values: &[f32]| values.iter().map(|own| f64::from(*own)).collect::<Vec<f64>>();
        let width = self.classes.len();
        let mut all = Predictions::new(width);
        for (logits, targets) in logits.chunks(width).zip(targets.chunks(width)) {
            all.add(&wide(logits), &wide(targets)).expect("a clip");
        }
        all
    }

    /// That of each epoch.
    pub fn accuracies(&self, stage: &str) -> impl Iterator<Item = f64> {
        let last = self.accuracy(self.place(stage));
        (1..=EPOCHS).map(move |epoch| last * (1.0 - 0.5 * (EPOCHS - epoch) as f64 / EPOCHS as f64))
    }
}

/// Writes a run into the home of a sandbox; gives its folder.
pub fn run(sandbox: &Sandbox, name: &str, plan: &Plan) -> PathBuf {
    let at = |path: &str| format!("home/runs/{name}/{path}");
    let mut events = vec![json!({
        "event": "run", "run": name, "recipe": "lab/made.rhai", "blake3": "ab".repeat(32), "still": "0.1.0",
        "seed": plan.seed, "set": plan.set, "device": "cpu",
    })];
    let mut rows = "stage,epoch,step,loss,test_loss,accuracy,map,lr,lambda,tau,clips_per_second,waiting,seconds,agreement\n"
        .to_string();
    let mut results: Vec<Value> = Vec::new();
    for (place, stage) in plan.stages.iter().enumerate() {
        let taught = place == 2;
        let kind = if taught { "distill" } else { "train" };
        let model = if place == 0 { "cnn" } else { "ast" };
        events.push(json!({
            "event": "stage", "stage": stage, "kind": kind, "spec": { "model": model }, "seed": plan.seed,
            "teacher": taught.then(|| plan.stages[0].clone()), "clips": { "train": 400, "test": plan.clips },
            "parameters": 1000 * (place + 1), "steps": EPOCHS * STEPS, "step": 0, "version": 0,
        }));
        let map = if plan.multi { "0.5" } else { "" };
        for (epoch, accuracy) in (1..).zip(plan.accuracies(stage)) {
            let (loss, step) = (2.0 / f64::from(epoch), epoch as usize * STEPS);
            let (lambda, tau) = if taught { ("0.5", "1") } else { ("", "") };
            let quoted = stage.replace('"', "\"\"");
            rows.push_str(&format!(
                "\"{quoted}\",{epoch},{step},{loss},{},{accuracy},{map},0.001,{lambda},{tau},100,0.1,2,0.{epoch}\n",
                loss + 0.2
            ));
            events.push(json!({
                "event": "epoch", "stage": stage, "epoch": epoch, "step": step, "loss": loss, "test_loss": loss + 0.2,
                "accuracy": accuracy, "map": plan.multi.then_some(0.5), "lr": 0.001, "lambda": taught.then_some(0.5),
                "tau": taught.then_some(1), "clips_per_second": 100, "waiting": 0.1, "seconds": 2,
                "logged": [["agreement", f64::from(epoch) / 10.0]],
            }));
            if taught && epoch == 2 && plan.edit.is_some() {
                events.push(json!({
                    "event": "edit", "stage": stage, "step": 25, "version": 1, "outcome": "in_force", "functions": ["tau"],
                }));
            }
        }
        let mut result = json!({
            "name": stage, "kind": kind, "model": model, "accuracy": plan.accuracy(place),
            "best_accuracy": plan.accuracy(place), "seconds": 12.5, "steps": EPOCHS * STEPS,
            "parameters": 1000 * (place + 1), "key": format!("{place}{}", "c".repeat(63)), "from_store": false,
            "weights_blake3": format!("{place}{:04}{}", plan.seed, "d".repeat(59)),
        });
        if plan.multi {
            (result["map"], result["best_map"]) = (json!(plan.map(place)), json!(plan.map(place)));
        }
        let mut event = result.clone();
        event["event"] = json!("stage_end");
        events.push(event);
        results.push(result);
        if plan.predictions {
            let ids = (0..plan.clips).map(|clip| format!("clip-{clip:04}.wav")).collect();
            let (logits, targets) = plan.answers(place);
            let said =
                Logits::new(ids, plan.classes.clone(), logits, Some(targets)).expect("logits");
            let file = at(&format!("predictions/{}.safetensors", slug(stage)));
            sandbox.write(&file, said.encode().expect("bytes"));
        }
    }
    events.push(json!({ "event": "end" }));
    let lines: Vec<String> = events
        .into_iter()
        .enumerate()
        .map(|(second, mut event)| {
            event["at"] =
                json!(format!("2026-01-01T10:{:02}:{:02}.000Z", second / 60, second % 60));
            event.to_string()
        })
        .collect();
    sandbox.write(&at("events.jsonl"), lines.join("\n") + "\n");
    sandbox.write(&at("metrics.csv"), rows);
    sandbox.write(&at("results.json"), json!({ "run": name, "stages": results }).to_string());
    sandbox.write(
        &at("still.lock"),
        json!({ "still": "0.1.0", "seed": plan.seed, "data": { "made": "ef" } }).to_string(),
    );
    sandbox.write(&at("recipe/0000/made.rhai"), &plan.recipe);
    if let Some(edit) = &plan.edit {
        sandbox.write(&at("recipe/0001/made.rhai"), edit);
    }
    sandbox.file(&format!("home/runs/{name}"))
}
