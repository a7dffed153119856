//! `stage(name, inputs, make)`: anything that is made once and kept.

use super::facts::listed;
use super::holdings::collect;
use super::pieces::reached;
use super::session::{Session, lock, stopped};
use super::setup::Entry;
use super::why::Why;
use crate::data::{Dataset, FileIndex, Fingerprint, FrontEnd};
use crate::error::{Error, Kind, Result};
use crate::models::Spec;
use crate::nn::{Net, pass};
use crate::optim::OptimizerHandle;
use crate::run::store::{Found, KeyLock, Object};
use crate::run::{Identity, NUMERICS, Part, net_identity};
use crate::script::{Host, Known, Raw, functions_in, keep, kind_of, raw, take_up};
use crate::tensor::{Tensor, store};
use crate::train::{Trained, Workbench};
use rhai::{Array, Dynamic, FnPtr, Map, NativeCallContext};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

/// In the place of what would be made, while stages are only asked for. It can be an input of another one;
/// whatever else needs it cannot be asked for.
#[derive(Clone)]
struct Unmade {
    name: String,
    key: String,
}

const VALUE: &str = "value.json";
const TENSORS: &str = "tensors.safetensors";

impl Session {
    pub(super) fn made_of(
        &self,
        call: &NativeCallContext,
        name: &str,
        inputs: Dynamic,
        make: &FnPtr,
    ) -> Raw<Dynamic> {
        let identity = raw(self.identity_of(call, &inputs, make))?;
        let key = identity.key();
        let known = known(&inputs);
        let fresh = self.setup.fresh.has(name);
        if !fresh && let Some(value) = raw(self.kept(name, &key, &known))? {
            return Ok(value);
        }
        if let Entry::Take(..) = self.setup.entry {
            let lost = Error::new(Kind::Data, name, "what was made is not in the store any more");
            return raw(Err(lost.hint("`still replay` computes a run again")));
        }
        if self.setup.entry == Entry::Check {
            raw(self.takes_inputs(name, make))?;
            return raw(Err(super::checking::unknown_result(name)));
        }
        if self.setup.entry == Entry::Ask {
            let unmade = raw(self.ask_made(name, &key, &identity, &inputs))?;
            return Ok(Dynamic::from(unmade));
        }
        let held = raw(self.hold(name, &key))?;
        // Another process may have made it meanwhile.
        if !fresh && let Some(value) = raw(self.kept(name, &key, &known))? {
            return Ok(value);
        }
        let begun = Instant::now();
        let turn = self.access.turn();
        self.making.fetch_add(1, Ordering::SeqCst);
        let made: Raw<Dynamic> =
            pass::during(self.seed(), &[], || make.call_within_context(call, (inputs,)));
        self.making.fetch_sub(1, Ordering::SeqCst);
        let made = made?;
        let written = self.access.credit(turn, &key);
        raw(self.keep_made(name, &key, &identity, &made, &known, (begun.elapsed(), written)))?;
        drop(held);
        Ok(made)
    }

    /// What is to make something takes its inputs.
    fn takes_inputs(&self, name: &str, make: &FnPtr) -> Result<()> {
        let Some(version) = self.ran.get().filter(|_| !make.is_anonymous()) else { return Ok(()) };
        let (own, count) = (make.fn_name(), 1 + make.curry().len());
        let arities = version.arities(own);
        if arities.is_empty() || arities.contains(&count) {
            return Ok(());
        }
        let error =
            Error::new(Kind::Script, format!("stage \"{name}\""), format!("'{own}' does not fit"))
                .expected(format!("a function of the inputs: {own}(inputs)"))
                .received(format!("one with {} parameters", listed(&arities)));
        Err(match version.place_of(own) {
            Some(place) => error.at(place),
            None => error,
        })
    }

    /// Says that it would be made, and what differs from the nearest one in the store.
    fn ask_made(
        &self,
        name: &str,
        key: &str,
        identity: &Identity,
        inputs: &Dynamic,
    ) -> Result<Unmade> {
        let mut why = Why::new(name, key);
        why.look(&self.store.objects(), identity);
        let mut missing = Vec::new();
        unmade_in(inputs, &mut missing);
        if !missing.is_empty() {
            // Whether they come out as before nobody knows.
            why.differences.retain(|text| !text.starts_with("inputs:"));
            why.differences.push(format!("inputs: {} would be made first", missing.join(", ")));
        }
        self.display().why(&why);
        lock(&self.unmade).push(name.to_string());
        Ok(Unmade { name: name.to_string(), key: key.to_string() })
    }

