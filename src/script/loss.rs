//! Losses against labels, and between any two tensors.

use super::options::Options;
use super::register::functions;
use crate::error::Result;
use crate::kd::{self, Reduction};
use crate::tensor::Tensor;
use rhai::{Map, Module};

/// `reduction` ("mean"), and one number and one flag of the loss's own.
fn options(
    operation: &str,
    map: Map,
    number: Option<(&str, f64)>,
    flag: Option<&str>,
) -> Result<(Reduction, f64, bool)> {
    let options = Options::new(operation, map)?;
    let reduction = match options.text("reduction")? {
        Some(name) => Reduction::named(operation, &name)?,
        None => Reduction::Mean,
    };
    let (mut value, mut set) = (number.map_or(0.0, |(_, standard)| standard), false);
    if let Some((name, _)) = number {
        options.number(name, &mut value)?;
    }
    if let Some(name) = flag {
        options.flag(name, &mut set)?;
    }
    Ok((reduction, value, set))
}

pub(super) fn functions(module: &mut Module) {
    labels(module);
    distances(module);
}

fn labels(module: &mut Module) {
    functions! { module;
        /// −Σ target · ln softmax(logits), averaged over the batch.
        ///
        /// Shapes: logits `[batch, class]`; the target has the same (shares, may be soft), or is i64
        /// `[batch]` (numbers of classes).
        ///
        /// ```rhai
        /// cross_entropy(tensor([[0, 0]]), tensor([[1, 0]])).item() > 0.693
        /// ```
        fn "cross_entropy"(student: Tensor, target: Tensor) -> Tensor {
            kd::cross_entropy(&student, &target)
        }

        /// As `cross_entropy(student, target)`, with options: `reduction` ("mean", "sum", "none"; a row is one
        /// term) and `smoothing` (0): so large a share of each label is spread evenly over all classes.
        ///
        /// ```rhai
        /// cross_entropy(tensor([[0, 0]]), tensor([1]), #{ reduction: "none", smoothing: 0.1 }).shape == [1]
        /// ```
        fn "cross_entropy"(student: Tensor, target: Tensor, options: Map) -> Tensor {
            let (reduction, smoothing, _) =
                self::options("cross_entropy", options, Some(("smoothing", 0.0)), None)?;
            kd::cross_entropy_with(&student, &target, smoothing, reduction)
        }

        /// Binary cross-entropy of logits, averaged over all elements: for clips with several labels.
        ///
        /// Shapes: both the same.
        ///
        /// ```rhai
        /// bce(tensor([[0, 0]]), tensor([[1, 0]])).item() > 0.693
        /// ```
        fn "bce"(student: Tensor, target: Tensor) -> Tensor {
            kd::bce(&student, &target, Reduction::Mean)
        }

        /// As `bce(student, target)`, with the option `reduction`: "mean", "sum", "none", or "batch_mean",
        /// the sum divided by the first length.
        ///
        /// ```rhai
        /// bce(tensor([[0, 0]]), tensor([[1, 0]]), #{ reduction: "batch_mean" }).item() > 1.38
        /// ```
        fn "bce"(student: Tensor, target: Tensor, options: Map) -> Tensor {
            let (reduction, ..) = self::options("bce", options, None, None)?;
            kd::bce(&student, &target, reduction)
        }

        /// target · (ln target − log_probs), averaged over all elements: the first is logarithms of
        /// probabilities, the second probabilities.
        ///
        /// ```rhai
        /// kl_div(tensor([[0.5, 0.5]]).log(), tensor([[0.5, 0.5]])).item() == 0.0
        /// ```
        fn "kl_div"(log_probs: Tensor, target: Tensor) -> Tensor {
            kd::kl_div(&log_probs, &target, false, Reduction::Mean)
        }

        /// As `kl_div(log_probs, target)`, with options: `reduction` ("mean", "sum", "none", or "batch_mean",
        /// which is the divergence itself), and `log_target` (false): the target is logarithms too.
        ///
        /// ```rhai
        /// let p = tensor([[0.5, 0.5]]).log();
        /// kl_div(p, p, #{ reduction: "batch_mean", log_target: true }).item() == 0.0
        /// ```
        fn "kl_div"(log_probs: Tensor, target: Tensor, options: Map) -> Tensor {
            let (reduction, _, logs) = self::options("kl_div", options, None, Some("log_target"))?;
            kd::kl_div(&log_probs, &target, logs, reduction)
        }
    }
}

macro_rules! distances {
    ($module:expr; $($(#[doc = $doc:expr])* $name:literal => $loss:path, $example:literal;)*) => {
        functions! { $module; $(
            $(#[doc = $doc])*
            ///
            /// Shapes: both the same. A gradient flows into both.
            ///
            /// ```rhai
            #[doc = $example]
            /// ```
            fn $name(a: Tensor, b: Tensor) -> Tensor { $loss(&a, &b, Reduction::Mean) }

            #[doc = concat!(" As `", $name, "(a, b)`, with the option `reduction`: \"mean\", \"sum\", \"none\",")]
            /// or "batch_mean", the sum divided by the first length.
            ///
            /// ```rhai
            #[doc = concat!(" ", $name, "(tensor([[1, 3]]), tensor([[1, 1]]), #{ reduction: \"sum\" }).shape == [1]")]
            /// ```
            fn $name(a: Tensor, b: Tensor, options: Map) -> Tensor {
                let (reduction, ..) = self::options($name, options, None, None)?;
                $loss(&a, &b, reduction)
            }
        )* }
    };
}

fn distances(module: &mut Module) {
    distances! { module;
        /// (a − b)², averaged over all elements.
        "mse" => kd::mse, " mse(tensor([1, 3]), tensor([1, 1])).item() == 2.0";
        /// |a − b|, averaged over all elements.
        "l1" => kd::l1, " l1(tensor([1, 3]), tensor([1, 1])).item() == 1.0";
        /// 1 − the cosine of the angle between both along the last dimension, averaged.
        "cosine_loss" => kd::cosine_loss, " cosine_loss(tensor([[1, 0]]), tensor([[0, 1]])).item() == 1.0";
    }
    functions! { module;
        /// (a − b)² / 2 where |a − b| is below 1, |a − b| − 1/2 elsewhere, averaged over all elements.
        ///
        /// ```rhai
        /// smooth_l1(tensor([0.0, 3.0]), tensor([1.0, 0.0])).item() == 1.5
        /// ```
        fn "smooth_l1"(a: Tensor, b: Tensor) -> Tensor { kd::smooth_l1(&a, &b, 1.0, Reduction::Mean) }

        /// As `smooth_l1(a, b)`, with options: `beta` (1.0), where the square ends, and `reduction` ("mean").
        ///
        /// ```rhai
        /// smooth_l1(tensor([0.0]), tensor([1.0]), #{ beta: 2, reduction: "sum" }).item() == 0.25
        /// ```
        fn "smooth_l1"(a: Tensor, b: Tensor, options: Map) -> Tensor {
            let (reduction, beta, _) =
                self::options("smooth_l1", options, Some(("beta", 1.0)), None)?;
            kd::smooth_l1(&a, &b, beta, reduction)
        }
    }
}
