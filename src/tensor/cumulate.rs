//! Running sums and products.

use super::record::Dispatch;
use super::{DType, Tensor, shape};
use crate::error::Result;

impl Tensor {
    /// The sum of all elements up to each along `dim`; integers stay integers.
    pub fn cumsum(&self, dim: i64) -> Result<Tensor> {
        let axis = shape::dim_of("cumsum", dim, self.rank())?;
        let own = if self.is_float() { self.clone() } else { self.to(DType::I64)? };
        if own.count() == 0 {
            return Ok(own);
        }
        Ok(Tensor(match own.dtype() {
            DType::F32 => Dispatch::float_cumsum(own.0, axis),
            _ => Dispatch::int_cumsum(own.0, axis),
        }))
    }

    /// The product of all elements up to each along `dim`; integers stay integers.
    pub fn cumprod(&self, dim: i64) -> Result<Tensor> {
        let axis = shape::dim_of("cumprod", dim, self.rank())?;
        let own = if self.is_float() { self.clone() } else { self.to(DType::I64)? };
        if own.count() == 0 {
            return Ok(own);
        }
        if !own.is_float() {
            return Ok(Tensor(Dispatch::int_cumprod(own.0, axis)));
        }
        if !own.is_tracked() {
            return Ok(Tensor(Dispatch::float_cumprod(own.0, axis)));
        }
        // Burn divides by the elements in its gradient, which has none where one is 0. So the products
        // are taken one by one there.
        let length = own.shape()[axis];
        let mut product = own.narrow(dim, 0, 1)?;
        let mut all = vec![product.clone()];
        for index in 1..length {
            product = product.mul(&own.narrow(dim, index, 1)?)?;
            all.push(product.clone());
        }
        Tensor::cat(&all, dim)
    }
}
