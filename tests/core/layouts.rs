//! Readers of the published layouts, each from a tree as published, with its traps.

use std::path::{Path, PathBuf};
use stillroom::audio::{Samples, wav};
use stillroom::data::{
    AudioSetOptions, CsvOptions, Dataset, Esc50Options, FileIndex, FoldersOptions, Folds,
    Fsd50kOptions, JsonOptions, Labelling, OnBad, Reach, ReadOptions, Segments, Split, audioset,
    csv, esc50, folders, fsd50k, json, speech_commands, urbansound8k,
};
use stillroom::error::Result;
use tempfile::TempDir;

/// A tree of files; what ends in .wav is a clip of so many samples at 8 kHz.
pub fn tree(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        match name.ends_with(".wav") {
            true => clip(&path, content.parse().unwrap_or(800)),
            false => std::fs::write(&path, content).expect("a file"),
        }
    }
    folder
}

pub fn clip(path: &Path, samples: usize) {
    // Another content for every name.
    let first = path.to_string_lossy().bytes().map(f32::from).sum::<f32>() % 97.0 / 200.0;
    let values = (0..samples).map(|index| first + index as f32 * 1e-5).collect();
    wav::write(path, &Samples { rate_hz: 8000, values }).expect("a clip");
}

pub fn read<T>(act: impl FnOnce(&Reach) -> Result<T>) -> Result<T> {
    act(&Reach::anywhere(&FileIndex::new(None)))
}

/// Each clip as `id split classes`.
pub(super) fn told(data: &Dataset) -> Vec<String> {
    let line = |clip: &stillroom::data::Clip| {
        let names: Vec<&str> =
            clip.labels.iter().map(|(class, _)| data.classes[*class].as_str()).collect();
        format!("{} {} {}", clip.id, clip.split.name(), names.join("+"))
    };
    data.clips.iter().map(line).collect()
}

#[track_caller]
pub(super) fn fails<T: std::fmt::Debug>(outcome: Result<T>, words: &[&str]) {
    let text = outcome.expect_err("an error").to_string();
    for word in words {
        assert!(text.contains(word), "no {word:?} in\n{text}");
    }
}

#[test]
fn esc50_with_its_esc10() {
    let table = "\u{feff}filename,fold,target,category,esc10,src_file,take\r\n\
                 1-1-A-0.wav,1,0,dog,True,1,A\r\n\
                 2-2-A-14.wav,2,14,\"chirping, birds\",False,2,A\r\n\
                 3-1-B-0.wav,3,0,dog,True,1,B\r\n";
    let folder = tree(&[
        ("meta/esc50.csv", table),
        ("audio/1-1-A-0.wav", ""),
        ("audio/2-2-A-14.wav", ""),
        ("audio/3-1-B-0.wav", ""),
    ]);
    let folds = Folds { test: 3, validation: Some(2) };
    let options = Esc50Options { folds, ..Esc50Options::default() };
    let data = read(|reach| esc50(folder.path(), &options, reach)).expect("the set");
    assert_eq!(
        told(&data),
        [
            "1-1-A-0.wav train dog",
            "2-2-A-14.wav validation chirping, birds",
            "3-1-B-0.wav test dog"
        ]
    );
    assert_eq!(data.clips[0].group, data.clips[2].group);
    assert_eq!(data.clips[1].row.as_ref().map(|row| row.line), Some(3));
    let options =
        Esc50Options { folds: Folds { test: 3, validation: None }, esc10: true, ..options };
    let data = read(|reach| esc50(folder.path(), &options, reach)).expect("the set");
    assert_eq!((data.classes.len(), data.clips.len()), (1, 2));
    let options = Esc50Options { folds: Folds { test: 4, validation: None }, ..options };
    fails(
        read(|reach| esc50(folder.path(), &options, reach)),
        &["no clip is left to test", "fold 4", "[1, 3]"],
    );
}

const VOCABULARY: &str = "0,Accordion,/m/0mkg\n1,\"Bark\",/m/05tny_\n2,Dog,/m/0bt9lr\n";

