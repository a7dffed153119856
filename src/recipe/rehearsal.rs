//! A new version's hooks are called once before it may come into force.

use super::facts::{Facts, when};
use super::given::{as_batch, as_loss, as_number, as_step, call, tensors};
use super::version::Version;
use crate::data::Batch;
use crate::error::{Error, Kind, Result};
use crate::nn::{Mode, Net, Network, pass};
use crate::script::{Desk, Hook};
use crate::tensor::random::Stream;
use crate::tensor::{Device, Tensor, words};
use crate::train::{
    Moment, Reading, STANDARD_LAMBDA, STANDARD_TAU, Seen, StageKind, Workbench, made_up_batch,
    retried_on,
};
use rhai::{Dynamic, Engine, Map};
use std::sync::Arc;

/// Calls every hook once on a tiny batch, those of later stages too, so that an edit with a wrong shape,
/// name or type is refused before it touches the run. What is logged here is thrown away.
pub(super) fn try_out(
    engine: &Engine,
    version: &Version,
    facts: &Facts,
    moment: &Moment,
    bench: &Workbench,
    state: Map,
) -> Result<()> {
    let desk = Desk::new(state.clone());
    desk.put(bench);
    let before = bench.snapshot();
    // Its random numbers are its own, and what it changes is put back.
    let act = || {
        each_hook(engine, version, facts, moment, [&desk, &Desk::new(state.clone())], bench)?;
        each_network(version, facts)
    };
    let outcome = pass::during(moment.seed, &[moment.step as u64], act);
    before.restore()?;
    let Err(first) = outcome else { return Ok(()) };
    match retried_on(&first, facts.tried, facts.batch) {
        Some(clips) => {
            let whole = Facts { tried: clips, ..facts.clone() };
            try_out(engine, version, &whole, moment, bench, state).map_err(|_| first)
        }
        None => Err(first),
    }
}

fn each_hook(
    engine: &Engine,
    version: &Version,
    facts: &Facts,
    moment: &Moment,
    [desk, elsewhere]: [&Desk; 2],
    bench: &Workbench,
) -> Result<()> {
    // What hooks that come before have logged.
    let mut logged = Vec::new();
    let stands = moment;
    for hook in Hook::ALL {
        let moment = with_history(stands, hook, &logged);
        let own = facts.function(hook, version).map(|(name, _)| name);
        // The standard name may serve another stage, where this stage has a function of its own.
        let standard =
            Some(hook.name()).filter(|name| own != Some(name) && hook.is_found_by_name());
        for name in [own, standard].into_iter().flatten() {
            for kind in [StageKind::Distill, StageKind::Train] {
                let parameters = hook.parameters(kind).len();
                let other_form = hook != Hook::Loss && kind == StageKind::Distill;
                if other_form || !version.has(name, parameters) {
                    continue;
                }
                let told = |error: Error| error.note(when(hook, &moment));
                let placed = |error: Error| match version.compiled.place_of(name, parameters) {
                    Some(place) => told(error.at(place)),
                    None => told(error),
                };
                // What parts, taps and places another stage has, nobody knows yet.
                let is_own = own == Some(name) && (hook != Hook::Loss || kind == facts.kind);
                let desk = if is_own { desk } else { elsewhere };
                let given = match hook {
                    Hook::Loss if is_own => {
                        let (given, seen) = heard(facts, bench)?;
                        desk.show(seen);
                        given
                    }
                    Hook::Loss => made_up(facts, kind == StageKind::Distill)?,
                    Hook::Step | Hook::Augment => vec![Dynamic::from(clips(facts)?)],
                    _ => Vec::new(),
                };
                let called = call(engine, version, name, &moment, desk, given);
                desk.show(Seen::default());
                if is_own {
                    logged.extend(desk.take_logged());
                }
                if !is_own && called.is_err() && desk.missed() {
                    continue;
                }
                let value = called.map_err(told)?;
                match hook {
                    Hook::Step => logged.extend(as_step(&value).map_err(placed)?.1),
                    Hook::Augment => drop(as_batch(&value, &clips(facts)?).map_err(placed)?),
                    Hook::Loss => drop(as_loss(&value).and_then(|l| l.backward()).map_err(placed)?),
                    Hook::OnEpoch => {}
                    _ => as_number(hook, &value).map(|_| ()).map_err(placed)?,
                }
            }
        }
    }
    Ok(())
}

