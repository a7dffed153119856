//! Layers and the tree of their parameters, under the names that PyTorch gives.

mod attention;
mod conv;
mod linear;
mod norm;
mod parameter;
mod pattern;

pub use attention::{Attention, Block, Mlp};
pub use conv::Conv2d;
pub use linear::Linear;
pub use norm::{BatchNorm2d, LayerNorm};
pub use parameter::{Mode, Network, Parameter, Role, Visitor, scoped};
pub use pattern::Pattern;
