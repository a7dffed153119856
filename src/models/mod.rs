//! Named models: a specification that a recipe writes down, and the network built from it.

mod ast;
mod cnn;

pub use ast::AstOptions;
pub use cnn::CnnOptions;

use crate::error::{Error, Kind, Result};
use crate::nn::{Mode, Network};
use crate::tensor::random::Stream;
use crate::tensor::{Device, Tensor, words};
use serde::Serialize;
use std::sync::Arc;

/// What a model is made from; cheap to copy, and the same text for the same model.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "model", rename_all = "snake_case")]
pub enum Spec {
    /// A plain convolutional network.
    Cnn(CnnOptions),
    /// An audio spectrogram transformer.
    Ast(AstOptions),
}

/// The shape of one clip's features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct InputShape {
    /// Frames in time.
    pub frames: usize,
    /// Mel bins in frequency.
    pub mels: usize,
}

impl Spec {
    /// Its name in results: `cnn`, `ast`.
    pub fn name(&self) -> &'static str {
        match self {
            Spec::Cnn(_) => "cnn",
            Spec::Ast(_) => "ast",
        }
    }

    /// The number of classes it tells apart.
    pub fn classes(&self) -> usize {
        match self {
            Spec::Cnn(options) => options.classes,
            Spec::Ast(options) => options.classes,
        }
    }

    /// Builds the network for clips of `input`, its weights drawn from `seed`.
    ///
    /// # Errors
    /// Options that contradict each other, or clips too small for the model.
    pub fn build(&self, input: InputShape, seed: u64, on: &Device) -> Result<Model> {
        // The same specification and seed start from the same weights, in whatever stage.
        let mut random = Stream::new(seed, &format!("weights of {}", self.name()), &[]);
        let network: Arc<dyn Network> = match self {
            Spec::Cnn(options) => Arc::new(cnn::Cnn::new(options, input, &mut random, on)?),
            Spec::Ast(options) => Arc::new(ast::Ast::new(options, input, &mut random, on)?),
        };
        Ok(Model { spec: self.clone(), input, network })
    }
}

/// A network with the specification it was built from; clones share the weights.
#[derive(Clone)]
pub struct Model {
    spec: Spec,
    input: InputShape,
    network: Arc<dyn Network>,
}

impl Model {
    /// What it was built from.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Its parameters.
    pub fn network(&self) -> &dyn Network {
        self.network.as_ref()
    }

    /// Logits `[batch, class]` for log-mel features `[batch, frames, mels]`.
    pub fn forward(&self, features: &Tensor, mode: Mode) -> Result<Tensor> {
        let shape = features.shape();
        let InputShape { frames, mels } = self.input;
        if shape.len() != 3 || shape[1..] != [frames, mels] {
            return Err(Error::new(
                Kind::Shape,
                "forward",
                "the model was built for other features",
            )
            .expected(format!("[batch, {frames} frames, {mels} mels]"))
            .received(words(&shape)));
        }
        self.network.forward(features, mode)
    }
}

/// Refuses 0, and what no machine could hold; the product of a layer's lengths cannot overflow then.
fn in_range(operation: &str, what: &str, value: usize) -> Result<()> {
    const MOST: usize = 65_536;
    if (1..=MOST).contains(&value) {
        return Ok(());
    }
    Err(Error::new(Kind::Range, operation, format!("'{what}' is out of range"))
        .expected(format!("1 to {MOST}"))
        .received(value.to_string()))
}

/// `[batch, frames, mels]` as a picture with one channel, `[batch, 1, mels, frames]`.
fn as_picture(features: &Tensor) -> Result<Tensor> {
    let shape = features.shape();
    let (batch, frames, mels) = (shape[0] as i64, shape[1] as i64, shape[2] as i64);
    features.transpose(1, 2)?.reshape(&[batch, 1, mels, frames])
}
