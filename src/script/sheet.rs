//! A script's value as CSV: tables for other programs.

use super::value::kind_of;
use crate::disk;
use crate::error::{Error, Kind, Result};
use crate::tensor::{DType, Tensor};
use rhai::{Array, Dynamic, Map};

/// Columns that stand first where a table has them; the others follow by name.
const FIRST: [&str; 2] = ["class", "name"];

/// The value as CSV. An array of maps has their keys as its first line, a map a line for each key, an array or a
/// tensor of rank 1 a line for each element, a tensor of rank 2 a line for each row. NaN and `()` are empty.
///
/// # Errors
/// A value that is no such table; maps with different keys.
pub fn csv_of(value: &Dynamic) -> Result<String> {
    let lines = if let Some(map) = value.read_lock::<Map>() {
        pairs("", &map)?
    } else if let Some(array) = value.read_lock::<Array>() {
        match array.first().is_some_and(Dynamic::is_map) {
            true => table(&array)?,
            false => array.iter().map(|own| Ok(vec![cell(own)?])).collect::<Result<_>>()?,
        }
    } else if let Some(tensor) = value.read_lock::<Tensor>() {
        rows(&tensor)?
    } else {
        vec![vec![cell(value)?]]
    };
    String::from_utf8(disk::csv(lines)?)
        .map_err(|cause| Error::new(Kind::Internal, "--csv", cause.to_string()))
}

fn wrong(value: &Dynamic) -> Error {
    Error::new(Kind::Type, "--csv", "CSV cannot hold this value")
        .expected(
            "an array of maps with the same keys, a map, a list, or a tensor of rank 2 at most",
        )
        .received(kind_of(value))
        .hint("--json takes values within values")
}

fn cell(value: &Dynamic) -> Result<String> {
    if value.is_unit() || value.as_float().is_ok_and(f64::is_nan) {
        return Ok(String::new());
    }
    if let Ok(float) = value.as_float() {
        return Ok(float.to_string());
    }
    match value.is_int() || value.is_bool() || value.is_string() || value.is_char() {
        true => Ok(value.to_string()),
        false => Err(wrong(value)),
    }
}

/// A line a key; maps within it go by `outer.inner`.
fn pairs(before: &str, map: &Map) -> Result<Vec<Vec<String>>> {
    let mut lines = Vec::new();
    for (key, value) in map {
        match value.read_lock::<Map>() {
            Some(inner) => lines.extend(pairs(&format!("{before}{key}."), &inner)?),
            None => lines.push(vec![format!("{before}{key}"), cell(value)?]),
        }
    }
    Ok(lines)
}

fn table(array: &Array) -> Result<Vec<Vec<String>>> {
    let mut lines: Vec<Vec<String>> = Vec::new();
    for value in array {
        let Some(map) = value.read_lock::<Map>() else { return Err(wrong(value)) };
        let mut keys: Vec<&str> = FIRST.into_iter().filter(|key| map.contains_key(*key)).collect();
        keys.extend(map.keys().map(|key| key.as_str()).filter(|key| !FIRST.contains(key)));
        let header: Vec<String> = keys.iter().map(|key| key.to_string()).collect();
        match lines.first() {
            None => lines.push(header),
            Some(first) if *first == header => {}
            Some(_) => return Err(wrong(value)),
        }
        let cells = keys.iter().filter_map(|key| map.get(*key)).map(cell);
        lines.push(cells.collect::<Result<_>>()?);
    }
    Ok(lines)
}

fn rows(tensor: &Tensor) -> Result<Vec<Vec<String>>> {
    let cells: Vec<String> = match tensor.dtype() {
        DType::F32 => {
            let text = |own: &f32| if own.is_nan() { String::new() } else { own.to_string() };
            tensor.detached()?.to_values()?.iter().map(text).collect()
        }
        DType::I64 => tensor.to_integers()?.iter().map(i64::to_string).collect(),
        DType::Bool => tensor.to_integers()?.iter().map(|own| (*own != 0).to_string()).collect(),
    };
    match tensor.shape()[..] {
        [] | [_] => Ok(cells.into_iter().map(|own| vec![own]).collect()),
        [_, 0] => Ok(Vec::new()),
        [_, columns] => Ok(cells.chunks(columns).map(<[String]>::to_vec).collect()),
        _ => Err(wrong(&Dynamic::from(tensor.clone()))),
    }
}
