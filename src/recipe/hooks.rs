//! The recipe's functions as training's hooks.

use super::live::Live;
use super::version::Version;
use crate::error::{Error, Kind, Place, Result};
use crate::script::{Context, HookSource, HookSources, number_of};
use crate::tensor::random::Stream;
use crate::tensor::{Device, Tensor};
use crate::train::{Change, Hooks, Moment, Plan, StageKind};
use rhai::{Dynamic, Engine};
use std::sync::{Arc, Mutex, PoisonError};

/// Clips of the batch that a new version is tried on.
const TRIAL_CLIPS: usize = 2;

/// Calls the hooks of one stage in the version that is in force.
pub(super) struct StageHooks<'a> {
    engine: &'a Engine,
    live: &'a Mutex<Live>,
    stage: Stage,
    version: Arc<Version>,
    logged: Arc<Mutex<Vec<(String, f64)>>>,
}

/// What the hooks need to know of their stage.
#[derive(Clone)]
struct Stage {
    sources: HookSources,
    kind: StageKind,
    classes: usize,
}

impl Stage {
    /// Number of parameters of the loss.
    fn loss_parameters(&self) -> usize {
        if self.kind == StageKind::Distill { 4 } else { 3 }
    }

    /// The hooks with their sources and numbers of parameters.
    fn all(&self) -> [(&'static str, &HookSource, usize); 5] {
        let HookSources { loss, lambda, tau, lr, on_epoch } = &self.sources;
        [
            ("loss", loss, self.loss_parameters()),
            ("lambda", lambda, 1),
            ("tau", tau, 1),
            ("lr", lr, 1),
            ("on_epoch", on_epoch, 1),
        ]
    }

    /// The function that serves a hook in `version`, if one does.
    fn function<'s>(&'s self, hook: &'s str, version: &Version) -> Option<(&'s str, usize)> {
        let (_, source, parameters) = self.all().into_iter().find(|(name, ..)| *name == hook)?;
        let name = match source {
            HookSource::Standard => hook,
            HookSource::Named(name) => name,
            HookSource::Constant(_) => return None,
        };
        version.has(name, parameters).then_some((name, parameters))
    }

    fn constant(&self, hook: &str) -> Option<f64> {
        match self.all().into_iter().find(|(name, ..)| *name == hook)?.1 {
            HookSource::Constant(number) => Some(*number),
            _ => None,
        }
    }

    /// Functions that the stage's options name must be there.
    fn check_names(&self, version: &Version) -> Result<()> {
        for (hook, source, parameters) in self.all() {
            let HookSource::Named(name) = source else { continue };
            if version.has(name, parameters) {
                continue;
            }
            let operation = format!("the option '{hook}'");
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
        for (hook, ..) in self.all() {
            let Some((name, parameters)) = self.function(hook, before) else { continue };
            if !after.has(name, parameters) {
                let error = Error::new(Kind::Name, hook, "the running stage uses this hook")
                    .expected(format!("a function '{name}' with {parameters} parameters"))
                    .received("an edit without it");
                return Err(match before.place_of(name, parameters) {
                    Some(place) => error.at(Place { note: "it was at".into(), ..place }),
                    None => error,
                });
            }
        }
        Ok(())
    }
}

impl<'a> StageHooks<'a> {
    /// Hooks for a stage.
    ///
    /// # Errors
    /// The stage's options name a function that is not there.
    pub fn new(
        engine: &'a Engine,
        live: &'a Mutex<Live>,
        plan: &Plan,
        sources: &HookSources,
    ) -> Result<Self> {
        let stage =
            Stage { sources: sources.clone(), kind: plan.kind(), classes: plan.spec.classes() };
        let version = live.lock().unwrap_or_else(PoisonError::into_inner).current();
        stage.check_names(&version)?;
        Ok(StageHooks { engine, live, stage, version, logged: Arc::default() })
    }

    fn call(&self, hook: &str, moment: &Moment, more: Vec<Dynamic>) -> Result<Option<Dynamic>> {
        let (engine, version) = (self.engine, &self.version);
        call(engine, version, &self.stage, hook, moment, &self.logged, more)
    }

