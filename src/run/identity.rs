//! What a stage's result depends on, in parts that can be compared, and the key that names the result.

use crate::error::Result;
use crate::models::Spec;
use crate::nn::{Net, Network};
use crate::tensor::{Precision, store};
use crate::train::{Plan, Stint};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Names the code that computes: whatever changes it gives every stage another key.
pub const NUMERICS: &str = env!("STILL_NUMERICS");

const EPOCHS: &str = "epochs";

/// One thing that a result depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What it is: `batch`, `fn loss/4`, `data`.
    pub name: String,
    /// Its value, or a hash of it.
    pub value: String,
    /// Where it stands, for a reader; no part of the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

impl Part {
    /// A part that stands nowhere in particular.
    pub fn new(name: &str, value: impl Into<String>) -> Self {
        Part { name: name.to_string(), value: value.into(), place: None }
    }

    /// The same, which stands there.
    pub fn at(self, place: impl Into<String>) -> Self {
        Part { place: Some(place.into()), ..self }
    }
}

/// Everything that a stage's result depends on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// What the options say, and what they name.
    pub options: Vec<Part>,
    /// What the hooks are, and what they read.
    pub code: Vec<Part>,
}

impl Identity {
    /// What a plan says, hooks aside.
    ///
    /// # Errors
    /// Clips that cannot be read.
    pub fn of(plan: &Plan) -> Result<Self> {
        let mut options = vec![
            Part::new("numeric code", NUMERICS),
            Part::new("kind", text(&plan.kind())),
            Part::new("model", model(&plan.spec)?),
            Part::new("data", plan.features.fingerprint()?.hash.clone()),
            Part::new("features", text(plan.features.front())),
        ];
        let chain = plan.chain.iter().map(|step| step.describe()).collect::<Vec<_>>();
        options.push(Part::new("augment", text(&chain)));
        options.push(Part::new("batch", plan.batch.to_string()));
        options.push(Part::new("sampler", plan.sampler.describe()));
        options.push(Part::new("teaching", plan.teaching.name()));
        options.push(Part::new(EPOCHS, plan.epochs.to_string()));
        if let Some(average) = &plan.average {
            options.push(Part::new("average", text(average)));
        }
        options.push(Part::new("seed", plan.seed.to_string()));
        if let Some(teacher) = &plan.teacher {
            let value = match teacher.key.is_empty() {
                false => teacher.key.clone(),
                true => net(teacher.model.net())?,
            };
            options.push(Part::new("teacher", value));
        }
        if let Some(answers) = &plan.answers {
            options.push(Part::new("teacher", answers.hash.clone()));
        }
        match &plan.own {
            None => {
                options.push(Part::new("optimizer", text(&plan.optimizer)));
                for (name, one) in &plan.parts {
                    options.push(Part::new(&format!("parts.{name}"), net(one)?));
                }
                if !plan.taps.is_empty() {
                    options.push(Part::new("taps", text(&plan.taps)));
                }
            }
            Some(own) => {
                for (name, one) in &own.nets {
                    options.push(Part::new(&format!("nets.{name}"), net(one)?));
                }
                for (name, one) in &own.optimizers {
                    options.push(Part::new(&format!("optimizers.{name}"), text(one)));
                }
            }
        }
        // In single precision devices differ in last digits only, so they share results.
        if Precision::now() != Precision::F32 {
            options.push(Part::new("precision", Precision::now().name()));
        }
        Ok(Identity { options, code: Vec::new() })
    }

    /// The key of a stage that goes through without an edit.
    pub fn key(&self) -> String {
        digest(self.options.iter().chain(&self.code))
    }

