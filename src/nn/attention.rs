//! Multi-head attention.

use super::drop::dropped;
use super::{LayerNorm, Linear, LinearOptions, Mode, Network, Visitor, check, pass, scoped};
use crate::error::{Error, Kind, Result};
use crate::tensor::random::Stream;
use crate::tensor::{Along, DType, Device, Tensor, record, words};
use serde::Serialize;

/// The options of attention.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttentionOptions {
    /// Width of a token.
    pub width: usize,
    /// Heads, which must divide the width.
    pub heads: usize,
    /// Whether queries, keys and values have a bias.
    pub qkv_bias: bool,
    /// Whether the output has a bias.
    pub proj_bias: bool,
    /// Whether each head's queries and keys are normalised.
    pub qk_norm: bool,
    /// eps of those norms.
    pub eps: f64,
    /// The share of the weights that is left out in training.
    pub attn_drop: f64,
    /// The share of the output that is left out in training.
    pub proj_drop: f64,
}

impl Default for AttentionOptions {
    fn default() -> Self {
        AttentionOptions {
            width: 0,
            heads: 8,
            qkv_bias: true,
            proj_bias: true,
            qk_norm: false,
            eps: 1e-6,
            attn_drop: 0.0,
            proj_drop: 0.0,
        }
    }
}

impl AttentionOptions {
    /// Refuses what makes no sense.
    pub fn check(&self) -> Result<()> {
        let operation = "nn::attention";
        check::divides(operation, ("heads", self.heads), ("width", self.width))?;
        check::share(operation, "attn_drop", self.attn_drop)?;
        check::share(operation, "proj_drop", self.proj_drop)?;
        check::eps(operation, self.eps)
    }
}

/// Attention over `[batch, token, width]`; names as timm's: `qkv.*` (rows in the order q, k, v), `q_norm.*`,
/// `k_norm.*` and `proj.*`.
#[derive(Clone, Debug)]
pub struct Attention {
    qkv: Linear,
    norms: Option<[LayerNorm; 2]>,
    proj: Linear,
    options: AttentionOptions,
}

impl Attention {
    /// PyTorch's default start for both linear layers.
    pub fn new(options: &AttentionOptions, random: &mut Stream, on: &Device) -> Result<Self> {
        options.check()?;
        let AttentionOptions { width, heads, qkv_bias, proj_bias, qk_norm, eps, .. } = *options;
        let linear = |outputs, bias| LinearOptions { inputs: width, outputs, bias };
        let norm = || LayerNorm::last(width / heads, eps, on);
        Ok(Attention {
            qkv: Linear::new(&linear(3 * width, qkv_bias), random, on)?,
            norms: if qk_norm { Some([norm()?, norm()?]) } else { None },
            proj: Linear::new(&linear(width, proj_bias), random, on)?,
            options: options.clone(),
        })
    }

    /// The output `[batch, query, width]`, and how much each query looks at each key,
    /// `[batch, head, query, key]`, before anything is left out.
    ///
    /// The mask is broadcast to the weights: bools are true where a query may look, floats are added before the
    /// softmax. A query that may look nowhere gets zeros.
    ///
    /// # Errors
    /// Inputs of other shapes than `[batch, token, width]`, keys and values of different lengths, a mask that
    /// does not fit.
    pub fn attend(
        &self,
        query: &Tensor,
        key: &Tensor,
        value: &Tensor,
        mask: Option<&Tensor>,
        mode: Mode,
    ) -> Result<(Tensor, Tensor)> {
        let width = self.options.width;
        let [batch, ..] = self.lengths(query)?;
        for (what, other, like) in [("key", key, query), ("value", value, key)] {
            let [other_batch, tokens, _] = self.lengths(other)?;
            let wrong = other_batch != batch || what == "value" && tokens != like.shape()[1];
            if wrong {
                let problem = format!("the {what} does not fit");
                return Err(Error::new(Kind::Shape, "nn::attention", problem)
                    .expected(format!("the batch and length of {}", words(&like.shape())))
                    .received(words(&other.shape())));
            }
        }
        let part = |input: &Tensor, index: usize| {
            self.heads_of(&self.qkv.forward_part(input, mode, index * width, width)?)
        };
        self.mix([part(query, 0)?, part(key, 1)?, part(value, 2)?], mask, mode)
    }

