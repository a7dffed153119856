//! AudioSet's lists of segments beside a folder of clips: what is gone from the net is left out, and counted.

use super::json_list::classes;
use super::tree::audio_below;
use super::{Listed, Listing, Reach, ReadOptions, finish, need_file, need_folder};
use crate::data::clip::{Row, Split};
use crate::data::dataset::{Dataset, Labelling, LeftOut};
use crate::data::ontology::Ontology;
use crate::data::table::{Form, Table};
use crate::error::{Error, Kind, Place, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Characters of a video's id.
const ID: usize = 11;

/// Which lists train.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Segments {
    /// `balanced_train_segments.csv`.
    #[default]
    Balanced,
    /// `unbalanced_train_segments.csv`.
    Unbalanced,
    /// Both.
    Full,
}

impl Segments {
    /// Their names in recipes.
    pub const NAMES: [(&'static str, Segments); 3] = [
        ("balanced", Segments::Balanced),
        ("unbalanced", Segments::Unbalanced),
        ("full", Segments::Full),
    ];

    fn files(self) -> &'static [&'static str] {
        match self {
            Segments::Balanced => &["balanced_train_segments.csv"],
            Segments::Unbalanced => &["unbalanced_train_segments.csv"],
            Segments::Full => &["balanced_train_segments.csv", "unbalanced_train_segments.csv"],
        }
    }
}

/// The options of `dataset::audioset`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AudioSetOptions {
    /// Which lists train.
    pub train: Segments,
    /// The folder of the clips; `None`: the set's own folder.
    pub audio: Option<PathBuf>,
    /// Strong labels, `segment_id, start_time_seconds, end_time_seconds, label`, separated by tabs: a clip has every
    /// label that it has at any time, and clips without any are left out.
    pub strong: Option<PathBuf>,
    /// Whether `ontology.json` adds the classes above a clip's classes, as far as the set has them.
    pub propagate: bool,
    /// What all readers have.
    pub read: ReadOptions,
}

/// Reads AudioSet: the balanced, the unbalanced, or both lists train, `eval_segments.csv` tests. Clips are looked for by
/// the video's id anywhere below the folder: `ID.wav`, `YID.wav`, `ID_30000.wav`, `ID_30_40.flac` and the like.
///
/// # Errors
/// A missing folder or list, a row that cannot be read, a label that is not in `class_labels_indices.csv`; no clip at all.
pub fn audioset(folder: &Path, options: &AudioSetOptions, reach: &Reach) -> Result<Dataset> {
    need_folder(folder, "a folder with the segments' lists, class_labels_indices.csv and clips")?;
    options.read.check("dataset::audioset")?;
    let list = |names: &[&str]| {
        let path = need_file(folder, names)?;
        (reach.check)(&path)?;
        Ok(path)
    };
    let labels = list(&["class_labels_indices.csv"])?;
    let (classes, class_ids) = classes(&labels)?;
    let places: BTreeMap<&str, usize> =
        class_ids.iter().enumerate().map(|(index, id)| (id.as_str(), index)).collect();
    let audio = options.audio.as_deref().unwrap_or(folder);
    need_folder(audio, "a folder of clips")?;
    (reach.check)(audio)?;
    let there = by_id(audio_below(audio)?);
    let strong = options.strong.as_deref().map(|path| strong(path, &places, reach)).transpose()?;
    let mut lists = vec![labels];
    let (mut clips, mut left_out, mut several) = (Vec::new(), Vec::new(), Vec::new());
    for (names, split) in
        [(options.train.files(), Split::Train), (&["eval_segments.csv"], Split::Test)]
    {
        for name in names {
            let path = list(&[name])?;
            for mut segment in segments(&path, &places)? {
                if let Some(strong) = &strong {
                    segment.labels = strong.labels.get(&segment.name).cloned().unwrap_or_default();
                }
                let row = Row { list: path.as_path().into(), line: segment.line };
                let others = strong.as_ref().and_then(|own| own.others.get(&segment.name));
                let why = match (find(&there, &segment), others) {
                    (_, Some(other)) if segment.labels.is_empty() => {
                        format!("its strong labels are not in class_labels_indices.csv: {other}")
                    }
                    _ if segment.labels.is_empty() => "it has no label".to_string(),
                    (Fitting::Nothing, _) => "no clip of that video is there".to_string(),
                    (Fitting::Elsewhere(file), _) => {
                        format!("the clip of that video begins elsewhere: {}", name_of(file))
                    }
                    (Fitting::File { file, another }, _) => {
                        several.extend(another.map(|other| [file, other].map(name_of)));
                        let mut clip = Listed::new(segment.name, file.to_path_buf(), Some(row));
                        (clip.labels, clip.split) = (segment.labels, split);
                        clip.group = Some(segment.id);
                        clips.push(clip);
                        continue;
                    }
                };
                left_out.push(LeftOut { file: segment.name.into(), row: Some(row), why });
            }
            lists.push(path);
        }
    }
    if options.propagate {
        let path = list(&["ontology.json"])?;
        let ontology = Ontology::read(&path)?;
        clips.iter_mut().for_each(|clip| ontology.propagate(&mut clip.labels, &class_ids));
        lists.push(path);
    }
    let (name, labelling) = (folder.display().to_string(), Labelling::Multi);
    let mut remarks: Vec<String> = strong.and_then(|own| own.remark()).into_iter().collect();
    if let Some([taken, other]) = several.first() {
        let have = if several.len() == 1 { "segment has" } else { "segments have" };
        remarks.push(format!(
            "{} {have} several files, of which one is read: {taken}, not {other}",
            several.len()
        ));
    }
    let listing = Listing { name, labelling, classes, class_ids, clips, lists, left_out, remarks };
    finish(listing, &options.read, reach)
}

