//! From what a recipe says of a stage to a plan.

use super::augment::Step;
use super::data::{DatasetHandle, sampler_of};
use super::options::Options;
use super::teaching::{Teacher, teaching_of};
use super::value::{self, native_of};
use super::{Hook, HookSource, HookSources, Host};
use crate::data::{FrontEnd, Sampler, Teaching};
use crate::error::{Error, Kind, Result, unknown};
use crate::models::{NetSpec, Spec};
use crate::nn::{Net, pass};
use crate::optim::{OptimizerHandle, OptimizerOptions};
use crate::tensor::random::Stream;
use crate::train::{Average, Norms, OwnStep, Plan, StageKind, Taps, Trained};
use rhai::{Dynamic, FnPtr, Map, NativeCallContext};

const SETTINGS: [&str; 9] =
    ["name", "data", "features", "augment", "sampler", "batch", "epochs", "seed", "state"];
/// Of stages with a teacher.
pub(super) const TEACHING: &str = "teaching";
/// Of stages that train one model.
const OF_ONE: &[&str] = &["optimizer", "parts", "taps", "average", "average_norms"];
/// Of stages whose steps are the recipe's own.
const OWN: &[&str] = &["nets", "optimizers", "evaluate"];

const BATCH: usize = 32;
const EPOCHS: usize = 10;

const MODEL: &str = "a model or a network: model::cnn(#{ … }), nn::sequential([…]), Fn(\"my_net\")";

/// What is trained; a function makes a network, its weights drawn from the stage's seed.
fn spec_of(
    call: &NativeCallContext,
    operation: &str,
    seed: u64,
    given: &Dynamic,
) -> super::raise::Raw<Spec> {
    let made = match given.read_lock::<FnPtr>() {
        Some(pointer) => {
            pass::during(seed, &[], || pointer.call_within_context::<Dynamic>(call, ()))?
        }
        None => given.clone(),
    };
    if let Some(net) = made.read_lock::<Net>() {
        return Ok(Spec::Net(NetSpec::of(&net)));
    }
    super::raise::raw(native_of::<Spec>(operation, "the model", MODEL, &made))
}

/// What all stages have.
struct Common {
    name: Option<String>,
    data: DatasetHandle,
    front: FrontEnd,
    chain: Vec<Step>,
    /// The recipe's own augmentation, behind them.
    augment: HookSource,
    sampler: Sampler,
    teaching: Teaching,
    batch: usize,
    epochs: usize,
    seed: u64,
    state: Map,
}

fn common(host: &dyn Host, options: &Options) -> Result<Common> {
    let expected = "a data set: dataset::esc50(…)";
    let data =
        options.native("data", expected)?.ok_or_else(|| options.missing("data", expected))?;
    let front = options.native("features", "a front end: audio::fbank(…)")?;
    let (mut batch, mut epochs, mut seed) = (BATCH, EPOCHS, host.seed() as usize);
    options.count("batch", &mut batch)?;
    options.count("epochs", &mut epochs)?;
    options.count("seed", &mut seed)?;
    let name = options.text("name")?;
    let (chain, augment) = chain_of(options)?;
    Ok(Common {
        name,
        data,
        front: front.unwrap_or_else(FrontEnd::standard),
        chain,
        augment,
        sampler: sampler_of(options.operation(), options)?.unwrap_or_default(),
        teaching: teaching_of(options)?,
        batch,
        epochs,
        seed: seed as u64,
        state: options.native("state", "a map: #{ best: 0.0 }")?.unwrap_or_default(),
    })
}

