//! Right recipes: `still check --deny-warnings` finds nothing in them.

use crate::support::{Ran, Sandbox, example, root};
use std::path::Path;

const DATA: &str = "let data = dataset::esc50(\"still:example\", #{ fold: 1, per_class: 2 });\n\
    let common = #{ data: data, epochs: 2, batch: 8, features: audio::fbank(#{ mels: 16, frames: 20 }) };\n\
    let small = model::cnn(#{ classes: data.classes, channels: [2] });\n";

#[track_caller]
fn is_right(what: &str, ran: &Ran) {
    let clean = ran.code == 0 && !ran.err.contains("warning[") && !ran.err.contains("error[");
    assert!(clean, "{what}: exit code {}\n{}\n{}", ran.code, ran.out, ran.err);
}

fn check(sandbox: &Sandbox, recipe: &str) -> Ran {
    sandbox.write("right.rhai", recipe);
    sandbox.still(&["check", "right.rhai", "--deny-warnings"])
}

/// Recipes that look like mistakes, and are none.
const TRICKY: &[(&str, &str)] = &[
    ("divisions that are meant", "let rest = 7 % 2; assert_eq(rest, 1);"),
    ("a division without a rest", "let whole = 100 * 3 / 4; assert_eq(whole, 75);"),
    ("a float division", "let a = 1.0 / 2; let b = 1 / 2.0; assert_eq(a, b);"),
    ("a power in brackets", "assert_eq(-(2 ** 2), -4); assert_eq((-2) ** 2, 4);"),
    (
        "a variable that is kept for later",
        "fn pair(x) { let _rest = x - 1; x } assert_eq(pair(2), 2);",
    ),
    (
        "a variable in a text",
        "fn told(x) { let y = x + 1; `it is ${y}` } assert_eq(told(1), \"it is 2\");",
    ),
    ("a closure in a variable", "let f = |x| x + 1; assert_eq(f.call(1), 2);"),
    ("a closure that captures", "let y = 2; let f = |x| x + y; assert_eq(f.call(1), 3);"),
    (
        "a function that is handed on",
        "fn twice(x) { x * 2 } assert_eq([1, 2].map(Fn(\"twice\")), [2, 4]);",
    ),
    ("a method of one's own", "fn grown(by) { this + by } let a = 1; assert_eq(a.grown(2), 3);"),
    (
        "a const in a function",
        "const RATE = 0.5; fn rate() { global::RATE } assert_eq(rate(), 0.5);",
    ),
    ("an argument in a function", "fn rate() { arg(\"rate\", 0.5) } assert_eq(rate(), 0.5);"),
    ("two functions of a name", "fn f(x) { x } fn f(x, y) { x + y } assert_eq(f(1) + f(1, 2), 4);"),
    ("a return in a function", "fn f(x) { if x > 0 { return 1; } -1 } assert_eq(f(2), 1);"),
    (
        "an error that is caught",
        "let told = 0; try { throw \"no\"; } catch (e) { told = 1; } assert_eq(told, 1);",
    ),
    (
        "a nested map",
        "let m = #{ a: #{ b: [1, #{ c: 2 }] } }; m.a.b[1].c += 1; assert_eq(m.a.b[1].c, 3);",
    ),
    ("a switch", "fn f(x) { switch x { 1 => \"one\", _ => \"many\" } } assert_eq(f(3), \"many\");"),
    ("a text over lines", "let t = `a\n${1 + 1}`; assert_eq(t.len(), 3);"),
    (
        "words in texts and comments",
        "/* let x = y; F.relu */ let t = \"torch.view // ~\"; // math.pi\nassert(t != \"\");",
    ),
    ("a shadowed name", "let x = 1; { let x = 2; assert_eq(x, 2); } assert_eq(x, 1);"),
    (
        "a loop with an index",
        "let sum = 0; for (x, i) in [5, 6] { sum += x * i; } assert_eq(sum, 6);",
    ),
    (
        "a range in steps",
        "let all = []; for i in range(0, 6, 2) { all.push(i); } assert_eq(all, [0, 2, 4]);",
    ),
    (
        "indexing of tensors",
        "let t = tensor([[1, 2], [3, 4]]); assert_eq(t[0..2][1].to_array(), [3, 4]);",
    ),
    (
        "a module of the library",
        "import \"std/hinton\" as hinton; let l = hinton::soft(tensor([[1.0, 2.0]]), tensor([[1.0, 2.0]]), 2.0);",
    ),
    (
        "a network of one's own",
        "fn go_on(self, x) { self.a.forward(x) } let n = nn::network(#{ a: nn::linear(2, 3) }, Fn(\"go_on\")); assert_eq(n.forward(tensor::zeros([1, 2])).shape, [1, 3]);",
    ),
    (
        "variables named like functions",
        "let log = 1; let size = 2; let view = 3; assert_eq(log + size + view, 6);",
    ),
];

