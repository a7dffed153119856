//! The recipe's functions as training's hooks.

use super::epochs::{epochs_named, takes_slices};
use super::facts::{Facts, asked_at, when};
use super::given::{as_batch, as_loss, as_number, as_step, call, overlooked, tensors};
use super::holdings::held;
use super::live::Live;
use super::over::Running;
use super::rehearsal::try_out;
use super::session::{Session, lock};
use super::timeline::Timeline;
use super::trial::{Span, Trial};
use super::version::Version;
use crate::data::Batch;
use crate::error::{Error, Place, Result};
use crate::models::Spec;
use crate::nn::{Net, pass};
use crate::run::Identity;
use crate::script::{Desk, Hook, HookSources, Known, keep, take_up};
use crate::tensor::Tensor;
use crate::train::{
    Belongings, Change, Hooks, Moment, Phase, Plan, Seen, StageKind, TRIAL_CLIPS, Workbench,
};
use rhai::{Dynamic, Engine, Map};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Calls the hooks of one stage in the version that is in force.
pub(super) struct StageHooks<'a> {
    pub(super) engine: &'a Engine,
    pub(super) session: &'a Session,
    live: &'a Mutex<Live>,
    trial: &'a Trial,
    pub(super) facts: Facts,
    pub(super) version: Arc<Version>,
    /// Changes from before the first step, told at the first boundary.
    pending: &'a Mutex<Vec<Change>>,
    desk: Desk,
    bench: Workbench,
    /// The recipe's own map, as it was before the step or the end of the epoch.
    before: Map,
    /// Whether a stage waits for an edit where nothing else is left.
    patient: bool,
    /// What of each version that was in force the stage depends on, by its number.
    pub(super) code: BTreeMap<usize, String>,
    timeline: &'a Timeline,
    /// What the stage was asked for.
    ground: String,
    /// Networks of the stage: functions of the recipe may be a part of them.
    pub(super) nets: Vec<Net>,
    /// What the command line gives for arguments.
    pub(super) arguments: BTreeMap<String, String>,
    pub(super) stage: String,
    /// When the step that is going on began, and the longest one so far.
    begun: Option<Instant>,
    pace: Option<Duration>,
}

impl<'a> StageHooks<'a> {
    /// Hooks for a stage. Where an edit that came into force before this stage does not serve it, the
    /// version before comes back; the changes tell of it.
    ///
    /// # Errors
    /// The stage's options name a function that no version has.
    pub fn new(
        engine: &'a Engine,
        live: &'a Mutex<Live>,
        timeline: &'a Timeline,
        session: &'a Session,
        plan: &Plan,
        sources: &HookSources,
    ) -> Result<Self> {
        let teacher = plan.teacher.iter().map(|teacher| teacher.model.net().clone());
        let mut facts = Facts {
            sources: sources.clone(),
            kind: plan.kind(),
            classes: plan.features.train.classes(),
            input: plan.features.shape(),
            tried: TRIAL_CLIPS,
            batch: plan.batch.min(plan.features.train.clips().len()),
            nets: teacher.clone().collect(),
            teacher: teacher.clone().next(),
            taps: plan.taps.clone(),
            began: Vec::new(),
        };
        let mut in_force = lock(live);
        // A run that goes on, or is repeated, began the stage with the version of that time.
        if let Some(number) = timeline.at(&plan.name, &plan.identity, 0, Phase::Step) {
            in_force.put(timeline.version(engine, number)?);
        }
        let version = loop {
            let version = in_force.current();
            let Err(failure) = facts.check_names(&version) else { break version };
            match in_force.revert(&failure) {
                Some(change) => lock(&session.pending).push(change),
                None => return Err(failure),
            }
        };
        drop(in_force);
        let serves = |hook: &Hook| facts.function(*hook, &version).is_some();
        facts.began = Hook::ALL.into_iter().filter(serves).collect();
        let mut nets: Vec<Net> = teacher.collect();
        match (&plan.own, &plan.spec) {
            (Some(own), _) => nets.extend(own.nets.iter().map(|(_, net)| net.clone())),
            (None, Spec::Net(own)) => nets.push(own.net.clone()),
            _ => {}
        }
        nets.extend(plan.parts.iter().map(|(_, net)| net.clone()));
        nets.extend(held(&sources.state).nets.into_iter().map(|(_, net)| net));
        let mut arguments = session.setup.set.clone();
        if let Some(seed) = session.setup.seed {
            arguments.entry("seed".into()).or_insert(seed.to_string());
        }
        let mut hooks = StageHooks {
            engine,
            session,
            live,
            trial: &session.trial,
            facts,
            version: version.clone(),
            pending: &session.pending,
            desk: Desk::new(sources.state.clone()),
            bench: Workbench::default(),
            before: Map::new(),
            patient: session.setup.patient,
            code: BTreeMap::new(),
            timeline,
            ground: plan.identity.clone(),
            nets,
            arguments,
            stage: plan.name.clone(),
            begun: None,
            pace: None,
        };
        hooks.follow(version);
        Ok(hooks)
    }

