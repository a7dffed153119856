//! The transformer block: self-attention and an MLP, each behind a layer norm.

use super::{LayerNorm, Linear, Mode, Network, Visitor, scoped};
use crate::error::{Error, Kind, Result};
use crate::tensor::random::Stream;
use crate::tensor::{Device, Tensor, words};

/// LayerNorm's eps inside of a vision transformer (timm).
pub const BLOCK_EPS: f64 = 1e-6;

/// Self-attention over `[batch, token, width]`; names `qkv.*` (rows in the order q, k, v) and `proj.*`.
#[derive(Clone, Debug)]
pub struct Attention {
    qkv: Linear,
    proj: Linear,
    heads: usize,
}

impl Attention {
    /// `heads` must divide `width` (the model's builder checks).
    pub fn new(width: usize, heads: usize, random: &mut Stream, on: &Device) -> Result<Self> {
        Ok(Attention {
            qkv: Linear::new(width, 3 * width, random, on)?,
            proj: Linear::new(width, width, random, on)?,
            heads,
        })
    }
}

impl Network for Attention {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let shape = input.shape();
        let &[batch, tokens, width] = shape.as_slice() else {
            return Err(Error::new(Kind::Shape, "attention", "the input has the wrong rank")
                .expected("[batch, token, width]")
                .received(words(&shape)));
        };
        let head = width / self.heads.max(1);
        let split = [batch, tokens, 3, self.heads, head].map(|n| n as i64);
        // [3, batch, head, token, width of a head]
        let qkv = self.qkv.forward(input, mode)?.reshape(&split)?.permute(&[2, 0, 3, 1, 4])?;
        let part = |index: usize| {
            let shape = [batch * self.heads, tokens, head].map(|n| n as i64);
            qkv.narrow(0, index, 1)?.reshape(&shape)
        };
        let (query, key, value) = (part(0)?, part(1)?, part(2)?);
        let query = query.mul_number(1.0 / (head as f64).sqrt())?;
        let weights = query.matmul(&key.transpose(1, 2)?)?.softmax(-1)?;
        let mixed = weights
            .matmul(&value)?
            .reshape(&[batch, self.heads, tokens, head].map(|n| n as i64))?
            .permute(&[0, 2, 1, 3])?
            .reshape(&[batch, tokens, width].map(|n| n as i64))?;
        self.proj.forward(&mixed, mode)
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        self.qkv.visit(&scoped(scope, "qkv"), visit);
        self.proj.visit(&scoped(scope, "proj"), visit);
    }
}

/// Two linear layers with a GELU between; names `fc1.*`, `fc2.*`.
#[derive(Clone, Debug)]
pub struct Mlp {
    fc1: Linear,
    fc2: Linear,
}

impl Mlp {
    /// `width` in and out, `hidden` between.
    pub fn new(width: usize, hidden: usize, random: &mut Stream, on: &Device) -> Result<Self> {
        Ok(Mlp {
            fc1: Linear::new(width, hidden, random, on)?,
            fc2: Linear::new(hidden, width, random, on)?,
        })
    }
}

impl Network for Mlp {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        self.fc2.forward(&self.fc1.forward(input, mode)?.gelu()?, mode)
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        self.fc1.visit(&scoped(scope, "fc1"), visit);
        self.fc2.visit(&scoped(scope, "fc2"), visit);
    }
}

/// A pre-norm block; names `norm1.*`, `attn.*`, `norm2.*`, `mlp.*`, as in timm.
#[derive(Clone, Debug)]
pub struct Block {
    norm1: LayerNorm,
    attn: Attention,
    norm2: LayerNorm,
    mlp: Mlp,
}

impl Block {
    /// A block of `width` with an MLP `ratio` times as wide.
    pub fn new(
        width: usize,
        heads: usize,
        ratio: usize,
        random: &mut Stream,
        on: &Device,
    ) -> Result<Self> {
        Ok(Block {
            norm1: LayerNorm::new(width, BLOCK_EPS, on)?,
            attn: Attention::new(width, heads, random, on)?,
            norm2: LayerNorm::new(width, BLOCK_EPS, on)?,
            mlp: Mlp::new(width, width * ratio, random, on)?,
        })
    }
}

impl Network for Block {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        let attended = self.attn.forward(&self.norm1.forward(input, mode)?, mode)?;
        let input = input.add(&attended)?;
        let thought = self.mlp.forward(&self.norm2.forward(&input, mode)?, mode)?;
        input.add(&thought)
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        self.norm1.visit(&scoped(scope, "norm1"), visit);
        self.attn.visit(&scoped(scope, "attn"), visit);
        self.norm2.visit(&scoped(scope, "norm2"), visit);
        self.mlp.visit(&scoped(scope, "mlp"), visit);
    }
}
