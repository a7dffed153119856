//! Softmax and its relatives, in forms that do not overflow.

use super::{Tensor, shape};
use crate::error::Result;
use burn::backend::Dispatch;
use burn::backend::ops::ActivationOps;

impl Tensor {
    /// e^x divided by its sum along `dim`.
    pub fn softmax(&self, dim: i64) -> Result<Tensor> {
        self.need_some("softmax")?;
        let axis = shape::dim_of("softmax", dim, self.rank())?;
        Ok(Tensor(Dispatch::softmax(self.0.clone(), axis)))
    }

    /// The logarithm of the softmax along `dim`.
    pub fn log_softmax(&self, dim: i64) -> Result<Tensor> {
        self.need_some("log_softmax")?;
        let axis = shape::dim_of("log_softmax", dim, self.rank())?;
        Ok(Tensor(Dispatch::log_softmax(self.0.clone(), axis)))
    }

    /// ln(1 + e^x), without overflow.
    pub fn softplus(&self) -> Result<Tensor> {
        self.neg()?.log_sigmoid()?.neg()
    }
}
