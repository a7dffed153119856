//! `still models`.

use crate::support::Sandbox;
use serde_json::Value;

fn seen(arguments: &[&str]) -> Value {
    let all = [&["models"], arguments, &["--json"]].concat();
    let ran = Sandbox::new().still(&all).good();
    serde_json::from_str(&ran.out).expect("one JSON object")
}

/// Of the fact sheet of the paper, worked out from the layouts of checkpoints.
#[test]
fn parameters_are_those_of_the_references() {
    let count = |name: &str, classes: &str, frames: &str| {
        let given = ["models", "--json", "--classes", classes, "--frames", frames];
        let ran = Sandbox::new().still(&given).good();
        let mut all =
            ran.out.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        all.find(|model| model["name"] == name).expect(name)["parameters"]
            .as_u64()
            .expect("a count")
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

#[test]
fn mistakes_are_told() {
    let refused =
        |arguments: &[&str]| Sandbox::new().still(&[&["models"], arguments].concat()).error();
    insta::assert_snapshot!(refused(&["efficientnet_b9"]), @r"
    error[name]: still models: unknown model 'efficientnet_b9'
      hint: did you mean 'efficientnet_b0'?
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
