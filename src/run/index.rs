//! A table of all runs in SQLite, so that listing thousands of them need not read all their journals.
//! Only a copy: what is missing, damaged, locked or cannot be written is made anew from the folders, and
//! is never an error.

use super::{Home, Past, PastStage, RUN_LOCK, State};
use crate::disk::{self, Lock};
use crate::error::Result;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Changes with the table: another one is dropped and made anew.
const VERSION: i64 = 2;
const TABLE: &str = "CREATE TABLE runs (
    name TEXT PRIMARY KEY, stamp TEXT, recipe TEXT, started REAL, ended REAL, state TEXT,
    stages INTEGER, best_accuracy REAL, last_accuracy REAL, steps INTEGER, seed INTEGER,
    \"set\" TEXT, tags TEXT, bytes INTEGER, results TEXT
)";

/// A run as the index has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub path: PathBuf,
    /// How far it has come.
    pub state: State,
    /// When it began: seconds since 1970, UTC.
    pub started: Option<f64>,
    /// When the last thing happened.
    pub last: Option<f64>,
    /// The recipe as the command line named it.
    pub recipe: Option<String>,
    /// Its seed.
    pub seed: Option<u64>,
    /// The arguments that were given.
    pub set: Map<String, Value>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its stages, as far as they came.
    pub stages: Vec<PastStage>,
    /// Length of all its files.
    pub bytes: u64,
}

impl Row {
    /// Reads a run's folder.
    pub fn of(past: &Past) -> Self {
        let seconds = |time: SystemTime| {
            let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
            // As exact as the journal has it.
            since.as_millis() as f64 / 1000.0
        };
        Row {
            name: past.name().to_string(),
            path: past.path().to_path_buf(),
            state: past.state(),
            started: past.started().map(seconds),
            last: past.last().map(seconds),
            recipe: past.recipe(),
            seed: past.head().get("seed").and_then(Value::as_u64),
            set: past.set(),
            tags: past.tags(),
            stages: past.stages(),
            bytes: disk::size_of(past.path()),
        }
    }

    /// The best accuracy of all stages.
    pub fn best_accuracy(&self) -> Option<f64> {
        let best = self.stages.iter().filter_map(|stage| stage.best_accuracy);
        best.max_by(f64::total_cmp)
    }
}

/// All runs of a home, the oldest first; brings the index up to date.
///
/// # Errors
/// A folder of runs that may not be read.
pub fn runs(home: &Home) -> Result<Vec<Row>> {
    let folders = Past::folders(home)?;
    let file = home.path().join("index.sqlite");
    let mut index = if folders.is_empty() { None } else { open(&file) };
    let known = index.as_ref().and_then(|index| load(index).ok()).unwrap_or_default();
    let mut rows = Vec::with_capacity(folders.len());
    let mut changed = Vec::new();
    for folder in folders {
        let name = folder.file_name().map(|name| name.to_string_lossy().to_string());
        let stamp = stamp(&folder);
        let lives = Lock::held(&folder.join(RUN_LOCK));
        match name.and_then(|name| known.get(&name)) {
            // A process that lives or died changes the state, and no file.
            Some((old, row)) if *old == stamp && !lives && !row.state.lives() => {
                rows.push(Row { path: folder, ..row.clone() });
            }
            _ => {
                let row = Row::of(&Past::open(&folder));
                changed.push((stamp, row.clone()));
                rows.push(row);
            }
        }
    }
    let there: BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let gone: Vec<&String> = known.keys().filter(|name| !there.contains(name.as_str())).collect();
    if let Some(index) = index.as_mut().filter(|_| !changed.is_empty() || !gone.is_empty()) {
        // Another process may be at it; the next one catches up.
        let _ = save(index, &changed, &gone);
    }
    Ok(rows)
}

/// Lengths and times of what a row is made from.
fn stamp(folder: &Path) -> String {
    let of = |name: &str| {
        let Ok(meta) = std::fs::symlink_metadata(folder.join(name)) else { return "-".into() };
        let time = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let length = if meta.is_file() { meta.len() } else { 0 };
        format!("{}.{length}", time.unwrap_or_default().as_nanos())
    };
    ["events.jsonl", "results.json", "tags.json", "weights", "checkpoints"].map(of).join(" ")
}

