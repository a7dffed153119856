//! What is proposed, where.

use super::client::Editor;
use serde_json::{Value, json};

#[test]
fn options_that_are_not_written_yet() {
    let mut editor = Editor::new();
    assert_eq!(editor.names("let m = model::cnn(#{ ‸ });"), ["classes", "pretrained", "channels"]);
    let rest = ["pretrained", "channels"];
    assert_eq!(editor.names("let m = model::cnn(#{ classes: 3, ‸ });"), rest);
    assert_eq!(
        editor.names("let m = model::cnn(#{ channels: [1, 2], cl‸: 1 });"),
        ["classes", "pretrained"]
    );
    assert_eq!(editor.names("let m = model::cnn(#{ classes: 3,\n    ‸\nlet y = 2;"), rest);
    let groups = "optim::sgd(#{ lr: 1, groups: [#{ names: \"a\", ‸ }] })";
    assert_eq!(editor.names(groups), ["lr", "lr_scale", "weight_decay"]);
    let train = editor.names("let t = train(m, common + #{ optimizer: optim::adam(#{}), ‸ });");
    assert!(train.contains(&"epochs".into()) && !train.contains(&"optimizer".into()), "{train:?}");
    assert!(train.contains(&"loss".into()) && !train.contains(&"lambda".into()), "{train:?}");
    let common = "let common = #{ batch: 8, ‸ };\nlet t = train(m, common);";
    let common = editor.names(common);
    assert!(common.contains(&"data".into()) && !common.contains(&"batch".into()), "{common:?}");
    assert_eq!(editor.names("net.init(\"w\", \"uniform\", #{ ‸ })"), ["low", "high"]);
    // A map of somebody's own has no keys that could be known.
    assert_eq!(editor.names("let own = #{ ‸ };"), [""; 0]);
    let item = editor.proposals("let m = model::cnn(#{ cl‸ });")[0].clone();
    assert_eq!(
        (&item["insertText"], &item["detail"]),
        (&json!("classes: "), &json!("required, e.g. `data.classes`"))
    );
    assert_eq!(editor.leave(), 0);
}

#[test]
fn values_of_options_are_expressions() {
    let mut editor = Editor::new();
    let names = editor.names("let rate = 1; optim::sgd(#{ lr: ra‸ })");
    assert!(names.contains(&"rate".into()) && !names.contains(&"momentum".into()), "{names:?}");
    let names = editor.names("model::cnn(#{ channels: [1, ‸] })");
    assert!(!names.contains(&"classes".into()) && names.contains(&"tensor".into()), "{names:?}");
    assert_eq!(editor.leave(), 0);
}

#[test]
fn namespaces_modules_and_consts() {
    let mut editor = Editor::new();
    let optim = editor.names("let o = optim::‸");
    assert_eq!(optim, ["adam", "adamw", "adan", "lion", "muon", "sgd"]);
    assert_eq!(editor.names("let o = optim::ad‸\nlet x = 1;").len(), 6);
    let inner = editor.names("import \"std/hinton\" as h;\nfn f() { h::‸ }");
    assert_eq!(inner, ["loss", "soft"]);
    assert_eq!(editor.names("const TAU = 2;\nlet a = 1;\nfn f() { global::‸ }"), ["TAU"]);
    let paths = editor.names("import \"‸");
    assert!(paths.iter().all(|path| path.starts_with("std/")), "{paths:?}");
    assert!(paths.contains(&"std/hinton".into()) && paths.contains(&"std/vid".into()), "{paths:?}");
    editor.sandbox.write("parts/losses.rhai", "fn soft(a) { a }");
    let paths = editor.names("import \"‸\" as x;");
    assert!(paths.contains(&"parts/losses".into()), "{paths:?}");
    editor.open("fresh.rhai", "fn unsaved() {}");
    assert_eq!(editor.names("import \"fresh\" as m; m::‸"), ["unsaved"]);
    assert_eq!(editor.leave(), 0);
}

