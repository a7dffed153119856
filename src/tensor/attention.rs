//! Self-attention as one operation.

use super::record::Dispatch;
use super::{Tensor, check_size, work};
use crate::error::{Error, Kind, Result};

impl Tensor {
    /// softmax(q · kᵀ / √width) · v of each head, for `[batch, token, 3 · heads · width]`: queries, keys and values side by
    /// side, each as `[head, width]`. Gives `[batch, token, heads · width]`.
    ///
    /// Scores are never kept: they are made anew in the backward pass (Dao et al. 2022).
    ///
    /// # Errors
    /// Another rank, a length that the heads do not divide, nothing to attend to.
    pub fn self_attention(&self, heads: usize) -> Result<Tensor> {
        let own = self.float()?;
        let shape = own.shape();
        let fits = shape.len() == 3 && shape[1] > 0 && heads > 0;
        if !fits || shape[2] == 0 || !shape[2].is_multiple_of(3 * heads) {
            return Err(Error::new(
                Kind::Shape,
                "attention",
                "queries, keys and values do not fit",
            )
            .expected(format!("[batch, token, 3 · {heads} · width]"))
            .received(self.describe()));
        }
        let (batch, tokens, width) = (shape[0], shape[1], shape[2] / 3);
        let full = [batch, tokens, width];
        check_size("attention", &full)?;
        if batch == 0 {
            return Tensor::none(super::DType::F32, &full, &[&own]);
        }
        work::add(work::product(&[2, batch, tokens, tokens, width]));
        Ok(Tensor(Dispatch::still_attention(own.0, heads)))
    }
}
