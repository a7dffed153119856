//! Files that a run writes itself, and stages that read them: what is in a key, and whose file is read.

use super::lab::Lab;
use crate::support::Ran;

/// A stage whose hook writes a file, and one that reads it.
const TWO: &str = r#"
let data = dataset::esc50(arg("data"), #{ fold: 5, per_class: 1 });
let common = #{
    data: data, features: audio::fbank(#{ mels: 8, hop_ms: 40, frames: 10 }), batch: 10, epochs: 2,
};
BEFORE
let first = train(model::cnn(#{ classes: 10, channels: [2] }), common + #{
    name: "first", optimizer: optim::adam(#{ lr: arg("first_lr", 0.01) }), on_epoch: Fn("keep"), loss: Fn("plain"),
});
let second = train(model::cnn(#{ classes: 10, channels: [2] }), common + #{
    name: "second", optimizer: optim::adam(#{ lr: arg("second_lr", 0.01) }), loss: Fn("shifted"),
});
fn keep(ctx) { tensor([ctx.epoch * 1.0]).save("kept.npy"); }
fn plain(ctx, logits, target) { cross_entropy(logits, target) }
fn shifted(ctx, logits, target) {
    if READ { ctx.log("read", tensor::load("kept.npy").item()); }
    cross_entropy(logits, target)
}
"#;

fn lab(before: &str, read: bool) -> Lab {
    let recipe = TWO.replace("BEFORE", before).replace("READ", if read { "true" } else { "false" });
    Lab::of(&recipe)
}

/// Whether each of the two stages came from the store.
#[track_caller]
fn stored(ran: Ran) -> [bool; 2] {
    let ran = ran.good();
    ["first", "second"].map(|name| ran.err.contains(&format!("{name}: from the store")))
}

#[test]
fn what_a_hook_wrote_is_in_no_key() {
    for read in [true, false] {
        let lab = lab("", read);
        assert_eq!(stored(lab.run(100, &[])), [false, false]);
        assert_eq!(stored(lab.run(100, &[])), [true, true]);
        let why = lab.still(&["why", "lab.rhai"]).good();
        assert!(why.out.contains("second: from the store"), "{}", why.out);
        // What it reads may be another one when the first stage is.
        assert_eq!(stored(lab.run(100, &["--set", "first_lr=0.02"])), [false, false]);
        assert_eq!(stored(lab.run(100, &["--set", "first_lr=0.02"])), [true, true]);
        assert_eq!(stored(lab.run(100, &[])), [true, true]);
    }
}

#[test]
fn a_stage_that_needs_what_another_ones_hook_wrote_says_so() {
    let lab = lab("", true);
    lab.run(100, &[]).good();
    let ran = lab.run(100, &["--set", "second_lr=0.02"]);
    let error = ran.error();
    assert!(error.contains("the stage that writes this file came from the store"), "{}", ran.err);
    assert!(error.contains("`--fresh STAGE`"), "{error}");
    let fresh = ["--set", "second_lr=0.02", "--fresh", "first"];
    assert_eq!(stored(lab.run(100, &fresh)), [false, false]);
    assert_eq!(stored(lab.run(100, &fresh[..2])), [true, true]);
}

#[test]
fn what_a_statement_wrote_is_in_the_key() {
    // A hook writes over it later: what the statement had given it counts, whether the hook runs or not.
    let lab = lab("tensor([arg(\"value\", 1.5)]).save(\"kept.npy\");", true);
    assert_eq!(stored(lab.run(100, &[])), [false, false]);
    assert_eq!(stored(lab.run(100, &[])), [true, true]);
    let lab = Lab::of(
        &TWO.replace("BEFORE", "tensor([arg(\"value\", 1.5)]).save(\"kept.npy\");")
            .replace("READ", "true")
            .replace("fn keep(ctx) {", "fn keep(ctx) {} fn other(ctx) {"),
    );
    assert_eq!(stored(lab.run(100, &[])), [false, false]);
    assert_eq!(stored(lab.run(100, &[])), [true, true]);
    assert_eq!(stored(lab.run(100, &["--set", "value=2.5"])), [true, false]);
}

#[test]
fn what_a_made_stage_wrote_is_in_no_key() {
    let make = "stage(\"made\", 1, |n| { tensor([n * 0.5]).save(\"kept.npy\"); n });";
    let recipe = TWO.replace("BEFORE", make).replace("READ", "true");
    let lab = Lab::of(&recipe.replace("fn keep(ctx) {", "fn keep(ctx) {} fn other(ctx) {"));
    assert_eq!(stored(lab.run(100, &[])), [false, false]);
    assert_eq!(stored(lab.run(100, &[])), [true, true]);
}

#[test]
fn a_made_stage_depends_on_the_files_that_it_reads() {
    let recipe = "let data = arg(\"data\");\n\
                  fn read(n) { tensor::load(\"own.npy\").item() }\n\
                  print(`got ${stage(\"made\", 1, Fn(\"read\"))}`);";
    let lab = Lab::of(recipe);
    let save = |value: &str| {
        let text = format!("tensor([{value}]).save(\"own.npy\")");
        lab.still(&["eval", &text, "--out", "."]).good();
    };
    save("1.5");
    assert!(lab.run(1, &[]).good().err.contains("got 1.5"));
    assert!(lab.run(1, &[]).good().err.contains("made: from the store"));
    save("2.5");
    assert!(lab.run(1, &[]).good().err.contains("got 2.5"));
}

#[test]
fn a_run_that_goes_on_reads_what_it_would_have_read() {
    // The user's file, before the run has written one of that name; its own, afterwards.
    let before = "print(`statement ${tensor::load(\"kept.npy\").item()}`);";
    let recipe = TWO.replace("BEFORE", before).replace("READ", "true").replace(
        "fn shifted(ctx, logits, target) {",
        "fn shifted(ctx, logits, target) { if ctx.step == 1 && arg(\"fails\", true) { throw \"cut off\"; }",
    );
    let lab = Lab::of(&recipe);
    lab.still(&["eval", "tensor([7.5]).save(\"kept.npy\")", "--out", "."]).good();
    let first = lab.run(1, &[]);
    assert!(first.err.contains("statement 7.5") && first.err.contains("cut off"), "{}", first.err);
    let next = lab.still(&["resume", "last", "--set", "fails=false"]).good();
    assert!(next.err.contains("statement 7.5"), "{}", next.err);
    assert!(!next.err.contains("read 7.5"), "{}", next.err);
    let metrics = std::fs::read_to_string(lab.last().join("metrics.csv")).expect("metrics");
    let last = metrics.lines().last().expect("a row");
    assert!(last.starts_with("second"), "{metrics}");
    // Of its own columns; others tell how fast it was.
    assert!(metrics.lines().all(|row| row.rsplit(',').next() != Some("7.5")), "{metrics}");
}
