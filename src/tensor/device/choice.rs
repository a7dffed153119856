//! Which device a user asks for.

use super::{Card, Device, cards};
use crate::error::{Error, Kind, Result};

/// The variable of the environment that names the device where no option does.
pub const VARIABLE: &str = "STILL_DEVICE";

const FORMS: &str = "auto, cpu, wgpu, wgpu:N, cuda or cuda:N";

/// What `--device` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A CUDA card, else a graphics card, else the processor.
    Auto,
    /// The processor.
    Cpu,
    /// A graphics card by Vulkan, Metal or DX12: the one of this number, or the first one that is no software.
    Wgpu(Option<usize>),
    /// A card by CUDA.
    Cuda(Option<usize>),
}

impl Choice {
    /// The choice in words.
    ///
    /// # Errors
    /// Other words.
    pub fn named(text: &str) -> Result<Self> {
        let (kind, number) = match text.split_once(':') {
            Some((kind, number)) => (kind, number.parse().ok().map(Some)),
            None => (text, Some(None)),
        };
        match (kind, number) {
            ("auto", Some(None)) => Ok(Choice::Auto),
            ("cpu", Some(None)) => Ok(Choice::Cpu),
            ("wgpu", Some(number)) => Ok(Choice::Wgpu(number)),
            ("cuda", Some(number)) => Ok(Choice::Cuda(number)),
            _ => {
                let error = Error::new(Kind::Usage, "--device", "no device is called that")
                    .expected(FORMS)
                    .received(text);
                Err(match kind {
                    "gpu" | "vulkan" | "metal" | "dx12" => {
                        error.hint("graphics cards are called wgpu, whatever reaches them")
                    }
                    "nvidia" => error.hint("cards of Nvidia are called cuda"),
                    _ => error.hint("`still doctor` lists the devices of this machine"),
                })
            }
        }
    }

    /// The device, tried.
    ///
    /// # Errors
    /// The build does not reach it, there is none, or it does not answer.
    pub fn open(self) -> Result<Device> {
        match self {
            Choice::Cpu => Ok(Device::cpu()),
            Choice::Auto => {
                let found = cards();
                let first =
                    |family| found.iter().find(|card| card.family == family && !card.software);
                let card = first("cuda").or_else(|| first("wgpu"));
                // One that is there and does not answer is no reason to fail.
                Ok(card.and_then(|card| card.open().ok()).unwrap_or_else(Device::cpu))
            }
            Choice::Wgpu(number) => numbered("wgpu", cfg!(feature = "wgpu"), number),
            Choice::Cuda(number) => numbered("cuda", cfg!(feature = "cuda"), number),
        }
    }
}

fn numbered(family: &'static str, built: bool, number: Option<usize>) -> Result<Device> {
    if !built {
        return Err(Error::new(Kind::Usage, "--device", "this build does not reach such devices")
            .expected(match cfg!(any(feature = "wgpu", feature = "cuda")) {
                true => "a device that `still doctor` lists",
                false => "cpu",
            })
            .received(family)
            .hint(format!("build it with `cargo install --path . --features {family}`")));
    }
    let found: Vec<Card> = cards().into_iter().filter(|card| card.family == family).collect();
    let chosen = match number {
        Some(number) => found.get(number),
        None => found.iter().find(|card| !card.software).or(found.first()),
    };
    match chosen {
        Some(card) => card.open(),
        None => Err(missing(family, number, found.len())),
    }
}

fn missing(family: &str, number: Option<usize>, count: usize) -> Error {
    let name = number.map_or(family.to_string(), |number| format!("{family}:{number}"));
    let error = Error::new(
        Kind::Usage,
        "--device",
        match count {
            0 => "this machine has no such device, or no driver for one",
            _ => "there is no device of this number",
        },
    );
    let error = error.received(name).expected(match count {
        0 => "cpu, or auto, which falls back to it".to_string(),
        _ => format!("{family}:0 to {family}:{}", count - 1),
    });
    match (count, family) {
        (0, "cuda") => {
            error.hint("CUDA needs the driver of Nvidia (`nvidia-smi` shows whether it runs)")
        }
        (0, _) => error
            .hint("on Linux a card needs its Vulkan driver (`vulkaninfo --summary` shows them)"),
        _ => error.hint("`still doctor` lists them"),
    }
}