/// The same with stages.
const STAGES: &[(&str, &str)] = &[
    (
        "all hooks of train",
        "train(small, common);\nfn loss(ctx, s, t) { cross_entropy(s, t) }\nfn lr(ctx) { 0.1 * (1.0 - ctx.progress) }\nfn on_epoch(ctx) { ctx.log(\"n\", ctx.epoch) }",
    ),
    (
        "all hooks of distill",
        "let t = train(small, common + #{ name: \"t\", loss: Fn(\"plain\") });\ndistill(t, small, common + #{ name: \"s\" });\nfn plain(ctx, s, y) { cross_entropy(s, y) }\nfn loss(ctx, s, t, y) { kd::kl(s, t / tau(ctx)) * lambda(ctx) + cross_entropy(s, y) }\nfn lambda(ctx) { 0.5 }\nfn tau(ctx) { 2 }",
    ),
    (
        "a helper named nearly like a hook",
        "train(small, common);\nfn loss(ctx, s, t) { losses(ctx, s, t) }\nfn losses(ctx, s, t) { cross_entropy(s, t) }",
    ),
    (
        "steps of one's own",
        "each_step(common + #{ nets: #{ net: small }, optimizers: #{ net: optim::adam(#{}) } }, Fn(\"teach\"));\nfn teach(ctx, batch) { let l = cross_entropy(ctx.nets.net.forward(batch.input), batch.target); ctx.optimizers.net.step(ctx.nets.net, l); l }",
    ),
    (
        "a loss that takes more of a batch than two clips",
        "train(small, common);\nfn loss(ctx, s, t) { cross_entropy(s.narrow(0, 0, 4), t.narrow(0, 0, 4)) }",
    ),
    (
        "an assertion about a result",
        "let t = train(small, common);\nif t.accuracy > 1.0 { throw \"no\"; }\nreport([t]);",
    ),
    (
        "a stage of a function",
        "let t = train(small, common);\nlet soup = stage(\"soup\", #{ net: t.net }, Fn(\"copy\"));\nprint(soup.count);\nfn copy(inputs) { inputs.net.copy() }",
    ),
    (
        "a stage in a function",
        "fn one(data, common, seed) { train(model::cnn(#{ classes: data.classes, channels: [2] }), common + #{ seed: seed, name: `s${seed}` }) }\nlet all = []; all.push(one(data, common, 1)); all.push(one(data, common, 2)); report(all);",
    ),
    (
        "a hook that is not called this time",
        "if arg(\"teach\", false) { let t = train(small, common + #{ name: \"t\", loss: Fn(\"plain\") }); distill(t, small, common); } else { train(small, common + #{ loss: Fn(\"plain\") }); }\nfn plain(ctx, s, t) { cross_entropy(s, t) }\nfn tau(ctx) { 2.0 }",
    ),
    (
        "turns that a map keeps",
        "each_step(common + #{ nets: #{ a: small, b: model::cnn(#{ classes: data.classes, channels: [3] }) }, optimizers: #{ a: optim::adam(#{}), b: optim::adam(#{}) }, evaluate: \"b\", state: #{ n: 0 } }, Fn(\"teach\"));\nfn teach(ctx, batch) { ctx.state.n += 1; let who = if ctx.state.n % 5 == 0 { \"b\" } else { \"a\" }; let net = ctx.nets[who]; let l = cross_entropy(net.forward(batch.input), batch.target); ctx.optimizers[who].step(net, l); l }",
    ),
    (
        "an optimizer that waits",
        "each_step(common + #{ nets: #{ a: small }, optimizers: #{ a: optim::adam(#{}) }, state: #{ n: 0 } }, Fn(\"teach\"));\nfn teach(ctx, batch) { ctx.state.n += 1; let l = cross_entropy(ctx.nets.a.forward(batch.input), batch.target); if ctx.state.n % 7 == 0 { ctx.optimizers.a.step(ctx.nets.a, l); } l }",
    ),
    (
        "a warm-up to a plateau",
        "train(small, common);\nfn loss(ctx, s, t) { cross_entropy(s, t) }\nfn lr(ctx) { schedule::linear(ctx.step, 0, 2, 0.0, ctx.lr) }",
    ),
    (
        "a helper that is called teacher",
        "let t = train(small, common + #{ name: \"t\", loss: Fn(\"plain\") });\ndistill(t, small, common + #{ name: \"s\" });\nfn plain(ctx, s, y) { cross_entropy(s, y) }\nfn softened(teacher) { teacher / 2.0 }\nfn loss(ctx, student, teacher, target) { kd::kl(student, softened(teacher)) + cross_entropy(student, target) }",
    ),
    (
        "lengths of a tensor",
        "train(small, common);\nfn loss(ctx, s, t) { cross_entropy(s, t) }\nfn augment(ctx, batch) { let n = batch.input.shape[1] / 2; let left = batch.input.narrow(1, 0, n); cat([left, left], 1) }",
    ),
    (
        "probabilities where they belong",
        "let t = train(small, common + #{ name: \"t\", loss: Fn(\"plain\") });\ndistill(t, small, common + #{ name: \"s\" });\nfn plain(ctx, s, y) { cross_entropy(s, y) }\nfn loss(ctx, student, teacher, target) { let soft = teacher.softmax(1); let logs = student.log_softmax(1); cross_entropy(student, soft) + kl_div(logs, soft, #{ reduction: \"batch_mean\" }) }",
    ),
    (
        "a closure that captures networks",
        "let a = nn::linear(16, 8); let b = nn::linear(8, data.classes);\neach_step(common + #{ nets: #{ net: nn::network(|x| b.forward(a.forward(x).relu().mean(1))) }, optimizers: #{ net: optim::adam(#{}) } }, Fn(\"teach\"));\nfn teach(ctx, batch) { let l = cross_entropy(ctx.nets.net.forward(batch.input), batch.target); ctx.optimizers.net.step(ctx.nets.net, l); l }",
    ),
    (
        "a temperature that is a const",
        "const TAU = 2.0;\nlet t = train(small, common + #{ name: \"t\", loss: Fn(\"plain\") });\ndistill(t, small, common + #{ name: \"s\", tau: TAU });\nfn plain(ctx, s, y) { cross_entropy(s, y) }\nfn loss(ctx, student, teacher, target) { kd::kl(student, teacher / global::TAU) + cross_entropy(student, target) }",
    ),
    (
        "the middle of a stage, and a last batch that is shorter",
        "train(small, common + #{ batch: 12, state: #{ last: () } });\nfn lr(ctx) { let half = ctx.steps / 2; if ctx.step < half { ctx.lr } else { ctx.lr * 0.1 } }\nfn loss(ctx, s, t) { let l = cross_entropy(s, t) + s[0..2].mean() * 0.0; if ctx.state.last != () && ctx.state.last.shape == s.shape { l += mse(s, ctx.state.last); } ctx.state.last = s.detach(); l }",
    ),
];