/// The index, with its table; one that is damaged or of another version is made anew.
fn open(file: &Path) -> Option<Connection> {
    match connect(file) {
        Ok(index) => Some(index),
        Err(cause) if is_damage(&cause) => {
            for ending in ["", "-journal", "-wal", "-shm"] {
                let mut name = file.as_os_str().to_os_string();
                name.push(ending);
                disk::remove_file(Path::new(&name)).ok()?;
            }
            connect(file).ok()
        }
        Err(_) => None,
    }
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let mut index = Connection::open(file)?;
    index.busy_timeout(Duration::from_millis(500))?;
    let version: i64 = index.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let table = "SELECT sql FROM sqlite_master WHERE name = 'runs'";
    let there: Option<String> = index.query_row(table, [], |row| row.get(0)).optional()?;
    if version != VERSION || there.as_deref() != Some(TABLE) {
        let change = index.transaction()?;
        change.execute_batch("DROP TABLE IF EXISTS runs")?;
        strike()?;
        change.execute_batch(TABLE)?;
        strike()?;
        change.pragma_update(None, "user_version", VERSION)?;
        strike()?;
        change.commit()?;
        strike()?;
    }
    // A flipped byte may be anywhere; rows that it leaves whole are compared with their stamps.
    let sound: String = index.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if sound == "ok" { Ok(index) } else { Err(rusqlite::Error::InvalidQuery) }
}

/// Whether the file is not what it should be, rather than busy or out of reach.
fn is_damage(cause: &rusqlite::Error) -> bool {
    match cause.sqlite_error_code() {
        Some(code) => {
            matches!(code, ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
                // A view or index of that name, or a table with other columns.
                || code == ErrorCode::Unknown
        }
        None => true,
    }
}

type Known = BTreeMap<String, (String, Row)>;

fn load(index: &Connection) -> rusqlite::Result<Known> {
    let mut statement = index.prepare(
        "SELECT name, stamp, recipe, started, ended, state, seed, \"set\", tags, bytes, results FROM runs",
    )?;
    let mut rows = statement.query([])?;
    let mut known = Known::new();
    while let Some(row) = rows.next()? {
        // A row that makes no sense is as if it were not there.
        let Ok(Some(read)) = read(row) else { continue };
        known.insert(read.1.name.clone(), read);
    }
    Ok(known)
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<(String, Row)>> {
    let json = |column: &str| -> rusqlite::Result<Option<Value>> {
        Ok(serde_json::from_str(&row.get::<_, String>(column)?).ok())
    };
    let (set, tags, stages) = (json("set")?, json("tags")?, json("results")?);
    let state = State::of(&row.get::<_, String>("state")?);
    let parts = (
        set.and_then(|set| serde_json::from_value(set).ok()),
        tags.and_then(|tags| serde_json::from_value(tags).ok()),
        stages.and_then(|stages| serde_json::from_value(stages).ok()),
    );
    let (Some(state), (Some(set), Some(tags), Some(stages))) = (state, parts) else {
        return Ok(None);
    };
    let seed: Option<i64> = row.get("seed")?;
    let bytes: i64 = row.get("bytes")?;
    let read = Row {
        name: row.get("name")?,
        path: PathBuf::new(),
        state,
        started: row.get("started")?,
        last: row.get("ended")?,
        recipe: row.get("recipe")?,
        seed: seed.and_then(|seed| u64::try_from(seed).ok()),
        set,
        tags,
        stages,
        bytes: u64::try_from(bytes).unwrap_or(0),
    };
    Ok(Some((row.get("stamp")?, read)))
}

fn save(
    index: &mut Connection,
    changed: &[(String, Row)],
    gone: &[&String],
) -> rusqlite::Result<()> {
    let change = index.transaction()?;
    for name in gone {
        strike()?;
        change.execute("DELETE FROM runs WHERE name = ?1", [name])?;
    }
    for (stamp, row) in changed {
        strike()?;
        let text = |value: serde_json::Result<String>| value.unwrap_or_default();
        let last = row.stages.iter().rev().find_map(|stage| stage.accuracy);
        let steps = row.stages.iter().filter_map(|stage| stage.steps);
        let steps = steps.fold(0u64, u64::saturating_add);
        change.execute(
            "INSERT OR REPLACE INTO runs VALUES
                (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            params![
                row.name,
                stamp,
                row.recipe,
                row.started,
                row.last,
                row.state.word(),
                row.stages.len() as i64,
                row.best_accuracy(),
                last,
                i64::try_from(steps).unwrap_or(i64::MAX),
                row.seed.and_then(|seed| i64::try_from(seed).ok()),
                text(serde_json::to_string(&row.set)),
                text(serde_json::to_string(&row.tags)),
                i64::try_from(row.bytes).unwrap_or(i64::MAX),
                text(serde_json::to_string(&row.stages)),
            ],
        )?;
    }
    strike()?;
    change.commit()?;
    strike()
}

/// A fault on purpose, see [`disk::faults`]: SQLite writes by itself.
fn strike() -> rusqlite::Result<()> {
    disk::faults::strike().map_err(|cause| rusqlite::Error::ToSqlConversionFailure(Box::new(cause)))
}
