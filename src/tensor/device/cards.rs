//! The graphics cards of this machine, as far as the build reaches them.

use super::Device;
use crate::error::{Error, Kind, Result};
#[cfg(any(feature = "wgpu", feature = "cuda"))]
use burn::backend::CubeDevice;
use burn::backend::DispatchDevice;

/// A card that is there; not opened yet.
#[derive(Clone, Debug)]
pub struct Card {
    /// `wgpu` or `cuda`.
    pub family: &'static str,
    /// Counted from 0 within the family.
    pub number: usize,
    /// What it calls itself, where that is known before it is opened.
    pub title: Option<String>,
    /// What reaches it, and its driver: `Vulkan, llvmpipe 22.3.6`.
    pub driver: Option<String>,
    /// Whether the processor plays it.
    pub software: bool,
    device: DispatchDevice,
}

impl Card {
    /// Its name in options.
    pub fn name(&self) -> String {
        format!("{}:{}", self.family, self.number)
    }

    /// The device, tried with one number.
    ///
    /// # Errors
    /// It does not answer.
    pub fn open(&self) -> Result<Device> {
        let device = Device(self.device.clone());
        // What lies below panics where a driver is broken.
        let tried = std::panic::catch_unwind(|| {
            super::super::Tensor::from_values(vec![1.0, 2.0], &[2], &device)
                .and_then(|two| two.add_number(1.0)?.to_values())
        });
        match tried {
            Ok(Ok(values)) if values == [2.0, 3.0] => Ok(device),
            Ok(Ok(values)) => Err(self.dumb(format!("1 + 1 and 2 + 1 are {values:?} there"))),
            Ok(Err(error)) => Err(self.dumb(error.headline())),
            Err(cause) => {
                let text = cause.downcast_ref::<String>().cloned();
                let text =
                    text.or_else(|| cause.downcast_ref::<&str>().map(|text| text.to_string()));
                Err(self.dumb(text.unwrap_or_default()))
            }
        }
    }

    fn dumb(&self, why: String) -> Error {
        let first = why.lines().next().unwrap_or_default().to_string();
        Error::new(Kind::Usage, "--device", format!("{} does not answer", self.name()))
            .received(first)
            .expected("a device that adds two numbers")
            .hint("`still doctor` tries every device; `--device cpu` always works")
    }
}

/// All cards, CUDA's first. Without a driver there are none; that is no failure.
pub fn cards() -> Vec<Card> {
    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    return found::cards();
    #[cfg(not(any(feature = "wgpu", feature = "cuda")))]
    Vec::new()
}

/// The name in options of a device that is no processor.
pub(super) fn name(device: &DispatchDevice) -> String {
    let cards = cards();
    let own = cards.iter().find(|card| card.device == *device);
    own.map_or_else(|| format!("{device:?}"), Card::name)
}

#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod found {
    use super::*;
    use std::sync::OnceLock;

    /// Asked once: drivers are slow to tell.
    pub(super) fn cards() -> Vec<Card> {
        static FOUND: OnceLock<Vec<Card>> = OnceLock::new();
        FOUND
            .get_or_init(|| {
                #[allow(unused_mut, reason = "a build may reach one family only")]
                let mut all = Vec::new();
                #[cfg(feature = "cuda")]
                all.extend(cuda());
                #[cfg(feature = "wgpu")]
                all.extend(wgpu());
                all
            })
            .clone()
    }

    #[cfg(feature = "cuda")]
    fn cuda() -> Vec<Card> {
        let found = burn::tensor::Device::enumerate(burn::tensor::DeviceType::Cuda).into_vec();
        let card = |(number, device): (usize, burn::tensor::Device)| Card {
            family: "cuda",
            number,
            title: None,
            driver: Some("CUDA".to_string()),
            software: false,
            device: device.as_dispatch().clone().inner(),
        };
        found.into_iter().enumerate().map(card).collect()
    }

    #[cfg(feature = "wgpu")]
    fn wgpu() -> Vec<Card> {
        use burn::backend::{WgpuDevice, WgpuDeviceKind};
        use burn::tensor::wgpu::wgpu as api;
        let mut all: Vec<Card> = Vec::new();
        let mut software = Vec::new();
        // The layer below takes the first interface with a card, in this order.
        for interface in burn::backend::AutoGraphicsApi::chain() {
            let instance = api::Instance::new(api::InstanceDescriptor {
                backends: interface.into(),
                ..api::InstanceDescriptor::new_without_display_handle()
            });
            let listed = burn::tensor::try_read_sync(instance.enumerate_adapters(interface.into()));
            let listed = listed.unwrap_or_default();
            let mut counts = [0usize; 4];
            let mut next = |kind: usize| {
                counts[kind] += 1;
                counts[kind] - 1
            };
            let mut own = Vec::new();
            for adapter in &listed {
                let info = adapter.get_info();
                let kind = match info.device_type {
                    api::DeviceType::DiscreteGpu => WgpuDeviceKind::DiscreteGpu(next(0)),
                    api::DeviceType::IntegratedGpu => WgpuDeviceKind::IntegratedGpu(next(1)),
                    api::DeviceType::VirtualGpu => WgpuDeviceKind::VirtualGpu(next(2)),
                    api::DeviceType::Cpu => WgpuDeviceKind::Cpu,
                    api::DeviceType::Other => WgpuDeviceKind::Other(next(3)),
                };
                let driver = [info.driver.as_str(), info.driver_info.as_str()].join(" ");
                own.push(Card {
                    family: "wgpu",
                    number: 0,
                    title: Some(info.name.clone()),
                    driver: Some(format!("{:?}, {}", interface, driver.trim())),
                    software: kind == WgpuDeviceKind::Cpu,
                    device: DispatchDevice::Cube(CubeDevice::Wgpu(WgpuDevice::new(kind))),
                });
            }
            if own.iter().any(|card| !card.software) {
                all = own;
                break;
            }
            if software.is_empty() {
                software = own;
            }
        }
        let mut all = if all.is_empty() { software } else { all };
        // Of several programs that play a card there is one device only.
        let mut seen = false;
        all.retain(|card| !card.software || !std::mem::replace(&mut seen, true));
        all.iter_mut().enumerate().for_each(|(number, card)| card.number = number);
        all
    }
}