    /// Another version is in force.
    fn follow(&mut self, version: Arc<Version>) {
        let number = version.number;
        self.version = version;
        if !self.code.contains_key(&number) {
            let identity = Identity { options: Vec::new(), code: self.code() };
            self.code.insert(number, identity.code_digest());
        }
    }

    fn call(&self, hook: Hook, moment: &Moment, more: Vec<Dynamic>) -> Result<Option<Dynamic>> {
        let Some((name, _)) = self.facts.function(hook, &self.version) else { return Ok(None) };
        let works = matches!(hook, Hook::Step | Hook::OnEpoch);
        let span = if works { Span::Work } else { Span::Hook };
        let act = || call(self.engine, &self.version, name, moment, &self.desk, more);
        let called = self.trial.within(span, act);
        called.map(Some).map_err(|error| error.note(when(hook, moment)))
    }

    fn number(&self, hook: Hook, moment: &Moment) -> Result<Option<f64>> {
        if let Some(number) = self.facts.constant(hook) {
            return Ok(Some(number));
        }
        let Some(value) = self.call(hook, moment, Vec::new())? else { return Ok(None) };
        let number = as_number(hook, &value);
        number.map(Some).map_err(|error| self.blame(hook.name(), moment, error))
    }
}

impl StageHooks<'_> {
    /// What the recipe's own map was at first, and what the stage works on.
    fn known(&self) -> Known {
        Known { bench: self.bench.clone(), first: self.facts.sources.state.clone().into() }
    }

    /// What a timeline says of this moment comes into force.
    fn as_written(&mut self, moment: &Moment) -> Result<bool> {
        let Some(number) = self.timeline.at(&moment.stage, &self.ground, moment.step, moment.phase)
        else {
            return Ok(false);
        };
        if number == self.version.number {
            return Ok(false);
        }
        let version = self.timeline.version(self.engine, number)?;
        lock(self.live).put(version.clone());
        self.follow(version);
        Ok(true)
    }
}

