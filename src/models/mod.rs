//! Named models: a specification that a recipe writes down, and the network built from it.

mod ast;
mod card;
mod cnn;
mod naming;
pub mod onnx;

pub use ast::AstOptions;
pub use card::Card;
pub use cnn::CnnOptions;
pub use naming::Naming;

use crate::error::{Error, Kind, Result};
use crate::nn::{Maker, Mode, Net, Network};
use crate::tensor::random::Stream;
use crate::tensor::{Device, Tensor, words};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a model is made from; cheap to copy, and the same text for the same model.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "model", rename_all = "snake_case")]
pub enum Spec {
    /// A plain convolutional network.
    Cnn(CnnOptions),
    /// An audio spectrogram transformer.
    Ast(AstOptions),
    /// A network that a recipe built of layers, with the weights that it has.
    Net(NetSpec),
}

/// A network as a specification: each model of it begins as a copy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NetSpec {
    /// What sort of network: `sequential`, `network`.
    pub kind: String,
    /// The network itself.
    #[serde(skip)]
    pub net: Net,
}

impl NetSpec {
    /// A network as it is now.
    pub fn of(net: &Net) -> Self {
        NetSpec { kind: net.kind().to_string(), net: net.clone() }
    }
}

/// The shape of one clip's features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputShape {
    /// Frames in time.
    pub frames: usize,
    /// Mel bins in frequency.
    pub mels: usize,
}

impl Spec {
    /// Its name in results: `cnn`, `ast`.
    pub fn name(&self) -> &str {
        match self {
            Spec::Cnn(_) => "cnn",
            Spec::Ast(_) => "ast",
            Spec::Net(spec) => &spec.kind,
        }
    }

    /// The number of classes it tells apart, where the specification says it.
    pub fn classes(&self) -> Option<usize> {
        match self {
            Spec::Cnn(options) => Some(options.classes),
            Spec::Ast(options) => Some(options.classes),
            Spec::Net(_) => None,
        }
    }

    /// Builds the network for clips of `input`, its weights drawn from `seed`.
    ///
    /// # Errors
    /// Options that contradict each other, or clips too small for the model.
    pub fn build(&self, input: InputShape, seed: u64, on: &Device) -> Result<Model> {
        // The same specification and seed start from the same weights, in whatever stage.
        let mut random = Stream::new(seed, &format!("weights of {}", self.name()), &[]);
        let on = on.clone();
        let options = format!("{self:?} {input:?}");
        let make: Maker = match self.clone() {
            Spec::Net(own) => return Ok(Model::of(own.net.copy()?, input)),
            Spec::Cnn(options) => Arc::new(move |random: &mut Stream| {
                Ok(Arc::new(cnn::Cnn::new(&options, input, random, &on)?) as Arc<dyn Network>)
            }),
            Spec::Ast(options) => Arc::new(move |random: &mut Stream| {
                Ok(Arc::new(ast::Ast::new(&options, input, random, &on)?) as Arc<dyn Network>)
            }),
        };
        let net = Net::of(self.name(), options, make(&mut random)?, Some(make));
        Ok(Model { spec: self.clone(), input, net })
    }
}

/// A network with the specification it was built from; clones share the weights.
#[derive(Clone)]
pub struct Model {
    spec: Spec,
    input: InputShape,
    net: Net,
}

impl Model {
    /// A network that is there already, for clips of `input`; it shares the weights.
    pub fn of(net: Net, input: InputShape) -> Self {
        Model { spec: Spec::Net(NetSpec::of(&net)), input, net }
    }

    /// What it was built from.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Its parameters.
    pub fn network(&self) -> &dyn Network {
        &self.net
    }

    /// The network as recipes hold it.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// Refuses a network that does not give `[batch, classes]` for clips of its shape: tried on two of them.
    pub fn check_output(&self, classes: usize, on: &Device) -> Result<()> {
        let InputShape { frames, mels } = self.input;
        let clips = Tensor::full(&[2, frames, mels], 0.0, on)?;
        let shape = self.forward(&clips, Mode::Eval)?.shape();
        if shape == [2, classes] {
            return Ok(());
        }
        let problem = match shape.as_slice() {
            [2, outputs] => format!("the network gives {outputs} outputs for {classes} classes"),
            _ => "the network gives no logits of the classes".to_string(),
        };
        let hint = "the last layer gives a number for each class of the data: data.classes";
        Err(Error::new(Kind::Shape, self.spec.name(), problem)
            .hint(hint)
            .expected(format!("[2, {classes}] for two clips {}", words(&clips.shape())))
            .received(words(&shape)))
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
        self.net.forward(features, mode)
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
