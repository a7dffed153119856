//! The one door to Burn: each operation that this layer calls, noted while a recording is on.
//!
//! A function here does what Burn's of the same name does.

use super::graph::{Binary, Fold, Op, Unary};
use super::told::{curved, sliced, softmaxed, swapped};
use super::{Noted, is_on};
use crate::tensor::kernels::StillOps;
use crate::tensor::kernels::linear::{Linear, Told};
use crate::tensor::kernels::pictures::{NormOptions, PictureOps};
use crate::tensor::kernels::rows::{Curve, RowOps, Softmax};
use crate::tensor::{DType, Tensor};
use burn::backend::ops::{ActivationOps, BoolTensorOps, ConvOptions, FloatTensorOps, IntTensorOps};
use burn::backend::{Dispatch as Burn, DispatchDevice, DispatchTensor as Any, TensorMetadata};
use burn::tensor::{
    BoolDType, FloatDType, IndexingUpdateOp, IntDType, Scalar, Shape, Slice, TensorData,
};
use std::sync::Arc;

/// Burn's operations, noted.
pub(in crate::tensor) struct Dispatch;

/// Operations that take tensors, and perhaps more that is plain data.
macro_rules! noted {
    ($($name:ident($($input:ident),*; $($more:ident: $type:ty),*) => $op:expr;)*) => {
        impl Dispatch { $(
            pub fn $name($($input: Any,)* $($more: $type),*) -> Any {
                if !is_on() {
                    return Burn::$name($($input,)* $($more),*);
                }
                let noted = Noted::of(&[$(&$input),*]);
                #[allow(unused_variables, reason = "not every operation tells all its options")]
                let ($($more,)*) = ($($more,)*);
                let op = $op;
                noted.one(|| op, Burn::$name($($input,)* $($more),*))
            }
        )* }
    };
}

