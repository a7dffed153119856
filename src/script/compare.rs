//! Whether two values are alike, and where and by how much they differ: what assertions tell.

use super::value::kind_of;
use crate::error::Result;
use crate::tensor::{DType, Tensor};
use rhai::{Array, Dynamic, Map};
use std::fmt;

/// Elements of an array that a message shows.
const FEW: usize = 8;
/// Characters of a value that a message shows.
const LONG: usize = 120;
/// For a tensor that is compared with something else.
const READ: &str = "compare it with a tensor, or read it with .item() or .to_array()";

/// How two values differ.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference {
    /// What differs, in words.
    pub problem: String,
    /// The expected value, or the first expected element that differs.
    pub expected: String,
    /// What was there instead of it.
    pub received: String,
    /// What to do about it.
    pub hint: Option<&'static str>,
}

/// Compares any two values of a script: elements of arrays, maps and tensors one by one.
pub(super) struct Comparison<'a> {
    /// Numbers are alike where |received − expected| ≤ tolerance · max(1, |expected|).
    tolerance: f64,
    /// Compares values that are no numbers and hold none.
    same: &'a dyn Fn(&Dynamic, &Dynamic) -> Result<bool>,
    compared: usize,
    differing: usize,
    first: Option<Difference>,
    /// Where the first element that differs is; empty for the value itself.
    first_at: String,
    /// The largest difference between numbers, and where.
    worst: Option<(f64, String)>,
}

impl<'a> Comparison<'a> {
    /// How `received` differs from `expected`, if it does.
    ///
    /// # Errors
    /// Values that `same` cannot compare.
    pub fn of(
        received: &Dynamic,
        expected: &Dynamic,
        tolerance: f64,
        same: &'a dyn Fn(&Dynamic, &Dynamic) -> Result<bool>,
    ) -> Result<Option<Difference>> {
        let mut comparison = Comparison {
            tolerance,
            same,
            compared: 0,
            differing: 0,
            first: None,
            first_at: String::new(),
            worst: None,
        };
        match comparison.walk(received, expected, "")? {
            Some(other) => Ok(Some(other)),
            None => Ok(comparison.told()),
        }
    }

    /// All element differences as one.
    fn told(self) -> Option<Difference> {
        let first = self.first?;
        if self.first_at.is_empty() {
            return Some(first);
        }
        let (differing, compared, at) = (self.differing, self.compared, self.first_at);
        if compared == 1 {
            let problem = format!("{} at {at}", first.problem);
            return Some(Difference { problem, ..first });
        }
        let verb = if differing == 1 { "differs" } else { "differ" };
        let mut problem = format!("{differing} of {compared} elements {verb}, the first at {at}");
        if let Some((worst, at)) = self.worst {
            problem.push_str(&format!("; the largest difference is {} at {at}", rounded(worst)));
        }
        Some(Difference { problem, ..first })
    }

    /// Takes two values in; gives a difference of form (type, length, keys) at once.
    fn walk(&mut self, a: &Dynamic, b: &Dynamic, at: &str) -> Result<Option<Difference>> {
        if let (Some(a), Some(b)) = (a.read_lock::<Array>(), b.read_lock::<Array>()) {
            if a.len() != b.len() {
                return Ok(form(
                    "the arrays have different lengths",
                    at,
                    elements(&a),
                    elements(&b),
                ));
            }
            for (index, (a, b)) in a.iter().zip(b.iter()).enumerate() {
                if let Some(found) = self.walk(a, b, &format!("{at}[{index}]"))? {
                    return Ok(Some(found));
                }
            }
            return Ok(None);
        }
        if let (Some(a), Some(b)) = (a.read_lock::<Map>(), b.read_lock::<Map>()) {
            if !a.keys().eq(b.keys()) {
                return Ok(form("the maps have different keys", at, keys(&a), keys(&b)));
            }
            for (key, a) in a.iter() {
                let Some(b) = b.get(key) else { continue };
                if let Some(found) = self.walk(a, b, &format!("{at}.{key}"))? {
                    return Ok(Some(found));
                }
            }
            return Ok(None);
        }
        if let (Some(a), Some(b)) = (a.read_lock::<Tensor>(), b.read_lock::<Tensor>()) {
            if a.describe() != b.describe() {
                return Ok(form(
                    "the tensors differ in type or shape",
                    at,
                    a.describe(),
                    b.describe(),
                ));
            }
            return self.tensors(&a, &b, at).map(|()| None);
        }
        if let (Some(a), Some(b)) = (Number::of(a), Number::of(b)) {
            self.numbers(a, b, || at.to_string());
            return Ok(None);
        }
        if a.type_name() != b.type_name() {
            let found = form("the values have different types", at, typed(a), typed(b));
            let tensor = [a, b].iter().any(|value| value.read_lock::<Tensor>().is_some());
            let hint = tensor.then_some(READ);
            return Ok(found.map(|found| Difference { hint, ..found }));
        }
        self.compared += 1;
        if !(self.same)(a, b)? {
            self.differ(|| at.to_string(), "the values differ", shown(a), shown(b));
        }
        Ok(None)
    }

