//! The host of scripts that are tried from the shell: everything but stages.

use super::callback::Callback;
use crate::data::{Dataset, FrontEnd, synth};
use crate::error::{Error, Kind, Result};
use crate::run::{Home, StageResult, table};
use crate::script::{Callable, HookSources, Host};
use crate::tensor::Device;
use crate::train::{Features, Plan, Trained};
use rhai::{Engine, FnPtr, NativeCallContext};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What a script that is tried may ask for.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Values for arguments.
    pub set: BTreeMap<String, String>,
    /// The seed of random numbers; an `arg("seed", …)` gets it too.
    pub seed: Option<u64>,
    /// Where made data are kept; beside the script where nothing is said.
    pub home: Option<PathBuf>,
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
        Trying {
            what,
            given: given.clone(),
            home: Home::of(file, given.home.clone()),
            stop: stop.clone(),
            limit: None,
            say,
            callback: Callback::default(),
        }
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
            Error::new(Kind::Script, self.what, "it does not end")
                .expected(format!("an end within {} s", limit.as_secs_f64()))
                .hint("--timeout SECONDS gives it more time")
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

    fn seed(&self) -> u64 {
        self.given.seed.unwrap_or(0)
    }

    fn workers(&self) -> usize {
        0
    }

    fn device(&self) -> Device {
        Device::cpu()
    }

    fn example_data(&self) -> Result<PathBuf> {
        self.home.ready()?;
        synth::example(self.home.path())
    }

    fn may_train(&self, operation: &str) -> Result<()> {
        Err(self.no_stage(operation))
    }

    fn features(&self, data: &Arc<Dataset>, front: &FrontEnd) -> Result<Features> {
        Features::of(data, front)
    }

    fn stage(&self, _: &Engine, plan: &Plan, _: &HookSources) -> Result<Trained> {
        Err(self.no_stage(plan.operation()))
    }

    fn function(&self, call: &NativeCallContext, pointer: &FnPtr) -> Result<Callable> {
        self.callback.function(call, pointer)
    }

    fn report(&self, stages: &[Trained]) -> Result<()> {
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

/// The error for what a signal ended.
pub(super) fn stopped(what: &str) -> Error {
    Error::new(Kind::Interrupted, what, "stopped by a signal")
}
