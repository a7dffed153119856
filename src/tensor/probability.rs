//! Softmax and its relatives, in forms that do not overflow.

use super::kernels::rows::Softmax;
use super::record::{Dispatch, Op, whole};
use super::{Tensor, shape};
use crate::error::Result;

impl Tensor {
    /// e^x divided by its sum along `dim`.
    pub fn softmax(&self, dim: i64) -> Result<Tensor> {
        self.softmaxed(Softmax::Plain, shape::dim_of("softmax", dim, self.rank())?)
    }

    /// The logarithm of the softmax along `dim`.
    pub fn log_softmax(&self, dim: i64) -> Result<Tensor> {
        self.softmaxed(Softmax::Log, shape::dim_of("log_softmax", dim, self.rank())?)
    }

    fn softmaxed(&self, kind: Softmax, axis: usize) -> Result<Tensor> {
        let own = self.float()?;
        if own.count() == 0 {
            return Ok(own);
        }
        let last = own.rank() - 1;
        if axis == last {
            return Ok(Tensor(Dispatch::still_softmax(own.0, kind)));
        }
        let op = || match kind {
            Softmax::Plain => Op::Softmax(axis),
            Softmax::Log => Op::LogSoftmax(axis),
        };
        whole(op, &[&own], || {
            let turned = own.transpose(axis as i64, last as i64)?;
            Tensor(Dispatch::still_softmax(turned.0, kind)).transpose(axis as i64, last as i64)
        })
    }
}
