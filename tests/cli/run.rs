//! `still run`: what it prints and what it leaves behind.

use crate::support::{Sandbox, TINY};
use serde_json::Value;
use stillroom::data::Logits;

#[test]
fn a_run_leaves_a_whole_folder_behind() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(TINY, &["--json"]).good();
    let folder = sandbox.run_folder();

    let results: Value = serde_json::from_str(
        &std::fs::read_to_string(folder.join("results.json")).expect("results.json"),
    )
    .expect("JSON");
    let last: Value = serde_json::from_str(ran.out.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last, results, "--json prints the same object");
    assert_eq!(results["run"], folder.file_name().expect("a name").to_str().expect("UTF-8"));

    let stages = results["stages"].as_array().expect("stages");
    let facts = |stage: &Value| {
        ["name", "kind", "model"].map(|key| stage[key].as_str().expect("a string").to_string())
    };
    assert_eq!(facts(&stages[0]), ["teacher", "train", "cnn"]);
    assert_eq!(facts(&stages[1]), ["student", "distill", "ast"]);
    for stage in stages {
        // 20 clips train, 8 a step, 2 epochs.
        assert_eq!(stage["steps"], 6);
        assert!((0.0..=1.0).contains(&stage["accuracy"].as_f64().expect("a number")));
        assert!(stage["seconds"].as_f64().expect("a number") > 0.0);
        assert!(stage["parameters"].as_u64().expect("a number") > 100);
        let name = stage["name"].as_str().expect("a name");
        let weights = std::fs::read(folder.join(format!("weights/{name}.last.safetensors")));
        let bare = stillroom::tensor::store::bare(&weights.expect("last weights"));
        let hash = blake3::hash(&bare.expect("a whole file")).to_hex().to_string();
        assert_eq!(stage["weights_blake3"], hash);
        assert!(folder.join(format!("weights/{name}.best.safetensors")).is_file());
        let said = Logits::read(&folder.join(format!("predictions/{name}.safetensors")));
        let said = said.expect("what it says of the clips that test");
        let best = |row: &[f32]| (0..row.len()).rev().max_by(|a, b| row[*a].total_cmp(&row[*b]));
        let right = |row: &usize| best(said.row(*row)) == best(said.target(*row).expect("a label"));
        let right = (0..said.ids().len()).filter(right).count() as f64;
        assert_eq!(stage["accuracy"], right / said.ids().len() as f64);
    }

    let kept = std::fs::read_to_string(folder.join("recipe/0000/recipe.rhai")).expect("the recipe");
    assert_eq!(kept, TINY);
    let events: Vec<String> = sandbox
        .events()
        .iter()
        .map(|event| event["event"].as_str().expect("a name").into())
        .collect();
    let stage = ["stage", "epoch", "epoch", "stage_end"];
    assert_eq!(events, [&["run"][..], &stage, &stage, &["report", "end"]].concat());
}

#[test]
fn metrics_have_a_row_an_epoch_and_a_column_for_what_hooks_log() {
    let sandbox = Sandbox::new();
    let recipe = format!(
        "{TINY}
fn tau(ctx) {{ schedule::linear(ctx.epoch, 0, 1, 4, 2) }}
fn on_epoch(ctx) {{ ctx.log(\"epochs so far\", ctx.metrics.len()); }}
"
    );
    sandbox.run(&recipe, &[]).good();
    let table = std::fs::read_to_string(sandbox.run_folder().join("metrics.csv")).expect("metrics");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    insta::assert_snapshot!(
        reader.headers().expect("a header").iter().collect::<Vec<_>>().join(","),
        @"stage,epoch,step,loss,test_loss,accuracy,map,lr,lambda,tau,clips_per_second,waiting,seconds,epochs so far"
    );
    let rows: Vec<[String; 6]> = reader
        .records()
        .map(|row| {
            let row = row.expect("a row");
            [0, 1, 2, 8, 9, 13].map(|column| row[column].to_string())
        })
        .collect();
    assert_eq!(
        rows,
        [
            ["teacher", "1", "3", "", "", "1"],
            ["teacher", "2", "6", "", "", "2"],
            ["student", "1", "3", "0.5", "4", "1"],
            ["student", "2", "6", "0.5", "2", "2"],
        ]
    );
}

#[test]
fn without_a_terminal_it_prints_plain_lines_and_the_table() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(TINY, &["--set", "epochs=1"]).good();
    assert!(!ran.err.contains('\x1b') && !ran.err.contains('\r'), "{:?}", ran.err);
    let heads: Vec<&str> =
        ran.err.lines().map(|line| line.split("  ").next().unwrap_or("")).collect();
    assert_eq!(heads[0], "teacher: cnn, 246 parameters, 20 clips of [40, 16], 3 steps");
    assert_eq!(heads[1], "teacher: epoch 1/1");
    assert_eq!(
        heads[3],
        "student: ast, taught by 'teacher', 7690 parameters, 20 clips of [40, 16], 3 steps"
    );
    let table: Vec<String> = ran
        .out
        .lines()
        .map(|line| line.split_whitespace().take(3).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(table[0], "stage model learnt");
    assert_eq!(table[2], "teacher cnn labels");
    assert_eq!(table[3], "student ast labels");
}

#[test]
fn a_signal_ends_it_after_a_step_and_is_written_down() {
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", format!("{TINY}\nfn lr(ctx) {{ sleep(0.02); ctx.lr }}\n"));
    let data = format!("data={}", crate::support::example().display());
    let mut command = sandbox.command();
    command.args(["run", "recipe.rhai", "--set", &data, "--set", "epochs=10000"]);
    let mut child = command.stderr(std::process::Stdio::null()).spawn().expect("the binary");
    let weights = || {
        let runs = std::fs::read_dir(sandbox.file("home/runs")).ok()?;
        let folder = runs.flatten().next()?.path();
        folder.join("weights/teacher.last.safetensors").is_file().then_some(())
    };
    let begun = std::time::Instant::now();
    while weights().is_none() {
        assert!(begun.elapsed().as_secs() < 60, "no epoch within a minute");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let killed =
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.expect("kill").success());
    assert_eq!(child.wait().expect("an end").code(), Some(130));
    let events = sandbox.events();
    let last = events.last().expect("an event");
    assert_eq!(last["event"], "interrupted");
    let message = last["message"].as_str().expect("a message");
    assert!(
        message.starts_with("error[interrupted]: stage 'teacher': stopped by a signal"),
        "{message}"
    );
}

#[test]
fn a_reader_that_goes_away_does_not_end_a_run() {
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", TINY);
    let data = format!("data={}", crate::support::example().display());
    let mut command = sandbox.command();
    command.args(["run", "recipe.rhai", "--set", &data]).stdout(std::process::Stdio::null());
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().expect("the binary");
    drop(child.stderr.take());
    assert!(child.wait().expect("an end").success());
}

#[test]
fn an_argument_of_an_imported_file_can_be_set() {
    let sandbox = Sandbox::new();
    sandbox.write("lib.rhai", "fn alpha() { arg(\"alpha\", 0.1) }");
    let ran = sandbox.run("import \"lib\" as lib; print(lib::alpha());", &["--set", "alpha=0.5"]);
    assert!(ran.good().err.starts_with("0.5\n"));
}
