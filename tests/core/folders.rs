//! Folders that are read as data sets, and what is none of theirs.

use super::layouts::{fails, read, told, tree};
use stillroom::data::{CsvOptions, Draw, FoldersOptions, csv, folders};

#[test]
fn folders_that_are_no_splits_are_no_classes_by_mistake() {
    let options = FoldersOptions::default();
    let all = [("train/dog/1.wav", ""), ("test/dog/3.wav", "")];
    let told_of = |more: &[(&str, &str)]| {
        let folder = tree(&[&all[..], more].concat());
        read(|reach| folders(folder.path(), &options, reach)).map(|data| told(&data))
    };
    let plain = told_of(&[]).expect("the set");
    assert_eq!(told_of(&[("docs/readme.txt", "x")]).expect("the set"), plain);
    let error = told_of(&[("noise/4.wav", "")]).expect_err("ambiguous").to_string();
    assert!(error.contains("folders of splits stand beside others"), "{error}");
    assert!(error.contains("test, train beside noise"), "{error}");
    // A class may be called so.
    let folder = tree(&[("train/1.wav", ""), ("dog/2.wav", "")]);
    let data = read(|reach| folders(folder.path(), &options, reach)).expect("the set");
    assert_eq!(told(&data), ["dog/2.wav train dog", "train/1.wav train train"]);
    let folder = tree(&[("test/dog/1.wav", ""), ("val/dog/2.wav", "")]);
    let data = read(|reach| folders(folder.path(), &options, reach));
    fails(data, &["there is no folder of clips to train"]);
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_above_is_no_folder_of_clips() {
    let folder = tree(&[("dog/1.wav", ""), ("cat/2.wav", "")]);
    for to in ["..", "."] {
        let link = folder.path().join("dog/loop");
        std::os::unix::fs::symlink(to, &link).expect("a link");
        let data = read(|reach| folders(folder.path(), &FoldersOptions::default(), reach));
        fails(data, &["a link goes in a circle", "loop"]);
        std::fs::remove_file(&link).expect("removed");
    }
}

#[test]
fn two_classes_of_one_name_are_none() {
    let folder = tree(&[("one.wav", ""), ("two.wav", "")]);
    let list = folder.path().join("list.csv");
    std::fs::write(&list, "filename,label\none.wav,a\ntwo.wav,b\n").expect("the list");
    let classes = Some(["a", "b", "a"].map(String::from).to_vec());
    let options = CsvOptions { label: Some("label".into()), classes, ..CsvOptions::default() };
    let data = read(|reach| csv(&list, &options, reach));
    fails(data, &["two classes have one name", "'a', as classes 0 and 2"]);
}

#[test]
fn clips_beside_the_folders_of_the_classes_are_told() {
    let options = FoldersOptions::default();
    let folder = tree(&[("dog/1.wav", ""), ("cat/2.wav", ""), ("lost.wav", ""), ("note.txt", "x")]);
    let data = read(|reach| folders(folder.path(), &options, reach)).expect("the set");
    assert_eq!(told(&data), ["cat/2.wav train cat", "dog/1.wav train dog"]);
    let remark = "1 clip lies beside the folders of the classes, in none of them: lost.wav";
    assert_eq!(data.remarks.as_slice(), [remark]);
    let folder = tree(&[
        ("train/dog/1.wav", ""),
        ("test/dog/3.wav", ""),
        ("train/4.wav", ""),
        ("5.wav", ""),
    ]);
    let data = read(|reach| folders(folder.path(), &options, reach)).expect("the set");
    let remark = "2 clips lie beside the folders of the classes, in none of them: 5.wav";
    assert_eq!(data.remarks.as_slice(), [remark]);
    let folder = tree(&[("dog/1.wav", ""), ("cat/2.wav", "")]);
    let data = read(|reach| folders(folder.path(), &options, reach)).expect("the set");
    assert_eq!(data.remarks.as_slice(), [] as [String; 0]);
}

#[test]
fn parts_that_end_behind_their_file_are_told() {
    let folder = tree(&[("one.wav", "")]);
    let list = folder.path().join("list.csv");
    let read_with = |rows: &str| {
        std::fs::write(&list, format!("filename,label,from,to\n{rows}")).expect("the list");
        let times = Some(["from", "to"].map(String::from));
        let options = CsvOptions { label: Some("label".into()), times, ..CsvOptions::default() };
        read(|reach| csv(&list, &options, reach)).expect("the set").remarks
    };
    assert!(read_with("one.wav,a,0,0.02\n").is_empty());
    let told = read_with("one.wav,a,0,0.02\none.wav,b,0.01,9\n");
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("1 part ends behind the end of the file: "), "{}", told[0]);
    assert!(told[0].contains(" to 9 s in line 3, of "), "{}", told[0]);
}

#[test]
fn parts_of_one_file_are_one_recording() {
    let folder = tree(&[("one.wav", "4000"), ("two.wav", "4000"), ("three.wav", "4000")]);
    let list = folder.path().join("list.csv");
    let rows = ["one", "two", "three"].map(|name| {
        let part = |at: usize| format!("{name}.wav,a,{}.{at},{}.{}\n", 0, 0, at + 1);
        (0..4).map(part).collect::<String>()
    });
    std::fs::write(&list, format!("filename,label,from,to\n{}", rows.concat())).expect("the list");
    let times = Some(["from", "to"].map(String::from));
    let options = CsvOptions { label: Some("label".into()), times, ..CsvOptions::default() };
    let data = read(|reach| csv(&list, &options, reach)).expect("the set");
    assert_eq!(data.clips[1].id, "one.wav@0.100-0.200");
    let draw = Draw { seed: 0, stratified: true, by_group: true };
    let split = data.split(0.0, 0.34, draw).expect("a split");
    for clips in split.clips.chunks(4) {
        assert!(clips.iter().all(|clip| clip.split == clips[0].split), "{clips:?}");
    }
    let none = data.split(0.0, 0.999, Draw { by_group: false, ..draw }).expect_err("no clip");
    assert!(none.to_string().contains("no clip is left to train"), "{none}");
}

#[test]
fn labels_that_may_be_several_are_told() {
    let folder = tree(&[("one.wav", ""), ("two.wav", ""), ("three.wav", "")]);
    let list = folder.path().join("list.csv");
    std::fs::write(&list, "filename,tags\none.wav,dog;rain\ntwo.wav,rain\nthree.wav,dog\n")
        .expect("the list");
    let options = CsvOptions { labels: Some("tags".into()), ..CsvOptions::default() };
    let data = read(|reach| csv(&list, &options, reach)).expect("the set");
    assert_eq!(data.remarks.as_slice(), ["'dog;rain' is one class: label_separator is \",\""]);
}
