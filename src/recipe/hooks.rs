//! The recipe's functions as training's hooks.

use super::live::Live;
use super::trial::Trial;
use super::version::Version;
use crate::error::{Error, Kind, Place, Result};
use crate::script::{Context, Hook, HookSource, HookSources, number_of};
use crate::tensor::random::Stream;
use crate::tensor::{Device, Tensor};
use crate::train::{Change, Hooks, Moment, Plan, Reading, StageKind};
use rhai::{Dynamic, Engine};
use std::sync::{Arc, Mutex, PoisonError};

/// Clips of the batch that a new version is tried on.
const TRIAL_CLIPS: usize = 2;

/// Calls the hooks of one stage in the version that is in force.
pub(super) struct StageHooks<'a> {
    engine: &'a Engine,
    live: &'a Mutex<Live>,
    trial: &'a Trial,
    facts: Facts,
    version: Arc<Version>,
    /// Changes from before the first step, told at the first boundary.
    pending: Vec<Change>,
    logged: Arc<Mutex<Vec<(String, f64)>>>,
}

/// What the hooks need to know of their stage.
#[derive(Clone)]
struct Facts {
    sources: HookSources,
    taught: bool,
    classes: usize,
}

impl Facts {
    /// The name of the function that serves a hook, unless a number does.
    fn name(&self, hook: Hook) -> Option<&str> {
        match hook.source(&self.sources) {
            HookSource::Standard => Some(hook.name()),
            HookSource::Named(name) => Some(name),
            HookSource::Constant(_) => None,
        }
    }

    fn parameters(&self, hook: Hook) -> usize {
        hook.parameters(self.taught).len()
    }

