//! Folders that are read as data sets, and what is none of theirs.

use super::layouts::{fails, read, told, tree};
use stillroom::data::{CsvOptions, Draw, Esc50Options, FoldersOptions, Folds, csv, esc50, folders};

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

#[test]
fn files_that_are_not_read_and_folders_without_clips_are_told() {
    let folder = tree(&[
        ("cat/1.wav", ""),
        ("cat/2.aiff", "FORM"),
        ("dog/3.wav", ""),
        ("dog/deep/4.m4a", "x"),
        ("owl/note.txt", "x"),
    ]);
    let data = read(|reach| folders(folder.path(), &FoldersOptions::default(), reach));
    let remarks = [
        "2 files are of a format that is not read: cat/2.aiff",
        "the folder 'owl' holds no clips, and is no class",
    ];
    assert_eq!(data.expect("the set").remarks.as_slice(), remarks);
}

#[test]
fn what_clips_are_for_is_said_once() {
    let folder = tree(&[("one.wav", ""), ("two.wav", "")]);
    let list = folder.path().join("list.csv");
    let rows = "filename,label,fold,split\none.wav,a,1,train\ntwo.wav,b,2,test\n";
    std::fs::write(&list, rows).expect("the list");
    let options = CsvOptions {
        label: Some("label".into()),
        fold: Some("fold".into()),
        folds: Some(Folds { test: 1, validation: None }),
        ..CsvOptions::default()
    };
    assert!(read(|reach| csv(&list, &options, reach)).is_ok());
    let options = CsvOptions { split: Some("split".into()), ..options };
    fails(read(|reach| csv(&list, &options, reach)), &["what clips are for is said twice"]);
}

#[test]
fn names_that_contradict_their_table_are_told() {
    let table = "filename,fold,target,category\n1-10-A-0.wav,1,0,dog\n2-11-A-0.wav,3,0,dog\n\
                 2-12-B-1.wav,2,1,cat\nother-1-name-7.wav,3,1,cat\n";
    let names = ["1-10-A-0", "2-11-A-0", "2-12-B-1", "other-1-name-7"];
    let files = names.map(|name| format!("audio/{name}.wav"));
    let mut all: Vec<(&str, &str)> = files.iter().map(|name| (name.as_str(), "")).collect();
    all.push(("meta/esc50.csv", table));
    let folder = tree(&all);
    let folds = Folds { test: 3, validation: None };
    let options = Esc50Options { folds, ..Esc50Options::default() };
    let data = read(|reach| esc50(folder.path(), &options, reach)).expect("the set");
    let remark = "1 name contradicts the table, line 3: 2-11-A-0 is in fold 3 with target 0";
    assert_eq!(data.remarks.as_slice(), [remark]);
    std::fs::write(
        folder.path().join("meta/esc50.csv"),
        table.replace("1-10-A-0.wav,1", "1-10-A-0.wav,0"),
    )
    .expect("a table");
    let data = read(|reach| esc50(folder.path(), &options, reach));
    fails(data, &["folds are counted from 1", "fold 0"]);
}

#[test]
fn shares_and_folds_that_leave_nothing_are_refused() {
    let folder =
        tree(&[("cat/1.wav", ""), ("cat/2.wav", ""), ("dog/3.wav", ""), ("dog/4.wav", "")]);
    let data = read(|reach| folders(folder.path(), &FoldersOptions::default(), reach));
    let data = data.expect("the set");
    let draw = Draw { seed: 0, stratified: true, by_group: true };
    let told = data.split(0.0, 0.01, draw).expect_err("no clip").to_string();
    assert!(told.contains("no clip is left to test"), "{told}");
    let folds = Folds { test: 1, validation: None };
    assert!(data.k_fold(4, folds, draw).is_ok());
    let told = data.k_fold(5, folds, draw).expect_err("an empty fold").to_string();
    assert!(told.contains("there are more folds than recordings"), "{told}");
    let told = data.select(&[]).expect_err("no class").to_string();
    assert!(told.contains("no class is named"), "{told}");
}
