//! Logits out of files that Stillroom or another program wrote.

use super::{CLASSES, IDS, LOGITS, Logits, TARGETS};
use crate::data::table::{Form, Table};
use crate::disk;
use crate::error::{Error, Kind, Result};
use crate::tensor::{
    DType, Tensor,
    file::{Arrays, load_arrays},
    store,
};
use std::path::Path;

/// The longest file that is read.
const MOST: u64 = 4 << 30;
/// What the column of a CSV file with the clips' names is called.
const ID: &str = "id";

pub(super) fn file(path: &Path) -> Result<Logits> {
    let doing = format!("reading {}", path.display());
    let ending = path.extension().map(|own| own.to_string_lossy().to_lowercase());
    let read = match ending.as_deref() {
        Some("safetensors") => safetensors(&doing, &disk::read_regular(path, MOST)?),
        Some("npz") => npz(&doing, path),
        Some("csv") => csv(path),
        _ => Err(Error::new(Kind::Usage, &doing, "the ending says no format of logits")
            .expected(".safetensors, .npz or .csv")
            .received(path.display().to_string())),
    };
    read.map_err(|error| match error.report().operation.starts_with(&doing) {
        true => error,
        false => error.during(&doing),
    })
}

/// `[clips, classes]` out of a tensor.
fn rows(doing: &str, name: &str, tensor: &Tensor, clips: usize) -> Result<Vec<f32>> {
    let shape = tensor.shape();
    if shape.len() != 2 || shape[0] != clips {
        return Err(Error::new(Kind::Shape, doing, format!("'{name}' does not fit the clips"))
            .expected(format!("[{clips}, classes], for the {clips} ids"))
            .received(format!("{shape:?}")));
    }
    tensor.to(DType::F32)?.to_values()
}

/// So many names of what is there are told.
const TOLD: usize = 8;

fn missing(doing: &str, what: &str, mut there: Vec<String>) -> Error {
    there.sort_unstable();
    let more = there.len().saturating_sub(TOLD);
    there.truncate(TOLD);
    if more > 0 {
        there.push(format!("and {more} more"));
    }
    Error::new(Kind::Data, doing, format!("'{what}' is missing"))
        .expected("'ids' (names of the clips) and 'logits' [clips, classes]; 'classes' and 'targets' if there are any")
        .received(if there.is_empty() { "nothing".to_string() } else { there.join(", ") })
}

fn find<'a>(tensors: &'a [(String, Tensor)], name: &str) -> Option<&'a Tensor> {
    tensors.iter().find(|(own, _)| own == name).map(|(_, own)| own)
}

/// What a file of any format comes to; `there` says what it has, where it lacks something.
fn assembled(
    doing: &str,
    tensors: &[(String, Tensor)],
    ids: Vec<String>,
    classes: Vec<String>,
    there: impl FnOnce() -> Vec<String>,
) -> Result<Logits> {
    let logits = find(tensors, LOGITS).ok_or_else(|| missing(doing, LOGITS, there()))?;
    let values = rows(doing, LOGITS, logits, ids.len())?;
    let targets = find(tensors, TARGETS);
    let targets = targets.map(|own| rows(doing, TARGETS, own, ids.len())).transpose()?;
    Logits::new(ids, classes, values, targets)
}

pub(super) fn safetensors(doing: &str, bytes: &[u8]) -> Result<Logits> {
    let notes = store::notes(doing, bytes)?;
    let list = |key: &str| -> Result<Option<Vec<String>>> {
        let read = |text: &String| {
            serde_json::from_str(text).map_err(|cause| {
                Error::new(Kind::Data, doing, format!("'{key}' in its head cannot be read"))
                    .expected("a list of texts in JSON")
                    .received(cause.to_string())
            })
        };
        notes.get(key).map(read).transpose()
    };
    let ids = list(IDS)?;
    let tensors = store::decode(doing, bytes, &crate::tensor::Device::cpu())?;
    let there = || {
        let names = tensors.iter().map(|(name, _)| name).chain(notes.keys());
        names.map(|name| format!("'{name}'")).collect()
    };
    let ids = ids.ok_or_else(|| {
        missing(doing, IDS, there()).hint("a list of texts in JSON, in the head's `__metadata__`")
    })?;
    let classes = list(CLASSES)?.unwrap_or_default();
    assembled(doing, &tensors, ids, classes, there)
}

fn npz(doing: &str, path: &Path) -> Result<Logits> {
    let Arrays { tensors, mut texts } = load_arrays(path)?;
    let there: Vec<String> = tensors
        .iter()
        .map(|(name, _)| name)
        .chain(texts.iter().map(|(name, _)| name))
        .map(|name| format!("'{name}'"))
        .collect();
    let mut names = |key: &str| {
        let at = texts.iter().position(|(own, _)| own == key);
        at.map(|at| texts.swap_remove(at).1)
    };
    // Numbers do as names too: 17 is '17'.
    let numbers = || {
        let own = find(&tensors, IDS).filter(|own| own.shape().len() == 1)?;
        own.to_integers().ok().map(|all| all.iter().map(i64::to_string).collect())
    };
    let (ids, classes) = (names(IDS).or_else(numbers), names(CLASSES).unwrap_or_default());
    let ids: Vec<String> = ids.ok_or_else(|| missing(doing, IDS, there.clone()))?;
    assembled(doing, &tensors, ids, classes, || there)
}

fn csv(path: &Path) -> Result<Logits> {
    let table = Table::read(path, &Form::default())?;
    let id = table.column(ID)?;
    let columns: Vec<usize> = (0..table.header.len()).filter(|own| *own != id).collect();
    let classes: Vec<String> = columns.iter().map(|own| table.header[*own].clone()).collect();
    let (mut ids, mut values) = (Vec::new(), Vec::new());
    for cells in &table.rows {
        ids.push(cells.get(id).to_string());
        for column in &columns {
            let cell = cells.get(*column);
            values.push(cell.parse::<f32>().map_err(|_| {
                table
                    .damaged(cells.line, format!("'{}' is no number", table.header[*column]))
                    .expected("the logit of that class")
                    .received(format!("'{cell}'"))
            })?);
        }
    }
    Logits::new(ids, classes, values, None)
}