noted! {
    float_exp(x;) => Op::Unary(Unary::Exp);
    float_log(x;) => Op::Unary(Unary::Log);
    float_log1p(x;) => Op::Unary(Unary::Log1p);
    float_sqrt(x;) => Op::Unary(Unary::Sqrt);
    float_sin(x;) => Op::Unary(Unary::Sin);
    float_cos(x;) => Op::Unary(Unary::Cos);
    float_tanh(x;) => Op::Unary(Unary::Tanh);
    float_erf(x;) => Op::Unary(Unary::Erf);
    log_sigmoid(x;) => Op::Unary(Unary::LogSigmoid);
    float_neg(x;) => Op::Unary(Unary::Neg);
    int_neg(x;) => Op::Unary(Unary::Neg);
    float_abs(x;) => Op::Unary(Unary::Abs);
    int_abs(x;) => Op::Unary(Unary::Abs);
    float_floor(x;) => Op::Unary(Unary::Floor);
    float_ceil(x;) => Op::Unary(Unary::Ceil);
    float_round(x;) => Op::Unary(Unary::Round);

    float_add(a, b;) => Op::Binary(Binary::Add);
    int_add(a, b;) => Op::Binary(Binary::Add);
    float_sub(a, b;) => Op::Binary(Binary::Sub);
    int_sub(a, b;) => Op::Binary(Binary::Sub);
    float_mul(a, b;) => Op::Binary(Binary::Mul);
    int_mul(a, b;) => Op::Binary(Binary::Mul);
    float_div(a, b;) => Op::Binary(Binary::Div);
    float_powf(a, b;) => Op::Binary(Binary::Pow);
    int_powi(a, b;) => Op::Binary(Binary::Pow);
    float_remainder(a, b;) => Op::Binary(Binary::Remainder);
    int_remainder(a, b;) => Op::Binary(Binary::Remainder);
    bool_and(a, b;) => Op::Binary(Binary::And);
    bool_or(a, b;) => Op::Binary(Binary::Or);
    bool_not(a;) => Op::Not;
    float_equal(a, b; to: BoolDType) => Op::Binary(Binary::Equal);
    int_equal(a, b; to: BoolDType) => Op::Binary(Binary::Equal);
    float_not_equal(a, b; to: BoolDType) => Op::Binary(Binary::NotEqual);
    int_not_equal(a, b; to: BoolDType) => Op::Binary(Binary::NotEqual);
    float_lower(a, b; to: BoolDType) => Op::Binary(Binary::Less);
    int_lower(a, b; to: BoolDType) => Op::Binary(Binary::Less);
    float_lower_equal(a, b; to: BoolDType) => Op::Binary(Binary::LessOrEqual);
    int_lower_equal(a, b; to: BoolDType) => Op::Binary(Binary::LessOrEqual);
    float_greater(a, b; to: BoolDType) => Op::Binary(Binary::Greater);
    int_greater(a, b; to: BoolDType) => Op::Binary(Binary::Greater);
    float_greater_equal(a, b; to: BoolDType) => Op::Binary(Binary::GreaterOrEqual);
    int_greater_equal(a, b; to: BoolDType) => Op::Binary(Binary::GreaterOrEqual);

    bool_into_int(x; to: IntDType) => Op::Cast;
    bool_into_float(x; to: FloatDType) => Op::Cast;
    int_into_float(x; to: FloatDType) => Op::Cast;
    float_into_int(x; to: IntDType) => Op::Cast;

    float_matmul(a, b;) => Op::MatMul;
    int_matmul(a, b;) => Op::MatMul;

    float_reshape(x; shape: Shape) => Op::Reshape;
    int_reshape(x; shape: Shape) => Op::Reshape;
    bool_reshape(x; shape: Shape) => Op::Reshape;
    float_expand(x; shape: Shape) => Op::Expand;
    int_expand(x; shape: Shape) => Op::Expand;
    bool_expand(x; shape: Shape) => Op::Expand;
    float_permute(x; axes: &[usize]) => Op::Permute(axes.to_vec());
    int_permute(x; axes: &[usize]) => Op::Permute(axes.to_vec());
    bool_permute(x; axes: &[usize]) => Op::Permute(axes.to_vec());
    float_swap_dims(x; a: usize, b: usize) => swapped(&x, a, b);
    int_swap_dims(x; a: usize, b: usize) => swapped(&x, a, b);
    bool_swap_dims(x; a: usize, b: usize) => swapped(&x, a, b);
    float_slice(x; slices: &[Slice]) => sliced(&x, slices);
    int_slice(x; slices: &[Slice]) => sliced(&x, slices);
    bool_slice(x; slices: &[Slice]) => sliced(&x, slices);
    float_flip(x; axes: &[usize]) => Op::Flip(axes.to_vec());
    int_flip(x; axes: &[usize]) => Op::Flip(axes.to_vec());
    bool_flip(x; axes: &[usize]) => Op::Flip(axes.to_vec());

    float_sum_dim(x; axis: usize) => Op::Fold(Fold::Sum, axis);
    int_sum_dim(x; axis: usize) => Op::Fold(Fold::Sum, axis);
    float_mean_dim(x; axis: usize) => Op::Fold(Fold::Mean, axis);
    int_mean_dim(x; axis: usize) => Op::Untold("mean of integers".to_string());
    float_prod_dim(x; axis: usize) => Op::Fold(Fold::Product, axis);
    int_prod_dim(x; axis: usize) => Op::Fold(Fold::Product, axis);
    float_max_dim(x; axis: usize) => Op::Fold(Fold::Max, axis);
    int_max_dim(x; axis: usize) => Op::Fold(Fold::Max, axis);
    float_min_dim(x; axis: usize) => Op::Fold(Fold::Min, axis);
    int_min_dim(x; axis: usize) => Op::Fold(Fold::Min, axis);
    bool_any_dim(x; axis: usize) => Op::Fold(Fold::Any, axis);
    bool_all_dim(x; axis: usize) => Op::Fold(Fold::All, axis);
    float_argmax(x; axis: usize, to: IntDType) => Op::ArgExtreme { axis, largest: true };
    float_argmin(x; axis: usize, to: IntDType) => Op::ArgExtreme { axis, largest: false };
    int_argmax(x; axis: usize) => Op::ArgExtreme { axis, largest: true };
    int_argmin(x; axis: usize) => Op::ArgExtreme { axis, largest: false };
    float_cumsum(x; axis: usize) => Op::CumSum(axis);
    int_cumsum(x; axis: usize) => Op::CumSum(axis);
    float_cumprod(x; axis: usize) => Op::Untold("cumprod".to_string());
    int_cumprod(x; axis: usize) => Op::Untold("cumprod".to_string());
    still_curve(x; curve: Curve) => curved(curve);
    still_softmax(x; kind: Softmax) => softmaxed(&x, kind);
    still_layer_norm(x, scale, shift; eps: f64) => Op::LayerNorm(eps);
    still_linear_plain(x, weight;) => Op::Linear;
    still_linear_biased(x, weight, bias;) => Op::Linear;

    still_conv2d_transposed(x, kernel; options: ConvOptions<2>, size: [usize; 2]) =>
        Op::Untold("a transposed convolution".to_string());
    still_conv2d(x, kernel; options: ConvOptions<2>) => Op::Untold("a convolution".to_string());
    still_channel_statistics(x;) => Op::ChannelStatistics;
    still_channel_norm(x, scale, shift, statistics; options: NormOptions) =>
        Op::ChannelNorm(options.eps);
}