    /// The right to make it; waits while another process does.
    pub(super) fn hold(&self, name: &str, key: &str) -> Result<Option<KeyLock>> {
        let mut told = false;
        let held = self.store.lock(key, &mut || {
            if self.signals.stop.load(Ordering::Relaxed) {
                return Err(stopped());
            }
            if !std::mem::replace(&mut told, true) {
                self.display().say(&format!("{name}: another run computes it, waiting for it"));
            }
            Ok(())
        });
        match held {
            Ok(held) => Ok(Some(held)),
            Err(error) if error.kind() == Kind::Interrupted => Err(error),
            Err(error) => {
                self.warn(&format!("the store cannot be locked: {}", error.headline()));
                Ok(None)
            }
        }
    }

    fn identity_of(
        &self,
        call: &NativeCallContext,
        inputs: &Dynamic,
        make: &FnPtr,
    ) -> Result<Identity> {
        // What makes it is a function of the statements that run; networks call those that are in force.
        let (mut own, mut of_nets) = (Vec::new(), Vec::new());
        let mut closures = [make.is_anonymous(), false];
        if !closures[0] {
            own.push((make.fn_name().to_string(), None));
        }
        let mut held = Workbench::default();
        collect(inputs, &mut held);
        for name in held.nets.iter().flat_map(|(_, net)| net.functions()) {
            closures[1] |= name.is_empty();
            of_nets.push((name, None));
        }
        let mut options = vec![
            Part::new("numeric code", NUMERICS),
            Part::new("kind", "made"),
            Part::new("seed", self.seed().to_string()),
        ];
        let captured: Array = make.curry().to_vec();
        for (name, value) in [("inputs", inputs), ("captured", &captured.into())] {
            let words = words(value, &self.caches.files)?;
            own.extend(functions_in(&words).into_iter().map(|name| (name, None)));
            let hash = blake3::hash(words.to_string().as_bytes()).to_hex().to_string();
            options.push(Part::new(name, hash));
        }
        let current = self.live.get().map(|live| lock(live).current());
        let mut code = Vec::new();
        let versions = [(self.ran.get().cloned(), own), (current, of_nets)];
        for ((version, roots), closures) in versions.into_iter().zip(closures) {
            let Some(version) = version.filter(|_| closures || !roots.is_empty()) else { continue };
            let found = reached(call.engine(), &version.compiled, &roots, closures);
            let mut parts = found.parts;
            parts.extend(self.files_of(&found.strings));
            let arguments = &version.compiled.arguments;
            for (name, value) in &self.setup.set {
                let asked = found.asks || found.strings.contains(name);
                if asked && !arguments.is_default(name, value) {
                    parts.push(Part::new(&format!("argument {name}"), value));
                }
            }
            parts.retain(|part| !code.contains(part));
            code.extend(parts);
        }
        Ok(Identity { options, code })
    }

    /// What the store has for `key`.
    fn kept(&self, name: &str, key: &str, known: &Known) -> Result<Option<Dynamic>> {
        let object = match self.store.get(key)? {
            Found::Hit(object) => object,
            Found::Missing => return Ok(None),
            Found::Damaged(reason) => {
                self.warn(&format!(
                    "what the store had of '{name}' is damaged ({reason}): it is made anew"
                ));
                return Ok(None);
            }
        };
        let value = read(&object, known)?;
        self.access.know(&object.meta["files"], Some(key));
        let age = SystemTime::now().duration_since(object.committed).ok();
        if let Some(record) = self.record.get() {
            lock(record).event("store_hit", json!({ "made": name, "key": key }));
        }
        self.display().made(name, None, age);
        Ok(Some(value))
    }