impl Hooks for StageHooks<'_> {
    fn boundary(&mut self, moment: &Moment) -> Result<Vec<Change>> {
        if self.timeline.rules(moment, &self.ground) {
            self.as_written(moment)?;
            if !self.timeline.failed_at(moment) {
                return Ok(Vec::new());
            }
        }
        let (engine, facts, before) = (self.engine, &self.facts, &self.version);
        self.pace = self.pace.max(self.begun.map(|begun| begun.elapsed()));
        let running = Running { line: self.session.line_of_stage(before), facts };
        let mut live = lock(self.live);
        // The file is another one than the run had seen when it was cut off.
        let now = self.timeline.take_next(before.number);
        // A const of the new version runs here too, and must end.
        let change = self.trial.during(self.pace.unwrap_or_default(), || {
            let trial = |version: &Version| {
                facts.check_names(version)?;
                facts.check_kept(before, version)?;
                let (bench, state) = (self.bench.with(self.holdings()), self.desk.state());
                try_out(engine, version, facts, moment, &bench, state)
            };
            match now {
                Some(version) => Some(live.offer(engine, &running, version, trial)),
                None => live.look(engine, &running, trial),
            }
        });
        let current = live.current();
        drop(live);
        self.follow(current);
        self.trial.allow(self.pace.filter(|_| !self.version.is_proved()));
        let mut changes = std::mem::take(&mut *lock(self.pending));
        changes.extend(change);
        self.begun = Some(Instant::now());
        Ok(changes)
    }

    fn version(&self) -> usize {
        self.version.number
    }

    fn revert(&mut self, moment: &Moment, failure: &Error) -> Option<Change> {
        if self.timeline.rules(moment, &self.ground) {
            // It was taken back, or mended, the first time, too.
            let before = self.version.number;
            return match self.as_written(moment) {
                Ok(true) => Some(Change::reverted(before, self.version.number, failure)),
                _ => None,
            };
        }
        let mut live = lock(self.live);
        let change = live.revert(failure)?;
        let current = live.current();
        drop(live);
        self.follow(current);
        Some(change)
    }

    fn begin(&mut self, bench: &Workbench) -> Result<()> {
        self.desk.put(bench);
        self.bench = bench.clone();
        if self.facts.kind != StageKind::EachStep {
            // Parts beside it take no features.
            self.facts.nets.extend(bench.nets.first().map(|(_, net)| net.clone()));
        }
        Ok(())
    }

    fn epochs(&self) -> Option<Vec<usize>> {
        epochs_named(&self.facts, &self.version)
    }

    fn takes_slices(&self) -> bool {
        takes_slices(&self.version)
    }

    fn keeps_state(&self) -> bool {
        !self.desk.state().is_empty()
    }

    fn holdings(&self) -> Workbench {
        held(&self.desk.state())
    }

    fn remember(&mut self) {
        self.before = self.desk.state();
    }

    fn undo(&mut self) {
        // What the undone step logged or remembered never happened.
        let _ = self.desk.take_logged();
        self.desk.set_state(self.before.clone());
    }

    fn belongings(&self) -> Belongings {
        let mut kept = keep(&self.desk.state().into(), &self.known());
        kept.lost = kept.lost.map(|lost| format!("{lost} in ctx.state"));
        kept.value = json!({ "state": kept.value, "code": self.code });
        kept
    }

    fn take_up(
        &mut self,
        at: &Moment,
        value: &Value,
        tensors: &[(String, Tensor)],
        knew_length: bool,
    ) -> Result<()> {
        let state = take_up(value.get("state").unwrap_or(&Value::Null), tensors, &self.known())?;
        let code = value.get("code").cloned().unwrap_or_default();
        let code: BTreeMap<usize, String> = serde_json::from_value(code).unwrap_or_default();
        self.code.extend(code);
        self.desk.set_state(state.try_cast::<Map>().unwrap_or_default());
        self.desk.set_knew_length(knew_length);
        // What was in force then is, before the first look: an edit is told, and judged, against it, and what
        // comes after a stage that is over begins with it.
        self.as_written(at)?;
        Ok(())
    }

    fn knew_length(&self) -> bool {
        self.desk.knew_length()
    }

    fn waits(&self, failure: &Error) -> bool {
        let files = self.version.files();
        // Where a layer was made is no place in a function that could be edited.
        let is_own = |place: &Place| place.text.is_some() && files.contains(&place.file);
        self.patient && failure.report().places.iter().any(is_own)
    }

    fn step(&mut self, moment: &Moment, batch: &Batch) -> Result<Option<f64>> {
        let given = vec![Dynamic::from(batch.clone())];
        let Some(value) = self.call(Hook::Step, moment, given)? else { return Ok(None) };
        let told = as_step(&value).map_err(|error| self.blame(Hook::Step.name(), moment, error))?;
        let logged = self.desk.log(told.1);
        logged.map_err(|error| self.blame(Hook::Step.name(), moment, error))?;
        Ok(Some(told.0))
    }

    fn augment(&mut self, moment: &Moment, batch: &Batch) -> Result<Option<Batch>> {
        let given = vec![Dynamic::from(batch.clone())];
        // What layers in it draw moves no draw of the step's own.
        let indices = [moment.step as u64, u64::MAX - 1 - batch.view as u64];
        let act = || self.call(Hook::Augment, moment, given);
        let Some(value) = pass::during(moment.seed, &indices, act)? else { return Ok(None) };
        let made = as_batch(&value, batch);
        made.map(Some).map_err(|error| self.blame(Hook::Augment.name(), moment, error))
    }

    fn loss(
        &mut self,
        moment: &Moment,
        student: &Tensor,
        teacher: Option<&Tensor>,
        target: &Tensor,
        seen: Seen,
    ) -> Result<Option<Tensor>> {
        let given = tensors(student, teacher, target);
        let partly = seen.taught.is_some();
        self.desk.show(seen);
        let value = self.call(Hook::Loss, moment, given);
        let looked = self.desk.show(Seen::default());
        let Some(value) = value? else { return Ok(None) };
        if partly && !looked {
            return Err(self.blame(Hook::Loss.name(), moment, overlooked()));
        }
        let loss = as_loss(&value);
        loss.map(Some).map_err(|error| self.blame(Hook::Loss.name(), moment, error))
    }

    fn lambda(&mut self, moment: &Moment) -> Result<Option<f64>> {
        self.number(Hook::Lambda, moment)
    }

    fn tau(&mut self, moment: &Moment) -> Result<Option<f64>> {
        self.number(Hook::Tau, moment)
    }

    fn lr(&mut self, moment: &Moment) -> Result<Option<f64>> {
        self.number(Hook::Lr, moment)
    }

    fn on_epoch(&mut self, moment: &Moment) -> Result<()> {
        // An epoch's end draws other numbers than any step of it.
        let indices = [moment.step as u64, u64::MAX];
        let act = || self.call(Hook::OnEpoch, moment, Vec::new()).map(|_| ());
        pass::during(moment.seed, &indices, act)
    }

    fn blame(&self, hook: &str, moment: &Moment, error: Error) -> Error {
        match Hook::ALL.into_iter().find(|known| known.name() == hook) {
            Some(hook) => {
                let sort = if self.facts.constant(hook).is_some() { "option" } else { "hook" };
                let error = self.facts.placed(hook, &self.version, error);
                error.note(asked_at(hook, sort, moment))
            }
            // A function of a network.
            None => match self.version.place_of(hook) {
                Some(place) => error.at(place),
                None => error,
            },
        }
    }

    fn logged(&mut self) -> Vec<(String, f64)> {
        self.desk.take_logged()
    }
}