/// The steps of the option `augment`, and the function that may stand behind them.
fn chain_of(options: &Options) -> Result<(Vec<Step>, HookSource)> {
    let link = |operation: &str, what: &str, value: &Dynamic| match value.read_lock::<FnPtr>() {
        Some(pointer) => named_function(operation, "the augmentation", &pointer).map(Err),
        None => {
            let expected = "an augmentation: augment::time_roll(), or Fn(\"my_augment\")";
            native_of::<Step>(operation, what, expected, value).map(Ok)
        }
    };
    let mut links = options.list("augment", link)?.unwrap_or_default();
    let own = match links.pop() {
        Some(Err(own)) => own,
        Some(step) => {
            links.push(step);
            HookSource::Standard
        }
        None => HookSource::Standard,
    };
    let steps = links.into_iter().collect::<std::result::Result<Vec<Step>, HookSource>>();
    let steps = steps.map_err(|_| {
        Error::new(Kind::Script, options.operation(), "a function stands before another step")
            .expected("one function at most, as the last step of 'augment': it sees whole batches")
    })?;
    Ok((steps, own))
}

impl Common {
    fn plan(
        self,
        host: &dyn Host,
        spec: Spec,
        optimizer: OptimizerOptions,
        own: Option<OwnStep>,
    ) -> Result<Plan> {
        Ok(Plan {
            name: self.name.unwrap_or_else(|| spec.name().to_string()),
            identity: String::new(),
            features: host.features(&self.data, &self.front)?,
            teacher: None,
            answers: None,
            own,
            parts: Vec::new(),
            taps: Taps::default(),
            average: None,
            spec,
            chain: self.chain,
            sampler: self.sampler,
            teaching: self.teaching,
            batch: self.batch,
            epochs: self.epochs,
            optimizer,
            seed: self.seed,
            workers: host.workers(),
            device: host.device(),
        })
    }
}

/// The options of a stage of that kind.
pub(super) fn keys(kind: StageKind) -> Vec<&'static str> {
    let own = if kind == StageKind::EachStep { OWN } else { OF_ONE };
    let teaching = (kind != StageKind::Train).then_some(TEACHING);
    // The one is no option, the other stands in the list of augmentations.
    let apart = [Hook::Step, Hook::Augment];
    let hooks = Hook::ALL.into_iter().filter(|hook| hook.of_stage(kind) && !apart.contains(hook));
    let own = own.iter().copied().chain(teaching);
    SETTINGS.into_iter().chain(own).chain(hooks.map(Hook::name)).collect()
}

/// `train` and `distill`.
pub(super) fn learn(
    host: &dyn Host,
    call: &NativeCallContext,
    teacher: Option<&Dynamic>,
    model: &Dynamic,
    options: Map,
) -> super::raise::Raw<Trained> {
    use super::raise::raw;
    let operation = if teacher.is_some() { "distill" } else { "train" };
    raw(host.may_train(operation))?;
    let options = raw(Options::new(operation, options))?;
    let common = raw(common(host, &options))?;
    let teacher = raw(teacher.map(Teacher::of).transpose())?;
    let spec = spec_of(call, operation, common.seed, model)?;
    let act = || {
        let expected = "an optimiser: optim::adam(#{ lr: 1e-3 })";
        let optimizer: Option<OptimizerHandle> = options.native("optimizer", expected)?;
        let sources = sources(operation, &options, common.state.clone(), common.augment.clone())?;
        let optimizer = optimizer.map(|own| own.options()).unwrap_or_default();
        let mut plan = common.plan(host, spec, optimizer, None)?;
        plan.parts = named(&options, "parts", "a network: nn::linear(…), nn::sequential([…])")?;
        plan.taps = taps_of(&options, teacher.is_some())?;
        plan.average = average_of(&options)?;
        if let Some(teacher) = teacher {
            teacher.teach(&mut plan, &options)?;
        }
        host.stage(call.engine(), &plan, &sources)
    };
    raw(act())
}

