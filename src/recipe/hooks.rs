//! The recipe's functions as training's hooks.

use super::live::Live;
use super::rehearsal::try_out;
use super::trial::{Span, Trial};
use super::version::Version;
use crate::data::Batch;
use crate::error::{Error, Kind, Place, Result};
use crate::models::InputShape;
use crate::nn::{Net, pass};
use crate::optim::OptimizerHandle;
use crate::script::{Context, Desk, Hook, HookSource, HookSources, number_of};
use crate::tensor::Tensor;
use crate::train::{Before, Change, Hooks, Moment, Plan, StageKind, Workbench};
use rhai::{Dynamic, Engine, Map};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Calls the hooks of one stage in the version that is in force.
pub(super) struct StageHooks<'a> {
    engine: &'a Engine,
    live: &'a Mutex<Live>,
    trial: &'a Trial,
    facts: Facts,
    version: Arc<Version>,
    /// Changes from before the first step, told at the first boundary.
    pending: Vec<Change>,
    desk: Desk,
    bench: Workbench,
    /// What the recipe's hooks may change, as it was before the step or the end of the epoch.
    before: Option<(Map, Workbench, Before)>,
    /// When the step that is going on began, and the longest one so far.
    begun: Option<Instant>,
    pace: Option<Duration>,
}

/// What the hooks need to know of their stage.
#[derive(Clone)]
pub(super) struct Facts {
    sources: HookSources,
    kind: StageKind,
    pub classes: usize,
    pub input: InputShape,
}

impl Facts {
    /// The name of the function that serves a hook, unless a number does.
    fn name(&self, hook: Hook) -> Option<&str> {
        match hook.source(&self.sources) {
            HookSource::Standard => Some(hook.name()).filter(|_| hook.is_found_by_name()),
            HookSource::Named(name) => Some(name),
            HookSource::Constant(_) => None,
        }
    }

    fn parameters(&self, hook: Hook) -> usize {
        hook.parameters(self.kind).len()
    }

    /// The function that serves a hook in `version`, if one does, and its number of parameters.
    pub fn function(&self, hook: Hook, version: &Version) -> Option<(&str, usize)> {
        let (name, parameters) = (self.name(hook)?, self.parameters(hook));
        (hook.of_stage(self.kind) && version.has(name, parameters)).then_some((name, parameters))
    }

    fn constant(&self, hook: Hook) -> Option<f64> {
        match hook.source(&self.sources) {
            HookSource::Constant(number) => Some(*number),
            _ => None,
        }
    }

    /// Functions that the stage's options name must be there.
    fn check_names(&self, version: &Version) -> Result<()> {
        for hook in Hook::ALL {
            let HookSource::Named(name) = hook.source(&self.sources) else { continue };
            let parameters = self.parameters(hook);
            if version.has(name, parameters) {
                continue;
            }
            let operation = format!("the option '{}'", hook.name());
            let arities = version.arities(name);
            if arities.is_empty() {
                let known = version.functions();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                return Err(crate::error::unknown(&operation, "function", name, &known));
            }
            return Err(Error::new(Kind::Script, operation, format!("'{name}' does not fit"))
                .expected(format!("a function with {parameters} parameters"))
                .received(format!("one with {arities:?}")));
        }
        Ok(())
    }

    /// A running stage does not lose a hook that it had.
    fn check_kept(&self, before: &Version, after: &Version) -> Result<()> {
        for hook in Hook::ALL {
            let Some((name, parameters)) = self.function(hook, before) else { continue };
            if !after.has(name, parameters) {
                let error = Error::new(Kind::Name, hook.name(), "the running stage uses this hook")
                    .expected(format!("a function '{name}' with {parameters} parameters"))
                    .received("an edit without it")
                    .hint(format!(
                        "a stage keeps the hooks that it has: let '{name}' do the usual"
                    ));
                return Err(match before.compiled.place_of(name, parameters) {
                    Some(place) => error.at(Place { note: "it was at".into(), ..place }),
                    None => error,
                });
            }
        }
        Ok(())
    }

