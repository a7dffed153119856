//! Products of matrices.

use super::kernels::rows::Curve;
use super::record::Dispatch;
use super::{DType, Tensor, check_size, shape, words, work};
use crate::error::{Error, Kind, Result};

impl Tensor {
    /// The product of the last two dimensions; those before are broadcast. A vector stands for a row on
    /// the left and for a column on the right.
    pub fn matmul(&self, other: &Tensor) -> Result<Tensor> {
        match (self.rank(), other.rank()) {
            (1, 1) => {
                let shape = self.shape();
                if shape != other.shape() {
                    return Err(Error::new(Kind::Shape, "matmul", "the vectors differ in length")
                        .received(format!("{} and {}", words(&shape), words(&other.shape()))));
                }
                self.mul(other)?.sum()
            }
            (1, _) => self.unsqueeze(0)?.matmul(other)?.squeeze(&[-2]),
            (_, 1) => self.matmul(&other.unsqueeze(1)?)?.squeeze(&[-1]),
            _ => {
                let dtype = self.dtype().max(other.dtype()).max(DType::I64);
                self.to(dtype)?.matrices(&other.to(dtype)?)
            }
        }
    }

    fn matrices(&self, other: &Tensor) -> Result<Tensor> {
        let (a, b) = (self.shape(), other.shape());
        let (Some((batch_a, &[rows, inner_a])), Some((batch_b, &[inner_b, columns]))) =
            (a.split_last_chunk::<2>(), b.split_last_chunk::<2>())
        else {
            return Err(Error::new(Kind::Shape, "matmul", "needs matrices")
                .expected("at least two dimensions on both sides")
                .received(format!("{} and {}", words(&a), words(&b))));
        };
        if inner_a != inner_b {
            return Err(Error::new(Kind::Shape, "matmul", "the inner lengths differ")
                .expected("[…, n, k] and […, k, m]")
                .received(format!("{} and {}", words(&a), words(&b))));
        }
        let mut full = shape::broadcast("matmul", batch_a, batch_b)?;
        full.extend([rows, columns]);
        check_size("matmul", &full)?;
        // Burn reads beyond an empty buffer where a batch of 0 meets one of 1.
        if a.contains(&0) || b.contains(&0) {
            return Tensor::none(self.dtype(), &full, &[self, other]);
        }
        work::add(work::product(&full).saturating_mul(inner_a as u64));
        let rank = a.len().max(b.len());
        let (left, right) = (self.lifted(rank, &a), other.lifted(rank, &b));
        Ok(Tensor(match self.dtype() {
            DType::F32 => Dispatch::float_matmul(left, right),
            _ => Dispatch::int_matmul(left, right),
        }))
    }

    /// `self · weightᵀ + bias` with a weight of `[out, in]`, as PyTorch keeps it.
    pub fn linear(&self, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        self.layer(weight, bias, None)
    }

    /// A linear layer with a bias, and a function of each of its outputs.
    pub(crate) fn linear_curve(
        &self,
        weight: &Tensor,
        bias: &Tensor,
        curve: Curve,
    ) -> Result<Tensor> {
        self.layer(weight, Some(bias), Some(curve))
    }

    fn layer(
        &self,
        weight: &Tensor,
        bias: Option<&Tensor>,
        curve: Option<Curve>,
    ) -> Result<Tensor> {
        weight.need_rank("linear", "the weight", 2)?;
        let own = self.shape();
        let (rows, width) = match own.split_last() {
            Some((width, rest)) => (rest.iter().product::<usize>(), *width),
            None => (0, 0),
        };
        let sizes = weight.shape();
        let (outputs, inputs) = (sizes[0], sizes[1]);
        if width != inputs {
            return Err(Error::new(Kind::Shape, "linear", "the width of the input differs")
                .expected(format!("[…, {inputs}]"))
                .received(words(&own)));
        }
        if let Some(bias) = bias.filter(|bias| bias.shape() != [outputs]) {
            return Err(Error::new(Kind::Shape, "linear", "the bias does not fit")
                .expected(words(&[outputs]))
                .received(words(&bias.shape())));
        }
        let (input, weight) = (self.float()?, weight.float()?);
        let bias = bias.map(Tensor::float).transpose()?;
        let mut full = own.clone();
        if let Some(last) = full.last_mut() {
            *last = outputs;
        }
        check_size("linear", &full)?;
        if rows == 0 || outputs == 0 || inputs == 0 {
            let mut parts = vec![&input, &weight];
            parts.extend(&bias);
            let none = Tensor::none(DType::F32, &full, &parts)?;
            let made = match &bias {
                Some(bias) if none.count() > 0 => none.add(bias)?,
                _ => none,
            };
            return match curve {
                Some(curve) => made.curved(curve),
                None => Ok(made),
            };
        }
        work::add(work::product(&[rows, inputs, outputs]));
        Ok(Tensor(match (bias, curve) {
            (Some(bias), Some(curve)) => {
                Dispatch::still_linear_curve(input.0, weight.0, bias.0, curve)
            }
            (Some(bias), None) => Dispatch::still_linear_biased(input.0, weight.0, bias.0),
            (None, _) => Dispatch::still_linear_plain(input.0, weight.0),
        }))
    }

    /// Each element of one vector times each of another, `[n, m]`.
    pub fn outer(&self, other: &Tensor) -> Result<Tensor> {
        self.need_rank("outer", "the left side", 1)?;
        other.need_rank("outer", "the right side", 1)?;
        self.unsqueeze(1)?.mul(&other.unsqueeze(0)?)
    }
}
