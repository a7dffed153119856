//! What is kept between runs about audio: facts of files, and features.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use stillroom::audio::Features;
use stillroom::audio::{FbankOptions, FeatureOptions};
use stillroom::data::{
    Caches, ClipSource, Facts, FeatureCache, FileIndex, FoldersOptions, FrontEnd, Width, folders,
    health,
};
use stillroom::error::{Error, Kind};

const FACTS: Facts = Facts { rate_hz: 8000, samples: 5, channels: 1, is_whole: false };

/// A file that nobody wrote to for a while.
fn old_file(folder: &Path, name: &str, content: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).expect("a file");
    let before = SystemTime::now() - Duration::from_secs(60);
    let file = std::fs::File::open(&path).expect("the file");
    file.set_modified(before).expect("an older time");
    path
}

/// Whether what is known of a file does without a look.
fn is_known(index: &FileIndex, file: &Path) -> bool {
    let look = || Err(Error::new(Kind::Internal, "a look", "not wanted"));
    index.facts(file, |_| true, look).is_ok()
}

#[test]
fn facts_of_unchanged_files_are_known_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("kept");
    let file = old_file(folder.path(), "a b.wav", "hello");
    let index = FileIndex::new(Some(kept.clone()));
    assert_eq!(index.facts(&file, |_| true, || Ok(FACTS)).expect("facts"), FACTS);
    let hash = index.blake3(&file).expect("a hash");
    index.save();
    let index = FileIndex::new(Some(kept.clone()));
    assert!(is_known(&index, &file));
    assert_eq!(index.blake3(&file).expect("a hash"), hash);
    // What is known may not be enough.
    assert!(
        index
            .facts(&file, |facts| facts.is_whole, || Err(Error::new(Kind::Data, "a look", "bad")))
            .is_err()
    );
    // Another content, even of the same length and with the old time put back.
    let before = std::fs::metadata(&file).and_then(|meta| meta.modified()).expect("a time");
    std::fs::write(&file, "jello").expect("written");
    std::fs::File::open(&file).and_then(|file| file.set_modified(before)).expect("put back");
    if cfg!(unix) {
        assert!(!is_known(&FileIndex::new(Some(kept)), &file));
    }
}

#[test]
fn files_that_were_just_written_are_not_trusted() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("new.wav");
    std::fs::write(&file, "x").expect("a file");
    let index = FileIndex::new(Some(folder.path().join("kept")));
    index.facts(&file, |_| true, || Ok(FACTS)).expect("facts");
    assert!(!is_known(&index, &file));
}

#[test]
fn a_damaged_index_is_made_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("kept");
    let file = old_file(folder.path(), "a.wav", "hello");
    let index = FileIndex::new(Some(kept.clone()));
    index.facts(&file, |_| true, || Ok(FACTS)).expect("facts");
    index.save();
    let own =
        std::fs::read_dir(&kept).expect("kept").next().expect("a file").expect("a file").path();
    let whole = std::fs::read(&own).expect("read");
    for place in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[place] ^= 1;
        std::fs::write(&own, &damaged).expect("written");
        assert!(!is_known(&FileIndex::new(Some(kept.clone())), &file), "byte {place}");
        std::fs::write(&own, &whole[..place]).expect("written");
        assert!(!is_known(&FileIndex::new(Some(kept.clone())), &file), "cut at {place}");
    }
    std::fs::write(&own, &whole).expect("written");
    assert!(is_known(&FileIndex::new(Some(kept.clone())), &file));
    // Who only reads leaves no trace.
    let other = old_file(folder.path(), "b.wav", "hello");
    let reading = FileIndex::reading(kept.clone());
    reading.facts(&other, |_| true, || Ok(FACTS)).expect("facts");
    reading.save();
    assert!(!is_known(&FileIndex::new(Some(kept)), &other));
}

fn features(first: f32) -> Features {
    Features {
        frames: 3,
        bins: 4,
        values: (0..12).map(|index| first + index as f32 / 8.0).collect(),
    }
}