/// `each_step`.
pub(super) fn each_step(
    host: &dyn Host,
    call: &NativeCallContext,
    options: Map,
    step: &FnPtr,
) -> Result<Trained> {
    let operation = "each_step";
    host.may_train(operation)?;
    let options = Options::new(operation, options)?;
    let common = common(host, &options)?;
    if common.augment != HookSource::Standard {
        return Err(Error::new(Kind::Script, operation, "a function stands in 'augment'")
            .hint("a step of your own can call it itself"));
    }
    let nets = nets_of(host, &options, &common)?;
    if nets.is_empty() {
        return Err(options.missing("nets", "networks by name: #{ student: net }"));
    }
    let expected = "an optimiser: optim::adam(#{ lr: 1e-3 })";
    let handles = named::<OptimizerHandle>(&options, "optimizers", expected)?;
    let names: Vec<&str> = nets.iter().map(|(name, _)| name.as_str()).collect();
    let evaluated = match (options.text("evaluate")?, names.as_slice()) {
        (Some(name), _) => names
            .iter()
            .position(|known| *known == name)
            .ok_or_else(|| unknown(operation, "network", &name, &names))?,
        (None, [_]) => 0,
        (None, _) => {
            return Err(options.missing("evaluate", "the name of the network that is evaluated"));
        }
    };
    let (name, net) = &nets[evaluated];
    let spec = Spec::Net(NetSpec { kind: name.clone(), net: net.clone() });
    let optimizers = handles.into_iter().map(|(name, handle)| (name, handle.options())).collect();
    let mut sources = sources(operation, &options, common.state.clone(), common.augment.clone())?;
    sources.step = named_function(operation, "the step", step)?;
    let own = OwnStep { nets: nets.clone(), optimizers };
    let plan = common.plan(host, spec, OptimizerOptions::default(), Some(own))?;
    host.stage(call.engine(), &plan, &sources)
}

/// The networks that a stage's own steps work on. A model is built for the data's shape; its weights are drawn
/// from the stage's seed and from its name in the map, so that two of a kind do not start as one.
fn nets_of(host: &dyn Host, options: &Options, common: &Common) -> Result<Vec<(String, Net)>> {
    let expected = "a network or a model: nn::sequential([…]), model::cnn(#{ … })";
    let given: Option<Map> = options.native("nets", &format!("a map, each value {expected}"))?;
    let build = |(name, value): (rhai::Identifier, Dynamic)| {
        let name = name.to_string();
        let Some(spec) = value.read_lock::<Spec>() else {
            let what = format!("'nets.{name}'");
            return Ok((name, native_of::<Net>("each_step", &what, expected, &value)?));
        };
        let shape = host.features(&common.data, &common.front)?.shape();
        let seed = Stream::new(common.seed, &format!("weights of net {name}"), &[]).bits();
        let net = spec.build(shape, seed, &host.device())?.net().clone();
        Ok((name, net))
    };
    given.unwrap_or_default().into_iter().map(build).collect()
}

/// Which inner outputs the loss is shown, of the student and, where there is one, of the teacher.
fn taps_of(options: &Options, taught: bool) -> Result<Taps> {
    let Some(given) =
        options.native::<Map>("taps", "a map: #{ student: [\"…\"], teacher: [\"…\"] }")?
    else {
        return Ok(Taps::default());
    };
    let operation = format!("{}.taps", options.operation());
    let own = Options::new(&operation, given)?;
    let text = |operation: &str, what: &str, value: &Dynamic| {
        native_of::<rhai::ImmutableString>(
            operation,
            what,
            "a tap's name, as net.taps() lists it",
            value,
        )
        .map(|name| name.to_string())
    };
    let teacher = if taught { own.list("teacher", text)? } else { None };
    Ok(Taps {
        student: own.list("student", text)?.unwrap_or_default(),
        teacher: teacher.unwrap_or_default(),
    })
}

