//! The files of a script: what it reads is what the user allowed or what it wrote itself, and what it writes stays
//! in a folder of its own.

use super::files::Files;
use super::granted::{Granted, Wanted};
use super::session::lock;
use crate::error::{Error, Kind, Result};
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
    files: OnceLock<Files>,
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
        let _ = self.files.set(Files::at(folder));
    }

    /// What may be read, to be added to or written down.
    pub fn granted<T>(&self, act: impl FnOnce(&mut Granted) -> T) -> T {
        act(&mut lock(&self.granted))
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
        if let Some(own) = own.or_else(|| self.files.get()?.find(path)) {
            return Ok(own);
        }
        let path = PathBuf::from(path);
        self.granted(|granted| granted.check(operation, &path, wanted))?;
        Ok(path)
    }

    /// See [`Host::writable`](crate::script::Host::writable). What is only tried writes elsewhere.
    pub fn writable(&self, operation: &str, path: &str, tried: bool) -> Result<PathBuf> {
        if let Some(files) = self.files.get().filter(|_| !tried) {
            return files.place(operation, path);
        }
        if let Otherwise::Nowhere(hint) = self.otherwise {
            return Err(Error::new(Kind::File, operation, "no folder was given to write into")
                .received(format!("'{path}'"))
                .hint(hint));
        }
        let files = {
            let mut temporary = lock(&self.temporary);
            match &*temporary {
                Some(files) => files.clone(),
                None => temporary.insert(Arc::new(Files::temporary()?)).clone(),
            }
        };
        files.place(operation, path)
    }

    /// The file that a stage depends on where its functions have this string: one that may be read, and was not
    /// written by the stage in an earlier life.
    pub fn file_of(&self, name: &str) -> Option<PathBuf> {
        if let Some(own) = self.files.get().and_then(|files| files.find_own(name)) {
            return Some(own);
        }
        let path = Path::new(name);
        let allowed = self.granted(|granted| granted.check("", path, Wanted::File));
        (path.is_file() && allowed.is_ok()).then(|| path.to_path_buf())
    }
}
