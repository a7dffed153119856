//! Where tensors live: the processor, or a graphics card that a feature of the build reaches.

mod cards;
mod choice;
mod trial;

pub use cards::{Card, cards};
pub use choice::{Choice, VARIABLE};
pub use trial::Trial;

use crate::error::{Error, Kind, Result};
use burn::backend::{Dispatch, DispatchDevice, get_or_init_device_settings};
use burn::tensor::{BoolDType, DType as Burns, IntDType};
use std::sync::OnceLock;

/// A device that tensors are made on.
#[derive(Clone, Debug)]
pub struct Device(DispatchDevice);

/// What this process works on.
static CHOSEN: OnceLock<Device> = OnceLock::new();
/// What the first tensor chooses it by.
static PREFERRED: OnceLock<Choice> = OnceLock::new();

impl Device {
    /// The processor's cores.
    pub fn cpu() -> Self {
        Device(burn::backend::FlexDevice.into())
    }

    pub(super) fn of(device: DispatchDevice) -> Self {
        Device(device.inner())
    }

    pub(super) fn inner(&self) -> &DispatchDevice {
        &self.0
    }

    /// Whether the processor computes.
    pub fn is_cpu(&self) -> bool {
        matches!(self.0, DispatchDevice::Flex(_))
    }

    /// Its name in options, logs and results: `cpu`, `wgpu:0`, `cuda:1`.
    pub fn name(&self) -> String {
        match self.is_cpu() {
            true => "cpu".to_string(),
            false => cards::name(&self.0),
        }
    }

    /// Makes `choice` the device of this process, for every tensor from now on; called once, before the first one.
    ///
    /// # Errors
    /// No such device, or it does not answer; tensors were made elsewhere before.
    pub fn work_on(choice: Choice) -> Result<Device> {
        let device = choice.open()?;
        let now = CHOSEN.get_or_init(|| device.clone().limited());
        if now.0 == device.0 {
            return Ok(device);
        }
        Err(Error::new(Kind::Usage, "--device", "the process works on another device already")
            .expected(now.name())
            .received(device.name()))
    }

    /// Itself; tensors may be as large as it holds one.
    fn limited(self) -> Self {
        if !self.is_cpu()
            && let [Some(bytes), _] = self.room()
        {
            super::memory::limit_one(bytes);
        }
        self
    }

    /// Lets the first tensor choose, and the processor compute where that fails.
    pub fn prefer(choice: Choice) {
        let _ = PREFERRED.set(choice);
    }

    /// The type of integers there. Values beyond 32 bits are not possible on every device.
    pub(super) fn integers(&self) -> IntDType {
        let wide = self.is_cpu()
            || <Dispatch as burn::backend::Backend>::supports_dtype(&self.0, Burns::I64);
        if wide { IntDType::I64 } else { IntDType::I32 }
    }

    /// How truth is stored there.
    pub(super) fn truths(&self) -> BoolDType {
        match self.is_cpu() {
            true => BoolDType::Native,
            false => get_or_init_device_settings::<Dispatch>(&self.0).bool_dtype,
        }
    }

    /// Waits until everything is computed that was asked for.
    ///
    /// # Errors
    /// The device has failed.
    pub fn wait(&self) -> Result<()> {
        <Dispatch as burn::backend::Backend>::sync(&self.0).map_err(|cause| {
            Error::new(Kind::Internal, "waiting for the device", format!("{cause:?}"))
                .received(self.name())
        })
    }
}

impl PartialEq for Device {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

/// The device of this process: what [`Device::work_on`] or [`Device::prefer`] chose; else what the variable
/// `STILL_DEVICE` names, where it names one that answers; else the processor.
impl Default for Device {
    fn default() -> Self {
        let variable = || Choice::named(&std::env::var(VARIABLE).ok()?).ok();
        let named = || PREFERRED.get().copied().or_else(variable)?.open().ok();
        CHOSEN.get_or_init(|| named().unwrap_or_else(Device::cpu).limited()).clone()
    }
}
