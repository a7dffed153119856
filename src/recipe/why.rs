//! Whether stages would come from the store, and what differs where they would not. Nothing is computed.

use super::hooks::StageHooks;
use super::session::Session;
use crate::error::Result;
use crate::run::store::{Found, Meta, Object};
use crate::run::{Identity, StageResult};
use crate::script::HookSources;
use crate::train::{Plan, Trained, recall, untrained};
use rhai::Engine;
use serde_json::Value;
use std::time::{Duration, SystemTime};

/// The answer for one stage.
#[derive(Clone, Debug)]
pub struct Why {
    /// The stage's name.
    pub stage: String,
    /// Its key.
    pub key: String,
    /// Its result, where the store has it.
    pub hit: Option<StageResult>,
    /// How old that is, or the nearest one.
    pub age: Option<Duration>,
    /// The name of the nearest stage in the store, where there is no hit.
    pub nearest: Option<String>,
    /// What is not as it was there.
    pub differences: Vec<String>,
    /// Epochs of a shorter result that it would go on from.
    pub shorter: Option<usize>,
}

impl Session {
    /// Answers for a stage, and gives what the statements after it need.
    pub(super) fn ask(
        &self,
        engine: &Engine,
        plan: &Plan,
        sources: &HookSources,
    ) -> Result<Trained> {
        let (plan, identity) = self.identified(engine, plan, sources)?;
        let key = identity.key();
        let mut hooks = self.hooks(engine, &plan, sources)?;
        let mut why = Why::new(&plan.name, &key);
        if let Found::Hit(object) = self.store.get(&key)? {
            why.age = SystemTime::now().duration_since(object.committed).ok();
            let trained = self.recalled(&plan, &object, key, &mut hooks)?;
            why.hit = Some(StageResult::from(&trained));
            self.display().why(&why);
            return Ok(trained);
        }
        let known = self.store.objects();
        let shorter = shorter(&known, &identity, plan.epochs);
        why.shorter = shorter.filter(|found| !found.knew_length).map(|found| found.epochs);
        if let Some(meta) = why.look(&known, &identity) {
            let changed = files(&plan, &meta.meta)?;
            if let Some(at) = why.differences.iter().position(|text| text.starts_with("data"))
                && !changed.is_empty()
            {
                why.differences[at] = format!("data: {}", changed.join(", "));
            }
        }
        self.display().why(&why);
        // What comes after it hangs on its key alone.
        Ok(Trained { key, ..untrained(&plan, &mut hooks)? })
    }

    /// What the store has of a stage; nothing is computed.
    fn recalled(
        &self,
        plan: &Plan,
        object: &Object,
        key: String,
        hooks: &mut StageHooks,
    ) -> Result<Trained> {
        let end = super::stored::end_of(object, plan)?;
        let trained = Trained { key, ..recall(plan, end, hooks)? };
        self.access.know(&object.meta["files"], Some(&trained.key));
        Ok(trained)
    }

    /// The same for a stage that was only tried: what a recipe makes of results (`stage(…)`) is found by them. Its
    /// data are not read for that: only a stage that was stored under this name before is looked for.
    pub(super) fn stored_before(
        &self,
        engine: &Engine,
        plan: &Plan,
        sources: &HookSources,
    ) -> Result<Option<Trained>> {
        let named = |meta: &Meta| meta.meta.get("name").and_then(Value::as_str) == Some(&plan.name);
        if !self.store.objects().iter().any(named) {
            return Ok(None);
        }
        let (plan, identity) = self.identified(engine, plan, sources)?;
        let key = identity.key();
        let Found::Hit(object) = self.store.get(&key)? else { return Ok(None) };
        let mut hooks = self.hooks(engine, &plan, sources)?;
        self.recalled(&plan, &object, key, &mut hooks).map(Some)
    }
}