#[test]
fn fsd50k_with_its_three_lists() {
    let files = |dev: &str| {
        tree(&[
            ("FSD50K.ground_truth/vocabulary.csv", VOCABULARY),
            ("FSD50K.ground_truth/dev.csv", dev),
            ("FSD50K.ground_truth/eval.csv", "fname,labels,mids\n30,Accordion,/m/0mkg\n"),
            ("FSD50K.dev_audio/10.wav", ""),
            ("FSD50K.dev_audio/20.wav", ""),
            ("FSD50K.eval_audio/30.wav", ""),
        ])
    };
    let folder = files(
        "fname,labels,mids,split\n10,\"Dog,Bark\",\"/m/0bt9lr,/m/05tny_\",train\n20,Dog,/m/0bt9lr,val\n",
    );
    let options = Fsd50kOptions::default();
    let data = read(|reach| fsd50k(folder.path(), &options, reach)).expect("the set");
    assert_eq!(data.labelling, Labelling::Multi);
    assert_eq!(data.class_ids[1], "/m/05tny_");
    assert_eq!(told(&data), ["10 train Bark+Dog", "20 validation Dog", "30 test Accordion"]);
    let folder = files("fname,labels,mids,split\n10,\"Dog,Brak\",x,train\n");
    fails(
        read(|reach| fsd50k(folder.path(), &options, reach)),
        &["dev.csv:2", "'Brak'", "did you mean 'Bark'"],
    );
    let folder = files("fname,labels,mids,split\n10,Dog,/m/0bt9lr,training\n");
    fails(read(|reach| fsd50k(folder.path(), &options, reach)), &["dev.csv:2", "train or val"]);
    let folder = files("fname,labels,mids,split\n10,Dog,/m/0mkg,train\n");
    fails(
        read(|reach| fsd50k(folder.path(), &options, reach)),
        &["dev.csv:2", "contradict each other", "'/m/0bt9lr'", "'/m/0mkg'"],
    );
    let folder = files("fname,labels,mids,split\n../../etc,Dog,x,train\n");
    fails(read(|reach| fsd50k(folder.path(), &options, reach)), &["dev.csv:2", "../../etc"]);
}

const LABELS: &str = "index,mid,display_name\n0,/m/09x0r,\"Speech\"\n1,/m/05tny_,\"Bark\"\n2,/m/0bt9lr,\"Dog\"\n3,/m/01,\"Speech, child\"\n";
const HEAD: &str = "# Segments csv created Sun Mar  5 10:54:25 2017\n# num_ytids=3\n# YTID, start_seconds, end_seconds, positive_labels\n";

#[test]
fn audioset_with_ids_that_begin_with_anything_and_clips_that_are_gone() {
    let balanced = format!(
        "{HEAD}--4gqARaEJE, 0.000, 10.000, \"/m/09x0r,/m/01\"\n-abcdefghij, 30.000, 40.000, \"/m/05tny_\"\n_gone_fromYT, 0.000, 10.000, \"/m/0bt9lr\"\n"
    );
    let eval = format!(
        "{HEAD}Yabcdefghij, 30.000, 40.000, \"/m/0bt9lr\"\nYabcdefghij, 90.000, 100.000, \"/m/09x0r\"\n"
    );
    let ontology = r#"[{"id": "/m/0bt9lr", "name": "Dog", "child_ids": ["/m/05tny_"]},
        {"id": "/m/05tny_", "name": "Bark", "child_ids": []},
        {"id": "/m/09x0r", "name": "Speech", "child_ids": ["/m/01"]}]"#;
    let strong = "segment_id\tstart_time_seconds\tend_time_seconds\tlabel\n-abcdefghij_30000\t0\t1\t/m/0bt9lr\n--4gqARaEJE_0\t0\t1\t/m/09x0r\n--4gqARaEJE_0\t2\t3\t/t/strong\nYabcdefghij_30000\t0\t1\t/m/01\n";
    let folder = tree(&[
        ("class_labels_indices.csv", LABELS),
        ("balanced_train_segments.csv", &balanced),
        (
            "unbalanced_train_segments.csv",
            &format!("{HEAD}zzzzzzzzzzz, 1.000, 11.000, \"/m/01\"\n"),
        ),
        ("eval_segments.csv", &eval),
        ("ontology.json", ontology),
        ("strong.tsv", strong),
        ("audio/train/Y--4gqARaEJE.wav", ""),
        ("audio/train/-abcdefghij_30000_40000.wav", ""),
        ("audio/train/zzzzzzzzzzz.wav", ""),
        ("audio/eval/Yabcdefghij_90.000.wav", ""),
        ("audio/eval/Yabcdefghij_30.000.wav", ""),
    ]);
    let options = AudioSetOptions::default();
    let data = read(|reach| audioset(folder.path(), &options, reach)).expect("the set");
    assert_eq!(
        told(&data),
        [
            "--4gqARaEJE_0 train Speech+Speech, child",
            "-abcdefghij_30000 train Bark",
            "Yabcdefghij_30000 test Dog",
            "Yabcdefghij_90000 test Speech"
        ]
    );
    assert!(data.clips[2].file.ends_with("Yabcdefghij_30.000.wav"));
    assert_eq!(data.left_out.len(), 1);
    assert_eq!(data.left_out[0].why, "no clip of that video is there");
    assert_eq!(data.left_out[0].row.as_ref().map(|row| row.line), Some(6));
    let full = AudioSetOptions { train: Segments::Full, propagate: true, ..options.clone() };
    let data = read(|reach| audioset(folder.path(), &full, reach)).expect("the set");
    assert_eq!(data.count(Split::Train), 3);
    assert_eq!(told(&data)[1], "-abcdefghij_30000 train Bark+Dog");
    let strong = AudioSetOptions { strong: Some(folder.path().join("strong.tsv")), ..options };
    let data = read(|reach| audioset(folder.path(), &strong, reach)).expect("the set");
    assert_eq!(
        told(&data),
        [
            "--4gqARaEJE_0 train Speech",
            "-abcdefghij_30000 train Dog",
            "Yabcdefghij_30000 test Speech, child"
        ]
    );
}