    /// The function that serves a hook in `version`, if one does, and its number of parameters.
    fn function(&self, hook: Hook, version: &Version) -> Option<(&str, usize)> {
        let (name, parameters) = (self.name(hook)?, self.parameters(hook));
        (hook.of_stage(self.taught) && version.has(name, parameters)).then_some((name, parameters))
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
                    .received("an edit without it");
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
fn when(hook: Hook, moment: &Moment) -> String {
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
        let taught = plan.kind() == StageKind::Distill;
        let facts = Facts { sources: sources.clone(), taught, classes: plan.spec.classes() };
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
        Ok(StageHooks { engine, live, trial, facts, version, pending, logged: Arc::default() })
    }

    fn call(&self, hook: Hook, moment: &Moment, more: Vec<Dynamic>) -> Result<Option<Dynamic>> {
        let Some((name, _)) = self.facts.function(hook, &self.version) else { return Ok(None) };
        let called = call(self.engine, &self.version, name, moment, &self.logged, more);
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

impl Hooks for StageHooks<'_> {
    fn boundary(&mut self, moment: &Moment) -> Result<Vec<Change>> {
        let (engine, facts, before) = (self.engine, self.facts.clone(), self.version.clone());
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let change = live.look(engine, |version| {
            facts.check_names(version)?;
            facts.check_kept(&before, version)?;
            self.trial.during(|| try_out(engine, version, &facts, moment))
        });
        self.version = live.current();
        let mut changes = std::mem::take(&mut self.pending);
        changes.extend(change);
        Ok(changes)
    }

    fn revert(&mut self, _moment: &Moment, failure: &Error) -> Option<Change> {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let change = live.revert(failure)?;
        self.version = live.current();
        // What the undone step logged never happened.
        self.logged.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Some(change)
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
        self.call(Hook::OnEpoch, moment, Vec::new()).map(|_| ())
    }

    fn blame(&self, hook: &str, moment: &Moment, error: Error) -> Error {
        match Hook::ALL.into_iter().find(|known| known.name() == hook) {
            Some(hook) => self.facts.placed(hook, &self.version, error).note(when(hook, moment)),
            None => error,
        }
    }

    fn logged(&mut self) -> Vec<(String, f64)> {
        std::mem::take(&mut self.logged.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn tensors(student: &Tensor, teacher: Option<&Tensor>, target: &Tensor) -> Vec<Dynamic> {
    let all = [Some(student), teacher, Some(target)];
    all.into_iter().flatten().map(|tensor| Dynamic::from(tensor.clone())).collect()
}

fn call(
    engine: &Engine,
    version: &Version,
    name: &str,
    moment: &Moment,
    logged: &Arc<Mutex<Vec<(String, f64)>>>,
    more: Vec<Dynamic>,
) -> Result<Dynamic> {
    let mut arguments = vec![Dynamic::from(Context::new(moment, logged.clone()))];
    arguments.extend(more);
    version.call(engine, name, arguments)
}

fn wrong_result(hook: Hook, expected: &str, value: &Dynamic) -> Error {
    Error::new(Kind::Type, hook.name(), "the hook gave something of the wrong type")
        .expected(expected)
        .received(crate::script::kind_of(value))
}

fn as_number(hook: Hook, value: &Dynamic) -> Result<f64> {
    number_of(hook.name(), "what the hook gave", value)
        .map_err(|_| wrong_result(hook, "a number", value))
}

fn as_loss(value: &Dynamic) -> Result<Tensor> {
    let loss = value.read_lock::<Tensor>().map(|tensor| tensor.clone());
    match loss {
        Some(loss) if loss.is_float() && loss.count() == 1 => Ok(loss),
        Some(_) => Err(wrong_result(Hook::Loss, "tensor f32 [1]: end with .mean()", value)),
        None => Err(wrong_result(Hook::Loss, "tensor f32 [1]", value)),
    }
}

/// Calls every hook once on a tiny batch, those of later stages too, so that an edit with a wrong shape,
/// name or type is refused before it touches the run. What is logged here is thrown away.
fn try_out(engine: &Engine, version: &Version, facts: &Facts, moment: &Moment) -> Result<()> {
    let logged = Arc::default();
    // A hook may look at the history; there is always one when it is first called after an epoch.
    let mut moment = moment.clone();
    if moment.readings.is_empty() {
        moment.readings = Arc::new(vec![Reading::made_up()]);
    }
    for hook in Hook::ALL {
        let own = facts.function(hook, version).map(|(name, _)| name);
        // The standard name may serve another stage, where this stage has a function of its own.
        let names = [own, Some(hook.name()).filter(|name| own != Some(name))];
        for name in names.into_iter().flatten() {
            for taught in [true, false] {
                let parameters = hook.parameters(taught).len();
                let other_form = hook != Hook::Loss && taught;
                if other_form || !version.has(name, parameters) {
                    continue;
                }
                let given = if hook == Hook::Loss { made_up(facts, taught)? } else { Vec::new() };
                let placed = |error: Error| match version.compiled.place_of(name, parameters) {
                    Some(place) => error.at(place).note(when(hook, &moment)),
                    None => error.note(when(hook, &moment)),
                };
                let value = call(engine, version, name, &moment, &logged, given)
                    .map_err(|error| error.note(when(hook, &moment)))?;
                match hook {
                    Hook::Loss => drop(as_loss(&value).and_then(|l| l.backward()).map_err(placed)?),
                    Hook::OnEpoch => {}
                    _ => as_number(hook, &value).map(|_| ()).map_err(placed)?,
                }
            }
        }
    }
    Ok(())
}

/// Logits and labels of two clips that nobody recorded.
fn made_up(facts: &Facts, taught: bool) -> Result<Vec<Dynamic>> {
    let shape = [TRIAL_CLIPS, facts.classes];
    let mut random = Stream::new(0, "trial", &[]);
    let mut table = || {
        let values = (0..TRIAL_CLIPS * facts.classes).map(|_| random.normal() as f32).collect();
        Tensor::from_values(values, &shape, &Device::default())
    };
    let student = table()?.tracked()?;
    let teacher = if taught { Some(table()?) } else { None };
    let labels = |index: usize| f32::from(u8::from(index.is_multiple_of(facts.classes.max(1))));
    let labels = (0..TRIAL_CLIPS * facts.classes).map(labels).collect();
    let target = Tensor::from_values(labels, &shape, &Device::default())?;
    Ok(tensors(&student, teacher.as_ref(), &target))
}