impl Dispatch {
    /// Noted as its two steps.
    pub fn still_linear_curve(x: Any, weight: Any, bias: Any, curve: Curve) -> Any {
        match is_on() {
            true => Self::still_curve(Self::still_linear_biased(x, weight, bias), curve),
            false => Burn::still_linear_curve(x, weight, bias, curve),
        }
    }
}

/// An operation with a number, as one with a tensor of one.
macro_rules! with_number {
    ($($name:ident($($more:ident: $type:ty),*) => $op:ident;)*) => { impl Dispatch { $(
        pub fn $name(x: Any, number: Scalar, $($more: $type),*) -> Any {
            if !is_on() {
                return Burn::$name(x, number, $($more),*);
            }
            let noted = Noted::of(&[&x, &single(&number)]);
            noted.one(|| Op::Binary(Binary::$op), Burn::$name(x, number, $($more),*))
        }
    )* } };
}

with_number! {
    float_add_scalar() => Add;
    float_sub_scalar() => Sub;
    float_mul_scalar() => Mul;
    float_div_scalar() => Div;
    float_powf_scalar() => Pow;
    float_equal_elem(to: BoolDType) => Equal;
    float_lower_elem(to: BoolDType) => Less;
    float_lower_equal_elem(to: BoolDType) => LessOrEqual;
    float_greater_elem(to: BoolDType) => Greater;
    float_greater_equal_elem(to: BoolDType) => GreaterOrEqual;
}

macro_rules! chosen {
    ($($whole:ident, $fill:ident;)*) => { impl Dispatch { $(
        pub fn $whole(no: Any, mask: Any, yes: Any) -> Any {
            let noted = Noted::of(&[&mask, &yes, &no]);
            noted.one(|| Op::Select, Burn::$whole(no, mask, yes))
        }

        pub fn $fill(no: Any, mask: Any, yes: Scalar) -> Any {
            if !is_on() {
                return Burn::$fill(no, mask, yes);
            }
            let noted = Noted::of(&[&mask, &single(&yes), &no]);
            noted.one(|| Op::Select, Burn::$fill(no, mask, yes))
        }
    )* } };
}

chosen! {
    float_mask_where, float_mask_fill;
    int_mask_where, int_mask_fill;
    bool_mask_where, bool_mask_fill;
}

macro_rules! joined {
    ($($name:ident)*) => { impl Dispatch { $(
        pub fn $name(parts: Vec<Any>, axis: usize) -> Any {
            if !is_on() {
                return Burn::$name(parts, axis);
            }
            let noted = Noted::of(&parts.iter().collect::<Vec<_>>());
            noted.one(|| Op::Concat(axis), Burn::$name(parts, axis))
        }
    )* } };
}

joined! { float_cat int_cat bool_cat }

macro_rules! placed {
    ($($select:ident, $gather:ident, $scatter:ident;)*) => { impl Dispatch { $(
        pub fn $select(x: Any, axis: usize, places: Any) -> Any {
            let noted = Noted::of(&[&x, &places]);
            noted.one(|| Op::Gather(axis), Burn::$select(x, axis, places))
        }

        pub fn $gather(axis: usize, x: Any, places: Any) -> Any {
            let noted = Noted::of(&[&x, &places]);
            noted.one(|| Op::GatherElements(axis), Burn::$gather(axis, x, places))
        }

        pub fn $scatter(axis: usize, x: Any, places: Any, source: Any, how: IndexingUpdateOp) -> Any {
            let noted = Noted::of(&[&x, &places, &source]);
            noted.one(|| Op::ScatterAdd(axis), Burn::$scatter(axis, x, places, source, how))
        }
    )* } };
}

placed! {
    float_select, float_gather, float_scatter;
    int_select, int_gather, int_scatter;
}

impl Dispatch {
    pub fn float_sum(x: Any) -> Any {
        Self::of_all(x, Fold::Sum, Burn::float_sum)
    }

    pub fn float_mean(x: Any) -> Any {
        Self::of_all(x, Fold::Mean, Burn::float_mean)
    }

    /// Along every dimension: a step for each, and the one number that is left.
    fn of_all(x: Any, fold: Fold, act: fn(Any) -> Any) -> Any {
        if !is_on() {
            return act(x);
        }
        let one = Shape::from(vec![1]);
        let dims = x.shape().num_dims();
        let folded = (0..dims).fold(x, |folded, axis| match fold {
            Fold::Mean => Self::float_mean_dim(folded, axis),
            _ => Self::float_sum_dim(folded, axis),
        });
        if dims == 1 { folded } else { Self::float_reshape(folded, one) }
    }

