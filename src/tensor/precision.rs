//! How exact linear layers, attention and convolutions are: in single precision, or in half with single around it.
//!
//! In half precision the numbers that go into a product, and those that its backward pass keeps, have 16 bits. All
//! others have 32: weights, what optimisers keep, norms, softmax, losses. A gradient is scaled before it is rounded, so
//! that its largest number is 1: nothing becomes 0 by being small, which is what a loss is scaled for elsewhere, and
//! there is no number to choose.

use super::Device;
use crate::error::{Error, Kind, Result, unknown};
use burn::backend::{Backend, Dispatch};
use burn::tensor::{DType as Burns, FloatDType};
use std::sync::atomic::{AtomicU8, Ordering};

/// How exact products are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Precision {
    /// 32 bits.
    #[default]
    F32,
    /// 16 bits, of which 10 are digits.
    F16,
    /// 16 bits, of which 7 are digits, with the range of 32.
    Bf16,
}

/// The choice of this process, and what there is before anybody chose.
static CHOSEN: AtomicU8 = AtomicU8::new(NONE);
const NONE: u8 = u8::MAX;

impl Precision {
    /// All of them.
    pub const ALL: [Precision; 3] = [Precision::F32, Precision::F16, Precision::Bf16];

    /// Its name in options and records.
    pub fn name(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::F16 => "f16",
            Precision::Bf16 => "bf16",
        }
    }

    /// The one called `name`.
    ///
    /// # Errors
    /// Another name.
    pub fn named(name: &str) -> Result<Self> {
        let found = Precision::ALL.into_iter().find(|one| one.name() == name);
        found.ok_or_else(|| {
            unknown("--precision", "precision", name, &Precision::ALL.map(Precision::name))
        })
    }

    /// What products of this process are computed in.
    pub fn now() -> Self {
        Precision::chosen().unwrap_or_default()
    }

    /// The same, where it was chosen.
    pub fn chosen() -> Option<Self> {
        Precision::ALL.get(usize::from(CHOSEN.load(Ordering::Relaxed))).copied()
    }

    /// Lets products on `device` be computed so from now on.
    ///
    /// # Errors
    /// The device does not compute so.
    pub fn choose(self, device: &Device) -> Result<()> {
        let refused = |problem: &str| {
            Error::new(Kind::Usage, "--precision", problem).expected("f32").received(format!(
                "{} on {}",
                self.name(),
                device.name()
            ))
        };
        if self != Precision::F32 && device.is_cpu() {
            return Err(refused("the processor computes in single precision")
                .hint("half precision is for graphics cards: --device wgpu or cuda"));
        }
        let has = |kind| Dispatch::supports_dtype(device.inner(), kind);
        if (self == Precision::F16 && !has(Burns::F16))
            || (self == Precision::Bf16 && !has(Burns::BF16))
        {
            return Err(refused("the device does not compute in this precision")
                .hint("`still doctor` lists what each device computes with"));
        }
        CHOSEN.store(self as u8, Ordering::Relaxed);
        Ok(())
    }

    /// The type of rounded numbers.
    pub(super) fn rounded(self) -> Option<FloatDType> {
        match self {
            Precision::F32 => None,
            Precision::F16 => Some(FloatDType::F16),
            Precision::Bf16 => Some(FloatDType::BF16),
        }
    }
}
