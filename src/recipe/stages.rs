//! A stage's result: from the run that goes on, from the store, or computed and then stored.

use super::both::Both;
use super::depends::options_of;
use super::hooks::StageHooks;
use super::session::{Session, lock, not_begun};
use super::stored::end_of;
use super::why::Shorter;
use crate::error::Result;
use crate::run::Identity;
use crate::run::store::{Found, Object};
use crate::script::HookSources;
use crate::tensor::trace;
use crate::train::{Card, Checkpoint, Event, Observer, Plan, Trained, train};
use rhai::Engine;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

/// A stage that is about to run.
pub(super) struct Job<'a> {
    pub session: &'a Session,
    pub engine: &'a Engine,
    pub plan: Plan,
    pub sources: &'a HookSources,
    pub identity: Identity,
}

impl Session {
    /// What a stage gives.
    pub(super) fn result_of(
        &self,
        engine: &Engine,
        plan: &Plan,
        sources: &HookSources,
    ) -> Result<Trained> {
        let (plan, identity) = self.identified(engine, plan, sources)?;
        let fingerprint = plan.features.fingerprint()?;
        self.record()?.note_data(plan.features.name(), &fingerprint.hash);
        Job { session: self, engine, plan, sources, identity }.result()
    }

    /// The plan with what names it, and all that its result depends on.
    pub(super) fn identified(
        &self,
        engine: &Engine,
        plan: &Plan,
        sources: &HookSources,
    ) -> Result<(Plan, Identity)> {
        plan.check()?;
        let mut identity = Identity::of(plan)?;
        identity.options.extend(options_of(sources)?);
        let plan = Plan { identity: identity.ground(), ..plan.clone() };
        identity.code = self.hooks(engine, &plan, sources)?.code();
        Ok((plan, identity))
    }

    pub(super) fn hooks<'a>(
        &'a self,
        engine: &'a Engine,
        plan: &Plan,
        sources: &HookSources,
    ) -> Result<StageHooks<'a>> {
        let live = self.live.get().ok_or_else(not_begun)?;
        let timeline = self.timeline.get().ok_or_else(not_begun)?;
        StageHooks::new(engine, live, timeline, self, plan, sources)
    }
}

