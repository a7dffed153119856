//! What a model said of clips, clip by clip, under the names that the clips have in their set: a file that reports,
//! other tools and teachers without a network read.

mod read;

use crate::disk;
use crate::error::{Error, Kind, Result};
use crate::tensor::{Device, Tensor, store};
use std::collections::HashMap;
use std::path::Path;

/// The tensor of logits in a file, `[clips, classes]`.
pub(super) const LOGITS: &str = "logits";
/// The tensor of what is true, of the same shape, where it is known.
pub(super) const TARGETS: &str = "targets";
/// The names of the clips: a list in JSON in the head of a safetensors file, an array of an `.npz`.
pub(super) const IDS: &str = "ids";
/// The names of the classes, in the same way.
pub(super) const CLASSES: &str = "classes";

/// Logits of clips by their ids.
#[derive(Clone, Debug, PartialEq)]
pub struct Logits {
    ids: Vec<String>,
    classes: Vec<String>,
    width: usize,
    values: Vec<f32>,
    targets: Option<Vec<f32>>,
    places: HashMap<String, usize>,
}

impl Logits {
    /// Logits `[clips, classes]`, with the name of each clip and class; `classes` may be empty where names are not
    /// known. `targets` has the same shape.
    ///
    /// # Errors
    /// Lengths that do not fit, no clip, an id that stands twice, a number that is not finite.
    pub fn new(
        ids: Vec<String>,
        classes: Vec<String>,
        values: Vec<f32>,
        targets: Option<Vec<f32>>,
    ) -> Result<Self> {
        let wrong = |kind, problem: String| Error::new(kind, "logits of clips", problem);
        if ids.is_empty() || values.is_empty() {
            return Err(wrong(Kind::Data, "there are none".into()).expected("at least one clip"));
        }
        let width = values.len() / ids.len();
        let named = classes.is_empty() || classes.len() == width;
        if width * ids.len() != values.len() || !named {
            let names = match classes.len() {
                0 => String::new(),
                many => format!(" and {many} names of classes"),
            };
            return Err(wrong(Kind::Shape, "they do not fit the clips".into())
                .expected("[clips, classes]: one row a clip, one column a class")
                .received(format!("{} numbers, {} clips{names}", values.len(), ids.len())));
        }
        if let Some(own) = targets.as_ref().filter(|own| own.len() != values.len()) {
            return Err(wrong(Kind::Shape, "the targets do not fit the logits".into())
                .expected(format!("{} numbers", values.len()))
                .received(own.len().to_string()));
        }
        let numbers = values.iter().chain(targets.iter().flatten());
        if let Some(at) = numbers.into_iter().position(|value| !value.is_finite()) {
            let (row, column) = (at % values.len() / width, at % width);
            let class = match classes.get(column) {
                Some(name) => format!("class '{name}'"),
                None => format!("column {}", column + 1),
            };
            let clip = ids.get(row).map_or("?", String::as_str);
            return Err(wrong(Kind::Number, "a number is not finite".into())
                .received(format!("clip '{clip}', {class}")));
        }
        let mut places = HashMap::with_capacity(ids.len());
        for (place, id) in ids.iter().enumerate() {
            if let Some(first) = places.insert(id.clone(), place) {
                return Err(wrong(Kind::Data, format!("the clip '{id}' stands twice"))
                    .expected("each id once")
                    .received(format!("rows {} and {}", first + 1, place + 1)));
            }
        }
        Ok(Logits { ids, classes, width, values, targets, places })
    }

    /// The clips' names, in the order of the rows.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// The names of the classes, in the order of the columns; empty where the file has none.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// How many classes there are.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The row of a clip.
    pub fn find(&self, id: &str) -> Option<usize> {
        self.places.get(id).copied()
    }

    /// The logits of a row; none where there is no such row.
    pub fn row(&self, row: usize) -> &[f32] {
        self.values.get(row * self.width..(row + 1) * self.width).unwrap_or_default()
    }

    /// What is true of a row, where the file says it.
    pub fn target(&self, row: usize) -> Option<&[f32]> {
        self.targets.as_ref()?.get(row * self.width..(row + 1) * self.width)
    }

    /// The bytes of a safetensors file: `logits` and `targets`, and in its head the lists `ids` and `classes`.
    ///
    /// # Errors
    /// None that a caller could cause.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let shape = [self.ids.len(), self.width];
        let tensor = |name: &str, values: &[f32]| {
            let tensor = Tensor::from_values(values.to_vec(), &shape, &Device::cpu())?;
            Ok((name.to_string(), tensor))
        };
        let mut tensors = vec![tensor(LOGITS, &self.values)?];
        if let Some(targets) = &self.targets {
            tensors.push(tensor(TARGETS, targets)?);
        }
        let text = |list: &[String]| serde_json::to_string(list).unwrap_or_default();
        let (ids, classes) = (text(&self.ids), text(&self.classes));
        let mut notes = vec![("format", "pt"), (IDS, ids.as_str())];
        if !self.classes.is_empty() {
            notes.push((CLASSES, classes.as_str()));
        }
        store::noted(&store::encode(&tensors)?, &notes)
    }

    /// What [`Logits::encode`] gave, or another program in the same form; `doing` names the operation in errors.
    ///
    /// # Errors
    /// Bytes that are no such file; as of [`Logits::new`].
    pub fn decode(doing: &str, bytes: &[u8]) -> Result<Self> {
        read::safetensors(doing, bytes)
    }

    /// Reads a file: `.safetensors` as [`Logits::encode`] writes it, `.npz` with the arrays `ids`, `logits` and, if
    /// there are any, `classes` and `targets`, `.csv` with a column `id` and one a class.
    ///
    /// # Errors
    /// Another ending, a file that cannot be read or is damaged; as of [`Logits::new`].
    pub fn read(path: &Path) -> Result<Self> {
        read::file(path)
    }

    /// Writes a safetensors file, whole or not at all.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        disk::write_whole(path, &self.encode()?)
    }
}
