//! Many numbers in, fewer out. Each takes no dimensions (all of them), one, or an array of them.

use super::{dims_of, values_and_indices};
use crate::error::{Error, Kind, Result};
use crate::script::options::Options;
use crate::script::register::functions;
use crate::script::value::{count_of, kind_of};
use crate::tensor::{Along, Tensor};
use rhai::{Dynamic, Map, Module};

fn along(operation: &str, dims: &Dynamic, keep: bool) -> Result<Along> {
    // No dimensions mean all of them, as in PyTorch.
    let dims = Some(dims_of(operation, dims)?).filter(|dims| !dims.is_empty());
    Ok(Along { dims, keep })
}

macro_rules! reductions {
    ($module:expr; $($(#[doc = $doc:expr])* $name:literal => $method:ident, $one:expr, $example:literal;)*) => {
        functions! { $module; $(
            $(#[doc = $doc])*
            ///
            /// Also along dimensions: `f(dims)` with one or an array of them, which vanish; `f(dims, true)`
            /// keeps them with a length of 1. Negative ones count from the end.
            ///
            /// ```rhai
            #[doc = $example]
            /// ```
            fn $name(tensor: Tensor) -> Tensor { tensor.$method(&Along::all()) }

            #[doc = concat!(" As `", $name, "()`, along `dims`, which vanish.")]
            ///
            /// ```rhai
            #[doc = concat!(" tensor([[1, 2], [3, 4]]).", $name, "(1).shape == [2]")]
            /// ```
            fn $name(tensor: Tensor, dims: Dynamic) -> Tensor {
                let one: Option<One> = $one;
                match (one, dims.as_int()) {
                    (Some(one), Ok(dim)) => one(&tensor, dim, false),
                    _ => tensor.$method(&along($name, &dims, false)?),
                }
            }

            #[doc = concat!(" As `", $name, "()`, along `dims`, which stay with a length of 1 where `keep` is true.")]
            ///
            /// ```rhai
            #[doc = concat!(" tensor([[1, 2], [3, 4]]).", $name, "(1, true).shape == [2, 1]")]
            /// ```
            fn $name(tensor: Tensor, dims: Dynamic, keep: bool) -> Tensor {
                let one: Option<One> = $one;
                match (one, dims.as_int()) {
                    (Some(one), Ok(dim)) => one(&tensor, dim, keep),
                    _ => tensor.$method(&along($name, &dims, keep)?),
                }
            }
        )* }
    };
}

/// What a reduction does along one dimension, where that differs.
type One = fn(&Tensor, i64, bool) -> Result<Tensor>;

pub(super) fn functions(module: &mut Module) {
    reductions! { module;
        /// The sum, shape `[1]`; integers stay integers, bools are counted.
        "sum" => sum_along, None, " tensor([[1, 2], [3, 4]]).sum(0).to_array() == [4, 6]";
        /// The mean, shape `[1]`; always floats.
        "mean" => mean_along, None, " tensor([[1, 3], [5, 7]]).mean(-1, true).shape == [2, 1]";
        /// The product, shape `[1]`.
        "prod" => prod_along, None, " tensor([2, 3]).prod().item() == 6";
        /// The largest element, shape `[1]`. Over all or several dimensions equal ones share the gradient,
        /// along one the first of them has it.
        "max" => max_along, Some(Tensor::max_dim), " tensor([[1, 5], [7, 2]]).max(1).to_array() == [5, 7]";
        /// The smallest element, shape `[1]`. Over all or several dimensions equal ones share the gradient,
        /// along one the first of them has it.
        "min" => min_along, Some(Tensor::min_dim), " tensor([[1, 5], [7, 2]]).min([0, 1]).item() == 1";
        /// Whether any element is true, or not 0.
        "any" => any_along, None, " (tensor([1, 2]) > 1).any().item()";
        /// Whether all elements are true, or not 0.
        "all" => all_along, None, " !(tensor([1, 2]) > 1).all().item()";
        /// ln Σ e^x, without overflow.
        "logsumexp" => logsumexp_along, None, " tensor([1000.0]).logsumexp().item() == 1000.0";
    }
    spreads(module);
    places(module);
}

/// The options of `var`, `std`, `norm`, with their dimensions.
fn options(
    operation: &str,
    dims: Option<&Dynamic>,
    given: &Dynamic,
    key: &str,
    standard: f64,
) -> Result<(Along, f64)> {
    let mut number = standard;
    let keep = match (given.as_bool(), given.read_lock::<Map>()) {
        (Ok(keep), _) => keep,
        (_, Some(map)) => {
            let options = Options::new(operation, map.clone())?;
            options.number(key, &mut number)?;
            let mut keep = false;
            options.flag("keep", &mut keep)?;
            keep
        }
        _ => {
            return Err(Error::new(Kind::Type, operation, "'keep' has the wrong type")
                .expected(format!("true, false, or options: #{{ keep: true, {key}: {standard} }}"))
                .received(kind_of(given)));
        }
    };
    let dims = dims.map(|dims| dims_of(operation, dims)).transpose()?;
    Ok((Along { dims, keep }, number))
}

macro_rules! with_option {
    ($module:expr; $($(#[doc = $doc:expr])* $name:literal => $method:ident, $key:literal, $standard:expr, $example:literal;)*) => {
        functions! { $module; $(
            $(#[doc = $doc])*
            ///
            /// Also `f(dims)`, `f(dims, true)` to keep them, and options last, as in the example.
            ///
            /// ```rhai
            #[doc = $example]
            /// ```
            fn $name(tensor: Tensor) -> Tensor { tensor.$method(&Along::all(), $standard) }

            #[doc = concat!(" As `", $name, "()`, with options: `keep` (false), `", $key, "` (", stringify!($standard), ").")]
            ///
            /// ```rhai
            #[doc = concat!(" tensor([[1, 2], [3, 4]]).", $name, "(#{ keep: true }).shape == [1, 1]")]
            /// ```
            fn $name(tensor: Tensor, options: Map) -> Tensor {
                let given = Dynamic::from(options);
                let (along, number) = self::options($name, None, &given, $key, $standard)?;
                tensor.$method(&along, number)
            }

            #[doc = concat!(" As `", $name, "()`, along `dims`, which vanish.")]
            ///
            /// ```rhai
            #[doc = concat!(" tensor([[1, 2], [3, 4]]).", $name, "(1).shape == [2]")]
            /// ```
            fn $name(tensor: Tensor, dims: Dynamic) -> Tensor {
                tensor.$method(&along($name, &dims, false)?, $standard)
            }

            #[doc = concat!(" As `", $name, "()`, along `dims`, with `true` to keep them, or with options.")]
            ///
            /// ```rhai
            #[doc = concat!(" tensor([[1, 2], [3, 4]]).", $name, "(1, true).shape == [2, 1]")]
            /// ```
            fn $name(tensor: Tensor, dims: Dynamic, options: Dynamic) -> Tensor {
                let (along, number) = self::options($name, Some(&dims), &options, $key, $standard)?;
                tensor.$method(&along, number)
            }
        )* }
    };
}

fn spreads(module: &mut Module) {
    with_option! { module;
        /// The variance, shape `[1]`. The option `correction` (1) is taken from the number of elements.
        "var" => var_along, "correction", 1.0, " tensor([1, 3]).var(0, #{ correction: 0 }).item() == 1.0";
        /// The standard deviation, shape `[1]`. The option `correction` (1) is taken from the number of
        /// elements.
        "std" => std_along, "correction", 1.0, " tensor([1, 2, 3]).std().item() == 1.0";
        /// The norm, shape `[1]`. The option `p` (2) says which one.
        "norm" => norm_along, "p", 2.0, " tensor([3, -4]).norm(#{ p: 1 }).item() == 7.0";
    }
}

fn flat(tensor: &Tensor) -> Result<Tensor> {
    tensor.reshape(&[tensor.count() as i64])
}

fn places(module: &mut Module) {
    functions! { module;
        /// The place of the largest element in row-major order; the first one of equals.
        ///
        /// ```rhai
        /// tensor([[1, 9], [9, 2]]).argmax().item() == 1
        /// ```
        fn "argmax"(tensor: Tensor) -> Tensor { flat(&tensor)?.argmax_dim(0, false) }

        /// As `argmax()`, along a dimension, which vanishes.
        ///
        /// ```rhai
        /// tensor([[1, 9], [9, 2]]).argmax(1).to_array() == [1, 0]
        /// ```
        fn "argmax"(tensor: Tensor, dim: i64) -> Tensor { tensor.argmax_dim(dim, false) }

        /// As `argmax()`, along a dimension, which stays with a length of 1 where `keep` is true.
        ///
        /// ```rhai
        /// tensor([[1, 9], [9, 2]]).argmax(1, true).to_array() == [[1], [0]]
        /// ```
        fn "argmax"(tensor: Tensor, dim: i64, keep: bool) -> Tensor { tensor.argmax_dim(dim, keep) }

        /// The place of the smallest element in row-major order; the first one of equals.
        ///
        /// ```rhai
        /// tensor([[1, 9], [9, 2]]).argmin().item() == 0
        /// ```
        fn "argmin"(tensor: Tensor) -> Tensor { flat(&tensor)?.argmin_dim(0, false) }

        /// As `argmin()`, along a dimension, which vanishes.
        ///
        /// ```rhai
        /// tensor([[1, 9], [9, 2]]).argmin(1).to_array() == [0, 1]
        /// ```
        fn "argmin"(tensor: Tensor, dim: i64) -> Tensor { tensor.argmin_dim(dim, false) }

        /// As `argmin()`, along a dimension, which stays with a length of 1 where `keep` is true.
        ///
        /// ```rhai
        /// tensor([[1, 9], [9, 2]]).argmin(1, true).to_array() == [[0], [1]]
        /// ```
        fn "argmin"(tensor: Tensor, dim: i64, keep: bool) -> Tensor { tensor.argmin_dim(dim, keep) }

        /// The sum of all elements up to each along a dimension.
        ///
        /// ```rhai
        /// tensor([1, 2, 3]).cumsum(0).to_array() == [1, 3, 6]
        /// ```
        fn "cumsum"(tensor: Tensor, dim: i64) -> Tensor { tensor.cumsum(dim) }

        /// The product of all elements up to each along a dimension.
        ///
        /// ```rhai
        /// tensor([1, 2, 3]).cumprod(0).to_array() == [1, 2, 6]
        /// ```
        fn "cumprod"(tensor: Tensor, dim: i64) -> Tensor { tensor.cumprod(dim) }

        /// The `count` largest elements along the last dimension, largest first, as `values`, and their
        /// places as `indices`.
        ///
        /// ```rhai
        /// tensor([3, 9, 5]).topk(2).values.to_array() == [9, 5]
        /// ```
        fn "topk"(tensor: Tensor, count: Dynamic) -> Map {
            let (values, indices) = tensor.topk(count_of("topk", "count", &count)?, -1)?;
            Ok(values_and_indices(values, indices))
        }

        /// As `topk(count)`, along another dimension.
        ///
        /// ```rhai
        /// tensor([[3], [9]]).topk(1, 0).indices.to_array() == [[1]]
        /// ```
        fn "topk"(tensor: Tensor, count: Dynamic, dim: i64) -> Map {
            let (values, indices) = tensor.topk(count_of("topk", "count", &count)?, dim)?;
            Ok(values_and_indices(values, indices))
        }

        /// All elements along the last dimension in rising order, as `values`, and where they stood as
        /// `indices`; equal ones keep their order.
        ///
        /// ```rhai
        /// tensor([3, 9, 5]).sort().indices.to_array() == [0, 2, 1]
        /// ```
        fn "sort"(tensor: Tensor) -> Map { sort(&tensor, -1, false) }

        /// As `sort()`, along another dimension.
        ///
        /// ```rhai
        /// tensor([[3, 1], [2, 9]]).sort(0).values.to_array() == [[2, 1], [3, 9]]
        /// ```
        fn "sort"(tensor: Tensor, dim: i64) -> Map { sort(&tensor, dim, false) }

        /// As `sort()`, along another dimension, in falling order where `descending` is true.
        ///
        /// ```rhai
        /// tensor([3, 9, 5]).sort(0, true).values.to_array() == [9, 5, 3]
        /// ```
        fn "sort"(tensor: Tensor, dim: i64, descending: bool) -> Map { sort(&tensor, dim, descending) }

        /// Where the elements stood, in rising order along a dimension.
        ///
        /// ```rhai
        /// tensor([3, 9, 5]).argsort(0).to_array() == [0, 2, 1]
        /// ```
        fn "argsort"(tensor: Tensor, dim: i64) -> Tensor { tensor.argsort(dim, false) }

        /// As `argsort(dim)`, in falling order where `descending` is true.
        ///
        /// ```rhai
        /// tensor([3, 9, 5]).argsort(0, true).to_array() == [1, 2, 0]
        /// ```
        fn "argsort"(tensor: Tensor, dim: i64, descending: bool) -> Tensor {
            tensor.argsort(dim, descending)
        }
    }
}

fn sort(tensor: &Tensor, dim: i64, descending: bool) -> Result<Map> {
    let indices = tensor.argsort(dim, descending)?;
    Ok(values_and_indices(tensor.gather(dim, &indices)?, indices))
}
