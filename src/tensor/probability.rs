//! Softmax and its relatives, in forms that do not overflow.

use super::record::Dispatch;
use super::{Tensor, shape};
use crate::error::Result;

impl Tensor {
    /// e^x divided by its sum along `dim`.
    pub fn softmax(&self, dim: i64) -> Result<Tensor> {
        let axis = shape::dim_of("softmax", dim, self.rank())?;
        if self.count() == 0 {
            return self.float();
        }
        Ok(Tensor(Dispatch::softmax(self.float()?.0, axis)))
    }

    /// The logarithm of the softmax along `dim`.
    pub fn log_softmax(&self, dim: i64) -> Result<Tensor> {
        let axis = shape::dim_of("log_softmax", dim, self.rank())?;
        if self.count() == 0 {
            return self.float();
        }
        Ok(Tensor(Dispatch::log_softmax(self.float()?.0, axis)))
    }
}
