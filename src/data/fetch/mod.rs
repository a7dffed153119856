//! Published sets from the net: the archives with their checksums, unpacked safely, put in place as a whole, and
//! compared later. Nothing but `still data fetch` calls [`fetch`]; no recipe can.

mod catalogue;
mod download;
mod http;
mod joined;
mod layout;
mod part;
mod place;
mod record;
mod sum;
mod tarball;
mod unpack;
mod verify;
mod watch;
mod zip;

pub use catalogue::{Archive, Clips, NAMES, Published, listed, published};
pub use download::Patience;
pub use place::{DATA_VARIABLE, data_folder, folder_by, installed, installed_in};
pub use record::{RECORD, Record, Source, Unpacked};
pub use sum::Sum;
pub use verify::{Against, Verdict, verify};
pub use watch::{Unwatched, Watch};

use crate::disk::{self, Lock};
use crate::error::{Error, Kind, Result};
use download::Download;
use joined::Joined;
use std::path::{Path, PathBuf};
use unpack::Unpacking;

/// The folder for what is not whole yet, beside the sets.
pub const DOWNLOADS: &str = "downloads";

/// How a set is fetched.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of sets.
    pub folder: PathBuf,
    /// The address below which the archives are, instead of their published addresses.
    pub from: Option<String>,
    /// Whether the archives stay once they are unpacked.
    pub keep_archives: bool,
    /// How much is put up with from a server.
    pub patience: Patience,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The set's folder.
    pub folder: PathBuf,
    /// What it consists of.
    pub files: usize,
    /// In bytes.
    pub bytes: u64,
    /// Whether it was there before.
    pub was_there: bool,
}

/// Fetches a set: downloads its archives, or what is missing of them, unpacks them aside, compares the clips with
/// what is published, and gives the folder its name as the last thing.
///
/// # Errors
/// A folder of that name that is no fetched set; another process that fetches it; a server that does not answer, or
/// has another file; a damaged or hostile archive; a full disk; being stopped.
pub fn fetch(set: &Published, options: &Options, watch: &mut dyn Watch) -> Result<Fetched> {
    let doing = format!("fetching {}", set.name);
    disk::make_folder(&options.folder)?;
    let target = options.folder.join(&set.name);
    if let Some(there) = there(&doing, &target)? {
        return Ok(there);
    }
    let downloads = options.folder.join(DOWNLOADS);
    disk::make_folder(&downloads)?;
    let Some(lock) = Lock::try_take(&downloads.join(format!("{}.lock", set.name)))? else {
        return Err(Error::new(Kind::File, doing, "another process is fetching this set")
            .hint("wait for it, or fetch into another folder with --to"));
    };
    // The other one may just have ended.
    if let Some(there) = there(&doing, &target)? {
        lock.remove();
        return Ok(there);
    }
    let own = downloads.join(&set.name);
    disk::make_folder(&own)?;
    let mut paths = Vec::new();
    for archive in &set.archives {
        let url = address(set, archive, options.from.as_deref())?;
        // What is packed takes no more than what it unpacks to, but for a little around it.
        let most = set.unpacked_most.saturating_add(1 << 20);
        let download = Download::new(archive, url, &own, options.patience, most);
        paths.push(download.run(watch)?);
    }
    let fetched = put_in_place(set, &paths, &own, &target, watch)?;
    if !options.keep_archives {
        disk::remove_folder(&own)?;
        lock.remove();
        // Only where nothing else is being fetched: it must be empty.
        let _ = std::fs::remove_dir(&downloads);
    }
    Ok(fetched)
}

/// The set, if it is there already.
fn there(doing: &str, target: &Path) -> Result<Option<Fetched>> {
    if target.symlink_metadata().is_err() {
        return Ok(None);
    }
    let Some(record) = Record::read(target)? else {
        let problem = format!("{} is there, but was not fetched", target.display());
        return Err(Error::new(Kind::File, doing, problem)
            .hint("move it away, or fetch into another folder with --to; `still data verify FOLDER` looks at it"));
    };
    let bytes = record.files.iter().map(|file| file.bytes).sum();
    let (folder, files) = (target.to_path_buf(), record.files.len());
    Ok(Some(Fetched { folder, files, bytes, was_there: true }))
}

/// Where an archive is asked for.
fn address(set: &Published, archive: &Archive, from: Option<&str>) -> Result<String> {
    if let Some(base) = from {
        return Ok(format!("{}/{}", base.trim_end_matches('/'), archive.file));
    }
    archive.url.clone().ok_or_else(|| {
        let problem = format!("no address is known of {}", archive.file);
        Error::new(Kind::Usage, format!("fetching {}", set.name), problem)
            .hint("say where it is with --from URL")
    })
}

