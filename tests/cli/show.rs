//! `still show`.

use crate::support::{Sandbox, example};

const CHAIN: &str = "[augment::gain([-6, 6]), augment::time_mask(40), augment::freq_mask(24)]";

fn clip() -> String {
    example().join("audio/1-10000-A-0.wav").display().to_string()
}

fn svg(sandbox: &Sandbox, more: &[&str]) -> String {
    let clip = clip();
    let all = [&["show", &clip, "-o", "out.svg"], more].concat();
    sandbox.still(&all).good();
    std::fs::read_to_string(sandbox.file("out.svg")).expect("a picture")
}

#[test]
fn a_clip_is_drawn_with_seconds_and_hertz() {
    let sandbox = Sandbox::new();
    let text = svg(&sandbox, &[]);
    for word in
        ["<svg", "seconds", "hertz", "amplitude", "as it is", "1-10000-A-0.wav", "data:image/png"]
    {
        assert!(text.contains(word), "no {word}");
    }
    // Half of 16 kHz, on the axis of all bins.
    let names = |text: &str, hz: &str| text.contains(&format!("\n{hz}\n"));
    assert!(names(&text, "8000") && names(&text, "250") && !names(&text, "16000"));
    assert!(!text.contains("draw 1"));
    let narrow = svg(&sandbox, &["--options", r#"{"high_hz": 3000}"#]);
    assert!(names(&narrow, "2000") && !names(&narrow, "4000"));
}

#[test]
fn draws_are_those_of_the_seed() {
    let sandbox = Sandbox::new();
    sandbox.write("chain.rhai", CHAIN);
    let more = ["--augment", "chain.rhai", "--draws", "3"];
    let text = svg(&sandbox, &more);
    assert!(text.contains("draw 1") && text.contains("draw 3") && !text.contains("draw 4"));
    assert!(svg(&sandbox, &more) == text);
    assert!(svg(&sandbox, &[&more[..], &["--seed", "5"]].concat()) != text);
}

#[test]
fn a_png_has_a_row_for_each_draw() {
    let sandbox = Sandbox::new();
    sandbox.write("chain.rhai", CHAIN);
    let ran = sandbox.still(&[
        "show",
        &clip(),
        "-o",
        "out.png",
        "--augment",
        "chain.rhai",
        "--draws",
        "2",
    ]);
    assert_eq!(ran.good().out.trim_end(), "out.png: waveform and features, 2 draws");
    let bytes = std::fs::read(sandbox.file("out.png")).expect("a picture");
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    let number =
        |at: usize| bytes[at..at + 4].iter().fold(0, |sum, byte| sum * 256 + u32::from(*byte));
    assert_eq!((number(16), number(20)), (1200, 44 + 3 * 240));
}

#[test]
fn the_first_stage_of_a_recipe_says_the_chain_and_the_clips_to_mix() {
    let sandbox = Sandbox::new();
    let recipe = r#"
        let data = dataset::esc50("still:example", #{ fold: 1, per_class: 1 });
        let stage = #{
            data: data, features: audio::fbank(#{ mels: 32, frames: 140 }), epochs: 1,
            augment: [augment::wave_mixup(1.0), augment::cutmix(1.0)],
        };
        let trained = train(model::cnn(#{ classes: data.classes, channels: [4] }), stage);
        throw "nothing behind the first stage is done";
    "#;
    sandbox.write("recipe.rhai", recipe);
    let text = svg(&sandbox, &["--augment", "recipe.rhai", "--draws", "2"]);
    assert!(text.contains("this clip +") && text.contains("draw 2: 0."), "what a draw is made of");
}

#[track_caller]
fn refused(sandbox: &Sandbox, more: &[&str], code: i32) -> String {
    let clip = clip();
    let ran = sandbox.still(&[&["show", &clip], more].concat());
    assert_eq!(ran.code, code, "{}", ran.err);
    ran.error()
}

#[test]
fn mistakes_are_told() {
    let sandbox = Sandbox::new();
    sandbox.write("none.rhai", "let a = 1;");
    sandbox.write("wrong.rhai", "[augment::time_msk(40)]");
    let told = refused(&sandbox, &["-o", "out.jpg"], 2);
    assert!(told.contains("unknown format 'jpg'") && told.contains("svg"), "{told}");
    let told = refused(&sandbox, &["-o", "out"], 2);
    assert!(told.contains("no ending"), "{told}");
    let told = refused(&sandbox, &["-o", "o.svg", "--augment", "none.rhai"], 3);
    assert!(told.contains("no chain of augmentations") && told.contains("none.rhai"), "{told}");
    let told = refused(&sandbox, &["-o", "o.svg", "--augment", "wrong.rhai"], 3);
    assert!(told.contains("time_mask") && told.contains("wrong.rhai"), "{told}");
    let told = refused(&sandbox, &["-o", "o.svg", "--options", "{\"mel\": 1}"], 2);
    assert!(told.contains("did you mean 'mels'"), "{told}");
    let ran = sandbox.still(&["show", "no.wav", "-o", "o.svg"]);
    assert!(ran.code != 0 && ran.error().contains("no.wav"), "{}", ran.err);
}