    pub fn still_attention(qkv: Any, heads: usize) -> Any {
        let noted = Noted::of(&[&qkv]);
        let op = || Op::Untold("an attention".to_string());
        noted.one(op, Burn::still_attention(qkv, heads).0)
    }

    /// Never noted: while a recording is on, statistics are taken by an operation of their own.
    pub fn still_channel_norm_own(
        x: Any,
        scale: Any,
        shift: Any,
        options: NormOptions,
    ) -> (Any, Any) {
        Burn::still_channel_norm_own(x, scale, shift, options)
    }

    /// Never noted, but as operations that others have.
    pub fn still_plane_means(x: Any) -> Any {
        Burn::still_plane_means(x)
    }

    /// Never noted: means of windows are noted as one operation.
    pub fn still_block_means(x: Any, size: [usize; 2]) -> Any {
        Burn::still_block_means(x, size)
    }

    /// Never noted, but as a product.
    pub fn still_gated(x: Any, gates: Any) -> Any {
        Burn::still_gated(x, gates)
    }

    pub fn still_linear(x: Any, map: Arc<dyn Linear>, adjoint: bool) -> Any {
        let elsewhere = !crate::tensor::Device::of(x.device()).is_cpu();
        if !adjoint && (elsewhere || (is_on() && Noted::of(&[&x]).is_some())) {
            // As operations that others have, and other devices, where the map tells what it does.
            if let Some(made) = told(&x, map.told()) {
                return made;
            }
        }
        let noted = Noted::of(&[&x]);
        let op = || Op::Untold(format!("{map:?}").chars().take(80).collect());
        noted.one(op, Burn::still_linear(x, map.clone(), adjoint))
    }

    /// Never noted: nothing is, on devices that ask for it.
    pub fn still_permuted(x: Any, axes: Vec<usize>) -> Any {
        Burn::still_permuted(x, axes)
    }

    /// Never noted: its value is, and outside of training nothing else is asked for.
    pub fn still_sloped(x: Any, value: Any, slope: Any) -> Any {
        Burn::still_sloped(x, value, slope)
    }

    /// Never noted, as it says.
    pub fn still_flat(x: Any, value: Any) -> Any {
        Burn::still_flat(x, value)
    }

    pub fn float_from_data(data: TensorData, device: &DispatchDevice) -> Any {
        Burn::float_from_data(data, device)
    }

    pub fn int_from_data(data: TensorData, device: &DispatchDevice) -> Any {
        Burn::int_from_data(data, device)
    }

    pub fn bool_from_data(data: TensorData, device: &DispatchDevice) -> Any {
        Burn::bool_from_data(data, device)
    }
}

/// A number as a tensor of one; bools and integers too.
fn single(number: &Scalar) -> Any {
    let data = match number {
        Scalar::Float(value) => {
            let device = crate::tensor::Device::default();
            return Burn::float_from_data(
                TensorData::new(vec![*value as f32], vec![1]),
                device.inner(),
            );
        }
        Scalar::Int(value) => (DType::I64, *value as f64),
        Scalar::UInt(value) => (DType::I64, *value as f64),
        Scalar::Bool(value) => (DType::Bool, f64::from(u8::from(*value))),
    };
    let device = crate::tensor::Device::default();
    match data {
        (DType::Bool, value) => {
            Burn::bool_from_data(TensorData::new(vec![value != 0.0], vec![1]), device.inner())
        }
        (_, value) => {
            Burn::int_from_data(TensorData::new(vec![value as i64], vec![1]), device.inner())
        }
    }
}

/// A linear map by other operations; nothing where it is not told.
fn told(x: &Any, told: Told) -> Option<Any> {
    let x = Tensor(x.clone());
    let made = match told {
        Told::Picked { axis, places } => {
            let count = places.len();
            let places = places.into_iter().map(|place| place as i64).collect();
            let device = crate::tensor::Device::default();
            x.index_select(axis as i64, &Tensor::from_integers(places, &[count], &device).ok()?)
        }
        Told::Matrix { axis, from, to, values } => {
            let device = crate::tensor::Device::default();
            let matrix = Tensor::from_values(values, &[from, to], &device).ok()?;
            let last = x.rank() as i64 - 1;
            let moved = x.transpose(axis as i64, last).ok()?;
            moved.matmul(&matrix).and_then(|made| made.transpose(axis as i64, last))
        }
        Told::Fourier { points, values } => {
            let device = crate::tensor::Device::default();
            let bins = values.len() / points.max(1) / 2;
            let matrix = Tensor::from_values(values, &[points, 2 * bins], &device).ok()?;
            x.matmul(&matrix).and_then(|made| made.reshape(&[-1, 2, bins as i64]))
        }
        Told::Nothing => return None,
    };
    made.ok().map(|made| made.0)
}
