//! `still models`.

use crate::script::host::evaluate;
use crate::support::Sandbox;
use serde_json::Value;
use std::collections::HashMap;
use stillroom::recipe::named_models;
use stillroom::script::other_name;

fn seen(arguments: &[&str]) -> Value {
    let all = [&["models"], arguments, &["--json"]].concat();
    let ran = Sandbox::new().still(&all).good();
    serde_json::from_str(&ran.out).expect("one JSON object")
}

/// Of the fact sheet of the paper, worked out from the layouts of checkpoints.
#[test]
fn parameters_are_those_of_the_references() {
    let mut tables: HashMap<[&str; 2], Vec<Value>> = HashMap::new();
    let mut count = |name: &str, classes: &'static str, frames: &'static str| {
        let table = tables.entry([classes, frames]).or_insert_with(|| {
            let given = ["models", "--json", "--classes", classes, "--frames", frames];
            let ran = Sandbox::new().still(&given).good();
            ran.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
        });
        let own = table.iter().find(|model| model["name"] == name).expect(name);
        own["parameters"].as_u64().expect("a count")
    };
    let known = [
        ("efficientnet_b2", "527", "1056", 8_442_961),
        ("efficientnet_b2", "200", "1056", 7_982_218),
        ("efficientnet_b2", "50", "512", 7_770_868),
        ("efficientnet_b0", "527", "1056", 4_682_059),
        ("efficientnet_b0", "50", "512", 4_071_022),
        ("ast_base", "527", "1024", 86_594_063),
        ("ast_base", "50", "512", 85_757_234),
        ("ast_base", "200", "1024", 86_342_600),
        ("ast_small", "527", "1024", 22_063_631),
        ("ast_tiny", "527", "1024", 5_723_663),
    ];
    for (name, classes, frames, expected) in known {
        assert_eq!(count(name, classes, frames), expected, "{name} of {classes} classes");
    }
    let pooled = ["efficientnet_b2", "--set", "head=attention", "--set", "padding=static_same"];
    assert_eq!(seen(&pooled)["parameters"], 13_640_766);
}

#[test]
fn taps_and_multiply_adds_are_those_of_the_input() {
    let arguments =
        ["ast_tiny", "--classes", "10", "--frames", "64", "--mels", "48", "--set", "depth=1"];
    let found = seen(&arguments);
    let (tokens, width) = (4 * 5 + 2, 192);
    assert_eq!(found["output"], serde_json::json!([1, 10]));
    let tap = |name: &str| {
        let all = found["taps"].as_array().expect("taps").iter();
        let own = all.clone().find(|tap| tap[0] == name).expect(name);
        own[1].clone()
    };
    assert_eq!(tap("v.blocks.0"), serde_json::json!([1, tokens, width]));
    assert_eq!(tap("v.patch_embed.proj"), serde_json::json!([1, width, 4, 5]));
    assert_eq!(tap("mlp_head"), serde_json::json!([1, 10]));
    // Patches; queries, keys, values and the output; scores and their use; the MLP; the head.
    let patches = 4 * 5 * width * 16 * 16;
    let block =
        tokens * width * width * 4 + 2 * tokens * tokens * width + tokens * width * width * 8;
    assert_eq!(found["multiply_adds"], patches + block + width * 10);
}

#[test]
fn every_model_is_listed_with_what_it_is() {
    let ran = Sandbox::new().still(&["models", "--json"]).good();
    let all: Vec<Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for name in ["cnn", "ast", "efficientnet_b7", "ast_base", "vit_small"] {
        let own = all.iter().find(|model| model["name"] == name).expect(name);
        assert!(own["parameters"].as_u64().expect("a count") > 100_000);
        assert!(own["about"].as_str().expect("a text").len() > 10);
    }
    let table = Sandbox::new().still(&["models"]).good();
    assert_eq!(table.out.lines().count(), all.len() + 1, "{}", table.out);
}

