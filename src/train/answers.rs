//! A teacher without a network: what somebody said of the clips that train, found in a file by the clips' ids.

use super::plan::Features;
use super::teaching::logits_of;
use crate::data::{Labelling, Logits};
use crate::error::{Error, Kind, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What becomes of clips that train and that the file does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingClips {
    /// They are an error.
    #[default]
    Error,
    /// They learn from their labels alone, as heavily as if they had a teacher.
    Skip,
    /// Their labels are taken for the teacher's word.
    Labels,
}

impl MissingClips {
    /// Their names in recipes.
    pub const NAMES: [(&str, MissingClips); 3] = [
        ("error", MissingClips::Error),
        ("skip", MissingClips::Skip),
        ("labels", MissingClips::Labels),
    ];
}

/// What becomes of classes of the data that the file does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingClasses {
    /// They are an error.
    #[default]
    Error,
    /// The teacher says of every clip that it is none of them.
    Never,
}

impl MissingClasses {
    /// Their names in recipes.
    pub const NAMES: [(&str, MissingClasses); 2] =
        [("error", MissingClasses::Error), ("never", MissingClasses::Never)];
}

/// Logits that somebody wrote down, and what is to be done where they lack something.
#[derive(Clone, Debug)]
pub struct StoredLogits {
    /// What they are called: their file's name.
    pub name: String,
    /// The logits.
    pub logits: Arc<Logits>,
    /// What becomes of clips that are not there.
    pub clips: MissingClips,
    /// What becomes of classes that are not there.
    pub classes: MissingClasses,
}

/// What was said of each clip that trains.
#[derive(Clone)]
pub struct Answers {
    /// What they are called.
    pub name: String,
    /// BLAKE3 of all of it: names it in keys, whatever file it came from.
    pub hash: String,
    classes: usize,
    /// `[clips, classes]`, in the order of the clips that train.
    values: Arc<Vec<f32>>,
    known: Arc<Vec<bool>>,
}

/// Ids that a message tells.
const SHOWN: usize = 3;

impl Answers {
    /// What `stored` says of the clips that train; classes are matched by their names, or by their ids.
    ///
    /// # Errors
    /// Clips or classes that are not there, unless `stored` says what becomes of them; no clip at all.
    pub fn of(stored: &StoredLogits, features: &Features) -> Result<Self> {
        let columns = columns(stored, features)?;
        let clips = features.train.clips();
        let classes = features.train.classes();
        let labelling = features.train.labelling();
        let mut values = Vec::with_capacity(clips.len() * classes);
        let mut known = Vec::with_capacity(clips.len());
        let mut lacking = Vec::new();
        for clip in clips {
            let Some(place) = stored.logits.find(&clip.id) else {
                lacking.push(clip.id.as_str());
                let labels = stored.clips == MissingClips::Labels && !clip.labels.is_empty();
                let target: Vec<f64> = match labels {
                    true => clip.target(classes).into_iter().map(f64::from).collect(),
                    false => vec![0.0; classes],
                };
                let sum: f64 = target.iter().sum();
                let shares = target.into_iter().map(|own| match labelling {
                    Labelling::Single => own / sum.max(f64::MIN_POSITIVE),
                    Labelling::Multi => own,
                });
                values.extend(logits_of(shares, labelling));
                known.push(labels);
                continue;
            };
            values.extend(spread(stored.logits.row(place), &columns, labelling));
            known.push(true);
        }
        if lacking.len() == clips.len()
            || (stored.clips == MissingClips::Error && !lacking.is_empty())
        {
            return Err(lacks(stored, &lacking, clips.len()));
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(classes as u64).to_le_bytes());
        for value in &values {
            hasher.update(&value.to_le_bytes());
        }
        for own in &known {
            hasher.update(&[u8::from(*own)]);
        }
        Ok(Answers {
            name: stored.name.clone(),
            hash: hasher.finalize().to_hex().to_string(),
            classes,
            values: Arc::new(values),
            known: Arc::new(known),
        })
    }

