//! By what means a run was computed, taken again by who goes on with it or repeats it: device, precision, what hooks may take.

use crate::support::{Ran, Sandbox};

/// A hook takes half a second at one step.
const SLOW: &str = r#"
let data = dataset::esc50("still:example", #{ per_class: 1 });
train(model::cnn(#{ classes: data.classes, channels: [2] }), #{
    name: "slow", data: data, features: audio::fbank(#{ mels: 8, hop_ms: 50, frames: 20 }), batch: 2, epochs: 2,
});
fn lr(ctx) {
    if ctx.step == 6 { sleep(0.5); }
    ctx.lr
}
"#;

/// The binary where the environment names no device.
fn still(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    let mut command = sandbox.command();
    command.env_remove("STILL_DEVICE").args(arguments);
    sandbox.finish(command.output().expect("the binary"))
}

fn begun(more: &[&str]) -> (Sandbox, Ran) {
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", SLOW);
    let ran = still(&sandbox, &[&["run", "recipe.rhai", "--device", "cpu"], more].concat());
    (sandbox, ran)
}

/// The only run, as if it had come about otherwise.
fn told_otherwise(sandbox: &Sandbox, before: &str, after: &str) {
    let file = sandbox.run_folder().join("events.jsonl");
    let text = std::fs::read_to_string(&file).expect("a journal");
    assert!(text.contains(before), "{text}");
    std::fs::write(&file, text.replace(before, after)).expect("a journal");
}

#[test]
fn what_hooks_may_take() {
    let (sandbox, ran) = begun(&["--hook-seconds", "0.2"]);
    assert!(ran.error().contains("it does not end"), "{}", ran.err);
    let again = still(&sandbox, &["resume", "last"]);
    assert!(again.error().contains("an answer within 0.2 s"), "{}", again.err);
    still(&sandbox, &["resume", "last", "--hook-seconds", "20"]).good();
    // What was enough at last is enough.
    still(&sandbox, &["replay", "last"]).good();
    let less = still(&sandbox, &["replay", "last", "--hook-seconds", "0.2"]);
    assert!(less.error().contains("an answer within 0.2 s"), "{}", less.err);
}

/// A run that came from somebody else does not say for how long its recipe may run here.
#[test]
fn what_hooks_of_others_may_take() {
    let (sandbox, ran) = begun(&["--hook-seconds", "0"]);
    ran.good();
    told_otherwise(&sandbox, "\"hook_seconds\":0.0", "\"hook_seconds\":0.2");
    let error = still(&sandbox, &["replay", "last"]).error();
    assert!(error.contains("an answer within 0.2 s"), "{error}");
    still(&sandbox, &["runs", "pack", "last", "-o", "slow.still"]).good();
    still(&sandbox, &["runs", "unpack", "slow.still", "--home", "elsewhere"]).good();
    still(&sandbox, &["replay", "last", "--home", "elsewhere"]).good();
}

#[test]
fn the_precision() {
    let (sandbox, ran) = begun(&["--hook-seconds", "0.2"]);
    assert_ne!(ran.code, 0);
    told_otherwise(&sandbox, "\"precision\":\"f32\"", "\"precision\":\"f16\"");
    let name = sandbox.run_folder().file_name().expect("a name").to_string_lossy().to_string();
    let error = |arguments: &[&str]| still(&sandbox, arguments).error().replace(&name, "RUN");
    insta::assert_snapshot!(error(&["resume", "last"]), @r"
    error[usage]: --precision: the processor computes in single precision
      expected: f32
      received: f16 on cpu
      hint: RUN was begun so; with --precision f32 it goes on, and computes its stages anew
    ");
    // By itself no run goes on whose stages are other ones.
    let other = still(&sandbox, &["run", "recipe.rhai", "--hook-seconds", "20"]).good();
    assert!(!other.err.contains("going on"), "{}", other.err);
    still(&sandbox, &["resume", &name, "--precision", "f32", "--hook-seconds", "20"]).good();
}

#[test]
fn the_precision_of_a_replay() {
    let (sandbox, ran) = begun(&[]);
    ran.good();
    told_otherwise(&sandbox, "\"precision\":\"f32\"", "\"precision\":\"f16\"");
    let name = sandbox.run_folder().file_name().expect("a name").to_string_lossy().to_string();
    let error = still(&sandbox, &["replay", "last"]).error().replace(&name, "RUN");
    insta::assert_snapshot!(error, @r"
    error[usage]: --precision: the processor computes in single precision
      expected: f32
      received: f16 on cpu
      hint: RUN was computed so; --precision f32 repeats it with other last digits
    ");
    still(&sandbox, &["replay", "last", "--precision", "f32"]).good();
}

#[test]
fn a_device_that_is_there_no_more() {
    let (sandbox, ran) = begun(&[]);
    ran.good();
    told_otherwise(&sandbox, "\"device\":\"cpu\"", "\"device\":\"cuda:7\"");
    let told = "the run was computed on cuda:7, which is not to be had here: now on ";
    for verb in ["replay", "resume"] {
        let ran = still(&sandbox, &[verb, "last"]);
        assert!(ran.err.contains(told), "{verb}: {}", ran.err);
        let ran = still(&sandbox, &[verb, "last", "--device", "cpu"]).good();
        assert!(!ran.err.contains(told), "{verb}: {}", ran.err);
    }
}
