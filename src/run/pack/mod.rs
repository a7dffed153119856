//! A run as one file: a zip archive with a manifest that has the hash of everything in it. The same run
//! gives the same bytes.

mod held;
mod unpack;

pub use unpack::{Unpacked, unpack};

use super::store::Store;
use super::{Home, PREDICTIONS, Past};
use crate::disk::{self, Whole};
use crate::error::{Error, Kind, Result};
use held::Held;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::{Component, Path};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// How packed runs are called: `NAME.still`.
pub const ENDING: &str = "still";
const MANIFEST: &str = "manifest.json";
/// Changes whenever an older Stillroom could not read a pack.
const FORMAT: u64 = 1;
/// What is packed of a run's own folder, besides its weights.
const FILES: [&str; 6] =
    ["events.jsonl", "results.json", "metrics.csv", "still.lock", "tags.json", "report.html"];

/// What is in a pack.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Manifest {
    format: u64,
    run: String,
    still: String,
    weights: bool,
    files: BTreeMap<String, Member>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Member {
    blake3: String,
    bytes: u64,
    /// The member that has the same content, which is packed once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    same_as: Option<String>,
}

/// What was packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Packed {
    /// Files of the run.
    pub files: usize,
    /// Length of the archive.
    pub bytes: u64,
}

/// Whether a name stays within the folder that it is unpacked to, on any system.
fn is_tame(name: &str) -> bool {
    let plain = |part: Component| matches!(part, Component::Normal(_));
    !name.is_empty()
        && name.len() <= 1024
        && !name.contains(['\\', ':', '\0'])
        && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
        && Path::new(name).components().all(plain)
}

/// Whether a name may be that of a run's folder.
fn is_run_name(name: &str) -> bool {
    is_tame(name) && !name.contains('/') && !name.starts_with('.') && name.len() <= 255
}

/// Packs a run into the file `to`, whole or not at all: its events, results and recipes, and what the
/// store says of its stages; with `weights`, all weights as well. No name in it is a path of this machine.
///
/// # Errors
/// A folder that is no run, files that cannot be read or written.
pub fn pack(run: &Path, home: Option<&Home>, weights: bool, to: &Path) -> Result<Packed> {
    let past = Past::open(run);
    let doing = format!("packing {}", past.name());
    if !Past::is_run(run) || !is_run_name(past.name()) {
        return Err(Error::new(Kind::File, doing, "this is no folder of a run"));
    }
    let mut names: Vec<(String, std::path::PathBuf)> = Vec::new();
    for name in disk::files_in(run) {
        let place = name.split('/').next().unwrap_or_default();
        let wanted = match place {
            "recipe" | PREDICTIONS => true,
            "weights" => weights,
            "objects" => weights || name.ends_with("/object.json"),
            _ => FILES.contains(&name.as_str()),
        };
        // A killed write may have left a draft.
        if wanted && is_tame(&name) && !name.contains(&format!("/{}", disk::DRAFT)) {
            names.push((name.clone(), run.join(&name)));
        }
    }
    let store = home.map(Store::at);
    for (key, folder) in past.stages().into_iter().filter_map(|stage| {
        let key = stage.key?;
        let folder = store.as_ref()?.place(&key)?;
        Some((key, folder))
    }) {
        for file in disk::files_in(&folder) {
            let name = format!("objects/{key}/{file}");
            let wanted = (weights || file == "object.json") && is_tame(&name);
            if wanted && !names.iter().any(|(known, _)| *known == name) {
                names.push((name, folder.join(file)));
            }
        }
    }
    // In one order, wherever the files lie.
    names.sort();
    let mut archive = ZipWriter::new(BufWriter::new(Held::new(Whole::create(to)?)));
    let mut manifest = Manifest {
        format: FORMAT,
        run: past.name().to_string(),
        still: env!("CARGO_PKG_VERSION").to_string(),
        weights,
        files: BTreeMap::new(),
    };
    let mut packed: BTreeMap<String, String> = BTreeMap::new();
    for (name, path) in names {
        let bytes = std::fs::read(&path).map_err(|cause| Error::io("reading", &path, &cause))?;
        let blake3 = blake3::hash(&bytes).to_hex().to_string();
        let same_as = packed.get(&blake3).cloned();
        if same_as.is_none() {
            put(&mut archive, &name, &bytes, to)?;
            packed.insert(blake3.clone(), name.clone());
        }
        let member = Member { blake3, bytes: bytes.len() as u64, same_as };
        manifest.files.insert(name, member);
    }
    let text = serde_json::to_string_pretty(&manifest)
        .map_err(|cause| Error::new(Kind::Internal, &doing, cause.to_string()))?;
    put(&mut archive, MANIFEST, text.as_bytes(), to)?;
    let whole = archive.finish().map_err(|cause| failed(to, cause))?;
    let held = whole.into_inner().map_err(|cause| disk::refused("writing", to, cause.error()))?;
    held.into_whole().map_err(|cause| disk::refused("writing", to, &cause))?.finish()?;
    Ok(Packed { files: manifest.files.len(), bytes: disk::size_of(to) })
}

fn failed(to: &Path, cause: zip::result::ZipError) -> Error {
    match cause {
        zip::result::ZipError::Io(cause) => disk::refused("writing", to, &cause),
        other => Error::new(Kind::Internal, format!("writing {}", to.display()), other.to_string()),
    }
}

fn put(
    archive: &mut ZipWriter<BufWriter<Held>>,
    name: &str,
    bytes: &[u8],
    to: &Path,
) -> Result<()> {
    // Weights are noise to a compressor.
    let method = match name.ends_with(".safetensors") {
        true => CompressionMethod::Stored,
        false => CompressionMethod::Deflated,
    };
    let options = SimpleFileOptions::default()
        .compression_method(method)
        .large_file(bytes.len() as u64 >= u64::from(u32::MAX))
        // No clock: the same run gives the same bytes.
        .last_modified_time(zip::DateTime::default());
    archive.start_file(name, options).map_err(|cause| failed(to, cause))?;
    archive.write_all(bytes).map_err(|cause| disk::refused("writing", to, &cause))
}
