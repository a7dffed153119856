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
