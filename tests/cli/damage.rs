//! Damaged data: one clear message that names the file and the row, and exit code 4.

use crate::support::{Sandbox, TINY, example};
use std::path::PathBuf;

/// A copy of a small part of the example: two clips a class in folds 4 and 5.
fn data(sandbox: &Sandbox) -> PathBuf {
    let table = std::fs::read_to_string(example().join("meta/esc50.csv")).expect("the table");
    let mut kept = Vec::new();
    for (index, line) in table.lines().enumerate() {
        let name = line.split(',').next().expect("a name");
        let wanted = (name.starts_with('4') || name.starts_with('5'))
            && ["00-A", "01-A"].iter().any(|take| name.contains(take));
        if index > 0 && wanted {
            sandbox.write(
                &format!("data/audio/{name}"),
                std::fs::read(example().join("audio").join(name)).expect("a clip"),
            );
        }
        if index == 0 || wanted {
            kept.push(line);
        }
    }
    sandbox.write("data/meta/esc50.csv", kept.join("\n") + "\n");
    sandbox.file("data")
}

/// What a run on damaged data says; `damage` gets the sandbox with a whole copy in `data`.
fn told(damage: impl FnOnce(&Sandbox)) -> String {
    let sandbox = Sandbox::new();
    data(&sandbox);
    damage(&sandbox);
    sandbox.write("recipe.rhai", TINY);
    let ran = sandbox.still(&["run", "recipe.rhai", "--set", "data=data", "--set", "epochs=1"]);
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(ran.out.is_empty());
    ran.error()
}

/// Replaces text of the table.
fn edit(sandbox: &Sandbox, from: &str, to: &str) {
    let table = sandbox.read("data/meta/esc50.csv");
    assert!(table.contains(from));
    sandbox.write("data/meta/esc50.csv", table.replacen(from, to, 1));
}

#[test]
fn the_copy_is_whole() {
    let sandbox = Sandbox::new();
    data(&sandbox);
    sandbox.write("recipe.rhai", TINY);
    sandbox.still(&["run", "recipe.rhai", "--set", "data=data", "--set", "epochs=1"]).good();
}

