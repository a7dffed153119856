//! This machine, for whoever reads a record of what was measured, and for `still doctor`.

use crate::tensor::memory::Memory;
use serde_json::{Value, json};

/// The processor's name, as far as the system says it.
pub(super) fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_string())
}

/// Processor, cores, memory, system, our version, and the time.
pub(super) fn facts(threads: usize) -> Value {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    json!({
        "processor": processor().unwrap_or_else(|| std::env::consts::ARCH.to_string()),
        "cores": cores,
        "threads": threads,
        "memory_bytes": Memory::now().map(|memory| memory.total),
        "system": std::env::consts::OS,
        "still": env!("CARGO_PKG_VERSION"),
        "build": if cfg!(debug_assertions) { "debug" } else { "release" },
        "when": humantime::format_rfc3339_seconds(crate::disk::now()).to_string(),
    })
}

/// The same for the head of a table.
pub(super) fn told(facts: &Value) -> String {
    let text = |key: &str| facts[key].as_str().unwrap_or("?").to_string();
    let threads = facts["threads"].as_u64().unwrap_or(0) as usize;
    let threads = crate::cli::words::counted(threads, "thread");
    format!("{}, {threads}, still {}", text("processor"), text("still"))
}
