//! `stage(name, inputs, make)`: made once, found again.

use crate::support::Sandbox;

const RECIPE: &str = r#"let net = nn::sequential([nn::linear(3, 4), nn::relu(), nn::linear(4, 2)]);
let other = net.copy();
other.init("*", "ones");
let made = stage("average", #{ nets: [net, other], share: arg("share", 0.5), words: ["a", 'b', ()] }, Fn("average"));
print(made.net.forward(tensor([[1.0, 2.0, 3.0]])));
print(`${made.numbers} ${made.text} ${made.tensor}`);
fn average(inputs) {
    print("making");
    let net = inputs.nets[0].copy();
    net.lerp(inputs.nets[1], inputs.share);
    let first = tensor::normal([2], "noise");
    #{ net: net, numbers: [1, 2.5, true, ()], text: "text", tensor: first }
}
"#;

fn run(sandbox: &Sandbox, recipe: &str, more: &[&str]) -> String {
    let ran = sandbox.run(recipe, more).good();
    let kept = ran.err.lines().filter(|line| !line.starts_with("run folder"));
    kept.map(|line| format!("{line}\n")).collect()
}

#[test]
fn it_is_made_once_and_gives_the_same() {
    let sandbox = Sandbox::new();
    let first = run(&sandbox, RECIPE, &[]);
    assert!(first.starts_with("making\naverage: made, "), "{first}");
    let again = run(&sandbox, RECIPE, &[]);
    assert!(again.starts_with("average: from the store, made just now\n"), "{again}");
    let told = |text: &str| text.lines().skip_while(|line| !line.contains("tensor")).count();
    assert_eq!(told(&first), told(&again));
    let values = |text: &str| {
        text.split_once("average: ")
            .map(|(_, rest)| rest.split_once('\n').map(|(_, rest)| rest.to_string()))
    };
    assert_eq!(values(&first), values(&again));
}

#[test]
fn what_it_depends_on_makes_it_anew() {
    let sandbox = Sandbox::new();
    run(&sandbox, RECIPE, &[]);
    let hit = |recipe: &str, more: &[&str]| run(&sandbox, recipe, more).contains("from the store");
    assert!(hit(&format!("// A comment.\n{RECIPE}fn unused() {{ 1 }}\n"), &[]));
    assert!(!hit(&RECIPE.replace("text: \"text\"", "text: \"other\""), &[]));
    assert!(!hit(RECIPE, &["--set", "share=0.25"]));
    assert!(!hit(RECIPE, &["--seed", "1"]));
    assert!(!hit(&RECIPE.replace("[\"a\"", "[\"c\""), &[]));
    assert!(!hit(RECIPE, &["--fresh", "average"]));
}

#[test]
fn what_nothing_can_hold_is_told() {
    let sandbox = Sandbox::new();
    let recipe = "let made = stage(\"net\", #{}, |inputs| nn::linear(2, 2));\n";
    let told = run(&sandbox, recipe, &[]);
    assert!(
        told.contains("the result of 'net' is not stored: nothing can hold a network"),
        "{told}"
    );
}

#[test]
fn whether_it_would_be_made_can_be_asked() {
    let sandbox = Sandbox::new();
    let recipe = format!(
        "{RECIPE}{}",
        "let late = stage(\"late\", #{ from: made, more: 1 }, Fn(\"later\"));\n\
         let other = stage(\"other\", 2, Fn(\"twice\"));\n\
         fn later(inputs) { inputs.more }\nfn twice(number) { number * 2 }\n"
    )
    .replace("print(made.net.forward(tensor([[1.0, 2.0, 3.0]])));\nprint(`${made.numbers} ${made.text} ${made.tensor}`);\n", "");
    let why = |recipe: &str, more: &[&str]| {
        sandbox.write("recipe.rhai", recipe);
        sandbox.still(&[&["why", "recipe.rhai"][..], more].concat()).good().out
    };
    insta::assert_snapshot!(why(&recipe, &[]), @r"
    average: computed; the store has nothing like it
    late: computed; the store has nothing like it
    other: computed; the store has nothing like it
    ");
    run(&sandbox, &recipe, &[]);
    insta::assert_snapshot!(why(&recipe, &[]), @r"
    average: from the store, made just now
    late: from the store, made just now
    other: from the store, made just now
    ");
    let edited = recipe.replace("text: \"text\"", "text: \"other\"");
    insta::assert_snapshot!(why(&edited, &["--set", "share=0.25"]), @r"
    average: computed; the nearest in the store is 'average', made just now:
      inputs: changed
      fn average/1 (recipe.rhai:5): changed
    late: computed; the nearest in the store is 'late', made just now:
      inputs: 'average' would be made first
    other: from the store, made just now
    ");
    // What looks into it cannot be asked for.
    let looks = edited.replace("let other = stage", "print(made.text);\nlet other = stage");
    insta::assert_snapshot!(why(&looks, &[]), @r"
    average: computed; the nearest in the store is 'average', made just now:
      fn average/1 (recipe.rhai:5): changed
    late: computed; the nearest in the store is 'late', made just now:
      inputs: 'average' would be made first
    line 13 needs what is not made yet ('average', 'late'); what comes after it cannot be asked for
    ");
    let ran = sandbox.still(&["why", "recipe.rhai", "--json"]).good();
    assert!(ran.out.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    assert!(ran.err.contains("line 13 needs what is not made yet"), "{}", ran.err);
}

#[test]
fn a_check_finds_what_was_made_of_a_trained_stage() {
    let recipe = "let data = dataset::esc50(\"still:example\", #{ fold: 1, per_class: 2 });\n\
        let common = #{ data: data, epochs: 1, batch: 8, features: audio::fbank(#{ mels: 16, frames: 20 }) };\n\
        let net = model::cnn(#{ classes: data.classes, channels: [2] });\n\
        let first = train(net, common + #{ name: \"first\" });\n\
        let said = stage(\"said\", #{ net: first.net, clips: data.train_clips }, Fn(\"say\"));\n\
        kd::store(\"said.safetensors\", data.ids(\"train\"), said, data.class_names);\n\
        distill(kd::stored(\"said.safetensors\"), net, common + #{ name: \"taught\", teaching: \"stored\" });\n\
        fn say(inputs) { tensor::zeros([inputs.clips, 10]) }\n";
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", recipe);
    let check = || sandbox.still(&["check", "recipe.rhai"]);
    // Nothing is there yet: what needs it is left out, and is no mistake.
    let before = check().good();
    assert!(before.err.contains("'said' is not in the store"), "{}", before.err);
    assert!(before.err.contains("line 7: the file is not written"), "{}", before.err);
    assert!(before.out.contains("1 stage, no errors, no warnings"), "{}", before.out);
    sandbox.still(&["run", "recipe.rhai"]).good();
    let after = check().good();
    assert!(!after.err.contains("not in the store"), "{}", after.err);
    assert!(after.out.contains("2 stages, no errors, no warnings"), "{}", after.out);
}

#[test]
fn what_a_stage_logs_can_be_read_before_it_has_run() {
    let recipe = "let data = dataset::esc50(\"still:example\", #{ fold: 1, per_class: 2 });\n\
        let features = audio::fbank(#{ mels: 16, frames: 20 });\n\
        let net = model::cnn(#{ classes: data.classes, channels: [2] });\n\
        let one = train(net, #{ data: data, epochs: 1, batch: 8, features: features });\n\
        print(`logged ${one.metrics[-1].share}`);\n\
        fn loss(ctx, student, target) { ctx.log(\"share\", 0.5); cross_entropy(student, target) }\n\
        fn on_epoch(ctx) { if ctx.metrics[-1].share != 0.5 { throw \"another share\"; } }\n";
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", recipe);
    for question in ["check", "why", "run"] {
        let ran = sandbox.still(&[question, "recipe.rhai"]).good();
        assert!(
            format!("{}{}", ran.out, ran.err).contains("logged 0.5"),
            "{question}: {}",
            ran.err
        );
    }
}