#[test]
fn a_missing_folder() {
    let told = told(|sandbox| std::fs::remove_dir_all(sandbox.file("data")).expect("removed"));
    insta::assert_snapshot!(told, @r#"
    error[file]: reading the data set data: no such folder
       ╭─[recipe.rhai:2:21]
     2 │ let data = dataset::esc50(arg("data"), #{ fold: 5, per_class: 2 });
       ·                     ─────
       ╰────
      expected: a folder with audio/ and meta/esc50.csv
      hint: a path counts from the current folder; 'still:example' is the built-in set
    "#);
}

#[test]
fn a_missing_table() {
    let told =
        told(|sandbox| std::fs::remove_file(sandbox.file("data/meta/esc50.csv")).expect("removed"));
    insta::assert_snapshot!(told, @r#"
    error[file]: reading data/meta/esc50.csv: no such file or folder
       ╭─[recipe.rhai:2:21]
     2 │ let data = dataset::esc50(arg("data"), #{ fold: 5, per_class: 2 });
       ·                     ─────
       ╰────
    "#);
}

#[test]
fn a_row_without_its_file() {
    let told = told(|sandbox| {
        std::fs::remove_file(sandbox.file("data/audio/5-50101-A-1.wav")).expect("removed");
    });
    insta::assert_snapshot!(told, @r#"
    error[file]: reading data/audio/5-50101-A-1.wav: no such file or folder
      --> data/meta/esc50.csv:25
      reached from
       ╭─[recipe.rhai:2:21]
     2 │ let data = dataset::esc50(arg("data"), #{ fold: 5, per_class: 2 });
       ·                     ─────
       ╰────
      hint: where that is so: on_bad: "skip" leaves such clips out, counts and lists them
    "#);
}

#[test]
fn an_empty_file() {
    let told = told(|sandbox| {
        sandbox.write("data/audio/4-40001-A-0.wav", "");
    });
    insta::assert_snapshot!(told, @r#"
    error[data]: reading data/audio/4-40001-A-0.wav: the file is empty
      --> data/meta/esc50.csv:3
      reached from
       ╭─[recipe.rhai:2:21]
     2 │ let data = dataset::esc50(arg("data"), #{ fold: 5, per_class: 2 });
       ·                     ─────
       ╰────
      expected: a clip: WAV, FLAC, Ogg Vorbis or MP3
      received: 0 bytes
      hint: copy or download the file again
    "#);
}

#[test]
fn a_file_that_is_cut_off() {
    let told = told(|sandbox| {
        let whole = std::fs::read(sandbox.file("data/audio/4-40001-A-0.wav")).expect("a clip");
        sandbox.write("data/audio/4-40001-A-0.wav", &whole[..10_000]);
    });
    insta::assert_snapshot!(told, @r#"
    error[data]: reading data/audio/4-40001-A-0.wav: the WAV file is cut off
      --> data/meta/esc50.csv:3
      reached from
       ╭─[recipe.rhai:2:21]
     2 │ let data = dataset::esc50(arg("data"), #{ fold: 5, per_class: 2 });
       ·                     ─────
       ╰────
      expected: 48000 bytes of samples, as the header says
      received: 9956 bytes of samples
      hint: copy or download the file again
    "#);
}

#[test]
fn a_file_of_another_kind() {
    let told = told(|sandbox| {
        sandbox
            .write("data/audio/4-40001-A-0.wav", "OggS and more of it, long enough for a header");
    });
    assert!(
        told.starts_with(
            "error[data]: reading data/audio/4-40001-A-0.wav: the Ogg file is cut off"
        ),
        "{told}"
    );
}

#[test]
fn a_clip_shorter_than_a_frame() {
    let told = told(|sandbox| {
        let samples = stillroom::audio::Samples { rate_hz: 16_000, values: vec![0.1; 100] };
        let path = sandbox.file("data/audio/4-40001-A-0.wav");
        stillroom::audio::wav::write(&path, &samples).expect("written");
    });
    assert!(
        told.starts_with(
            "error[data]: features of data/audio/4-40001-A-0.wav: the clip is shorter than a frame\n  \
             --> data/meta/esc50.csv:3\n"
        ),
        "{told}"
    );
    assert!(told.contains("hint: a recipe leaves such clips out by data.filter"), "{told}");
}

#[test]
fn a_clip_with_another_rate() {
    let told = told(|sandbox| {
        let samples = stillroom::audio::Samples { rate_hz: 8_000, values: vec![0.1; 8_000] };
        let path = sandbox.file("data/audio/4-40001-A-0.wav");
        stillroom::audio::wav::write(&path, &samples).expect("written");
    });
    assert!(told.contains("the sample rate differs from the clips before"), "{told}");
    assert!(told.contains("expected: 16000 Hz\n  received: 8000 Hz"), "{told}");
}

#[test]
fn tables_that_cannot_be_read() {
    let fold = told(|sandbox| edit(sandbox, "4-40001-A-0.wav,4", "4-40001-A-0.wav,four"));
    assert!(fold.starts_with("error[data]: reading data/meta/esc50.csv: 'fold' is no whole number\n  --> data/meta/esc50.csv:3"), "{fold}");
    let column = told(|sandbox| edit(sandbox, "category", "class"));
    assert!(column.contains("the column 'category' is missing"), "{column}");
    let outside = told(|sandbox| edit(sandbox, "4-40001-A-0.wav", "../4-40001-A-0.wav"));
    assert!(
        outside.contains("'filename' is no file name below the data set's folder"),
        "{outside}"
    );
    let short = told(|sandbox| edit(sandbox, ",False,40001,A", ""));
    assert!(short.contains("the row cannot be read\n  --> data/meta/esc50.csv:3"), "{short}");
    let bytes = told(|sandbox| {
        sandbox.write("data/meta/esc50.csv", [0xff, 0xfe, 0x00, 0x41]);
    });
    assert!(bytes.contains("the file is not UTF-8 text"), "{bytes}");
}

#[test]
fn a_fold_that_is_not_there() {
    let told = told(|sandbox| {
        let table = sandbox.read("data/meta/esc50.csv");
        let others: Vec<&str> = table.lines().filter(|line| !line.starts_with('5')).collect();
        sandbox.write("data/meta/esc50.csv", others.join("\n"));
    });
    assert!(told.contains("no clip is left to test"), "{told}");
    assert!(told.contains("expected: a fold of [4], and another one beside it"), "{told}");
}

#[test]
fn a_file_that_is_listed_twice() {
    let told = told(|sandbox| {
        let table = sandbox.read("data/meta/esc50.csv");
        let row = "4-40001-A-0.wav,5,0,tone,False,40001,A";
        sandbox.write("data/meta/esc50.csv", format!("{table}{row}\n"));
    });
    assert!(told.contains("a file is listed twice\n  --> data/meta/esc50.csv:42"), "{told}");
    assert!(told.contains("4-40001-A-0.wav, in line 3 already"), "{told}");
}

#[test]
fn a_category_with_two_targets() {
    let told = told(|sandbox| edit(sandbox, "5-50001-A-0.wav,5,0,", "5-50001-A-0.wav,5,17,"));
    let said = "data/meta/esc50.csv: a category has two targets";
    assert!(told.contains(said) && told.contains("data/meta/esc50.csv:"), "{told}");
    assert!(told.contains("received: 'tone': target 17, and 0 in a line before"), "{told}");
}
