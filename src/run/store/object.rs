//! One object of the store: a folder of files, and `object.json` that says what they are.

use crate::disk;
use crate::error::{Error, Kind, Result};
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

/// The file that says what is in an object.
pub(super) const MANIFEST: &str = "object.json";
/// Changes whenever an older Stillroom could not read an object.
const FORMAT: u64 = 1;
/// What stands in a manifest before and after the hash of its own text.
const HEAD: &str = "{\"blake3\":\"";
const NECK: &str = "\",\"object\":";

/// A file of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMeta {
    /// Its name in the object's folder.
    pub name: String,
    /// BLAKE3 of its content.
    pub blake3: String,
    /// Its length.
    pub bytes: u64,
}

/// An object that is in the store.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// What was said of it when it was committed.
    pub meta: Value,
    /// When it was committed.
    pub committed: SystemTime,
    /// Its folder.
    pub path: PathBuf,
    /// Its files.
    pub files: Vec<FileMeta>,
}

/// What is known of an object without reading its files.
#[derive(Clone, Debug)]
pub struct Meta {
    /// Its key.
    pub key: String,
    /// What was said of it when it was committed.
    pub meta: Value,
    /// When it was committed.
    pub committed: SystemTime,
    /// Length of all its files.
    pub bytes: u64,
}

/// Why there is no object to be had.
pub(super) enum Flaw {
    /// There is none.
    Missing,
    /// It is not as it was committed.
    Damaged(String),
    /// It may not be read.
    Refused(Error),
}

impl Flaw {
    fn of(doing: &str, path: &Path, cause: &std::io::Error) -> Self {
        match cause.kind() {
            ErrorKind::NotFound => Flaw::Damaged(format!("{} is missing", name_of(path))),
            // The files may be well: to compute again what this user may not see helps nobody.
            ErrorKind::PermissionDenied => Flaw::Refused(Error::io(doing, path, cause)),
            _ => Flaw::Damaged(format!("{} cannot be read: {cause}", name_of(path))),
        }
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().to_string()).unwrap_or_default()
}

impl Object {
    /// The content of a file, checked against its hash.
    ///
    /// # Errors
    /// A name that the object does not have; a file that was damaged since the object was found.
    pub fn read(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.path.join(name);
        let doing = || format!("reading {}", path.display());
        let Some(file) = self.files.iter().find(|file| file.name == name) else {
            return Err(Error::new(Kind::Internal, doing(), "the object has no such file"));
        };
        let bytes = std::fs::read(&path).map_err(|cause| Error::io("reading", &path, &cause))?;
        if blake3::hash(&bytes).to_hex().as_str() != file.blake3 {
            return Err(Error::new(Kind::Data, doing(), "the file is damaged")
                .expected(format!("BLAKE3 {}", file.blake3))
                .hint("run the recipe again: what is damaged is computed anew"));
        }
        Ok(bytes)
    }

    /// Reads all files and compares them with their hashes.
    pub(super) fn check(&self) -> std::result::Result<(), Flaw> {
        for file in &self.files {
            let path = self.path.join(&file.name);
            let wrong = |cause: &std::io::Error| Flaw::of("reading", &path, cause);
            let meta = std::fs::symlink_metadata(&path).map_err(|cause| wrong(&cause))?;
            // Reading a pipe would never end.
            if !meta.is_file() {
                return Err(Flaw::Damaged(format!("{} is no file", file.name)));
            }
            if meta.len() != file.bytes {
                let lengths = format!("{} bytes instead of {}", meta.len(), file.bytes);
                return Err(Flaw::Damaged(format!("{} has {lengths}", file.name)));
            }
            let mut hasher = blake3::Hasher::new();
            File::open(&path)
                .and_then(|opened| hasher.update_reader(opened).map(|_| ()))
                .map_err(|cause| wrong(&cause))?;
            if hasher.finalize().to_hex().as_str() != file.blake3 {
                return Err(Flaw::Damaged(format!("{} has another hash", file.name)));
            }
        }
        Ok(())
    }

    pub(super) fn into_meta(self) -> Meta {
        let bytes = self.files.iter().fold(0u64, |sum, file| sum.saturating_add(file.bytes));
        Meta { key: self.key, meta: self.meta, committed: self.committed, bytes }
    }
}