#[test]
fn what_follows_a_point_depends_on_what_stands_before_it() {
    let mut editor = Editor::new();
    let ctx = editor.names("fn loss(ctx, student, target) {\n    ctx.‸\n}");
    for name in ["epoch", "step", "state", "log"] {
        assert!(ctx.contains(&name.into()), "{name}: {ctx:?}");
    }
    assert!(!ctx.contains(&"softmax".into()), "{ctx:?}");
    let data = editor.names("let data = dataset::esc50(\"x\");\nlet n = data.‸");
    assert!(data.contains(&"classes".into()) && data.contains(&"batches".into()), "{data:?}");
    assert!(!data.contains(&"epoch".into()), "{data:?}");
    let net = editor.names("let net = nn::linear(2, 3).freeze();\nnet.‸");
    assert!(net.contains(&"forward".into()) && !net.contains(&"epoch".into()), "{net:?}");
    let chained = editor.names("tensor([1.0]).exp().‸");
    assert!(
        chained.contains(&"softmax".into()) && !chained.contains(&"push".into()),
        "{chained:?}"
    );
    let array = editor.names("let a = [1, 2];\na.‸");
    assert!(array.contains(&"push".into()) && !array.contains(&"softmax".into()), "{array:?}");
    assert_eq!(editor.names("let o = #{ rate: 1, more: 2 };\no.‸")[..0], [""; 0]);
    let map = editor.names("let o = #{ rate: 1, more: 2 };\no.‸");
    assert!(map.contains(&"rate".into()) && map.contains(&"keys".into()), "{map:?}");
    let stage =
        "each_step(#{ nets: #{ student: a, judge: b }, state: #{ best: 0.0 } }, Fn(\"step\"));\n";
    let nets = editor.names(&format!("{stage}fn step(ctx, batch) {{ ctx.nets.‸ }}"));
    assert!(["student", "judge"].iter().all(|name| nets.iter().any(|own| own == name)), "{nets:?}");
    assert!(!nets.iter().any(|own| own == "best"), "{nets:?}");
    let state = editor.names(&format!("{stage}fn step(ctx, batch) {{ ctx.state.‸ }}"));
    assert!(state.iter().any(|own| own == "best"), "{state:?}");
    let clip = editor.names("let data = dataset::esc50(\"x\");\ndata.filter(|clip| clip.‸)");
    assert!(clip.contains(&"fold".into()) && !clip.contains(&"softmax".into()), "{clip:?}");
    let net = "let net = nn::network(#{ body: a, head: b }, Fn(\"go_on\"));\n";
    let parts = editor.names(&format!("{net}fn go_on(self, x) {{ self.‸ }}"));
    assert_eq!(parts, ["body", "head"]);
    let two = stage.replace("Fn(\"step\")", "Fn(\"other\")").replace("best", "worst");
    let state = editor.names(&format!("{stage}{two}fn step(ctx, batch) {{ ctx.state.‸ }}"));
    assert!(state.iter().any(|own| own == "best") && !state.iter().any(|own| own == "worst"));
    let taps = editor.names("fn loss(ctx, student, target) { ctx.taps.‸ }");
    assert!(
        ["student", "teacher"].iter().all(|name| taps.iter().any(|own| own == name)),
        "{taps:?}"
    );
    let input = editor.names(&format!("{net}fn go_on(self, x) {{ x.‸ }}"));
    assert!(!input.iter().any(|own| own == "head"), "{input:?}");
    let unknown = editor.names("fn f(thing) { thing.‸ }");
    assert!(unknown.contains(&"softmax".into()) && unknown.contains(&"forward".into()));
    assert!(!unknown.iter().any(|own| ["each_step", "train"].contains(&own.as_str())));
    assert_eq!(editor.leave(), 0);
}

