//! `still bench --growth`: how time and memory of a training step grow.

use super::measure::{digits, time};
use super::suite::Order;
use super::suite::cases::{Case, Clips, Named, Work, ast_tiny, clips, named};
use super::suite::runner::Row;
use super::suite::table::grid;
use super::watch::Watch;
use crate::cli::machine;
use crate::cli::words::{bytes, columns, count};
use crate::error::Result;
use crate::models::InputShape;
use crate::nn::{Mode, pass};
use crate::recipe::named_model;
use crate::tensor::{Device, Tensor, work};
use serde_json::{Value, json};

/// Something that grows, and what training steps take with it.
struct Series {
    what: &'static str,
    model: &'static str,
    steps: Vec<Clips>,
    /// What is counted along it.
    along: fn(&Clips, &Size) -> f64,
    /// The memory's exponent, in words: activations, and what is kept for each parameter.
    memory: &'static str,
}

/// A model, counted.
struct Size {
    parameters: f64,
    multiply_adds: f64,
}

const FRAMES: usize = 512;

/// Lengths along which steps grow; where it has to be quick, two of each, and small.
fn all(quick: bool) -> Vec<Series> {
    let few = |all: &[usize]| all[..if quick { 2 } else { all.len() }].to_vec();
    let (batches, frames) = (few(&[1, 2, 4, 8, 16]), few(&[176, 256, 512, 1024]));
    let (depth, length) = if quick { (1, frames[0]) } else { (6, FRAMES) };
    let widths = few(&[96, 192, 384, 768]);
    let wide = |width: usize| {
        let (name, heads) = ("ast".into(), width / 48);
        Named { name, width, heads, depth, stride: 16, ..Named::default() }
    };
    let of = |model: fn() -> Named, batch: usize, frames: usize| clips(model(), batch, frames);
    let b0 = || named("efficientnet_b0");
    vec![
        Series {
            what: "batch",
            model: "ast_tiny",
            steps: batches.iter().map(|batch| of(ast_tiny, *batch, length)).collect(),
            along: |clips, _| clips.batch as f64,
            memory: "1",
        },
        Series {
            what: "batch",
            model: "efficientnet_b0",
            steps: batches.iter().map(|batch| of(b0, *batch, length)).collect(),
            along: |clips, _| clips.batch as f64,
            memory: "1",
        },
        Series {
            what: "tokens",
            model: "ast_tiny",
            steps: frames.iter().map(|frames| of(ast_tiny, 4, *frames)).collect(),
            along: |clips, _| tokens(clips) as f64,
            memory: "1 without, 2 with a matrix of scores",
        },
        Series {
            what: "frames",
            model: "efficientnet_b0",
            steps: frames.iter().map(|frames| of(b0, 4, *frames)).collect(),
            along: |clips, _| clips.frames as f64,
            memory: "1",
        },
        Series {
            what: "parameters",
            model: "ast",
            steps: widths.iter().map(|width| clips(wide(*width), 4, length)).collect(),
            along: |_, size| size.parameters,
            memory: "0.5 (activations) to 1 (weights)",
        },
    ]
}

fn tokens(clips: &Clips) -> usize {
    let along = |length: usize| (length - 16) / clips.model.stride.max(1) + 1;
    along(clips.mels) * along(clips.frames) + 2
}

fn size(clips: &Clips) -> Result<Size> {
    let Named { name, width, depth, heads, stride, .. } = &clips.model;
    let mut options = vec![("classes".to_string(), clips.classes.to_string())];
    if name == "ast" {
        let sizes = [("width", width), ("depth", depth), ("heads", heads), ("stride", stride)];
        options.extend(sizes.map(|(name, value)| (name.to_string(), value.to_string())));
    }
    let input = InputShape { frames: clips.frames, mels: clips.mels };
    let spec = named_model(name, &options)?;
    let model = pass::without_weights(|| spec.build(input, 0, &Device::default()))?;
    let clip = Tensor::full(&[1, clips.frames, clips.mels], 0.0, &Device::default())?;
    let (forward, multiply_adds) = work::counting(|| model.forward(&clip, Mode::Eval));
    forward?;
    Ok(Size {
        parameters: model.network().parameter_count() as f64,
        multiply_adds: multiply_adds as f64 * clips.batch as f64,
    })
}

/// The exponent b of y = a · xᵇ, by least squares of the logarithms.
fn exponent(points: &[(f64, f64)]) -> f64 {
    let logs = points.iter().map(|(x, y)| (x.ln(), y.max(1e-12).ln()));
    let logs: Vec<(f64, f64)> = logs.collect();
    let count = logs.len().max(1) as f64;
    let (x, y) = logs.iter().fold((0.0, 0.0), |(x, y), own| (x + own.0 / count, y + own.1 / count));
    let top: f64 = logs.iter().map(|own| (own.0 - x) * (own.1 - y)).sum();
    let bottom: f64 = logs.iter().map(|own| (own.0 - x).powi(2)).sum();
    top / bottom.max(1e-12)
}

