//! Files that are written whole or not at all.

use crate::error::{Error, Kind, Result};
use std::io::Write;
use std::path::Path;

/// Writes `bytes` to `path` through a temporary file beside it: a reader sees the old content or
/// the new, never a part.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let refused = |cause: &std::io::Error| Error::io("writing", path, cause);
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".still-")
        .tempfile_in(folder)
        .map_err(|cause| refused(&cause))?;
    file.write_all(bytes).map_err(|cause| refused(&cause))?;
    file.as_file().sync_all().map_err(|cause| refused(&cause))?;
    // A temporary file is private; a result should be as readable as any other file.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(0o644);
        file.as_file().set_permissions(mode).map_err(|cause| refused(&cause))?;
    }
    file.persist(path).map_err(|cause| refused(&cause.error))?;
    Ok(())
}

/// Makes `folder` and those above it.
pub fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|cause| {
        Error::io("making the folder", folder, &cause)
            .hint("say where runs may go with STILL_HOME=FOLDER")
    })
}

/// The text of a file that must be UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).map_err(|cause| Error::io("reading", path, &cause))?;
    String::from_utf8(bytes).map_err(|cause| {
        Error::new(Kind::Data, format!("reading {}", path.display()), "the file is not UTF-8 text")
            .received(format!("a wrong byte at {}", cause.utf8_error().valid_up_to()))
    })
}
