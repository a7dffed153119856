//! Tensors from nothing but a shape, a range or a stream of random numbers.

use super::random::Stream;
use super::record::Dispatch;
use super::{DType, Device, Tensor, check_count, check_size};
use crate::error::{Error, Kind, Result};
use burn::backend::Dispatch as Burn;
use burn::backend::ops::FloatTensorOps;
use burn::tensor::{BoolDType, FloatDType, IntDType, Scalar, TensorData};

impl Tensor {
    /// Floats of `shape` (row-major) on `device`; the number of values must fit.
    pub fn from_values(values: Vec<f32>, shape: &[usize], device: &Device) -> Result<Self> {
        check_count("tensor", values.len(), shape)?;
        let data = TensorData::new(values, shape.to_vec());
        Ok(Tensor(Dispatch::float_from_data(data, device.inner())))
    }

    /// Integers of `shape` (row-major) on `device`; the number of values must fit.
    pub fn from_integers(values: Vec<i64>, shape: &[usize], device: &Device) -> Result<Self> {
        check_count("tensor", values.len(), shape)?;
        let data = TensorData::new(values, shape.to_vec());
        let data = match device.integers() {
            IntDType::I64 => data,
            other => {
                let wide = |value: &i64| i32::try_from(*value).is_err();
                if let Some(value) = data.iter::<i64>().find(wide) {
                    return Err(Error::new(
                        Kind::Range,
                        "tensor",
                        "the device has integers of 32 bits",
                    )
                    .expected(format!("{} to {}", i32::MIN, i32::MAX))
                    .received(value.to_string()));
                }
                data.convert_dtype(other.into())
            }
        };
        Ok(Tensor(Dispatch::int_from_data(data, device.inner())))
    }

    /// Bools of `shape` (row-major) on `device`; the number of values must fit.
    pub fn from_bools(values: Vec<bool>, shape: &[usize], device: &Device) -> Result<Self> {
        check_count("tensor", values.len(), shape)?;
        let data = TensorData::new(values, shape.to_vec());
        let data = match device.truths() {
            BoolDType::Native => data,
            other => data.convert_dtype(other.into()),
        };
        Ok(Tensor(Dispatch::bool_from_data(data, device.inner())))
    }

    /// Floats of one value.
    pub fn full(shape: &[usize], value: f64, device: &Device) -> Result<Self> {
        check_size("full", shape)?;
        if !device.is_cpu() {
            // Made there: nothing is sent.
            let (shape, value) = (shape.to_vec().into(), Scalar::Float(value));
            return Ok(Tensor(Burn::float_full(shape, value, device.inner(), FloatDType::F32)));
        }
        Tensor::from_values(vec![value as f32; shape.iter().product()], shape, device)
    }

    /// Integers from `start` on by `step`, up to `end` without it.
    pub fn arange(start: i64, end: i64, step: i64, device: &Device) -> Result<Self> {
        let way = i128::from(end) - i128::from(start);
        let count = range_count(way as f64, step as f64)?;
        // f64 does not hold every count exactly.
        let exact = (way + i128::from(step - step.signum())) / i128::from(step);
        let count = usize::try_from(exact).unwrap_or(count);
        check_size("arange", &[count])?;
        let values = (0..count as i64).map(|index| start.wrapping_add(index.wrapping_mul(step)));
        Tensor::from_integers(values.collect(), &[count], device)
    }

    /// Floats from `start` on by `step`, up to `end` without it.
    pub fn arange_floats(start: f64, end: f64, step: f64, device: &Device) -> Result<Self> {
        let count = range_count(end - start, step)?;
        let values = (0..count).map(|index| (start + index as f64 * step) as f32);
        Tensor::from_values(values.collect(), &[count], device)
    }

    /// `count` floats evenly from `start` to `end`, both included.
    pub fn linspace(start: f64, end: f64, count: usize, device: &Device) -> Result<Self> {
        check_size("linspace", &[count])?;
        let last = count.saturating_sub(1).max(1) as f64;
        let value = |index: usize| {
            // From both ends, so that both are met exactly.
            let (at, rest) = (index as f64, last - index as f64);
            let step = (end - start) / last;
            if at <= rest { (start + at * step) as f32 } else { (end - rest * step) as f32 }
        };
        Tensor::from_values((0..count).map(value).collect(), &[count], device)
    }

    /// The unit matrix of `count` rows.
    pub fn eye(count: usize, device: &Device) -> Result<Self> {
        check_size("eye", &[count, count])?;
        let mut values = vec![0.0; count * count];
        values.iter_mut().step_by(count + 1).for_each(|value| *value = 1.0);
        Tensor::from_values(values, &[count, count], device)
    }

    /// Uniform floats in [0, 1).
    pub fn uniform(shape: &[usize], random: &mut Stream, device: &Device) -> Result<Self> {
        check_size("uniform", shape)?;
        // With 24 bits, all that f32 has below 1: rounding 53 of them could give 1 itself.
        let value = |_| (random.bits() >> 40) as f32 / (1u64 << 24) as f32;
        let values = (0..shape.iter().product::<usize>()).map(value).collect();
        Tensor::from_values(values, shape, device)
    }

    /// Normal floats with mean 0 and deviation 1.
    pub fn normal(shape: &[usize], random: &mut Stream, device: &Device) -> Result<Self> {
        check_size("normal", shape)?;
        let values = (0..shape.iter().product::<usize>()).map(|_| random.normal() as f32).collect();
        Tensor::from_values(values, shape, device)
    }

    /// The integers 0..`count` in random order.
    pub fn permutation(count: usize, random: &mut Stream, device: &Device) -> Result<Self> {
        check_size("permutation", &[count])?;
        let order = random.permutation(count).into_iter().map(|index| index as i64).collect();
        Tensor::from_integers(order, &[count], device)
    }

    /// No elements at all, where `shape` has a length of 0; zeros where it has none.
    pub(super) fn empty(dtype: DType, shape: &[usize]) -> Result<Self> {
        let (count, device) = (shape.iter().product(), Device::default());
        match dtype {
            DType::F32 => Tensor::from_values(vec![0.0; count], shape, &device),
            DType::I64 => Tensor::from_integers(vec![0; count], shape, &device),
            DType::Bool => Tensor::from_bools(vec![false; count], shape, &device),
        }
    }

    /// One number, shape `[1]`.
    pub(crate) fn scalar(dtype: DType, value: f64) -> Result<Self> {
        match dtype {
            DType::F32 => Tensor::from_values(vec![value as f32], &[1], &Device::default()),
            DType::I64 => Tensor::from_integers(vec![value as i64], &[1], &Device::default()),
            DType::Bool => Tensor::from_bools(vec![value != 0.0], &[1], &Device::default()),
        }
    }
}

fn range_count(length: f64, step: f64) -> Result<usize> {
    let count = (length / step).ceil();
    if !(length.is_finite() && step.is_finite() && step != 0.0) || count < 0.0 {
        return Err(Error::new(Kind::Range, "arange", "the steps never reach the end")
            .expected("a step that is not 0 and leads from start to end")
            .received(format!("a way of {length} in steps of {step}")));
    }
    let count = count as usize;
    check_size("arange", &[count])?;
    Ok(count)
}
