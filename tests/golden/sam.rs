//! SAM and ASAM, written in a recipe, against PyTorch: gradients belong to parameters, whatever is set in between.

use crate::script::host::evaluate;
use crate::support::{close, golden_json};
use rhai::{Array, Dynamic};
use serde_json::Value;
use std::collections::BTreeMap;

const RECIPE: &str = r#"
/// How far each weight may go: as far as any, or in proportion to its size.
fn scale(w, adaptive) { if adaptive { w.abs() + 0.01 } else { w * 0 + 1 } }

fn sharp_step(net, optimizer, x, y, rho, adaptive) {
    let first = mse(net.forward(x), y).backward();
    let before = net.state();
    let squares = 0.0;
    for name in net.trainable() {
        squares += ((scale(before[name], adaptive) * first.of(net.weight(name))) ** 2).sum();
    }
    let length = squares.sqrt() + 1e-12;
    for name in net.trainable() {
        let w = before[name];
        net.set_weight(name, w + scale(w, adaptive) ** 2 * first.of(net.weight(name)) * rho / length);
    }
    let second = mse(net.forward(x), y).backward();
    net.load(before);
    optimizer.step(net, second);
}

let net = nn::sequential([nn::linear(3, 5), nn::tanh(), nn::linear(5, 2)]);
net.load(START);
let optimizer = optim::sgd(#{ lr: 0.1, momentum: 0.9, weight_decay: 0.01 });
let after = [];
for step in 0..6 {
    sharp_step(net, optimizer, X[step], Y[step], RHO, ADAPTIVE);
    let state = net.state();
    after.push(net.names().map(|name| state[name].reshape([-1]).to_array()));
}
after
"#;

fn numbers(value: &Dynamic) -> Vec<f32> {
    match value.read_lock::<Array>() {
        Some(all) => all.iter().flat_map(numbers).collect(),
        None => vec![value.as_float().expect("a number") as f32],
    }
}

#[test]
fn sharpness_aware_steps_are_those_of_pytorch() {
    let golden: BTreeMap<String, Value> = golden_json("sam.json");
    let tensor = |name: &str| format!("tensor({})", golden[name]);
    let start = golden["start"].as_object().expect("a map").iter();
    let start: Vec<String> =
        start.map(|(name, value)| format!("\"{name}\": tensor({value})")).collect();
    for (kind, rho) in [("sam", "0.05"), ("asam", "0.5")] {
        let text = RECIPE
            .replace("START", &format!("#{{ {} }}", start.join(", ")))
            .replace("X[step]", &format!("{}[step]", tensor("x")))
            .replace("Y[step]", &format!("{}[step]", tensor("y")))
            .replace("RHO", rho)
            .replace("ADAPTIVE", if kind == "asam" { "true" } else { "false" });
        let found = evaluate(&text).unwrap_or_else(|error| panic!("{error}"));
        let expected: Vec<Vec<Vec<f32>>> =
            serde_json::from_value(golden[kind].clone()).expect("the weights");
        close(kind, &numbers(&found), &expected.concat().concat(), 1e-6, 1e-5);
    }
}
