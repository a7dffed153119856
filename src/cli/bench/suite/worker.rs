//! Our own side as a process: requests come line by line, as PyTorch's side gets them.

use super::cases::Work;
use super::own::{Act, prepared};
use crate::error::{Error, Kind, Result, guarded};
use crate::tensor::memory::Memory;
use serde_json::{Value, json};
use std::io::{BufRead, Write};

/// Answers until the input ends.
pub(crate) fn serve(threads: usize) -> Result<()> {
    let mut output = std::io::stdout().lock();
    let mut say = |told: Value| writeln!(output, "{told}").and_then(|()| output.flush());
    let gone = |cause: std::io::Error| Error::new(Kind::File, "the answer", cause.to_string());
    say(json!({ "versions": { "still": env!("CARGO_PKG_VERSION") }, "threads": threads }))
        .map_err(gone)?;
    let mut act = None;
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(gone)?;
        let told = guarded("still bench", || answer(&line, &mut act));
        let told = told.unwrap_or_else(|error| json!({ "error": error.to_string() }));
        say(told).map_err(gone)?;
    }
    Ok(())
}

fn answer(line: &str, act: &mut Option<Act>) -> Result<Value> {
    let wrong = |problem: String| Error::new(Kind::Internal, "still bench", problem);
    let asked: Value = serde_json::from_str(line).map_err(|cause| wrong(cause.to_string()))?;
    let repeat = |act: &mut Option<Act>, times: u64| -> Result<Value> {
        let act = act.as_mut().ok_or_else(|| wrong("nothing was started".into()))?;
        let seconds = (0..times).map(|_| act()).collect::<Result<Vec<f64>>>()?;
        Ok(json!({ "seconds": seconds }))
    };
    match asked["do"].as_str() {
        Some("start") => {
            *act = None;
            let work: Work = serde_json::from_value(asked["case"].clone())
                .map_err(|cause| wrong(cause.to_string()))?;
            *act = Some(prepared(&work)?);
            repeat(act, 2)
        }
        Some("repeat") => repeat(act, asked["times"].as_u64().unwrap_or(1)),
        Some("peak") => Ok(json!({ "bytes": Memory::peak() })),
        _ => Err(wrong(format!("no such request: {line}"))),
    }
}
