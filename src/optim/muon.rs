//! Muon: a momentum made orthogonal, for matrices, as `torch.optim.Muon` has it. Newton and Schulz's
//! iteration runs in f32, where torch rounds to bfloat16.

use super::AdamOptions;
use super::options::{Update, not_negative, positive, range};
use super::state::Slot;
use crate::error::Result;
use crate::nn::Pattern;
use crate::tensor::Tensor;
use serde::Serialize;

/// The published coefficients of the quintic iteration.
const QUINTIC: [f64; 3] = [3.4445, -4.7750, 2.0315];

/// The least that a matrix is divided by.
const LEAST_NORM: f64 = 1e-7;

/// How the size of the update follows the shape of the matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AdjustLr {
    /// √max(1, rows / columns), Keller Jordan's.
    #[default]
    Original,
    /// 0.2 · √max(rows, columns): as large as AdamW's update.
    MatchRmsAdamw,
}

/// AdamW for what is no matrix of a hidden layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuxiliaryOptions {
    /// Matrices that it has too: the head, embeddings.
    pub names: Vec<Pattern>,
    /// Its base learning rate; it follows the schedule in proportion.
    pub lr: f64,
    /// Its weight decay.
    pub weight_decay: f64,
    /// Its moments.
    #[serde(flatten)]
    pub adam: AdamOptions,
}

impl Default for AuxiliaryOptions {
    fn default() -> Self {
        let adam = AdamOptions::default();
        AuxiliaryOptions { names: Vec::new(), lr: 3e-4, weight_decay: 1e-2, adam }
    }
}

/// The options that only `optim::muon` has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MuonOptions {
    /// How much of the average goes on.
    pub momentum: f64,
    /// Looks ahead along the momentum.
    pub nesterov: bool,
    /// Iterations towards an orthogonal matrix.
    pub ns_steps: usize,
    /// How the size of the update follows the shape.
    pub adjust_lr_fn: AdjustLr,
    /// AdamW for the rest.
    pub adamw: AuxiliaryOptions,
}

impl Default for MuonOptions {
    fn default() -> Self {
        MuonOptions {
            momentum: 0.95,
            nesterov: true,
            ns_steps: 5,
            adjust_lr_fn: AdjustLr::Original,
            adamw: AuxiliaryOptions::default(),
        }
    }
}

impl MuonOptions {
    pub(super) fn check(&self, operation: &str) -> Result<()> {
        let good = (0.0..1.0).contains(&self.momentum);
        range(operation, "momentum", self.momentum, good, "0 or more and less than 1")?;
        let steps = self.ns_steps;
        range(operation, "ns_steps", steps as f64, (1..100).contains(&steps), "1 to 99")?;
        positive(operation, "adamw.lr", self.adamw.lr)?;
        not_negative(operation, "adamw.weight_decay", self.adamw.weight_decay)?;
        self.adamw.adam.check(operation)
    }

    /// Whether it makes updates for a parameter of this name and shape; AdamW does for all others.
    pub(super) fn takes(&self, name: &str, shape: &[usize]) -> bool {
        let named = self.adamw.names.iter().any(|pattern| pattern.matches(name));
        // A table of more dimensions with one row is no filter but a token or positions.
        !named && (shape.len() == 2 || (shape.len() > 2 && shape[0] > 1))
    }

    pub(super) fn update(&self, of: &Update) -> Result<(Tensor, Slot)> {
        let shape = of.value.shape();
        let lengths: Vec<i64> = shape.iter().map(|length| *length as i64).collect();
        let rows = lengths.first().copied().unwrap_or(1);
        let momentum = of.average("momentum_buffer", self.momentum, of.gradient)?;
        let direction = match self.nesterov {
            true => momentum
                .mul_number(self.momentum)?
                .add(&of.gradient.mul_number(1.0 - self.momentum)?)?,
            false => momentum.clone(),
        };
        // A filter of a convolution is a row.
        let matrix = direction.reshape(&[rows, -1])?;
        let step = orthogonal(&matrix, self.ns_steps)?.reshape(&lengths)?;
        let [rows, columns] = [shape[0] as f64, matrix.shape()[1] as f64];
        let size = match self.adjust_lr_fn {
            AdjustLr::Original => (rows / columns).max(1.0).sqrt(),
            AdjustLr::MatchRmsAdamw => 0.2 * rows.max(columns).sqrt(),
        };
        let value = of.decayed_value()?.sub(&step.mul_number(of.lr * size)?)?;
        let mut slot = Slot::new(of.number());
        slot.keep("momentum_buffer", momentum);
        Ok((value, slot))
    }
}

/// Nearly the orthogonal matrix next to `matrix`: its singular values come to lie about 1.
fn orthogonal(matrix: &Tensor, steps: usize) -> Result<Tensor> {
    let shape = matrix.shape();
    // The products are smallest with the short side in front.
    let tall = shape[0] > shape[1];
    let own = if tall { matrix.transpose(0, 1)? } else { matrix.clone() };
    let norm = own.mul(&own)?.sum()?.sqrt()?.clamp_min(LEAST_NORM)?;
    let mut result = own.div(&norm)?;
    let [a, b, c] = QUINTIC;
    for _ in 0..steps {
        let gram = result.matmul(&result.transpose(0, 1)?)?;
        let inner = gram.mul_number(b)?.add(&gram.matmul(&gram)?.mul_number(c)?)?;
        result = result.mul_number(a)?.add(&inner.matmul(&result)?)?;
    }
    if tall { result.transpose(0, 1) } else { Ok(result) }
}
