//! What a stage's key depends on: edits of a recipe between two runs, and what each costs.

use super::edits::copy_folder;
use super::lab::Lab;
use insta::assert_snapshot;
use std::path::Path;

/// Three stages with hooks, helpers, imports, consts, arguments and a file.
pub const RECIPE: &str = r#"import "lib/mix" as mix;
import "std/hinton" as hinton;
const RATE = 0.5;
let data = dataset::esc50(arg("data"), #{ fold: 5, per_class: 2 });
let common = #{
    data: data, features: audio::fbank(#{ mels: 16, hop_ms: 40, frames: 20 }), batch: 10, epochs: 1,
    augment: [augment::time_roll(), augment::freq_mask(4)],
};
let teacher = train(model::cnn(#{ classes: data.classes, channels: [2] }), common + #{ name: "teacher", loss: Fn("plain") });
let student = distill(teacher, model::cnn(#{ classes: data.classes, channels: [3] }), common + #{ name: "student" });
let net = nn::network(#{ head: nn::linear(16, 10), scale: 2.0 }, Fn("forward"));
let own = each_step(common + #{
    name: "own", nets: #{ net: net }, optimizers: #{ net: optim::adam(#{ lr: 0.01 }) },
}, Fn("teach"));
report([teacher, student, own]);

fn plain(ctx, logits, target) { cross_entropy(logits, target) * global::RATE }
fn loss(ctx, student, teacher, target) {
    mix::of(cross_entropy(student, target), hinton::soft(student, teacher, 2.0), weight(ctx))
}
fn weight(ctx) { arg("weight", 0.5) }
fn forward(self, x) { self.head.forward(x.mean(1)) * self.scale }
fn teach(ctx, batch) {
    let loss = cross_entropy(ctx.nets.net.forward(batch.input) + tensor::load("prior.npy"), batch.target);
    ctx.optimizers.net.step(ctx.nets.net, loss);
    loss
}
fn unrelated(x) { let before = x; before * 2 }
fn test_it() { assert(unrelated(1) == 2); }
"#;
const MIX: &str =
    "fn of(a, b, w) { a * part(w) + b * (1.0 - w) }\nfn part(w) { w }\nfn other() { 1 }\n";

fn prior(lab: &Lab, value: f32) {
    let head = "{'descr': '<f4', 'fortran_order': False, 'shape': (10,), }";
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    let padded = format!("{head:<117}\n");
    bytes.extend((padded.len() as u16).to_le_bytes());
    bytes.extend(padded.bytes());
    (0..10).for_each(|_| bytes.extend(value.to_le_bytes()));
    lab.sandbox.write("prior.npy", bytes);
}

fn base() -> Lab {
    base_of(RECIPE)
}

/// The same with another recipe.
pub fn base_of(recipe: &str) -> Lab {
    let lab = Lab::of(recipe);
    lab.sandbox.write("lib/mix.rhai", MIX);
    lab.sandbox.write("lib/mix2.rhai", MIX);
    prior(&lab, 0.5);
    lab
}

/// What is done between two runs: to the recipe, to its folder, on the command line.
pub type Edit<'a> = (&'a str, &'a dyn Fn(String) -> String, &'a dyn Fn(&Lab), &'a [&'a str]);

/// One line an edit: which stages are computed again, and why.
pub fn table(edits: &[Edit]) -> String {
    let first = base();
    first.run(9, &[]).good();
    let mut lines = Vec::new();
    for (name, text, folder, arguments) in edits {
        let lab = base();
        copy_folder(&first.sandbox.file("home"), &lab.sandbox.file("home"));
        let edited = text(RECIPE.to_string());
        assert!(
            edited != RECIPE || name.starts_with('-') || name.ends_with('*'),
            "{name} changes nothing"
        );
        lab.sandbox.write("lab.rhai", edited);
        folder(&lab);
        let why = lab.still(&[&["why", "lab.rhai", "--json"][..], arguments].concat()).good();
        let (mut asked, mut said) = (Vec::new(), Vec::new());
        for line in why.out.lines() {
            let answer: serde_json::Value = serde_json::from_str(line).expect("an answer");
            asked.push(answer["hit"] == true);
            if answer["hit"] != true {
                let words = answer["differences"].as_array().expect("differences").iter();
                let words: Vec<&str> = words.map(|word| word.as_str().expect("words")).collect();
                said.push(format!(
                    "{}: {}",
                    answer["stage"].as_str().expect("a name"),
                    words.join("; ")
                ));
            }
        }
        // The run does what was said.
        lab.run(9, &[&["--new"][..], arguments].concat()).good();
        assert_eq!(lab.outcome().hits(), asked, "{name}: {}", why.out);
        let said = if said.is_empty() { "all from the store".into() } else { said.join(" | ") };
        lines.push(format!("{name}: {}", lab.sandbox.scrub(&said)));
    }
    lines.join("\n")
}

fn same(text: String) -> String {
    text
}

pub fn nothing(_: &Lab) {}

#[test]
fn what_changes_no_number_changes_no_key() {
    let told = table(&[
        (
            "comments",
            &|t| t.replace("fn weight", "/// What the label counts.\n// So it is.\nfn weight"),
            &nothing,
            &[],
        ),
        (
            "layout",
            &|t| t.replace("{ arg(\"weight\", 0.5) }", "{\n\n        arg( \"weight\" ,0.5 )\n}"),
            &nothing,
            &[],
        ),
        (
            "a renamed local elsewhere",
            &|t| t.replace("let before = x; before * 2", "let after = x; after * 2"),
            &nothing,
            &[],
        ),
        (
            "report lines",
            &|t| t.replace("report([teacher, student, own]);", "report([own]);\nprint(\"done\");"),
            &nothing,
            &[],
        ),
        ("a new function", &|t| t + "fn another(ctx) { 1 }\n", &nothing, &[]),
        ("a changed test", &|t| t.replace("== 2", "!= 3"), &nothing, &[]),
        (
            "an unrelated import's function*",
            &same,
            &|lab| drop(lab.sandbox.write("lib/mix.rhai", MIX.replace("{ 1 }", "{ 2 }"))),
            &[],
        ),
        (
            "a statement that does the same",
            &|t| {
                t.replace("let net = nn", "let name = \"own\";\nlet net = nn")
                    .replace("name: \"own\"", "name: name")
            },
            &nothing,
            &[],
        ),
        (
            "a function called as another's variable, key, property",
            &|t| {
                t + "fn weight_of(ctx) { let plain = #{ forward: 1, teach: 2 }; plain.forward + plain.teach }\n"
            },
            &nothing,
            &[],
        ),
        ("a renamed stage", &|t| t.replace("name: \"own\"", "name: \"mine\""), &nothing, &[]),
        (
            "an argument that nobody reads*",
            &|t| t.replace("report(", "let note = arg(\"note\", 1);\nreport("),
            &nothing,
            &["--set", "note=2"],
        ),
        ("- an argument with its default's value", &same, &nothing, &["--set", "weight=0.50"]),
    ]);
    assert_snapshot!(told, @r##"
    comments: all from the store
    layout: all from the store
    a renamed local elsewhere: all from the store
    report lines: all from the store
    a new function: all from the store
    a changed test: all from the store
    an unrelated import's function*: all from the store
    a statement that does the same: all from the store
    a function called as another's variable, key, property: all from the store
    a renamed stage: all from the store
    an argument that nobody reads*: all from the store
    - an argument with its default's value: all from the store
    "##);
}

#[test]
fn what_a_hook_depends_on_costs_its_stage() {
    let told = table(&[
        (
            "the student's loss",
            &|t| {
                t.replace(
                    "hinton::soft(student, teacher, 2.0)",
                    "hinton::soft(student, teacher, 3.0)",
                )
            },
            &nothing,
            &[],
        ),
        ("a const", &|t| t.replace("RATE = 0.5", "RATE = 0.25"), &nothing, &[]),
        (
            "a helper",
            &|t| {
                t.replace(
                    "fn weight(ctx) { arg(\"weight\", 0.5) }",
                    "fn weight(ctx) { arg(\"weight\", 0.5) * 0.5 }",
                )
            },
            &nothing,
            &[],
        ),
        (
            "an imported function*",
            &same,
            &|lab| {
                drop(
                    lab.sandbox
                        .write("lib/mix.rhai", MIX.replace("a * part(w)", "a * 2 * part(w)")),
                )
            },
            &[],
        ),
        (
            "an imported function's helper*",
            &same,
            &|lab| {
                drop(
                    lab.sandbox
                        .write("lib/mix.rhai", MIX.replace("part(w) { w }", "part(w) { w * 2 }")),
                )
            },
            &[],
        ),
        ("the path of an import", &|t| t.replace("lib/mix\"", "lib/mix2\""), &nothing, &[]),
        (
            "a shadow of the standard library*",
            &same,
            &|lab| {
                drop(
                    lab.sandbox
                        .write("std/hinton.rhai", "fn soft(s, t, tau) { kd::kl(s, t / tau) }"),
                )
            },
            &[],
        ),
        ("-an argument", &same, &nothing, &["--set", "weight=0.25"]),
        (
            "an argument's default",
            &|t| t.replace("arg(\"weight\", 0.5)", "arg(\"weight\", 0.75)"),
            &nothing,
            &[],
        ),
        (
            "an argument with the default that it has in one place of two",
            &|t| t.replace("arg(\"weight\", 0.5)", "arg(\"weight\", 0.5) + arg(\"weight\", 0.0)"),
            &nothing,
            &["--set", "weight=0.5"],
        ),
        ("the network's forward", &|t| t.replace("x.mean(1)", "x.max(1)"), &nothing, &[]),
        ("a file that a hook reads*", &same, &|lab| prior(lab, 0.25), &[]),
        (
            "a renamed stage that a hook asks for",
            &|t| {
                t.replace(
                    "    loss\n}",
                    "    ctx.log(\"own\", if ctx.stage == \"own\" { 1 } else { 2 });\n    loss\n}",
                )
                .replace("name: \"own\"", "name: \"mine\"")
            },
            &nothing,
            &[],
        ),
    ]);
    assert_snapshot!(told, @r##"
    the student's loss: student: fn loss/4 (lab.rhai:18): changed
    a const: teacher: const RATE (lab.rhai:3): changed | student: teacher: changed
    a helper: student: fn weight/1 (lab.rhai:21): changed
    an imported function*: student: fn of/3 of lib/mix.rhai (lib/mix.rhai:1): changed
    an imported function's helper*: student: fn part/1 of lib/mix.rhai (lib/mix.rhai:2): changed
    the path of an import: student: import mix (lab.rhai:1): changed; fn of/3 of lib/mix2.rhai (lib/mix2.rhai:1): new; fn part/1 of lib/mix2.rhai (lib/mix2.rhai:2): new; statements of lib/mix2.rhai (lib/mix2.rhai:1): new; fn of/3 of lib/mix.rhai: gone; fn part/1 of lib/mix.rhai: gone; statements of lib/mix.rhai: gone
    a shadow of the standard library*: student: fn soft/3 of std/hinton.rhai (std/hinton.rhai:1): new; statements of std/hinton.rhai (std/hinton.rhai:1): new; fn loss/5 of std/hinton: gone; fn soft/3 of std/hinton: gone; statements of std/hinton: gone
    -an argument: student: argument weight: new
    an argument's default: student: fn weight/1 (lab.rhai:21): changed
    an argument with the default that it has in one place of two: student: fn weight/1 (lab.rhai:21): changed; argument weight: new
    the network's forward: own: fn forward/2 (lab.rhai:22): changed
    a file that a hook reads*: own: file prior.npy: changed
    a renamed stage that a hook asks for: mine: fn teach/2 (lab.rhai:23): changed; name: new
    "##);
}

#[test]
fn what_the_options_say_costs_the_stage_and_those_that_it_teaches() {
    let told = table(&[
        ("an option", &|t| t.replace("lr: 0.01", "lr: 0.02"), &nothing, &[]),
        ("the batch", &|t| t.replace("batch: 10", "batch: 5"), &nothing, &[]),
        ("-the seed", &same, &nothing, &["--seed", "3"]),
        (
            "the order of augmentations",
            &|t| {
                t.replace(
                    "[augment::time_roll(), augment::freq_mask(4)]",
                    "[augment::freq_mask(4), augment::time_roll()]",
                )
            },
            &nothing,
            &[],
        ),
        (
            "a value among a network's parts",
            &|t| t.replace("scale: 2.0", "scale: 3.0"),
            &nothing,
            &[],
        ),
        (
            "initial weights",
            &|t| {
                t.replace("let own =", "net.lerp(nn::network(#{ head: nn::linear(16, 10), scale: 2.0 }, Fn(\"forward\")), 0.5);\nlet own =")
            },
            &nothing,
            &[],
        ),
        ("the teacher's model", &|t| t.replace("channels: [2]", "channels: [4]"), &nothing, &[]),
        ("the features", &|t| t.replace("hop_ms: 40", "hop_ms: 30"), &nothing, &[]),
        (
            "a hook of another name",
            &|t| {
                t.replace("loss: Fn(\"plain\")", "loss: Fn(\"plainer\")")
                    + "fn plainer(ctx, logits, target) { plain(ctx, logits, target) }\n"
            },
            &nothing,
            &[],
        ),
    ]);
    assert_snapshot!(told, @r##"
    an option: own: optimizers.net: …lse,"lr":0.01,"weight_decay":0.0,"clip_norm":null,"clip_valu… → …lse,"lr":0.02,"weight_decay":0.0,"clip_norm":null,"clip_valu…
    the batch: teacher: batch: 10 → 5 | student: batch: 10 → 5; teacher: changed | own: batch: 10 → 5
    -the seed: teacher: seed: 0 → 3 | student: seed: 0 → 3; teacher: changed | own: model: changed; seed: 0 → 3; nets.net: changed
    the order of augmentations: teacher: augment: ["time_roll","freq_mask(4, 1, mean)"] → ["freq_mask(4, 1, mean)","time_roll"] | student: augment: ["time_roll","freq_mask(4, 1, mean)"] → ["freq_mask(4, 1, mean)","time_roll"]; teacher: changed | own: augment: ["time_roll","freq_mask(4, 1, mean)"] → ["freq_mask(4, 1, mean)","time_roll"]
    a value among a network's parts: own: model: changed; nets.net: changed
    initial weights: own: model: changed; nets.net: changed
    the teacher's model: teacher: model: {"model":"cnn","classes":10,"channels":[2]} → {"model":"cnn","classes":10,"channels":[4]} | student: teacher: changed
    the features: teacher: features: ….0,"hop_ms":40.0,"window":"hanning","blackman_coeff":0.42,"l… → ….0,"hop_ms":30.0,"window":"hanning","blackman_coeff":0.42,"l… | student: features: ….0,"hop_ms":40.0,"window":"hanning","blackman_coeff":0.42,"l… → ….0,"hop_ms":30.0,"window":"hanning","blackman_coeff":0.42,"l…; teacher: changed | own: features: ….0,"hop_ms":40.0,"window":"hanning","blackman_coeff":0.42,"l… → ….0,"hop_ms":30.0,"window":"hanning","blackman_coeff":0.42,"l…
    a hook of another name: teacher: loss: Named("plain") → Named("plainer"); fn plainer/3 (lab.rhai:30): new | student: teacher: changed
    "##);
}

#[test]
fn the_recipe_elsewhere_is_the_same_recipe() {
    let lab = base();
    lab.run(9, &[]).good();
    let other = base();
    copy_folder(&lab.sandbox.file("home"), &other.sandbox.file("home"));
    std::fs::rename(other.sandbox.file("lab.rhai"), other.sandbox.file("named.rhai"))
        .expect("a file");
    other.still(&["run", "named.rhai"]).good();
    assert_eq!(other.outcome().hits(), [true; 3]);
    assert!(Path::new(&other.sandbox.file("home")).is_dir());
}
