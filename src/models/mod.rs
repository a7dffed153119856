//! Named models: a specification that a recipe writes down, and the network built from it.

mod check;
mod cnn;
mod convnext;
mod densenet;
mod efficientnet;
mod heads;
pub mod hub;
mod layers;
mod mn;
mod naming;
pub mod onnx;
mod panns;
mod pretrained;
mod resnet;
mod vit;
pub mod weights;

pub use cnn::CnnOptions;
pub use convnext::ConvNextOptions;
pub use densenet::DenseNetOptions;
pub use efficientnet::{EfficientNetOptions, EfficientNetPadding};
pub use heads::Head;
pub use layers::Norm;
pub use mn::MnOptions;
pub use naming::Naming;
pub use panns::PannsOptions;
pub use pretrained::Pretrained;
pub use resnet::ResNetOptions;
pub use vit::{Patchout, VitForm, VitOptions};

use crate::error::{Error, Kind, Result};
use crate::nn::{Maker, Mode, Net, Network};
use crate::tensor::random::Stream;
use crate::tensor::{Device, Tensor, words};
use layers::Layers;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a model is made from; cheap to copy, and the same text for the same model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "model", rename_all = "snake_case")]
pub enum Spec {
    /// A plain convolutional network.
    Cnn(CnnOptions),
    /// An EfficientNet.
    EfficientNet(EfficientNetOptions),
    /// A ResNet.
    ResNet(ResNetOptions),
    /// A DenseNet.
    DenseNet(DenseNetOptions),
    /// A ConvNeXt.
    ConvNext(ConvNextOptions),
    /// A CNN of PANNs.
    Panns(PannsOptions),
    /// A MobileNetV3 of EfficientAT.
    Mn(MnOptions),
    /// A transformer over patches.
    Vit(VitOptions),
    /// A network that a recipe built of layers, with the weights that it has.
    #[serde(skip_deserializing)]
    Net(NetSpec),
    /// A model that begins with the weights of a file.
    #[serde(skip_deserializing)]
    Pretrained(Pretrained),
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
            Spec::EfficientNet(options) => options.name(),
            Spec::ResNet(options) => options.name(),
            Spec::DenseNet(_) => "densenet121",
            Spec::ConvNext(_) => "convnext_tiny",
            Spec::Panns(options) => options.name(),
            Spec::Mn(_) => "mn",
            Spec::Vit(options) => &options.name,
            Spec::Net(spec) => &spec.kind,
            Spec::Pretrained(own) => own.of.name(),
        }
    }

    /// The number of classes it tells apart, where the specification says it.
    pub fn classes(&self) -> Option<usize> {
        match self {
            Spec::Cnn(options) => Some(options.classes),
            Spec::EfficientNet(options) => Some(options.classes),
            Spec::ResNet(options) => Some(options.classes),
            Spec::DenseNet(options) => Some(options.classes),
            Spec::ConvNext(options) => Some(options.classes),
            Spec::Panns(options) => Some(options.classes),
            Spec::Mn(options) => Some(options.classes),
            Spec::Vit(options) => Some(options.classes),
            Spec::Net(_) => None,
            Spec::Pretrained(own) => own.of.classes(),
        }
    }

    /// What it is built from, whatever weights it begins with.
    pub fn plain(&self) -> &Spec {
        match self {
            Spec::Pretrained(own) => own.of.plain(),
            own => own,
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
        match self {
            Spec::Net(own) => return Ok(Model::of(own.net.copy()?, input)),
            Spec::Pretrained(own) => {
                let (net, report) = own.build(input, seed, &on)?;
                let weights = Some(Arc::new(report));
                return Ok(Model { spec: self.clone(), input, net, weights });
            }
            _ => {}
        }
        let spec = self.clone();
        let make: Maker = Arc::new(move |random: &mut Stream| spec.network(input, random, &on));
        let net = Net::of(self.name(), options, make(&mut random)?, Some(make));
        Ok(Model { spec: self.clone(), input, net, weights: None })
    }

    fn network(
        &self,
        input: InputShape,
        random: &mut Stream,
        on: &Device,
    ) -> Result<Arc<dyn Network>> {
        self.check(&format!("model::{}", self.name()))?;
        let mut layers = Layers { random, on };
        match self {
            Spec::Net(own) => Ok(Arc::new(own.net.copy()?)),
            Spec::Pretrained(own) => own.of.network(input, layers.random, on),
            Spec::Cnn(options) => Ok(Arc::new(cnn::Cnn::new(options, input, layers.random, on)?)),
            Spec::EfficientNet(options) => efficientnet::build(options, input, &mut layers),
            Spec::ResNet(options) => resnet::build(options, input, &mut layers),
            Spec::DenseNet(options) => densenet::build(options, input, &mut layers),
            Spec::ConvNext(options) => convnext::build(options, input, &mut layers),
            Spec::Panns(options) => panns::build(options, input, &mut layers),
            Spec::Mn(options) => mn::build(options, input, &mut layers),
            Spec::Vit(options) => vit::build(options, input, &mut layers),
        }
    }
}

/// A network with the specification it was built from; clones share the weights.
#[derive(Clone)]
pub struct Model {
    spec: Spec,
    input: InputShape,
    net: Net,
    weights: Option<Arc<weights::Report>>,
}

impl Model {
    /// A network that is there already, for clips of `input`; it shares the weights.
    pub fn of(net: Net, input: InputShape) -> Self {
        Model { spec: Spec::Net(NetSpec::of(&net)), input, net, weights: None }
    }

    /// The same with a copy of its network, which shares nothing with it.
    ///
    /// # Errors
    /// None in practice: its weights fit.
    pub fn copy(&self) -> Result<Self> {
        Ok(Model { net: self.net.copy()?, ..self.clone() })
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

    /// What became of the file's weights that it began with; nothing where it began without.
    pub fn weights(&self) -> Option<&weights::Report> {
        self.weights.as_deref()
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
        self.check_input(features)?;
        self.net.forward(features, mode)
    }

    /// As [`Model::forward`], with the outputs of the parts that are called by these names, in that order.
    ///
    /// # Errors
    /// As of [`Net::forward_taps`].
    pub fn forward_taps(
        &self,
        features: &Tensor,
        mode: Mode,
        names: &[String],
    ) -> Result<(Tensor, Vec<(String, Tensor)>)> {
        self.check_input(features)?;
        match names {
            [] => Ok((self.net.forward(features, mode)?, Vec::new())),
            names => self.net.forward_taps(features, mode, names),
        }
    }

    fn check_input(&self, features: &Tensor) -> Result<()> {
        let shape = features.shape();
        let InputShape { frames, mels } = self.input;
        if shape.len() == 3 && shape[1..] == [frames, mels] {
            return Ok(());
        }
        let problem = "the model was built for other features";
        Err(Error::new(Kind::Shape, "forward", problem)
            .expected(format!("[batch, {frames} frames, {mels} mels]"))
            .received(words(&shape)))
    }
}

/// Refuses clips that a model would make smaller than nothing.
fn at_least(operation: &str, input: InputShape, least: usize) -> Result<()> {
    if input.frames >= least && input.mels >= least {
        return Ok(());
    }
    Err(Error::new(Kind::Shape, operation, "the clips are too small for the model")
        .expected(format!("at least {least} frames and {least} mels"))
        .received(format!("{} frames, {} mels", input.frames, input.mels)))
}
