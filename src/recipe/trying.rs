//! The host of scripts that are tried from the shell: everything but stages.

use super::access::{Access, Otherwise};
use super::callback::Callback;
use super::files::Writer;
use super::granted::{Granted, Wanted};
use crate::data::{Caches, Dataset, FrontEnd, synth};
use crate::error::{Error, Kind, Result};
use crate::report::{self, table};
use crate::run::{Home, StageResult};
use crate::script::{Callable, HookSources, Host, MAX_OPERATIONS, Meter};
use crate::tensor::Device;
use crate::train::{Features, Plan, Trained};
use rhai::{Dynamic, Engine, FnPtr, NativeCallContext};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a script that is tried may ask for.
#[derive(Clone, Debug)]
pub struct Given {
    /// Values for arguments.
    pub set: BTreeMap<String, String>,
    /// The seed of random numbers; an `arg("seed", …)` gets it too.
    pub seed: Option<u64>,
    /// Where made data are kept; beside the script where nothing is said.
    pub home: Option<PathBuf>,
    /// What scripts may read beside the values of `set`.
    pub granted: Granted,
    /// Where `still eval` writes.
    pub out: Option<PathBuf>,
    /// Operations that a script may do without any progress, 0 for any number.
    pub max_operations: u64,
}

impl Default for Given {
    fn default() -> Self {
        Given {
            set: BTreeMap::new(),
            seed: None,
            home: None,
            granted: Granted::default(),
            out: None,
            max_operations: MAX_OPERATIONS,
        }
    }
}

impl Given {
    /// The text for an argument.
    pub(super) fn argument(&self, name: &str) -> Option<String> {
        self.set.get(name).cloned().or_else(|| match (name, self.seed) {
            ("seed", Some(seed)) => Some(seed.to_string()),
            _ => None,
        })
    }
}

/// What to do about writing where there is no folder for it.
const NOWHERE: &str = "`still eval --out FOLDER` gives one; a run has one, and each test";

/// What a script prints goes there.
pub(super) type Say = Box<dyn Fn(&str) + Send + Sync>;

/// Runs one script that trains nothing.
pub(super) struct Trying {
    /// "a test", "still eval": in messages.
    what: &'static str,
    given: Given,
    home: Home,
    stop: Arc<AtomicBool>,
    /// When it began, and how long it may take.
    limit: Option<(Instant, Duration)>,
    say: Say,
    callback: Callback,
    caches: Arc<Caches>,
    access: Access,
    meter: Meter,
    /// Where the first stage is put down, for those who only want to know it.
    wanted: Option<Arc<Mutex<Option<Plan>>>>,
}

impl Trying {
    /// A host for the script `file`, which ends when `stop` is raised.
    pub fn new(
        what: &'static str,
        file: &std::path::Path,
        given: &Given,
        stop: &Arc<AtomicBool>,
        say: Say,
    ) -> Self {
        let mut granted = given.granted.clone();
        granted.add_values(given.set.values());
        let access = Access::new(granted, Otherwise::Nowhere(NOWHERE));
        let home = Home::of(file, given.home.clone());
        Trying {
            what,
            given: given.clone(),
            caches: Arc::new(home.caches_read()),
            home,
            stop: stop.clone(),
            limit: None,
            say,
            callback: Callback::default(),
            access,
            meter: Meter::new(given.max_operations),
            wanted: None,
        }
    }

    /// Puts the first stage down there, instead of refusing it; the script ends with it.
    pub fn until_stage(self, wanted: &Arc<Mutex<Option<Plan>>>) -> Self {
        Trying { wanted: Some(wanted.clone()), ..self }
    }

    /// Lets the script write into a temporary folder.
    pub fn writing(mut self) -> Self {
        self.access =
            Access::new(self.access.granted(|granted| granted.clone()), Otherwise::Temporary);
        self
    }

    /// Lets the script write into this folder, if there is one.
    pub fn writing_into(self, folder: Option<&PathBuf>) -> Self {
        if let Some(folder) = folder {
            self.access.write_into(folder.clone());
        }
        self
    }

