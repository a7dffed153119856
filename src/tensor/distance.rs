//! How far apart, and in how like a direction.

use super::reduce::Along;
use super::{Tensor, shape, words};
use crate::error::{Error, Kind, Result};

impl Tensor {
    /// The Euclidean distance of each row of `[…, n, d]` to each of `[…, m, d]`, as `[…, n, m]`. The slope
    /// is 0 where a distance is 0.
    pub fn cdist(&self, other: &Tensor) -> Result<Tensor> {
        let (a, b) = (self.shape(), other.shape());
        if a.len() < 2 || b.len() < 2 || a.last() != b.last() {
            return Err(Error::new(Kind::Shape, "cdist", "the rows cannot be compared")
                .expected("[…, n, d] and […, m, d]")
                .received(format!("{} and {}", words(&a), words(&b))));
        }
        // By differences: the formula with products loses the small distances.
        let gaps = self.float()?.unsqueeze(-2)?.sub(&other.float()?.unsqueeze(-3)?)?;
        gaps.norm_along(&Along::dims(&[-1], false), 2.0)
    }

    /// The cosine of the angle between both along `dim`, which vanishes.
    pub fn cosine_similarity(&self, other: &Tensor, dim: i64) -> Result<Tensor> {
        const EPS: f64 = 1e-8;
        let full = shape::broadcast("cosine_similarity", &self.shape(), &other.shape())?;
        let (a, b) = (self.float()?.expand(&full)?, other.float()?.expand(&full)?);
        a.scaled_to_1(dim, EPS)?.mul(&b.scaled_to_1(dim, EPS)?)?.sum_dims(&[dim], false)
    }

    /// Divided by its Euclidean norm along `dim` (by 1e-12 where that is smaller).
    pub fn normalize(&self, dim: i64) -> Result<Tensor> {
        self.scaled_to_1(dim, 1e-12)
    }

    fn scaled_to_1(&self, dim: i64, eps: f64) -> Result<Tensor> {
        let own = self.float()?;
        let norm = own.norm_along(&Along::dims(&[dim], true), 2.0)?;
        own.div(&norm.clamp_min(eps)?)
    }
}
