//! Files that are written whole or not at all.

use crate::error::{Error, Kind, Result};
use std::io::Write;
use std::path::Path;

/// Writes `bytes` to `path` through a temporary file beside it: a reader sees the old content or
/// the new, never a part. What is no regular file (a pipe, a device) is written as it is, and a link
/// stays a link.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let refused = |cause: &std::io::Error| Error::io("writing", path, cause);
    if std::fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir()) {
        return std::fs::write(path, bytes).map_err(|cause| refused(&cause));
    }
    let real = path.canonicalize();
    let path = real.as_deref().unwrap_or(path);
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".still-");
    // As any other file: what the user's mask leaves of it. A temporary file would be private.
    #[cfg(unix)]
    let mode = {
        use std::os::unix::fs::PermissionsExt;
        std::fs::Permissions::from_mode(0o666)
    };
    #[cfg(unix)]
    builder.permissions(mode);
    let mut file = builder.tempfile_in(folder).map_err(|cause| refused(&cause))?;
    file.write_all(bytes).map_err(|cause| refused(&cause))?;
    file.as_file().sync_all().map_err(|cause| refused(&cause))?;
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
