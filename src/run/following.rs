//! A run that is looked at while it runs, from this process or another one.

use super::live::Live;
use super::{Picture, RUN_LOCK, State};
use crate::disk::Lock;
use serde_json::Value;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// So much of a journal is read at once; a line that is longer is none of ours.
const BLOCK: u64 = 16 << 20;
/// So many bytes before the place that was read last say whether it is still the same journal.
const TAIL: usize = 256;

/// Follows a run: each [`poll`](Following::poll) reads only what its journal has got since the last one.
/// Lines that are half written wait until they are whole; a journal that was cut or is another one is
/// read anew; a folder that is gone leaves the picture as it was.
#[derive(Clone, Debug)]
pub struct Following {
    path: PathBuf,
    name: String,
    /// All bytes before it were taken in: the end of a line.
    offset: u64,
    /// The bytes right before it.
    tail: Vec<u8>,
    /// What comes belongs to a line that is too long.
    skips: bool,
    picture: Picture,
    lives: bool,
    gone: bool,
    live: Option<Live>,
}

impl Following {
    /// Begins to follow the run in that folder, and reads what is there.
    pub fn open(path: &Path) -> Self {
        let absolute = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let name = absolute.file_name().map(|name| name.to_string_lossy().to_string());
        let mut following = Following {
            path: path.to_path_buf(),
            name: name.unwrap_or_default(),
            offset: 0,
            tail: Vec::new(),
            skips: false,
            picture: Picture::default(),
            lives: false,
            gone: false,
            live: None,
        };
        following.poll();
        following
    }

    /// Takes in what is new, and says whether anything was.
    pub fn poll(&mut self) -> bool {
        // Before the journal: one that ends in between is running once more, rather than lost for a moment.
        let lives = Lock::held(&self.path.join(RUN_LOCK));
        let gone = !self.path.is_dir();
        let mut changed = (lives, gone) != (self.lives, self.gone);
        (self.lives, self.gone) = (lives, gone);
        changed |= self.read().unwrap_or(false);
        let live = if lives { Live::of(&self.path) } else { None };
        changed |= live != self.live;
        self.live = live;
        changed
    }

    /// Reads what the journal has got; the first word is whether that was anything.
    fn read(&mut self) -> std::io::Result<bool> {
        let path = self.path.join("events.jsonl");
        match std::fs::metadata(&path) {
            Ok(meta) if meta.is_file() => {}
            Err(cause) if cause.kind() == ErrorKind::NotFound && !self.gone => {
                return Ok(self.forget());
            }
            // A pipe would wait for ever.
            _ => return Ok(false),
        }
        let mut journal = File::open(path)?;
        let mut changed = false;
        if !self.is_same(&mut journal)? {
            changed = self.forget();
        }
        let mut block = Vec::new();
        loop {
            journal.seek(SeekFrom::Start(self.offset))?;
            block.clear();
            journal.by_ref().take(BLOCK).read_to_end(&mut block)?;
            let whole = match block.iter().rposition(|byte| *byte == b'\n') {
                Some(last) => last + 1,
                None if block.len() as u64 == BLOCK => {
                    self.skips = true;
                    block.len()
                }
                None => 0,
            };
            if whole == 0 {
                break;
            }
            changed |= self.take(&block[..whole]);
        }
        if changed && self.picture.wants_metrics() {
            self.picture.take_metrics(&self.path);
        }
        Ok(changed)
    }

    /// Whether what was read before still stands there.
    fn is_same(&self, journal: &mut File) -> std::io::Result<bool> {
        if journal.metadata()?.len() < self.offset {
            return Ok(false);
        }
        let mut there = vec![0; self.tail.len()];
        journal.seek(SeekFrom::Start(self.offset - self.tail.len() as u64))?;
        match journal.read_exact(&mut there) {
            Ok(()) => Ok(there == self.tail),
            Err(cause) if cause.kind() == ErrorKind::UnexpectedEof => Ok(false),
            Err(cause) => Err(cause),
        }
    }

    /// Begins anew; says whether there was anything.
    fn forget(&mut self) -> bool {
        let had = self.offset > 0;
        (self.offset, self.skips) = (0, false);
        self.tail.clear();
        self.picture = Picture::default();
        had
    }

    /// Takes whole lines in.
    fn take(&mut self, bytes: &[u8]) -> bool {
        let told = self.picture.told();
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
        if self.skips {
            let rest = lines.next();
            self.skips = rest.is_none_or(|rest| rest.last() != Some(&b'\n'));
        }
        for event in lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok()) {
            self.picture.take(&event);
        }
        self.offset += bytes.len() as u64;
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL)..]);
        self.tail.drain(..self.tail.len().saturating_sub(TAIL));
        self.picture.told() != told
    }

    /// The run's folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The run's name: its folder's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the run has told so far.
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// How far it has come.
    pub fn state(&self) -> State {
        self.picture.state(self.lives)
    }

    /// Whether its folder is gone.
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// Where the stage that is being done stands, where that is newer than its last epoch.
    pub fn live(&self) -> Option<&Live> {
        let ended = self.picture.current()?.epochs.last().map_or(0, |epoch| epoch.step);
        self.trail().filter(|live| live.step >= ended)
    }

    /// The losses of the steps of the stage that is being done; where epochs are short, some steps behind.
    pub fn trail(&self) -> Option<&Live> {
        let current = self.picture.current()?;
        let fits = |live: &&Live| {
            // What an earlier process left tells of a time before this one began with the stage.
            let newer = live.at.zip(current.began).is_none_or(|(at, began)| at >= began);
            live.stage == current.stage.name && newer
        };
        self.live.as_ref().filter(fits)
    }
}