#[test]
fn speech_commands_with_its_lists() {
    let folder = tree(&[
        ("validation_list.txt", "cat/b_nohash_0.wav\n"),
        ("testing_list.txt", "bed/a_nohash_1.wav\r\n\r\n"),
        ("bed/a_nohash_0.wav", ""),
        ("bed/a_nohash_1.wav", ""),
        ("cat/b_nohash_0.wav", ""),
        ("_background_noise_/noise.wav", ""),
        ("README.md", "x"),
    ]);
    let options = ReadOptions::default();
    let data = read(|reach| speech_commands(folder.path(), &options, reach)).expect("the set");
    assert_eq!(
        told(&data),
        [
            "bed/a_nohash_0.wav train bed",
            "bed/a_nohash_1.wav test bed",
            "cat/b_nohash_0.wav validation cat"
        ]
    );
    assert_eq!(data.clips[0].group.as_deref(), Some("a"));
    std::fs::remove_file(folder.path().join("cat/b_nohash_0.wav")).expect("gone");
    fails(
        read(|reach| speech_commands(folder.path(), &options, reach)),
        &["validation_list.txt:1", "a listed file is not there", "cat/b_nohash_0.wav"],
    );
}

#[test]
fn urbansound8k_with_its_folds() {
    let table = "slice_file_name,fsID,start,end,salience,fold,classID,class\n\
                 7-3-0-0.wav,7,0.0,0.317551,1,1,3,dog_bark\n9-2-0-50.wav,9,25.0,29.0,1,2,2,children_playing\n";
    let folder = tree(&[
        ("metadata/UrbanSound8K.csv", table),
        ("audio/fold1/7-3-0-0.wav", ""),
        ("audio/fold2/9-2-0-50.wav", ""),
    ]);
    let folds = Folds { test: 2, validation: None };
    let data = read(|reach| urbansound8k(folder.path(), folds, &ReadOptions::default(), reach));
    let data = data.expect("the set");
    assert_eq!(told(&data), ["7-3-0-0.wav train dog_bark", "9-2-0-50.wav test children_playing"]);
    assert_eq!(data.classes, ["children_playing", "dog_bark"]);
}

