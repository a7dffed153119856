//! A model as a graph of ONNX, with or without its features.

use crate::audio::{Extractor, Samples};
use crate::data::{Crop, FrontEnd, Labelling, Pad, PadAt};
use crate::error::{Error, Kind, Result};
use crate::models::Model;
use crate::models::onnx::{Dim, Exported, Front, Loaded, Missing, OPSET, Subject, export};
use crate::nn::{Mode, Net, Network};
use crate::tensor::random::Stream;
use crate::tensor::{Device, Tensor};
use crate::train::{CARD, Card};
use serde_json::{Value, json};

/// What features are like that are not normalised: logarithms of power.
const LOUDNESS: [f64; 2] = [-5.0, 4.0];
/// How loud waveforms are that a graph is tried with.
const NOISE: [f64; 2] = [0.0, 0.1];
/// Features that a graph makes are rounded in other places: outputs may differ by so much of the largest.
const TOLERANCE: f64 = 1e-2;

/// A graph, and how near its features come.
pub(super) struct Made {
    pub exported: Exported,
    /// The largest difference of an output from that of features made the usual way.
    pub of_features: Option<f64>,
}

/// The graph of a model.
pub(super) fn of(model: &Model, card: &Card, with_features: bool) -> Result<Made> {
    let net = model.net();
    let properties = properties(card, with_features)?;
    match with_features {
        false => {
            let exported = export(&of_features(net, card), &properties)?;
            Ok(Made { exported, of_features: None })
        }
        true => with_front(net, card, &properties),
    }
}

fn of_features<'a>(net: &'a Net, card: &'a Card) -> Subject<'a> {
    let dim = |name, length, may_vary| Dim { name, length, may_vary };
    Subject {
        name: &card.stage,
        input: "features",
        output: "logits",
        dims: vec![dim("time", card.input.frames, true), dim("mels", card.input.mels, false)],
        named: net.state(),
        forward: Box::new(|input| net.forward(input, Mode::Eval)),
        spread: if card.normal().is_some() { [0.0, 1.0] } else { LOUDNESS },
    }
}

fn with_front(net: &Net, card: &Card, properties: &[(String, String)]) -> Result<Made> {
    let front_end = &card.front;
    let extractor = Extractor::new(&front_end.features, card.rate_hz())?;
    let fit = front_end.fit;
    let front = Front {
        plain: extractor.plain()?,
        frames: Some(card.input.frames),
        crop: if fit.crop == Crop::Start { 0.0 } else { 0.5 },
        before: match fit.pad_at {
            PadAt::End => 0.0,
            PadAt::Start => 1.0,
            PadAt::Both => 0.5,
        },
        pad: match fit.pad {
            Pad::Zero => Missing::Zero,
            Pad::Mean => Missing::Mean,
            Pad::Repeat => Missing::Again,
        },
        normal: card.normal(),
    };
    let subject = |front: Front, may_vary: bool| Subject {
        name: &card.stage,
        input: "waveform",
        output: "logits",
        dims: vec![Dim { name: "samples", length: card.samples, may_vary }],
        named: net.state(),
        forward: Box::new(move |input| net.forward(&front.features(input)?, Mode::Eval)),
        spread: NOISE,
    };
    // A network that takes any time is shown all frames there are.
    let whole = Front { frames: None, ..front.clone() };
    let varying =
        export(&subject(whole, true), properties).and_then(|exported| match exported.fixed {
            None => Ok(exported),
            Some(why) => Err(why),
        });
    let exported = match varying {
        Ok(exported) => exported,
        Err(why) => {
            let mut exported = export(&subject(front, false), properties)?;
            exported.fixed = Some(why);
            exported
        }
    };
    let difference = compared(net, card, front_end, &extractor, &exported)?;
    Ok(Made { exported, of_features: Some(difference) })
}