impl Job<'_> {
    pub(super) fn name(&self) -> &str {
        &self.plan.name
    }

    fn result(&self) -> Result<Trained> {
        let session = self.session;
        let fresh = session.setup.fresh.has(self.name());
        let turn = session.access.turn();
        let mut from = None;
        if !fresh {
            if let Some(trained) = self.of_this_run(&mut from)? {
                return Ok(trained);
            }
            if let Some(trained) = self.of_the_store()? {
                return Ok(trained);
            }
            if from.is_none() {
                from = self.cut_off()?;
            }
            if from.is_none() {
                from = self.shorter()?;
            }
        }
        let held = session.hold(self.name(), &self.identity.key())?;
        // Whoever had the lock before may have put it there.
        if !fresh && let Some(trained) = self.of_the_store()? {
            return Ok(trained);
        }
        let trained = self.compute(from, turn)?;
        drop(held);
        Ok(trained)
    }

    /// The result that this run has already, where it goes on; a shorter one is where to go on from.
    fn of_this_run(&self, from: &mut Option<Checkpoint>) -> Result<Option<Trained>> {
        let Some(past) = self.session.past.get() else { return Ok(None) };
        let mut ends = past.events().iter().filter(|event| {
            let event = |key| event.get(key).and_then(Value::as_str);
            matches!(event("event"), Some("stage_end" | "store_hit"))
                && event("name") == Some(self.name())
        });
        let Some(last) = ends.next_back() else { return Ok(None) };
        let Some(key) = last.get("key").and_then(Value::as_str) else { return Ok(None) };
        let own = last.get("from_store") == Some(&json!(false));
        let Some(object) = self.find(key)? else { return Ok(None) };
        if object.meta.get("ground").and_then(Value::as_str) != Some(&self.plan.identity) {
            return Ok(None);
        }
        let end = end_of(&object, &self.plan)?;
        if end.epochs() < self.plan.epochs {
            self.put_best(&object)?;
            self.session.access.know(&object.meta["files"], None);
            *from = Some(end);
            return Ok(None);
        }
        if end.epochs() > self.plan.epochs {
            return Ok(None);
        }
        self.take(&object, end, own).map(Some)
    }

    fn of_the_store(&self) -> Result<Option<Trained>> {
        let (timeline, name) = (self.session.timeline.get(), self.name());
        // A result without the edits is none of this run's, nor one without the edit that comes next.
        if timeline
            .is_some_and(|told| told.edited(name, &self.plan.identity) || told.edits_next(name))
        {
            return Ok(None);
        }
        let Some(object) = self.find(&self.identity.key())? else { return Ok(None) };
        let end = end_of(&object, &self.plan)?;
        self.take(&object, end, false).map(Some)
    }

    /// An object that is whole; one that is damaged is told.
    fn find(&self, key: &str) -> Result<Option<Object>> {
        Ok(match self.session.store.get(key)? {
            Found::Hit(object) => Some(object),
            Found::Missing => None,
            Found::Damaged(reason) => {
                let name = self.name();
                self.session.warn(&format!(
                    "what the store had of '{name}' is damaged ({reason}): it is computed anew"
                ));
                None
            }
        })
    }

    /// Where this run was cut off in the stage.
    fn cut_off(&self) -> Result<Option<Checkpoint>> {
        if self.session.past.get().is_none() {
            return Ok(None);
        }
        let Plan { identity, device, .. } = &self.plan;
        let found = self.session.record()?.folder().checkpoint(self.name(), identity, device);
        let name = self.name();
        for problem in &found.damaged {
            self.session.warn(&format!("a checkpoint of '{name}' cannot be used, {problem}"));
        }
        let Some(checkpoint) = found.checkpoint else {
            if found.foreign {
                self.session
                    .warn(&format!("'{name}' was asked for something else before: it begins anew"));
            } else if !found.damaged.is_empty() {
                self.session.warn(&format!("'{name}' begins anew: no checkpoint before is left"));
            }
            return Ok(None);
        };
        if let Some(lost) = checkpoint.lost() {
            self.session.warn(&format!(
                "'{name}' begins anew: a checkpoint cannot hold {lost}, which was made in a hook (give it in the \
                 option 'state' instead)"
            ));
            return Ok(None);
        }
        let told = self.session.past.get().into_iter().flat_map(|past| past.events_of("file"));
        let own = told.filter(|event| event["stage"] == self.name());
        let names: Value = own.map(|event| event["file"].clone()).collect();
        self.session.access.know(&names, None);
        Ok(Some(checkpoint))
    }

    /// The end of the same stage with fewer epochs, where none of its hooks knew how many there would be.
    fn shorter(&self) -> Result<Option<Checkpoint>> {
        let known = self.session.store.objects();
        let found = super::why::shorter(&known, &self.identity, self.plan.epochs);
        let Some(Shorter { key, epochs, knew_length }) = found else { return Ok(None) };
        let name = self.name();
        if knew_length {
            self.session.display().say(&format!(
                "{name}: its hooks look at the stage's length, so it begins anew ({} of {} epochs are in the store; \
                 `still resume` goes on from there)",
                epochs, self.plan.epochs
            ));
            return Ok(None);
        }
        let Some(object) = self.find(&key)? else { return Ok(None) };
        let end = end_of(&object, &self.plan)?;
        self.put_best(&object)?;
        self.session.access.know(&object.meta["files"], None);
        let version = self.session.live.get().map_or(0, |live| lock(live).current().number);
        self.session
            .display()
            .say(&format!("{name}: goes on after {} epochs of the store", end.epochs()));
        Ok(Some(end.renumbered(|_| version)))
    }

    fn compute(&self, from: Option<Checkpoint>, turn: u64) -> Result<Trained> {
        let session = self.session;
        if from.is_none() {
            let mut record = session.record()?;
            let dropped = record.folder().drop_checkpoints(self.name());
            record.tolerate("the list of checkpoints", dropped);
        }
        let (spec, features) = (self.plan.spec.clone(), self.plan.features.clone());
        let (name, asked) = (self.name().to_string(), session.signals.stop.clone());
        let card = move || {
            // Measured by now: the weights that are described were trained on these features.
            let card = Card::of(&name, &spec, &features, &|| asked.load(Ordering::Relaxed))?;
            Ok(card.text())
        };
        session.record()?.describe(self.name(), Box::new(card));
        let mut hooks = session.hooks(self.engine, &self.plan, self.sources)?;
        let mut observer = Both(session);
        let stop = &session.signals.stop;
        if session.setup.profile {
            trace::begin();
        }
        let trained = train(&self.plan, from, &mut hooks, &mut observer, stop);
        self.tell_profile()?;
        let mut trained = trained?;
        let fingerprint = self.plan.features.fingerprint()?;
        let changed = fingerprint.changed();
        let said = trained.said.as_ref().map(|said| said.encode()).transpose()?;
        let mut kept = true;
        if let Some(list) = fingerprint.changed_list() {
            session.warn(&format!(
                "'{list}' changed while '{}' was computed: this run goes on with the clips that it named at first",
                self.name()
            ));
        }
        trained.key = {
            let lengths = if trained.knew_length { trained.lengths.as_slice() } else { &[] };
            let code = |version| hooks.code_of(version);
            self.identity.key_of_history(&trained.history, lengths, code)
        };
        match changed.as_slice() {
            [] => {
                let written = session.access.credit(turn, &trained.key);
                kept = self.store(&mut trained, written, said.as_deref())?;
            }
            files => {
                let shown = files.iter().take(3).map(|file| format!("'{file}'"));
                session.warn(&format!(
                    "the data changed while '{}' was computed: {}{}; its result is not stored",
                    self.name(),
                    shown.collect::<Vec<_>>().join(", "),
                    if files.len() > 3 {
                        format!(" and {} more", files.len() - 3)
                    } else {
                        String::new()
                    }
                ));
                let all = format!("{} {files:?}", trained.key);
                trained.key = blake3::hash(all.as_bytes()).to_hex().to_string();
                session.access.credit(turn, &trained.key);
            }
        }
        if let Some(said) = said {
            session.record()?.write_predictions(self.name(), said);
        }
        observer.observe(&Event::Ended { trained: &trained })?;
        // Where the store has no room, the way to the result stays short.
        if kept {
            let mut record = session.record()?;
            let dropped = record.folder().drop_checkpoints(self.name());
            record.tolerate("the list of checkpoints", dropped);
        }
        Ok(trained)
    }

    /// Where the time went, told and written down; also where the stage was stopped.
    fn tell_profile(&self) -> Result<()> {
        if !self.session.setup.profile {
            return Ok(());
        }
        let traced = trace::end();
        let file = self.session.record()?.write_trace(self.name(), &traced);
        self.session.display().profile(self.name(), &traced, &file);
        Ok(())
    }
}
