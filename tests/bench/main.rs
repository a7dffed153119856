//! What scripts cost: a binding call in nanoseconds, and the hooks' share of a training step.
//!
//! `cargo bench` prints both, and fails where a limit is broken. Times are the fastest of several rounds:
//! whatever else the machine does only adds.

use rhai::Dynamic;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use stillroom::audio::{FbankOptions, FeatureOptions};
use stillroom::data::{Caches, FrontEnd, Reach, Sampler, Teaching, esc50, synth};
use stillroom::error::Result;
use stillroom::kd;
use stillroom::models::{CnnOptions, Spec};
use stillroom::optim::OptimizerOptions;
use stillroom::recipe::{Functions, Given, Source};
use stillroom::script::{Context, Desk};
use stillroom::tensor::{Device, Tensor};
use stillroom::train::{Event, Features, Moment, Observer, Phase, Plain, Plan, Taps, train};

/// As in `still`: the allocator is part of what is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay`, and its value in `still`.
const PURGE_DELAY: (libmimalloc_sys::mi_option_t, std::ffi::c_long) = (15, 10_000);

/// The most that a binding call may cost without the work of its operation.
const BINDING_NS: f64 = 1_000.0;
/// The most that hooks may take of a training step.
const HOOKS_SHARE: f64 = 0.01;

const ROUNDS: usize = 15;
/// Calls in a round.
const BINDINGS: usize = 20_000;
const HOOKS: usize = 500;
/// The quickstart's batch.
const BATCH: usize = 16;

fn main() -> Result<()> {
    // SAFETY: sets a number in the allocator.
    unsafe { libmimalloc_sys::mi_option_set_default(PURGE_DELAY.0, PURGE_DELAY.1) };
    // No arguments: `cargo bench`'s own mean nothing here.
    let kept = bindings()? & hooks()?;
    if !kept {
        println!("\na limit is broken");
        std::process::exit(1);
    }
    Ok(())
}

/// The fastest of several rounds, for one call of `count`.
fn fastest(count: usize, mut round: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        round()?;
        best = best.min(begun.elapsed().as_secs_f64() / count as f64);
    }
    Ok(best)
}

/// The time of one call from Rust.
fn native(count: usize, act: impl Fn() -> Result<Tensor>) -> Result<f64> {
    fastest(count, || {
        for _ in 0..count {
            black_box(act()?);
        }
        Ok(())
    })
}

fn tensor(shape: &[usize]) -> Result<Tensor> {
    let count: usize = shape.iter().product();
    let values = (0..count).map(|index| (index % 7) as f32 * 0.3 - 1.0).collect();
    Tensor::from_values(values, shape, &Device::default())
}

fn moment() -> Moment {
    Moment {
        stage: "student taught".into(),
        seed: 0,
        epoch: 3,
        epochs: 15,
        step: 80,
        steps: 375,
        phase: Phase::Step,
        lr: 1e-3,
        readings: Arc::default(),
    }
}

fn context() -> Dynamic {
    Dynamic::from(Context::new(&moment(), &Desk::default(), 0))
}

