//! Every write of the program: files that are written whole or not at all, journals that only grow,
//! folders that come and go in one piece, and locks between processes. Tests can make any of these
//! operations fail ([`faults`]).

mod csv;
#[doc(hidden)]
pub mod faults;
mod growing;
mod journal;
mod lock;
mod read;
mod reserve;

pub use csv::csv;
pub use growing::Growing;
pub use journal::{Journal, read_lines};
pub use lock::Lock;
pub use read::{hash_file, open_regular, read_regular, read_text, read_text_up_to};
pub use reserve::Reserve;

use crate::error::{Error, Result};
use std::io::{ErrorKind, Result as IoResult, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;
use tempfile::{NamedTempFile, TempDir};

/// How the names of files and folders begin that are not in place yet, or not any more. One that is
/// older than a day was left by a process that was killed.
pub const DRAFT: &str = ".still-";

/// The error for what the operating system refused; says what helps against a full disk.
pub(crate) fn refused(doing: &str, path: &Path, cause: &std::io::Error) -> Error {
    let error = Error::io(doing, path, cause);
    match cause.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            error.hint("free some space, for instance with `still gc`")
        }
        _ => error,
    }
}

/// The cause without the name of the temporary file, which `tempfile` adds and which is no help.
fn bare(cause: &std::io::Error) -> std::io::Error {
    let text = cause.to_string();
    let short = text.split(" at path \"").next().unwrap_or_default();
    std::io::Error::new(cause.kind(), short)
}

/// What the user's mask leaves of it, as for any other file: what is temporary would be private.
#[cfg(unix)]
fn shared(builder: &mut tempfile::Builder<'_, '_>, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(std::fs::Permissions::from_mode(mode));
}

#[cfg(not(unix))]
fn shared(_: &mut tempfile::Builder<'_, '_>, _: u32) {}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Writes `bytes` to `path` through a temporary file beside it: a reader sees the old content or
/// the new, never a part, and so it stays after a power failure. What is no regular file (a pipe, a
/// device) is written as it is, and a link stays a link.
///
/// # Errors
/// A folder that is not there or cannot be written, a full disk; the old content is still there.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let wrong = |cause: &std::io::Error| refused("writing", path, cause);
    if std::fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir()) {
        return std::fs::write(path, bytes).map_err(|cause| wrong(&cause));
    }
    let mut whole = Whole::create(path)?;
    whole.write_all(bytes).map_err(|cause| wrong(&cause))?;
    whole.finish()
}

/// A file that is being written: it gets its name when it is finished, and is gone when it is dropped
/// before.
#[derive(Debug)]
pub struct Whole {
    path: PathBuf,
    file: NamedTempFile,
}

impl Whole {
    /// Begins a file beside `path`; a link stays a link.
    ///
    /// # Errors
    /// A folder that is not there or cannot be written.
    pub fn create(path: &Path) -> Result<Self> {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let mut builder = tempfile::Builder::new();
        builder.prefix(DRAFT);
        shared(&mut builder, 0o666);
        let made = faults::strike().and_then(|()| builder.tempfile_in(folder_of(&path)));
        let file = made.map_err(|cause| refused("writing", &path, &bare(&cause)))?;
        Ok(Whole { path, file })
    }

    /// Puts it in place, over what was there.
    ///
    /// # Errors
    /// A full disk; what was there before is still there.
    pub fn finish(self) -> Result<()> {
        let Whole { path, file } = self;
        let put = || -> IoResult<()> {
            faults::strike()?;
            file.as_file().sync_all()?;
            faults::strike()?;
            file.persist(&path).map_err(|cause| cause.error)?;
            sync_folder(folder_of(&path))
        };
        put().map_err(|cause| refused("writing", &path, &cause))
    }
}

