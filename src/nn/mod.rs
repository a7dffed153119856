//! Layers and the tree of their parameters, under the names that PyTorch gives.

mod activation;
mod attention;
mod block;
pub(crate) mod check;
mod composite;
mod container;
mod conv;
mod drop;
mod extent;
pub mod init;
mod linear;
mod net;
mod norm;
mod outline;
mod parameter;
pub mod pass;
mod pattern;
mod pooling;
mod recurrent;
mod reset;

pub use activation::Activation;
pub use attention::{Attention, AttentionOptions};
pub use block::{Block, BlockOptions, Mlp, MlpOptions, SqueezeExcite, SqueezeExciteOptions};
pub use composite::{Composite, Parts};
pub use container::{Joined, Parallel, Residual, Sequential};
pub use conv::{Conv, ConvOptions, ConvTranspose, ConvTransposeLayerOptions};
pub use drop::{DropOptions, DropPath, Dropout};
pub use linear::{Embedding, EmbeddingOptions, Linear, LinearOptions};
pub use net::{Copies, Maker, Manner, Net};
pub use norm::{
    BatchNorm, BatchNormOptions, GroupNorm, GroupNormOptions, LayerNorm, LayerNormOptions, RmsNorm,
    RmsNormOptions,
};
pub use parameter::{Mode, Network, Parameter, Role, Visitor, gradient_of, scoped, unique};
pub use pattern::Pattern;
pub use pooling::{
    AsPicture, Flatten, FlattenOptions, Identity, Pool, PoolLayerOptions, PoolWindows, Pooled,
};
pub use recurrent::{Gru, Lstm, RecurrentOptions};
