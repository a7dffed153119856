//! Whole models.

use super::{all_work, exported};
use stillroom::error::Result;
use stillroom::models::onnx::Exported;
use stillroom::models::{AstOptions, CnnOptions, InputShape, Spec};
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
    let ast = Spec::Ast(AstOptions {
        classes: 7,
        width: 24,
        depth: 2,
        heads: 3,
        ..AstOptions::default()
    });
    let (of_cnn, of_ast) = (built("cnn", &cnn, 50, 32, true), built("ast", &ast, 56, 32, true));
    assert_eq!(of_cnn.as_ref().expect("a CNN").free, ["time"]);
    let fixed = of_ast.as_ref().expect("an AST").fixed.as_ref().expect("a reason").to_string();
    assert!(fixed.contains("elements"), "{fixed}");
    all_work(vec![("cnn", of_cnn), ("ast", of_ast)]);
}
