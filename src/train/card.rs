//! What a file of weights says of the model that they belong to: enough to build it and to hear as it does.

use super::plan::Features;
use crate::data::{Dataset, FrontEnd, Labelling};
use crate::disk;
use crate::error::{Error, Kind, Result};
use crate::models::{InputShape, Model, Spec};
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
}

impl Card {
    /// That of a model that a stage trains.
    ///
    /// # Errors
    /// A clip that cannot be read: the statistics of the features may have to be measured; `Interrupted`.
    pub fn of(spec: &Spec, features: &Features, stop: &(dyn Fn() -> bool + Sync)) -> Result<Self> {
        let (dataset, front): (&Dataset, _) = (features.dataset(), features.resolved(stop)?);
        Ok(Card {
            still: env!("CARGO_PKG_VERSION").to_string(),
            name: spec.name().to_string(),
            model: serde_json::to_value(spec.plain()).unwrap_or_default(),
            input: features.shape(),
            labelling: dataset.labelling,
            classes: dataset.classes.clone(),
            front,
        })
    }

    /// As it stands in a file.
    pub fn text(&self) -> String {
        // Names and numbers: nothing that JSON could not hold.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// That of a file of weights.
    ///
    /// # Errors
    /// A file without one, or with one that another version wrote and this one cannot read.
    pub fn read(doing: &str, bytes: &[u8]) -> Result<Self> {
        let text = store::stamp_of(bytes, CARD).map_err(|error| error.during(doing))?;
        let missing = || {
            Error::new(Kind::Data, doing, "the file does not say what model its weights belong to")
                .expected("weights that a run wrote: <run>/weights/<stage>.best.safetensors")
                .hint("weights of other programs come in by the option 'pretrained' of a model, in a recipe")
        };
        serde_json::from_str(&text.ok_or_else(missing)?).map_err(|cause| {
            Error::new(Kind::Data, doing, "the model's description cannot be read")
                .received(cause.to_string())
        })
    }

    /// The model of a file, with its weights.
    ///
    /// # Errors
    /// A file that is damaged, or has no description; a network that only its recipe can build.
    pub fn model_of(path: &Path, device: &Device) -> Result<(Card, Model)> {
        let doing = format!("reading {}", path.display());
        let bytes = disk::read_regular(path, u64::MAX)?;
        let card = Card::read(&doing, &bytes)?;
        let spec: Spec = serde_json::from_value(card.model.clone()).map_err(|_| {
            Error::new(Kind::Data, &doing, "only its recipe can build this model")
                .received(format!("a model called '{}'", card.name))
                .hint("name the run instead of the file")
        })?;
        let model = pass::without_weights(|| spec.build(card.input, 0, device))
            .map_err(|error| error.during(&doing))?;
        let weights: Vec<(String, Tensor)> = store::decode(&doing, &bytes, device)?;
        model.network().restore(&weights).map_err(|error| error.during(&doing))?;
        Ok((card, model))
    }
}
