//! Data sets of all sorts through the binary: trained on, shown, verified.

use crate::support::{Ran, Sandbox};
use serde_json::Value;
use stillroom::audio::{Samples, wav};

/// A tone of a clip's own, with a little of another one.
fn tone(hz: f64, index: usize, samples: usize) -> Samples {
    let at = |step: usize, hz: f64| (step as f64 * hz * std::f64::consts::TAU / 8000.0).sin();
    let value =
        |step: usize| (0.4 * at(step, hz) + 0.05 * at(step, 150.0 + 37.0 * index as f64)) as f32;
    Samples { rate_hz: 8000, values: (0..samples).map(value).collect() }
}

/// Low, high, and both at once, in a table with several labels; lengths differ.
fn tagged() -> Sandbox {
    let sandbox = Sandbox::new();
    let mut table = "file,tags,use\n".to_string();
    for index in 0..36 {
        let kind = ["low", "high", "low|high"][index % 3];
        let part = ["train", "train", "train", "train", "validation", "test"][index / 3 % 6];
        let length = 2400 + 400 * (index % 4);
        let mut clip = tone(if kind == "high" { 1500.0 } else { 300.0 }, index, length);
        if kind == "low|high" {
            let other = tone(1500.0, index, length);
            clip.values.iter_mut().zip(other.values).for_each(|(a, b)| *a = (*a + b) / 2.0);
        }
        std::fs::create_dir_all(sandbox.file("set/wav")).expect("a folder");
        wav::write(&sandbox.file(&format!("set/wav/{index}.wav")), &clip).expect("a clip");
        table += &format!("wav/{index}.wav,{kind},{part}\n");
    }
    sandbox.write("set/list.csv", table);
    sandbox
}