    /// The output and the weights where all three inputs are the same.
    pub fn attend_self(
        &self,
        input: &Tensor,
        mask: Option<&Tensor>,
        mode: Mode,
    ) -> Result<(Tensor, Tensor)> {
        let [batch, tokens, width] = self.lengths(input)?;
        let heads = self.options.heads;
        let split = [batch, tokens, 3, heads, width / heads].map(|n| n as i64);
        // [3, batch, head, token, width of a head]
        let qkv = self.side_by_side(input, mode)?;
        let qkv = qkv.reshape(&split)?.permute(&[2, 0, 3, 1, 4])?;
        let shape = [batch, heads, tokens, width / heads].map(|n| n as i64);
        let part = |index| qkv.narrow(0, index, 1)?.reshape(&shape);
        self.mix([part(0)?, part(1)?, part(2)?], mask, mode)
    }

    /// Queries, keys and values `[batch, token, 3 · width]`, which can be tapped.
    fn side_by_side(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        pass::inside(QKV, || self.qkv.forward(input, mode), |qkv| Some(qkv.clone()))
    }

    fn lengths(&self, input: &Tensor) -> Result<[usize; 3]> {
        let (shape, width) = (input.shape(), self.options.width);
        let found = <[usize; 3]>::try_from(shape.as_slice()).ok();
        let fits = found.filter(|found| found[2] == width && found[1] > 0);
        let expected = format!("[batch, token, {width}]");
        fits.ok_or_else(|| check::unfit("nn::attention", expected, &shape, 3))
    }

    /// `[batch, token, width]` as `[batch, head, token, width of a head]`.
    fn heads_of(&self, input: &Tensor) -> Result<Tensor> {
        let (shape, heads) = (input.shape(), self.options.heads);
        let split = [shape[0], shape[1], heads, shape[2] / heads].map(|n| n as i64);
        input.reshape(&split)?.permute(&[0, 2, 1, 3])
    }

    fn mix(
        &self,
        [query, key, value]: [Tensor; 3],
        mask: Option<&Tensor>,
        mode: Mode,
    ) -> Result<(Tensor, Tensor)> {
        let (query, key) = match &self.norms {
            Some([of_query, of_key]) => {
                (of_query.forward(&query, mode)?, of_key.forward(&key, mode)?)
            }
            None => (query, key),
        };
        let shape = query.shape();
        let (mixed, weights) =
            scaled_attention([&query, &key, &value], mask, self.options.attn_drop, mode)?;
        let joined = [shape[0], shape[2], self.options.width].map(|n| n as i64);
        let joined = mixed.permute(&[0, 2, 1, 3])?.reshape(&joined)?;
        let output = dropped(&self.proj.forward(&joined, mode)?, self.options.proj_drop, mode)?;
        Ok((output, weights))
    }
}

