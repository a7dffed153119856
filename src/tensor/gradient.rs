//! Leaves of the autodiff graph, the backward pass, and what comes out of it.

use super::Tensor;
use super::trace::{self, Part};
use crate::error::{Error, Kind, Result};
use burn::backend::ops::FloatTensorOps;
use burn::backend::{AutodiffBackend, Dispatch};

/// Gradients of one backward pass, by leaf.
pub struct Gradients(<Dispatch as AutodiffBackend>::Gradients);

/// What is told of a graph that a backward pass has used up.
pub const GRAPH_IS_USED: &str = "this graph was gone through before";

impl Tensor {
    /// The same numbers, as floats, as a new leaf, whose gradient a backward pass will tell.
    pub fn tracked(&self) -> Result<Tensor> {
        let tensor = Dispatch::from_inner(self.float()?.detached()?.0);
        Ok(Tensor(Dispatch::float_set_require_grad(tensor, true)))
    }

    /// The same numbers outside of any graph: no gradient flows through.
    pub fn detached(&self) -> Result<Tensor> {
        if !self.is_tracked() {
            return Ok(self.clone());
        }
        Ok(Tensor(Dispatch::inner(self.0.clone())))
    }

    /// Whether it belongs to an autodiff graph.
    pub fn is_tracked(&self) -> bool {
        use burn::backend::DispatchTensorKind;
        matches!(self.0.kind, DispatchTensorKind::Autodiff(_))
    }

    /// The number that tells this leaf from all others of the process, where the device tells it.
    pub fn leaf_id(&self) -> Option<u64> {
        use burn::backend::DispatchTensorKind;
        let DispatchTensorKind::Autodiff(inner) = &self.0.kind else { return None };
        // Devices that a feature adds may have kinds of their own.
        #[allow(unreachable_patterns)]
        match inner.as_ref() {
            DispatchTensorKind::Flex(tensor) if self.is_leaf() => {
                Some(tensor.as_autodiff().id().value)
            }
            #[cfg(any(feature = "wgpu", feature = "cuda"))]
            DispatchTensorKind::Cube(tensor) if self.is_leaf() => {
                Some(tensor.as_autodiff().id().value)
            }
            _ => None,
        }
    }

    /// Whether it is a leaf, whose gradient a backward pass tells.
    pub fn is_leaf(&self) -> bool {
        self.is_tracked() && Dispatch::float_is_require_grad(&self.0)
    }

    /// Runs the backward pass from this scalar.
    ///
    /// # Errors
    /// Not a scalar, or no leaf took part in making it.
    pub fn backward(&self) -> Result<Gradients> {
        if self.count() != 1 {
            return Err(Error::new(Kind::Shape, "backward", "only a scalar has gradients")
                .expected("one element")
                .received(self.describe())
                .hint("reduce it first, e.g. with .mean()"));
        }
        if !self.is_tracked() {
            return Err(Error::new(
                Kind::Type,
                "backward",
                "no parameter took part in this number",
            )
            .hint(
                "make the loss from the student's output, or of x.requires_grad(); what is frozen or detached takes no \
                 part, and gradients are plain numbers",
            ));
        }
        // Burn has no way to ask whether a graph was used up; it panics.
        let run = || Dispatch::backward(self.0.clone());
        let run = || std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
        let gradients = trace::span(Part::Backward, run);
        gradients.map(Gradients).map_err(|cause| {
            let text = cause.downcast_ref::<String>().map_or("", String::as_str);
            if text.contains("consumed") {
                return Error::new(Kind::Script, "backward", GRAPH_IS_USED)
                    .hint(
                        "add losses up and go backward once, or compute the loss again; optimizer.step(net, loss) goes backward \
                         itself; what is kept in ctx.state is kept as x.detach() or x.item()",
                    );
            }
            Error::new(Kind::Internal, "backward", "this is a defect of Stillroom").received(text)
        })
    }
}

impl Gradients {
    /// The gradient of `leaf`, of its shape; `None` where the leaf took no part.
    pub fn of(&self, leaf: &Tensor) -> Option<Tensor> {
        if !leaf.is_tracked() {
            return None;
        }
        Dispatch::grad(&leaf.0, &self.0).map(Tensor)
    }
}
