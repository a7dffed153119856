//! Layers and the tree of their parameters, under the names that PyTorch gives.

mod attention;
mod container;
mod conv;
mod linear;
mod net;
mod norm;
mod parameter;
pub mod pass;
mod pattern;

pub use attention::{Attention, Block, Mlp};
pub use container::{Joined, Parallel, Residual, Sequential};
pub use conv::Conv2d;
pub use linear::Linear;
pub use net::{Copies, Maker, Net};
pub use norm::{BatchNorm2d, LayerNorm};
pub use parameter::{Mode, Network, Parameter, Role, Visitor, scoped, unique};
pub use pattern::Pattern;
