//! Messages on a stream. What is no message is answered, or passed over; only the stream's end is an end.

use crate::error::{Error, Kind, Result};
use crossbeam_channel::Sender;
use lsp_server::{ErrorCode, Message};
use serde_json::{Value, json};
use std::io::{BufRead, Read, Write};

/// What came in.
pub(super) enum Incoming {
    Message(Message),
    /// Something that is no message: its id, if it had one, and what is wrong with it.
    Wrong {
        id: Value,
        code: ErrorCode,
        problem: String,
    },
}

/// The longest message that is read, in bytes: more than any text that anybody edits.
const LONGEST: u64 = 64 << 20;

/// Reads until the stream ends, and hands on what comes.
pub(super) fn read<T>(mut input: impl BufRead, wrap: impl Fn(Incoming) -> T, to: &Sender<T>) {
    while let Some(incoming) = next(&mut input) {
        if to.send(wrap(incoming)).is_err() {
            return;
        }
    }
}

fn next(input: &mut impl BufRead) -> Option<Incoming> {
    let length = header(input)?;
    let mut text = Vec::new();
    if length > LONGEST {
        // Passed over in pieces: nobody's word is reason enough to take that much memory.
        std::io::copy(&mut input.take(length), &mut std::io::sink()).ok()?;
        let problem = format!("a message of {length} bytes is longer than {LONGEST}");
        return Some(Incoming::Wrong { id: Value::Null, code: ErrorCode::InvalidRequest, problem });
    }
    let read = input.take(length).read_to_end(&mut text).ok()?;
    if (read as u64) < length {
        return None;
    }
    Some(parsed(&text))
}

fn parsed(text: &[u8]) -> Incoming {
    let wrong = |id, code, problem| Incoming::Wrong { id, code, problem };
    let value: Value = match serde_json::from_slice(text) {
        Ok(value) => value,
        Err(cause) => return wrong(Value::Null, ErrorCode::ParseError, cause.to_string()),
    };
    let id = match value.get("id") {
        Some(id) if id.is_number() || id.is_string() => id.clone(),
        _ => Value::Null,
    };
    match serde_json::from_value(value) {
        Ok(message) => Incoming::Message(message),
        Err(_) => {
            let problem = "this is no request, notification or response".to_string();
            wrong(id, ErrorCode::InvalidRequest, problem)
        }
    }
}

/// The length of the message that follows; lines that belong to no header are passed over.
fn header(input: &mut impl BufRead) -> Option<u64> {
    const LONGEST_LINE: u64 = 4096;
    let mut length = None;
    loop {
        let mut line = Vec::new();
        let read = input.take(LONGEST_LINE).read_until(b'\n', &mut line).ok()?;
        if read == 0 {
            return None;
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if line.is_empty() {
            match length {
                Some(length) => return Some(length),
                None => continue,
            }
        }
        // Rubbish before a header may stand on its line.
        let lower = line.to_ascii_lowercase();
        if let Some(at) = lower.rfind("content-length:") {
            let digits = lower.get(at + "content-length:".len()..).unwrap_or_default();
            length = digits.trim().parse().ok();
        }
    }
}

/// Sends a message.
///
/// # Errors
/// The reader went away.
pub(super) fn write(output: &mut impl Write, message: Message) -> Result<()> {
    message.write(output).map_err(|cause| gone(&cause))
}

/// Answers what was no message.
///
/// # Errors
/// The reader went away.
pub(super) fn refuse(
    output: &mut impl Write,
    id: &Value,
    code: ErrorCode,
    problem: &str,
) -> Result<()> {
    let error = json!({ "code": code as i32, "message": problem });
    let text = json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string();
    let sent = write!(output, "Content-Length: {}\r\n\r\n{text}", text.len());
    sent.and_then(|()| output.flush()).map_err(|cause| gone(&cause))
}

fn gone(cause: &std::io::Error) -> Error {
    Error::new(Kind::File, "still lsp", "the editor does not read any more")
        .received(cause.to_string())
}
