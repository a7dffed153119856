//! Values of a script as something that can be written down: JSON, and tensors beside it.

use super::value::kind_of;
use crate::error::{Error, Kind, Result};
use crate::nn::{Manner, Net, Network};
use crate::optim::OptimizerHandle;
use crate::tensor::Tensor;
use crate::train::{Belongings, Workbench};
use rhai::{Array, Dynamic, FnPtr, Map};
use serde_json::{Value, json};

const OPERATION: &str = "keeping a value";

/// What is known where a value is kept and where it is taken up again: networks and optimisers are found
/// there, since they cannot be made from numbers alone.
#[derive(Clone, Default)]
pub struct Known {
    /// What the stage works on.
    pub bench: Workbench,
    /// What the value was at first.
    pub first: Dynamic,
}

/// Writes a value down. What cannot be is told in `lost`, with its place in the value.
pub fn keep(value: &Dynamic, known: &Known) -> Belongings {
    let mut keeper = Keeper { known, tensors: Vec::new(), lost: None };
    let value = keeper.keep(value, &mut Vec::new());
    Belongings { value, tensors: keeper.tensors, lost: keeper.lost }
}

/// The value that [`keep`] wrote down. Networks and optimisers that were there at first, or stand on the bench,
/// are the same ones, with the numbers that they had.
///
/// # Errors
/// Something else than `keep` wrote, or with other things known.
pub fn take_up(value: &Value, tensors: &[(String, Tensor)], known: &Known) -> Result<Dynamic> {
    Taker { known, tensors }.take(value, &mut Vec::new())
}

/// The names of the functions in a value that [`keep`] wrote down.
pub fn functions_in(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(functions_in).collect(),
        Value::Object(fields) => match fields.get("function").and_then(Value::as_str) {
            Some(name) if fields.len() == 1 => vec![name.to_string()],
            _ => fields.values().flat_map(functions_in).collect(),
        },
        _ => Vec::new(),
    }
}

/// One value within another, by keys and places.
fn within(value: &Dynamic, path: &[String]) -> Option<Dynamic> {
    let Some((key, rest)) = path.split_first() else { return Some(value.clone()) };
    if let Some(map) = value.read_lock::<Map>() {
        return within(map.get(key.as_str())?, rest);
    }
    let array = value.read_lock::<Array>()?;
    within(array.get(key.parse::<usize>().ok()?)?, rest)
}

impl Known {
    fn first(&self, path: &[String]) -> Option<Dynamic> {
        within(&self.first, path)
    }

    /// The network at `path` at first.
    fn first_net(&self, path: &[String]) -> Option<Net> {
        self.first(path).and_then(Dynamic::try_cast::<Net>)
    }

    fn first_optimizer(&self, path: &[String]) -> Option<OptimizerHandle> {
        self.first(path).and_then(Dynamic::try_cast::<OptimizerHandle>)
    }

    /// Networks on the bench, by place.
    fn on_bench(&self, place: &Value) -> Result<&Net> {
        let net = place.as_u64().and_then(|place| self.bench.nets.get(place as usize));
        net.map(|(_, net)| net).ok_or_else(damaged)
    }
}

/// Whether a copy of one can hold the numbers of the other.
fn alike(one: &Net, other: &Net) -> bool {
    let shapes = |net: &Net| -> Vec<(String, Vec<usize>)> {
        net.state().into_iter().map(|(name, tensor)| (name, tensor.shape())).collect()
    };
    one.kind() == other.kind() && shapes(one) == shapes(other)
}

struct Keeper<'a> {
    known: &'a Known,
    tensors: Vec<(String, Tensor)>,
    lost: Option<String>,
}