fn put_in_place(
    set: &Published,
    paths: &[PathBuf],
    own: &Path,
    target: &Path,
    watch: &mut dyn Watch,
) -> Result<Fetched> {
    // What a killed process left is begun anew.
    let draft = own.join("unpacked");
    disk::remove_folder(&draft)?;
    disk::make_folder(&draft)?;
    let record = match unpacked(set, paths, &draft, watch) {
        Ok(record) => record,
        Err(error) => {
            let _ = disk::remove_folder(&draft);
            if error.kind() == Kind::File {
                watch.told("the archives stay: the same command goes on from there");
            }
            if error.kind() == Kind::Data {
                discard_unsure(set, own, watch)?;
            }
            return Err(error);
        }
    };
    if !disk::rename(&draft, target)? {
        let problem = format!("{} has come to be there meanwhile", target.display());
        return Err(Error::new(Kind::File, format!("fetching {}", set.name), problem));
    }
    let bytes = record.files.iter().map(|file| file.bytes).sum();
    Ok(Fetched { folder: target.into(), files: record.files.len(), bytes, was_there: false })
}

/// Archives whose checksum nobody insisted on cannot be used again after something was wrong with them.
fn discard_unsure(set: &Published, own: &Path, watch: &mut dyn Watch) -> Result<()> {
    for archive in set.archives.iter().filter(|one| one.is_loose || one.sum.is_none()) {
        disk::remove_file(&own.join(&archive.file))?;
        watch.told(&format!("{} was removed: it is fetched again next time", archive.file));
    }
    Ok(())
}

fn unpacked(
    set: &Published,
    paths: &[PathBuf],
    draft: &Path,
    watch: &mut dyn Watch,
) -> Result<Record> {
    let mut unpacking = Unpacking::into(draft, set.strip, set.unpacked_most);
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_string();
        if name.ends_with(".zip") {
            zip::unpack(&mut Joined::of(&parts(path, paths))?, &mut unpacking, watch)?;
        } else if name.ends_with(".tar.gz") || name.ends_with(".tgz") || name.ends_with(".tar") {
            let from = Joined::of(std::slice::from_ref(path))?;
            tarball::unpack(from, !name.ends_with(".tar"), &mut unpacking, watch)?;
        } else if !is_part(&name) {
            let doing = format!("unpacking {}", path.display());
            return Err(Error::new(Kind::Data, doing, "this kind of archive is not known")
                .expected(".zip (with .z01, .z02, … before it), .tar.gz, .tgz or .tar"));
        }
    }
    if unpacking.files.is_empty() {
        return Err(unpacking.wrong("there is nothing in the archive"));
    }
    unpacking.sync()?;
    let record = Record::of(set, unpacking.files);
    if NAMES.contains(&set.name.as_str()) {
        check(set, draft, watch)?;
    }
    record.write(draft)?;
    Ok(record)
}

/// Whether a file is a part of a split archive, but for the last.
fn is_part(name: &str) -> bool {
    let ending = name.rsplit_once(".z").map_or("", |(_, digits)| digits);
    ending.len() >= 2 && ending.bytes().all(|byte| byte.is_ascii_digit())
}

/// All parts of the archive whose last part is `last`, in their order.
fn parts(last: &Path, all: &[PathBuf]) -> Vec<PathBuf> {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().to_string();
    let stem = name(last).trim_end_matches("zip").to_string();
    let number = |path: &PathBuf| -> Option<u32> {
        let name = name(path);
        name.strip_prefix(&stem)?.strip_prefix('z')?.parse().ok()
    };
    let mut parts: Vec<(u32, PathBuf)> =
        all.iter().filter_map(|path| Some((number(path)?, path.clone()))).collect();
    parts.sort();
    parts.into_iter().map(|(_, path)| path).chain([last.to_path_buf()]).collect()
}

/// Compares what was unpacked with its own lists, and with what is published of it.
fn check(set: &Published, draft: &Path, watch: &mut dyn Watch) -> Result<()> {
    let doing = format!("checking {}", set.name);
    let wrong = |problem: &str| Error::new(Kind::Data, &doing, problem);
    let own = layout::read(draft).map_err(|error| error.during(&doing))?;
    if own.name != set.name {
        return Err(wrong("what was unpacked is another set").received(own.name));
    }
    let told = |names: &[String]| match names.first() {
        Some(first) => format!("{} clips, the first one {first}", names.len()),
        None => String::new(),
    };
    for (names, problem) in [
        (&own.missing, "clips that its list tells of are not in the archive"),
        (&own.empty, "clips in the archive are empty"),
        (&own.extra, "clips in the archive are in no list"),
    ] {
        if !names.is_empty() {
            return Err(wrong(problem).received(told(names)));
        }
    }
    let Some(clips) = set.clips else { return Ok(()) };
    if clips.count != own.clips.len() {
        return Err(wrong("the set has another number of clips than the published one")
            .expected(clips.count.to_string())
            .received(own.clips.len().to_string()));
    }
    match clips.list_sha256 {
        None => Ok(()),
        Some(list) => match verify::differs(draft, &own.clips, list, watch)? {
            None => Ok(()),
            Some(problem) => Err(wrong(&problem)),
        },
    }
}