#[test]
fn asts_json_with_paths_from_anywhere() {
    let folder = tree(&[("labels.csv", LABELS), ("a.wav", ""), ("b.wav", "")]);
    let whole = folder.path().join("b.wav").display().to_string();
    let list = |entries: &str| format!("{{\"data\": [{entries}]}}");
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a list");
        path
    };
    let train = write(
        "train.json",
        list(r#"{"video_id": "x", "wav": "a.wav", "labels": "/m/05tny_,/m/0bt9lr"}"#),
    );
    let test = write("test.json", list(&format!(r#"{{"wav": "{whole}", "labels": "/m/09x0r"}}"#)));
    let options = JsonOptions {
        lists: vec![(Split::Train, train), (Split::Test, test)],
        labels: folder.path().join("labels.csv"),
        labelling: Labelling::Multi,
        audio: None,
        read: ReadOptions::default(),
    };
    let data = read(|reach| json(&options, reach)).expect("the set");
    assert_eq!(told(&data), ["a.wav train Bark+Dog".to_string(), format!("{whole} test Speech")]);
    let bad = write("bad.json", list(r#"{"wav": "a.wav", "labels": "/m/05tny_,/m/none"}"#));
    let wrong = JsonOptions { lists: vec![(Split::Train, bad)], ..options.clone() };
    fails(read(|reach| json(&wrong, reach)), &["entry 1", "'/m/none'"]);
    let cut = write("cut.json", "{\"data\": [{\"wav\": \"a.w".to_string());
    let wrong = JsonOptions { lists: vec![(Split::Train, cut)], ..options.clone() };
    fails(read(|reach| json(&wrong, reach)), &["the list cannot be read", "EOF"]);
    let entry = r#"{"wav": "a.wav", "labels": "/m/05tny_"}"#;
    let twice =
        write("twice.json", format!("{{\n\"more\": [{{}}],\n\"data\": [\n{entry},\n\n{entry}]}}"));
    let wrong = JsonOptions { lists: vec![(Split::Train, twice)], ..options };
    fails(read(|reach| json(&wrong, reach)), &["twice.json:6", "in line 4 already"]);
}

#[test]
fn any_table_whose_columns_are_named() {
    let table =
        "clip;what;use;from;to\none;dog|cat;tr;0;0.05\none;;te;0.05;0.1\ntwo;cat;tr;0;0.1\n";
    let folder = tree(&[("list.csv", table), ("wavs/one.wav", ""), ("wavs/two.wav", "")]);
    let options = CsvOptions {
        audio: Some(folder.path().join("wavs")),
        file: "clip".into(),
        ending: ".wav".into(),
        labels: Some("what".into()),
        label_separator: "|".into(),
        split: Some("use".into()),
        splits: vec![("tr".into(), Split::Train), ("te".into(), Split::Test)],
        times: Some(["from".into(), "to".into()]),
        separator: b';',
        ..CsvOptions::default()
    };
    let list = folder.path().join("list.csv");
    // A file in two parts is two clips, which have names of their own.
    let parts = read(|reach| csv(&list, &options, reach)).expect("the set");
    let ids: Vec<&str> = parts.clips.iter().map(|clip| clip.id.as_str()).collect();
    assert_eq!(ids, ["one@0.000-0.050", "one@0.050-0.100", "two@0.000-0.100"]);
    let table = table.replace("clip;", "id;clip;").replace("\none;dog", "\nx;one;dog");
    let table = table.replace("\none;;", "\ny;one;;").replace("\ntwo", "\nz;two");
    std::fs::write(&list, table).expect("the list");
    let options = CsvOptions { id: Some("id".into()), ..options };
    let data = read(|reach| csv(&list, &options, reach)).expect("the set");
    assert_eq!(told(&data), ["x train cat+dog", "y test ", "z train cat"]);
    assert_eq!(data.clips[1].span.map(|span| (span.start, span.samples)), Some((400, 400)));
    let wrong = CsvOptions { file: "clp".into(), ..options.clone() };
    fails(read(|reach| csv(&list, &wrong, reach)), &["'clp' is missing", "did you mean 'clip'"]);
    let wrong = CsvOptions { classes: Some(vec!["dog".into()]), ..options.clone() };
    fails(read(|reach| csv(&list, &wrong, reach)), &["not among 'classes'", "'cat'", "list.csv:2"]);
    let wrong = CsvOptions { labels: None, ..options };
    fails(read(|reach| csv(&list, &wrong, reach)), &["which column names the class"]);
}

#[test]
fn a_table_that_loses_rows_is_no_table() {
    let folder = tree(&[("one.wav", ""), ("two.wav", "")]);
    let list = folder.path().join("list.csv");
    let options = CsvOptions { label: Some("label".into()), ..CsvOptions::default() };
    let told = |table: &str| {
        std::fs::write(&list, table).expect("the list");
        read(|reach| csv(&list, &options, reach))
    };
    let open = "filename,label\n\"one.wav\",a \"b\"\ntwo.wav,\"c \"\"d\n";
    fails(told(open), &["a quote is not closed", "list.csv:3", "within a cell twice"]);
    let closed = told(&open.replace("d\n", "d\"\n")).expect("the set");
    assert_eq!(closed.classes, ["a \"b\"", "c \"d"]);
    let twice = "filename,label,label\none.wav,a,b\n";
    fails(told(twice), &["the column 'label' is there twice", "list.csv:1"]);
    let gone = "filename,label\none.wav,a\nthree.wav,b\n";
    fails(told(gone), &["three.wav", "list.csv:3", "on_bad: \"skip\""]);
    let longer = told("filename,label\none.wav,a,b\n");
    fails(longer, &["list.csv:2", "2 cells, as in the rows before", "received: 3", "in quotes"]);
    fails(told("filename;label\none.wav;a\n"), &["one column", "separator: \";\""]);
    std::fs::write(&list, b"filename,label\none.wav,gr\xf6\n").expect("the list");
    fails(read(|reach| csv(&list, &options, reach)), &["not UTF-8", "f6 in line 2", "as UTF-8"]);
    let both = CsvOptions { labels: Some("labels".into()), ..options.clone() };
    fails(read(|reach| csv(&list, &both, reach)), &["named by two columns"]);
    let named = CsvOptions { id: Some("id".into()), ..options };
    std::fs::write(&list, "id,filename,label\na,one.wav,x\n,two.wav,x\n").expect("the list");
    fails(read(|reach| csv(&list, &named, reach)), &["no name for its clip", "list.csv:3"]);
}

#[test]
fn a_folder_a_class_with_splits_and_without() {
    let folder = tree(&[
        ("dog/1.wav", ""),
        ("cat/deep/2.wav", ""),
        ("cat/notes.txt", "x"),
        ("cat/.hidden.wav", ""),
    ]);
    let options = FoldersOptions::default();
    let data = read(|reach| folders(folder.path(), &options, reach)).expect("the set");
    assert_eq!(told(&data), ["cat/deep/2.wav train cat", "dog/1.wav train dog"]);
    let folder = tree(&[("train/dog/1.wav", ""), ("Val/cat/2.wav", ""), ("test/dog/3.wav", "")]);
    let data = read(|reach| folders(folder.path(), &options, reach)).expect("the set");
    assert_eq!(
        told(&data),
        ["Val/cat/2.wav validation cat", "test/dog/3.wav test dog", "train/dog/1.wav train dog"]
    );
    let folder = tree(&[("readme.txt", "x")]);
    fails(read(|reach| folders(folder.path(), &options, reach)), &["no folder in it holds audio"]);
}

#[test]
fn bad_clips_are_errors_or_are_left_out_and_counted() {
    let folder = tree(&[("dog/1.wav", ""), ("dog/2.wav", ""), ("cat/3.wav", "")]);
    let path = |name: &str| -> PathBuf { folder.path().join(name) };
    let whole = std::fs::read(path("dog/2.wav")).expect("a clip");
    std::fs::write(path("dog/2.wav"), &whole[..whole.len() / 2]).expect("cut");
    std::fs::write(path("cat/empty.wav"), b"").expect("empty");
    let skip = FoldersOptions { read: ReadOptions { on_bad: OnBad::Skip, per_class: None } };
    let index = FileIndex::new(None);
    let reach = Reach::anywhere(&index);
    fails(folders(folder.path(), &FoldersOptions::default(), &reach), &["empty.wav"]);
    let data = folders(folder.path(), &skip, &reach).expect("the set");
    assert_eq!(told(&data), ["cat/3.wav train cat", "dog/1.wav train dog"]);
    let mut why: Vec<String> = data.left_out.iter().map(|one| one.why.clone()).collect();
    why.sort();
    assert_eq!(why.len(), 2);
    assert!(why[0].contains("cut off"), "{why:?}");
    assert!(why[1].contains("empty"), "{why:?}");
    assert!(data.left_out.iter().all(|one| one.file.is_file()));
}
