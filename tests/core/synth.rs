//! The built-in example: the same bytes on every machine.

use crate::support::example;
use stillroom::data::{Esc50Options, FileIndex, Reach, Split, esc50};

#[test]
fn its_bytes_never_change() {
    let mut hasher = blake3::Hasher::new();
    let table = std::fs::read_to_string(example().join("meta/esc50.csv")).expect("the table");
    hasher.update(table.as_bytes());
    for line in table.lines().skip(1) {
        let name = line.split(',').next().expect("a name");
        hasher.update(&std::fs::read(example().join("audio").join(name)).expect("a clip"));
    }
    insta::assert_snapshot!(hasher.finalize().to_hex(), @"311ee5df327cafc4432a6e97d477fa53851671dee82ceaa4132c9227333087a8");
}

#[test]
fn it_has_ten_classes_in_five_folds() {
    let data = esc50(example(), &Esc50Options::default(), &Reach::anywhere(&FileIndex::new(None)))
        .expect("the example");
    assert_eq!(
        (data.classes.len(), data.count(Split::Train), data.count(Split::Test)),
        (10, 400, 100)
    );
    assert_eq!(data.rate_hz(), Some(16_000));
    assert!(data.clips.iter().all(|clip| clip.samples == 24_000));
}
