//! What makes logits of a CNN's last map `[batch, channel, frequency, time]`.

use super::layers::{Layers, Start};
use crate::error::{Error, Result};
use crate::nn::{Composite, ConvOptions, Net, Parameter, Parts, Role};
use crate::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// What becomes of the map over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// The mean over frequency, the mean over time, a linear layer: CMKD's CNNs.
    #[default]
    Mean,
    /// PSLA's attention pooling with so many heads: the mean over frequency; for each class and head, how much
    /// each frame counts and what it says; joined to a probability, of which the logit is given.
    Attention(usize),
}

/// Keeps what attention gives away from 0 and 1, as PSLA does.
const EDGE: f64 = 1e-7;

/// More heads are a slip.
const MOST_HEADS: usize = 64;

impl Head {
    /// Refuses what makes no sense; `operation` is the model's.
    pub(super) fn check(self, operation: &str) -> Result<()> {
        match self {
            Head::Attention(heads) if !(1..=MOST_HEADS).contains(&heads) => {
                Err(Error::out_of_range(
                    operation,
                    "attention_heads",
                    format!("1 to {MOST_HEADS}"),
                    heads,
                ))
            }
            _ => Ok(()),
        }
    }

    /// The parts of the head; the linear layer is called `linear`, PSLA's pooling `attention`.
    pub(super) fn parts(
        self,
        layers: &mut Layers,
        [channels, classes]: [usize; 2],
        (linear, start): (&str, Start),
        dropout: f64,
    ) -> Result<Vec<(String, Net)>> {
        let mut parts: Vec<(String, Net)> = layers.dropout("dropout", dropout)?;
        parts.push(match self {
            Head::Mean => (linear.to_string(), layers.linear(channels, classes, start)?),
            Head::Attention(heads) => {
                ("attention".to_string(), attention(layers, [channels, classes], heads)?)
            }
        });
        Ok(parts)
    }

    /// The logits, by the parts that [`Head::parts`] gave.
    pub(super) fn logits(self, parts: &Parts, linear: &str, map: &Tensor) -> Result<Tensor> {
        match self {
            Head::Mean => {
                // Over frequency first, then over time, as the paper has it.
                let pooled = map.mean_dims(&[2], false)?.mean_dims(&[2], false)?;
                parts.go(linear, &parts.go_if("dropout", &pooled)?)
            }
            Head::Attention(_) => {
                let frames = parts.go_if("dropout", &map.mean_dims(&[2], true)?)?;
                parts.go("attention", &frames)
            }
        }
    }
}

/// PSLA's pooling of `[batch, channel, 1, time]`; names `att.<head>.*`, `cla.<head>.*`, `head_weight`, or without
/// numbers where there is one head.
fn attention(layers: &mut Layers, [inputs, outputs]: [usize; 2], heads: usize) -> Result<Net> {
    let convs = |layers: &mut Layers| -> Result<Net> {
        let conv = || ConvOptions { inputs, outputs, ..ConvOptions::default() };
        if heads == 1 {
            return layers.conv(conv(), Start::Xavier);
        }
        let all = (0..heads).map(|i| Ok((i.to_string(), layers.conv(conv(), Start::Xavier)?)));
        // The outputs of all heads along the channels.
        let all = all.collect::<Result<Vec<_>>>()?;
        let each = move |parts: &Parts, input: &Tensor| {
            let each = (0..heads).map(|i| parts.go(&i.to_string(), input));
            Tensor::cat(&each.collect::<Result<Vec<_>>>()?, 1)
        };
        Ok(Composite::new(all, each).net("heads"))
    };
    let parts = vec![("att", convs(layers)?), ("cla", convs(layers)?)];
    let pooled = move |parts: &Parts, input: &Tensor| {
        let shape = input.shape();
        let apart = [shape[0], heads, outputs, shape[3]].map(|n| n as i64);
        let attention = parts.go("att", input)?.sigmoid()?.clamp(EDGE, 1.0 - EDGE)?;
        let attention = attention.reshape(&apart)?;
        let weights = attention.div(&attention.sum_dims(&[3], true)?)?;
        let said = parts.go("cla", input)?.sigmoid()?.reshape(&apart)?;
        let each = weights.mul(&said)?.sum_dims(&[3], false)?;
        let joined = match heads {
            1 => each,
            _ => each.mul(&parts.parameter("head_weight")?.reshape(&[1, heads as i64, 1])?)?,
        };
        let probability = joined.sum_dims(&[1], false)?.clamp(EDGE, 1.0 - EDGE)?;
        probability.log()?.sub(&probability.mul_number(-1.0)?.add_number(1.0)?.log()?)
    };
    let made = Composite::new(parts, pooled);
    if heads == 1 {
        return Ok(made.net("attention_pooling"));
    }
    let equal = Tensor::full(&[heads], 1.0 / heads as f64, layers.on)?;
    Ok(made.with("head_weight", Parameter::new(equal, Role::Weight)?).net("attention_pooling"))
}