impl Write for Whole {
    fn write(&mut self, bytes: &[u8]) -> IoResult<usize> {
        // Not through `NamedTempFile`, which would tell a name that means nothing to anybody.
        faults::write_all(self.file.as_file_mut(), bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> IoResult<()> {
        self.file.as_file_mut().flush()
    }
}

impl Seek for Whole {
    fn seek(&mut self, to: SeekFrom) -> IoResult<u64> {
        self.file.as_file_mut().seek(to)
    }
}

/// Writes a file that only its owner may read, with the folders above it; one that is there already stays as it is.
///
/// # Errors
/// A folder that cannot be made or written.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = folder_of(path);
    make_folder(folder)?;
    let write = || -> IoResult<()> {
        faults::strike()?;
        let mut file = tempfile::Builder::new().prefix(DRAFT).tempfile_in(folder)?;
        faults::write_all(file.as_file_mut(), bytes)?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(path) {
            Err(lost) if lost.error.kind() != ErrorKind::AlreadyExists => Err(lost.error),
            _ => Ok(()),
        }
    };
    write().map_err(|cause| refused("writing", path, &bare(&cause)))
}

/// Writes a new file in place. For folders that are not in place themselves yet: a killed process
/// leaves a part of it.
///
/// # Errors
/// A file that is there already or cannot be written, a full disk.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    write_parts(path, |write| write(bytes))
}

/// As [`write_new`], for what need not be in memory as a whole: `parts` hands on one part after the
/// other, in its order.
///
/// # Errors
/// As `write_new`; what `parts` gives.
pub fn write_parts(
    path: &Path,
    parts: impl FnOnce(&mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()>,
) -> Result<()> {
    let wrong = |cause: std::io::Error| refused("writing", path, &cause);
    let made = faults::strike().and_then(|()| std::fs::File::create_new(path));
    let mut file = made.map_err(wrong)?;
    parts(&mut |bytes| faults::write_all(&mut file, bytes).map_err(wrong))?;
    faults::strike().and_then(|()| file.sync_all()).map_err(wrong)
}

/// Makes `folder` and those above it.
///
/// # Errors
/// A folder above it that cannot be written, a file of this name.
pub fn make_folder(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    faults::strike().and_then(|()| std::fs::create_dir_all(folder)).map_err(|cause| {
        let error = refused("making the folder", folder, &cause);
        match error.report().hint {
            Some(_) => error,
            None => error.hint("say where runs may go with STILL_HOME=FOLDER"),
        }
    })
}

/// Makes `folder`, and says whether it was not there before: of two processes, one gets `true`.
///
/// # Errors
/// A folder above it that is not there or cannot be written.
pub fn claim_folder(folder: &Path) -> Result<bool> {
    match faults::strike().and_then(|()| std::fs::create_dir(folder)) {
        Ok(()) => Ok(true),
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(cause) => Err(refused("making the folder", folder, &cause)),
    }
}

/// A folder for what is not whole yet, beside where it will go; it is removed unless it is kept.
///
/// # Errors
/// A folder `within` that is not there or cannot be written.
pub fn draft_folder(within: &Path, prefix: &str) -> Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    shared(&mut builder, 0o777);
    let made = faults::strike().and_then(|()| builder.tempdir_in(within));
    made.map_err(|cause| refused("making a folder in", within, &bare(&cause)))
}

/// Gives a folder another name on the same file system. `false` where that name is taken by a folder
/// with something in it or by a file, which is then left as it is.
///
/// # Errors
/// Folders that are not there or cannot be written.
pub fn rename(from: &Path, to: &Path) -> Result<bool> {
    let moved = faults::strike().and_then(|()| std::fs::rename(from, to));
    match moved.and_then(|()| sync_folder(folder_of(to))) {
        Ok(()) => Ok(true),
        Err(cause) => match cause.kind() {
            ErrorKind::DirectoryNotEmpty
            | ErrorKind::AlreadyExists
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory => Ok(false),
            // Windows refuses every folder that is there.
            ErrorKind::PermissionDenied if cfg!(windows) && to.is_dir() => Ok(false),
            _ => Err(refused("renaming to", to, &cause)),
        },
    }
}

/// Removes a file; one that is not there is no error.
///
/// # Errors
/// A folder that cannot be written.
pub fn remove_file(path: &Path) -> Result<()> {
    match faults::strike().and_then(|()| std::fs::remove_file(path)) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => Err(refused("removing", path, &cause)),
        _ => Ok(()),
    }
}

