//! Tensors die when the script drops them: memory stays where it is, however many hooks are called.

use crate::support::{Sandbox, example};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// What may be taken between the two looks, which are some 9,000 calls apart.
const GROWTH: usize = 8 << 20;

/// Resident memory of a process in bytes; says so where the system does not tell.
fn resident(child: &Child) -> Option<usize> {
    let text = std::fs::read_to_string(format!("/proc/{}/statm", child.id())).ok()?;
    let pages: usize = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

/// Runs a command that prints "early", works, and prints "late"; the growth in between.
fn growth(mut command: Command) -> Option<usize> {
    if !std::path::Path::new("/proc/self/statm").exists() {
        eprintln!("skipped: there is no /proc/self/statm");
        return None;
    }
    let mut child =
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
    let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let (mut looks, mut said) = (Vec::new(), String::new());
    for line in lines.map_while(std::result::Result::ok) {
        match line.as_str() {
            "early" | "late" => looks.extend(resident(&child)),
            _ => said.push_str(&format!("{line}\n")),
        }
    }
    let ended = child.wait().expect("it ends").success();
    let &[early, late] = looks.as_slice() else { panic!("{} looks: {said}", looks.len()) };
    assert!(ended, "{said}");
    eprintln!("from {} to {} KiB", early >> 10, late >> 10);
    Some(late.saturating_sub(early))
}

/// A look takes a moment, during which nothing must happen.
const STEPS: &str = r#"
let data = dataset::esc50(arg("data"), #{ fold: 5 });
train(model::cnn(#{ classes: data.classes, channels: [1] }), #{
    data: data,
    features: audio::fbank(#{ mels: 4, hop_ms: 100, frames: 8 }),
    batch: 1, epochs: 25,
});

fn fifty(x) {
    for i in 0..12 {
        x = (x * 1.01 + 0.001).tanh() - 0.01;
    }
    (x * 2.0).exp()
}

fn loss(ctx, student, target) {
    if ctx.step == 1000 { print("early"); sleep(0.5); }
    if ctx.step == 9990 { print("late"); sleep(0.5); }
    // One graph that is walked back, and one that is dropped.
    fifty(student + 1.0);
    cross_entropy(fifty(student), target)
}
"#;

#[test]
fn a_run_of_10_000_steps_keeps_its_memory() {
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", STEPS);
    let mut command = sandbox.command();
    command.args(["run", "recipe.rhai", "--set"]).arg(format!("data={}", example().display()));
    if let Some(growth) = growth(command) {
        assert!(growth <= GROWTH, "{} KiB more", growth >> 10);
    }
}

/// Graphs that are made and never walked back, in functions that end.
const DROPPED: &str = r#"
fn fifty(x) {
    for i in 0..12 {
        x = (x * 1.01 + 0.001).tanh() - 0.01;
    }
    (x * 2.0).exp()
}

fn hook(w) {
    fifty(w).sum()
}

fn walked(w) {
    let loss = fifty(w).sum();
    loss.backward().of(w).shape
}

let w = tensor::ones([16, 10]).requires_grad();
for round in 0..10000 {
    if round == 1000 { print("early"); sleep(0.5); }
    if round == 9990 { print("late"); sleep(0.5); }
    CALL(w);
}
"#;

/// Numbers are set between the gradients and their use, in every step.
const CLIMBING: &str = r#"
let net = nn::sequential([nn::linear(16, 32), nn::tanh(), nn::linear(32, 1)]);
let average = net.copy();
let optimizer = optim::adam(#{ lr: 0.001 });
let x = tensor::normal([4, 16], "x");
for round in 0..10000 {
    if round == 1000 { print("early"); sleep(0.5); }
    if round == 9990 { print("late"); sleep(0.5); }
    let first = net.forward(x).abs().sum().backward();
    let before = net.state();
    for name in net.trainable() {
        net.set_weight(name, before[name] + first.of(net.weight(name)) * 0.01);
    }
    let second = net.forward(x).abs().sum().backward();
    net.load(before);
    optimizer.step(net, second);
    average.forward(x);
    average.lerp(net, 0.1);
}
"#;

#[test]
fn weights_that_are_set_in_every_step_keep_no_memory() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command();
    command.arg("eval").arg(CLIMBING);
    if let Some(growth) = growth(command) {
        assert!(growth <= GROWTH, "{} KiB more", growth >> 10);
    }
}

#[test]
fn graphs_in_functions_keep_no_memory_walked_back_or_dropped() {
    let sandbox = Sandbox::new();
    for call in ["hook", "walked"] {
        let mut command = sandbox.command();
        command.arg("eval").arg(DROPPED.replace("CALL", call));
        if let Some(growth) = growth(command) {
            assert!(growth <= GROWTH, "{call}: {} KiB more", growth >> 10);
        }
    }
}
