//! The files of a script: what it reads is what the user allowed or what it wrote itself, and what it writes stays
//! in a folder of its own.

use super::files::{Files, Origin, Writer, hash_of};
use super::granted::{Granted, Wanted};
use super::session::lock;
use crate::error::{Error, Kind, Result};
use rhai::Dynamic;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

/// Where a script writes that was given no folder.
pub(super) enum Otherwise {
    /// Into a temporary one, which is gone with this.
    Temporary,
    /// Nowhere; what to do is the hint.
    Nowhere(&'static str),
}

/// What one run, test or evaluation may read and write.
pub(super) struct Access {
    granted: Mutex<Granted>,
    files: OnceLock<Arc<Files>>,
    otherwise: Otherwise,
    temporary: Mutex<Option<Arc<Files>>>,
}

impl Access {
    pub fn new(granted: Granted, otherwise: Otherwise) -> Self {
        Access {
            granted: Mutex::new(granted),
            files: OnceLock::new(),
            otherwise,
            temporary: Mutex::default(),
        }
    }

    /// Says where the script's files go.
    pub fn write_into(&self, folder: PathBuf) {
        let _ = self.files.set(Arc::new(Files::at(folder)));
    }

    /// What may be read, to be added to or written down.
    pub fn granted<T>(&self, act: impl FnOnce(&mut Granted) -> T) -> T {
        act(&mut lock(&self.granted))
    }

    /// The recipe asks for an argument whose value was given; whether more may be read than before.
    pub fn asked(&self, value: &str, default: Option<&Dynamic>) -> bool {
        let text = match default {
            None => None,
            Some(default) if default.is_string() || default.is_unit() => {
                Some(default.clone().into_string().unwrap_or_default())
            }
            Some(_) => return false,
        };
        self.granted(|granted| granted.is_asked(value, text.as_deref()))
    }

    /// See [`Host::readable`](crate::script::Host::readable). What is only tried has files of its own.
    pub fn readable(
        &self,
        operation: &str,
        path: &str,
        wanted: Wanted,
        tried: bool,
    ) -> Result<PathBuf> {
        let temporary = lock(&self.temporary).clone();
        let temporary = temporary.filter(|_| tried || self.files.get().is_none());
        let own = temporary.and_then(|files| files.find(path));
        if let Some(own) = own.or_else(|| self.files.get()?.find_known(path)) {
            return Ok(own);
        }
        if let Some(Origin::Stage(_)) = self.files.get().and_then(|files| files.origin(path)) {
            let problem = "the stage that writes this file came from the store and did not run";
            return Err(Error::new(Kind::File, operation, problem)
                .received(format!("'{path}'"))
                .hint(
                    "save it in a statement after the stage, or keep what matters in the stage's result; \
                     `--fresh STAGE` computes a stage again",
                ));
        }
        let given = PathBuf::from(path);
        let allowed = self.granted(|granted| granted.check(operation, &given, wanted));
        if allowed.is_err() || !given.exists() {
            // What the run wrote before it was cut off.
            if let Some(own) = self.files.get().and_then(|files| files.find(path)) {
                return Ok(own);
            }
        }
        allowed.map(|()| given)
    }

    /// See [`Host::writable`](crate::script::Host::writable). What is only tried writes elsewhere.
    pub fn writable(
        &self,
        operation: &str,
        path: &str,
        tried: bool,
        writer: Writer,
    ) -> Result<PathBuf> {
        if let Some(files) = self.files.get().filter(|_| !tried) {
            return files.place(operation, path, writer);
        }
        if let Otherwise::Nowhere(hint) = self.otherwise {
            return Err(Error::new(Kind::File, operation, "no folder was given to write into")
                .received(format!("'{path}'"))
                .hint(hint));
        }
        self.temporary()?.place(operation, path, writer)
    }

    fn temporary(&self) -> Result<Arc<Files>> {
        let mut temporary = lock(&self.temporary);
        Ok(match &*temporary {
            Some(files) => files.clone(),
            None => temporary.insert(Arc::new(Files::temporary()?)).clone(),
        })
    }

    /// What is written down of files: those of the run, or temporary ones.
    fn files(&self) -> Option<Arc<Files>> {
        let own = self.files.get().cloned();
        own.or_else(|| self.temporary().ok())
    }

    /// Whether a hook has written it in the stage that is running, as far as is known.
    pub fn is_known(&self, path: &str) -> bool {
        self.files().is_some_and(|files| files.is_of_stage(path))
    }

    /// As [`Files::turn`].
    pub fn turn(&self) -> u64 {
        self.files().map_or(1, |files| files.turn())
    }

    /// As [`Files::credit`].
    pub fn credit(&self, turn: u64, key: &str) -> Vec<String> {
        self.files().map_or_else(Vec::new, |files| files.credit(turn, key))
    }

    /// As [`Files::know`], with the names that an object of the store has.
    pub fn know(&self, told: &Value, key: Option<&str>) {
        let names = told.as_array().into_iter().flatten().filter_map(Value::as_str);
        if let Some(files) = self.files() {
            files.know(names, key);
        }
    }

    /// What a stage depends on where its functions have this string: the content of a file that may be read or
    /// that statements wrote, or the stage whose hooks wrote it. What its own hooks write is none of it.
    pub fn depends(&self, name: &str) -> Option<String> {
        if let Some(origin) = self.files().and_then(|files| files.origin(name)) {
            return match origin {
                Origin::Now(path) => hash_of(&path),
                Origin::Then(hash) => Some(hash),
                Origin::Stage(key) => Some(format!("written by stage {key}")),
            };
        }
        let path = Path::new(name);
        let allowed = self.granted(|granted| granted.check("", path, Wanted::File));
        if path.is_file() && allowed.is_ok() { hash_of(path) } else { None }
    }
}
