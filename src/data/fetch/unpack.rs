//! What may come out of an archive: regular files below one folder, no more than is allowed, none twice.

use super::Watch;
use super::record::{RECORD, Unpacked};
use super::watch::go_on;
use crate::disk::{self, Growing};
use crate::error::{Error, Kind, Result};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The longest path within a set, in bytes.
const LONGEST_PATH: usize = 1024;

/// The most files that a set may have.
const MOST_FILES: usize = 5_000_000;

/// Takes files of archives into a folder.
pub(super) struct Unpacking {
    root: PathBuf,
    /// Paths in lower case, folders' included, and how each was written: some file systems know no case.
    names: BTreeMap<String, (String, bool)>,
    /// Bytes that may still come.
    left: u64,
    strip: bool,
    /// The folder at the top of the archive, which is left out.
    top: Option<String>,
    pub files: Vec<Unpacked>,
    doing: String,
}

impl Unpacking {
    /// Into `root`, which is there and empty, at most `most` bytes.
    pub fn into(root: &Path, strip: bool, most: u64) -> Self {
        Unpacking {
            root: root.into(),
            names: BTreeMap::new(),
            left: most,
            strip,
            top: None,
            files: Vec::new(),
            doing: String::new(),
        }
    }

    /// From now on files come from `archive`.
    pub fn begin(&mut self, archive: &Path) {
        self.doing = format!("unpacking {}", archive.display());
        self.top = None;
    }

    pub fn wrong(&self, problem: impl Into<String>) -> Error {
        Error::new(Kind::Data, &self.doing, problem)
    }

    /// What the archive calls `raw`, as a path below the folder; `None` for the folder itself.
    ///
    /// # Errors
    /// A path that leads elsewhere, or that some system understands in another way.
    fn inside(&mut self, raw: &str) -> Result<Option<String>> {
        let refused = |own: &Self, why: &str| {
            let shown: String = raw.chars().take(200).flat_map(char::escape_default).collect();
            own.wrong(format!("a path in the archive {why}")).received(shown).hint(
                "nothing was put in place; the archive is not what it should be: do not trust it",
            )
        };
        if raw.starts_with('/') {
            return Err(refused(self, "is absolute"));
        }
        if raw.len() > LONGEST_PATH {
            return Err(refused(self, "is too long"));
        }
        if raw.chars().any(|c| c.is_control() || matches!(c, '\\' | ':')) {
            return Err(refused(
                self,
                "has a character that not all systems understand as a name's",
            ));
        }
        let mut parts: Vec<&str> = Vec::new();
        for part in raw.split('/') {
            match part {
                "" | "." => {}
                ".." => return Err(refused(self, "leads out of the folder")),
                _ if part.ends_with(['.', ' ']) => {
                    return Err(refused(self, "ends in a dot or a space, which some systems drop"));
                }
                part => parts.push(part),
            }
        }
        if self.strip && !parts.is_empty() {
            let top = parts.remove(0);
            if self.top.get_or_insert(top.to_string()) != top {
                return Err(refused(self, "is not in the one folder at the top"));
            }
        }
        if parts.first().is_some_and(|part| part.eq_ignore_ascii_case(RECORD)) {
            return Err(refused(self, "is the name of Stillroom's own record"));
        }
        Ok(Some(parts.join("/")).filter(|path| !path.is_empty()))
    }

    /// Notes a path and the folders above it.
    fn note(&mut self, path: &str, is_file: bool) -> Result<()> {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for end in ends {
            let own = path.get(..end).unwrap_or(path);
            let file = is_file && end == path.len();
            let before = self.names.insert(own.to_lowercase(), (own.to_string(), file));
            let Some((known, was_file)) = before else { continue };
            let problem = match () {
                () if known != own => "two paths differ in case only",
                () if was_file || file => "a path occurs twice",
                () => continue,
            };
            return Err(self.wrong(problem).received(format!("{known} and {own}")));
        }
        Ok(())
    }

    /// A folder of the archive.
    ///
    /// # Errors
    /// A path that may not be.
    pub fn folder(&mut self, raw: &str) -> Result<()> {
        match self.inside(raw)? {
            Some(path) => self.note(&path, false),
            None => Ok(()),
        }
    }

    /// A file of `bytes` bytes.
    ///
    /// # Errors
    /// A path that may not be; more or fewer bytes than were said; more than the set may have; a full disk.
    pub fn file(
        &mut self,
        raw: &str,
        bytes: u64,
        content: &mut dyn Read,
        watch: &mut dyn Watch,
    ) -> Result<()> {
        let Some(path) = self.inside(raw)? else {
            return Err(self.wrong("a file has no name").received(raw.to_string()));
        };
        self.note(&path, true)?;
        if bytes > self.left || self.files.len() >= MOST_FILES {
            return Err(self
                .wrong("the archive unpacks to more than the set has")
                .received(format!("{bytes} bytes of {path}, with room for {}", self.left))
                .hint("nothing was put in place; the archive is not what it should be"));
        }
        let place = self.root.join(&path);
        if let Some(folder) = place.parent() {
            disk::make_folder(folder)?;
        }
        let mut file = Growing::create(&place)?;
        let mut hasher = blake3::Hasher::new();
        let mut block = vec![0; 1 << 17];
        loop {
            go_on(watch, &self.doing)?;
            let count = content.read(&mut block).map_err(|cause| {
                self.wrong(format!("{path} in the archive is damaged")).received(cause.to_string())
            })?;
            if count == 0 {
                break;
            }
            if file.length() + count as u64 > bytes {
                return Err(self.wrong(format!("{path} is longer than the archive says")));
            }
            let block = block.get(..count).unwrap_or_default();
            file.write(block)?;
            hasher.update(block);
        }
        if file.length() != bytes {
            return Err(self.wrong(format!("{path} is shorter than the archive says")));
        }
        self.left -= bytes;
        let blake3 = hasher.finalize().to_hex().to_string();
        self.files.push(Unpacked { name: path, bytes, blake3 });
        Ok(())
    }

    /// Makes all files last through a power failure.
    ///
    /// # Errors
    /// A disk that is full or broken.
    pub fn sync(&self) -> Result<()> {
        self.files.iter().try_for_each(|file| Growing::open(&self.root.join(&file.name))?.sync())
    }
}
