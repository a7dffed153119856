//! A network's outline: the same where two networks do the same, another one where they do not.

use super::host::evaluate;
use stillroom::models::{CnnOptions, InputShape, Spec, VitOptions};
use stillroom::nn::Net;
use stillroom::tensor::Device;

fn net(text: &str) -> Net {
    let functions = "
        fn forward(self, x) { x }
        fn other(self, x) { x * 2 }
        fn plain(x) { x }
    ";
    let value = evaluate(&format!("{functions}\n{text}"));
    let value = value.unwrap_or_else(|error| panic!("{text}\n{error}"));
    value.try_cast::<Net>().unwrap_or_else(|| panic!("{text} is no network"))
}

/// Pairs that differ in one thing only.
const APART: [(&str, &str); 52] = [
    ("nn::linear(2, 3)", "nn::linear(2, 4)"),
    ("nn::linear(2, 3)", "nn::linear(2, 3, #{ bias: false })"),
    ("nn::linear(2, 3)", "nn::linear(2, 3).freeze()"),
    ("nn::linear(2, 3)", "nn::linear(2, 3).freeze(\"bias\")"),
    ("nn::embedding(2, 3)", "nn::embedding(3, 2)"),
    ("nn::dropout(0.1)", "nn::dropout(0.2)"),
    ("nn::dropout(0.1)", "nn::drop_path(0.1)"),
    ("nn::dropout(0.1)", "nn::dropout(0.1).eval()"),
    ("nn::relu()", "nn::gelu()"),
    ("nn::gelu()", "nn::gelu(\"tanh\")"),
    ("nn::leaky_relu(0.1)", "nn::leaky_relu(0.2)"),
    ("nn::elu()", "nn::elu(2)"),
    ("nn::softmax(1)", "nn::softmax(-1)"),
    ("nn::flatten()", "nn::flatten(2)"),
    ("nn::flatten(0, 1)", "nn::flatten(0, 2)"),
    ("nn::conv1d(2, 4, 3)", "nn::conv2d(2, 4, 3)"),
    ("nn::conv2d(2, 4, 3)", "nn::conv2d(2, 4, 3, #{ stride: 2 })"),
    ("nn::conv2d(2, 4, 3)", "nn::conv2d(2, 4, 3, #{ stride: [1, 2] })"),
    ("nn::conv2d(2, 4, 3)", "nn::conv2d(2, 4, 3, #{ padding: 1 })"),
    ("nn::conv2d(2, 4, 3, #{ padding: 1 })", "nn::conv2d(2, 4, 3, #{ padding: \"same\" })"),
    ("nn::conv2d(2, 4, 3)", "nn::conv2d(2, 4, 3, #{ dilation: 2 })"),
    ("nn::conv2d(2, 4, 3)", "nn::conv2d(2, 4, 3, #{ groups: 2 })"),
    ("nn::conv_transpose2d(2, 4, 3)", "nn::conv_transpose2d(2, 4, 3, #{ stride: 2 })"),
    (
        "nn::conv_transpose1d(2, 4, 3, #{ stride: 2 })",
        "nn::conv_transpose1d(2, 4, 3, #{ stride: 2, output_padding: 1 })",
    ),
    ("nn::depthwise(4, 3)", "nn::depthwise(4, 3, #{ stride: 2 })"),
    ("nn::batch_norm2d(4)", "nn::batch_norm1d(4)"),
    ("nn::batch_norm2d(4)", "nn::batch_norm2d(4, #{ eps: 1e-3 })"),
    ("nn::batch_norm2d(4)", "nn::batch_norm2d(4, #{ momentum: 0.01 })"),
    ("nn::batch_norm2d(4)", "nn::batch_norm2d(4, #{ track_running_stats: false })"),
    ("nn::layer_norm(4)", "nn::layer_norm(4, #{ eps: 1e-6 })"),
    ("nn::group_norm(2, 4)", "nn::group_norm(4, 4)"),
    ("nn::rms_norm(4)", "nn::rms_norm(4, #{ eps: 1e-3 })"),
    ("nn::max_pool2d(2)", "nn::avg_pool2d(2)"),
    ("nn::max_pool2d(2)", "nn::max_pool2d(2, #{ stride: 1 })"),
    (
        "nn::avg_pool1d(3, #{ padding: 1 })",
        "nn::avg_pool1d(3, #{ padding: 1, count_include_pad: false })",
    ),
    ("nn::adaptive_avg_pool2d(2)", "nn::adaptive_avg_pool2d(3)"),
    ("nn::attention(8, 2)", "nn::attention(8, 4)"),
    ("nn::attention(8, 2)", "nn::attention(8, 2, #{ attn_drop: 0.1 })"),
    ("nn::transformer_block(8, 2)", "nn::transformer_block(8, 2, #{ activation: \"relu\" })"),
    ("nn::transformer_block(8, 2)", "nn::transformer_block(8, 2, #{ drop_path: 0.1 })"),
    ("nn::gru(3, 4, #{ layers: 2 })", "nn::gru(3, 4, #{ layers: 2, dropout: 0.1 })"),
    ("nn::gru(3, 4)", "nn::lstm(3, 4)"),
    ("nn::squeeze_excite(32)", "nn::squeeze_excite(32, #{ gate: \"hardsigmoid\" })"),
    ("nn::sequential([nn::relu(), nn::tanh()])", "nn::sequential([nn::tanh(), nn::relu()])"),
    ("nn::sequential([nn::relu()])", "nn::sequential([[\"act\", nn::relu()]])"),
    ("nn::residual(nn::relu())", "nn::residual(nn::relu(), nn::relu())"),
    ("nn::parallel([nn::relu()], \"sum\")", "nn::parallel([nn::relu()], \"cat\", 1)"),
    ("nn::parallel([nn::relu()], \"cat\", 0)", "nn::parallel([nn::relu()], \"cat\", 1)"),
    (
        "let a = nn::linear(2, 2); nn::sequential([a, a])",
        "nn::sequential([nn::linear(2, 2), nn::linear(2, 2)])",
    ),
    ("nn::network(#{ a: 1 }, Fn(\"forward\"))", "nn::network(#{ a: 1 }, Fn(\"other\"))"),
    ("nn::network(#{}, Fn(\"plain\"))", "nn::network(Fn(\"plain\"))"),
    ("let k = 2; nn::network(|x| x * k)", "let k = 3; nn::network(|x| x * k)"),
];