    /// What was said of a clip, by its place among those that train.
    pub(super) fn row(&self, clip: usize) -> Option<&[f32]> {
        let known = self.known.get(clip).copied().unwrap_or(false);
        let row = self.values.get(clip * self.classes..(clip + 1) * self.classes);
        row.filter(|_| known)
    }

    /// Of how many clips nothing is known.
    pub fn missing(&self) -> usize {
        self.known.iter().filter(|own| !**own).count()
    }
}

/// The column of each class.
fn columns(stored: &StoredLogits, features: &Features) -> Result<Vec<Option<usize>>> {
    let data = features.dataset();
    let doing = format!("the teacher {}", stored.name);
    let named = stored.logits.classes();
    if named.is_empty() {
        if stored.logits.width() == data.classes.len() {
            return Ok((0..data.classes.len()).map(Some).collect());
        }
        return Err(Error::new(Kind::Shape, doing, "it has other classes than the data")
            .expected(format!("{} columns, as {} has classes", data.classes.len(), data.name))
            .received(format!("{} columns without names", stored.logits.width()))
            .hint("a file with the names of its classes, 'classes', may have them in any order"));
    }
    let places: BTreeMap<&str, usize> =
        named.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
    let find = |(name, id): (&String, &String)| {
        places.get(name.as_str()).or_else(|| places.get(id.as_str())).copied()
    };
    let columns: Vec<_> = data.classes.iter().zip(&data.class_ids).map(find).collect();
    let lacking: Vec<&str> = columns
        .iter()
        .zip(&data.classes)
        .filter(|(column, _)| column.is_none())
        .map(|(_, name)| name.as_str())
        .collect();
    if lacking.is_empty()
        || (stored.classes == MissingClasses::Never && lacking.len() < columns.len())
    {
        return Ok(columns);
    }
    let problem = format!("it lacks {} of {} classes", lacking.len(), columns.len());
    let error = Error::new(Kind::Data, doing, problem)
        .expected(shown(&lacking))
        .received(shown(&named.iter().map(String::as_str).collect::<Vec<_>>()));
    Err(match lacking.len() == columns.len() {
        true => error.hint("classes go by their names, or by their ids (AudioSet's /m/…)"),
        false => error
            .hint("missing_classes: \"never\" lets it say of every clip that it is none of these"),
    })
}

/// A row in the order of the data's classes. Those that are not there get no probability.
fn spread(row: &[f32], columns: &[Option<usize>], labelling: Labelling) -> Vec<f32> {
    let of = |column: usize| row.get(column).copied().unwrap_or(0.0);
    let there: Vec<f32> = columns.iter().flatten().map(|column| of(*column)).collect();
    let highest = there.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let never = match labelling {
        // Beneath the highest as far as a probability of nothing is beneath one of all.
        Labelling::Single => highest + logits_of([0.0].into_iter(), labelling)[0],
        Labelling::Multi => logits_of([0.0].into_iter(), labelling)[0],
    };
    columns.iter().map(|column| column.map_or(never, of)).collect()
}

fn lacks(stored: &StoredLogits, lacking: &[&str], clips: usize) -> Error {
    let doing = format!("the teacher {}", stored.name);
    let problem = format!("{} of {clips} clips that train are not in it", lacking.len());
    let ids: Vec<&str> = stored.logits.ids().iter().map(String::as_str).collect();
    let error = Error::new(Kind::Data, doing, problem)
        .expected(format!("logits of {}", shown(lacking)))
        .received(format!("{} clips: {}", ids.len(), shown(&ids)));
    match lacking.len() == clips {
        true => error.hint("clips go by their ids in the data set: data.ids(\"train\"), data.clip(0).id"),
        false => error.hint(
            "missing: \"skip\" lets them learn from their labels alone, missing: \"labels\" takes their labels for \
             the teacher's word",
        ),
    }
}

/// The first of them.
fn shown(names: &[&str]) -> String {
    let mut text: Vec<String> = names.iter().take(SHOWN).map(|name| format!("'{name}'")).collect();
    if names.len() > SHOWN {
        text.push("…".to_string());
    }
    text.join(", ")
}
