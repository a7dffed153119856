//! What is told of an edit: what it changes, and what of it has no effect in this run.

use super::runner::{Run, STAGE, When, save, untouched, with_edits};

const ONCE: &str = "statements run once, as they stood at the start: ";

/// Runs `recipe`, saves `edited` after 4 steps, and holds that no weight differs from a run without it.
#[track_caller]
fn without_effect(recipe: &str, edited: &str) -> Run {
    assert_ne!(recipe, edited, "an edit");
    let run = with_edits(recipe, |_| {}, vec![save(4, "recipe.rhai", edited)]).good();
    assert_eq!(run.outcomes(), [(4, "unchanged")], "{}", run.note(0));
    run.same_weights(&untouched(recipe));
    run
}

#[test]
fn a_statement_that_ran() {
    let run = without_effect(STAGE, &STAGE.replace("fold: 5", "fold: 4"));
    assert_eq!(
        run.note(0),
        format!("{ONCE}line 1 (option 'fold') has no effect until the next run")
    );
}

#[test]
fn options_of_the_running_stage() {
    let edited = STAGE.replace("batch: 5, epochs: 3", "batch: 4, epochs: 9");
    let run = without_effect(STAGE, &edited);
    assert_eq!(
        run.note(0),
        format!(
            "{ONCE}lines 3-7 (option 'batch', option 'epochs') has no effect until the next run"
        )
    );
}

#[test]
fn the_default_of_an_argument_at_the_top_level() {
    let recipe = STAGE.replace("epochs: 3", "epochs: arg(\"epochs\", 3)");
    let run = without_effect(&recipe, &recipe.replace("\"epochs\", 3", "\"epochs\", 4"));
    assert_eq!(
        run.note(0),
        format!("{ONCE}lines 3-7 (default of arg 'epochs') has no effect until the next run")
    );
}

#[test]
fn the_default_of_an_argument_in_a_hook() {
    let recipe = format!("{STAGE}fn lr(ctx) {{ arg(\"lr\", 0.25) }}\n");
    let edits = vec![save(4, "recipe.rhai", recipe.replace("0.25", "0.125"))];
    let run = with_edits(&recipe, |_| {}, edits).good();
    assert_eq!(run.outcomes(), [(4, "in force")]);
    assert_eq!(run.shown.rates, [vec![0.25; 4], vec![0.125; 8]].concat());
}

#[test]
fn a_closure_that_a_network_holds() {
    let recipe = STAGE.replace(
        "let net = model::cnn(#{ classes: data.classes, channels: [4] });",
        "let parts = #{ head: nn::linear(16, 10) };\nlet net = nn::network(parts, |self, x| self.head.forward(x.mean(1)));",
    );
    let run = without_effect(&recipe, &recipe.replace("x.mean(1)", "x.max(1)"));
    assert_eq!(
        run.note(0),
        format!(
            "{ONCE}line 3 has no effect until the next run; closures are not live, and what holds the one \
             at line 3 keeps it as it was: write a function, `fn my_part(…)`, and give Fn(\"my_part\")"
        )
    );
}

#[test]
fn a_closure_in_a_function_that_makes_a_network() {
    let recipe = STAGE.replace(
        "let net = model::cnn(#{ classes: data.classes, channels: [4] });",
        "let net = make();",
    ) + "fn make() {\n    let parts = #{ head: nn::linear(16, 10) };\n    nn::network(parts, |self, x| self.head.forward(x.mean(1)))\n}\n";
    let edited = recipe.replace("x.mean(1)", "x.max(1)");
    let run = with_edits(&recipe, |_| {}, vec![save(4, "recipe.rhai", edited)]).good();
    assert_eq!(run.outcomes(), [(4, "in force")]);
    assert_eq!(run.shown.edits[0].functions, ["make"]);
    assert_eq!(
        run.note(0),
        "nothing but statements, which run once, calls 'make': no effect until the next run; closures are \
         not live, and what holds the one at line 10 keeps it as it was: write a function, `fn my_part(…)`, \
         and give Fn(\"my_part\")"
    );
    run.same_weights(&untouched(&recipe));
}

