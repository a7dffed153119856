//! What a run gave, taken out of the store once more: its statements run again, its stages do not.

use super::replay::parts;
use super::session::{Display, Session, run_for};
use super::setup::{Entry, Setup, Signals};
use super::stored::end_of;
use crate::error::{Error, Kind, Result};
use crate::run::store::{Found, Object};
use crate::run::{Past, version_of};
use crate::script::HookSources;
use crate::train::{Plan, Trained, recall};
use rhai::Engine;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

/// What is done with a stage's result while the recipe is there: networks of the recipe's own call its functions.
pub(super) type Receiver = Arc<Mutex<dyn FnMut(&Trained, &Plan) -> Result<()> + Send>>;

/// Runs the statements of the run in `folder` until its stage `stage` (its last one where none is named), whose
/// result `receive` is given. Nothing is computed and nothing written.
///
/// # Errors
/// A run without that stage at its end, a result that the store has no more, data that are not where they were.
pub fn take<T: Send + 'static>(
    folder: &Path,
    stage: Option<&str>,
    like: &Setup,
    display: Box<dyn Display>,
    signals: &Signals,
    mut receive: impl FnMut(&Trained, &Plan) -> Result<T> + Send + 'static,
) -> Result<T> {
    let past = Past::open(folder);
    let operation = format!("taking a model from {}", past.name());
    let lacks = |what: &str| Error::new(Kind::Data, &operation, what);
    let ended: Vec<String> =
        past.stages().into_iter().filter(|stage| stage.done).map(|stage| stage.name).collect();
    let wanted = match stage {
        Some(named) if ended.iter().any(|known| known == named) => named.to_string(),
        Some(named) => {
            let known: Vec<&str> = ended.iter().map(String::as_str).collect();
            return Err(crate::error::unknown(&operation, "finished stage", named, &known));
        }
        None => {
            ended.last().cloned().ok_or_else(|| lacks("no stage of this run came to its end"))?
        }
    };
    if past.recipe().is_none() {
        return Err(lacks("its journal does not say which recipe it ran"));
    }
    let part = parts(&past).pop().unwrap_or_default();
    let mut set = part.set;
    set.extend(like.set.clone());
    let setup = Setup {
        set,
        seed: part.seed,
        entry: Entry::Take(folder.to_path_buf(), part.statements),
        patient: false,
        recipe: version_of(folder, part.statements).join(past.main_of(part.statements)),
        ..like.clone()
    };
    let found = Arc::new(Mutex::new(None));
    let (place, stop) = (found.clone(), signals.stop.clone());
    let receiver = move |trained: &Trained, plan: &Plan| {
        if trained.name != wanted {
            return Ok(());
        }
        *super::session::lock(&place) = Some(receive(trained, plan));
        // What comes after it is not asked for.
        stop.store(true, Ordering::Relaxed);
        Ok(())
    };
    let receiver: Receiver = Arc::new(Mutex::new(receiver));
    let outcome = run_for(setup, display, signals.clone(), Some(receiver));
    // What goes wrong with the result is no mistake of the statement that asked for the stage.
    if let Some(received) = super::session::lock(&found).take() {
        return received;
    }
    outcome?;
    Err(lacks("the statements of its recipe did not come to that stage"))
}

impl Session {
    /// A stage's result, as the run that is looked at had it.
    pub(super) fn taken(
        &self,
        engine: &Engine,
        plan: &Plan,
        sources: &HookSources,
        run: &Path,
    ) -> Result<Trained> {
        let past = Past::open(run);
        let lacks = |what: &str| {
            Error::new(Kind::Data, plan.operation(), format!("{what} '{}'", plan.name))
                .received(past.name())
        };
        let stage = past.stages().into_iter().find(|stage| stage.name == plan.name);
        let key = stage.filter(|stage| stage.done).and_then(|stage| stage.key);
        let key = key.ok_or_else(|| lacks("the run did not finish the stage"))?;
        let object = self.object(&key).map_err(|error| error.during(&plan.name))?;
        let end = end_of(&object, plan)?;
        let ground = object.meta.get("ground").and_then(serde_json::Value::as_str);
        let identity = ground.unwrap_or_default().to_string();
        let plan = Plan { identity, epochs: end.epochs(), ..plan.clone() };
        let mut hooks = self.hooks(engine, &plan, sources)?;
        let mut trained = recall(&plan, end, &mut hooks)?;
        trained.key = key;
        drop(hooks);
        if let Some(receiver) = &self.receiver {
            super::session::lock(receiver)(&trained, &plan)?;
        }
        Ok(trained)
    }

    fn object(&self, key: &str) -> Result<Object> {
        let lost = |what: &str| {
            Error::new(Kind::Data, "the store", what.to_string())
                .hint("`still replay` computes a run again")
        };
        match self.store.get(key)? {
            Found::Hit(object) => Ok(object),
            Found::Missing => Err(lost("the stage's result is there no more")),
            Found::Damaged(reason) => Err(lost("the stage's result is damaged").received(reason)),
        }
    }
}
