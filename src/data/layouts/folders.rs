//! A folder a class, with or without a folder a split above.

use super::tree::{audio_below, holds_audio, is_audio, listed, unread_below};
use super::{Listed, Listing, Reach, ReadOptions, finish, need_folder, split_of};
use crate::data::clip::Split;
use crate::data::dataset::Dataset;
use crate::error::{Error, Kind, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The options of `dataset::folders`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoldersOptions {
    /// What all readers have.
    pub read: ReadOptions,
}

/// Reads `CLASS/clip.wav`, or `train/CLASS/clip.wav` and so on where every folder is called as a split is. Without such
/// folders all clips train: `split` or `k_fold` make the rest. Folders within a class's are read, too.
///
/// # Errors
/// A folder that is missing or holds no class with clips, a clip that cannot be read.
pub fn folders(folder: &Path, options: &FoldersOptions, reach: &Reach) -> Result<Dataset> {
    need_folder(
        folder,
        "a folder with a folder a class, or train/, validation/ and test/ with such",
    )?;
    options.read.check("dataset::folders")?;
    (reach.check)(folder)?;
    let parts = parts(folder, reach)?;
    let mut found: Vec<(Split, String, PathBuf)> = Vec::new();
    // A folder of splits is none of them.
    let above = listed(folder)?.1.into_iter().filter(|file| is_audio(file));
    let is_split = parts.iter().all(|(_, part)| part != folder);
    let mut beside: Vec<PathBuf> = above.filter(|_| is_split).collect();
    let (mut unread, mut empty) = (Vec::new(), Vec::new());
    for (split, part) in &parts {
        let (classes, files) = listed(part)?;
        beside.extend(files.into_iter().filter(|file| is_audio(file)));
        for class in classes {
            (reach.check)(&class)?;
            let files = audio_below(&class)?;
            unread.extend(unread_below(&class)?);
            if files.is_empty() {
                empty.push(name_of(&class));
            }
            found.extend(files.into_iter().map(|file| (*split, name_of(&class), file)));
        }
    }
    if found.is_empty() {
        let doing = format!("reading the data set {}", folder.display());
        return Err(Error::new(Kind::Data, doing, "no folder in it holds audio files")
            .expected("CLASS/clip.wav; .wav, .flac, .ogg and .mp3 count"));
    }
    let mut numbers: BTreeMap<String, usize> =
        found.iter().map(|(_, class, _)| (class.clone(), 0)).collect();
    for (index, number) in numbers.values_mut().enumerate() {
        *number = index;
    }
    let clips = found.into_iter().map(|(split, class, file)| {
        let id = crate::disk::slashed(file.strip_prefix(folder).unwrap_or(&file));
        let mut clip = Listed::new(id, file, None);
        clip.labels = numbers.get(&class).copied().into_iter().collect();
        clip.split = split;
        clip
    });
    let clips = clips.collect();
    let classes: Vec<String> = numbers.into_keys().collect();
    let mut listing = Listing::single(folder, classes, clips, Vec::new());
    // A folder of folders, called as a split is.
    let is_split = |name: &&String| {
        let inner = listed(&folder.join(name)).map(|(folders, _)| !folders.is_empty());
        split_of(name).is_some() && inner.unwrap_or(false)
    };
    let split = listing.classes.iter().find(is_split).cloned();
    if let Some(split) = split.filter(|_| listing.classes.len() > 1) {
        listing
            .remarks
            .push(format!("the folder '{split}' is a class, since others stand beside it"));
    }
    if let Some(first) = beside.first() {
        let shown = crate::disk::slashed(first.strip_prefix(folder).unwrap_or(first));
        let clips = if beside.len() == 1 { "clip lies" } else { "clips lie" };
        let told =
            format!("{} {clips} beside the folders of the classes, in none of them", beside.len());
        listing.remarks.push(format!("{told}: {shown}"));
    }
    if let Some(first) = unread.first() {
        let shown = crate::disk::slashed(first.strip_prefix(folder).unwrap_or(first));
        let files = if unread.len() == 1 { "file is" } else { "files are" };
        listing
            .remarks
            .push(format!("{} {files} of a format that is not read: {shown}", unread.len()));
    }
    if let Some(first) = empty.first() {
        listing.remarks.push(format!("the folder '{first}' holds no clips, and is no class"));
    }
    finish(listing, &options.read, reach)
}

/// The folders whose folders are classes, each with its split. What holds no clips is none of the set's.
fn parts(folder: &Path, reach: &Reach) -> Result<Vec<(Split, PathBuf)>> {
    let (mut splits, mut others) = (Vec::new(), Vec::new());
    for path in listed(folder)?.0 {
        (reach.check)(&path)?;
        if !holds_audio(&path)? {
            continue;
        }
        match split_of(&name_of(&path)) {
            Some(split) => splits.push((split, path)),
            None => others.push(name_of(&path)),
        }
    }
    let wrong = |problem: &str| {
        Error::new(Kind::Data, format!("reading the data set {}", folder.display()), problem)
    };
    let told: Vec<String> = splits.iter().map(|(_, path)| name_of(path)).collect();
    match (splits.len(), others.as_slice()) {
        (0, _) => Ok(vec![(Split::Train, folder.to_path_buf())]),
        (_, []) if splits.iter().any(|(split, _)| *split == Split::Train) => Ok(splits),
        (_, []) => Err(wrong("there is no folder of clips to train")
            .expected("train/ beside the others")
            .received(told.join(", "))),
        // A class may be called "train".
        (1, _) => Ok(vec![(Split::Train, folder.to_path_buf())]),
        (_, others) => Err(wrong("folders of splits stand beside others")
            .expected("train/, validation/ and test/ alone, or a folder a class")
            .received(format!("{} beside {}", told.join(", "), others.join(", ")))
            .hint("move the others away; where these are classes, give them other names")),
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