/// A hook may look at the history; there is always one when it is first called after an epoch. At an epoch's end its last
/// entry is of that epoch, with what its steps have logged.
fn with_history(moment: &Moment, hook: Hook, logged: &[(String, f64)]) -> Moment {
    let mut moment = moment.clone();
    if hook == Hook::OnEpoch || moment.readings.is_empty() {
        // What is logged now and then need not be logged here.
        let before = moment.readings.last().map(|last| last.logged.as_slice()).unwrap_or_default();
        let logged = [before, logged].concat();
        let reading = Reading { epoch: moment.epoch + 1, ..Reading::with(&logged) };
        Arc::make_mut(&mut moment.readings).push(reading);
    }
    moment
}

/// Networks of the recipe's own go forward as the new version has it.
fn each_network(version: &Version, facts: &Facts) -> Result<()> {
    let batch = clips(facts)?;
    let expected = [batch.clips, facts.classes];
    for net in facts.nets.iter().filter(|net| !net.functions().is_empty()) {
        version.in_force("forward", || {
            let logits = net.forward(&batch.input, Mode::Train)?;
            if logits.shape() == expected {
                return Ok(());
            }
            Err(Error::new(Kind::Shape, "forward", "the network gives no logits of the classes")
                .expected(format!("{} for {} clips", words(&expected), batch.clips))
                .received(words(&logits.shape())))
        })?;
    }
    Ok(())
}

/// Clips that nobody recorded.
fn clips(facts: &Facts) -> Result<Batch> {
    made_up_batch(facts.tried, facts.input, facts.classes, &Device::default())
}

/// Logits and labels of clips that nobody recorded, and what the stage's own loss is shown beside.
fn heard(facts: &Facts, bench: &Workbench) -> Result<(Vec<Dynamic>, Seen)> {
    let given = made_up(facts, facts.kind == StageKind::Distill)?;
    let places = (0..facts.tried).collect();
    let of = |hook, standard| facts.constant(hook).unwrap_or(standard);
    let weights = [of(Hook::Lambda, STANDARD_LAMBDA), of(Hook::Tau, STANDARD_TAU)];
    let weights = (facts.kind == StageKind::Distill).then_some(weights);
    if facts.taps.is_empty() {
        return Ok((given, Seen { places, weights, ..Seen::default() }));
    }
    let batch = clips(facts)?;
    let tapped = |net: Option<&Net>, mode, names: &[String]| match net {
        Some(net) => net.forward_taps(&batch.input, mode, names).map(|(_, taps)| taps),
        None => Ok(Vec::new()),
    };
    let student = bench.nets.first().map(|(_, net)| net);
    let own = tapped(student, Mode::Train, &facts.taps.student)?;
    let told = tapped(facts.teacher.as_ref(), Mode::Eval, &facts.taps.teacher)?;
    Ok((given, Seen { taps: [own, told], places, taught: None, weights }))
}

/// Logits and labels of clips that nobody recorded.
fn made_up(facts: &Facts, taught: bool) -> Result<Vec<Dynamic>> {
    let shape = [facts.tried, facts.classes];
    let mut random = Stream::new(0, "trial", &[]);
    let mut table = || {
        let values = (0..facts.tried * facts.classes).map(|_| random.normal() as f32).collect();
        Tensor::from_values(values, &shape, &Device::default())
    };
    let student = table()?.tracked()?;
    let teacher = if taught { Some(table()?) } else { None };
    Ok(tensors(&student, teacher.as_ref(), &clips(facts)?.target))
}
