//! Stages whose steps, and networks, are the recipe's own.

use super::runner::{Run, save, with_edits};
use crate::support::Sandbox;

/// A stage of twelve steps that the recipe does itself; it logs how many it has counted.
const OWN: &str = r#"let data = dataset::esc50(arg("data"), #{ fold: 5, per_class: 2 });
let net = nn::network(#{ head: nn::linear(16, 10), drop: nn::dropout(0.2) }, Fn("forward"));
each_step(#{
    name: "own", data: data, features: audio::fbank(#{ mels: 16, hop_ms: 40, frames: 20 }), batch: 10,
    epochs: 6, nets: #{ net: net }, optimizers: #{ net: optim::adam(#{ lr: 0.01 }) }, state: #{ count: 0, ema: net.copy() },
}, Fn("teach"));
fn forward(self, x) { self.head.forward(self.drop.forward(x.mean(1))) }
fn teach(ctx, batch) {
    let loss = cross_entropy(ctx.nets.net.forward(batch.input), batch.target);
    ctx.optimizers.net.step(ctx.nets.net, loss);
    ctx.state.count += 1;
    #{ loss: loss, count: ctx.state.count }
}
"#;

/// Two models of a kind teach each other.
const MODELS: &str = r#"let data = dataset::esc50(arg("data"), #{ fold: 5, per_class: 2 });
let cnn = model::cnn(#{ classes: data.classes, channels: [2] });
let result = each_step(#{
    name: "own", data: data, features: audio::fbank(#{ mels: 16, hop_ms: 40, frames: 20 }), batch: 10,
    epochs: 1, nets: #{ one: cnn, two: cnn }, evaluate: "one", seed: arg("own", 3),
    optimizers: #{ both: optim::sgd(#{ lr: 0.01 }) },
}, Fn("teach"));
fn teach(ctx, batch) {
    let one = ctx.nets.one.weight("head.weight").detach();
    let apart = (one - ctx.nets.two.weight("head.weight").detach()).abs().max();
    let loss = cross_entropy(ctx.nets.one.forward(batch.input), batch.target);
    let loss = loss + cross_entropy(ctx.nets.two.forward(batch.input), batch.target);
    ctx.optimizers.both.step(ctx.nets, loss);
    #{ loss: loss, apart: apart, sum: one.abs().sum() }
}
"#;

#[test]
fn models_among_the_networks_are_built_for_the_data_and_drawn_by_name() {
    let logged = |text: &str| {
        let run = with_edits(text, |_| {}, vec![]).good();
        let event = run.sandbox.events().into_iter().find(|event| event["event"] == "epoch");
        let all = event.expect("an epoch")["logged"].as_array().expect("numbers").clone();
        let number = |name: &str| {
            let pair = all.iter().find(|pair| pair[0] == name).expect("logged");
            pair[1].as_f64().expect("a number")
        };
        (number("apart"), number("sum"))
    };
    let (apart, sum) = logged(MODELS);
    assert!(apart > 0.01, "two of a kind start as one");
    assert_eq!(logged(&MODELS.replace("#{ one: cnn,", "#{ another: cnn, one: cnn,")).1, sum);
    assert_ne!(logged(&MODELS.replace("\"own\", 3", "\"own\", 4")).1, sum);
}

fn counts(run: &Run) -> Vec<f64> {
    let epochs = run.sandbox.events().into_iter().filter(|event| event["event"] == "epoch");
    epochs.map(|event| event["logged"][0][1].as_f64().expect("a count")).collect()
}

#[test]
fn an_edited_step_and_an_edited_forward_are_in_force_at_the_next_step() {
    let step = OWN.replace("#{ loss: loss, count", "#{ loss: loss * 1.0, count");
    let forward = step.replace("x.mean(1)", "x.max(1)");
    let edits = vec![save(3, "recipe.rhai", step), save(7, "recipe.rhai", forward)];
    let run = with_edits(OWN, |_| {}, edits).good();
    assert_eq!(run.outcomes(), [(3, "in force"), (7, "in force")]);
    assert_eq!(run.shown.edits[0].functions, ["teach"]);
    assert_eq!(run.shown.edits[1].functions, ["forward"]);
}

#[test]
fn a_step_that_fails_leaves_no_trace() {
    // It fails in its third call, after it has changed weights, moments and state: not when it is tried.
    let edited = OWN.replace(
        "    #{ loss: loss",
        "    if ctx.step == 6 && batch.clips > 2 { ctx.nets.net.eval().freeze(); ctx.state.ema.lerp(ctx.nets.net, 0.5); throw \"no\"; }\n    #{ loss: loss",
    );
    let plain = with_edits(OWN, |_| {}, vec![]).good();
    let mended = with_edits(OWN, |_| {}, vec![save(4, "recipe.rhai", edited)]).good();
    assert_eq!(mended.outcomes(), [(4, "in force"), (6, "taken back")]);
    assert_eq!(mended.weights(), plain.weights());
    assert_eq!(counts(&mended), counts(&plain));
}

#[test]
fn a_step_that_fails_when_it_is_tried_is_refused_and_leaves_no_trace() {
    let edited = OWN.replace("    #{ loss: loss, count: ctx.state.count }", "    loss.nothing()");
    let plain = with_edits(OWN, |_| {}, vec![]).good();
    let run = with_edits(OWN, |_| {}, vec![save(4, "recipe.rhai", edited)]).good();
    assert_eq!(run.outcomes(), [(4, "refused")]);
    assert_eq!(run.weights(), plain.weights());
}

#[test]
fn a_const_that_would_call_back_is_refused() {
    let edited = format!("const NET = nn::network(|x| x * 2);\n{OWN}");
    let run = with_edits(OWN, |_| {}, vec![save(3, "recipe.rhai", edited)]).good();
    assert_eq!(run.outcomes(), [(3, "refused")]);
    assert!(run.shown.edits[0].error.contains("make the network in a function"));
}

#[test]
fn an_end_of_epoch_that_is_tried_leaves_no_trace() {
    let halve = "fn on_epoch(ctx) { ctx.optimizers.net.lr = ctx.optimizers.net.lr * 0.5; }\n";
    let recipe = format!("{OWN}{halve}");
    let edited = recipe.replace("#{ loss: loss, count", "#{ loss: loss * 1.0, count");
    let plain = with_edits(&recipe, |_| {}, vec![]).good();
    let run = with_edits(&recipe, |_| {}, vec![save(3, "recipe.rhai", edited)]).good();
    assert_eq!(run.outcomes(), [(3, "in force")]);
    assert_eq!(run.shown.rates, plain.shown.rates);
    assert_eq!(run.weights(), plain.weights());
}

#[test]
fn a_function_that_hides_a_method_is_refused() {
    let recipe = OWN.replace("Fn(\"teach\")", "Fn(\"step\")").replace("fn teach", "fn step");
    let ran = Sandbox::new().run(&recipe, &[]);
    assert_eq!(ran.code, 3);
    insta::assert_snapshot!(ran.error(), @"
    error[name]: step: this calls the recipe's own function 'step', not the method
        ╭─[recipe.rhai:10:24]
     10 │     ctx.optimizers.net.step(ctx.nets.net, loss);
        ·                        ────
        ╰────
      received: a function 'step' with 2 parameters
      hint: give the function another name, e.g. 'my_step'
    ");
}
