//! Where the clips are on this machine that the stages of a run were tested on: what shows them later asks here.

use super::past::CLIPS;
use super::{Folder, Past, grants};
use crate::disk;
use crate::error::Result;
use crate::train::Features;
use serde_json::{Map, Value, json};

/// Places of clips by data set and id: the file, and, where the clip is a part of it, its first sample and how many.
#[derive(Default)]
pub struct Places(Map<String, Value>);

impl Places {
    /// Takes in the clips that test; says whether there was one that it did not know.
    pub fn add(&mut self, features: &Features) -> bool {
        let set = self.0.entry(features.name()).or_insert_with(|| json!({}));
        let Some(set) = set.as_object_mut() else { return false };
        let mut is_new = false;
        for clip in features.test.clips().iter().filter(|clip| !clip.id.is_empty()) {
            if set.contains_key(&clip.id) {
                continue;
            }
            let file = std::path::absolute(&clip.file).unwrap_or_else(|_| clip.file.clone());
            let Some(file) = file.to_str() else { continue };
            let place = match clip.span {
                Some(span) => json!([file, span.start, span.samples]),
                None => json!([file]),
            };
            set.insert(clip.id.clone(), place);
            is_new = true;
        }
        is_new
    }
}

impl Folder {
    /// Writes down where clips are, sealed: nobody else can have a report open files of this machine. It stands in no file
    /// that leaves the machine.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn write_places(&self, places: &Places) -> Result<()> {
        let sealed = grants::sealed(self.path(), &json!([places.0]));
        disk::write_whole(&self.path().join(CLIPS), format!("{sealed}\n").as_bytes())
    }
}

impl Past {
    /// Where the clips are that its stages were tested on, by data set and id; nothing where the run came from somewhere
    /// else.
    pub fn clip_places(&self) -> Value {
        let bytes = std::fs::read(self.path().join(CLIPS)).unwrap_or_default();
        let told = serde_json::from_slice(&bytes).unwrap_or_default();
        match grants::opened(self.path(), &told) {
            Value::Array(mut all) if all.len() == 1 => all.remove(0),
            _ => Value::Null,
        }
    }
}
