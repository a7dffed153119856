//! Steps of optimisers that are one operation.

use super::kernels::descent::{Adam, DescentOps};
use super::{Tensor, words};
use crate::error::{Error, Kind, Result};
use burn::backend::Dispatch;

/// One step of Adam without amsgrad (Kingma and Ba 2015): the numbers of `torch.optim.Adam`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep {
    /// Decay of the first and of the second moment.
    pub betas: [f64; 2],
    /// Added to the root of the second moment.
    pub eps: f64,
    /// The learning rate.
    pub lr: f64,
    /// Weight decay: in the gradient, or, where `decoupled`, of the weight itself.
    pub decay: f64,
    /// Whether the decay is that of AdamW.
    pub decoupled: bool,
    /// What makes up for moments that began at 0: 1 − β^updates for both.
    pub corrections: [f64; 2],
}

impl AdamStep {
    /// The new value, first and second moment; all of one shape, and outside of any graph.
    ///
    /// # Errors
    /// Other shapes.
    pub fn of(
        &self,
        value: &Tensor,
        gradient: &Tensor,
        moments: [&Tensor; 2],
    ) -> Result<[Tensor; 3]> {
        for other in [gradient, moments[0], moments[1]] {
            if other.shape() != value.shape() {
                return Err(Error::new(Kind::Shape, "adam", "the state has another shape")
                    .expected(words(&value.shape()))
                    .received(words(&other.shape())));
            }
        }
        let plain = |tensor: &Tensor| tensor.float()?.detached();
        let (value, gradient) = (plain(value)?, plain(gradient)?);
        let [mean, square] = [plain(moments[0])?, plain(moments[1])?];
        if value.count() == 0 {
            return Ok([value, mean, square]);
        }
        let (coupled, kept) = match self.decoupled {
            true => (0.0, 1.0 - self.lr * self.decay),
            false => (self.decay, 1.0),
        };
        let rule = Adam {
            betas: self.betas.map(|beta| beta as f32),
            rests: self.betas.map(|beta| (1.0 - beta) as f32),
            coupled: coupled as f32,
            kept: kept as f32,
            root: self.corrections[1].sqrt() as f32,
            eps: self.eps as f32,
            rate: (self.lr / self.corrections[0]) as f32,
        };
        let made = Dispatch::still_adam(value.0, gradient.0, mean.0, square.0, rule);
        Ok([Tensor(made.0), Tensor(made.1), Tensor(made.2)])
    }
}