impl Keeper<'_> {
    fn keep(&mut self, value: &Dynamic, path: &mut Vec<String>) -> Value {
        if value.is_unit() {
            return Value::Null;
        }
        if let Ok(flag) = value.as_bool() {
            return flag.into();
        }
        if let Ok(integer) = value.as_int() {
            return integer.into();
        }
        if let Ok(float) = value.as_float() {
            // JSON has no infinities.
            return match serde_json::Number::from_f64(float) {
                Some(number) => Value::Number(number),
                None => json!({ "float": float.to_string() }),
            };
        }
        if let Some(text) = value.read_lock::<rhai::ImmutableString>() {
            return json!({ "text": text.as_str() });
        }
        if let Ok(letter) = value.as_char() {
            return json!({ "letter": letter.to_string() });
        }
        if let Some(array) = value.read_lock::<Array>() {
            let each = array.iter().enumerate();
            return each.map(|(place, value)| self.inside(place, value, path)).collect();
        }
        if let Some(map) = value.read_lock::<Map>() {
            let each = map.iter();
            let kept: serde_json::Map<String, Value> =
                each.map(|(key, value)| (key.to_string(), self.inside(key, value, path))).collect();
            return json!({ "map": kept });
        }
        if let Some(tensor) = value.read_lock::<Tensor>() {
            let name = self.tensors.len().to_string();
            self.tensors.push((name.clone(), tensor.clone()));
            return json!({ "tensor": name, "tracked": tensor.is_tracked(), "shape": tensor.shape() });
        }
        if let Some(net) = value.read_lock::<Net>() {
            return self.net(&net, value, path);
        }
        if let Some(handle) = value.read_lock::<OptimizerHandle>() {
            return self.optimizer(&handle, value, path);
        }
        if let Some(function) = value.read_lock::<FnPtr>()
            && !function.is_anonymous()
            && !function.is_curried()
        {
            return json!({ "function": function.fn_name() });
        }
        // Other things do not change: a data set, a model, a stage's result.
        match self.known.first(path) {
            Some(first) if first.type_id() == value.type_id() => json!({ "first": true }),
            _ => self.lose(value, path),
        }
    }

    fn inside(
        &mut self,
        key: impl std::fmt::Display,
        value: &Dynamic,
        path: &mut Vec<String>,
    ) -> Value {
        path.push(key.to_string());
        let kept = self.keep(value, path);
        path.pop();
        kept
    }

    fn lose(&mut self, value: &Dynamic, path: &[String]) -> Value {
        let lost = match path {
            [] => kind_of(value),
            path => format!("'{}', {}", path.join("."), kind_of(value)),
        };
        self.lost.get_or_insert(lost);
        Value::Null
    }

    fn net(&mut self, net: &Net, value: &Dynamic, path: &[String]) -> Value {
        let bench = &self.known.bench.nets;
        if let Some(place) = bench.iter().position(|(_, known)| known == net) {
            return json!({ "bench": place });
        }
        let first = self.known.first_net(path);
        let from = match first {
            Some(first) if first == *net => json!({ "net": "first" }),
            _ => match bench.iter().position(|(_, known)| alike(known, net)) {
                Some(place) => json!({ "net": "copy", "of": place }),
                None => match first.is_some_and(|first| alike(&first, net)) {
                    true => json!({ "net": "first copy" }),
                    false => return self.lose(value, path),
                },
            },
        };
        let prefix = format!("{}/", self.tensors.len());
        let state = net.state().into_iter();
        self.tensors.extend(state.map(|(name, tensor)| (format!("{prefix}{name}"), tensor)));
        let mut kept = from;
        kept["under"] = json!(prefix);
        kept["manner"] = serde_json::to_value(net.manner()).unwrap_or_default();
        kept
    }

    fn optimizer(&mut self, own: &OptimizerHandle, value: &Dynamic, path: &[String]) -> Value {
        let bench = &self.known.bench.optimizers;
        if let Some(place) = bench.iter().position(|(_, known)| known.is(own)) {
            return json!({ "bench optimizer": place });
        }
        let (Some(first), Ok(state)) = (self.known.first_optimizer(path), own.state()) else {
            return self.lose(value, path);
        };
        if !first.is(own) {
            return self.lose(value, path);
        }
        let prefix = format!("{}/", self.tensors.len());
        self.tensors
            .extend(state.into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor)));
        json!({ "optimizer": "first", "under": prefix })
    }
}

struct Taker<'a> {
    known: &'a Known,
    tensors: &'a [(String, Tensor)],
}

