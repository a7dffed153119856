//! Where tensors live.

/// A device that tensors are made on.
#[derive(Clone, Debug)]
pub struct Device(burn::backend::DispatchDevice);

impl Device {
    /// The processor's cores.
    pub fn cpu() -> Self {
        Device(burn::backend::FlexDevice.into())
    }

    pub(super) fn inner(&self) -> &burn::backend::DispatchDevice {
        &self.0
    }

    /// Its name in logs and results.
    pub fn name(&self) -> &'static str {
        "cpu"
    }
}

impl Default for Device {
    fn default() -> Self {
        Device::cpu()
    }
}
