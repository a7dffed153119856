//! Files of a run and of the store that are cut, changed or gone, or that may not be written.

use super::actor::Scene;
use super::lab::{Lab, events, undisturbed};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;

/// A run that was killed after five steps of its last stage, with checkpoints of steps 3 and 4.
fn killed() -> Lab {
    let lab = Lab::new();
    Scene::new().checkpoints(1).kill("own 5").play(&lab);
    assert_eq!(lab.checkpoints("own").len(), 2);
    lab
}

fn cut(path: &Path) {
    let bytes = fs::read(path).expect("a file");
    fs::write(path, &bytes[..bytes.len() * 2 / 3]).expect("a file");
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(path, bytes).expect("a file");
}

fn other_format(path: &Path) {
    let mut bytes = fs::read(path).expect("a file");
    bytes[7] = b'9';
    fs::write(path, bytes).expect("a file");
}

/// Where the last stage went on.
fn from_step(lab: &Lab) -> u64 {
    let all = events(&lab.last(), 1);
    let mut own = all.iter().filter(|event| event["event"] == "stage" && event["stage"] == "own");
    own.next_back().expect("the stage")["step"].as_u64().expect("a step")
}

#[test]
fn of_a_damaged_checkpoint_the_one_before_is_used() {
    for damage in [cut, flip, other_format, |path: &Path| fs::write(path, "").expect("a file")] {
        let lab = killed();
        damage(&lab.checkpoints("own")[1]);
        let ran = lab.run(1, &[]).good();
        assert!(
            ran.err.contains("warning: a checkpoint of 'own' cannot be used, that of step 4: "),
            "{}",
            ran.err
        );
        assert_eq!(from_step(&lab), 3);
        assert_eq!(&lab.outcome(), undisturbed());
    }
}

#[test]
fn where_all_checkpoints_are_damaged_the_stage_begins_anew() {
    let lab = killed();
    lab.checkpoints("own").iter().for_each(|path| flip(path));
    let ran = lab.run(1, &[]).good();
    assert!(ran.err.contains("'own' begins anew: no checkpoint before is left"), "{}", ran.err);
    assert_eq!(from_step(&lab), 0);
    assert_eq!(&lab.outcome(), undisturbed());
}

#[test]
fn a_checkpoint_of_another_stage_is_not_taken_up() {
    let lab = killed();
    let before = lab.checkpoints("own");
    fs::copy(&lab.objects("end.checkpoint")[0], before[1].with_file_name("0000000005.checkpoint"))
        .expect("a copy");
    lab.run(1, &[]).good();
    assert_eq!(from_step(&lab), 4);
    assert_eq!(&lab.outcome(), undisturbed());
    let lab = killed();
    let before = lab.checkpoints("own");
    let other = lab.objects("end.checkpoint")[1].clone();
    for path in &before {
        fs::copy(&other, path).expect("a copy");
    }
    let ran = lab.run(1, &[]).good();
    assert!(
        ran.err.contains("'own' was asked for something else before: it begins anew"),
        "{}",
        ran.err
    );
    assert_eq!(&lab.outcome(), undisturbed());
}

#[test]
fn an_object_that_is_damaged_in_any_file_is_computed_again() {
    let lab = Lab::new();
    lab.run(3, &[]).good();
    let files = ["object.json", "end.checkpoint", "best.safetensors", "recipe.json"];
    for (number, name) in files.iter().enumerate() {
        let path = lab.objects(name)[number % 3].clone();
        match number % 3 {
            0 => flip(&path),
            1 => cut(&path),
            _ => fs::remove_file(&path).expect("a file"),
        }
        let ran = lab.run(3, &["--new"]).good();
        assert!(ran.err.contains("warning: what the store had of '"), "{name}: {}", ran.err);
        assert!(ran.err.contains(&format!("is damaged ({name} ")), "{name}: {}", ran.err);
        assert_eq!(lab.outcome().hits().iter().filter(|hit| **hit).count(), 2, "{name}");
        assert_eq!(lab.outcome().wherever(), undisturbed().clone().wherever());
        assert_eq!(lab.run(3, &["--new"]).good().code, 0);
        assert_eq!(lab.outcome().hits(), [true; 3]);
    }
}