#[test]
fn a_function_that_made_the_network_of_the_running_stage() {
    let functions = "fn mixer() { nn::network(#{ head: head(16) }, Fn(\"forward\")) }
fn head(width) { nn::linear(width, 10) }
fn forward(self, x) { self.head.forward(pooled(x)) }
fn pooled(x) { x.mean(1) }
";
    let recipe = STAGE.replace("train(net", "train(Fn(\"mixer\")") + functions;
    let edits = vec![
        save(
            3,
            "recipe.rhai",
            recipe.replace("nn::linear(width, 10)", "nn::linear(width, 10, #{ bias: false })"),
        ),
        save(6, "recipe.rhai", recipe.replace("x.mean(1)", "x.mean(1) * 1.0")),
    ];
    let run = with_edits(&recipe, |_| {}, edits).good();
    assert_eq!(run.outcomes(), [(3, "in force"), (6, "in force")]);
    assert_eq!(run.shown.edits[0].functions, ["head"]);
    assert_eq!(
        run.note(0),
        "nothing but statements, which run once, calls 'head': no effect until the next run"
    );
    assert_eq!(run.shown.edits[1].functions, ["head", "pooled"]);
    run.same_weights(&untouched(&recipe));
}

/// Two stages, each with a learning rate of its own; it prints between them.
const TWO: &str = r#"let data = dataset::esc50(arg("data"), #{ fold: 5, per_class: 2 });
let common = #{ data: data, features: audio::fbank(#{ mels: 16, hop_ms: 40, frames: 40 }), batch: 5, epochs: 1 };
let model = model::cnn(#{ classes: data.classes, channels: [4] });
let teacher = train(model, common + #{ name: "teacher", lr: Fn("fast") });
print("between");
distill(teacher, model, common + #{ name: "student", lr: Fn("slow") });
fn fast(ctx) { scaled(0.5) }
fn slow(ctx) { scaled(0.25) }
fn lambda(ctx) { 0.5 }
fn scaled(rate) { rate }
"#;

/// What is told of `edited` between two stages.
#[track_caller]
fn between(recipe: &str, edited: &str) -> (Vec<String>, String) {
    assert_ne!(recipe, edited, "an edit");
    let edits = vec![save(When::Said("between"), "recipe.rhai", edited)];
    let run = with_edits(recipe, |_| {}, edits).good();
    assert_eq!(run.outcomes(), [(0, "in force")]);
    (run.shown.edits[0].functions.clone(), run.note(0).to_string())
}

#[test]
fn a_hook_of_a_stage_that_is_over() {
    let over = "'fast' serves no stage but those that are over: no effect until the next run";
    let told = between(TWO, &TWO.replace("scaled(0.5)", "scaled(0.125)"));
    assert_eq!(told, (vec!["fast".into()], over.into()));
    for of_the_next in [("scaled(0.25)", "scaled(0.125)"), ("{ rate }", "{ rate / 2 }")] {
        assert_eq!(between(TWO, &TWO.replace(of_the_next.0, of_the_next.1)).1, "");
    }
    let by_name = TWO.replace("fn slow(ctx) { scaled(0.25) }", "fn slow(ctx) { fast(ctx) / 2 }");
    // Where the text leaves a doubt, nothing is told.
    let branch = TWO.replace("let teacher = train(", "let teacher = if 1 > 2 { () } else { train(");
    let branch = branch.replace("Fn(\"fast\") });", "Fn(\"fast\") }) };");
    let doubts = [
        ("epochs: 1 }", "epochs: 1, lr: Fn(\"fast\") }"),
        ("print(", "let again = Fn(\"fast\");\nprint("),
        ("print(", "let again = Fn(\"fa\" + \"st\");\nprint("),
        ("let model", "let learn = |m| train(m, #{ lr: Fn(\"slow\") });\nlet model"),
    ];
    let doubts = doubts.map(|(from, to)| TWO.replace(from, to));
    for recipe in doubts.iter().chain([&branch, &by_name]) {
        let edited = recipe.replace("scaled(0.5)", "scaled(0.125)");
        assert_eq!(between(recipe, &edited).1, "", "{recipe}");
    }
}

#[test]
fn a_function_that_makes_a_later_stage_is_that_of_the_start_also_for_the_store() {
    let made = "let soup = stage(\"soup\", #{ n: 1 }, Fn(\"mix\"));\nprint(`soup ${soup.x}`);
fn mix(inputs) { #{ x: more(1) } }\nfn more(x) { x }\n";
    let recipe = format!("{STAGE}{made}");
    let edited = recipe.replace("{ x }", "{ x + 1 }");
    let run = with_edits(&recipe, |_| {}, vec![save(4, "recipe.rhai", &edited)]).good();
    assert_eq!(
        run.note(0),
        "nothing but statements, which run once, calls 'more': no effect until the next run"
    );
    assert!(run.shown.said.contains(&"soup 1".to_string()), "{:?}", run.shown.said);
    // The next run makes its own.
    let data = format!("data={}", crate::support::example().display());
    let next = run.sandbox.still(&["run", "recipe.rhai", "--set", &data]).good();
    assert!(next.err.contains("soup 2"), "{}{}", next.out, next.err);
}

#[test]
fn names_of_functions_that_are_made_are_not_told_of() {
    let recipe = TWO.replace(
        "distill(teacher, model, common + #{ name: \"student\", lr: Fn(\"slow\") });",
        "for name in [\"slow\"] { distill(teacher, model, common + #{ name: name, lr: Fn(name) }); }",
    );
    assert_eq!(between(&recipe, &recipe.replace("scaled(0.25)", "scaled(0.125)")).1, "");
}

#[test]
fn a_function_of_a_network_from_a_stage_that_is_over() {
    let own = TWO.replace(
        "train(model, common",
        "train(nn::network(#{ head: nn::linear(16, 10) }, Fn(\"forward\")).train(), common",
    ) + "fn forward(self, x) { self.head.forward(x.mean(1)) }\n";
    // It teaches.
    assert_eq!(between(&own, &own.replace("x.mean(1)", "x.mean(1) * 1.0")).1, "");
    let over = "'fast' serves no stage but those that are over: no effect until the next run";
    assert_eq!(between(&own, &own.replace("scaled(0.5)", "scaled(0.125)")).1, over);
}

#[test]
fn a_hook_found_by_its_name_that_no_later_stage_has() {
    let last = TWO.replace("distill(teacher, model", "train(model");
    let last = last.replace(
        "let teacher = train(model",
        "let first = train(model, common);\nlet teacher = distill(first, model",
    );
    let edited = |recipe: &str| recipe.replace("lambda(ctx) { 0.5 }", "lambda(ctx) { 0.25 }");
    let told = between(&last, &edited(&last));
    let over = "'lambda' serves no stage but those that are over: no effect until the next run";
    assert_eq!(told, (vec!["lambda".into()], over.into()));
    // It may begin another one.
    let student = "train(model, common + #{ name: \"student\"";
    let again = last.replace(student, "again(model, common + #{ name: \"student\"")
        + "fn again(model, options) { train(model, options) }\n";
    let turns = last.replace(student, &format!("for turn in 0..1 {{ {student}"));
    let turns = turns.replace("Fn(\"slow\") });", "Fn(\"slow\") }); }");
    for goes_on in [again, turns] {
        assert_eq!(between(&goes_on, &edited(&goes_on)).1, "");
    }
    assert_eq!(between(TWO, &edited(TWO)).1, "");
    // Where nothing is over, nothing is told of it.
    let one = format!("{STAGE}fn tau(ctx) {{ 2.0 }}\n");
    let edits = vec![save(3, "recipe.rhai", one.replace("2.0", "3.0"))];
    assert_eq!(with_edits(&one, |_| {}, edits).good().note(0), "");
}

#[test]
fn a_const_that_statements_have_read() {
    let recipe = format!("const RATE = 0.25;\n{STAGE}fn lr(ctx) {{ global::RATE }}\n")
        .replace("lr: 0.5", "lr: RATE");
    let edits = vec![save(3, "recipe.rhai", recipe.replace("0.25", "0.125"))];
    let run = with_edits(&recipe, |_| {}, edits).good();
    assert_eq!(run.shown.edits[0].functions, ["const RATE"]);
    assert_eq!(run.note(0), "statements that read 'const RATE' stay as they were");
}

#[test]
fn another_import_and_a_new_one() {
    let recipe = format!("import \"a\" as rates;\n{STAGE}fn lr(ctx) {{ rates::now() }}\n");
    let edited = recipe.replace("\"a\"", "\"b\"");
    let files = |sandbox: &crate::support::Sandbox| {
        sandbox.write("a.rhai", "fn now() { 0.25 }");
        sandbox.write("b.rhai", "fn now() { 0.125 }");
    };
    let run = with_edits(&recipe, files, vec![save(3, "recipe.rhai", edited)]).good();
    assert_eq!(run.outcomes(), [(3, "in force")]);
    assert_eq!(
        run.shown.edits[0].functions,
        ["SANDBOX/b.rhai", "SANDBOX/a.rhai", "import \"b\"", "import \"a\""]
    );
    assert_eq!(run.shown.rates, [vec![0.25; 3], vec![0.125; 9]].concat());
}

#[test]
fn statements_that_are_back_as_they_ran_are_not_told() {
    let edits = vec![
        save(3, "recipe.rhai", STAGE.replace("fold: 5", "fold: 4")),
        save(6, "recipe.rhai", format!("{STAGE}fn half(x) {{ x / 2 }}\n")),
    ];
    let run = with_edits(STAGE, |_| {}, edits).good();
    assert_eq!(run.outcomes(), [(3, "unchanged"), (6, "in force")]);
    assert_eq!(run.note(1), "");
}

#[test]
fn a_function_that_is_gone() {
    let recipe = format!("{STAGE}fn half(x) {{ x / 2 }}\n");
    let run = with_edits(&recipe, |_| {}, vec![save(4, "recipe.rhai", STAGE)]).good();
    assert_eq!(run.outcomes(), [(4, "in force")]);
    assert_eq!(run.note(0), "'half' is gone");
}

#[test]
fn a_function_that_only_a_later_stage_names() {
    let second = STAGE
        .replace("let data", "let again")
        .replace("train(net, #{", "train(net, #{ name: \"second\", loss: Fn(\"soft\"),");
    let soft = "fn soft(ctx, student, target) { cross_entropy(student, target) * 0.5 }\n";
    let recipe = format!("{STAGE}{second}{soft}");
    let edited = format!("{STAGE}{second}fn lr(ctx) {{ 0.25 }}\n");
    let run = with_edits(&recipe, |_| {}, vec![save(4, "recipe.rhai", edited)]).good();
    assert_eq!(run.outcomes(), [(4, "in force"), (0, "taken back")]);
    assert_eq!(
        run.note(0),
        "'soft' is gone; the options of a stage name 'soft': when such a stage begins, the version before \
         comes back"
    );
    assert_eq!(run.shown.edits[1].stage, "second");
    assert_eq!(run.shown.rates, [vec![0.5; 4], vec![0.25; 8], vec![0.5; 12]].concat());
}

#[test]
fn the_journal_and_the_binary_tell_it() {
    let recipe = format!("{STAGE}fn lr(ctx) {{ 0.25 }}\n");
    let edited = recipe.replace("0.25", "0.125").replace("fold: 5", "fold: 4");
    let run = with_edits(&recipe, |_| {}, vec![save(4, "recipe.rhai", edited)]).good();
    let events = run.sandbox.events();
    let edit = events.iter().find(|event| event["event"] == "edit").expect("an edit");
    assert_eq!(edit["functions"][0], "lr");
    assert_eq!(
        edit["note"],
        format!("{ONCE}line 1 (option 'fold') has no effect until the next run")
    );
}

#[test]
fn what_an_edit_brings_that_is_surely_not_meant() {
    let own = "fn loss(ctx, student, target) {\n    cross_entropy(student, target)\n}\n";
    let recipe = format!("{STAGE}{own}");
    let turned = recipe.replace("(student, target)\n}", "(target, student)\n}");
    let more = format!("// Nothing new.\n{turned}");
    let edits = vec![save(4, "recipe.rhai", &turned), save(8, "recipe.rhai", &more)];
    let run = with_edits(&recipe, |_| {}, edits).good();
    assert_eq!(
        run.note(0),
        "warning: line 9: cross_entropy: what is to be learnt stands in the student's place"
    );
    assert_eq!(run.note(1), "", "it is told once");
}

#[test]
fn a_hook_that_an_edit_added_may_go_again() {
    let added = format!("{STAGE}fn lr(ctx) {{\n    0.25\n}}\n");
    let edits = vec![save(4, "recipe.rhai", &added), save(8, "recipe.rhai", STAGE)];
    let run = with_edits(STAGE, |_| {}, edits).good();
    assert_eq!(run.outcomes(), [(4, "in force"), (8, "in force")], "{}", run.note(1));
    assert_eq!(run.shown.rates, [vec![0.5; 4], vec![0.25; 4], vec![0.5; 4]].concat());
}
