//! `still features`.

use crate::support::{Sandbox, example};
use stillroom::tensor::{Tensor, file};

fn array(sandbox: &Sandbox) -> Tensor {
    let mut tensors = file::load(&sandbox.file("out.npy")).expect("an array");
    tensors.remove(0).1
}

fn clip() -> String {
    example().join("audio/1-10000-A-0.wav").display().to_string()
}

#[test]
fn it_writes_frames_by_mels() {
    let sandbox = Sandbox::new();
    let ran = sandbox.still(&["features", &clip(), "-o", "out.npy"]).good();
    assert_eq!(ran.out.trim_end(), "out.npy: f32 [148 frames, 128 mels]");
    let (shape, values) = (array(&sandbox).shape(), array(&sandbox).to_values().expect("values"));
    // 1.5 s at 16 kHz: 1 + (24000 − 400) / 160.
    assert_eq!(shape, [148, 128]);
    assert!(values.iter().all(|value| value.is_finite() && *value >= -15.9424));
}

#[test]
fn options_are_json() {
    let sandbox = Sandbox::new();
    let options = r#"{"mels": 64, "hop_ms": 20, "window": "povey"}"#;
    sandbox.still(&["features", &clip(), "-o", "out.npy", "--options", options]).good();
    let shape = array(&sandbox).shape();
    assert_eq!(shape, [74, 64]);
}

#[test]
fn a_preset_brings_the_clip_to_its_rate() {
    let sandbox = Sandbox::new();
    let options = r#"{"preset": "efficientat"}"#;
    let kind = ["--kind", "mel_spectrogram", "--options", options];
    let frames = |more: &[&str]| {
        sandbox.still(&[&["features", &clip(), "-o", "out.npy"], &kind[..], more].concat()).good();
        array(&sandbox).shape()[0]
    };
    // 1.5 s at 32 kHz, 320 samples from frame to frame.
    assert_eq!([frames(&[]), frames(&["--rate-hz", "16000"])], [150, 75]);
}

fn refused(options: &str) -> String {
    let ran = Sandbox::new().still(&["features", &clip(), "-o", "out.npy", "--options", options]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    ran.error()
}

#[test]
fn wrong_options_are_refused() {
    insta::assert_snapshot!(refused(r#"{"mel": 64}"#), @r"
    error[usage]: --options: unknown option 'mel'
      hint: did you mean 'mels'?
    ");
    insta::assert_snapshot!(refused("mels=64"), @r#"
    error[usage]: --options: this is no JSON
      expected: {"mels": 64, …}
      received: expected value at line 1 column 1
    "#);
    insta::assert_snapshot!(refused("[64]"), @r#"
    error[usage]: --options: this is no map
      expected: {"mels": 64, …}
      received: [64]
    "#);
    insta::assert_snapshot!(refused(r#"{"mels": 0}"#), @r"
    error[usage]: audio::fbank: 'mels' is out of range
      expected: 1 to 4096
      received: 0
    ");
    insta::assert_snapshot!(refused(r#"{"mels": "many"}"#), @r#"
    error[usage]: --options: an option has the wrong type
      received: invalid type: string "many", expected usize
    "#);
    insta::assert_snapshot!(refused(r#"{"window": "haning"}"#), @r"
    error[usage]: --options: unknown window 'haning'
      hint: did you mean 'hanning'?
    ");
}

#[test]
fn an_output_that_cannot_be_written() {
    let ran = Sandbox::new().still(&["features", &clip(), "-o", "no/such/out.npy"]);
    assert_eq!(ran.code, 4);
    insta::assert_snapshot!(ran.error(), @"error[file]: writing no/such/out.npy: no such file or folder");
}
