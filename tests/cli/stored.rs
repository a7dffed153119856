//! Teachers out of files: `still predict --logits`, `kd::stored` and `kd::store`.

use crate::support::{Ran, Sandbox, close, example};
use serde_json::Value;
use std::fmt::Write;
use stillroom::data::Logits;
use stillroom::tensor::Device;

const RECIPE: &str = r#"let data = dataset::esc50(arg("data", "still:example"), #{ fold: 5, per_class: arg("per_class", 2) });
let common = #{
    data: data, features: audio::fbank(#{ mels: 16, hop_ms: 40, frames: 20 }), batch: 8, epochs: 1,
    optimizer: optim::sgd(#{ lr: 0.1 }),
    augment: [augment::time_roll(), augment::mixup(0.5)],
};
let options = #{ };
if arg("missing", "") != "" { options.missing = arg("missing"); }
let teacher = if arg("file", "") == "" {
    train(model::cnn(#{ classes: data.classes, channels: [4] }), common + #{ name: "teacher", loss: Fn("plain") })
} else {
    kd::stored(arg("file"), options)
};
distill(teacher, model::cnn(#{ classes: data.classes, channels: [3] }), common + #{
    name: "student", teaching: "stored", OPTIONS
});
fn plain(ctx, student, target) { cross_entropy(student, target) }
fn weighed(ctx, student, teacher, target) {
    ctx.log("taught", ctx.taught.mean());
    let rows = kd::kl(student, teacher, #{ reduction: "none" }).sum(1);
    0.5 * cross_entropy(student, target) + 0.5 * (rows * ctx.taught).mean()
}
fn careless(ctx, student, teacher, target) { cross_entropy(student, target) + kd::kl(student, teacher) }
"#;

fn run(sandbox: &Sandbox, options: &str, more: &[&str]) -> Ran {
    sandbox.write("stored.rhai", RECIPE.replace("OPTIONS", options));
    let data = sandbox.path().display().to_string();
    let all = ["run", "stored.rhai", "--on-error", "stop", "--json", "--data-root", &data];
    let settings = more.iter().flat_map(|one| ["--set", one]);
    sandbox.still(&all.into_iter().chain(settings).collect::<Vec<_>>())
}

fn student(ran: &Ran) -> (String, bool) {
    let results: Value =
        serde_json::from_str(ran.out.lines().last().expect("a line")).expect("JSON");
    let stages = results["stages"].as_array().expect("stages");
    let stage = stages.iter().find(|stage| stage["name"] == "student").expect("the student");
    (stage["weights_blake3"].to_string(), stage["from_store"] == true)
}

/// The folder of the newest run.
fn newest(sandbox: &Sandbox) -> std::path::PathBuf {
    let runs = std::fs::read_dir(sandbox.file("home/runs")).expect("runs").flatten();
    runs.map(|run| run.path()).max().expect("a run")
}

/// The student's last weights in the newest run.
fn weights(sandbox: &Sandbox) -> Vec<f32> {
    let file = newest(sandbox).join("weights/student.last.safetensors");
    let mut all = stillroom::tensor::store::load(&file, &Device::default()).expect("weights");
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all.iter().flat_map(|(_, own)| own.to_values().expect("values")).collect()
}

/// A sandbox with a run by a network, its student, and what the teacher said of all clips.
fn taught() -> (Sandbox, Vec<f32>, Logits) {
    let sandbox = Sandbox::new();
    run(&sandbox, "", &[]).good();
    let weights = weights(&sandbox);
    let folder = example().display().to_string();
    let told = sandbox.still(&[
        "predict",
        "last",
        "--stage",
        "teacher",
        "--last",
        &folder,
        "--logits",
        "said.safetensors",
    ]);
    let told = told.good();
    assert!(told.err.contains("said.safetensors: logits of 500 clips"), "{}", told.err);
    assert_eq!(told.out, "");
    let logits = Logits::read(&sandbox.file("said.safetensors")).expect("logits");
    (sandbox, weights, logits)
}

/// Only these clips, and the classes in this order.
fn part(all: &Logits, keep: impl Fn(usize) -> bool, order: &[usize]) -> Logits {
    let rows: Vec<usize> = (0..all.ids().len()).filter(|row| keep(*row)).collect();
    let ids = rows.iter().map(|row| all.ids()[*row].clone()).collect();
    let classes = order.iter().map(|class| all.classes()[*class].clone()).collect();
    let values = rows.iter().flat_map(|row| order.iter().map(|class| all.row(*row)[*class]));
    Logits::new(ids, classes, values.collect(), None).expect("logits")
}

fn csv(all: &Logits) -> String {
    let mut text = format!("id,{}\n", all.classes().join(","));
    for (row, id) in all.ids().iter().enumerate() {
        let numbers: Vec<String> = all.row(row).iter().map(f32::to_string).collect();
        writeln!(text, "{id},{}", numbers.join(",")).expect("a text");
    }
    text
}

#[test]
fn a_file_teaches_as_its_network_does() {
    let (sandbox, by_network, logits) = taught();
    let by_file = run(&sandbox, "", &["file=said.safetensors"]).good();
    assert!(by_file.err.contains("taught by 'said.safetensors'"), "{}", by_file.err);
    // Up to what batches of other lengths round otherwise.
    close("by a file", &weights(&sandbox), &by_network, 1e-6, 1e-5);
    let key = student(&by_file).0;
    // Another format, another order of clips and classes: the same teacher, so the same stage.
    let order: Vec<usize> = (0..10).rev().collect();
    sandbox.write("said.csv", csv(&part(&logits, |_| true, &order)));
    assert_eq!(student(&run(&sandbox, "", &["file=said.csv"]).good()), (key.clone(), true));
    // Numbers that differ are another one.
    let values =
        (0..logits.ids().len()).flat_map(|row| logits.row(row).iter().map(|own| 2.0 * own));
    let other =
        Logits::new(logits.ids().to_vec(), logits.classes().to_vec(), values.collect(), None);
    other.expect("logits").write(&sandbox.file("other.safetensors")).expect("a file");
    let other = student(&run(&sandbox, "", &["file=other.safetensors"]).good());
    assert!(other.0 != key && !other.1);
    let replayed = sandbox.still(&["replay", "last"]).good();
    assert!(replayed.out.contains("student: the same weights"), "{}", replayed.out);
}

#[test]
fn clips_that_are_not_there() {
    let (sandbox, _, logits) = taught();
    let order: Vec<usize> = (0..10).collect();
    let half = part(&logits, |row| row % 2 == 0, &order);
    half.write(&sandbox.file("half.safetensors")).expect("a file");
    let told = run(&sandbox, "", &["file=half.safetensors"]);
    assert_ne!(told.code, 0);
    for words in [
        "the teacher half.safetensors: ",
        " of 20 clips that train are not in it",
        "expected: logits of '",
        "received: 250 clips: '",
        "missing: \"skip\" lets them learn from their labels alone",
    ] {
        assert!(told.err.contains(words), "{words}: {}", told.err);
    }
    let skipped = student(&run(&sandbox, "", &["file=half.safetensors", "missing=skip"]).good());
    let labels = student(&run(&sandbox, "", &["file=half.safetensors", "missing=labels"]).good());
    assert_ne!(skipped.0, labels.0);
    // The same loss by hand, and one that does not see that clips are missing.
    let named = &["file=half.safetensors", "missing=skip"];
    let ran = run(&sandbox, "loss: Fn(\"weighed\")", named).good();
    assert_eq!(student(&ran).0, skipped.0);
    let metrics = std::fs::read_to_string(newest(&sandbox).join("metrics.csv")).expect("rows");
    let share: f64 = metrics.trim().rsplit(',').next().expect("a cell").parse().expect("a number");
    assert!(share > 0.2 && share < 0.8, "{share}");
    let told = run(&sandbox, "loss: Fn(\"careless\")", named);
    assert_ne!(told.code, 0);
    assert!(
        told.err.contains("weighs the teacher's term of each clip by ctx.taught"),
        "{}",
        told.err
    );
    let labels = &["file=half.safetensors", "missing=labels"];
    run(&sandbox, "loss: Fn(\"careless\")", labels).good();
}

#[test]
fn what_is_wrong_with_a_file_is_told() {
    let sandbox = Sandbox::new();
    for (name, text, words) in [
        ("a.csv", "id,dog,cat\nx.wav,1,2\n", "it lacks 10 of 10 classes"),
        ("b.csv", "id,a,b\nx,1,nan\n", "a number is not finite"),
        ("c.csv", "id,a,b\nx,1,2\nx,1,2\n", "the clip 'x' stands twice"),
        ("d.csv", "id,a,b\nx,1,two\n", "'b' is no number"),
        ("e.csv", "name,a,b\nx,1,2\n", "the column 'id' is missing"),
        ("f.npz", "PK", "f.npz"),
        ("g.safetensors", "xxxxxxxxxxxx", "g.safetensors"),
        ("h.txt", "id", "the ending says no format of logits"),
    ] {
        sandbox.write(name, text);
        let file = format!("file={name}");
        let told = run(&sandbox, "", &[&file]);
        assert_ne!(told.code, 0, "{name}");
        assert!(told.err.contains(words), "{name}: {}", told.err);
        assert!(!told.err.contains("panicked"), "{name}: {}", told.err);
    }
    let nobody = run(&sandbox, "", &["file=nobody.csv"]);
    assert_ne!(nobody.code, 0);
    // No network: no taps, and no other teaching.
    let classes = (0..10).map(|class| format!("class{class}")).collect::<Vec<_>>().join(",");
    sandbox.write("none.csv", format!("id,{classes}\nx.wav,1,2,3,4,5,6,7,8,9,10\n"));
    let never = run(&sandbox, "", &["file=none.csv"]);
    assert!(never.err.contains("it lacks 10 of 10 classes"), "{}", never.err);
}

#[test]
fn a_file_has_no_taps_and_one_way_of_teaching() {
    let (sandbox, ..) = taught();
    let file = &["file=said.safetensors"];
    let told = run(&sandbox, "taps: #{ teacher: [\"pooled\"] },", file);
    assert!(told.err.contains("'taps' of a teacher that has no network"), "{}", told.err);
    sandbox.write("other.rhai", RECIPE.replace("OPTIONS", "").replace("\"stored\"", "\"clean\""));
    let told = sandbox.still(&["run", "other.rhai", "--set", "file=said.safetensors"]);
    assert!(told.err.contains("'teaching' of a teacher that has no network"), "{}", told.err);
}

#[test]
fn ids_are_those_of_the_set_that_is_named() {
    let (sandbox, _, logits) = taught();
    assert!(logits.find("1-10000-A-0.wav").is_some(), "{:?}", &logits.ids()[..3]);
    // Windows as data.windows calls them; an expression as it stands.
    let set = format!("dataset::esc50({:?}, #{{ per_class: 1 }})", example().display().to_string());
    let root = example().display().to_string();
    let told = sandbox.still(&[
        "predict",
        "last",
        "--stage",
        "teacher",
        &set,
        "--logits",
        "w.safetensors",
        "--window",
        "0.5",
        "--data-root",
        &root,
    ]);
    told.good();
    let windows = Logits::read(&sandbox.file("w.safetensors")).expect("logits");
    assert!(windows.ids().iter().any(|id| id.ends_with(".wav@0.500")), "{:?}", &windows.ids()[..4]);
    assert_eq!(windows.ids().len(), 3 * 20);
    for (arguments, words) in [
        (vec![root.as_str(), "--logits", "w.csv"], "the file has another ending"),
        (vec!["dataset::esc50(1)", "--logits", "w.safetensors"], "esc50"),
    ] {
        let all = [&["predict", "last", "--stage", "teacher"][..], &arguments].concat();
        let told = sandbox.still(&all);
        assert!(told.code != 0 && told.err.contains(words), "{}", told.err);
    }
}
