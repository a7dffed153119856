//! `still export`: what is written, read again, and what is said of mistakes.

use crate::support::{Sandbox, TINY};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use stillroom::models::onnx::Loaded;
use stillroom::tensor::{Device, Tensor, store};
use stillroom::train::{CARD, Card};

/// A network with a bit of everything, which the recipe builds itself.
pub const OWN: &str = r#"
let data = dataset::esc50(arg("data", "still:example"), #{ per_class: 6 });
let common = #{
    data: data, features: audio::fbank(#{ mels: 32, hop_ms: 20, frames: 40 }), batch: 16, epochs: 1,
    optimizer: optim::adam(#{ lr: 1e-3 }),
};
let own = train(Fn("build"), common + #{ name: "own" });

fn build() {
    nn::network([
        ["stem", nn::sequential([nn::conv2d(1, 8, 3, #{ padding: 1 }), nn::batch_norm2d(8), nn::relu(), nn::max_pool2d(2)])],
        ["body", nn::residual(nn::sequential([nn::conv2d(8, 8, 3, #{ padding: 1, bias: false }), nn::batch_norm2d(8)]))],
        ["embed", nn::linear(128, 24)],
        ["block", nn::transformer_block(24, 3)],
        ["time", nn::gru(24, 16, #{ bidirectional: true })],
        ["mix", nn::parameter(tensor::ones([32, 20]))],
        ["head", nn::linear(20, 10)],
    ], Fn("forward"))
}

fn forward(self, x) {
    let picture = self.body.forward(self.stem.forward(x.unsqueeze(1)));
    let shape = picture.shape;
    let frames = picture.permute([0, 2, 1, 3]).reshape([shape[0], shape[2], -1]);
    let tokens = self.block.forward(self.embed.forward(frames));
    let heard = self.time.forward(tokens);
    let mean = einsum("btw,wk->bk", [heard, self.mix]) / shape[2];
    self.head.forward(mean.tanh())
}
"#;

/// DS-CNN, TC-ResNet8 and BC-ResNet, as a recipe writes them.
const SPOTTERS: &str = include_str!("../golden/spotters.rhai");

/// `tests/golden/clips_check.py` runs them in ONNX Runtime on real clips.
#[test]
fn networks_of_the_literature_go_out_with_their_features() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(SPOTTERS, &["--set", "per_class=5"]).good();
    // The papers' counts for these widths, with ten classes.
    for words in ["ds-cnn: sequential, 23050 parameters", "tc-resnet8: network, 65050 parameters"] {
        assert!(format!("{}{}", ran.out, ran.err).contains(words), "{}", ran.out);
    }
    for stage in ["ds-cnn", "tc-resnet8", "bc-resnet"] {
        let arguments = ["export", "last", "--stage", stage, "--with-features", "--json"];
        let told = last_line(&sandbox.still(&arguments).good().out);
        assert_eq!(told["free"], json!(["batch", "samples"]), "{told}");
        assert!(told["difference"].as_f64().expect("a number") < 1e-5, "{told}");
    }
}

fn last_line(text: &str) -> Value {
    serde_json::from_str(text.trim_end().lines().last().expect("a line")).expect("JSON")
}

#[test]
fn a_network_of_the_recipe_goes_out_as_a_graph() {
    let sandbox = Sandbox::new();
    sandbox.run(OWN, &[]).good();
    let told = last_line(&sandbox.still(&["export", "last", "--json"]).good().out);
    assert_eq!(told["file"], "own.onnx");
    // The divisor is a number that the recipe makes of the length.
    assert_eq!(told["free"], json!(["batch", "time"]));
    assert!(told["difference"].as_f64().expect("a number") < 1e-5, "{told}");
    let bytes = std::fs::read(sandbox.file("own.onnx")).expect("the file");
    let graph = Loaded::new(&bytes).expect("a graph");
    let property = |key: &str| {
        let found = graph.properties().iter().find(|(known, _)| known == key);
        found.map(|(_, text)| text.clone()).unwrap_or_else(|| panic!("no '{key}'"))
    };
    let labels: Vec<String> = serde_json::from_str(&property("labels")).expect("names");
    assert_eq!((labels.len(), labels[0].as_str()), (10, "tone"));
    let card: Card = serde_json::from_str(&property(CARD)).expect("a card");
    assert_eq!((card.stage.as_str(), card.rate_hz(), card.input.frames), ("own", 16_000, 40));
    assert_eq!(card.model["kind"], "network");
    let clips = Tensor::full(&[3, 40, 32], 0.5, &Device::cpu()).expect("clips");
    assert_eq!(graph.run(&clips).expect("logits").shape(), [3, 10]);
    let named = String::from_utf8_lossy(&bytes);
    for name in ["stem.0.weight", "block.attn.qkv.weight", "head.bias"] {
        assert!(named.contains(name), "no {name}");
    }
    // The graph that listens itself says how near it comes.
    let told = sandbox.still(&["export", "last", "--with-features", "--json", "-o", "w.onnx"]);
    let told = last_line(&told.good().out);
    assert!(told["features_difference"].as_f64().expect("a number") < 1e-4, "{told}");
    let again = sandbox.still(&["export", "last", "--format", "safetensors"]).good();
    assert!(again.out.starts_with("own.safetensors: "), "{}", again.out);
    let refused = sandbox.still(&["export", "own.safetensors"]);
    assert!(refused.error().contains("only its recipe can build this model"), "{}", refused.err);
}

#[test]
fn weights_go_out_and_come_back() {
    let sandbox = Sandbox::new();
    sandbox.run(TINY, &[]).good();
    let weights =
        sandbox.still(&["export", "last", "--format", "safetensors", "-o", "w.safetensors"]);
    weights.good();
    let bytes = std::fs::read(sandbox.file("w.safetensors")).expect("the file");
    let notes = store::notes("a test", &bytes).expect("a head");
    assert_eq!(notes.get("format").map(String::as_str), Some("pt"));
    let tensors = store::decode("a test", &bytes, &Device::cpu()).expect("tensors");
    let folder = sandbox.run_folder().join("weights");
    let kept = std::fs::read_dir(folder).expect("weights").flatten().map(|entry| entry.path());
    let of_student = |path: &std::path::PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy().to_string();
        name.contains("student") && name.contains("last")
    };
    let kept = kept.filter(of_student).last().expect("weights");
    let kept = store::load(&kept, &Device::cpu()).expect("weights");
    let plain = |all: &[(String, Tensor)]| -> BTreeMap<String, Vec<f32>> {
        all.iter().map(|(name, t)| (name.clone(), t.to_values().expect("numbers"))).collect()
    };
    assert!(plain(&tensors) == plain(&kept), "the same weights");
    sandbox.still(&["export", "last", "-o", "one.onnx"]).good();
    sandbox.still(&["export", "w.safetensors", "-o", "other.onnx"]).good();
    let read = |name: &str| std::fs::read(sandbox.file(name)).expect(name);
    assert!(read("one.onnx") == read("other.onnx"), "both are the same model");
}

#[test]
fn mistakes_are_told() {
    let sandbox = Sandbox::new();
    sandbox.run(TINY, &[]).good();
    let told = |arguments: &[&str]| {
        let ran = sandbox.still(&[&["export"], arguments].concat());
        assert_ne!(ran.code, 0, "{}", ran.out);
        ran.error()
    };
    assert!(told(&["last", "--stage", "nobody"]).contains("unknown finished stage 'nobody'"));
    assert!(told(&["last", "--names", "hff"]).contains("did you mean 'hf'?"));
    assert!(told(&["last", "--names", "hf"]).contains("--names is for safetensors only"));
    assert!(
        told(&["last", "--format", "safetensors", "--with-features"]).contains("for onnx only")
    );
    assert!(told(&["last", "-o", "no/such/folder.onnx"]).contains("no such file or folder"));
    assert!(told(&["gone.safetensors"]).contains("no such file"));
    sandbox.write("broken.safetensors", b"nothing at all");
    assert!(told(&["broken.safetensors"]).contains("not a whole safetensors file"));
    let one = Tensor::full(&[1], 1.0, &Device::cpu()).expect("a tensor");
    let plain = store::encode(&[("one".to_string(), one)]).expect("bytes");
    sandbox.write("plain.safetensors", plain);
    assert!(told(&["plain.safetensors"]).contains("does not say what model its weights belong to"));
    std::fs::remove_dir_all(sandbox.file("home/objects")).expect("the store");
    assert!(told(&["last"]).contains("the stage's result is there no more"));
}

/// Each front end in the graph: what it makes of a clip is compared with what the model was trained on when the graph is
/// written, and here once more with another clip.
#[test]
fn graphs_make_features_of_each_kind() {
    let kinds = [
        ("fbank", "audio::fbank(#{ mels: 32, hop_ms: 20 })"),
        ("mel", "audio::mel_spectrogram(#{ mels: 32, hop_ms: 20 })"),
        ("librosa", "audio::mel_spectrogram(#{ mels: 32, preset: \"librosa\" })"),
        ("plain", "audio::spectrogram(#{ fft_points: 512, hop_ms: 20 })"),
    ];
    for (name, features) in kinds {
        let sandbox = Sandbox::new();
        let recipe = format!(
            "let data = dataset::esc50(arg(\"data\"), #{{ per_class: 2 }});\n\
             train(model::cnn(#{{ classes: data.classes, channels: [4] }}),\n\
                 #{{ data: data, features: {features}, batch: 10, epochs: 1 }});\n"
        );
        sandbox.run(&recipe, &[]).good();
        let written =
            sandbox.still(&["export", "last", "--with-features", "--json", "-o", "w.onnx"]);
        let told = last_line(&written.good().out);
        // The front end alone may be off by so much of the largest output; see the check's own bounds.
        let difference = told["features_difference"].as_f64().expect("a comparison");
        let largest = told["largest"].as_f64().expect("a number").max(1.0);
        assert!(difference <= 1e-3 * largest, "{name}: {told}");
        let bytes = std::fs::read(sandbox.file("w.onnx")).expect("the file");
        let graph = Loaded::new(&bytes).expect("a graph");
        let samples = 24_000;
        let wave = (0..samples).map(|at| (at as f32 * 0.07).sin() * 0.2).collect();
        let wave = Tensor::from_values(wave, &[1, samples], &Device::cpu()).expect("a clip");
        let logits = graph.run(&wave).expect("logits");
        assert_eq!(logits.shape(), [1, 10], "{name}");
        assert!(logits.to_values().expect("numbers").iter().all(|own| own.is_finite()), "{name}");
    }
}