/// Removes a folder with all that is in it; one that is not there is no error. It loses its name first,
/// so a killed process leaves no part of it under that name.
///
/// # Errors
/// A folder that cannot be written.
pub fn remove_folder(path: &Path) -> Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("{DRAFT}gone-{}-{number}", std::process::id());
    let aside = folder_of(path).join(name);
    let remove = || -> IoResult<()> {
        faults::strike()?;
        match std::fs::rename(path, &aside) {
            Ok(()) => std::fs::remove_dir_all(&aside),
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(()),
            Err(_) => std::fs::remove_dir_all(path),
        }
    };
    remove().map_err(|cause| refused("removing", path, &cause))
}

/// Makes the names in a folder last through a power failure, where the system can do that.
///
/// # Errors
/// A disk that is full or broken.
pub fn sync_folder(folder: &Path) -> IoResult<()> {
    faults::strike()?;
    if cfg!(not(unix)) {
        return Ok(());
    }
    match std::fs::File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some file systems cannot; what is written is there all the same.
        Err(cause)
            if matches!(
                cause.kind(),
                ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::PermissionDenied
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// As [`write_whole`], but a power failure may leave a damaged file: for what is checked when it is read, and made anew.
///
/// # Errors
/// As `write_whole`.
pub fn write_quick(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(DRAFT);
    shared(&mut builder, 0o666);
    let put = || -> IoResult<()> {
        let mut file = builder.tempfile_in(folder_of(path))?;
        file.write_all(bytes)?;
        file.persist(path).map(|_| ()).map_err(|cause| cause.error)
    };
    put().map_err(|cause| refused("writing", path, &bare(&cause)))
}

/// Removes a file that [`write_quick`] wrote; one that is not there is no error.
///
/// # Errors
/// A folder that cannot be written.
pub fn remove_quick(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => Err(refused("removing", path, &cause)),
        _ => Ok(()),
    }
}

/// The time, by a clock that may be set wrong: what has no date that can be written counts as 1970.
pub fn now() -> SystemTime {
    SystemTime::now().max(SystemTime::UNIX_EPOCH)
}

/// Makes a file or folder as new as if it were just written, where that is allowed.
pub fn touch(path: &Path) {
    let _ = std::fs::File::open(path).and_then(|file| file.set_modified(SystemTime::now()));
}

/// The length of a file, or of all files in a folder, in bytes; what cannot be read counts nothing.
pub fn size_of(path: &Path) -> u64 {
    let mut sum = 0u64;
    let mut open = vec![path.to_path_buf()];
    while let Some(path) = open.pop() {
        // A link counts itself: what it leads to is not in the folder.
        let Ok(meta) = std::fs::symlink_metadata(&path) else { continue };
        match std::fs::read_dir(&path) {
            Ok(read) if meta.is_dir() => open.extend(read.flatten().map(|entry| entry.path())),
            _ if meta.is_dir() => {}
            _ => sum = sum.saturating_add(meta.len()),
        }
    }
    sum
}

/// All regular files in a folder and in those below it, by their paths within it with `/`, sorted. Links
/// are left out, and so is what cannot be read or has a name that is no UTF-8.
pub fn files_in(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut open = vec![String::new()];
    while let Some(within) = open.pop() {
        for entry in std::fs::read_dir(folder.join(&within)).into_iter().flatten().flatten() {
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
                continue;
            };
            let name = if within.is_empty() { name } else { format!("{within}/{name}") };
            match (kind.is_dir(), kind.is_file()) {
                (true, _) => open.push(name),
                (_, true) => names.push(name),
                _ => {}
            }
        }
    }
    names.sort();
    names
}

/// A path with `/` between its parts, the same on every system.
pub fn slashed(path: &Path) -> String {
    let part = |part: Component| match part {
        Component::RootDir => String::new(),
        part => part.as_os_str().to_string_lossy().to_string(),
    };
    path.components().map(part).collect::<Vec<_>>().join("/")
}