#[test]
fn nothing_is_found_in_what_is_right() {
    let sandbox = Sandbox::new();
    for (what, recipe) in TRICKY {
        is_right(what, &check(&sandbox, recipe));
    }
    for (what, recipe) in STAGES {
        is_right(what, &check(&sandbox, &format!("{DATA}{recipe}\n")));
    }
}

fn recipes(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    let mut all: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "rhai"))
        .collect();
    all.sort();
    assert!(!all.is_empty(), "{}", folder.display());
    all
}

#[test]
fn nothing_is_found_in_our_own_recipes() {
    let sandbox = Sandbox::new();
    for folder in ["scripts", "scripts/templates"] {
        let folder = root().join(folder);
        if !folder.is_dir() {
            continue;
        }
        for file in recipes(&folder) {
            let name = file.display().to_string();
            let mut arguments = vec!["check", &name, "--deny-warnings"];
            let data = format!("data={}", example().display());
            if std::fs::read_to_string(&file).expect("a text").contains("arg(\"data\")") {
                arguments.extend(["--set", &data]);
            }
            is_right(&name, &sandbox.still(&arguments));
        }
    }
}

#[test]
fn warnings_can_be_denied() {
    let sandbox = Sandbox::new();
    sandbox.write("warned.rhai", "let a = 1 / 2;\nprint(a);\n");
    let plain = sandbox.still(&["check", "warned.rhai"]).good();
    assert!(plain.err.contains("warning["), "{}", plain.err);
    assert_eq!(sandbox.still(&["check", "warned.rhai", "--deny-warnings"]).code, 3);
    assert_eq!(
        sandbox.still(&["check", "warned.rhai", "--static-only", "--deny-warnings"]).code,
        3
    );
    // A warning and an error at one place are two.
    sandbox.write("both.rhai", "let a = 1 / 2 + nothing;\n");
    let both = sandbox.still(&["check", "both.rhai"]);
    assert_eq!(both.code, 3, "{}", both.err);
    let json = sandbox.still(&["check", "nowhere.rhai", "--json"]);
    assert_eq!(json.code, 2, "{}", json.err);
    let lines: Vec<serde_json::Value> =
        json.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines[0]["severity"], "error");
    assert_eq!(lines[1]["errors"], 1);
}
