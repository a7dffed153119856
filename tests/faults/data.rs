//! Data that change while a run lives, and between runs.

use super::actor::Scene;
use super::edits::copy_folder;
use super::lab::{Lab, undisturbed};
use crate::support::example;
use std::path::PathBuf;

/// A lab with data of its own, and the path of a clip that it uses.
fn own_data() -> (Lab, String) {
    let mut lab = Lab::new();
    copy_folder(example(), &lab.sandbox.file("data"));
    lab.data = lab.sandbox.file("data");
    let table = lab.sandbox.read("data/meta/esc50.csv");
    let row = table.lines().nth(1).expect("a clip");
    let clip = row.split(',').next().expect("a name").to_string();
    (lab, format!("audio/{clip}"))
}

fn scene(lab: &Lab) -> Scene {
    Scene::new().set("data", &lab.data.display().to_string())
}

#[test]
fn data_that_change_under_a_run_are_told_and_the_result_is_not_stored() {
    let (lab, clip) = own_data();
    let file = format!("data/{clip}");
    // A rest that is not heard: the file is longer by a byte.
    let mut bytes = std::fs::read(lab.sandbox.file(&file)).expect("a clip");
    bytes.push(0);
    let path: PathBuf = lab.sandbox.file("new");
    std::fs::write(&path, &bytes).expect("a file");
    let link = lab.sandbox.file(&file);
    let seen = scene(&lab).save("own 4", "note", "").play(&lab);
    assert_eq!(seen.error, None);
    assert!(!seen.said.iter().any(|said| said.contains("data changed")), "{:?}", seen.said);

    let mut fresh = scene(&lab).checkpoints(1);
    fresh = fresh.rename("own 4", "new", &file);
    std::fs::remove_dir_all(lab.sandbox.file("home")).expect("a home");
    let seen = fresh.play(&lab);
    assert_eq!(seen.error, None);
    let told = format!(
        "warning: the data changed while 'own' was computed: '{clip}'; its result is not stored"
    );
    assert!(seen.said.contains(&told), "{:?}", seen.said);
    assert_eq!(lab.objects("object.json").len(), 2);
    assert_eq!(lab.outcome().hashes(), undisturbed().hashes());

    std::fs::remove_dir_all(lab.sandbox.file("home")).expect("a home");
    let removed = scene(&lab).rename("student 4", &file, "gone").play(&lab);
    assert_eq!(removed.error, None, "{:?}", removed.said);
    let told = removed.said.iter().filter(|said| said.contains("the data changed")).count();
    assert_eq!(told, 2, "{:?}", removed.said);
    assert!(!link.exists());
}

#[test]
fn data_that_change_between_runs_are_named() {
    let (lab, clip) = own_data();
    lab.run(3, &[]).good();
    let path = lab.sandbox.file(&format!("data/{clip}"));
    let mut bytes = std::fs::read(&path).expect("a clip");
    let length = bytes.len();
    bytes[length - 2] ^= 1;
    std::fs::write(&path, bytes).expect("a clip");
    let why = lab.still(&["why", "lab.rhai"]).good().out;
    assert!(why.contains(&format!("data: '{clip}' changed")), "{why}");
    // A cut-off run of the old data does not go on with the new ones.
    let (lab, clip) = own_data();
    scene(&lab).checkpoints(1).kill("teacher 4").play(&lab);
    let mut bytes = std::fs::read(lab.sandbox.file(&format!("data/{clip}"))).expect("a clip");
    bytes[length - 2] ^= 1;
    std::fs::write(lab.sandbox.file(&format!("data/{clip}")), bytes).expect("a clip");
    let seen = scene(&lab).play(&lab);
    assert!(
        seen.said.iter().any(|said| said.contains("'teacher' was asked for something else before")),
        "{:?}",
        seen.said
    );
}

/// Adds a clip, a copy of one of the first fold, to the folder and to the list.
fn add(lab: &Lab, listed: bool) {
    let table = lab.sandbox.read("data/meta/esc50.csv");
    let row = table.lines().nth(1).expect("a clip");
    let clip = row.split(',').next().expect("a name");
    let audio = |name: &str| lab.sandbox.file(&format!("data/audio/{name}"));
    std::fs::copy(audio(clip), audio("1-added-A-0.wav")).expect("a clip");
    if listed {
        // The first ones of a class are taken, so it goes before the others.
        let added = row.replace(clip, "1-added-A-0.wav");
        let table = table.replacen(row, &format!("{added}\n{row}"), 1);
        lab.sandbox.write("data/meta/esc50.csv", table);
    }
}

#[test]
fn a_file_that_is_added_while_a_run_lives_is_told_where_the_list_names_it() {
    let (lab, _) = own_data();
    // Both wait beside the data until the run is there.
    let table = lab.sandbox.read("data/meta/esc50.csv");
    add(&lab, true);
    let added = lab.sandbox.read("data/meta/esc50.csv");
    lab.sandbox.write("data/meta/esc50.csv", table);
    let seen = scene(&lab).save("own 4", "data/meta/esc50.csv", &added).play(&lab);
    assert_eq!(seen.error, None);
    let told = "warning: 'meta/esc50.csv' changed while 'own' was computed: this run goes on with the clips that \
                it named at first";
    assert!(seen.said.iter().any(|said| said == told), "{:?}", seen.said);
    // What was computed is that of the clips at first, and known as theirs.
    assert_eq!(lab.outcome().hashes(), undisturbed().hashes());
    assert_eq!(lab.objects("object.json").len(), 3);
    let why = lab.still(&["why", "lab.rhai"]).good().out;
    assert!(why.contains("data: 'audio/1-added-A-0.wav' is new"), "{why}");
}

#[test]
fn a_file_that_is_added_before_a_run_goes_on() {
    for listed in [true, false] {
        let (lab, _) = own_data();
        scene(&lab).checkpoints(1).kill("teacher 4").play(&lab);
        add(&lab, listed);
        let seen = scene(&lab).play(&lab);
        assert_eq!((&seen.error, lab.runs().len()), (&None, 1), "{seen:?}");
        let told = "'teacher' was asked for something else before";
        let is_told = seen.said.iter().any(|said| said.contains(told));
        let is_same = lab.outcome().hashes() == undisturbed().hashes();
        assert_eq!((is_told, is_same), (listed, !listed), "{seen:?}");
    }
}
