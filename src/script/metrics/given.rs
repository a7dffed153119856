//! What bindings of `metrics` are given: tensors of scores and targets, and options.

use crate::error::{Error, Kind, Result};
use crate::metrics::{Average, Draws, Labelling, Metric, Missing, Predictions, Threshold};
use crate::script::options::Options;
use crate::script::value::{list_of, number_of};
use crate::tensor::Tensor;
use rhai::{Dynamic, Map};

/// The numbers of a tensor, in their order.
pub(super) fn numbers(tensor: &Tensor) -> Result<Vec<f64>> {
    match tensor.is_float() {
        true => Ok(tensor.detached()?.to_values()?.into_iter().map(f64::from).collect()),
        false => Ok(tensor.to_integers()?.into_iter().map(|value| value as f64).collect()),
    }
}

fn shape_error(operation: &str, what: &str, expected: &str, tensor: &Tensor) -> Error {
    Error::new(Kind::Shape, operation, format!("the {what} do not fit"))
        .expected(expected)
        .received(tensor.describe())
}

/// How many clips and classes there are: `[clips, classes]`, none of them 0.
pub(super) fn table(operation: &str, what: &str, scores: &Tensor) -> Result<(usize, usize)> {
    match scores.shape()[..] {
        [clips, classes] if clips > 0 && classes > 0 => Ok((clips, classes)),
        _ => {
            Err(shape_error(operation, what, "[clips, classes], with at least one of each", scores))
        }
    }
}

/// Scores `[clips, classes]` with targets of the same shape, or with the index of each clip's class: `[clips]`.
pub(super) fn predictions(
    operation: &str,
    scores: &Tensor,
    targets: &Tensor,
) -> Result<Predictions> {
    let (clips, classes) = table(operation, "scores", scores)?;
    let truth = match targets.shape()[..] {
        [rows, columns] if (rows, columns) == (clips, classes) => numbers(targets)?,
        [rows] if rows == clips && !targets.is_float() => {
            let mut truth = vec![0.0; clips * classes];
            for (clip, class) in targets.to_integers()?.into_iter().enumerate() {
                let index = usize::try_from(class).ok().filter(|class| *class < classes);
                let index = index.ok_or_else(|| {
                    Error::new(Kind::Range, operation, "a target is no class")
                        .expected(format!("0 to {}", classes - 1))
                        .received(format!("{class} of clip {clip}"))
                })?;
                truth[clip * classes + index] = 1.0;
            }
            truth
        }
        _ => {
            let expected = format!("[{clips}, {classes}] as the scores, or i64 classes [{clips}]");
            return Err(shape_error(operation, "targets", &expected, targets));
        }
    };
    Predictions::of(&numbers(scores)?, &truth, classes).map_err(|error| error.during(operation))
}

/// Numbers of an array or of a tensor of rank 1.
pub(super) fn list(operation: &str, what: &str, value: &Dynamic) -> Result<Vec<f64>> {
    match value.read_lock::<Tensor>() {
        Some(tensor) if tensor.rank() == 1 => numbers(&tensor),
        Some(tensor) => {
            Err(shape_error(operation, what, "[count], or an array of numbers", &tensor))
        }
        None => list_of(operation, what, value, number_of),
    }
}

/// The options of one metric, with what they leave open.
pub(super) struct Settings<'a>(pub(super) Options<'a>);

impl<'a> Settings<'a> {
    pub(super) fn new(operation: &'a str, map: Map) -> Result<Self> {
        Options::new(operation, map).map(Settings)
    }

    /// A metric with all settings that the options name.
    pub(super) fn metric(&self, name: &str) -> Result<Metric> {
        let mut metric = Metric::named(self.0.operation(), name)?;
        self.0.count("k", &mut metric.k)?;
        self.0.count("bins", &mut metric.bins)?;
        if let Some(average) = self.0.text("average")? {
            metric.average = Average::named(self.0.operation(), &average)?;
        }
        metric.missing = self.missing()?;
        metric.threshold = self.threshold()?;
        metric.labelling = self.labelling()?;
        Ok(metric)
    }

    pub(super) fn missing(&self) -> Result<Option<Missing>> {
        let named = |name: String| Missing::named(self.0.operation(), &name);
        self.0.text("missing")?.map(named).transpose()
    }

    /// A number, an array or a tensor of one a class, "argmax" or "best"; 0.5 by itself.
    pub(super) fn threshold(&self) -> Result<Threshold> {
        let operation = self.0.operation();
        // Scores are single precision; 0.7 means the 0.7 that they can be.
        let single = |value: f64| f64::from(value as f32);
        let Some(value) = self.0.get("threshold") else { return Ok(Threshold::At(0.5)) };
        if value.is_array() || value.read_lock::<Tensor>().is_some() {
            let all = list(operation, "'threshold'", value)?;
            return Ok(Threshold::Each(all.into_iter().map(single).collect()));
        }
        if value.is_string() {
            return match self.0.text("threshold")?.as_deref() {
                Some("argmax") => Ok(Threshold::Argmax),
                Some("best") => Ok(Threshold::Best),
                other => Err(crate::error::unknown(
                    operation,
                    "threshold",
                    other.unwrap_or_default(),
                    &["argmax", "best"],
                )),
            };
        }
        number_of(operation, "'threshold'", value).map(single).map(Threshold::At)
    }

    pub(super) fn labelling(&self) -> Result<Labelling> {
        let mut multi = false;
        self.0.flag("multi", &mut multi)?;
        Ok(if multi { Labelling::Multi } else { Labelling::Single })
    }

    /// Scores as probabilities, where the options say that they are logits.
    pub(super) fn probabilities(&self, all: Predictions) -> Result<Predictions> {
        let mut logits = false;
        self.0.flag("logits", &mut logits)?;
        Ok(if logits { all.probabilities(self.labelling()?) } else { all })
    }

    pub(super) fn draws(&self) -> Result<Draws> {
        let mut draws = Draws::default();
        self.0.count("resamples", &mut draws.resamples)?;
        self.0.number("level", &mut draws.level)?;
        let mut seed = 0;
        self.0.count("seed", &mut seed)?;
        draws.seed = seed as u64;
        Ok(draws)
    }
}

/// A map of numbers.
pub(super) fn map_of<const N: usize>(pairs: [(&str, Dynamic); N]) -> Map {
    pairs.into_iter().map(|(name, value)| (name.into(), value)).collect()
}
