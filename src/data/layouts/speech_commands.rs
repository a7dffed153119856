//! Speech Commands' layout: a folder a word, and two lists of files that validate and test.

use super::tree::{is_audio, listed};
use super::{Listed, Listing, Reach, ReadOptions, finish, need_file, need_folder};
use crate::data::clip::{Row, Split};
use crate::data::dataset::Dataset;
use crate::error::{Error, Kind, Place, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// Recordings of rooms, from which no word is told.
const NOISE: &str = "_background_noise_";

/// Reads Speech Commands (v1 or v2): files in `validation_list.txt` validate, those in `testing_list.txt` test, all
/// others train. Classes are the words in the order of the alphabet; clips of one speaker are a group.
///
/// # Errors
/// A missing folder or list, a listed file that is not there, a clip that cannot be read.
pub fn speech_commands(folder: &Path, options: &ReadOptions, reach: &Reach) -> Result<Dataset> {
    let expected = "a folder with a folder a word, validation_list.txt and testing_list.txt";
    need_folder(folder, expected)?;
    options.check("dataset::speech_commands")?;
    let validation = need_file(folder, &["validation_list.txt"])?;
    let testing = need_file(folder, &["testing_list.txt"])?;
    let mut places: BTreeMap<String, (Split, Row)> = BTreeMap::new();
    for (path, split) in [(&validation, Split::Validation), (&testing, Split::Test)] {
        (reach.check)(path)?;
        let text = crate::disk::read_text(path)?;
        // Some editors begin a file with a mark that is no part of it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let row = Row { list: path.as_path().into(), line: index + 1 };
            if let Some((before, _)) = places.insert(line.trim().to_string(), (split, row)) {
                let doing = format!("reading {}", path.display());
                return Err(Error::new(Kind::Data, doing, "a file is listed twice")
                    .received(format!("{}, which is to {} already", line.trim(), before.name()))
                    .at(Place::row(path, index + 1)));
            }
        }
    }
    let (words, _) = listed(folder)?;
    let (mut classes, mut clips) = (Vec::new(), Vec::new());
    for word in words {
        let name = word.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name == NOISE {
            continue;
        }
        // A link that leads elsewhere is refused before it is looked into.
        (reach.check)(&word)?;
        let (_, files) = listed(&word)?;
        let files: Vec<_> = files.into_iter().filter(|file| is_audio(file)).collect();
        // A folder without clips is no word.
        if files.is_empty() {
            continue;
        }
        for file in files {
            let own = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let id = format!("{name}/{own}");
            let mut clip = Listed::new(id.clone(), file, None);
            if let Some((split, row)) = places.remove(&id) {
                (clip.split, clip.row) = (split, Some(row));
            }
            clip.labels = vec![classes.len()];
            clip.group = own.split_once("_nohash_").map(|(speaker, _)| speaker.to_string());
            clips.push(clip);
        }
        classes.push(name);
    }
    if let Some((name, (_, row))) = places.into_iter().next() {
        let doing = format!("reading {}", row.list.display());
        return Err(Error::new(Kind::Data, doing, "a listed file is not there")
            .received(name)
            .at(Place::row(&row.list, row.line)));
    }
    let listing = Listing::single(folder, classes, clips, vec![validation, testing]);
    finish(listing, options, reach)
}