/// Values in the map of parts, no two alike.
const VALUES: [&str; 23] = [
    "1",
    "1.0",
    "\"1\"",
    "'1'",
    "()",
    "true",
    "[1, 2]",
    "[2, 1]",
    "[[1], 2]",
    "#{ b: 1 }",
    "#{ b: 2 }",
    "#{ c: 1 }",
    "tensor([1.0, 2.0])",
    "tensor([2.0, 1.0])",
    "tensor([1, 2])",
    "Fn(\"plain\")",
    "Fn(\"other\")",
    "|x| x",
    "nn::parameter(tensor([1.0, 2.0]))",
    "nn::buffer(tensor([1.0, 2.0]))",
    "nn::linear(2, 3)",
    "[nn::linear(2, 3)]",
    "[3, nn::linear(2, 3)]",
];

#[test]
fn one_difference_makes_another_outline() {
    for (one, other) in APART {
        let (first, second) = (net(one).outline(), net(other).outline());
        assert_ne!(first, second, "{one}\n{other}");
    }
    let outline =
        |value| net(&format!("nn::network(#{{ a: {value} }}, Fn(\"forward\"))")).outline();
    let all: Vec<String> = VALUES.iter().map(outline).collect();
    for (place, outline) in all.iter().enumerate() {
        let same = all.iter().position(|other| other == outline);
        assert_eq!(same, Some(place), "{outline}");
    }
}