    fn number(&self, hook: &str, moment: &Moment) -> Result<Option<f64>> {
        if let Some(number) = self.stage.constant(hook) {
            return Ok(Some(number));
        }
        let Some(value) = self.call(hook, moment, Vec::new())? else { return Ok(None) };
        as_number(&self.version, &self.stage, hook, &value).map(Some)
    }
}

impl Hooks for StageHooks<'_> {
    fn boundary(&mut self, moment: &Moment) -> Result<Vec<Change>> {
        let (engine, stage, before) = (self.engine, self.stage.clone(), self.version.clone());
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let change = live.look(engine, |version| {
            stage.check_names(version)?;
            stage.check_kept(&before, version)?;
            try_out(engine, version, &stage, moment)
        });
        self.version = live.current();
        Ok(change.into_iter().collect())
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
        let Some(value) = self.call("loss", moment, given)? else { return Ok(None) };
        as_loss(&self.version, &self.stage, &value).map(Some)
    }

    fn lambda(&mut self, moment: &Moment) -> Result<Option<f64>> {
        self.number("lambda", moment)
    }

    fn tau(&mut self, moment: &Moment) -> Result<Option<f64>> {
        self.number("tau", moment)
    }

    fn lr(&mut self, moment: &Moment) -> Result<Option<f64>> {
        self.number("lr", moment)
    }

    fn on_epoch(&mut self, moment: &Moment) -> Result<()> {
        self.call("on_epoch", moment, Vec::new()).map(|_| ())
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
    stage: &Stage,
    hook: &str,
    moment: &Moment,
    logged: &Arc<Mutex<Vec<(String, f64)>>>,
    more: Vec<Dynamic>,
) -> Result<Option<Dynamic>> {
    let Some((name, _)) = stage.function(hook, version) else { return Ok(None) };
    let mut arguments = vec![Dynamic::from(Context::new(moment, logged.clone()))];
    arguments.extend(more);
    let place = format!("hook '{hook}' of stage '{}', step {}", moment.stage, moment.step);
    version.call(engine, name, arguments).map(Some).map_err(|error| error.note(place))
}

fn wrong_result(
    version: &Version,
    stage: &Stage,
    hook: &str,
    expected: &str,
    value: &Dynamic,
) -> Error {
    let error = Error::new(Kind::Type, hook, "the hook gave something of the wrong type")
        .expected(expected)
        .received(crate::script::kind_of(value));
    let function = stage.function(hook, version);
    match function.and_then(|(name, parameters)| version.place_of(name, parameters)) {
        Some(place) => error.at(place),
        None => error,
    }
}

fn as_number(version: &Version, stage: &Stage, hook: &str, value: &Dynamic) -> Result<f64> {
    number_of(hook, "what the hook gave", value)
        .map_err(|_| wrong_result(version, stage, hook, "a number", value))
}

fn as_loss(version: &Version, stage: &Stage, value: &Dynamic) -> Result<Tensor> {
    let loss = value.read_lock::<Tensor>().map(|tensor| tensor.clone());
    let loss = loss.ok_or_else(|| wrong_result(version, stage, "loss", "tensor f32 [1]", value))?;
    if loss.is_float() && loss.count() == 1 {
        return Ok(loss);
    }
    Err(wrong_result(version, stage, "loss", "tensor f32 [1]: end with .mean()", value))
}

/// Calls every hook once on a tiny batch, so that an edit with a wrong shape, name or type is refused
/// before it touches the run. What is logged or drawn here is thrown away.
fn try_out(engine: &Engine, version: &Version, stage: &Stage, moment: &Moment) -> Result<()> {
    let logged = Arc::default();
    let ask =
        |hook: &str, more: Vec<Dynamic>| call(engine, version, stage, hook, moment, &logged, more);
    for hook in ["lambda", "tau", "lr"] {
        if let Some(value) = ask(hook, Vec::new())? {
            as_number(version, stage, hook, &value)?;
        }
    }
    let shape = [TRIAL_CLIPS, stage.classes];
    let mut random = Stream::new(0, "trial", &[]);
    let mut table = || {
        let values = (0..TRIAL_CLIPS * stage.classes).map(|_| random.normal() as f32).collect();
        Tensor::from_values(values, &shape, &Device::default())
    };
    let student = table()?.tracked()?;
    let teacher = if stage.kind == StageKind::Distill { Some(table()?) } else { None };
    let mut labels = vec![0.0; TRIAL_CLIPS * stage.classes];
    for row in labels.chunks_mut(stage.classes.max(1)) {
        if let Some(first) = row.first_mut() {
            *first = 1.0;
        }
    }
    let target = Tensor::from_values(labels, &shape, &Device::default())?;
    if let Some(value) = ask("loss", tensors(&student, teacher.as_ref(), &target))? {
        as_loss(version, stage, &value)?.backward()?;
    }
    if !moment.readings.is_empty() {
        ask("on_epoch", Vec::new())?;
    }
    Ok(())
}