fn key(index: usize) -> String {
    blake3::hash(&index.to_le_bytes()).to_hex().to_string()
}

#[test]
fn features_come_back_as_they_were_and_damage_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = FeatureCache::new(folder.path().join("features"), 1 << 20);
    assert!(cache.get(&key(0)).is_none());
    for (index, width) in [Width::F32, Width::F16].into_iter().enumerate() {
        cache.put(&key(index), &features(0.5), width);
        assert_eq!(cache.get(&key(index)), Some(features(0.5)));
    }
    let path = folder.path().join("features").join(&key(0)[..2]).join(key(0));
    let whole = std::fs::read(&path).expect("the file");
    for place in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x10;
        for bytes in [&damaged[..], &whole[..place]] {
            std::fs::write(&path, bytes).expect("written");
            assert!(cache.get(&key(0)).is_none(), "byte {place}");
            assert!(!path.exists(), "a damaged file is removed");
        }
    }
    cache.put(&key(0), &features(0.5), Width::F32);
    assert_eq!(cache.get(&key(0)), Some(features(0.5)));
    // That of another clip, put in its place by somebody, is damage as well.
    let other = folder.path().join("features").join(&key(1)[..2]).join(key(1));
    std::fs::copy(&other, &path).expect("copied");
    assert!(cache.get(&key(0)).is_none());
}

#[test]
fn what_was_not_used_for_longest_makes_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = folder.path().join("features");
    let one = {
        let cache = FeatureCache::new(own.clone(), 1 << 20);
        cache.put(&key(0), &features(0.0), Width::F32);
        std::fs::metadata(own.join(&key(0)[..2]).join(key(0))).expect("the file").len()
    };
    let cache = FeatureCache::new(own.clone(), 10 * one);
    for index in 1..10 {
        cache.put(&key(index), &features(index as f32), Width::F32);
    }
    let aged = |index: usize, seconds: u64| {
        let path = own.join(&key(index)[..2]).join(key(index));
        let time = SystemTime::now() - Duration::from_secs(seconds);
        std::fs::File::open(path).and_then(|file| file.set_modified(time)).expect("aged");
    };
    (0..10).for_each(|index| aged(index, 100_000 - index as u64));
    // Using one makes it new.
    assert!(cache.get(&key(0)).is_some());
    cache.put(&key(10), &features(10.0), Width::F32);
    let there: Vec<usize> = (0..=10).filter(|index| cache.get(&key(*index)).is_some()).collect();
    assert_eq!(there, [0, 3, 4, 5, 6, 7, 8, 9, 10]);
    // Larger than all of it is not kept, and nothing goes for it.
    let huge = Features { frames: 1000, bins: 10, values: vec![0.0; 10_000] };
    cache.put(&key(11), &huge, Width::F32);
    assert!(cache.get(&key(11)).is_none() && cache.get(&key(10)).is_some());
}

#[test]
fn sound_and_statistics_of_a_set_take_one_reading_of_its_clips() {
    let folder = super::layouts::tree(&[("dog/1.wav", ""), ("cat/2.wav", "")]);
    let set =
        || super::layouts::read(|reach| folders(folder.path(), &FoldersOptions::default(), reach));
    let front =
        FrontEnd::of(FeatureOptions::Fbank(FbankOptions { mels: 8, ..FbankOptions::default() }));
    let sources =
        |data| ClipSource::all(&data, &front, &Arc::new(Caches::none())).expect("sources");
    let [expected, ..] = sources(set().expect("a set"));
    let expected = expected.statistics().expect("numbers");
    let [train, ..] = sources(set().expect("a set"));
    assert_eq!(health(&train, true, &|| false).expect("sounds").len(), 2);
    std::fs::remove_dir_all(folder.path().join("dog")).expect("gone");
    assert_eq!(train.statistics().expect("numbers"), expected);
}
