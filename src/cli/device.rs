//! `--device` and `--precision`: where tensors of this process are computed, and how exactly.

use super::Verb;
use crate::error::{Error, Kind, Result};
use crate::tensor::{Choice, DEVICE_VARIABLE, Device, Precision};

/// Makes the device of the process what the option says, or the variable of the environment where there is none; and
/// products as exact as it says.
pub(super) fn choose(option: Option<&str>, precision: Option<&str>, verb: &Verb) -> Result<()> {
    let precision = precision.map(Precision::named).transpose()?.unwrap_or_default();
    work_on(option, verb)?;
    match precision {
        Precision::F32 => Ok(()),
        other => other.choose(&Device::default()),
    }
}

fn work_on(option: Option<&str>, verb: &Verb) -> Result<()> {
    let variable = || std::env::var(DEVICE_VARIABLE).ok().filter(|name| !name.is_empty());
    let named = |name: &str, from: &str| {
        Choice::named(name).map_err(|error| match from {
            "" => error,
            from => error.hint(format!("it comes from the environment, from {from}")),
        })
    };
    let choice = match (option, variable()) {
        (Some(name), _) => named(name, "")?,
        (None, Some(name)) => named(&name, DEVICE_VARIABLE)?,
        (None, None) => Choice::Auto,
    };
    match verb {
        // It looks at all of them itself.
        Verb::Doctor(_) => Ok(()),
        // What a graph does is noted on the processor only.
        Verb::Export(_) if option.is_some_and(|name| name != "cpu" && name != "auto") => Err(
            Error::new(Kind::Usage, "--device", "graphs are noted and compared on the processor")
                .expected("no --device, or cpu")
                .received(option.unwrap_or_default()),
        ),
        Verb::Export(_) => Device::work_on(Choice::Cpu).map(drop),
        // Opened by the first tensor, if there is any: looking for cards takes a while.
        _ if choice == Choice::Auto => {
            Device::prefer(choice);
            Ok(())
        }
        _ => Device::work_on(choice).map(drop),
    }
}
