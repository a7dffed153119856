//! Folders that are read as data sets, and what is none of theirs.

use super::layouts::{fails, read, told, tree};
use stillroom::data::{CsvOptions, FoldersOptions, csv, folders};

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