    /// The key of a stage whose code changed on the way; `code` says what of each version it depended on.
    /// `lengths` counts where hooks knew how long the stage was to be.
    pub fn key_of_history(
        &self,
        history: &[Stint],
        lengths: &[[usize; 2]],
        code: impl Fn(usize) -> String,
    ) -> String {
        let mut stints: Vec<(Stint, String)> = Vec::new();
        for stint in history {
            let code = code(stint.version);
            if stints.last().is_none_or(|(_, before)| *before != code) {
                stints.push((*stint, code));
            }
        }
        if let ([(_, only)], 0 | 1) = (stints.as_slice(), lengths.len())
            && *only == self.code_digest()
        {
            return self.key();
        }
        let edits = stints.iter().map(|(stint, code)| {
            Part::new("edit", format!("{} {:?} {code}", stint.step, stint.phase))
        });
        let lengths = lengths
            .iter()
            .skip(1)
            .map(|[from, steps]| Part::new("length", format!("{steps} from {from}")));
        let edits: Vec<Part> = edits.chain(lengths).collect();
        digest(self.options.iter().chain(&edits))
    }

    /// What any length of the stage with any code has in common: a checkpoint of one fits the other.
    pub fn ground(&self) -> String {
        digest(self.options.iter().filter(|part| part.name != EPOCHS))
    }

    /// What any length of the stage has in common.
    pub fn without_length(&self) -> String {
        let all = self.options.iter().chain(&self.code);
        digest(all.filter(|part| part.name != EPOCHS))
    }

    /// A digest of the code alone.
    pub fn code_digest(&self) -> String {
        digest(self.code.iter())
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        self.options.iter().chain(&self.code)
    }

    /// What is not as in `other`, each in a few words.
    pub fn differences(&self, other: &Identity) -> Vec<String> {
        let mut words = Vec::new();
        for part in self.parts() {
            let place = part.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
            match other.parts().find(|known| known.name == part.name) {
                None => words.push(format!("{}{place}: new", part.name)),
                Some(known) if known.value == part.value => {}
                Some(known) => words.push(match short(&known.value, &part.value) {
                    Some(values) => format!("{}{place}: {values}", part.name),
                    None => format!("{}{place}: changed", part.name),
                }),
            }
        }
        let gone = other.parts().filter(|part| !self.parts().any(|own| own.name == part.name));
        words.extend(gone.map(|part| format!("{}: gone", part.name)));
        words
    }
}

/// Two values that say something to a reader.
fn short(before: &str, after: &str) -> Option<String> {
    const MOST: usize = 60;
    let is_hash =
        |text: &str| text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash(before) || is_hash(after) {
        return None;
    }
    if before.len() <= MOST && after.len() <= MOST {
        return Some(format!("{before} → {after}"));
    }
    // Of two long texts, where they begin to differ.
    let same = before.chars().zip(after.chars()).take_while(|(one, other)| one == other).count();
    let cut = |text: &str| -> String {
        let from = same.saturating_sub(12);
        text.chars().skip(from).take(MOST).collect()
    };
    Some(format!("…{}… → …{}…", cut(before), cut(after)))
}

fn digest<'a>(parts: impl Iterator<Item = &'a Part>) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        for word in [&part.name, &part.value] {
            hasher.update(&(word.len() as u64).to_le_bytes());
            hasher.update(word.as_bytes());
        }
    }
    hasher.finalize().to_hex().to_string()
}

fn text(value: &impl Serialize) -> String {
    // What is serialised here are options: names and numbers.
    serde_json::to_string(value).unwrap_or_default()
}

fn model(spec: &Spec) -> Result<String> {
    match spec {
        Spec::Net(own) => net(&own.net),
        named => Ok(text(named)),
    }
}

/// A network as it is: its structure, its weights, and which of them train.
///
/// # Errors
/// Weights that cannot be read back from their device.
pub fn net(net: &Net) -> Result<String> {
    let weights = blake3::hash(&store::encode(&net.state())?);
    let all = json!([net.outline(), weights.to_hex().as_str(), net.manner()]);
    Ok(blake3::hash(all.to_string().as_bytes()).to_hex().to_string())
}