/// The record of all series.
///
/// # Errors
/// As of the suite.
pub(super) fn measured(order: &Order) -> Result<Value> {
    let mut series = all(order.quick);
    series.retain(|own| {
        let text = format!("{} {}", own.what, own.model);
        order.only.is_empty() || order.only.iter().any(|word| text.contains(word.as_str()))
    });
    let mut runner = order.runner()?;
    let mut watch = Watch::new();
    watch.more(series.iter().map(|own| own.steps.len()).sum());
    let mut found = Vec::new();
    for own in &series {
        let (mut rows, mut sizes) = (Vec::new(), Vec::new());
        for step in &own.steps {
            let case = Case {
                name: own.model.to_string(),
                shape: format!("batch {}, {} frames", step.batch, step.frames),
                pass: "train step",
                work: Work::TrainStep(step.clone()),
                whole: true,
            };
            rows.push(runner.measured(&case, &mut watch)?);
            sizes.push(size(step)?);
        }
        found.push(facts(own, &rows, &sizes));
    }
    watch.end();
    let machine = machine::facts(order.threads);
    Ok(json!({ "machine": machine, "pytorch": runner.versions(), "growth": found }))
}

fn facts(series: &Series, rows: &[Row], sizes: &[Size]) -> Value {
    let along: Vec<f64> =
        series.steps.iter().zip(sizes).map(|(step, size)| (series.along)(step, size)).collect();
    let of = |value: &dyn Fn(usize) -> Option<f64>| -> Option<f64> {
        let points = (0..along.len()).map(|at| Some((along[at], value(at)?)));
        points.collect::<Option<Vec<_>>>().filter(|own| own.len() > 1).map(|own| exponent(&own))
    };
    let ours = |at: usize| rows[at].ours.as_ref().ok();
    let theirs = |at: usize| rows[at].theirs.as_ref()?.as_ref().ok();
    // What the step needs beside the program itself.
    let over = |own: &super::suite::runner::Found| {
        own.peak.zip(own.idle).map(|(peak, idle)| peak.saturating_sub(idle) as f64)
    };
    let points = rows.iter().zip(&along).zip(sizes).map(|((row, along), size)| {
        let mut own = row.facts();
        own["along"] = json!(along);
        own["parameters"] = json!(size.parameters);
        own["multiply_adds"] = json!(size.multiply_adds);
        own
    });
    json!({
        "what": series.what,
        "model": series.model,
        "points": points.collect::<Vec<_>>(),
        "time": {
            "ours": of(&|at| Some(ours(at)?.times.median())),
            "pytorch": of(&|at| Some(theirs(at)?.times.median())),
            "expected": of(&|at| Some(sizes[at].multiply_adds)),
        },
        "memory": {
            "ours": of(&|at| over(ours(at)?)),
            "pytorch": of(&|at| over(theirs(at)?)),
            "expected": series.memory,
        },
    })
}

const HEAD: [&str; 8] = [
    "GROWS",
    "MODEL",
    "FROM … TO",
    " TIME",
    " MEMORY",
    " TIME ^",
    " MEMORY ^",
    "EXPECTED (TIME; MEMORY)",
];

fn rows(record: &Value) -> Vec<Vec<String>> {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_string();
    let number = |value: &Value| value.as_f64().map_or("–".into(), digits);
    let mut rows = Vec::new();
    for own in record["growth"].as_array().into_iter().flatten() {
        let ends = [
            own["points"].as_array().and_then(|all| all.first()),
            own["points"].as_array().and_then(|all| all.last()),
        ];
        let both =
            |of: &dyn Fn(&Value) -> String| ends.map(|end| end.map_or("–".into(), of)).join(" … ");
        let along = both(&|end| count(end["along"].as_f64().unwrap_or(0.0) as u64));
        for (side, name) in [("ours", ""), ("pytorch", " (PyTorch)")] {
            if side == "pytorch" && own["time"][side].is_null() {
                continue;
            }
            let seconds =
                |end: &Value| end[side]["median_seconds"].as_f64().map_or("–".into(), time);
            let peak = |end: &Value| end[side]["peak_bytes"].as_u64().map_or("–".into(), bytes);
            rows.push(vec![
                text(&own["what"]),
                format!("{}{name}", text(&own["model"])),
                along.clone(),
                both(&seconds),
                both(&peak),
                number(&own["time"][side]),
                number(&own["memory"][side]),
                format!(
                    "{}; {}",
                    number(&own["time"]["expected"]),
                    text(&own["memory"]["expected"])
                ),
            ]);
        }
    }
    rows
}

/// For a terminal.
pub(super) fn plain(record: &Value) -> String {
    format!("{}\n\n{}", machine::told(&record["machine"]), columns(&HEAD, &rows(record)))
}

/// For a page.
pub(super) fn page(record: &Value) -> String {
    let head = HEAD.map(|head| head.to_lowercase());
    format!("{}\n\n{}", machine::told(&record["machine"]), grid(&head, &rows(record)))
}
