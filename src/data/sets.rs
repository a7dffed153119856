//! Sets made of sets: selected, relabelled, joined. Each gives another value; nothing is read.

use super::clip::{Clip, Span, Split};
use super::dataset::{Dataset, Labelling};
use crate::error::{Error, Kind, Result, nearest};
use std::collections::{BTreeMap, BTreeSet};

/// Twice as many as AudioSet has clips; each takes some hundred bytes.
const MOST_WINDOWS: usize = 4_000_000;
/// Most classes that a message lists.
const MOST_NAMED: usize = 12;

impl Dataset {
    /// The index of a class.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn class(&self, operation: &str, name: &str) -> Result<usize> {
        self.classes.iter().position(|own| own == name).ok_or_else(|| {
            let error = Error::new(Kind::Name, operation, format!("there is no class '{name}'"))
                .expected(format!("one of the {} classes of {}", self.classes.len(), self.name));
            let own = self.classes.iter().map(String::as_str);
            if nearest(name, own.clone()).is_some() {
                return error.near(name, own);
            }
            let some: Vec<&str> = own.take(MOST_NAMED).collect();
            let more = self.classes.len() - some.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            error.hint(format!("its classes are {}{more}", some.join(", ")))
        })
    }

    /// Only the clips of `split`.
    pub fn only(&self, split: Split) -> Dataset {
        self.with(self.of(split).cloned().collect())
    }

    /// The clips that `keep` says.
    ///
    /// # Errors
    /// What `keep` gives.
    pub fn filter<E>(
        &self,
        mut keep: impl FnMut(&Clip) -> std::result::Result<bool, E>,
    ) -> std::result::Result<Dataset, E> {
        let mut clips = Vec::new();
        for clip in self.clips.iter() {
            if keep(clip)? {
                clips.push(clip.clone());
            }
        }
        Ok(self.with(clips))
    }

    /// Only these classes, in this order. Clips lose their other labels; those that have none left are dropped.
    ///
    /// # Errors
    /// A class that is not there, or named twice.
    pub fn select(&self, names: &[String]) -> Result<Dataset> {
        let operation = "select";
        if names.is_empty() {
            return Err(Error::new(Kind::Name, operation, "no class is named")
                .expected("classes by their names")
                .received("[]"));
        }
        let mut places = vec![None; self.classes.len()];
        let (mut classes, mut class_ids) = (Vec::new(), Vec::new());
        for name in names {
            let old = self.class(operation, name)?;
            if classes.contains(name) {
                return Err(Error::new(Kind::Name, operation, "a class is named twice")
                    .received(format!("'{name}'")));
            }
            places[old] = Some(classes.len());
            classes.push(name.clone());
            class_ids.extend(self.class_ids.get(old).cloned());
        }
        Ok(self.moved(&places, classes, class_ids, true))
    }

    /// Classes by new names; several may get the same one, and `None` takes a class away. Those that are not mentioned
    /// keep their names. Clips that have no label left are dropped.
    ///
    /// # Errors
    /// A class that is not there.
    pub fn map_labels(&self, names: &BTreeMap<String, Option<String>>) -> Result<Dataset> {
        for name in names.keys() {
            self.class("map_labels", name)?;
        }
        let mut classes: Vec<String> = Vec::new();
        let place = |old: &String| -> Option<usize> {
            let new = names.get(old).cloned().unwrap_or_else(|| Some(old.clone()))?;
            Some(classes.iter().position(|own| *own == new).unwrap_or_else(|| {
                classes.push(new);
                classes.len() - 1
            }))
        };
        let places: Vec<Option<usize>> = self.classes.iter().map(place).collect();
        let ids = classes.clone();
        Ok(self.moved(&places, classes, ids, true))
    }

    /// Every class where `places` says; labels without a place are gone.
    fn moved(
        &self,
        places: &[Option<usize>],
        classes: Vec<String>,
        class_ids: Vec<String>,
        drops: bool,
    ) -> Dataset {
        let each = |clip: &Clip| {
            let mut labels: BTreeMap<usize, f32> = BTreeMap::new();
            for (old, weight) in &clip.labels {
                if let Some(new) = places.get(*old).copied().flatten() {
                    let known = labels.entry(new).or_insert(0.0);
                    // Two labels that became one are one label, of a clip with one class and of others.
                    *known = known.max(*weight);
                }
            }
            let is_lost = labels.is_empty() && !clip.labels.is_empty();
            let clip = Clip { labels: labels.into_iter().collect(), ..clip.clone() };
            (!is_lost || !drops).then_some(clip)
        };
        let clips = self.clips.iter().filter_map(each).collect();
        Dataset { classes, class_ids, ..self.with(clips) }
    }

    /// Labels from `names`, which gives a clip's classes by name. Classes are those that occur, in the order of the
    /// alphabet; where a clip has another number of them than one, the set is one with several labels.
    ///
    /// # Errors
    /// What `names` gives.
    pub fn relabel<E>(
        &self,
        mut names: impl FnMut(&Clip) -> std::result::Result<Vec<String>, E>,
    ) -> std::result::Result<Dataset, E> {
        let given: Vec<Vec<String>> =
            self.clips.iter().map(&mut names).collect::<std::result::Result<_, E>>()?;
        let occurring: BTreeSet<&String> = given.iter().flatten().collect();
        let classes: Vec<String> = occurring.into_iter().cloned().collect();
        let place = |name: &String| classes.binary_search(name).ok();
        let clips = self.clips.iter().zip(&given).map(|(clip, names)| {
            let once: BTreeSet<usize> = names.iter().filter_map(place).collect();
            let labels = once.into_iter().map(|class| (class, 1.0)).collect();
            Clip { labels, ..clip.clone() }
        });
        let clips: Vec<Clip> = clips.collect();
        let is_single = clips.iter().all(|clip| clip.labels.len() == 1);
        let labelling = if is_single { Labelling::Single } else { Labelling::Multi };
        let class_ids = classes.clone();
        Ok(Dataset { labelling, classes, class_ids, ..self.with(clips) })
    }

    /// The same clips without labels, e.g. for a teacher to label.
    pub fn unlabelled(&self) -> Dataset {
        let bare = |clip: &Clip| Clip { labels: Vec::new(), ..clip.clone() };
        self.with(self.clips.iter().map(bare).collect())
    }

    /// The clips of both. Classes are joined by name: this set's first, then what the other has besides. Where one of
    /// the sets has clips with several labels, so has the sum. A clip whose name is in both gets the other set's before
    /// its own.
    ///
    /// # Errors
    /// A clip that is in both.
    pub fn concat(&self, other: &Dataset) -> Result<Dataset> {
        let (mut classes, mut class_ids) = (self.classes.clone(), self.class_ids.clone());
        let mut places = Vec::new();
        for (name, id) in other.classes.iter().zip(&other.class_ids) {
            places.push(Some(classes.iter().position(|own| own == name).unwrap_or_else(|| {
                classes.push(name.clone());
                class_ids.push(id.clone());
                classes.len() - 1
            })));
        }
        let known: BTreeSet<_> = self.clips.iter().map(|clip| (&clip.file, span(clip))).collect();
        let ids: BTreeSet<&str> = self.clips.iter().map(|clip| clip.id.as_str()).collect();
        let theirs = other.moved(&places, classes.clone(), class_ids.clone(), false);
        let mut clips = self.clips.to_vec();
        let mut both = theirs.clips.iter().filter(|clip| known.contains(&(&clip.file, span(clip))));
        if let Some(first) = both.clone().next() {
            let split = first.split.name();
            let count = both.clone().count();
            let error =
                Error::new(Kind::Data, "concat", "a clip is in both sets").received(format!(
                    "{} of split '{split}'{}",
                    first.file.display(),
                    if count > 1 { format!(", and {} more", count - 1) } else { String::new() }
                ));
            let elsewhere = both.all(|clip| clip.split != Split::Train);
            return Err(match elsewhere {
                true => {
                    error.hint("take .only(\"train\") of one of the two: the other one has these")
                }
                false => error,
            });
        }
        for clip in theirs.clips.iter() {
            let mut clip = clip.clone();
            if ids.contains(clip.id.as_str()) {
                clip.id = format!("{}/{}", other.name, clip.id);
            }
            clips.push(clip);
        }
        let labelling = match (self.labelling, other.labelling) {
            (Labelling::Single, Labelling::Single) => Labelling::Single,
            _ => Labelling::Multi,
        };
        let lists = self.lists.iter().chain(&other.lists).cloned().collect();
        let left_out = self.left_out.iter().chain(other.left_out.iter()).cloned().collect();
        let name = format!("{} + {}", self.name, other.name);
        let left_out = std::sync::Arc::new(left_out);
        let remarks = self.remarks.iter().chain(other.remarks.iter()).cloned().collect::<Vec<_>>();
        let remarks = std::sync::Arc::new(remarks);
        let both = self.with(clips);
        Ok(Dataset { name, labelling, classes, class_ids, lists, left_out, remarks, ..both })
    }

    /// Each clip as windows of `seconds`, one every `hop_seconds`; the last one reaches to the end and may be shorter.
    /// Windows of one file are a group, unless its clips were one already.
    ///
    /// # Errors
    /// Lengths that are no positive numbers; more than four million windows.
    pub fn windows(&self, seconds: f64, hop_seconds: f64) -> Result<Dataset> {
        for (name, value) in [("seconds", seconds), ("hop_seconds", hop_seconds)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(Error::out_of_range("windows", name, "more than 0", value));
            }
        }
        let in_samples = |clip: &Clip, seconds: f64| {
            ((seconds * f64::from(clip.rate_hz)).round() as usize).max(1)
        };
        let count = |clip: &Clip| {
            let rest = clip.samples.saturating_sub(in_samples(clip, seconds));
            1 + rest.div_ceil(in_samples(clip, hop_seconds))
        };
        let windows: usize = self.clips.iter().map(count).sum();
        if windows > MOST_WINDOWS {
            return Err(Error::new(Kind::Range, "windows", "that would be too many clips")
                .expected(format!("{MOST_WINDOWS} windows at most"))
                .received(format!("{windows} windows, one every {hop_seconds} s"))
                .hint("give more seconds, and hop_seconds"));
        }
        let mut clips = Vec::new();
        for clip in self.clips.iter() {
            let (length, hop) = (in_samples(clip, seconds), in_samples(clip, hop_seconds));
            let first = clip.span.map_or(0, |span| span.start);
            let mut start = 0;
            loop {
                let samples = length.min(clip.samples - start);
                let from = start as f64 / f64::from(clip.rate_hz.max(1));
                clips.push(Clip {
                    id: match hop_seconds < 1e-3 {
                        true => format!("{}@{from:.6}", clip.id),
                        false => format!("{}@{from:.3}", clip.id),
                    },
                    span: Some(Span { start: first + start, samples }),
                    samples,
                    group: clip.group.clone().or_else(|| Some(clip.id.clone())),
                    ..clip.clone()
                });
                if start + length >= clip.samples || start + hop >= clip.samples {
                    break;
                }
                start += hop;
            }
        }
        Ok(self.with(clips))
    }
}

fn span(clip: &Clip) -> Option<(usize, usize)> {
    clip.span.map(|span| (span.start, span.samples))
}
