//! What a file of weights says of the model that they belong to: enough to build it and to hear as it does.

use super::plan::Features;
use crate::data::{Dataset, FrontEnd, Labelling};
use crate::disk;
use crate::error::{Error, Kind, Result};
use crate::models::weights::LoadOptions;
use crate::models::{InputShape, Model, Naming, Pretrained, Spec};
use crate::nn::pass;
use crate::tensor::{Device, Tensor, store};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;

/// The key of a safetensors file's metadata.
pub const CARD: &str = "stillroom";

/// What stands beside weights in their file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The version of Stillroom that wrote it.
    pub still: String,
    /// The stage that made it.
    pub stage: String,
    /// The model's name: `efficientnet_b2`, `network`.
    pub name: String,
    /// What it was built from; a network of a recipe's own cannot be built from it.
    pub model: Value,
    /// Frames and bins of a clip.
    pub input: InputShape,
    /// One class a clip, or any number.
    pub labelling: Labelling,
    /// Names of the classes, in the order of the logits.
    pub classes: Vec<String>,
    /// From samples to features, with the frames, the rate and the statistics that were measured.
    pub front: FrontEnd,
    /// Samples of a clip that is as long as the model looks at, at that rate.
    pub samples: usize,
    /// Whose names the parameters have, where they are not Stillroom's own; see [`Naming`].
    #[serde(default)]
    pub names: String,
}

impl Card {
    /// That of a model that a stage trains.
    ///
    /// # Errors
    /// A clip that cannot be read: the statistics of the features may have to be measured; `Interrupted`.
    pub fn of(
        stage: &str,
        spec: &Spec,
        features: &Features,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Self> {
        let (dataset, front): (&Dataset, _) = (features.dataset(), features.resolved(stop)?);
        Ok(Card {
            still: env!("CARGO_PKG_VERSION").to_string(),
            stage: stage.to_string(),
            name: spec.name().to_string(),
            model: serde_json::to_value(spec.plain()).unwrap_or_default(),
            input: features.shape(),
            labelling: dataset.labelling,
            classes: dataset.classes.clone(),
            front,
            samples: samples_of(features),
            names: Naming::Own.name().to_string(),
        })
    }

    /// As it stands in a file.
    pub fn text(&self) -> String {
        // Names and numbers: nothing that JSON could not hold.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The bytes of a file of weights with the card in its head.
    ///
    /// # Errors
    /// Bytes that are no safetensors file.
    pub fn on(&self, weights: &[u8]) -> Result<Vec<u8>> {
        Card::put(&self.text(), weights)
    }

    /// As [`Card::on`], for a card that is a text already.
    ///
    /// # Errors
    /// Bytes that are no safetensors file.
    pub fn put(text: &str, weights: &[u8]) -> Result<Vec<u8>> {
        // Python's readers ask for the first one.
        store::noted(weights, &[("format", "pt"), (CARD, text)])
    }

    /// What features are normalised with, (x − mean) · scale; `None` where they are taken as they come.
    pub fn normal(&self) -> Option<[f64; 2]> {
        let (scale, [mean, std]) = (self.front.normalize.scale()?, self.front.statistics?);
        Some([mean, scale / std])
    }

    /// The sample rate that features are made at.
    pub fn rate_hz(&self) -> u32 {
        self.front.rate_hz.unwrap_or_default()
    }

    /// That of a file of weights.
    ///
    /// # Errors
    /// A file without one, or with one that another version wrote and this one cannot read.
    pub fn read(doing: &str, bytes: &[u8]) -> Result<Self> {
        if let Some((what, hint)) = foreign(bytes) {
            return Err(Error::new(Kind::Data, doing, "these are no weights of a run")
                .expected(EXPECTED)
                .received(what)
                .hint(hint));
        }
        let text = store::notes(doing, bytes)?.remove(CARD);
        let missing = || {
            Error::new(Kind::Data, doing, "the file does not say what model its weights belong to")
                .expected(EXPECTED)
                .hint(PRETRAINED)
        };
        serde_json::from_str(&text.ok_or_else(missing)?).map_err(|cause| {
            Error::new(Kind::Data, doing, "the model's description cannot be read")
                .received(cause.to_string())
        })
    }

    /// What the model is built from; `None` where only its recipe can build it.
    pub fn spec(&self) -> Option<Spec> {
        serde_json::from_value(self.model.clone()).ok()
    }

    /// The model of a file, with its weights.
    ///
    /// # Errors
    /// A file that is damaged, or has no description; a network that only its recipe can build.
    pub fn model_of(path: &Path, device: &Device) -> Result<(Card, Model)> {
        let doing = format!("reading {}", path.display());
        let bytes = disk::read_regular(path, u64::MAX)?;
        let card = Card::read(&doing, &bytes)?;
        let spec = card.spec().ok_or_else(|| {
            Error::new(Kind::Data, &doing, "only its recipe can build this model")
                .received(format!("a model called '{}'", card.name))
                .hint("name the run instead of the file")
        })?;
        let told = |error: Error| error.during(&doing);
        if card.names != Naming::Own.name() && !card.names.is_empty() {
            let named = Pretrained::new(spec, path, LoadOptions::default()).map_err(told)?;
            let model = Spec::Pretrained(named).build(card.input, 0, device).map_err(told)?;
            return Ok((card, model));
        }
        let model = pass::without_weights(|| spec.build(card.input, 0, device)).map_err(told)?;
        let weights: Vec<(String, Tensor)> = store::decode(&doing, &bytes, device)?;
        model.network().restore(&weights).map_err(told)?;
        Ok((card, model))
    }
}

const EXPECTED: &str = "weights that a run wrote: <run>/weights/<stage>.best.safetensors";
const PRETRAINED: &str =
    "weights of other programs come in by the option 'pretrained' of a model, in a recipe";

/// What other programs write, and what to do with it.
fn foreign(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let graph = "it is for other programs: name the run that it came from, or weights that \
                 `still export --format safetensors` wrote";
    match bytes {
        [b'P', b'K', 3, 4, ..] => Some(("a PyTorch file, or another ZIP archive", PRETRAINED)),
        [0x80, 2..=5, ..] => Some(("a pickle, as older PyTorch writes", PRETRAINED)),
        // A field of a protocol buffer, ONNX's version of its format, then the next field. A safetensors file begins with
        // the length of its header, whose upper bytes are 0.
        [0x08, 1..=32, 0x12 | 0x3a | 0x42, ..] if bytes.get(3..8) != Some(&[0; 5]) => {
            Some(("an ONNX graph", graph))
        }
        _ => None,
    }
}

/// Samples of a clip as long as the model looks at, or of the longest one, where that is shorter.
fn samples_of(features: &Features) -> usize {
    let (clips, frames) = (&features.train, features.shape().frames);
    let long = |samples: usize| clips.extractor().frames_of(samples) >= frames;
    let longest = clips.longest_samples();
    if !long(longest) {
        return longest;
    }
    let (mut short, mut enough) = (0, longest);
    while enough - short > 1 {
        let middle = short + (enough - short) / 2;
        if long(middle) { enough = middle } else { short = middle }
    }
    enough
}
