//! Tables as CSV.

use crate::error::{Error, Kind, Result};

/// Rows of cells as CSV, quoted where they must be.
///
/// # Errors
/// None that cells could cause.
pub fn csv<R, C>(rows: impl IntoIterator<Item = R>) -> Result<Vec<u8>>
where
    R: IntoIterator<Item = C>,
    C: AsRef<[u8]>,
{
    let failed = |cause: String| Error::new(Kind::Internal, "writing CSV", cause);
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(|cause| failed(cause.to_string()))?;
    }
    writer.into_inner().map_err(|cause| failed(cause.error().to_string()))
}