#[test]
fn a_run_goes_on_whatever_its_folder_lacks() {
    type Damage = (&'static str, fn(&Path));
    let damages: [Damage; 7] = [
        ("garbage", |run| {
            let journal = run.join("events.jsonl");
            let text = fs::read_to_string(&journal).expect("a journal");
            let with: Vec<String> =
                text.lines().map(|line| format!("{line}\n\u{0}{{\"event\": \n[[[")).collect();
            fs::write(&journal, with.join("\n")).expect("a file");
        }),
        ("empty", |run| fs::write(run.join("events.jsonl"), "").expect("a file")),
        ("no journal", |run| fs::remove_file(run.join("events.jsonl")).expect("a file")),
        ("no results", |run| fs::remove_file(run.join("results.json")).expect("a file")),
        ("no recipe", |run| fs::remove_dir_all(run.join("recipe/0000")).expect("a folder")),
        ("no lock", |run| fs::remove_file(run.join("still.lock")).expect("a file")),
        ("no weights", |run| fs::remove_dir_all(run.join("weights")).expect("a folder")),
    ];
    for (what, damage) in damages {
        let lab = killed();
        damage(&lab.last());
        let ran = lab.run(1, &[]).good();
        let expected = undisturbed().clone().wherever();
        let mut found = lab.outcome().wherever();
        if what == "no weights" {
            // The best weights of an epoch that is over are nowhere else.
            found.weights = expected.weights.clone();
        }
        assert_eq!(found, expected, "{what}: {}", ran.err);
        assert!(
            lab.last().join("still.lock").is_file() && lab.last().join("results.json").is_file()
        );
    }
}

/// A command that may not write everywhere, whoever runs the test; says so where that cannot be.
fn as_nobody(lab: &Lab, arguments: &[&str]) -> Option<std::process::Output> {
    let mut command = lab.command(arguments);
    let root = fs::metadata("/proc/self")
        .is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0);
    if root {
        command.uid(65534).gid(65534);
    }
    match command.output() {
        Ok(output) => Some(output),
        Err(cause) => {
            eprintln!("skipped: nobody else may run the binary ({cause})");
            None
        }
    }
}

fn permit(path: &Path, folders: u32, files: u32) {
    for entry in fs::read_dir(path).expect("a folder").flatten() {
        if entry.path().is_dir() {
            permit(&entry.path(), folders, files);
        } else {
            fs::set_permissions(entry.path(), fs::Permissions::from_mode(files)).expect("mine");
        }
    }
    fs::set_permissions(path, fs::Permissions::from_mode(folders)).expect("mine");
}

#[test]
fn what_may_not_be_written_is_told() {
    let lab = killed();
    permit(lab.sandbox.path(), 0o777, 0o666);
    permit(&lab.last(), 0o555, 0o444);
    let Some(output) = as_nobody(&lab, &["run", "lab.rhai"]) else { return };
    let ran = lab.sandbox.finish(output);
    assert_eq!(ran.code, 4, "{}{}", ran.out, ran.err);
    assert!(
        ran.err.contains("permission denied") && ran.err.contains("`still run --new`"),
        "{}",
        ran.err
    );
    let ran =
        as_nobody(&lab, &["run", "lab.rhai", "--new"]).map(|output| lab.sandbox.finish(output));
    ran.expect("the binary").good();
    assert_eq!(lab.outcome().wherever(), undisturbed().clone().wherever());
    // The whole home.
    permit(lab.sandbox.path(), 0o555, 0o444);
    let ran = lab.sandbox.finish(as_nobody(&lab, &["run", "lab.rhai"]).expect("the binary"));
    permit(lab.sandbox.path(), 0o777, 0o666);
    assert_eq!(ran.code, 4, "{}{}", ran.out, ran.err);
    assert!(
        ran.err.contains("the folder for runs cannot be written") && ran.err.contains("STILL_HOME"),
        "{}",
        ran.err
    );
}
