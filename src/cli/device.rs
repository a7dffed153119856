//! `--device` and `--precision`: where tensors of this process are computed, and how exactly.

use super::{Verb, note};
use crate::error::{Error, Kind, Result};
use crate::run::{Means, Past};
use crate::tensor::{Choice, DEVICE_VARIABLE, Device, Precision};

/// Makes the device of the process what the option says, or the variable of the environment where there is none, or
/// what a run was computed on that goes on or is repeated; and products as exact as the option, or that run, says.
pub(super) fn choose(option: Option<&str>, precision: Option<&str>, verb: &Verb) -> Result<()> {
    let asked = precision.map(Precision::named).transpose()?;
    let past = match verb {
        Verb::Resume(resume) => Some(resume.past()?),
        Verb::Replay(replay) => Some(replay.past()?),
        _ => None,
    };
    let means = past.as_ref().map(Past::means).unwrap_or_default();
    work_on(option, verb, &means)?;
    match (asked, verb, &past, &means.precision) {
        // A device is opened for what needs it only.
        (Some(Precision::F32), ..) => Precision::F32.choose(&Device::cpu()),
        (Some(asked), ..) => asked.choose(&Device::default()),
        // Each part of a run is repeated as it was.
        (None, Verb::Resume(_), Some(past), Some(then)) => {
            let chosen = Precision::named(then)?.choose(&Device::default());
            chosen.map_err(|error| {
                error.hint(format!(
                    "{} was begun so; with --precision f32 it goes on, and computes its stages anew",
                    past.name()
                ))
            })
        }
        _ => Ok(()),
    }
}

fn work_on(option: Option<&str>, verb: &Verb, means: &Means) -> Result<()> {
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
        (None, None) => match &means.device {
            Some(then) => return as_then(then),
            None => Choice::Auto,
        },
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

/// Works on the device that a run was computed on; where that is not to be had here, on whichever there is.
fn as_then(then: &str) -> Result<()> {
    if let Ok(choice) = Choice::named(then)
        && Device::work_on(choice).is_ok()
    {
        return Ok(());
    }
    let now = Device::work_on(Choice::Auto)?.name();
    note(&format!("the run was computed on {then}, which is not to be had here: now on {now}"));
    Ok(())
}
