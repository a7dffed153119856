//! Yes or no: what a function says of each element of an array or a map, and whether two of them are equal.
//!
//! Rhai takes whatever is no bool for false there, so that a comparison of tensors would say no, whatever it
//! found. Here a tensor with one bool counts as that bool, and anything else is refused.

use super::raise::{Raw, raise};
use super::value::kind_of;
use crate::error::{Error, Kind, Result};
use crate::tensor::{Along, DType, Tensor};
use rhai::{
    Array, Dynamic, EvalAltResult, FnPtr, FuncRegistration, INT, Identifier, Map, Module,
    NativeCallContext,
};
use std::cmp::Ordering;

/// What to write where a bool is wanted and a tensor stands.
pub(super) const ONE_BOOL: &str =
    "a tensor with one element has .item(), others .all().item() or .any().item()";

/// Whether a value says yes. Nothing says no, as where an `if` has no `else`.
pub(super) fn truth(operation: &str, value: &Dynamic) -> Result<bool> {
    if let Ok(flag) = value.as_bool() {
        return Ok(flag);
    }
    if value.is_unit() {
        return Ok(false);
    }
    let error = Error::new(Kind::Type, operation, "this is neither true nor false")
        .expected("true or false")
        .received(kind_of(value));
    match value.read_lock::<Tensor>() {
        Some(tensor) if tensor.dtype() == DType::Bool && tensor.count() == 1 => {
            Ok(tensor.item()? != 0.0)
        }
        Some(_) => Err(error.hint(ONE_BOOL)),
        None => Err(error),
    }
}

/// Whether two values are equal, with tensors equal where all of their elements are.
fn same(call: &NativeCallContext, a: &mut Dynamic, b: &mut Dynamic) -> Raw<bool> {
    let tensors = match (a.read_lock::<Tensor>(), b.read_lock::<Tensor>()) {
        (Some(a), Some(b)) => Some((a.clone(), b.clone())),
        _ => None,
    };
    if let Some((a, b)) = tensors {
        let equal = || -> Result<bool> {
            Ok(a.shape() == b.shape() && a.equal(&b)?.all_along(&Along::all())?.item()? != 0.0)
        };
        return equal().map_err(raise);
    }
    // A tensor and something else are of different types, as a number and a text are; `==` by itself would
    // compare the one with each element of the other.
    if a.is::<Tensor>() != b.is::<Tensor>() {
        return Ok(false);
    }
    let alike = a.type_id() == b.type_id();
    match call.call_native_fn_raw("==", true, &mut [a, b]) {
        Ok(said) => truth("==", &said).map_err(raise),
        Err(cause) => match *cause {
            // Values of different types are different.
            EvalAltResult::ErrorFunctionNotFound(..) if !alike => Ok(false),
            _ => Err(cause),
        },
    }
}

/// A function that is asked about elements, for one of Rhai's functions by name.
struct Asked<'a> {
    name: &'a str,
    call: &'a NativeCallContext<'a>,
    function: &'a FnPtr,
}

