//! What goes with a model's weights into a file, so that the file alone is enough: what the model is, what its outputs
//! mean, and how a clip becomes its input.

use super::{AstOptions, CnnOptions, InputShape, Spec};
use crate::error::{Error, Kind, Result, unknown};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a file of weights or a graph says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The version of Stillroom that wrote it.
    pub still: String,
    /// The stage that made the model.
    pub name: String,
    /// The model's specification as JSON; `{"model": "net", …}` for a network that a recipe made.
    pub model: Value,
    /// Names of the classes, by the outputs' index.
    pub classes: Vec<String>,
    /// `single`: softmax over the outputs; `multi`: a sigmoid for each.
    pub labelling: String,
    /// The shape of one clip's features.
    pub input: InputShape,
    /// The sample rate that features are made at.
    pub rate_hz: u32,
    /// Samples of a clip that is as long as the model looks at.
    pub samples: usize,
    /// The front end as JSON: features, frames, how clips are cut and padded.
    pub front: Value,
    /// What features are normalised with, (x − mean) · scale; `None` where they are taken as they come.
    pub normal: Option<[f64; 2]>,
    /// Whose names the parameters have: `own`, `timm`, `ast`, `hf`.
    #[serde(default)]
    pub names: String,
}

impl Card {
    /// The key of a file's metadata that holds it.
    pub const KEY: &str = "stillroom";

    /// As one line of JSON.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|cause| Error::new(Kind::Internal, "writing a card", cause.to_string()))
    }

    /// The card in a text; `doing` names the operation in errors.
    ///
    /// # Errors
    /// A text that is none.
    pub fn parse(doing: &str, text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|cause| {
            Error::new(Kind::Data, doing, "what the file says of its model makes no sense")
                .received(cause.to_string())
        })
    }

    /// The model's specification.
    ///
    /// # Errors
    /// A network that only its recipe can make, a model that this version does not know.
    pub fn spec(&self) -> Result<Spec> {
        let operation = "the model of a file";
        let name = self.model.get("model").and_then(Value::as_str).unwrap_or_default();
        let mut options = self.model.clone();
        if let Value::Object(map) = &mut options {
            map.shift_remove("model");
        }
        let wrong = |cause: serde_json::Error| {
            Error::new(Kind::Data, operation, "its options make no sense")
                .received(cause.to_string())
        };
        match name {
            "cnn" => serde_json::from_value::<CnnOptions>(options).map(Spec::Cnn).map_err(wrong),
            "ast" => serde_json::from_value::<AstOptions>(options).map(Spec::Ast).map_err(wrong),
            "net" => {
                Err(Error::new(Kind::Usage, operation, "only its recipe can make this network")
                    .hint("name the run that made it instead of the file"))
            }
            other => Err(unknown(operation, "model", other, &["cnn", "ast"])),
        }
    }
}
