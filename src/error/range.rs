//! Numbers that lie outside of what an option may be.

use super::{Error, Kind};
use std::fmt::Display;

impl Error {
    /// The option `name` of `operation` should be `wanted`, and is `value`.
    pub fn out_of_range(
        operation: impl Into<String>,
        name: &str,
        wanted: impl Into<String>,
        value: impl Display,
    ) -> Self {
        let (wanted, value) = (wanted.into(), value.to_string());
        // What has no upper end still has to be a number.
        let open = wanted == "more than 0" || wanted == "0 or more";
        let wanted = match open && value == "inf" {
            true => format!("a finite number, {wanted}"),
            false => wanted,
        };
        Error::new(Kind::Range, operation, format!("'{name}' is out of range"))
            .expected(wanted)
            .received(value)
    }
}
