//! What a stage's result depends on beside its plan: its hooks, the functions, consts, arguments and files that
//! they reach, and what its own map begins with.

use super::holdings::held;
use super::hooks::StageHooks;
use super::pieces::reached;
use super::session::Session;
use crate::error::Result;
use crate::run::{Part, net_identity};
use crate::script::{Hook, HookSource, HookSources, Known, functions_in, keep};
use crate::tensor::store;
use crate::train::{Belongings, Workbench};
use rhai::Dynamic;
use serde_json::json;
use std::collections::BTreeSet;

/// What the stage's options say of its hooks, and what its own map begins with.
///
/// # Errors
/// Weights that cannot be read back from their device.
pub(super) fn options_of(sources: &HookSources) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    for hook in Hook::ALL {
        match hook.source(sources) {
            HookSource::Standard => {}
            source => parts.push(Part::new(hook.name(), format!("{source:?}"))),
        }
    }
    let state = &sources.state;
    if !state.is_empty() {
        let kept = kept_state(sources);
        let held = held(state);
        let nets = held.nets.iter().map(|(_, net)| net_identity(net));
        let nets = nets.collect::<Result<Vec<_>>>()?;
        let numbers = blake3::hash(&store::encode(&kept.tensors)?).to_hex().to_string();
        let all = json!([kept.value, nets, numbers]).to_string();
        parts.push(Part::new("state", blake3::hash(all.as_bytes()).to_hex().to_string()));
    }
    Ok(parts)
}

/// What the stage's own map begins with, written down.
fn kept_state(sources: &HookSources) -> Belongings {
    let first = Dynamic::from(sources.state.clone());
    keep(&first, &Known { bench: Workbench::default(), first: first.clone() })
}

impl Session {
    /// Functions may read files: what is in those whose names stand in them counts.
    pub(super) fn files_of(&self, strings: &BTreeSet<String>) -> Vec<Part> {
        let names = strings.iter().filter(|name| name.contains('.'));
        let part =
            |name: &String| Some(Part::new(&format!("file {name}"), self.access.depends(name)?));
        names.filter_map(part).collect()
    }
}

impl StageHooks<'_> {
    /// What the stage depends on of the version in force: functions, consts, arguments, files.
    pub fn code(&self) -> Vec<Part> {
        let mut roots: Vec<(String, Option<usize>)> = Vec::new();
        for hook in Hook::ALL {
            let function = self.facts.function(hook, &self.version);
            roots.extend(function.map(|(name, count)| (name.to_string(), Some(count))));
        }
        // Functions that lie in the stage's own map may be called from there.
        let lying = functions_in(&kept_state(&self.facts.sources).value);
        roots.extend(lying.into_iter().map(|name| (name, None)));
        let functions: Vec<String> = self.nets.iter().flat_map(|net| net.functions()).collect();
        let closures = functions.iter().any(String::is_empty);
        roots.extend(functions.into_iter().map(|name| (name, None)));
        if roots.is_empty() {
            return Vec::new();
        }
        let compiled = &self.version.compiled;
        let mut reached = reached(self.engine, compiled, &roots, closures);
        for (name, value) in &self.arguments {
            let asked = reached.asks || reached.strings.contains(name);
            if asked && !compiled.arguments.is_default(name, value) {
                reached.parts.push(Part::new(&format!("argument {name}"), value));
            }
        }
        if reached.names.contains("stage") {
            reached.parts.push(Part::new("name", &self.stage));
        }
        reached.parts.extend(self.session.files_of(&reached.strings));
        reached.parts
    }

    /// A digest of what the stage depended on of a version that was in force.
    pub fn code_of(&self, version: usize) -> String {
        self.code.get(&version).cloned().unwrap_or_default()
    }
}
