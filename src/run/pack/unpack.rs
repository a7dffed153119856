//! Unpacking: nothing in the file is trusted. All of it is checked in a folder beside the runs, which is
//! then renamed.

use super::{FORMAT, MANIFEST, Manifest, Member, is_run_name, is_tame};
use crate::disk;
use crate::error::{Error, Kind, Result};
use crate::run::Home;
use crate::run::past::LOCAL;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// The longest manifest.
const MANIFEST_BYTES: u64 = 64 << 20;
/// The most that a pack may become, in bytes.
const TOTAL_BYTES: u64 = 64 << 30;
/// How many times longer than the file its content may be, where it is more than `SMALL_BYTES`.
const RATIO: u64 = 200;
const SMALL_BYTES: u64 = 256 << 20;

/// What became of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// The run's folder.
    pub path: PathBuf,
    /// Whether it was there already, with the same content.
    pub known: bool,
}

type Archive = ZipArchive<BufReader<File>>;

/// Unpacks a run into `home`, whole or not at all. A run that is there with the same content stays.
///
/// # Errors
/// A file that is damaged, that was no pack, or whose content would land elsewhere; another run of this
/// name; a home that cannot be written.
pub fn unpack(file: &Path, home: &Home) -> Result<Unpacked> {
    let wrong = Wrong { doing: format!("unpacking {}", file.display()) };
    let opened = File::open(file).map_err(|cause| Error::io("reading", file, &cause))?;
    let length = opened.metadata().map_err(|cause| Error::io("reading", file, &cause))?;
    if !length.is_file() {
        return Err(wrong.told("this is no file"));
    }
    let mut archive = ZipArchive::new(BufReader::new(opened)).map_err(|cause| {
        let whole = wrong.told("not a whole packed run").received(cause.to_string());
        whole.hint("copy or download the file again; `still runs pack` makes such files")
    })?;
    let manifest = manifest(&mut archive, &wrong)?;
    check_sizes(&manifest, length.len(), &wrong)?;
    check_names(&mut archive, &manifest, &wrong)?;

    let runs = home.path().join("runs");
    let path = runs.join(&manifest.run);
    if path.symlink_metadata().is_ok() {
        return known(&path, &manifest, &wrong);
    }
    disk::make_folder(&runs)?;
    let draft = disk::draft_folder(&runs, disk::DRAFT)?;
    for (name, member) in &manifest.files {
        let source = member.same_as.as_ref().unwrap_or(name);
        let to = draft.path().join(name);
        disk::make_folder(to.parent().unwrap_or(draft.path()))?;
        disk::write_parts(&to, |write| copy(&mut archive, source, member, &wrong, write))?;
    }
    if !disk::rename(draft.path(), &path)? {
        return known(&path, &manifest, &wrong);
    }
    // What was renamed is not temporary any more.
    let _ = draft.keep();
    Ok(Unpacked { path, known: false })
}

/// Errors about one file.
struct Wrong {
    doing: String,
}

impl Wrong {
    fn told(&self, problem: impl Into<String>) -> Error {
        Error::new(Kind::Data, &self.doing, problem)
    }

    fn damaged(&self, name: &str, cause: impl Into<String>) -> Error {
        self.told(format!("'{name}' is damaged"))
            .received(cause)
            .hint("copy or download the file again")
    }
}

fn manifest(archive: &mut Archive, wrong: &Wrong) -> Result<Manifest> {
    let mut text = Vec::new();
    {
        let member = archive.by_name(MANIFEST).map_err(|cause| match cause {
            zip::result::ZipError::FileNotFound => wrong
                .told("this zip file is no packed run")
                .received(format!("no {MANIFEST}"))
                .hint("`still runs pack` makes such files"),
            cause => wrong.damaged(MANIFEST, cause.to_string()),
        })?;
        let read = member.take(MANIFEST_BYTES).read_to_end(&mut text);
        read.map_err(|cause| wrong.damaged(MANIFEST, cause.to_string()))?;
    }
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|cause| wrong.damaged(MANIFEST, cause.to_string()))?;
    if manifest.format != FORMAT {
        return Err(wrong
            .told("the pack has a format that this Stillroom does not know")
            .expected(FORMAT.to_string())
            .received(manifest.format.to_string()));
    }
    if !is_run_name(&manifest.run) {
        return Err(wrong
            .told("the run's name is no name of a folder")
            .received(format!("'{}'", manifest.run.escape_debug())));
    }
    Ok(manifest)
}