fn damaged() -> Error {
    Error::new(Kind::Data, OPERATION, "what was written down makes no sense here")
}

impl Taker<'_> {
    fn take(&self, value: &Value, path: &mut Vec<String>) -> Result<Dynamic> {
        let fields = match value {
            Value::Null => return Ok(Dynamic::UNIT),
            Value::Bool(flag) => return Ok((*flag).into()),
            Value::Number(number) => {
                return match (number.as_i64(), number.as_f64()) {
                    (Some(integer), _) => Ok(integer.into()),
                    (None, Some(float)) => Ok(float.into()),
                    _ => Err(damaged()),
                };
            }
            Value::String(_) => return Err(damaged()),
            Value::Array(values) => {
                let each = values.iter().enumerate();
                let all = each.map(|(place, value)| self.inside(place, value, path));
                return Ok(all.collect::<Result<Array>>()?.into());
            }
            Value::Object(fields) => fields,
        };
        let (key, inner) = fields.iter().next().ok_or_else(damaged)?;
        let word = || inner.as_str().ok_or_else(damaged);
        match key.as_str() {
            "float" => Ok(word()?.parse::<f64>().map_err(|_| damaged())?.into()),
            "text" => Ok(word()?.to_string().into()),
            "letter" => Ok(word()?.chars().next().ok_or_else(damaged)?.into()),
            "map" => {
                let each = inner.as_object().ok_or_else(damaged)?.iter();
                let all = each
                    .map(|(key, value)| Ok((key.as_str().into(), self.inside(key, value, path)?)));
                Ok(all.collect::<Result<Map>>()?.into())
            }
            "tensor" => {
                let name = word()?;
                let found = self.tensors.iter().find(|(known, _)| known == name);
                let mut tensor = found.ok_or_else(damaged)?.1.clone();
                if fields.get("tracked") == Some(&Value::Bool(true)) {
                    tensor = tensor.tracked()?;
                }
                Ok(Dynamic::from(tensor))
            }
            "function" => FnPtr::new(word()?).map(Dynamic::from).map_err(|_| damaged()),
            "first" => self.known.first(path).ok_or_else(damaged),
            "bench" => Ok(Dynamic::from(self.known.on_bench(inner)?.clone())),
            "bench optimizer" => {
                let place = inner.as_u64().unwrap_or(u64::MAX) as usize;
                let found = self.known.bench.optimizers.get(place).ok_or_else(damaged)?;
                Ok(Dynamic::from(found.1.clone()))
            }
            "net" => {
                let first = || self.known.first_net(path).ok_or_else(damaged);
                let net = match word()? {
                    "first" => first()?,
                    "first copy" => first()?.copy()?,
                    _ => self.known.on_bench(fields.get("of").ok_or_else(damaged)?)?.copy()?,
                };
                let manner = fields.get("manner").cloned().unwrap_or_default();
                let manner: Manner = serde_json::from_value(manner).map_err(|_| damaged())?;
                net.restore(&self.under(fields)?)?;
                net.set_manner(&manner)?;
                Ok(Dynamic::from(net))
            }
            "optimizer" => {
                let handle = self.known.first_optimizer(path).ok_or_else(damaged)?;
                handle.load_state(&self.under(fields)?)?;
                Ok(Dynamic::from(handle))
            }
            _ => Err(damaged()),
        }
    }

    fn inside(
        &self,
        key: impl std::fmt::Display,
        value: &Value,
        path: &mut Vec<String>,
    ) -> Result<Dynamic> {
        path.push(key.to_string());
        let taken = self.take(value, path);
        path.pop();
        taken
    }

    fn under(&self, fields: &serde_json::Map<String, Value>) -> Result<Vec<(String, Tensor)>> {
        let prefix = fields.get("under").and_then(Value::as_str).ok_or_else(damaged)?;
        let own = self.tensors.iter();
        let own = own.filter_map(|(name, tensor)| Some((name.strip_prefix(prefix)?, tensor)));
        Ok(own.map(|(name, tensor)| (name.to_string(), tensor.clone())).collect())
    }
}
