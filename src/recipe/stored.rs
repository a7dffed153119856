//! A stage's result as an object of the store: which files it has, and the way in and out.

use super::both::Both;
use super::stages::Job;
use crate::data::Logits;
use crate::error::Result;
use crate::run::StageResult;
use crate::run::store::Object;
use crate::tensor::store;
use crate::train::{CARD, Card, Checkpoint, Event, Observer, Phase, Plan, Stint, Trained, recall};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::SystemTime;

/// The file of an object that holds the stage at its end.
const END: &str = "end.checkpoint";
/// The weights of the best epoch.
const BEST: &str = "best.safetensors";
/// What the last weights say of the clips that test.
const SAID: &str = "predictions.safetensors";
/// The texts of the recipe's versions that were in force.
const RECIPE: &str = "recipe.json";

/// The stage at its end, as an object has it.
pub(super) fn end_of(object: &Object, plan: &Plan) -> Result<Checkpoint> {
    Checkpoint::decode(&object.read(END)?, &plan.device)
}

impl Job<'_> {
    /// The stage's result from an object; `own` where the journal says that this run made it. It may have been
    /// killed before it could say so.
    pub(super) fn take(&self, object: &Object, end: Checkpoint, own: bool) -> Result<Trained> {
        let mut hooks = self.session.hooks(self.engine, &self.plan, self.sources)?;
        let version = crate::train::Hooks::version(&hooks);
        // Another run's versions have other numbers; what an unedited stage depends on is the same.
        let now = Stint { step: 0, phase: Phase::Step, version };
        let mut trained = recall(&self.plan, end, &mut hooks)?;
        let run = object.meta.get("run").and_then(Value::as_str);
        let ours = run == Some(self.session.record()?.folder().name());
        if !ours {
            trained.history = vec![now];
        }
        trained.key = object.key.clone();
        if let Ok(said) = object.read(SAID) {
            trained.said = Logits::decode("predictions", &said).ok().map(Arc::new);
            if trained.said.is_some() {
                self.session.record()?.write_predictions(self.name(), said);
            }
        }
        self.session.access.know(&object.meta["files"], Some(&object.key));
        let mut last = store::encode(&trained.model.network().state())?;
        let best = object.read(BEST).ok();
        let card = best
            .as_ref()
            .and_then(|best| store::notes("a stage's weights", best).ok()?.remove(CARD));
        let averaged = trained.averaged.as_ref().map(|own| own.model.network().state());
        let mut averaged = averaged.map(|state| store::encode(&state)).transpose()?;
        if let Some(card) = card {
            last = Card::put(&card, &last)?;
            averaged = averaged.map(|own| Card::put(&card, &own)).transpose()?;
        }
        self.put_weights([("best", best), ("last", Some(last)), ("averaged", averaged)])?;
        let there = object.meta.get("device").and_then(Value::as_str);
        let elsewhere = there.filter(|name| *name != self.plan.device.name()).map(str::to_string);
        let age = SystemTime::now().duration_since(object.committed).ok();
        Both(self.session).observe(&Event::Recalled {
            plan: &self.plan,
            trained: &trained,
            age,
            elsewhere,
            own: own || ours,
        })?;
        Ok(trained)
    }

    /// The run's folder gets the weights of the best epoch, also where that one is over.
    pub(super) fn put_best(&self, object: &Object) -> Result<()> {
        self.put_weights([("best", object.read(BEST).ok())])
    }

    fn put_weights<const N: usize>(&self, weights: [(&str, Option<Vec<u8>>); N]) -> Result<()> {
        let mut record = self.session.record()?;
        for (which, bytes) in weights.into_iter().filter_map(|(which, it)| Some((which, it?))) {
            record.write_weights(self.name(), which, bytes);
        }
        Ok(())
    }

    /// Puts the result into the store, and says whether there was room. A disk that is full is told; the run has
    /// its result all the same. `said` are its predictions, encoded.
    pub(super) fn store(
        &self,
        trained: &mut Trained,
        written: Vec<String>,
        said: Option<&[u8]>,
    ) -> Result<bool> {
        let session = self.session;
        let Some(end) = trained.end.take() else { return Ok(true) };
        if let Some(lost) = end.lost() {
            session.warn(&format!(
                "the result of '{}' is not stored: nothing can hold {lost}, which was made in a hook (give it in the \
                 option 'state' instead)",
                self.name()
            ));
            return Ok(true);
        }
        let mut record = session.record()?;
        let mut files = vec![(END.to_string(), end.encode()?)];
        files.extend(said.map(|said| (SAID.to_string(), said.to_vec())));
        if let Some(best) = record.best_weights(self.name()) {
            files.push((BEST.to_string(), best));
        }
        let texts = trained
            .history
            .iter()
            .map(|stint| (stint.version.to_string(), record.folder().texts_of(stint.version)));
        let texts = Value::Object(texts.collect());
        files.push((RECIPE.to_string(), texts.to_string().into_bytes()));
        let fingerprint = self.plan.features.fingerprint()?;
        let data: Value =
            fingerprint.files.iter().map(|file| json!([file.name, file.blake3])).collect();
        let result = StageResult::from(&*trained);
        let edited = trained.key != self.identity.key();
        let meta = json!({
            "name": self.name(), "result": result, "identity": self.identity,
            "ground": self.plan.identity, "epochs": self.plan.epochs, "edited": edited,
            "without_length": if edited { Value::Null } else { json!(self.identity.without_length()) },
            "knew_length": trained.knew_length, "data": data, "run": record.folder().name(),
            "files": written, "still": env!("CARGO_PKG_VERSION"), "device": self.plan.device.name(),
        });
        let kept = session.store.commit(&trained.key, meta, files).map(|_| ());
        let stored = kept.is_ok();
        record.tolerate(&format!("the result of '{}'", self.name()), kept);
        Ok(stored)
    }
}