/// A row of a list of segments.
struct Segment {
    line: usize,
    /// The video.
    id: String,
    /// The video and where the segment begins, as strong labels name it: `ID_30000`.
    name: String,
    start: f64,
    labels: Vec<usize>,
}

/// The rows of a list: `ID, 30.000, 40.000, "/m/09x0r,/t/dd00088"`, with comments before them. A quote after a space is
/// no CSV, so the first three cells are cut off by hand; ids begin with anything, `-` included.
fn segments(path: &Path, places: &BTreeMap<&str, usize>) -> Result<Vec<Segment>> {
    let text = crate::disk::read_text(path)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let damaged = |line: usize, problem: &str| {
        let doing = format!("reading {}", path.display());
        Error::new(Kind::Data, doing, problem.to_string()).at(Place::row(path, line))
    };
    let mut segments = Vec::new();
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    for (line, row) in lines.filter(|(_, row)| !row.is_empty() && !row.starts_with('#')) {
        let cells: Vec<&str> = row.splitn(4, ',').map(str::trim).collect();
        let [id, start, end, labels] = cells.as_slice() else {
            return Err(damaged(line, "the row has too few cells")
                .expected("YTID, start_seconds, end_seconds, \"labels\"")
                .received(row));
        };
        if *id == "YTID" {
            continue;
        }
        let seconds = |text: &str| {
            let value = text.parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0);
            value.ok_or_else(|| damaged(line, "a time is no number").received(text))
        };
        let start = seconds(start)?;
        let end = seconds(end)?;
        if end <= start {
            return Err(damaged(line, "the segment ends before it has begun")
                .received(format!("{start} s to {end} s")));
        }
        let mut own = Vec::new();
        for label in labels.trim_matches('"').split(',').map(str::trim).filter(|l| !l.is_empty()) {
            own.push(*places.get(label).ok_or_else(|| {
                damaged(line, "a label is not in class_labels_indices.csv").received(label)
            })?);
        }
        let name = format!("{id}_{}", (start * 1000.0).round() as u64);
        segments.push(Segment { line, id: id.to_string(), name, start, labels: own });
    }
    if segments.is_empty() {
        return Err(damaged(1, "the table lists no clip"));
    }
    Ok(segments)
}

/// Clips by the video's id that their names begin with, with or without the `Y` that some tools put before it.
fn by_id(files: Vec<PathBuf>) -> BTreeMap<String, Vec<PathBuf>> {
    let mut found: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in files {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let ends =
            |rest: Option<&str>| rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
        for own in [Some(stem.as_str()), stem.strip_prefix('Y')].into_iter().flatten() {
            if let (Some(id), true) = (own.get(..ID), ends(own.get(ID..))) {
                found.entry(id.to_string()).or_default().push(file.clone());
            }
        }
    }
    found
}

