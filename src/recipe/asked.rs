//! What a recipe's statements ask of the session that runs them.

use super::files::Writer;
use super::granted::Wanted;
use super::session::{Session, lock, stopped};
use super::setup::Entry;
use crate::data::{Caches, Dataset, FrontEnd, synth};
use crate::error::{Error, Kind, Result};
use crate::report::{self, table};
use crate::run::StageResult;
use crate::script::{Callable, HookSources, Host, Meter, Raw, raw};
use crate::tensor::Device;
use crate::train::{Features, Plan, Trained};
use rhai::{Dynamic, Engine, FnPtr, NativeCallContext};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl Host for Session {
    fn argument(&self, name: &str) -> Option<String> {
        let given = self.setup.set.get(name).cloned();
        given.or_else(|| match (name, self.setup.seed) {
            ("seed", Some(seed)) => Some(seed.to_string()),
            _ => None,
        })
    }

    fn asked(&self, name: &str, default: Option<&Dynamic>) {
        let Some(value) = self.setup.set.get(name) else { return };
        if self.access.asked(value, default)
            && let Some(record) = self.record.get()
        {
            // What a run that goes on need not be told again.
            let granted = self.access.granted(|granted| granted.told());
            let mut record = lock(record);
            let written = record.folder().write_granted(&granted);
            record.tolerate("granted.json", written);
        }
    }

    fn seed(&self) -> u64 {
        self.setup.seed.unwrap_or(0)
    }

    fn workers(&self) -> usize {
        self.setup.workers
    }

    fn device(&self) -> Device {
        Device::default()
    }

    fn example_data(&self) -> Result<PathBuf> {
        self.setup.home.ready()?;
        synth::example(self.setup.home.path())
    }

    fn readable(&self, operation: &str, path: &str) -> Result<PathBuf> {
        self.access.readable(operation, path, Wanted::File, self.trial.is_on())
    }

    fn readable_folder(&self, operation: &str, path: &str) -> Result<PathBuf> {
        self.access.readable(operation, path, Wanted::Folder, self.trial.is_on())
    }

    fn writable(&self, operation: &str, path: &str) -> Result<PathBuf> {
        let (tried, busy) = (self.trial.is_on(), self.busy.load(Ordering::Relaxed));
        let in_stage = busy || self.making.load(Ordering::Relaxed) > 0;
        let writer = if in_stage { Writer::Stage } else { Writer::Statement };
        let known = !tried && self.access.is_known(path);
        let place = self.access.writable(operation, path, tried, writer)?;
        // A run that goes on within the stage must know what its hooks have written.
        if busy
            && !tried
            && !known
            && let Some(record) = self.record.get()
        {
            let stage = lock(&self.names).last().cloned();
            lock(record).event("file", json!({ "stage": stage, "file": path }));
        }
        Ok(place)
    }

    fn meter(&self) -> &Meter {
        &self.meter
    }

    fn caches(&self) -> Arc<Caches> {
        self.caches.clone()
    }

    fn features(&self, data: &Arc<Dataset>, front: &FrontEnd) -> Result<Features> {
        let mut made = lock(&self.made);
        let known = made.iter().find(|(set, end, _)| set == data && end == front);
        if let Some((.., features)) = known {
            return Ok(features.clone());
        }
        let features = Features::of(data, front, &self.caches)?;
        let frames = features.train.frames();
        let cut = features.train.longest_frames().saturating_sub(frames);
        if cut > 0 {
            let longest = frames + cut;
            self.display().warn(&format!("clips of up to {longest} frames are cut to {frames}"));
        }
        made.push((data.clone(), front.clone(), features.clone()));
        Ok(features)
    }

    fn stage(&self, engine: &Engine, plan: &Plan, sources: &HookSources) -> Result<Trained> {
        if self.builds_only.load(Ordering::Relaxed) {
            plan.check()?;
            // Nobody asks for it.
            return Err(Error::new(Kind::Script, plan.operation(), "the stage is only built"));
        }
        if self.busy.swap(true, Ordering::SeqCst) {
            return Err(Error::new(Kind::Script, plan.operation(), "a stage cannot run in a hook"));
        }
        let outcome = self.claim(&plan.name).and_then(|()| match &self.setup.entry {
            Entry::Take(run, _) => self.taken(engine, plan, sources, run),
            Entry::Ask => self.ask(engine, plan, sources),
            Entry::Check => self.try_stage(engine, plan, sources),
            _ => self.result_of(engine, plan, sources),
        });
        self.busy.store(false, Ordering::SeqCst);
        outcome
    }

    fn calls(&self, call: &NativeCallContext) {
        let source = call.call_source().unwrap_or_default().to_string();
        *lock(&self.call) = (source, call.call_position());
    }

    fn builds_only(&self, on: bool) -> bool {
        let wanted = self.setup.entry == Entry::Check;
        self.builds_only.store(on && wanted, Ordering::Relaxed);
        wanted
    }

    fn also(&self, key: &str, error: Error) {
        let error = self.placed(error, Some(key));
        self.display().finding(&error);
    }

    fn made(
        &self,
        call: &NativeCallContext,
        name: &str,
        inputs: Dynamic,
        make: &FnPtr,
    ) -> Raw<Dynamic> {
        raw(self.claim(name))?;
        self.meter.progress();
        self.made_of(call, name, inputs, make).inspect(|_| self.meter.progress())
    }

    fn function(&self, call: &NativeCallContext, pointer: &FnPtr) -> Result<Callable> {
        self.callback.function(call, pointer)
    }

    fn report(&self, stages: &[Trained], options: &report::Options) -> Result<()> {
        if self.setup.entry.is_a_question() {
            return Ok(());
        }
        let results: Vec<StageResult> = stages.iter().map(StageResult::from).collect();
        self.display().report(&table(&results));
        self.ask_report(stages, options);
        Ok(())
    }

    fn say(&self, text: &str) {
        // What a version says that is only tried would be taken for the run's.
        if !self.trial.is_on() {
            self.display().say(text);
        }
    }

    fn warn(&self, text: &str) {
        if !self.trial.is_on() {
            self.display().warn(text);
        }
    }

    fn interruption(&self) -> Option<Error> {
        if let Some(error) = self.trial.over_time().or_else(|| self.too_long()) {
            return Some(error);
        }
        // A stage stops by itself, after a whole step; only a hook that takes long is cut off.
        let at_once =
            || !self.busy.load(Ordering::Relaxed) || self.trial.is_on() || self.trial.is_long();
        (self.signals.stop.load(Ordering::Relaxed) && at_once()).then(stopped)
    }
}