/// How far the graph is from features that are made the usual way, on a clip of noise and a tone.
fn compared(
    net: &Net,
    card: &Card,
    front: &FrontEnd,
    extractor: &Extractor,
    exported: &Exported,
) -> Result<f64> {
    let mut random = Stream::new(9, "a waveform for an export", &[]);
    let tone = |at: usize| libm::sin(at as f64 * 0.11) * 0.3;
    let values = (0..card.samples).map(|at| (tone(at) + random.normal() * NOISE[1]) as f32);
    let samples = Samples { rate_hz: card.rate_hz(), values: values.collect() };
    let features = extractor.compute(&samples, None)?;
    let normal = |value: f32| match card.normal() {
        Some([mean, scale]) => ((f64::from(value) - mean) * scale) as f32,
        None => value,
    };
    let wanted = match exported.free.is_empty() {
        true => card.input.frames,
        false => features.frames,
    };
    let first = front.fit.first(features.frames, wanted, None);
    let fitted = front.fit.frames(&features, first, wanted, normal);
    let on = Device::cpu();
    let input = Tensor::from_values(fitted, &[1, wanted, features.bins], &on)?;
    let own = net.forward(&input, Mode::Eval)?.to_values()?;
    let waveform = Tensor::from_values(samples.values, &[1, card.samples], &on)?;
    let theirs = Loaded::new(&exported.bytes)?.run(&waveform)?.to_values()?;
    let most = |values: &mut dyn Iterator<Item = f32>| values.map(f64::from).fold(0.0, f64::max);
    let largest = most(&mut own.iter().map(|value| value.abs())).max(1.0);
    let pairs = own.iter().zip(&theirs);
    let difference = most(&mut pairs.map(|(a, b)| (a - b).abs()));
    if own.len() == theirs.len() && difference <= TOLERANCE * largest {
        return Ok(difference);
    }
    Err(Error::new(Kind::Internal, "checking the export", "the graph makes other features")
        .expected(format!("outputs within {TOLERANCE} of the largest one"))
        .received(format!("a difference of {difference:.3e} where the largest is {largest:.3e}")))
}

fn properties(card: &Card, with_features: bool) -> Result<Vec<(String, String)>> {
    let text = |value: Value| value.to_string();
    let labelling = match card.labelling {
        Labelling::Single => "single",
        Labelling::Multi => "multi",
    };
    // Options: names and numbers.
    let front = serde_json::to_value(&card.front).unwrap_or_default();
    Ok(vec![
        (CARD.to_string(), card.text()),
        ("model".to_string(), text(card.model.clone())),
        ("labels".to_string(), text(json!(card.classes))),
        ("labelling".to_string(), labelling.to_string()),
        ("features".to_string(), text(front)),
        ("sample_rate_hz".to_string(), card.rate_hz().to_string()),
        (
            "normalisation".to_string(),
            text(match card.normal() {
                Some([mean, scale]) => json!({ "mean": mean, "scale": scale }),
                None => Value::Null,
            }),
        ),
        ("with_features".to_string(), with_features.to_string()),
        ("version".to_string(), card.still.clone()),
    ])
}

/// What was written, for a reader.
pub(super) fn told(made: &Made, card: &Card) -> Vec<String> {
    let Exported { difference, largest, free, fixed, operations, .. } = &made.exported;
    let any: Vec<String> = std::iter::once("batch")
        .chain(free.iter().map(String::as_str))
        .map(|dim| format!("any {dim}"))
        .collect();
    let classes = card.classes.len();
    let mut lines = vec![
        format!("opset {OPSET}, {operations} operations, {classes} classes; {}", any.join(", ")),
        format!("outputs within {difference:.1e} of ours (the largest is {largest:.1e})"),
    ];
    if let Some(difference) = made.of_features {
        lines.push(format!("with its own features: within {difference:.1e}"));
    }
    if let Some(why) = fixed {
        let report = why.report();
        let told = report.received.as_deref().map(|text| format!(" ({text})")).unwrap_or_default();
        lines.push(format!("the time is fixed: {}{told}", report.problem));
    }
    lines
}

/// The same for a program.
pub(super) fn facts(made: &Made) -> Value {
    let Exported { difference, largest, free, fixed, operations, .. } = &made.exported;
    json!({
        "opset": OPSET, "operations": operations, "difference": difference, "largest": largest,
        "free": std::iter::once("batch").chain(free.iter().map(String::as_str)).collect::<Vec<_>>(),
        "fixed": fixed.as_ref().map(|why| why.to_string()),
        "features_difference": made.of_features,
    })
}