/// What there is of a segment.
enum Fitting<'a> {
    /// Nothing of its video.
    Nothing,
    /// A file of its video that says that it begins elsewhere.
    Elsewhere(&'a Path),
    /// Its file, and another one that says the same.
    File { file: &'a Path, another: Option<&'a Path> },
}

/// The clip of a segment: the one that names the segment's start, or one of its video that names none.
fn find<'a>(there: &'a BTreeMap<String, Vec<PathBuf>>, segment: &Segment) -> Fitting<'a> {
    let files = there.get(&segment.id).map(Vec::as_slice).unwrap_or_default();
    let starts = |file: &Path| -> Option<bool> {
        let stem = file.file_stem()?.to_str()?;
        let own = stem.split(&segment.id).nth(1)?.trim_start_matches('_');
        if own.is_empty() {
            return None;
        }
        let first: f64 = own.split('_').next()?.parse().ok()?;
        // Some tools write seconds, some milliseconds.
        let is_start = |value: f64| (first - value).abs() < 0.5;
        Some(is_start(segment.start) || is_start(segment.start * 1000.0))
    };
    let named = |said: Option<bool>| {
        files.iter().map(PathBuf::as_path).filter(move |file| starts(file) == said)
    };
    let mut fitting = named(Some(true)).chain(named(None));
    match (fitting.next(), files.first()) {
        (Some(file), _) => Fitting::File { file, another: fitting.next() },
        (None, Some(other)) => Fitting::Elsewhere(other),
        (None, None) => Fitting::Nothing,
    }
}

/// A file's name with its folder's, which tells two of one name apart.
fn name_of(file: &Path) -> String {
    let names: Vec<_> = file.iter().rev().take(2).map(|own| own.to_string_lossy()).collect();
    names.into_iter().rev().collect::<Vec<_>>().join("/")
}

/// Strong labels.
struct Strong {
    /// All labels of each segment.
    labels: BTreeMap<String, Vec<usize>>,
    /// Of each segment with labels of other classes, the first of them.
    others: BTreeMap<String, String>,
    /// Rows in all, and those of other classes.
    rows: [usize; 2],
}

impl Strong {
    /// Strong labels have classes of their own beside the 527.
    fn remark(&self) -> Option<String> {
        let [all, others] = self.rows;
        let (_, first) = self.others.iter().next()?;
        Some(format!(
            "{others} of {all} strong labels are of classes that class_labels_indices.csv does not have: {first}"
        ))
    }
}

fn strong(path: &Path, places: &BTreeMap<&str, usize>, reach: &Reach) -> Result<Strong> {
    (reach.check)(path)?;
    let table = Table::read(path, &Form { separator: b'\t', has_header: true })?;
    let (segment, label) = (table.column("segment_id")?, table.column("label")?);
    let times = ["start_time_seconds", "end_time_seconds"].map(|name| table.find(name));
    let mut strong =
        Strong { labels: BTreeMap::new(), others: BTreeMap::new(), rows: [table.rows.len(), 0] };
    for row in &table.rows {
        if let [Some(start), Some(end)] = times {
            let seconds = |column: usize| row.get(column).parse::<f64>().ok();
            let is_time = match (seconds(start), seconds(end)) {
                (Some(start), Some(end)) => 0.0 <= start && start <= end && end.is_finite(),
                _ => false,
            };
            if !is_time {
                return Err(table
                    .damaged(row.line, "the times of a label are none")
                    .expected("seconds, the second time not before the first")
                    .received(format!("'{}' to '{}'", row.get(start), row.get(end))));
            }
        }
        let name = row.get(segment).to_string();
        match places.get(row.get(label)) {
            Some(place) => strong.labels.entry(name).or_default().push(*place),
            None => {
                strong.rows[1] += 1;
                strong.others.entry(name).or_insert_with(|| row.get(label).to_string());
            }
        }
    }
    Ok(strong)
}
