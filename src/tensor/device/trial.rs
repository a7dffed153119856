//! What a device can do, tried.

use super::Device;
use crate::error::Result;
use crate::tensor::Tensor;
use crate::tensor::random::Stream;
use burn::backend::{Backend, Dispatch};
use burn::tensor::DType as Burns;
use std::time::{Duration, Instant};

/// A product of matrices on a device.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    /// The first one, with whatever is compiled for it.
    pub first: Duration,
    /// The median of those that follow.
    pub time: Duration,
    /// The largest difference from sums in double precision, of the largest number.
    pub error: f64,
}

/// Products after the first one.
const TIMES: usize = 5;

impl Device {
    /// Multiplies two matrices of `size` · `size` normal numbers, some times, and compares.
    ///
    /// # Errors
    /// The device does not answer.
    pub fn trial(&self, size: usize) -> Result<Trial> {
        let mut random = Stream::new(0, "matrices that try a device", &[]);
        let mut normal = || (0..size * size).map(|_| random.normal() as f32).collect::<Vec<_>>();
        let (left, right) = (normal(), normal());
        let on = |values: &[f32]| Tensor::from_values(values.to_vec(), &[size, size], self);
        let (a, b) = (on(&left)?, on(&right)?);
        let timed = || {
            let begun = Instant::now();
            a.matmul(&b)?.to_values().map(|values| (begun.elapsed(), values))
        };
        let (first, values) = timed()?;
        let mut times = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            times.push(timed()?.0);
        }
        times.sort();
        let (mut most, mut error) = (0.0f64, 0.0f64);
        for (row, made) in values.chunks(size.max(1)).enumerate() {
            let mut sums = vec![0.0f64; size];
            for (inner, value) in left[row * size..(row + 1) * size].iter().enumerate() {
                let other = &right[inner * size..(inner + 1) * size];
                let value = f64::from(*value);
                sums.iter_mut().zip(other).for_each(|(sum, b)| *sum += value * f64::from(*b));
            }
            for (sum, made) in sums.iter().zip(made) {
                most = most.max(sum.abs());
                error = error.max((sum - f64::from(*made)).abs());
            }
        }
        Ok(Trial { first, time: times[TIMES / 2], error: error / most.max(f64::MIN_POSITIVE) })
    }

    /// The types of numbers that it computes with, by their names: `f32`, `f16`, `bf16`, `i64`, `bool`.
    pub fn dtypes(&self) -> Vec<&'static str> {
        let all = [
            ("f32", Burns::F32),
            ("f16", Burns::F16),
            ("bf16", Burns::BF16),
            ("i64", Burns::I64),
            ("i32", Burns::I32),
        ];
        if self.is_cpu() {
            // Others are converted.
            return vec!["f32", "i64"];
        }
        let has = |kind: Burns| Dispatch::supports_dtype(&self.0, kind);
        all.into_iter().filter(|(_, kind)| has(*kind)).map(|(name, _)| name).collect()
    }

    /// What it calls itself, where it does.
    pub fn title(&self) -> Option<String> {
        #[cfg(any(feature = "wgpu", feature = "cuda"))]
        return self.0.identity().map(|own| own.name);
        #[cfg(not(any(feature = "wgpu", feature = "cuda")))]
        None
    }

    /// Bytes of the largest tensor, and of its memory, where it tells.
    pub fn room(&self) -> [Option<u64>; 2] {
        #[cfg(any(feature = "wgpu", feature = "cuda"))]
        if let burn::backend::DispatchDevice::Cube(device) = &self.0 {
            let client = device.client();
            let memory = &client.properties().memory;
            return [Some(memory.max_page_size), memory.max_memory()];
        }
        [None, crate::tensor::memory::Memory::now().map(|memory| memory.total)]
    }
}