impl Asked<'_> {
    /// About an element of an array and its place.
    fn of(&self, item: &mut Dynamic, place: usize) -> Raw<bool> {
        let place = [Dynamic::from(place as INT)];
        let (name, call) = (self.name, self.call);
        let said =
            self.function.call_raw_with_extra_args(name, call, Some(item), [], place, Some(0))?;
        truth(name, &said).map_err(raise)
    }

    /// About a key of a map and its value.
    fn of_key(&self, key: &Identifier, value: &mut Dynamic) -> Raw<bool> {
        let key = [Dynamic::from(key.clone())];
        let (name, call) = (self.name, self.call);
        let said =
            self.function.call_raw_with_extra_args(name, call, Some(value), key, [], Some(1))?;
        truth(name, &said).map_err(raise)
    }

    /// The first place from `start` on.
    fn first(&self, array: &mut Array, start: INT) -> Raw<Option<usize>> {
        let start = offset(array.len(), start);
        for (place, item) in array.iter_mut().enumerate().skip(start) {
            if self.of(item, place)? {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// All elements for which it says `yes`, taken out of the array; where it fails, all of them stay.
    fn taken(&self, array: &mut Array, yes: bool) -> Raw<Array> {
        let mut says = Vec::with_capacity(array.len());
        for (place, item) in array.iter_mut().enumerate() {
            says.push(self.of(item, place)? == yes);
        }
        let mut says = says.into_iter();
        let all = std::mem::take(array).into_iter();
        let (taken, kept) = all.partition(|_| says.next().unwrap_or(false));
        *array = kept;
        Ok(taken)
    }

    /// As [`Asked::taken`], of a map.
    fn taken_of_map(&self, map: &mut Map, yes: bool) -> Raw<Map> {
        let mut says = Vec::with_capacity(map.len());
        for (key, value) in map.iter_mut() {
            says.push(self.of_key(key, value)? == yes);
        }
        let mut says = says.into_iter();
        let all = std::mem::take(map).into_iter();
        let (taken, kept) = all.partition(|_| says.next().unwrap_or(false));
        *map = kept;
        Ok(taken)
    }

    /// How it puts two elements in order: a number below 0, or true, for the first one first.
    fn order(&self, a: &Dynamic, b: &Dynamic) -> Raw<Ordering> {
        let said = self.function.call_raw(self.call, None, [a.clone(), b.clone()])?;
        if let Ok(first) = said.as_bool() {
            return Ok(if first { Ordering::Less } else { Ordering::Greater });
        }
        let tensor = said.read_lock::<Tensor>().map(|tensor| tensor.clone());
        let number = match tensor {
            Some(tensor) if tensor.dtype() == DType::Bool => {
                let first = truth(self.name, &said).map_err(raise)?;
                return Ok(if first { Ordering::Less } else { Ordering::Greater });
            }
            Some(tensor) => tensor.item(),
            None => super::value::number_of(self.name, "what the function gives", &said),
        };
        number.map(|number| number.partial_cmp(&0.0).unwrap_or(Ordering::Equal)).map_err(raise)
    }

    /// Sorted by halves: the order of a recipe may contradict itself, which std's sorting does not bear.
    fn sorted(&self, mut left: Array) -> Raw<Array> {
        if left.len() < 2 {
            return Ok(left);
        }
        let right = self.sorted(left.split_off(left.len() / 2))?;
        let left = self.sorted(left)?;
        let mut all = Array::with_capacity(left.len() + right.len());
        let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            let next = if self.order(a, b)?.is_gt() { right.next() } else { left.next() };
            all.extend(next);
        }
        all.extend(left.chain(right));
        Ok(all)
    }
}

/// A place counted from the end where negative.
fn offset(length: usize, start: INT) -> usize {
    match usize::try_from(start) {
        Ok(start) => start,
        Err(_) => length.saturating_sub(usize::try_from(start.unsigned_abs()).unwrap_or(length)),
    }
}

fn place_of(call: &NativeCallContext, array: &mut Array, value: &Dynamic, start: INT) -> Raw<INT> {
    let start = offset(array.len(), start);
    for (place, item) in array.iter_mut().enumerate().skip(start) {
        if same(call, item, &mut value.clone())? {
            return Ok(place as INT);
        }
    }
    Ok(-1)
}

/// The elements that differ from the one before.
fn without_repeats(array: &Array, repeats: impl Fn(&Dynamic, &Dynamic) -> Raw<bool>) -> Raw<Array> {
    let mut kept = Array::new();
    for item in array {
        let again = match kept.last() {
            Some(before) => repeats(before, item)?,
            None => false,
        };
        if !again {
            kept.push(item.clone());
        }
    }
    Ok(kept)
}

fn arrays_equal(call: &NativeCallContext, a: &mut Array, mut b: Array) -> Raw<bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (a, b) in a.iter_mut().zip(b.iter_mut()) {
        if !same(call, a, b)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn maps_equal(call: &NativeCallContext, a: &mut Map, mut b: Map) -> Raw<bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (key, a) in a.iter_mut() {
        let Some(b) = b.get_mut(key) else { return Ok(false) };
        if !same(call, a, b)? {
            return Ok(false);
        }
    }
    Ok(true)
}

type Call<'a> = NativeCallContext<'a>;

/// Stands before Rhai's own functions of these names.
pub(super) fn module() -> Module {
    let mut module = Module::new();
    // Pure: they can be called on constants too.
    macro_rules! put {
        ($name:expr, $pure:expr, $function:expr) => {
            FuncRegistration::new($name)
                .in_global_namespace()
                .with_purity($pure)
                .set_into_module(&mut module, $function);
        };
    }
    macro_rules! ask {
        ($name:literal, $pure:literal, |$asked:ident, $all:ident: $type:ty $(, $more:ident: $other:ty)*| -> $out:ty $body:block) => {
            put!($name, $pure, |call: Call, $all: &mut $type, function: FnPtr $(, $more: $other)*| -> Raw<$out> {
                let $asked = Asked { name: $name, call: &call, function: &function };
                $body
            });
        };
    }
    ask!("filter", true, |asked, array: Array| -> Array {
        let mut found = Array::new();
        for (place, item) in array.iter_mut().enumerate() {
            if asked.of(item, place)? {
                found.push(item.clone());
            }
        }
        Ok(found)
    });
    ask!("some", true, |asked, array: Array| -> bool { Ok(asked.first(array, 0)?.is_some()) });
    ask!("all", true, |asked, array: Array| -> bool {
        for (place, item) in array.iter_mut().enumerate() {
            if !asked.of(item, place)? {
                return Ok(false);
            }
        }
        Ok(true)
    });
    ask!("find", true, |asked, array: Array| -> Dynamic {
        Ok(asked.first(array, 0)?.map_or(Dynamic::UNIT, |place| array[place].clone()))
    });
    ask!("find", true, |asked, array: Array, start: INT| -> Dynamic {
        Ok(asked.first(array, start)?.map_or(Dynamic::UNIT, |place| array[place].clone()))
    });
    ask!("index_of", true, |asked, array: Array| -> INT {
        Ok(asked.first(array, 0)?.map_or(-1, |place| place as INT))
    });
    ask!("index_of", true, |asked, array: Array, start: INT| -> INT {
        Ok(asked.first(array, start)?.map_or(-1, |place| place as INT))
    });
    ask!("drain", false, |asked, array: Array| -> Array { asked.taken(array, true) });
    ask!("retain", false, |asked, array: Array| -> Array { asked.taken(array, false) });
    for name in ["sort", "sort_by"] {
        put!(name, false, |call: Call, array: &mut Array, function: FnPtr| -> Raw<()> {
            let asked = Asked { name: "sort", call: &call, function: &function };
            *array = asked.sorted(array.clone())?;
            Ok(())
        });
    }
    put!("dedup", false, |call: Call, array: &mut Array| -> Raw<()> {
        *array = without_repeats(array, |a, b| same(&call, &mut a.clone(), &mut b.clone()))?;
        Ok(())
    });
    put!("dedup", false, |call: Call, array: &mut Array, function: FnPtr| -> Raw<()> {
        *array = without_repeats(array, |a, b| {
            let said = function.call_raw(&call, None, [a.clone(), b.clone()])?;
            truth("dedup", &said).map_err(raise)
        })?;
        Ok(())
    });
    ask!("filter", true, |asked, map: Map| -> Map { asked.taken_of_map(&mut map.clone(), true) });
    ask!("drain", false, |asked, map: Map| -> Map { asked.taken_of_map(map, true) });
    ask!("retain", false, |asked, map: Map| -> Map { asked.taken_of_map(map, false) });
    put!("contains", true, |call: Call, array: &mut Array, value: Dynamic| -> Raw<bool> {
        Ok(place_of(&call, array, &value, 0)? >= 0)
    });
    put!("index_of", true, |call: Call, array: &mut Array, value: Dynamic| -> Raw<INT> {
        place_of(&call, array, &value, 0)
    });
    put!("index_of", true, |call: Call,
                            array: &mut Array,
                            value: Dynamic,
                            start: INT|
     -> Raw<INT> { place_of(&call, array, &value, start) });
    put!("==", true, |call: Call, a: &mut Array, b: Array| -> Raw<bool> {
        arrays_equal(&call, a, b)
    });
    put!("!=", true, |call: Call, a: &mut Array, b: Array| -> Raw<bool> {
        Ok(!arrays_equal(&call, a, b)?)
    });
    put!("==", true, |call: Call, a: &mut Map, b: Map| -> Raw<bool> { maps_equal(&call, a, b) });
    put!("!=", true, |call: Call, a: &mut Map, b: Map| -> Raw<bool> {
        Ok(!maps_equal(&call, a, b)?)
    });
    module
}
