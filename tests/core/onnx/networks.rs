//! Whole models.

use super::{all_work, exported};
use stillroom::error::Result;
use stillroom::models::onnx::Exported;
use stillroom::models::{CnnOptions, InputShape, Spec, VitOptions};
use stillroom::nn::{Mode, Network};
use stillroom::tensor::Device;

fn built(name: &str, spec: &Spec, frames: usize, mels: usize, varies: bool) -> Result<Exported> {
    let model = spec.build(InputShape { frames, mels }, 3, &Device::cpu())?;
    let net = model.net();
    exported(name, &[frames, mels], varies, net.state(), &|x| net.forward(x, Mode::Eval))
}

#[test]
fn the_models_of_the_quickstart() {
    let cnn = Spec::Cnn(CnnOptions { classes: 7, channels: vec![4, 8] });
    let ast =
        Spec::Vit(VitOptions { classes: 7, width: 24, depth: 2, heads: 3, ..VitOptions::small() });
    let (of_cnn, of_ast) = (built("cnn", &cnn, 50, 32, true), built("ast", &ast, 56, 32, true));
    assert_eq!(of_cnn.as_ref().expect("a CNN").free, ["time"]);
    let fixed = of_ast.as_ref().expect("an AST").fixed.as_ref().expect("a reason").to_string();
    assert!(fixed.contains("another number of patches"), "{fixed}");
    all_work(vec![("cnn", of_cnn), ("ast", of_ast)]);
}

/// The names of Hugging Face's checkpoints, as its hub has them; tried with its own loader.
#[test]
fn transformers_get_the_names_of_others() {
    use stillroom::models::Naming;
    let ast =
        Spec::Vit(VitOptions { classes: 3, width: 6, depth: 1, heads: 2, ..VitOptions::small() });
    let model = ast.build(InputShape { frames: 32, mels: 32 }, 1, &Device::cpu()).expect("a model");
    let state = model.network().state();
    let names = |naming: Naming| -> Vec<String> {
        let renamed = naming.apply(&state).expect("names");
        renamed.into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names(Naming::Own).len(), state.len());
    assert!(names(Naming::Ast).contains(&"v.blocks.0.attn.qkv.weight".to_string()));
    assert!(names(Naming::AstModule).contains(&"module.mlp_head.1.bias".to_string()));
    assert!(names(Naming::Timm).contains(&"blocks.0.mlp.fc1.weight".to_string()));
    let own = names(Naming::HuggingFace);
    let all = "audio_spectrogram_transformer.";
    let layer = format!("{all}encoder.layer.0.");
    for part in ["weight", "bias"] {
        for name in [
            format!("{all}embeddings.patch_embeddings.projection.{part}"),
            format!("{layer}attention.attention.query.{part}"),
            format!("{layer}attention.attention.key.{part}"),
            format!("{layer}attention.attention.value.{part}"),
            format!("{layer}attention.output.dense.{part}"),
            format!("{layer}intermediate.dense.{part}"),
            format!("{layer}output.dense.{part}"),
            format!("{layer}layernorm_before.{part}"),
            format!("{layer}layernorm_after.{part}"),
            format!("{all}layernorm.{part}"),
            format!("classifier.layernorm.{part}"),
            format!("classifier.dense.{part}"),
        ] {
            assert!(own.contains(&name), "{name} is missing in {own:?}");
        }
    }
    // Queries, keys and values are the thirds of what they were.
    let of = |all: &[(String, stillroom::tensor::Tensor)], name: &str| {
        let found = all.iter().find(|(known, _)| known == name).expect(name);
        found.1.to_values().expect("numbers")
    };
    let renamed = Naming::HuggingFace.apply(&state).expect("names");
    let parts = ["query", "key", "value"]
        .map(|part| of(&renamed, &format!("{layer}attention.attention.{part}.weight")));
    assert_eq!(parts.concat(), of(&state, "blocks.0.attn.qkv.weight"));
    let cnn = Spec::Cnn(CnnOptions { classes: 3, channels: vec![2] });
    let cnn = cnn.build(InputShape { frames: 32, mels: 32 }, 1, &Device::cpu()).expect("a model");
    let refused = Naming::HuggingFace.apply(&cnn.network().state()).expect_err("no transformer");
    assert!(refused.to_string().contains("has no name there"), "{refused}");
}