/// Names of timm, torchvision, PANNs, EfficientAT, AST and Hugging Face, each with what is said of it.
const FOREIGN: [(&str, &str); 42] = [
    ("tf_efficientnet_b0", "model::efficientnet_b0(#{ …, padding: \"same\" })"),
    ("tf_efficientnet_b7_ns", "model::efficientnet_b7(#{ …, padding: \"same\" })"),
    ("tf_efficientnet_b2.aa_in1k", "model::efficientnet_b2(#{ …, padding: \"same\" })"),
    ("efficientnet-b3", "model::efficientnet_b3"),
    ("efficientnet_b1.ra4_e3600_r240_in1k", "model::efficientnet_b1"),
    ("EfficientNet", "model::efficientnet_b0 to model::efficientnet_b7"),
    ("efficientnet_b8", "model::efficientnet_b0 to model::efficientnet_b7"),
    ("efficientnet_lite0", "model::efficientnet_b0 to model::efficientnet_b7"),
    ("tf_efficientnetv2_s", "model::efficientnet_b0 to model::efficientnet_b7"),
    ("psla", "model::efficientnet_b2 with head"),
    ("deit_tiny_patch16_224", "model::vit_tiny"),
    ("deit_base_distilled_patch16_384.fb_in1k", "model::ast_base"),
    ("facebook/deit-small-distilled-patch16-224", "model::ast_small"),
    ("deit", "model::ast_tiny"),
    ("deit3_small_patch16_224", "model::vit_tiny"),
    ("vit_small_patch16_224", "model::vit_small"),
    ("vit_tiny_patch8_224", "model::vit_tiny(#{ …, patch: 8, stride: 8 })"),
    ("vit_b_16", "model::vit_base"),
    ("vit_b_32", "model::vit_base(#{ …, patch: 32, stride: 32 })"),
    ("vit_large_patch16_224", "model::vit_base(#{ …, width: 1024, depth: 24, heads: 16 })"),
    ("google/vit-base-patch16-224", "model::vit_base"),
    ("VisionTransformer", "model::vit_tiny, model::vit_small or model::vit_base"),
    (
        "MIT/ast-finetuned-audioset-10-10-0.4593",
        "model::ast_base(#{ …, fstride: 10, tstride: 10, eps: 1e-12 })",
    ),
    (
        "MIT/ast-finetuned-audioset-16-16-0.442",
        "model::ast_base(#{ …, fstride: 16, tstride: 16, eps: 1e-12 })",
    ),
    ("MIT/ast-finetuned-speech-commands-v2", "model::ast_base(#{ …, eps: 1e-12 })"),
    ("ASTModel", "model::ast_base"),
    ("passt_s_swa_p16_128_ap476", "model::ast_base"),
    ("mobilenetv3_large_100", "model::mn here"),
    ("mobilenet_v3_large", "model::mn here"),
    ("tf_mobilenetv3_large_075", "model::mn(#{ …, width: 0.75 })"),
    ("mobilenetv3_small_100", "V3-Large"),
    ("mobilenetv2_100", "V3-Large"),
    ("mn40_as_ext", "model::mn(#{ …, width: 4 })"),
    ("mn10_as", "model::mn here"),
    ("Cnn14", "model::cnn14"),
    ("Cnn14_16k", "model::cnn14"),
    ("Cnn10", "model::cnn10"),
    ("Wavegram_Logmel_Cnn14", "model::cnn6, model::cnn10 and model::cnn14"),
    ("resnet101", "model::resnet18, model::resnet34 and model::resnet50"),
    ("resnet50.a1_in1k", "model::resnet50"),
    ("densenet201", "model::densenet121"),
    ("convnext_base.fb_in22k", "model::convnext_tiny"),
];

#[test]
fn models_under_the_names_of_others_are_told_what_they_are_here() {
    let can_be_written = |call: &str| {
        let script = format!("{call}.name.len() > 1");
        assert_eq!(evaluate(&script).expect(call).as_bool(), Ok(true), "{call}");
    };
    for (name, words) in FOREIGN {
        let hint = other_name(name).unwrap_or_else(|| panic!("nothing is said of {name}"));
        assert!(hint.contains(words), "{name}: {hint}");
        // What is said can be written.
        for call in hint.split("model::").skip(1) {
            let model = call.split(|c: char| !c.is_alphanumeric() && c != '_').next();
            let model = model.expect("a name");
            assert!(named_models().iter().any(|own| own.name == model), "{name}: {hint}");
            if let Some((options, _)) =
                call.strip_prefix(&format!("{model}(#{{ …")).and_then(|own| own.split_once(" })"))
            {
                can_be_written(&format!("model::{model}(#{{ classes: 2{options} }})"));
            }
        }
    }
    for name in ["swin_tiny_patch4_window7_224", "BEATs_iter3", "whisper-tiny", "HTSAT"] {
        let hint = other_name(name).unwrap_or_else(|| panic!("nothing is said of {name}"));
        assert!(hint.contains("no such model here"), "{name}: {hint}");
    }
    // What only sounds like one, and what is only misspelt.
    for name in ["vitals", "cnm", "mnist", "resample", "efficient", "model"] {
        assert_eq!(other_name(name), None, "{name}");
    }
}

#[test]
fn mistakes_are_told() {
    let refused =
        |arguments: &[&str]| Sandbox::new().still(&[&["models"], arguments].concat()).error();
    insta::assert_snapshot!(refused(&["efficientnet_b9"]), @r"
    error[name]: still models: unknown model 'efficientnet_b9'
      hint: of EfficientNets there are model::efficientnet_b0 to model::efficientnet_b7
    ");
    insta::assert_snapshot!(refused(&["efficientnet_b0", "--set", "padding=sam"]), @r"
    error[name]: model::efficientnet_b0: unknown padding 'sam'
      hint: did you mean 'same'?
    ");
    insta::assert_snapshot!(refused(&["ast_tiny", "--frames", "10"]), @r"
    error[shape]: model::ast_tiny: the clips are smaller than a patch
      expected: at least 16 frames and 16 mels
      received: 10 frames, 128 mels
    ");
    insta::assert_snapshot!(refused(&["ast_tiny", "--set", "stride=16", "--set", "tstride=8"]), @r"
    error[type]: model::ast_tiny: 'stride' and 'tstride' are both given
      hint: 'stride' is that of both directions
    ");
    insta::assert_snapshot!(refused(&["vit_tiny", "--set", "drop_path=2"]), @r"
    error[range]: model::vit_tiny: 'drop_path' is out of range
      expected: 0 to 1
      received: 2
    ");
    insta::assert_snapshot!(refused(&["efficientnet_b1", "--set", "attention_heads=2"]), @r#"
    error[type]: model::efficientnet_b1: 'attention_heads' has no meaning here
      hint: attention pooling is the head "attention"
    "#);
}