fn check_sizes(manifest: &Manifest, length: u64, wrong: &Wrong) -> Result<()> {
    let sizes = manifest.files.values().map(|member| member.bytes);
    let total = sizes.fold(0u64, u64::saturating_add);
    let most = SMALL_BYTES.max(length.saturating_mul(RATIO)).min(TOTAL_BYTES);
    if total > most {
        return Err(wrong
            .told("it would become far longer than it is")
            .expected(format!("{most} bytes at most"))
            .received(format!("{total} bytes")));
    }
    Ok(())
}

/// Names must stay within the run, and be those of the manifest.
fn check_names(archive: &mut Archive, manifest: &Manifest, wrong: &Wrong) -> Result<()> {
    let elsewhere = |name: &str| {
        wrong
            .told("a name in it leads out of the run's folder")
            .received(format!("'{}'", name.escape_debug()))
    };
    for (name, member) in &manifest.files {
        if !is_tame(name) {
            return Err(elsewhere(name));
        }
        // What the user of this machine says of it comes from nobody else.
        if LOCAL.contains(&name.as_str()) {
            return Err(
                wrong.told(format!("'{name}' belongs to one machine, and is in no packed run"))
            );
        }
        let source = member.same_as.as_ref().unwrap_or(name);
        let first = manifest.files.get(source);
        let packed = first.is_some_and(|first| first.same_as.is_none() || source == name);
        if !packed || archive.index_for_name(source).is_none() {
            return Err(wrong.damaged(name, "it is not in the file"));
        }
    }
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index);
        let member = member.map_err(|cause| wrong.damaged("the list", cause.to_string()))?;
        let name = member.name().map_err(|cause| wrong.damaged("a name", cause.to_string()))?;
        if !is_tame(&name) {
            return Err(elsewhere(&name));
        }
        if member.is_symlink() || member.is_dir() {
            return Err(wrong.told(format!("'{name}' is no file")));
        }
        if name != MANIFEST && !manifest.files.contains_key(name.as_ref()) {
            return Err(wrong.told(format!("'{name}' is not in {MANIFEST}")));
        }
    }
    Ok(())
}

/// Hands on the content of a member, which must be as the manifest says.
fn copy(
    archive: &mut Archive,
    name: &str,
    member: &Member,
    wrong: &Wrong,
    write: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let file = archive.by_name(name).map_err(|cause| wrong.damaged(name, cause.to_string()))?;
    // One more than it should have tells that there are more.
    let mut file = file.take(member.bytes.saturating_add(1));
    let (mut hasher, mut length) = (blake3::Hasher::new(), 0u64);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer);
        let read = read.map_err(|cause| wrong.damaged(name, cause.to_string()))?;
        let part = buffer.get(..read).unwrap_or_default();
        if part.is_empty() {
            break;
        }
        hasher.update(part);
        length += part.len() as u64;
        write(part)?;
    }
    if length == member.bytes && hasher.finalize().to_hex().as_str() == member.blake3 {
        return Ok(());
    }
    Err(wrong.damaged(name, "other bytes than the manifest says"))
}

/// A run of this name is there: the same one, or another.
fn known(path: &Path, manifest: &Manifest, wrong: &Wrong) -> Result<Unpacked> {
    let same = |(name, member): (&String, &Member)| {
        // Tags are the user's own.
        let tags = name == "tags.json";
        tags || std::fs::read(path.join(name))
            .is_ok_and(|bytes| blake3::hash(&bytes).to_hex().as_str() == member.blake3)
    };
    if manifest.files.iter().all(same) {
        return Ok(Unpacked { path: path.to_path_buf(), known: true });
    }
    Err(Error::new(Kind::File, &wrong.doing, "there is another run of this name")
        .received(path.display().to_string())
        .hint(format!("remove it with `still runs rm {}`, or give another --home", manifest.run)))
}
