//! One model: how long its forward pass and its training step take, at each batch.

use super::measure::{Times, digits, repeated, time};
use super::watch::Watch;
use crate::cli::words::{bytes, columns, count, grouped, plain};
use crate::error::Result;
use crate::models::{InputShape, Model};
use crate::nn::Mode;
use crate::optim::OptimizerOptions;
use crate::tensor::memory::Memory;
use crate::tensor::random::Stream;
use crate::tensor::{Device, Tensor, words, work};
use crate::train::Drill;
use serde_json::{Value, json};

/// What is asked of a model.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// Clips of a pass.
    pub batches: Vec<usize>,
    /// Whether training steps are measured, too.
    pub train: bool,
    /// About how long each row takes.
    pub seconds: f64,
}

/// A model as it is measured.
pub(super) struct Subject<'a> {
    /// As the user called it, or its file.
    pub name: &'a str,
    pub model: &'a Model,
    pub input: InputShape,
    pub classes: usize,
}

/// All that was found.
pub(super) struct Found {
    pub name: String,
    input: InputShape,
    classes: usize,
    parameters: usize,
    /// Of one clip.
    multiply_adds: u64,
    rows: Vec<Row>,
}

struct Row {
    pass: &'static str,
    batch: usize,
    times: Times,
    /// The most that the process had in memory meanwhile.
    peak: Option<u64>,
    /// Multiply-adds of the pass.
    work: f64,
}

/// A backward pass does each product twice: for the input and for the weights.
const TRAIN_WORK: f64 = 3.0;

pub(super) fn measured(subject: &Subject, order: &Order, watch: &mut Watch) -> Result<Found> {
    let (device, model) = (Device::default(), subject.model);
    let InputShape { frames, mels } = subject.input;
    let clip = Tensor::full(&[1, frames, mels], 0.0, &device)?;
    let (forward, multiply_adds) = work::counting(|| model.forward(&clip, Mode::Eval));
    let classes = forward?.shape().last().copied().unwrap_or(subject.classes);
    let passes = if order.train { &["forward", "train step"][..] } else { &["forward"] };
    watch.more(passes.len() * order.batches.len());
    let mut rows = Vec::new();
    for pass in passes {
        for batch in &order.batches {
            watch.next(&format!("{}: {pass}, batch {batch}", plain(subject.name)));
            let forgot = Memory::forget_peak();
            let (times, factor) = match *pass {
                "forward" => {
                    let mut random = Stream::new(0, "clips of a benchmark", &[]);
                    let input = Tensor::normal(&[*batch, frames, mels], &mut random, &device)?;
                    let mut act = || {
                        model.forward(&input, Mode::Eval)?;
                        device.wait()
                    };
                    (repeated(order.seconds, &mut act)?, 1.0)
                }
                _ => {
                    let (adam, shape) = (OptimizerOptions::default(), (subject.input, classes));
                    let mut drill = Drill::new(model, None, adam, *batch, shape, &device)?;
                    let mut act = || {
                        drill.step()?;
                        device.wait()
                    };
                    (repeated(order.seconds, &mut act)?, TRAIN_WORK)
                }
            };
            let peak = Memory::peak().filter(|_| forgot);
            let work = multiply_adds as f64 * *batch as f64 * factor;
            rows.push(Row { pass, batch: *batch, times, peak, work });
        }
    }
    watch.end();
    Ok(Found {
        name: subject.name.to_string(),
        input: subject.input,
        classes,
        parameters: model.network().parameter_count(),
        multiply_adds,
        rows,
    })
}

impl Row {
    fn clips_per_second(&self) -> f64 {
        self.batch as f64 / self.times.median().max(1e-12)
    }

    /// A multiply-add is two operations.
    fn gflops(&self) -> f64 {
        2.0 * self.work / self.times.median().max(1e-12) / 1e9
    }
}

impl Found {
    /// The table, with a line above it.
    pub(super) fn told(&self) -> String {
        let InputShape { frames, mels } = self.input;
        let head = format!(
            "{}: {} parameters; {} multiply-adds for a clip {}; {} classes",
            plain(&self.name),
            grouped(self.parameters as u64),
            count(self.multiply_adds),
            words(&[frames, mels]),
            self.classes,
        );
        let row = |row: &Row| {
            vec![
                row.pass.to_string(),
                row.batch.to_string(),
                time(row.times.median()),
                time(row.times.quantile(0.95)),
                digits(row.clips_per_second()),
                digits(row.gflops()),
                row.peak.map_or("–".into(), bytes),
                row.times.0.len().to_string(),
            ]
        };
        let rows: Vec<Vec<String>> = self.rows.iter().map(row).collect();
        let titles = [
            "PASS",
            " BATCH",
            " MEDIAN",
            " P95",
            " CLIPS/S",
            " GFLOP/S",
            " PEAK MEMORY",
            " REPEATS",
        ];
        format!("{head}\n\n{}", columns(&titles, &rows))
    }

    /// The same for a program.
    pub(super) fn facts(&self, machine: Value) -> Value {
        let row = |row: &Row| {
            json!({
                "pass": row.pass,
                "batch": row.batch,
                "median_seconds": row.times.median(),
                "p95_seconds": row.times.quantile(0.95),
                "clips_per_second": row.clips_per_second(),
                "gflops_per_second": row.gflops(),
                "peak_bytes": row.peak,
                "repeats": row.times.0.len(),
            })
        };
        json!({
            "model": self.name,
            "parameters": self.parameters,
            "multiply_adds": self.multiply_adds,
            "input": [self.input.frames, self.input.mels],
            "classes": self.classes,
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
            "machine": machine,
        })
    }
}