/// A call that is measured, and what its operation does without a script.
type Case = (&'static str, Box<dyn Fn() -> Result<f64>>);

fn bindings() -> Result<bool> {
    let (tiny, logits) = (tensor(&[4])?, tensor(&[2, 3])?);
    let nothing = || Box::new(|| Ok(0.0));
    let (t, s) = (tiny.clone(), logits.clone());
    let cases: Vec<Case> = vec![
        ("t.shape", nothing()),
        ("ctx.epoch", nothing()),
        ("ctx.progress", nothing()),
        ("ctx.lr", nothing()),
        ("schedule::linear(3, 0, 10, 4.0, 1.0)", nothing()),
        ("schedule::cosine(3, 0, 10, 4.0, 1.0)", nothing()),
        ("arg(\"lambda\", 0.5)", nothing()),
        ("t + 1.0", Box::new(move || native(BINDINGS, || t.add_number(1.0)))),
        (
            "cross_entropy(s, s)",
            Box::new(move || native(BINDINGS / 10, || kd::cross_entropy(&s, &s))),
        ),
    ];
    println!("binding call                                    all  operation  binding");
    let mut kept = true;
    for (call, own) in cases {
        let count = if call.starts_with("cross") { BINDINGS / 10 } else { BINDINGS };
        let text = format!(
            "fn calls(ctx, t, s, n) {{ for i in 0..n {{ {call}; }} }}\n\
             fn bare(ctx, t, s, n) {{ for i in 0..n {{ 0; }} }}"
        );
        let functions = Functions::open(Source::of("bench", &text), &Given::default())?;
        let arguments = || {
            let [t, s] = [&tiny, &logits].map(|tensor| Dynamic::from(tensor.clone()));
            vec![context(), t, s, Dynamic::from(count as i64)]
        };
        let loops = |name| fastest(count, || functions.call(name, arguments()).map(drop));
        let all = (loops("calls")? - loops("bare")?) * 1e9;
        let own = own()? * 1e9;
        println!("{call:<40} {all:>7.0} ns {own:>7.0} ns {:>5.0} ns", all - own);
        kept &= all - own < BINDING_NS;
    }
    Ok(kept)
}

fn hooks() -> Result<bool> {
    // First: the graphs that the loops below drop without a backward pass would be cleared away by its first one.
    let step = step()?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/quickstart.rhai");
    let functions = Functions::open(Source::read(&file)?, &Given::default())?;
    let shape = [BATCH, 10];
    let (student, teacher, target) = (tensor(&shape)?.tracked()?, tensor(&shape)?, tensor(&shape)?);
    let given = |name: &str| {
        let mut all = vec![context()];
        if name == "loss" {
            let tensors = [&student, &teacher, &target];
            all.extend(tensors.map(|tensor| Dynamic::from(tensor.clone())));
        }
        all
    };
    println!("\nhook of the quickstart, called as in training");
    let mut hooks = 0.0;
    for name in ["lr", "lambda", "tau", "loss"] {
        let seconds = fastest(HOOKS, || {
            (0..HOOKS).try_for_each(|_| functions.call(name, given(name)).map(drop))
        })?;
        hooks += seconds;
        println!("{name:<40} {:>7.1} µs", seconds * 1e6);
    }
    let own = native(HOOKS, || {
        let label = kd::cross_entropy(&student, &target)?.mul_number(0.5)?;
        label.add(&kd::kl(&student, &teacher.div_number(1.0)?)?.mul_number(0.5)?)
    })?;
    println!("{:<40} {:>7.1} µs", "the loss's tensor operations from Rust", own * 1e6);
    let share = hooks / step;
    println!("\na step of the quickstart's cnn             {:>7.2} ms", step * 1e3);
    println!("all hooks                                 {:>7.3} % of a step", share * 100.0);
    println!("all hooks but the tensor operations       {:>7.3} %", (hooks - own) / step * 100.0);
    Ok(share < HOOKS_SHARE)
}

/// The fastest training step of the quickstart's teacher, without hooks.
fn step() -> Result<f64> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let caches = Arc::new(Caches::none());
    let data = Arc::new(esc50(
        &synth::example(home)?,
        &Default::default(),
        &Reach::anywhere(&caches.files),
    )?);
    let mels = FbankOptions { mels: 64, ..FbankOptions::default() };
    let front = FrontEnd::of(FeatureOptions::Fbank(mels));
    let plan = Plan {
        name: "teacher".into(),
        identity: String::new(),
        features: Features::of(&data, &front, &caches)?,
        teacher: None,
        own: None,
        parts: Vec::new(),
        taps: Taps::default(),
        spec: Spec::Cnn(CnnOptions { classes: data.classes.len(), channels: vec![8, 16, 32] }),
        chain: Vec::new(),
        sampler: Sampler::default(),
        teaching: Teaching::default(),
        batch: BATCH,
        average: None,
        answers: None,
        epochs: 3,
        optimizer: OptimizerOptions::default(),
        seed: 0,
        workers: 2,
        device: Device::default(),
    };
    let mut clock = Clock::default();
    train(&plan, None, &mut Plain, &mut clock, &AtomicBool::new(false))?;
    Ok(clock.steps.into_iter().min().unwrap_or_default().as_secs_f64())
}

/// Times from one step to the next within an epoch.
#[derive(Default)]
struct Clock {
    before: Option<Instant>,
    steps: Vec<Duration>,
}

impl Observer for Clock {
    fn observe(&mut self, event: &Event) -> Result<()> {
        match event {
            Event::Stepped { .. } => {
                let now = Instant::now();
                self.steps.extend(self.before.replace(now).map(|before| now - before));
            }
            _ => self.before = None,
        }
        Ok(())
    }
}