#[test]
fn what_does_the_same_has_the_same_outline() {
    let pairs = [
        ("nn::linear(2, 3)", "nn::linear(2, 3, #{ bias: true })"),
        ("nn::linear(2, 3)", "nn::linear(2, 3).init(\"weight\", \"zeros\")"),
        ("nn::linear(2, 3)", "nn::linear(2, 3).copy()"),
        ("nn::linear(2, 3)", "nn::linear(2, 3).freeze().unfreeze()"),
        ("nn::relu()", "nn::activation(\"relu\")"),
        ("nn::gelu(\"tanh\")", "nn::activation(\"gelu_tanh\")"),
        ("nn::conv2d(2, 4, 3)", "nn::conv2d(2, 4, [3, 3], #{ stride: [1, 1], padding: 0 })"),
        ("nn::max_pool2d(2)", "nn::max_pool2d([2, 2], #{ stride: 2 })"),
        (
            "nn::network(#{ a: 1, b: nn::linear(2, 3) }, Fn(\"forward\"))",
            "nn::network(#{ b: nn::linear(2, 3), a: 1 }, Fn(\"forward\")).copy()",
        ),
        (
            "nn::network(#{ w: nn::parameter(tensor([1.0])) }, Fn(\"forward\"))",
            "nn::network(#{ w: nn::parameter(tensor([2.0])) }, Fn(\"forward\"))",
        ),
        ("let k = 2; nn::network(|x| x * k)", "let k = 1 + 1; nn::network(|x| x * k)"),
        ("nn::dropout(0.1)", "nn::sequential([nn::linear(2, 3), nn::dropout(0.1)]).part(\"1\")"),
    ];
    for (one, other) in pairs {
        assert_eq!(net(one).outline(), net(other).outline());
    }
}

#[test]
fn models_have_outlines_too() {
    let build = |spec: Spec, frames, seed| {
        let input = InputShape { frames, mels: 32 };
        spec.build(input, seed, &Device::default()).expect("a model").net().outline()
    };
    let cnn =
        |channels: &[usize]| Spec::Cnn(CnnOptions { classes: 3, channels: channels.to_vec() });
    let small = VitOptions { classes: 3, width: 8, depth: 1, heads: 2, ..VitOptions::small() };
    let ast = |heads| Spec::Vit(VitOptions { heads, ..small.clone() });
    assert_eq!(build(cnn(&[4]), 40, 1), build(cnn(&[4]), 40, 2));
    assert_ne!(build(cnn(&[4]), 40, 1), build(cnn(&[5]), 40, 1));
    assert_ne!(build(ast(2), 40, 1), build(ast(4), 40, 1));
    assert_ne!(build(ast(2), 40, 1), build(ast(2), 56, 1));
}

#[test]
fn it_reads_like_this() {
    let outline = net("
        let body = nn::sequential([nn::linear(2, 3), nn::dropout(0.5)]).freeze(\"0.bias\");
        nn::network(#{ body: body, scale: 2, names: [\"a\"] }, Fn(\"forward\"))
    ")
    .outline();
    insta::assert_snapshot!(outline, @r#"
    network forward of {"body": network, "names": [string "a"], "scale": 2} and {}
      "body": sequential
        "0": linear LinearOptions { inputs: 2, outputs: 3, bias: true }
        "1": dropout Dropout(DropOptions { p: 0.5 })
    "body.0.weight" [3, 2]
    "body.0.bias" [3] frozen
    "#);
}

#[test]
fn the_functions_that_it_calls_are_known() {
    let functions = |text: &str| net(text).functions();
    assert_eq!(functions("nn::linear(2, 3)"), [""; 0]);
    assert_eq!(functions("nn::network(#{}, Fn(\"forward\"))"), ["forward"]);
    assert_eq!(
        functions("nn::network(#{ act: Fn(\"plain\") }, Fn(\"other\"))"),
        ["other", "plain"]
    );
    assert_eq!(functions("nn::network(|x| x)"), [""]);
    assert_eq!(functions("nn::network(#{ when: 1..2 }, Fn(\"other\"))"), ["", "other"]);
    let nested = "nn::sequential([Fn(\"plain\"), nn::residual(nn::network(#{}, Fn(\"forward\")))])";
    assert_eq!(functions(nested), ["forward", "plain"]);
}
