//! `still doctor`: what this machine can compute on, tried.

use super::words::{bytes, columns, plain};
use super::{machine, out};
use crate::error::{Error, Result, guarded};
use crate::tensor::{Choice, Device, Trial, cards};
use clap::Args;
use serde_json::{Value, json};

/// Rows of the matrices that each device multiplies.
const SIZE: usize = 512;

/// List the devices that this build reaches, and try a product of matrices on each.
#[derive(Args)]
pub(super) struct Doctor {
    /// Print one JSON object a device.
    #[arg(long)]
    json: bool,
}

/// A device, and how it did.
struct Patient {
    name: String,
    title: String,
    driver: String,
    opened: Result<Opened>,
}

struct Opened {
    dtypes: Vec<&'static str>,
    /// Bytes of the largest tensor, and of all memory.
    room: [Option<u64>; 2],
    trial: Trial,
}

impl Doctor {
    /// Gives the exit code: 4 where a device is there and does not work.
    pub(super) fn run(self) -> Result<i32> {
        let patients = patients();
        let ill = patients.iter().any(|patient| patient.opened.is_err());
        if self.json {
            patients.iter().for_each(|patient| out(&facts(patient).to_string()));
        } else {
            let head = [
                "DEVICE", "NAME", "DRIVER", " MEMORY", " LARGEST", "NUMBERS", " FIRST", " MATMUL",
                " ERROR",
            ];
            out(&columns(&head, &patients.iter().map(row).collect::<Vec<_>>()));
            out("");
            let broken = patients.iter().filter_map(|own| Some((own, own.opened.as_ref().err()?)));
            broken.for_each(|(own, error)| out(&format!("{}: {}", own.name, reason(error))));
            remarks(&patients).iter().for_each(|line| out(line));
        }
        Ok(if ill { 4 } else { 0 })
    }
}

fn patients() -> Vec<Patient> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let own = Patient {
        name: "cpu".into(),
        title: machine::processor().unwrap_or_else(|| std::env::consts::ARCH.to_string()),
        driver: super::words::counted(cores, "core"),
        opened: tried(&Device::cpu()),
    };
    let others = cards().into_iter().map(|card| {
        let device = card.open();
        let title = device.as_ref().ok().and_then(Device::title).or(card.title.clone());
        let software = if card.software { " (played by the processor)" } else { "" };
        Patient {
            name: card.name(),
            title: plain(&title.unwrap_or_else(|| "?".into())),
            driver: plain(&format!("{}{software}", card.driver.clone().unwrap_or_default())),
            opened: device.and_then(|device| tried(&device)),
        }
    });
    std::iter::once(own).chain(others).collect()
}

fn tried(device: &Device) -> Result<Opened> {
    // What lies below panics where a driver is broken.
    guarded("still doctor", || {
        Ok(Opened { dtypes: device.dtypes(), room: device.room(), trial: device.trial(SIZE)? })
    })
}

fn row(patient: &Patient) -> Vec<String> {
    let mut cells = vec![patient.name.clone(), patient.title.clone(), patient.driver.clone()];
    let milliseconds = |time: std::time::Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
    match &patient.opened {
        Ok(opened) => cells.extend([
            opened.room[1].map_or("?".into(), bytes),
            opened.room[0].map_or("–".into(), bytes),
            opened.dtypes.join(" "),
            milliseconds(opened.trial.first),
            milliseconds(opened.trial.time),
            format!("{:.0e}", opened.trial.error),
        ]),
        Err(_) => cells.push("does not work".into()),
    }
    cells
}

fn facts(patient: &Patient) -> Value {
    let mut facts =
        json!({ "device": patient.name, "name": patient.title, "driver": patient.driver });
    match &patient.opened {
        Ok(opened) => {
            facts["memory_bytes"] = json!(opened.room[1]);
            facts["largest_bytes"] = json!(opened.room[0]);
            facts["dtypes"] = json!(opened.dtypes);
            facts["matmul"] = json!({
                "size": SIZE, "first_seconds": opened.trial.first.as_secs_f64(),
                "seconds": opened.trial.time.as_secs_f64(), "error": opened.trial.error,
            });
        }
        Err(error) => facts["error"] = json!(reason(error)),
    }
    facts
}

fn reason(error: &Error) -> String {
    let report = error.report();
    let received = report.received.as_deref().map(|text| format!(" ({text})"));
    plain(&format!("{}{}", report.problem, received.unwrap_or_default()))
}

/// What a reader would ask next.
fn remarks(patients: &[Patient]) -> Vec<String> {
    let mut lines = vec![format!(
        "matmul: two matrices of {SIZE} by {SIZE}, the first one with all that is compiled for it; the error is of the \
         largest number"
    )];
    for (family, built, what) in [
        ("wgpu", cfg!(feature = "wgpu"), "no graphics card, or no driver for one, was found"),
        ("cuda", cfg!(feature = "cuda"), "no card of Nvidia, or no driver for one, was found"),
    ] {
        let found = patients.iter().any(|patient| patient.name.starts_with(family));
        match (built, found) {
            (false, _) => lines.push(format!(
                "{family}: not in this build (`cargo install --path . --features {family}`)"
            )),
            (true, false) => lines.push(format!("{family}: {what}")),
            (true, true) => {}
        }
    }
    let auto = Choice::Auto.open().map_or("cpu".into(), |device| device.name());
    lines.push(format!("--device auto takes {auto}"));
    lines
}
