//! What the command line says of a run.

use super::granted::Granted;
use super::trial::HOOK_SECONDS;
use super::watch::Patience;
use crate::data::STANDARD_BYTES;
use crate::run::{CheckpointPolicy, Home, Past};
use crate::script::MAX_OPERATIONS;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

/// What the command line says.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The recipe's file.
    pub recipe: PathBuf,
    /// Values for its arguments.
    pub set: BTreeMap<String, String>,
    /// The seed of stages that name none; a recipe's `arg("seed", …)` gets it too.
    pub seed: Option<u64>,
    /// Threads of each stage's loader.
    pub workers: usize,
    /// Where runs are kept.
    pub home: Home,
    /// What a hook may take, 0 for any time; ten times as much for steps and networks of the recipe's own.
    pub hook_seconds: f64,
    /// How long saves are waited for.
    pub patience: Patience,
    /// Which run.
    pub entry: Entry,
    /// Stages that are computed whatever the store has.
    pub fresh: Fresh,
    /// Whether a stage waits for an edit where a hook fails and no version before is left.
    pub patient: bool,
    /// What recipes may read beside the values of `set`. Where a run goes on or is repeated, `set` has values that
    /// nobody typed now: they count only where the run's own folder says that somebody did then.
    pub granted: Granted,
    /// Operations that a script may do without any progress, 0 for any number.
    pub max_operations: u64,
    /// Bytes that computed features may take on disk, 0 for none.
    pub cache_bytes: u64,
    /// When checkpoints are made.
    pub checkpoints: CheckpointPolicy,
    /// Whether stages tell where their time goes.
    pub profile: bool,
}

impl Setup {
    /// What the recipe may read.
    pub(super) fn readable(&self) -> Granted {
        let mut granted = self.granted.clone();
        match &self.entry {
            Entry::Run | Entry::New | Entry::Ask | Entry::Check => {
                granted.add_values(self.set.values())
            }
            Entry::Resume(run) | Entry::Take(run, _) | Entry::Replay(Repeat { run, .. }) => {
                granted.add_told(&Past::open(run).granted());
            }
        }
        granted
    }

    /// A run of `recipe` with nothing else said.
    pub fn new(recipe: PathBuf, home: Home) -> Self {
        Setup {
            recipe,
            set: BTreeMap::new(),
            seed: None,
            workers: 2,
            home,
            hook_seconds: HOOK_SECONDS,
            patience: Patience::default(),
            entry: Entry::Run,
            fresh: Fresh::default(),
            patient: true,
            granted: Granted::default(),
            max_operations: MAX_OPERATIONS,
            cache_bytes: STANDARD_BYTES,
            checkpoints: CheckpointPolicy::default(),
            profile: false,
        }
    }
}

/// Which run it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The newest one of this recipe that was cut off, where nothing was changed since; a new one else.
    Run,
    /// A new one.
    New,
    /// The one in this folder, whatever was changed since.
    Resume(PathBuf),
    /// One that does what another one did.
    Replay(Repeat),
    /// None: results of the run in this folder are taken out of the store, by the statements of this version.
    Take(PathBuf, usize),
    /// None: stages are only asked whether they would come from the store.
    Ask,
    /// None: stages are only tried on made-up clips.
    Check,
}

impl Entry {
    /// Whether nothing runs, so that nothing is kept or reported either.
    pub fn is_a_question(&self) -> bool {
        matches!(self, Entry::Ask | Entry::Check | Entry::Take(..))
    }
}

/// A part of a run that is repeated: as long as it was given the same arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// The folder of the run that is repeated.
    pub run: PathBuf,
    /// The folder of the repetition, where it goes on.
    pub on: Option<PathBuf>,
    /// The number of the version whose statements this part runs.
    pub version: usize,
    /// The stage and the step at which this part ended.
    pub until: Option<(String, usize)>,
}

/// Stages that are computed whatever the store has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fresh {
    /// None.
    #[default]
    None,
    /// All.
    All,
    /// These.
    Named(Vec<String>),
}

impl Fresh {
    /// Whether the stage is one of them.
    pub(super) fn has(&self, stage: &str) -> bool {
        match self {
            Fresh::None => false,
            Fresh::All => true,
            Fresh::Named(names) => names.iter().any(|name| name == stage),
        }
    }
}

/// What may be asked of a run from outside.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    /// To stop at the next step.
    pub stop: Arc<AtomicBool>,
    /// To make a checkpoint at the next step.
    pub checkpoint: Arc<AtomicBool>,
    /// What the run says to the outside: counts steps, checkpoints and what else a stage tells.
    pub pulse: Arc<AtomicU64>,
    /// Says that a part of a run that is repeated came to where the next one begins.
    pub over: Arc<AtomicBool>,
}
