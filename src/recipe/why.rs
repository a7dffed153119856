//! Whether stages would come from the store, and what differs where they would not. Nothing is computed.

use super::session::Session;
use crate::error::Result;
use crate::run::store::{Found, Meta};
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
        let mut why = Why {
            stage: plan.name.clone(),
            key: key.clone(),
            hit: None,
            age: None,
            nearest: None,
            differences: Vec::new(),
            shorter: None,
        };
        if let Found::Hit(object) = self.store.get(&key)? {
            let end = super::stages::end_of(&object, &plan)?;
            let trained = Trained { key, ..recall(&plan, end, &mut hooks)? };
            why.age = SystemTime::now().duration_since(object.committed).ok();
            why.hit = Some(StageResult::from(&trained));
            self.display().why(&why);
            return Ok(trained);
        }
        let known = self.store.objects();
        why.shorter = shorter(&known, &identity, plan.epochs);
        if let Some((meta, differences)) = nearest(&known, &identity, &plan.name) {
            why.nearest = meta.meta.get("name").and_then(Value::as_str).map(String::from);
            why.age = SystemTime::now().duration_since(meta.committed).ok();
            why.differences = differences;
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
}

fn identity_of(meta: &Value) -> Option<Identity> {
    serde_json::from_value(meta.get("identity")?.clone()).ok()
}

/// Epochs of the longest result that the stage would go on from.
fn shorter(known: &[Meta], identity: &Identity, most: usize) -> Option<usize> {
    let wanted = identity.without_length();
    let fits = |meta: &&Meta| {
        meta.meta.get("without_length").and_then(Value::as_str) == Some(&wanted)
            && meta.meta.get("knew_length") == Some(&Value::Bool(false))
    };
    let epochs = |meta: &Meta| meta.meta.get("epochs")?.as_u64().map(|epochs| epochs as usize);
    known.iter().filter(fits).filter_map(epochs).filter(|epochs| *epochs < most).max()
}

/// The object that has most in common, a stage of the same name first.
fn nearest<'a>(
    known: &'a [Meta],
    identity: &Identity,
    name: &str,
) -> Option<(&'a Meta, Vec<String>)> {
    let all = known.iter().filter_map(|meta| {
        let mut differences = identity.differences(&identity_of(&meta.meta)?);
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
