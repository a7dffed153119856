//! What an optimiser remembers between two steps, as handles and as named tensors.

use crate::error::{Error, Kind, Result, unknown};
use crate::tensor::{Device, Tensor};
use std::collections::BTreeMap;

/// Names of all tensors that any algorithm keeps for a parameter; torch's, where torch has them.
const KEPT: [&str; 6] =
    ["momentum_buffer", "exp_avg", "exp_avg_sq", "max_exp_avg_sq", "exp_avg_diff", "pre_grad"];

const OPERATION: &str = "restoring an optimiser";

/// What an algorithm keeps for one parameter.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// Updates that this parameter has had.
    pub updates: u64,
    tensors: Vec<(&'static str, Tensor)>,
}

impl Slot {
    /// Nothing yet, after so many updates.
    pub fn new(updates: u64) -> Self {
        Slot { updates, tensors: Vec::new() }
    }

    /// Keeps a tensor under `name`.
    pub fn keep(&mut self, name: &'static str, tensor: Tensor) {
        self.tensors.push((name, tensor));
    }

    /// The tensor under `name`.
    pub fn tensor(&self, name: &str) -> Result<&Tensor> {
        let found = self.tensors.iter().find(|(known, _)| *known == name);
        found.map(|(_, tensor)| tensor).ok_or_else(|| {
            Error::new(Kind::Data, OPERATION, "this is the state of another algorithm")
                .expected(format!("'{name}'"))
        })
    }

    /// The shapes of what is kept.
    pub fn shapes(&self) -> impl Iterator<Item = Vec<usize>> {
        self.tensors.iter().map(|(_, tensor)| tensor.shape())
    }
}

/// The whole state of an optimiser at one moment: handles only, so it costs next to nothing.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The learning rate where no call says another one.
    pub(super) lr: f64,
    /// Calls whose gradients wait for an update.
    pub(super) calls: usize,
    /// Sums of those gradients, by the parameter's name.
    pub(super) sums: BTreeMap<String, Tensor>,
    /// What the algorithm keeps, by the parameter's name.
    pub(super) slots: BTreeMap<String, Slot>,
}

impl Snapshot {
    /// Of an optimiser that has seen nothing yet.
    pub(super) fn new(lr: f64) -> Self {
        Snapshot { lr, calls: 0, sums: BTreeMap::new(), slots: BTreeMap::new() }
    }

    /// Whether no step has been taken, not even towards one that accumulates.
    pub fn is_fresh(&self) -> bool {
        self.calls == 0 && self.slots.is_empty()
    }

    /// Everything as named tensors: `lr` (three numbers, whose sum it is), `calls`, and for each parameter
    /// `NAME/step`, `NAME/exp_avg` and so on, and `NAME/sum` while gradients accumulate.
    pub(super) fn encode(&self) -> Result<Vec<(String, Tensor)>> {
        let number = |value: f64| {
            // Three f32 hold all digits of an f64.
            let high = value as f32;
            let middle = (value - f64::from(high)) as f32;
            let low = (value - f64::from(high) - f64::from(middle)) as f32;
            Tensor::from_values(vec![high, middle, low], &[3], &Device::default())
        };
        let mut all = vec![
            ("lr".to_string(), number(self.lr)?),
            ("calls".into(), number(self.calls as f64)?),
        ];
        for (name, slot) in &self.slots {
            all.push((format!("{name}/step"), number(slot.updates as f64)?));
            for (key, tensor) in &slot.tensors {
                all.push((format!("{name}/{key}"), tensor.clone()));
            }
        }
        for (name, sum) in &self.sums {
            all.push((format!("{name}/sum"), sum.clone()));
        }
        Ok(all)
    }

    /// The state that [`Snapshot::encode`] gave.
    pub(super) fn decode(tensors: &[(String, Tensor)]) -> Result<Self> {
        let mut state = Snapshot::new(f64::NAN);
        for (name, tensor) in tensors {
            match name.rsplit_once('/') {
                None if name == "lr" => state.lr = number(name, tensor)?,
                None if name == "calls" => state.calls = count(name, tensor)? as usize,
                None => return Err(unknown(OPERATION, "entry", name, &["lr", "calls"])),
                Some((parameter, "sum")) => {
                    state.sums.insert(parameter.to_string(), tensor.clone());
                }
                Some((parameter, key)) => {
                    let slot =
                        state.slots.entry(parameter.to_string()).or_insert_with(|| Slot::new(0));
                    match (key, KEPT.into_iter().find(|known| *known == key)) {
                        ("step", _) => slot.updates = count(name, tensor)?,
                        (_, Some(key)) => slot.keep(key, tensor.clone()),
                        (_, None) => return Err(unknown(OPERATION, "entry", key, &KEPT)),
                    }
                }
            }
        }
        let unset = state.slots.iter().find(|(_, slot)| slot.updates == 0);
        let missing = match unset {
            Some((name, _)) => format!("{name}/step"),
            None if state.lr.is_nan() => "lr".to_string(),
            None => return Ok(state),
        };
        Err(Error::new(Kind::Data, OPERATION, format!("'{missing}' is missing")))
    }
}

fn number(name: &str, tensor: &Tensor) -> Result<f64> {
    let value: f64 = tensor.to_values()?.into_iter().map(f64::from).sum();
    if value.is_finite() && value >= 0.0 {
        return Ok(value);
    }
    Err(Error::new(Kind::Data, OPERATION, format!("'{name}' is damaged"))
        .expected("0 or more")
        .received(value.to_string()))
}

fn count(name: &str, tensor: &Tensor) -> Result<u64> {
    Ok(number(name, tensor)? as u64)
}
