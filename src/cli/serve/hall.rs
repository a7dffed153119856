//! All runs of a home as those who look on see them: looked at by one thread, asked by many.

use super::parts::{self, Brief, Parts};
use crate::disk::Lock;
use crate::run::index::{self, Row};
use crate::run::{Following, Home, Past, RUN_LOCK};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// A run that nobody asks for any more is forgotten after so long.
const FORGOTTEN: Duration = Duration::from_secs(30);
/// The list is looked at this often.
const LIST: Duration = Duration::from_secs(1);

/// All runs of a home.
pub(super) struct Hall {
    home: Home,
    inner: Mutex<Inner>,
    changed: Condvar,
    /// Counts what changed anywhere.
    version: AtomicU64,
    stops: AtomicBool,
}

#[derive(Default)]
struct Inner {
    /// Runs that are not running, by name.
    rows: BTreeMap<String, Row>,
    /// Folders and the stamps of their files, when they were last looked at.
    stamps: BTreeMap<String, Stamp>,
    /// Runs that are running, or that somebody looks at.
    followed: BTreeMap<String, Followed>,
    looked: Option<Instant>,
    /// What went wrong in reading the list.
    trouble: Option<String>,
}

struct Followed {
    following: Following,
    wanted: Instant,
}

type Stamp = [Option<(SystemTime, u64)>; 3];

fn stamp(folder: &Path) -> Stamp {
    ["events.jsonl", "results.json", "tags.json"].map(|name| {
        let meta = std::fs::symlink_metadata(folder.join(name)).ok()?;
        Some((meta.modified().ok()?, meta.len()))
    })
}

fn name_of(folder: &Path) -> String {
    folder.file_name().map(|name| name.to_string_lossy().to_string()).unwrap_or_default()
}

impl Hall {
    pub fn new(home: Home) -> Self {
        Hall {
            home,
            inner: Mutex::new(Inner::default()),
            changed: Condvar::new(),
            version: AtomicU64::new(1),
            stops: AtomicBool::new(false),
        }
    }

    /// The folder of all runs.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at everything that is followed, and at the list from time to time.
    pub fn look(&self) {
        let due = self.lock().looked.is_none_or(|looked| looked.elapsed() >= LIST);
        let mut news = due && self.look_at_list();
        let mut inner = self.lock();
        inner.followed.retain(|_, followed| {
            followed.following.state().lives() || followed.wanted.elapsed() < FORGOTTEN
        });
        for followed in inner.followed.values_mut() {
            news |= followed.following.poll();
        }
        drop(inner);
        if news {
            self.version.fetch_add(1, Ordering::Relaxed);
            self.changed.notify_all();
        }
    }

    /// Looks which runs there are, and reads what changed; says whether anything did.
    fn look_at_list(&self) -> bool {
        let folders = match Past::folders(&self.home) {
            Ok(folders) => folders,
            Err(error) => {
                let mut inner = self.lock();
                inner.looked = Some(Instant::now());
                let trouble = Some(error.headline());
                return std::mem::replace(&mut inner.trouble, trouble.clone()) != trouble;
            }
        };
        let living: Vec<&PathBuf> =
            folders.iter().filter(|folder| Lock::held(&folder.join(RUN_LOCK))).collect();
        let stamps: BTreeMap<String, Stamp> = folders
            .iter()
            .filter(|folder| !living.contains(folder))
            .map(|folder| (name_of(folder), stamp(folder)))
            .collect();
        let known = stamps == self.lock().stamps;
        // Read without the lock: it may take a moment.
        let rows = if known { None } else { index::runs(&self.home).ok() };
        let mut inner = self.lock();
        (inner.looked, inner.trouble) = (Some(Instant::now()), None);
        if let Some(rows) = rows {
            let resting = rows.into_iter().filter(|row| stamps.contains_key(&row.name));
            inner.rows = resting.map(|row| (row.name.clone(), row)).collect();
            inner.stamps = stamps;
        }
        let mut news = !known;
        for folder in living {
            let name = name_of(folder);
            inner.followed.entry(name).or_insert_with(|| {
                news = true;
                Followed { following: Following::open(folder), wanted: Instant::now() }
            });
        }
        news
    }

    /// All runs, the newest first.
    pub fn list(&self) -> (Vec<Brief>, Option<String>) {
        let inner = self.lock();
        let mut all: BTreeMap<&str, Brief> =
            inner.rows.iter().map(|(name, row)| (name.as_str(), Brief::of_row(row))).collect();
        for (name, followed) in &inner.followed {
            let lives = followed.following.state().lives();
            let counts = lives || !inner.rows.contains_key(name);
            if counts && !followed.following.is_gone() {
                all.insert(name, Brief::of_following(&followed.following));
            }
        }
        (all.into_values().rev().collect(), inner.trouble.clone())
    }

    /// What the page of a run shows; None where there is no such run.
    pub fn parts(&self, name: &str) -> Option<Parts> {
        self.with(name, parts::of_run)
    }

    /// A run's report, where it has one.
    pub fn report(&self, name: &str) -> Option<PathBuf> {
        let path = self.with(name, |following| following.path().join("report.html"))?;
        path.is_file().then_some(path)
    }

    /// Whether there is such a run.
    pub fn has(&self, name: &str) -> bool {
        self.with(name, |_| ()).is_some()
    }

    fn with<T>(&self, name: &str, act: impl FnOnce(&Following) -> T) -> Option<T> {
        if let Some(followed) = self.lock().followed.get_mut(name) {
            followed.wanted = Instant::now();
            return Some(act(&followed.following));
        }
        // The name is compared with those that are there, and never made a path of.
        let folders = Past::folders(&self.home).ok()?;
        let folder = folders.iter().find(|folder| name_of(folder) == name)?;
        let followed = Followed { following: Following::open(folder), wanted: Instant::now() };
        let told = act(&followed.following);
        self.lock().followed.entry(name.to_string()).or_insert(followed);
        Some(told)
    }

    /// Waits until something is newer than `version`, or for so long; gives what is newest, None at the end.
    pub fn wait(&self, version: u64, most: Duration) -> Option<u64> {
        let until = Instant::now() + most;
        let mut inner = self.lock();
        loop {
            if self.stops.load(Ordering::Relaxed) {
                return None;
            }
            let newest = self.version.load(Ordering::Relaxed);
            let left = until.saturating_duration_since(Instant::now());
            if newest != version || left.is_zero() {
                return Some(newest);
            }
            let waited = self.changed.wait_timeout(inner, left);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Ends everything that waits.
    pub fn stop(&self) {
        self.stops.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    pub fn stops(&self) -> bool {
        self.stops.load(Ordering::Relaxed)
    }
}