/// Which epochs' weights are averaged.
fn average_of(options: &Options) -> Result<Option<Average>> {
    let operation = options.operation();
    let names = Norms::NAMES.map(|(name, _)| name);
    let norms = options.text("average_norms")?.map(|name| {
        let found = Norms::NAMES.into_iter().find(|(own, _)| *own == name);
        found
            .map(|(_, norms)| norms)
            .ok_or_else(|| unknown(operation, "value of 'average_norms':", &name, &names))
    });
    let norms = norms.transpose()?;
    match options.list("average", value::count_of)?.as_deref() {
        None if norms.is_some() => Err(options.missing("average", "[first, last] epoch")),
        None => Ok(None),
        Some(&[from, to]) => Ok(Some(Average { from, to, norms: norms.unwrap_or_default() })),
        Some(other) => Err(Error::new(Kind::Shape, operation, "'average' has another length")
            .expected("[first, last] epoch, counted from 1")
            .received(format!("a list of {}", other.len()))),
    }
}

/// A map of values of one type.
fn named<T: Clone + Send + Sync + 'static>(
    options: &Options,
    key: &str,
    expected: &str,
) -> Result<Vec<(String, T)>> {
    let map: Option<Map> = options.native(key, &format!("a map, each value {expected}"))?;
    let each = |(name, value): (rhai::Identifier, Dynamic)| {
        let what = format!("'{key}.{name}'");
        Ok((name.to_string(), native_of::<T>(options.operation(), &what, expected, &value)?))
    };
    map.unwrap_or_default().into_iter().map(each).collect()
}

fn sources(
    operation: &str,
    options: &Options,
    state: Map,
    augment: HookSource,
) -> Result<HookSources> {
    Ok(HookSources {
        step: HookSource::Standard,
        augment,
        loss: source(operation, options, Hook::Loss)?,
        lambda: source(operation, options, Hook::Lambda)?,
        tau: source(operation, options, Hook::Tau)?,
        lr: source(operation, options, Hook::Lr)?,
        on_epoch: source(operation, options, Hook::OnEpoch)?,
        state,
    })
}

/// A function with a name: a closure could not be edited while it runs.
fn named_function(operation: &str, what: &str, pointer: &FnPtr) -> Result<HookSource> {
    if pointer.is_anonymous() || pointer.is_curried() {
        let key = what.rsplit(' ').next().unwrap_or(what).trim_matches('\'');
        let problem = format!("{what} is a closure, which could not be edited while it runs");
        return Err(Error::new(Kind::Type, operation, problem)
            .hint(format!("write `fn my_{key}(…)` and give Fn(\"my_{key}\")")));
    }
    Ok(HookSource::Named(pointer.fn_name().to_string()))
}

/// A hook's source: a function's name, or a number where a number makes sense.
fn source(operation: &str, options: &Options, hook: Hook) -> Result<HookSource> {
    let key = hook.name();
    let Some(given) = options.get(key) else { return Ok(HookSource::Standard) };
    let wrong = |problem: &str, hint: String| {
        Err(Error::new(Kind::Type, operation, format!("'{key}' {problem}"))
            .received(value::kind_of(given))
            .hint(hint))
    };
    if let Some(pointer) = given.read_lock::<FnPtr>() {
        if pointer.is_anonymous() || pointer.is_curried() {
            let hint = format!("write `fn my_{key}(…)` and give {key}: Fn(\"my_{key}\")");
            return wrong("is a closure, which could not be edited while it runs", hint);
        }
        return Ok(HookSource::Named(pointer.fn_name().to_string()));
    }
    match value::number_of(operation, key, given) {
        Ok(number) if hook.takes_number() => Ok(HookSource::Constant(number)),
        _ if hook.takes_number() => {
            wrong("has the wrong type", format!("a number, or Fn(\"my_{key}\")"))
        }
        Ok(rate) if hook == Hook::Lr => {
            let optimizer = format!("optimizer: optim::adam(#{{ lr: {rate} }})");
            wrong(
                "has the wrong type",
                format!(
                    "a fixed rate is the optimizer's: {optimizer}; here a function gives it, Fn(\"my_lr\")"
                ),
            )
        }
        _ => wrong("has the wrong type", format!("give a function: {key}: Fn(\"my_{key}\")")),
    }
}