    /// Adds the function's place to an error about what it gave.
    fn placed(&self, hook: Hook, version: &Version, error: Error) -> Error {
        let function = self.function(hook, version);
        match function.and_then(|(name, parameters)| version.compiled.place_of(name, parameters)) {
            Some(place) => error.at(place),
            None => error,
        }
    }
}

/// "hook 'loss' of stage 'student', step 12".
pub(super) fn when(hook: Hook, moment: &Moment) -> String {
    format!("hook '{}' of stage '{}', step {}", hook.name(), moment.stage, moment.step)
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
        trial: &'a Trial,
        plan: &Plan,
        sources: &HookSources,
    ) -> Result<Self> {
        let facts = Facts {
            sources: sources.clone(),
            kind: plan.kind(),
            classes: plan.features.train.classes(),
            input: plan.features.shape(),
        };
        let mut pending = Vec::new();
        let mut held = live.lock().unwrap_or_else(PoisonError::into_inner);
        let version = loop {
            let version = held.current();
            let Err(failure) = facts.check_names(&version) else { break version };
            match held.revert(&failure) {
                Some(change) => pending.push(change),
                None => return Err(failure),
            }
        };
        drop(held);
        let desk = Desk::new(sources.state.clone());
        Ok(StageHooks {
            engine,
            live,
            trial,
            facts,
            version,
            pending,
            desk,
            bench: Workbench::default(),
            before: None,
            begun: None,
            pace: None,
        })
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
    /// What hooks may change: what the steps work on, and networks and optimisers in the recipe's own map.
    fn workbench(&self) -> Workbench {
        let mut all = self.bench.clone();
        for value in self.desk.state().values() {
            collect(value, &mut all);
        }
        all
    }

    fn record(&mut self) {
        let bench = self.workbench();
        let before = bench.snapshot();
        self.before = Some((self.desk.state(), bench, before));
    }
}

/// Networks and optimisers, also those in arrays and maps.
fn collect(value: &Dynamic, into: &mut Workbench) {
    let name = String::new;
    if let Some(net) = value.read_lock::<Net>() {
        into.nets.push((name(), net.clone()));
    } else if let Some(optimizer) = value.read_lock::<OptimizerHandle>() {
        into.optimizers.push((name(), optimizer.clone()));
    } else if let Some(array) = value.read_lock::<rhai::Array>() {
        array.iter().for_each(|value| collect(value, into));
    } else if let Some(map) = value.read_lock::<Map>() {
        map.values().for_each(|value| collect(value, into));
    }
}

impl Hooks for StageHooks<'_> {
    fn boundary(&mut self, moment: &Moment) -> Result<Vec<Change>> {
        let (engine, facts, before) = (self.engine, &self.facts, &self.version);
        self.pace = self.pace.max(self.begun.map(|begun| begun.elapsed()));
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        // A const of the new version runs here too, and must end.
        let change = self.trial.during(self.pace.unwrap_or_default(), || {
            live.look(engine, |version| {
                facts.check_names(version)?;
                facts.check_kept(before, version)?;
                let (bench, state) = (self.workbench(), self.desk.state());
                try_out(engine, version, facts, moment, &bench, state)
            })
        });
        self.version = live.current();
        drop(live);
        self.trial.allow(self.pace.filter(|_| !self.version.is_proved()));
        self.record();
        let mut changes = std::mem::take(&mut self.pending);
        changes.extend(change);
        self.begun = Some(Instant::now());
        Ok(changes)
    }

    fn revert(&mut self, _moment: &Moment, failure: &Error) -> Option<Change> {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let change = live.revert(failure)?;
        self.version = live.current();
        // What the undone step logged, remembered or changed never happened.
        let _ = self.desk.take_logged();
        if let Some((state, bench, before)) = &self.before {
            self.desk.set_state(state.clone());
            // Each has been restored before, by the same numbers: it cannot fail.
            let _ = bench.restore(before);
        }
        Some(change)
    }

    fn begin(&mut self, bench: &Workbench) -> Result<()> {
        self.desk.put(bench);
        self.bench = bench.clone();
        Ok(())
    }

    fn step(&mut self, moment: &Moment, batch: &Batch) -> Result<Option<f64>> {
        let given = vec![Dynamic::from(batch.clone())];
        let Some(value) = self.call(Hook::Step, moment, given)? else { return Ok(None) };
        let told = as_step(&value).map_err(|error| self.blame(Hook::Step.name(), moment, error))?;
        self.desk.log(told.1);
        Ok(Some(told.0))
    }

    fn loss(
        &mut self,
        moment: &Moment,
        student: &Tensor,
        teacher: Option<&Tensor>,
        target: &Tensor,
    ) -> Result<Option<Tensor>> {
        let given = tensors(student, teacher, target);
        let Some(value) = self.call(Hook::Loss, moment, given)? else { return Ok(None) };
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
        self.record();
        // An epoch's end draws other numbers than any step of it.
        let indices = [moment.step as u64, u64::MAX];
        let act = || self.call(Hook::OnEpoch, moment, Vec::new()).map(|_| ());
        pass::during(moment.seed, &indices, act)
    }

    fn blame(&self, hook: &str, moment: &Moment, error: Error) -> Error {
        match Hook::ALL.into_iter().find(|known| known.name() == hook) {
            Some(hook) => self.facts.placed(hook, &self.version, error).note(when(hook, moment)),
            None => error,
        }
    }

    fn logged(&mut self) -> Vec<(String, f64)> {
        self.desk.take_logged()
    }
}

