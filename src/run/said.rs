//! What a line of a journal says, read tolerantly: what is missing or garbled is not known.

use serde_json::Value;
use std::time::SystemTime;

/// A text of a line, as it lies there.
pub(super) fn word<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

/// A text of a line.
pub(super) fn text(value: &Value, key: &str) -> Option<String> {
    word(value, key).map(str::to_string)
}

/// A number of a line; those that are none (`"inf"`) stand there as words.
pub(super) fn number(value: &Value, key: &str) -> Option<f64> {
    let value = value.get(key)?;
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

/// A count of a line.
pub(super) fn count(value: &Value, key: &str) -> Option<u64> {
    value.get(key)?.as_u64()
}

/// A list of texts.
pub(super) fn strings(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_string)).collect()
}

/// When a line was written.
pub(super) fn time_of(event: &Value) -> Option<SystemTime> {
    humantime::parse_rfc3339(word(event, "at")?).ok()
}
