//! A trained model that the command line names: by a file of weights, or by a run.

use super::access::Access;
use super::progress;
use super::resume::home_of;
use super::runs::Place;
use super::signals::catch_signals;
use crate::disk;
use crate::error::{Error, Kind, Result};
use crate::models::Model;
use crate::recipe::{self, Granted, Setup, Signals, take};
use crate::run::{Past, Which};
use crate::tensor::{Device, store};
use crate::train::Card;
use clap::Args;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a file of weights ends with.
const WEIGHTS: &str = "safetensors";

/// Which weights of a run are meant, and what its recipe may do where it is needed.
#[derive(Args, Clone)]
pub(super) struct Whose {
    /// The stage of the run [default: the last one].
    #[arg(long, value_name = "NAME")]
    stage: Option<String>,
    /// The weights of the stage's last epoch, instead of those of its best one.
    #[arg(long)]
    last: bool,
    /// The mean of the weights of several epochs, where the stage makes one.
    #[arg(long, conflicts_with = "last")]
    averaged: bool,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    place: Place,
}

/// A file of weights, and the run that wrote it, where one was named.
pub(super) struct Trained {
    weights: PathBuf,
    run: Option<Past>,
}

impl Whose {
    /// What is called so.
    ///
    /// # Errors
    /// No such file or run, or a run without weights.
    pub(super) fn trained(&self, named: &str) -> Result<Trained> {
        let file = Path::new(named);
        if file.is_file() {
            if let Some(stage) = &self.stage {
                return Err(Error::new(Kind::Usage, "--stage", "a file of weights has no stages")
                    .received(stage.as_str()));
            }
            return Ok(Trained { weights: file.to_path_buf(), run: None });
        }
        if file.extension().is_some_and(|ending| ending == WEIGHTS) {
            let doing = format!("reading {named}");
            return Err(Error::new(Kind::File, doing, "no such file"));
        }
        let past = self.place.run(named)?;
        Ok(Trained {
            weights: past.weights_of(self.stage.as_deref(), self.which())?,
            run: Some(past),
        })
    }

    fn which(&self) -> Which {
        match (self.last, self.averaged) {
            (_, true) => Which::Averaged,
            (true, _) => Which::Last,
            _ => Which::Best,
        }
    }

    /// What may be read.
    ///
    /// # Errors
    /// A folder that is not there.
    pub(super) fn granted(&self) -> Result<Granted> {
        self.access.granted()
    }

    /// Whether the command line says something that only a run has.
    pub(super) fn says_anything(&self) -> bool {
        self.stage.is_some() || self.which() != Which::Best
    }

    /// Does `act` with the model. A network that only a recipe can build is taken out of its run, with `set` for the
    /// recipe's arguments, and exists as long as `act` takes.
    ///
    /// # Errors
    /// A damaged file; a network of a recipe's own without its run, or a run whose result is not kept any more;
    /// whatever `act` says.
    pub(super) fn with<T: Send + 'static>(
        &self,
        trained: Trained,
        set: &[String],
        mut act: impl FnMut(&Card, &Model) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let Trained { weights, run } = trained;
        let granted = self.access.granted()?;
        let doing = format!("reading {}", weights.display());
        let bytes = disk::read_regular(&weights, u64::MAX)?;
        let card = Card::read(&doing, &bytes)?;
        let past = match run {
            Some(past) if card.spec().is_none() => past,
            _ if !set.is_empty() => {
                return Err(Error::new(Kind::Usage, "--set", "this model needs no recipe")
                    .received(set.join(", ")));
            }
            _ => {
                drop(bytes);
                let (card, model) = Card::model_of(&weights, &Device::default())?;
                return act(&card, &model);
            }
        };
        let (like, signals) = retaking(&self.access, granted, set, &past)?;
        let stage = card.stage.clone();
        let display = progress::display();
        take(past.path(), Some(&stage), &like, display, &signals, move |trained, _| {
            // The store has the last weights.
            let weights = store::decode(&doing, &bytes, &Device::default())?;
            trained.model.network().restore(&weights).map_err(|error| error.during(&doing))?;
            act(&card, &trained.model)
        })
    }
}

/// How a run's stage is taken once more, with other values for some of its recipe's arguments; a Ctrl-C stops it.
///
/// # Errors
/// What is no `NAME=VALUE`; signals that cannot be caught.
pub(super) fn retaking(
    access: &Access,
    mut granted: Granted,
    set: &[String],
    past: &Past,
) -> Result<(Setup, Signals)> {
    let set: BTreeMap<_, _> =
        set.iter().map(|text| recipe::assignment(text)).collect::<Result<_>>()?;
    granted.add_values(set.values());
    let signals = Signals::default();
    catch_signals(&signals.stop, &signals.pulse)?;
    let standard = Setup::new(PathBuf::new(), home_of(past));
    let operations = access.operations().or(past.means().max_operations);
    let like = Setup {
        set,
        granted,
        max_operations: operations.unwrap_or(standard.max_operations),
        cache_bytes: access.cache_bytes()?,
        ..standard
    };
    Ok((like, signals))
}