    fn keep_made(
        &self,
        name: &str,
        key: &str,
        identity: &Identity,
        made: &Dynamic,
        known: &Known,
        (took, written): (Duration, Vec<String>),
    ) -> Result<()> {
        let kept = keep(made, known);
        let seconds = took.as_secs_f64();
        let mut record = self.record()?;
        record.event("made", json!({ "made": name, "key": key, "seconds": seconds }));
        if let Some(lost) = kept.lost {
            drop(record);
            self.warn(&format!("the result of '{name}' is not stored: nothing can hold {lost}"));
            self.display().made(name, Some(took), None);
            return Ok(());
        }
        let files = vec![
            (VALUE.to_string(), kept.value.to_string().into_bytes()),
            (TENSORS.to_string(), store::encode(&kept.tensors)?),
        ];
        let meta = json!({
            "name": name, "kind": "made", "identity": identity, "seconds": seconds,
            "run": record.folder().name(), "files": written, "still": env!("CARGO_PKG_VERSION"),
        });
        let stored = self.store.commit(key, meta, files).map(|_| ());
        record.tolerate(&format!("the result of '{name}'"), stored);
        drop(record);
        self.display().made(name, Some(took), None);
        Ok(())
    }
}

/// The names of what would be made first.
fn unmade_in(value: &Dynamic, into: &mut Vec<String>) {
    if let Some(unmade) = value.read_lock::<Unmade>() {
        into.push(format!("'{}'", unmade.name));
    } else if let Some(array) = value.read_lock::<Array>() {
        array.iter().for_each(|value| unmade_in(value, into));
    } else if let Some(map) = value.read_lock::<Map>() {
        map.values().for_each(|value| unmade_in(value, into));
    }
}

fn read(object: &Object, known: &Known) -> Result<Dynamic> {
    let value: Value = serde_json::from_slice(&object.read(VALUE)?).map_err(|cause| {
        Error::new(Kind::Data, "taking a stage from the store", cause.to_string())
    })?;
    let device = crate::tensor::Device::default();
    let tensors = store::decode("taking a stage from the store", &object.read(TENSORS)?, &device)?;
    take_up(&value, &tensors, known)
}

/// Networks among the inputs, of which the result may have copies.
fn known(inputs: &Dynamic) -> Known {
    let mut bench = Workbench::default();
    collect(inputs, &mut bench);
    Known { bench, first: inputs.clone() }
}

/// What an input is, in words that are the same for the same input.
fn words(value: &Dynamic, files: &FileIndex) -> Result<Value> {
    if let Some(array) = value.read_lock::<Array>() {
        return array.iter().map(|one| words(one, files)).collect();
    }
    if let Some(map) = value.read_lock::<Map>() {
        let each = map.iter().map(|(key, value)| Ok((key.to_string(), words(value, files)?)));
        return Ok(json!({ "map": each.collect::<Result<serde_json::Map<_, _>>>()? }));
    }
    if let Some(unmade) = value.read_lock::<Unmade>() {
        return Ok(json!({ "unmade": unmade.key }));
    }
    if let Some(net) = value.read_lock::<Net>() {
        return Ok(json!({ "net": net_identity(&net)? }));
    }
    if let Some(trained) = value.read_lock::<Trained>() {
        return Ok(json!({ "stage": trained.key, "weights": trained.weights_blake3 }));
    }
    if let Some(tensor) = value.read_lock::<Tensor>() {
        let bytes = store::encode(&[(String::new(), tensor.clone())])?;
        return Ok(json!({ "tensor": blake3::hash(&bytes).to_hex().as_str() }));
    }
    if let Some(data) = value.read_lock::<Arc<Dataset>>() {
        return Ok(json!({ "data": Fingerprint::of(&data, files, &|| false)?.hash }));
    }
    if let Some(front) = value.read_lock::<FrontEnd>() {
        return Ok(json!({ "features": *front }));
    }
    if let Some(spec) = value.read_lock::<Spec>() {
        return Ok(json!({ "model": *spec }));
    }
    if let Some(optimizer) = value.read_lock::<OptimizerHandle>() {
        return Ok(json!({ "optimizer": optimizer.options() }));
    }
    let kept = keep(value, &Known::default());
    match kept.lost {
        None => Ok(kept.value),
        Some(_) => Err(Error::new(
            Kind::Type,
            "stage",
            "an input cannot be told from another of its kind",
        )
        .expected("numbers, strings, arrays, maps, tensors, networks, results of stages, data sets")
        .received(kind_of(value))),
    }
}