#[test]
fn names_that_can_be_seen_and_no_others() {
    let mut editor = Editor::new();
    let text = "let beyond = 1;\nconst TAU = 2;\nfn other(a) { }\nfn f(x) {\n    let y = 1;\n    ‸\n    let later = 2;\n}";
    let names = editor.names(text);
    for name in ["x", "y", "other", "f", "global::TAU", "kd", "train", "if"] {
        assert!(names.contains(&name.into()), "{name}");
    }
    for name in ["beyond", "a", "later", "TAU", "import std", "loss"] {
        assert!(!names.contains(&name.into()), "{name}");
    }
    for text in [
        "// a com‸ment",
        "/* ‸ */",
        "let s = \"a‸b\";",
        "let na‸",
        "let x = 12‸",
        "fn f(a) { let ‸ }",
    ] {
        assert_eq!(editor.names(text), [""; 0], "{text}");
    }
    assert_eq!(editor.names("fn one(a) { a }\nlet f = Fn(\"‸\");"), ["one"]);
    assert_eq!(editor.names("fn one(a) { a }\ntrain(m, #{ loss: Fn(\"‸"), ["one"]);
    let words = ["shuffled", "sequential", "balanced"];
    assert_eq!(editor.names("train(m, #{ sampler: \"‸\" });"), words);
    assert_eq!(editor.names("train(m, #{\n    sampler: \"‸\n    batch: 8\n});"), words);
    let words = ["consistent", "independent", "clean", "stored"];
    assert_eq!(editor.names("distill(t, m, #{ teaching: \"in‸\" });"), words);
    assert_eq!(editor.names("train(m, #{ name: \"‸\" });"), [""; 0]);
    assert_eq!(editor.names("audio::mel_spectrogram(#{ floor: \"‸\" });"), [""; 0]);
    assert_eq!(editor.names("fn k(‸) {}"), [""; 0]);
    let path = &editor.proposals("import \"std/hin‸ton\" as h;")[0];
    assert_eq!(path["textEdit"]["newText"], path["label"]);
    assert_eq!(path["textEdit"]["range"]["start"]["character"], 8);
    assert_eq!(path["textEdit"]["range"]["end"]["character"], 18);
    let keys = editor.names("fn lr(ctx) { ctx.metrics[-1].‸ }");
    assert_eq!(keys[..4], ["epoch", "loss", "test_loss", "accuracy"]);
    assert_eq!(editor.leave(), 0);
}

#[test]
fn hooks_come_with_their_parameters() {
    let snippets = json!({ "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } } });
    let mut editor = Editor::with(snippets);
    let hook = |items: &[Value], name: &str| {
        let found = items.iter().find(|item| {
            item["label"] == name
                && item["detail"].as_str().is_some_and(|text| text.starts_with("hook"))
        });
        found.map(|item| item["insertText"].as_str().expect("a text").to_string())
    };
    let items = editor.proposals("let s = distill(t, m, #{});\n\nlo‸");
    insta::assert_snapshot!(hook(&items, "loss").expect("loss"), @r"
    fn loss(ctx, student, teacher, target) {
        kd::cmkd(student, teacher, target, ${1:0.5}, ${2:1.0})$0
    }
    ");
    let items = editor.proposals("let s = train(m, #{});\nfn lo‸");
    let loss = hook(&items, "loss").expect("loss");
    assert!(loss.starts_with("loss(ctx, student, target) {"), "{loss}");
    let items = editor.proposals("train(m, #{});\nfn loss(ctx, student, target) { 1 }\n‸");
    assert_eq!(hook(&items, "loss"), None);
    assert!(hook(&items, "on_epoch").is_some());
    let items = editor.proposals("let o = optim::ad‸;");
    let adam = items.iter().find(|item| item["label"] == "adam").expect("adam");
    assert_eq!((&adam["insertText"], &adam["insertTextFormat"]), (&json!("adam($1)$0"), &json!(2)));
    let doc = adam["documentation"]["value"].as_str().expect("a text");
    assert!(doc.contains("torch.optim.Adam"), "{doc}");
    assert_eq!(editor.leave(), 0);
}