const TAGGED: &str = r#"
let data = dataset::csv(arg("data") + "/list.csv", #{ file: "file", labels: "tags", label_separator: "|", split: "use" });
let features = audio::fbank(#{ mels: 16, hop_ms: 20, frames: 16, crop: arg("crop", "start"), pad: arg("pad", "zero") });
let common = #{ data: data, features: features, batch: 6, epochs: arg("epochs", 4), augment: [augment::time_mask(3), augment::mixup(0.5)],
    optimizer: optim::adam(#{ lr: 1e-2 }), sampler: arg("sampler", "balanced") };
let teacher = train(model::cnn(#{ classes: data.classes, channels: [4] }), common + #{ name: "teacher" });
let student = distill(teacher, model::cnn(#{ classes: data.classes, channels: [4] }),
    common + #{ name: "student", teaching: arg("teaching", "consistent") });
report([teacher, student]);
"#;

#[track_caller]
fn results(sandbox: &Sandbox, more: &[&str]) -> (Value, Ran) {
    let mut arguments = vec!["--set", "data=set", "--json"];
    arguments.extend(more);
    let ran = sandbox.run(TAGGED, &arguments).good();
    let last = ran.out.lines().last().expect("a line").to_string();
    (serde_json::from_str(&last).expect("JSON"), ran)
}

#[test]
fn clips_with_several_labels_are_judged_by_mean_average_precision() {
    let sandbox = tagged();
    let (found, ran) = results(&sandbox, &["--set", "epochs=40"]);
    let teacher = &found["stages"][0];
    // Two tones that never hide each other, and each in two of three clips: no skill would give about 0.67.
    assert!(teacher["map"].as_f64().expect("a number") > 0.8, "{teacher}");
    assert!(teacher["best_map"].as_f64().expect("a number") > 0.9, "{teacher}");
    assert!(ran.err.contains("teacher: trained, mAP "), "{}", ran.err);
    assert!(ran.err.contains("teacher: epoch 40/40  loss "), "{}", ran.err);
    assert!(ran.err.contains("of it waiting for data"), "{}", ran.err);
    // From the store it is the same.
    let (again, _) = results(&sandbox, &["--set", "epochs=40"]);
    assert_eq!(again["stages"][1]["map"], found["stages"][1]["map"]);
    assert_eq!(again["stages"][1]["from_store"], true);
}

#[test]
fn every_way_of_teaching_and_of_sampling_trains_another_student() {
    let sandbox = tagged();
    let mut seen = Vec::new();
    for teaching in ["consistent", "independent", "clean", "stored"] {
        let teaching = format!("teaching={teaching}");
        let (found, _) = results(&sandbox, &["--set", &teaching]);
        let hash = found["stages"][1]["weights_blake3"].as_str().expect("a hash").to_string();
        assert!(!seen.contains(&hash), "{teaching}");
        seen.push(hash);
    }
    for more in [
        "sampler=shuffled",
        "sampler=sequential",
        "crop=random",
        "crop=centre",
        "pad=mean",
        "pad=repeat",
    ] {
        let (found, _) = results(&sandbox, &["--set", more]);
        let hash = found["stages"][0]["weights_blake3"].as_str().expect("a hash").to_string();
        assert!(!seen.contains(&hash), "{more}");
        seen.push(hash);
        // The same for any number of workers, and computed anew or read from the cache.
        let again: [&[&str]; 2] = [&["--workers", "0", "--cache-gb", "0"], &["--workers", "3"]];
        for own in again {
            let all = [&["--set", more, "--fresh"], own].concat();
            let (found, _) = results(&sandbox, &all);
            assert_eq!(
                found["stages"][0]["weights_blake3"].as_str(),
                seen.last().map(String::as_str),
                "{more}"
            );
        }
    }
}

#[test]
fn bad_clips_are_left_out_where_a_recipe_says_so() {
    let sandbox = tagged();
    let whole = std::fs::read(sandbox.file("set/wav/4.wav")).expect("a clip");
    sandbox.write("set/wav/4.wav", &whole[..300]);
    std::fs::remove_file(sandbox.file("set/wav/7.wav")).expect("gone");
    let recipe = TAGGED.replace("split: \"use\" }", "split: \"use\", on_bad: \"skip\" }");
    let recipe = recipe.replace("let common", "print(data.left_out);\nlet common");
    let ran = sandbox.run(&recipe, &["--set", "data=set", "--set", "epochs=1"]).good();
    assert!(
        ran.err.contains("2 of 36 clips left out (4.wav: the WAV file is cut off"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("7.wav: "), "{}", ran.err);
    let told = sandbox.run(TAGGED, &["--set", "data=set", "--set", "epochs=1"]);
    assert_eq!(told.code, 4);
    assert!(told.err.contains("set/list.csv:6"), "{}", told.err);
}

#[test]
fn a_set_is_shown_checked_and_measured() {
    let sandbox = tagged();
    std::fs::create_dir_all(sandbox.file("folders/low")).expect("a folder");
    std::fs::create_dir_all(sandbox.file("folders/high")).expect("a folder");
    for (index, class) in [(0, "low"), (3, "low"), (1, "high"), (4, "high")] {
        let clip = std::fs::read(sandbox.file(&format!("set/wav/{index}.wav"))).expect("a clip");
        sandbox.write(&format!("folders/{class}/{index}.wav"), clip);
    }
    let double = std::fs::read(sandbox.file("set/wav/0.wav")).expect("a clip");
    sandbox.write("folders/high/again.wav", double);
    let shown = sandbox.still(&["data", "show", "folders"]).good();
    for words in
        ["5: 5 train, 0 validation, 0 test", "2, one class a clip", "8000 Hz (5)", "high    "]
    {
        assert!(shown.out.contains(words), "no {words:?} in\n{}", shown.out);
    }
    assert!(
        shown.out.contains("the same file, with different labels: high/again.wav, low/0.wav"),
        "{}",
        shown.out
    );
    let expression = "dataset::folders(\"folders\").split(#{ test: 0.5 })";
    let shown = sandbox.still(&["data", "show", expression, "--data-root", ".", "--json"]).good();
    let found: Value = serde_json::from_str(&shown.out).expect("JSON");
    assert_eq!(found["doubles"][0]["contradicts"], true);
    let stats = sandbox.still(&["data", "stats", "folders", "--json"]).good();
    let found: Value = serde_json::from_str(&stats.out).expect("JSON");
    assert_eq!((&found["clips"], &found["bins"]), (&5.into(), &128.into()));
    let mean = found["mean"].as_f64().expect("a number");
    assert!((-16.0..0.0).contains(&mean), "{mean}");
    assert_eq!(sandbox.still(&["data", "check", "folders"]).code, 0);
    sandbox.write("folders/low/empty.wav", "");
    let told = sandbox.still(&["data", "check", "folders"]);
    assert_eq!(told.code, 4);
    assert!(told.out.contains("empty.wav: the file is empty"), "{}", told.out);
    #[cfg(unix)]
    {
        let link = sandbox.file("folders/low/linked.wav");
        std::os::unix::fs::symlink("nowhere.wav", link).expect("a link that leads nowhere");
        let told = sandbox.still(&["data", "check", "folders"]);
        assert_eq!(told.code, 4, "{}", told.err);
        assert!(told.out.contains("linked.wav: no such file or folder"), "{}", told.out);
        assert!(told.out.contains("empty.wav: the file is empty"), "{}", told.out);
    }
    let told = sandbox.still(&["data", "show", "nowhere"]);
    assert_ne!(told.code, 0);
    sandbox.write("bare/readme.txt", "x");
    let told = sandbox.still(&["data", "show", "bare"]);
    assert!(told.err.contains("the layout is not known"), "{}", told.err);
}