    /// How networks of the script's own call its functions.
    pub fn callback(&self) -> Callback {
        self.callback.clone()
    }

    /// Ends the script after so long, counted from now.
    pub fn within(self, limit: Duration) -> Self {
        Trying { limit: Some((Instant::now(), limit)), ..self }
    }

    /// The error for a script that takes too long.
    pub fn over_time(&self) -> Option<Error> {
        let (begun, limit) = self.limit?;
        (begun.elapsed() > limit).then(|| {
            let error = Error::new(Kind::Script, self.what, ENDLESS)
                .expected(format!("an end within {} s", limit.as_secs_f64()));
            match self.what {
                CHECK => error.hint(
                    "consts are worked out whenever the text is read: what takes long belongs in a stage",
                ),
                _ => error.hint("--timeout SECONDS gives it more time"),
            }
        })
    }

    fn no_stage(&self, operation: &str) -> Error {
        Error::new(Kind::Script, operation, format!("{} cannot train", self.what)).hint(
            "call what the stage is made of, e.g. its loss on tensors; `still run` runs stages",
        )
    }
}

impl Host for Trying {
    fn argument(&self, name: &str) -> Option<String> {
        self.given.argument(name)
    }

    fn asked(&self, name: &str, default: Option<&Dynamic>) {
        if let Some(value) = self.given.set.get(name) {
            self.access.asked(value, default);
        }
    }

    fn seed(&self) -> u64 {
        self.given.seed.unwrap_or(0)
    }

    fn workers(&self) -> usize {
        0
    }

    fn device(&self) -> Device {
        Device::default()
    }

    fn example_data(&self) -> Result<PathBuf> {
        self.home.ready()?;
        synth::example(self.home.path())
    }

    fn readable(&self, operation: &str, path: &str) -> Result<PathBuf> {
        self.access.readable(operation, path, Wanted::File, false)
    }

    fn readable_folder(&self, operation: &str, path: &str) -> Result<PathBuf> {
        self.access.readable(operation, path, Wanted::Folder, false)
    }

    fn writable(&self, operation: &str, path: &str) -> Result<PathBuf> {
        self.access.writable(operation, path, false, Writer::Statement)
    }

    fn meter(&self) -> &Meter {
        &self.meter
    }

    fn may_train(&self, operation: &str) -> Result<()> {
        match self.wanted {
            Some(_) => Ok(()),
            None => Err(self.no_stage(operation)),
        }
    }

    fn caches(&self) -> Arc<Caches> {
        self.caches.clone()
    }

    fn features(&self, data: &Arc<Dataset>, front: &FrontEnd) -> Result<Features> {
        Features::of(data, front, &self.caches)
    }

    fn stage(&self, _: &Engine, plan: &Plan, _: &HookSources) -> Result<Trained> {
        if let Some(wanted) = &self.wanted {
            wanted
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert_with(|| plan.clone());
        }
        Err(self.no_stage(plan.operation()))
    }

    fn function(&self, call: &NativeCallContext, pointer: &FnPtr) -> Result<Callable> {
        self.callback.function(call, pointer)
    }

    fn report(&self, stages: &[Trained], _: &report::Options) -> Result<()> {
        let results: Vec<StageResult> = stages.iter().map(StageResult::from).collect();
        self.say(&table(&results));
        Ok(())
    }

    fn say(&self, text: &str) {
        (self.say)(text);
    }

    fn interruption(&self) -> Option<Error> {
        if self.stop.load(Ordering::Relaxed) {
            return Some(stopped(self.what));
        }
        self.over_time()
    }
}

/// The check that runs nothing but consts.
pub(super) const CHECK: &str = "still check";
/// What is said of what takes too long.
pub const ENDLESS: &str = "it does not end";

/// The error for what a signal ended.
pub(super) fn stopped(what: &str) -> Error {
    Error::new(Kind::Interrupted, what, "stopped by a signal")
}