    fn tensors(&mut self, a: &Tensor, b: &Tensor, at: &str) -> Result<()> {
        let shape = a.shape();
        let place = |index: usize| format!("{at}{:?}", place_of(index, &shape));
        match a.dtype() {
            DType::F32 => {
                let (a, b) = (a.detached()?.to_values()?, b.detached()?.to_values()?);
                for (index, (a, b)) in a.into_iter().zip(b).enumerate() {
                    self.numbers(Number::Single(a), Number::Single(b), || place(index));
                }
            }
            dtype => {
                for (index, (a, b)) in
                    a.to_integers()?.into_iter().zip(b.to_integers()?).enumerate()
                {
                    if dtype == DType::I64 {
                        self.numbers(Number::Integer(a), Number::Integer(b), || place(index));
                        continue;
                    }
                    self.compared += 1;
                    if a != b {
                        let [a, b] = [a, b].map(|truth| (truth != 0).to_string());
                        self.differ(|| place(index), "the values differ", a, b);
                    }
                }
            }
        }
        Ok(())
    }

    fn numbers(&mut self, a: Number, b: Number, at: impl Fn() -> String) {
        self.compared += 1;
        let Some(difference) = a.differs(b, self.tolerance) else { return };
        if self.worst.as_ref().is_none_or(|(worst, _)| difference > *worst) {
            self.worst = Some((difference, at()));
        }
        let expected = match self.tolerance * b.value().abs().max(1.0) {
            allowed if allowed > 0.0 && allowed.is_finite() => {
                format!("{b} ± {}", rounded(allowed))
            }
            _ => b.to_string(),
        };
        self.differ(at, "the numbers differ", a.to_string(), expected);
    }

    fn differ(
        &mut self,
        at: impl Fn() -> String,
        problem: &str,
        received: String,
        expected: String,
    ) {
        self.differing += 1;
        if self.first.is_none() {
            self.first_at = at();
            let problem = problem.to_string();
            self.first = Some(Difference { problem, expected, received, hint: None });
        }
    }
}

/// A number of a script or of a tensor.
#[derive(Clone, Copy)]
enum Number {
    Integer(i64),
    Double(f64),
    Single(f32),
}

impl Number {
    fn of(value: &Dynamic) -> Option<Self> {
        let integer = value.as_int().map(Number::Integer);
        integer.or_else(|_| value.as_float().map(Number::Double)).ok()
    }

    fn value(self) -> f64 {
        match self {
            Number::Integer(number) => number as f64,
            Number::Double(number) => number,
            Number::Single(number) => f64::from(number),
        }
    }

    /// The difference, where it is more than the tolerance allows. NaN equals NaN, and an infinity
    /// itself only.
    fn differs(self, expected: Self, tolerance: f64) -> Option<f64> {
        if let (Number::Integer(a), Number::Integer(b)) = (self, expected)
            && tolerance == 0.0
        {
            return (a != b).then(|| (i128::from(a) - i128::from(b)).unsigned_abs() as f64);
        }
        let (a, b) = (self.value(), expected.value());
        if a == b || (a.is_nan() && b.is_nan()) {
            return None;
        }
        let difference = (a - b).abs();
        if difference.is_nan() {
            return Some(f64::INFINITY);
        }
        let allowed = tolerance * b.abs().max(1.0);
        (b.is_infinite() || difference > allowed).then_some(difference)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Integer(number) => write!(out, "{number}"),
            Number::Double(number) => write!(out, "{number:?}"),
            Number::Single(number) => write!(out, "{number:?}"),
        }
    }
}

fn form(problem: &str, at: &str, received: String, expected: String) -> Option<Difference> {
    let problem = match at {
        "" => problem.to_string(),
        _ => format!("{problem} at {at}"),
    };
    Some(Difference { problem, expected, received, hint: None })
}

fn elements(array: &Array) -> String {
    match array.len() {
        1 => "1 element".to_string(),
        count => format!("{count} elements"),
    }
}

fn keys(map: &Map) -> String {
    let keys: Vec<&str> = map.keys().map(|key| key.as_str()).collect();
    shortened(&format!("#{{ {} }}", keys.join(", ")))
}

/// The place of the element `index` (row-major) in a tensor of `shape`.
fn place_of(mut index: usize, shape: &[usize]) -> Vec<usize> {
    let mut place: Vec<usize> = shape
        .iter()
        .rev()
        .map(|length| {
            let own = index % (*length).max(1);
            index /= (*length).max(1);
            own
        })
        .collect();
    place.reverse();
    place
}

/// Three digits are enough for a difference.
fn rounded(number: f64) -> String {
    match format!("{number:.2e}").parse::<f64>() {
        Ok(short) => format!("{short:?}"),
        Err(_) => number.to_string(),
    }
}

/// A value in a message, shortened.
pub(super) fn shown(value: &Dynamic) -> String {
    shortened(&text_of(value))
}

/// A value in a message about types.
fn typed(value: &Dynamic) -> String {
    if Number::of(value).is_some() { kind_of(value) } else { shown(value) }
}

fn text_of(value: &Dynamic) -> String {
    if let Some(array) = value.read_lock::<Array>() {
        let mut parts: Vec<String> = array.iter().take(FEW).map(text_of).collect();
        if array.len() > FEW {
            parts.push(format!("… {} elements", array.len()));
        }
        return format!("[{}]", parts.join(", "));
    }
    if let Some(map) = value.read_lock::<Map>() {
        let parts = map.iter().take(FEW).map(|(key, value)| format!("{key}: {}", text_of(value)));
        let mut parts: Vec<String> = parts.collect();
        if map.len() > FEW {
            parts.push(format!("… {} keys", map.len()));
        }
        return format!("#{{ {} }}", parts.join(", "));
    }
    match Number::of(value) {
        Some(number) => number.to_string(),
        None => kind_of(value),
    }
}

fn shortened(text: &str) -> String {
    let text = text.replace('\n', " ");
    match text.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