pub(super) fn tensors(student: &Tensor, teacher: Option<&Tensor>, target: &Tensor) -> Vec<Dynamic> {
    let all = [Some(student), teacher, Some(target)];
    all.into_iter().flatten().map(|tensor| Dynamic::from(tensor.clone())).collect()
}

pub(super) fn call(
    engine: &Engine,
    version: &Version,
    name: &str,
    moment: &Moment,
    desk: &Desk,
    more: Vec<Dynamic>,
) -> Result<Dynamic> {
    let mut arguments = vec![Dynamic::from(Context::new(moment, desk, version.number))];
    arguments.extend(more);
    version.call(engine, name, arguments)
}

fn wrong_result(hook: Hook, expected: &str, value: &Dynamic) -> Error {
    Error::new(Kind::Type, hook.name(), "the hook gave something of the wrong type")
        .expected(expected)
        .received(crate::script::kind_of(value))
}

pub(super) fn as_number(hook: Hook, value: &Dynamic) -> Result<f64> {
    number_of(hook.name(), "what the hook gave", value)
        .map_err(|_| wrong_result(hook, "a number", value))
}

pub(super) fn as_loss(value: &Dynamic) -> Result<Tensor> {
    let loss = value.read_lock::<Tensor>().map(|tensor| tensor.clone());
    match loss {
        Some(loss) if loss.is_float() && loss.count() == 1 => Ok(loss),
        Some(_) => Err(wrong_result(Hook::Loss, "tensor f32 [1]: end with .mean()", value)),
        None => Err(wrong_result(Hook::Loss, "tensor f32 [1]", value)),
    }
}

/// The loss of a step, and what it logs beside.
pub(super) fn as_step(value: &Dynamic) -> Result<(f64, Vec<(String, f64)>)> {
    let number = |value: &Dynamic| match value.read_lock::<Tensor>() {
        Some(tensor) if tensor.count() == 1 => tensor.item(),
        _ => as_number(Hook::Step, value),
    };
    let wrong = || wrong_result(Hook::Step, "the loss, or #{ loss: …, other numbers }", value);
    let Some(map) = value.read_lock::<Map>() else {
        return number(value).map(|loss| (loss, Vec::new())).map_err(|_| wrong());
    };
    let mut told = Vec::new();
    for (name, value) in map.iter() {
        told.push((name.to_string(), number(value).map_err(|_| wrong())?));
    }
    let place = told.iter().position(|(name, _)| name == "loss").ok_or_else(wrong)?;
    Ok((told.swap_remove(place).1, told))
}