/// softmax(query · keyᵀ / √width) · value, and the softmax; `[batch, head, token, width]` each. A share `drop`
/// of the weights is left out in training.
fn scaled_attention(
    [query, key, value]: [&Tensor; 3],
    mask: Option<&Tensor>,
    drop: f64,
    mode: Mode,
) -> Result<(Tensor, Tensor)> {
    let (of_query, of_key) = (query.shape(), key.shape());
    let &[batch, heads, queries, head] = of_query.as_slice() else {
        return Err(Error::new(Kind::Internal, "nn::attention", "a head has the wrong rank"));
    };
    let keys = of_key[2];
    let flat = |input: &Tensor, tokens: usize| {
        input.reshape(&[batch * heads, tokens, head].map(|n| n as i64))
    };
    let (query, key, value) = (flat(query, queries)?, flat(key, keys)?, flat(value, keys)?);
    let query = query.mul_number(1.0 / (head as f64).sqrt())?;
    let mut scores = query.matmul(&key.transpose(1, 2)?)?;
    let apart = [batch, heads, queries, keys].map(|n| n as i64);
    let together = [batch * heads, queries, keys].map(|n| n as i64);
    let weights = match mask {
        None => scores.softmax(-1)?,
        Some(mask) => {
            let mask = check_mask(mask, [batch, heads, queries, keys])?;
            scores = scores.reshape(&apart)?;
            let weights = match mask.dtype() {
                DType::Bool => masked_softmax(&scores, &mask)?,
                _ => scores.add(&mask.float()?)?.softmax(-1)?,
            };
            weights.reshape(&together)?
        }
    };
    let mixed = dropped(&weights, drop, mode)?.matmul(&value)?;
    let mixed = mixed.reshape(&[batch, heads, queries, head].map(|n| n as i64))?;
    Ok((mixed, weights.reshape(&apart)?))
}

/// The softmax over keys where the mask is true; all 0 where that is nowhere, as PyTorch has it.
fn masked_softmax(scores: &Tensor, mask: &Tensor) -> Result<Tensor> {
    // Far below any score, but finite, so that a row of nothing else is no NaN.
    const NOWHERE: f64 = -1e30;
    let hidden = mask.not()?;
    let weights = scores.masked_fill(&hidden, NOWHERE)?.softmax(-1)?;
    // A graph must do for every mask.
    if record::is_on() {
        return weights.masked_fill(&hidden, 0.0);
    }
    let sees = mask.any_along(&Along::dims(&[-1], false))?.all_along(&Along::all())?;
    match sees.item()? > 0.0 {
        true => Ok(weights),
        false => weights.masked_fill(&hidden, 0.0),
    }
}

fn check_mask(mask: &Tensor, full: [usize; 4]) -> Result<Tensor> {
    let shape = mask.shape();
    let pairs = shape.iter().rev().zip(full.iter().rev());
    let fits = shape.len() <= 4 && pairs.clone().all(|(own, whole)| own == whole || *own == 1);
    if fits {
        return Ok(mask.clone());
    }
    Err(Error::new(Kind::Shape, "nn::attention", "the mask does not fit")
        .expected(format!("what can be broadcast to [batch, head, query, key] {}", words(&full)))
        .received(words(&shape))
        .hint("a mask of [batch, query, key] needs .unsqueeze(1)"))
}

impl Network for Attention {
    fn forward(&self, input: &Tensor, mode: Mode) -> Result<Tensor> {
        // A graph has no operation for all of it.
        let drops = mode == Mode::Train && self.options.attn_drop > 0.0;
        if self.norms.is_some() || drops || record::is_on() {
            return self.attend_self(input, None, mode).map(|(output, _)| output);
        }
        self.lengths(input)?;
        let joined = self.side_by_side(input, mode)?.self_attention(self.options.heads)?;
        dropped(&self.proj.forward(&joined, mode)?, self.options.proj_drop, mode)
    }

    fn visit(&self, scope: &str, visit: &mut Visitor) {
        self.qkv.visit(&scoped(scope, "qkv"), visit);
        if let Some([of_query, of_key]) = &self.norms {
            of_query.visit(&scoped(scope, "q_norm"), visit);
            of_key.visit(&scoped(scope, "k_norm"), visit);
        }
        self.proj.visit(&scoped(scope, "proj"), visit);
    }

    fn own_taps(&self) -> Vec<String> {
        vec![QKV.to_string()]
    }

    fn as_any(&self) -> Option<&dyn std::any::Any> {
        Some(self)
    }
}

/// What queries, keys and values side by side are called, `[batch, token, 3 · width]`: there where all three inputs are
/// the same.
pub(super) const QKV: &str = "qkv";
