//! What a recipe may use: folders, operations, memory.

use crate::data::STANDARD_BYTES;
use crate::error::{Error, Kind, Result};
use crate::recipe::{Granted, ROOTS_VARIABLE};
use crate::script::MAX_OPERATIONS;
use crate::tensor::memory;
use clap::Args;
use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Args, Clone)]
pub(super) struct Access {
    /// Let the recipe read what is in this folder; can be repeated. STILL_DATA_ROOTS names folders, too, and so
    /// does a path that is the value of a --set.
    #[arg(long, value_name = "FOLDER")]
    data_root: Vec<PathBuf>,
    /// Operations that a script may do without a step, a batch, a stage or something printed; 0 for any number
    /// [default: 2000000000, or as the run had it that goes on or is repeated].
    #[arg(long, value_name = "N")]
    max_operations: Option<u64>,
    /// Gigabytes of memory that the program may take [default: three quarters of what is free].
    #[arg(long, value_name = "GB", value_parser = gigabytes)]
    max_memory: Option<u64>,
    /// Gigabytes on disk that computed features may take in STILL_HOME, 0 for none; STILL_CACHE_GB says it, too
    /// [default: 20].
    #[arg(long, value_name = "GB", value_parser = gigabytes_or_none)]
    cache_gb: Option<u64>,
}

/// The environment variable that says how much computed features may take.
const CACHE_VARIABLE: &str = "STILL_CACHE_GB";

fn gigabytes_or_none(text: &str) -> std::result::Result<u64, String> {
    match text.parse::<f64>() {
        Ok(0.0) => Ok(0),
        Ok(number) if !(number > 0.0 && number <= 1e6) => {
            Err("0 for none, or up to 1000000".into())
        }
        _ => gigabytes(text),
    }
}

fn gigabytes(text: &str) -> std::result::Result<u64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 1e6 => Ok((number * 1e9) as u64),
        Ok(_) => Err("more than 0, up to 1000000".into()),
        Err(_) => Err("a number of gigabytes is expected".into()),
    }
}

impl Access {
    /// What may be read; sets what the process may take.
    pub(super) fn granted(&self) -> Result<Granted> {
        if let Some(bytes) = self.max_memory {
            memory::limit(bytes);
        }
        let mut granted = Granted::default();
        for path in &self.data_root {
            granted.add_root(path)?;
        }
        if let Some(text) = std::env::var_os(ROOTS_VARIABLE) {
            granted.add_variable(&text);
        }
        Ok(granted)
    }

    /// The same as words of a command line, for another process.
    pub(super) fn words(&self) -> Vec<OsString> {
        let Access { data_root, max_operations, max_memory, cache_gb } = self;
        let mut words: Vec<OsString> = Vec::new();
        for root in data_root {
            words.extend(["--data-root".into(), root.clone().into_os_string()]);
        }
        words.extend(max_operations.map(|own| format!("--max-operations={own}").into()));
        let gigabytes = |bytes: u64| bytes as f64 / 1e9;
        words.extend(max_memory.map(|own| format!("--max-memory={}", gigabytes(own)).into()));
        words.extend(cache_gb.map(|own| format!("--cache-gb={}", gigabytes(own)).into()));
        words
    }

    /// Bytes that computed features may take on disk.
    ///
    /// # Errors
    /// A value of the environment that is no number.
    pub(super) fn cache_bytes(&self) -> Result<u64> {
        if let Some(bytes) = self.cache_gb {
            return Ok(bytes);
        }
        let Some(text) = std::env::var_os(CACHE_VARIABLE) else { return Ok(STANDARD_BYTES) };
        let text = text.to_string_lossy();
        gigabytes_or_none(&text).map_err(|cause| {
            Error::new(Kind::Usage, CACHE_VARIABLE, cause).received(format!("'{text}'"))
        })
    }

    /// Operations without any progress, where the command line says how many.
    pub(super) fn operations(&self) -> Option<u64> {
        self.max_operations
    }

    /// The same for what has no run before it.
    pub(super) fn max_operations(&self) -> u64 {
        self.max_operations.unwrap_or(MAX_OPERATIONS)
    }
}