/// Reads the manifest of the object in `folder`, which must be that of `key` where one is given.
pub(super) fn open(folder: &Path, key: Option<&str>) -> std::result::Result<Object, Flaw> {
    let path = folder.join(MANIFEST);
    match std::fs::symlink_metadata(folder) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Err(Flaw::Missing),
        Ok(meta) if !meta.is_dir() => return Err(Flaw::Damaged("it is no folder".into())),
        _ => {}
    }
    let text = std::fs::read(&path).map_err(|cause| Flaw::of("reading", &path, &cause))?;
    let damaged = |what: &str| Flaw::Damaged(format!("{MANIFEST} {what}"));
    let body = body(&text).ok_or_else(|| damaged("has another hash"))?;
    let mut body: Value = serde_json::from_slice(body).map_err(|_| damaged("is no JSON"))?;
    if body.get("format").and_then(Value::as_u64) != Some(FORMAT) {
        return Err(damaged("has a format that this Stillroom does not know"));
    }
    let own = body.get("key").and_then(Value::as_str).unwrap_or_default().to_string();
    if key.is_some_and(|key| key != own) {
        return Err(damaged("belongs to another key"));
    }
    let committed = body.get("committed").and_then(Value::as_str);
    let committed = committed.and_then(|text| humantime::parse_rfc3339(text).ok());
    let files = body.get("files").and_then(Value::as_object).and_then(files);
    let (Some(committed), Some(files)) = (committed, files) else {
        return Err(damaged("lacks a field"));
    };
    let meta = body.get_mut("meta").map(Value::take).unwrap_or_default();
    Ok(Object { key: own, meta, committed, path: folder.to_path_buf(), files })
}

/// The part of a manifest's text that its hash is of, where it has that hash.
fn body(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(HEAD.as_bytes())?;
    let (hash, rest) = rest.split_at_checked(64)?;
    let body = rest.strip_prefix(NECK.as_bytes())?.strip_suffix(b"}\n")?;
    (blake3::hash(body).to_hex().as_bytes() == hash).then_some(body)
}

fn files(listed: &Map<String, Value>) -> Option<Vec<FileMeta>> {
    let file = |(name, facts): (&String, &Value)| {
        let blake3 = facts.get("blake3")?.as_str()?.to_string();
        let bytes = facts.get("bytes")?.as_u64()?;
        is_plain(name).then(|| FileMeta { name: name.clone(), blake3, bytes })
    };
    listed.iter().map(file).collect()
}

/// Whether a name is that of a file in the object's own folder.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let single = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
    single && !name.contains(['/', '\\']) && name != MANIFEST && name != super::AT_WORK
}

/// Writes the files and the manifest of an object into `folder`.
pub(super) fn write(
    folder: &Path,
    key: &str,
    meta: Value,
    files: &[(String, Vec<u8>)],
) -> Result<Object> {
    let mut written = Vec::with_capacity(files.len());
    for (name, bytes) in files {
        if !is_plain(name) {
            return Err(Error::new(Kind::Internal, "the store", "this is no name for a file")
                .received(format!("'{name}'")));
        }
        disk::write_new(&folder.join(name), bytes)?;
        let blake3 = blake3::hash(bytes).to_hex().to_string();
        written.push(FileMeta { name: name.clone(), blake3, bytes: bytes.len() as u64 });
    }
    let listed: Map<String, Value> = written
        .iter()
        .map(|file| (file.name.clone(), json!({ "blake3": file.blake3, "bytes": file.bytes })))
        .collect();
    let now = humantime::format_rfc3339_millis(disk::now()).to_string();
    let body = json!({
        "format": FORMAT, "key": key, "committed": now, "files": listed, "meta": meta,
    });
    let text = body.to_string();
    let hash = blake3::hash(text.as_bytes()).to_hex();
    let manifest = format!("{HEAD}{hash}{NECK}{text}}}\n");
    disk::write_new(&folder.join(MANIFEST), manifest.as_bytes())?;
    // As it would be read: to the millisecond.
    let committed = humantime::parse_rfc3339(&now).unwrap_or_else(|_| disk::now());
    Ok(Object { key: key.into(), meta, committed, path: folder.to_path_buf(), files: written })
}