impl Why {
    /// Nothing is known of it yet.
    pub(super) fn new(stage: &str, key: &str) -> Self {
        Why {
            stage: stage.to_string(),
            key: key.to_string(),
            hit: None,
            age: None,
            nearest: None,
            differences: Vec::new(),
            shorter: None,
        }
    }

    /// Finds the nearest result in the store, and what differs there.
    pub(super) fn look<'a>(&mut self, known: &'a [Meta], identity: &Identity) -> Option<&'a Meta> {
        let (meta, differences) = nearest(known, identity, &self.stage)?;
        self.nearest = meta.meta.get("name").and_then(Value::as_str).map(String::from);
        self.age = SystemTime::now().duration_since(meta.committed).ok();
        self.differences = differences;
        Some(meta)
    }
}

/// A result of fewer epochs.
pub(super) struct Shorter {
    /// Its key.
    pub key: String,
    /// Its epochs.
    pub epochs: usize,
    /// Whether hooks knew how long the stage was to be: more epochs would have been other ones then.
    pub knew_length: bool,
}

/// The longest result of the same stage with fewer epochs than `most`.
pub(super) fn shorter(known: &[Meta], identity: &Identity, most: usize) -> Option<Shorter> {
    let wanted = identity.without_length();
    let of = |found: &Meta| {
        let same = found.meta.get("without_length")?.as_str()? == wanted;
        let epochs = found.meta.get("epochs").and_then(Value::as_u64).unwrap_or(0) as usize;
        // Where nothing is said of it, nothing is known.
        let knew_length = found.meta.get("knew_length") != Some(&Value::Bool(false));
        let shorter = Shorter { key: found.key.clone(), epochs, knew_length };
        Some(shorter).filter(|_| same && epochs < most)
    };
    known.iter().filter_map(of).max_by_key(|found| found.epochs)
}

fn identity_of(meta: &Value) -> Option<Identity> {
    serde_json::from_value(meta.get("identity")?.clone()).ok()
}

/// The object that has most in common, a stage of the same name first.
fn nearest<'a>(
    known: &'a [Meta],
    identity: &Identity,
    name: &str,
) -> Option<(&'a Meta, Vec<String>)> {
    let is_made = |identity: &Identity| {
        identity.options.iter().any(|part| part.name == "kind" && part.value == "made")
    };
    let all = known.iter().filter_map(|meta| {
        // What a function made and what was trained have nothing in common.
        let other = identity_of(&meta.meta).filter(|other| is_made(other) == is_made(identity))?;
        let mut differences = identity.differences(&other);
        if meta.meta.get("edited") == Some(&Value::Bool(true)) {
            differences.push("it was edited while it ran".to_string());
        }
        let other = meta.meta.get("name").and_then(Value::as_str) != Some(name);
        Some(((other, differences.len()), meta, differences))
    });
    let (_, meta, differences) = all.min_by_key(|(rank, ..)| *rank)?;
    Some((meta, differences))
}

/// Files of the data that are not as an object's were.
fn files(plan: &Plan, meta: &Value) -> Result<Vec<String>> {
    const MOST: usize = 5;
    let now = plan.features.fingerprint()?;
    let entries = meta.get("data").and_then(Value::as_array).cloned().unwrap_or_default();
    let before: std::collections::BTreeMap<String, String> = entries
        .iter()
        .filter_map(|pair| {
            Some((pair.get(0)?.as_str()?.to_string(), pair.get(1)?.as_str()?.to_string()))
        })
        .collect();
    let mut words = Vec::new();
    for file in &now.files {
        match before.get(&file.name) {
            None => words.push(format!("'{}' is new", file.name)),
            Some(hash) if *hash != file.blake3 => words.push(format!("'{}' changed", file.name)),
            Some(_) => {}
        }
    }
    let gone = before.keys().filter(|name| !now.files.iter().any(|file| file.name == **name));
    words.extend(gone.map(|name| format!("'{name}' is gone")));
    if words.len() > MOST {
        let more = words.len() - MOST;
        words.truncate(MOST);
        words.push(format!("{more} more files"));
    }
    Ok(words)
}
