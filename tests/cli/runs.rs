//! `still runs` and `still gc`: what they show, and how mistakes are told.

use crate::support::past::{ended, past, two, write};
use crate::support::{Sandbox, TINY};
use serde_json::{Value, json};
use stillroom::disk::Lock;

#[test]
fn a_list_tells_how_far_each_run_has_come() {
    let sandbox = Sandbox::new();
    let signal = json!({ "event": "interrupted", "message": "error[interrupted]: a" });
    let error = json!({ "event": "failed", "message": "error[script]: b\n  --> c" });
    past(&sandbox, "1_ended", "", &ended());
    past(&sandbox, "2_failed", "", &[error]);
    past(&sandbox, "3_interrupted", "", std::slice::from_ref(&signal));
    past(&sandbox, "4_stopped", "", &[signal.clone(), json!({ "event": "resumed" })]);
    past(&sandbox, "5_running", "", &[signal, json!({ "event": "resumed" })]);
    past(&sandbox, "6_paused", "", &[json!({ "event": "paused" })]);
    let hit = json!({ "event": "store_hit", "stage": "student", "key": "00" });
    past(&sandbox, "7_hit", "", &[hit, json!({ "event": "end" })]);
    let lock = |name: &str| {
        let path = sandbox.file(&format!("home/runs/{name}/run.lock"));
        Lock::try_take(&path).expect("a file").expect("a free lock")
    };
    let held = [lock("5_running"), lock("6_paused")];
    let ran = sandbox.still(&["runs", "ls"]).good();
    insta::assert_snapshot!(ran.out.trim_end(), @r"
    run            state        began                recipe  stages                             tags
    7_hit          ended        2999-01-01 00:00:00  tiny    teacher 50.0 % at step 3, student
    6_paused       paused       2999-01-01 00:00:00  tiny    teacher 50.0 % at step 3
    5_running      running      2999-01-01 00:00:00  tiny    teacher 50.0 % at step 3
    4_stopped      stopped      2999-01-01 00:00:00  tiny    teacher 50.0 % at step 3
    3_interrupted  interrupted  2999-01-01 00:00:00  tiny    teacher 50.0 % at step 3
    2_failed       failed       2999-01-01 00:00:00  tiny    teacher 50.0 % at step 3
    1_ended        ended        2999-01-01 00:00:00  tiny    teacher 75.0 %
    ");
    assert_eq!(sandbox.still(&["runs"]).good().out, ran.out);
    drop(held);
    // No file changed, but the processes are gone.
    let ran = sandbox.still(&["runs", "ls"]).good();
    assert!(!ran.out.contains(" running ") && !ran.out.contains(" paused "), "{}", ran.out);
    let ran = sandbox.still(&["runs", "ls", "--json"]).good();
    let first: Value = serde_json::from_str(ran.out.lines().next().expect("a line")).expect("JSON");
    assert_eq!((&first["run"], &first["state"]), (&json!("7_hit"), &json!("ended")));
    assert_eq!(ran.out.lines().count(), 7);
}

#[test]
fn a_run_is_shown() {
    let sandbox = Sandbox::new();
    let edit = json!({ "event": "edit", "stage": "teacher", "step": 4, "version": 1,
                       "outcome": "in_force", "functions": ["tau", "lr"] });
    let [end, over] = ended();
    past(&sandbox, "2026-01-01_10-00-00_tiny", "old\n", &[edit, end, over]);
    sandbox.write("home/runs/2026-01-01_10-00-00_tiny/recipe/0001/tiny.rhai", "new\n");
    sandbox.still(&["runs", "tag", "tiny", "good", "first"]).good();
    let ran = sandbox.still(&["runs", "show", "last"]).good();
    insta::assert_snapshot!(ran.out.trim_end(), @r"
    2026-01-01_10-00-00_tiny
      state      ended
      recipe     lab/tiny.rhai, version 1 at the end
      began      2999-01-01 00:00:00 UTC
      took       0.0 s
      seed       7
      arguments  epochs=2
      device     cpu
      still      0.1.0
      tags       first, good
      folder     SANDBOX/home/runs/2026-01-01_10-00-00_tiny, 942 B

    stage    kind   model  accuracy    best  steps   time
    teacher  train  cnn      75.0 %  80.0 %      6  1.5 s  done

    edit in  step  version  outcome   functions
    teacher     4        1  in force  tau, lr

    file                    size
    events.jsonl           917 B
    recipe/0000/tiny.rhai    4 B
    recipe/0001/tiny.rhai    4 B
    tags.json               17 B
    ");
    let ran = sandbox.still(&["runs", "show", "last", "--json"]).good();
    let shown: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(shown["edits"][0]["functions"], json!(["tau", "lr"]));
    assert_eq!((&shown["version"], &shown["seed"]), (&json!(1), &json!(7)));
}

#[test]
fn a_run_has_many_names() {
    let sandbox = Sandbox::new();
    two(&sandbox);
    sandbox.still(&["runs", "tag", "2026-01-01", "baseline"]).good();
    let folder = sandbox.file("home/runs/2026-01-01_10-00-00_tiny");
    let path = folder.display().to_string();
    for name in ["2026-01-01_10-00-00_tiny", "2026-01-01", "01-01", "baseline", &path] {
        let ran = sandbox.still(&["runs", "show", name]).good();
        assert!(ran.out.starts_with("2026-01-01_10-00-00_tiny\n"), "{name}: {}", ran.out);
    }
    let ran = sandbox.still(&["runs", "show", "last"]).good();
    assert!(ran.out.starts_with("2026-01-02_10-00-00_tiny\n"));
}

#[test]
fn mistakes_in_naming_a_run() {
    let sandbox = Sandbox::new();
    let none = sandbox.still(&["runs", "show", "last"]);
    insta::assert_snapshot!(none.error(), @r"
    error[usage]: run 'last': there are no runs yet
      received: SANDBOX/home
    ");
    two(&sandbox);
    let told = |named: &str| {
        let ran = sandbox.still(&["runs", "show", named]);
        assert_eq!(ran.code, 2);
        ran.error()
    };
    insta::assert_snapshot!(told("tiny"), @r"
    error[usage]: run 'tiny': several runs are meant
      received: 2026-01-02_10-00-00_tiny, 2026-01-01_10-00-00_tiny
      hint: give more of the name, or `last` for the newest
    ");
    insta::assert_snapshot!(told("tyni"), @"
    error[usage]: run 'tyni': no run has this name or tag
      hint: the newest: 2026-01-02_10-00-00_tiny, 2026-01-01_10-00-00_tiny
    ");
    insta::assert_snapshot!(told("teacher"), @r"
    error[usage]: run 'teacher': no run has this name or tag
      hint: the newest: 2026-01-02_10-00-00_tiny, 2026-01-01_10-00-00_tiny
    ");
    insta::assert_snapshot!(told("home/runs"), @r"
    error[usage]: run home/runs: this is no folder of a run
      hint: `still runs ls` lists the runs
    ");
    insta::assert_snapshot!(told("home/nope"), @r"
    error[usage]: run home/nope: no such folder
      hint: `still runs ls` lists the runs
    ");
}

#[test]
fn filters_that_fit_nothing_are_slips() {
    let sandbox = Sandbox::new();
    two(&sandbox);
    sandbox.still(&["runs", "tag", "last", "good"]).good();
    let ran = sandbox.still(&["runs", "ls", "--tag", "good"]).good();
    assert_eq!(ran.out.lines().count(), 2);
    let ran = sandbox.still(&["runs", "ls", "--recipe", "scripts/tiny.rhai"]).good();
    assert_eq!(ran.out.lines().count(), 3);
    let ran = sandbox.still(&["runs", "ls", "--tag", "god"]);
    insta::assert_snapshot!(ran.error(), @r"
    error[usage]: --tag: unknown tag 'god'
      hint: did you mean 'good'?
    ");
    let ran = sandbox.still(&["runs", "ls", "--recipe", "tinny"]);
    insta::assert_snapshot!(ran.error(), @r"
    error[usage]: --recipe: unknown recipe 'tinny'
      hint: did you mean 'tiny'?
    ");
}

#[test]
fn tags_come_and_go() {
    let sandbox = Sandbox::new();
    two(&sandbox);
    let out = |arguments: &[&str]| {
        let ran = sandbox.still(&[&["runs", "tag", "last"], arguments].concat()).good();
        ran.out.trim_end().to_string()
    };
    assert_eq!(out(&[]), "2026-01-02_10-00-00_tiny: no tags");
    assert_eq!(out(&["b", "a", "b"]), "2026-01-02_10-00-00_tiny: a, b");
    assert_eq!(out(&["--remove", "a"]), "2026-01-02_10-00-00_tiny: b");
    assert_eq!(out(&["--remove", "b"]), "2026-01-02_10-00-00_tiny: no tags");
    assert!(!sandbox.file("home/runs/2026-01-02_10-00-00_tiny/tags.json").exists());
    let ran = sandbox.still(&["runs", "tag", "last", "two words"]);
    insta::assert_snapshot!(ran.error(), @r"
    error[usage]: tag 'two words': it is no single word
      expected: a word of up to 64 characters, without spaces or '/'
    ");
    let ran = sandbox.still(&["runs", "tag", "last", "last"]);
    insta::assert_snapshot!(ran.error(), @r"
    error[usage]: tag 'last': the word means the newest run
      expected: a word of up to 64 characters, without spaces or '/'
    ");
    let ran = sandbox.still(&["runs", "tag", "last", "--remove", "c"]);
    insta::assert_snapshot!(ran.error(), @r"
    error[usage]: still runs tag --remove: unknown tag 'c'
      hint: no tag is known here
    ");
}

#[test]
fn runs_are_removed_when_that_was_meant() {
    let sandbox = Sandbox::new();
    two(&sandbox);
    let ran = sandbox.still(&["runs", "rm", "last"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.error(), @r"
    error[usage]: removing 2026-01-02_10-00-00_tiny: nobody can be asked here
      hint: --yes removes without asking
    ");
    let ran = sandbox.still(&["runs", "rm", "2026-01-01", "nope", "--yes"]);
    assert_eq!(ran.code, 2, "one name is wrong, so nothing goes");
    let path = sandbox.file("home/runs/2026-01-02_10-00-00_tiny/run.lock");
    let lock = Lock::try_take(&path).expect("a file").expect("a free lock");
    let ran = sandbox.still(&["runs", "rm", "2026-01-01", "last", "--yes"]);
    insta::assert_snapshot!(ran.error(), @r"
    error[usage]: removing 2026-01-02_10-00-00_tiny: the run is still running
      hint: end it with Ctrl-C or SIGTERM first
    ");
    drop(lock);
    assert_eq!(std::fs::read_dir(sandbox.file("home/runs")).expect("runs").count(), 2);
    let ran = sandbox.still(&["runs", "rm", "2026-01-01", "last", "01-01", "--yes"]).good();
    assert_eq!(ran.out, "removed 2026-01-01_10-00-00_tiny\nremoved 2026-01-02_10-00-00_tiny\n");
    assert_eq!(std::fs::read_dir(sandbox.file("home/runs")).expect("runs").count(), 0);
    assert!(sandbox.still(&["runs", "ls"]).good().err.starts_with("no runs yet in SANDBOX/home"));
}

#[test]
fn what_may_be_more_than_a_run_is_not_removed() {
    let sandbox = Sandbox::new();
    sandbox.write("project/results.json", "{}");
    sandbox.write("project/precious", "text");
    let ran = sandbox.still(&["runs", "rm", "project/", "--yes"]);
    insta::assert_snapshot!(ran.error(), @r"
    error[usage]: removing project/: this folder may be more than a run
      expected: a folder in runs/, or one whose events.jsonl begins a run
    ");
    assert!(sandbox.file("project/precious").exists());
}

#[test]
fn what_no_run_needs_is_freed() {
    let sandbox = Sandbox::new();
    two(&sandbox);
    let home = stillroom::run::Home::of("".as_ref(), Some(sandbox.file("home")));
    let store = stillroom::run::store::Store::at(&home);
    let key = "ab".repeat(32);
    // As the weights' hash in the journals: named by a run.
    store.commit(&key, json!(0), Vec::new()).expect("committed");
    let object = store.commit(&"cd".repeat(32), json!(0), vec![("w".into(), vec![1; 9000])]);
    let hour_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let folder = std::fs::File::open(object.expect("committed").path).expect("a folder");
    folder.set_modified(hour_ago).expect("another time");
    let ran = sandbox.still(&["gc", "--dry-run"]).good();
    insta::assert_snapshot!(ran.out.trim_end(), @"would free 9.3 kB: 1 result that no run refers to; 1 result kept");
    let ran = sandbox.still(&["gc"]).good();
    insta::assert_snapshot!(ran.out.trim_end(), @"freed 9.3 kB: 1 result that no run refers to; 1 result kept");
    let ran = sandbox.still(&["gc"]).good();
    insta::assert_snapshot!(ran.out.trim_end(), @"nothing to free; 1 result kept");
    store.commit(&"ef".repeat(32), json!(0), Vec::new()).expect("committed");
    let ran = sandbox.still(&["gc"]).good();
    insta::assert_snapshot!(ran.out.trim_end(), @"nothing to free; 2 results kept, 1 of them only since a result stays for ten minutes after it was written or used");
    let ran = sandbox.still(&["runs", "rm", "last", "--yes"]).good();
    assert!(
        ran.err.ends_with("only they needed, ten minutes after those were written or used\n"),
        "{}",
        ran.err
    );
}

#[test]
fn a_run_is_unpacked_into_a_folder_without_a_home() {
    let sandbox = Sandbox::new();
    two(&sandbox);
    sandbox.still(&["runs", "pack", "last", "-o", "a.still"]).good();
    std::fs::create_dir(sandbox.file("fresh")).expect("a folder");
    let still = |arguments: &[&str]| {
        let mut command = sandbox.command();
        command.env_remove("STILL_HOME").current_dir(sandbox.file("fresh")).args(arguments);
        sandbox.finish(command.output().expect("the binary")).good()
    };
    let ran = still(&["runs", "unpack", "../a.still"]);
    insta::assert_snapshot!(ran.out.trim_end(), @".still/runs/2026-01-02_10-00-00_tiny unpacked");
    let listed = still(&["runs", "ls"]).out;
    assert!(listed.contains("2026-01-02_10-00-00_tiny"), "{listed}");
}

#[test]
fn the_home_is_looked_for_where_no_recipe_says_it() {
    let sandbox = Sandbox::new();
    let still = |arguments: &[&str]| {
        let mut command = sandbox.command();
        command.env_remove("STILL_HOME").args(arguments);
        sandbox.finish(command.output().expect("the binary"))
    };
    insta::assert_snapshot!(still(&["runs", "ls"]).error(), @r"
    error[usage]: looking for runs: no folder .still is here or one below
      hint: name one: --home scripts/.still, or STILL_HOME=FOLDER
    ");
    insta::assert_snapshot!(still(&["gc", "--home", "nope"]).error(), @r"
    error[usage]: --home nope: no such folder
      hint: a home is the folder .still beside a recipe, with runs/ in it
    ");
    sandbox.write("scripts/.still/runs/1_a/events.jsonl", "{\"event\":\"run\"}\n");
    assert!(still(&["runs", "ls"]).good().out.contains("1_a"));
    sandbox.write("lab/.still/runs/2_b/events.jsonl", "{\"event\":\"run\"}\n");
    insta::assert_snapshot!(still(&["runs", "ls"]).error(), @r"
    error[usage]: looking for runs: several folders have runs
      received: lab/.still, scripts/.still
      hint: say which one: --home FOLDER
    ");
    assert!(still(&["runs", "ls", "--home", "lab/.still"]).good().out.contains("2_b"));
    assert!(still(&["runs", "show", "lab/.still/runs/2_b"]).good().out.starts_with("2_b\n"));
    sandbox.write(".still/runs/3_c/events.jsonl", "{\"event\":\"run\"}\n");
    assert!(still(&["runs", "ls"]).good().out.contains("3_c"));
}

#[test]
fn garbage_in_a_run_hurts_nobody() {
    let sandbox = Sandbox::new();
    sandbox.write("home/runs/1_binary/events.jsonl", b"\xff\0\x1b[2J\n{\n\"x\"\n[]\n");
    sandbox.write("home/runs/1_binary/results.json", "[{\"stages\": 3}");
    sandbox.write("home/runs/1_binary/tags.json", "{\"a\": 1}");
    sandbox.write("home/runs/1_binary/recipe", "a file");
    std::fs::create_dir_all(sandbox.file("home/runs/2_empty")).expect("a folder");
    std::fs::create_dir_all(sandbox.file("home/runs/3_odd/events.jsonl")).expect("a folder");
    let odd = "\u{1b}[31mred\u{7}\n";
    write(
        &sandbox,
        "4_values",
        &[
            json!({ "event": "run", "recipe": odd, "seed": -1, "set": [1], "device": {} }),
            json!({ "event": "stage", "stage": odd, "kind": 3, "spec": [], "parameters": 1e300 }),
            json!({ "event": "epoch", "stage": odd, "accuracy": 1e308, "step": u64::MAX }),
            json!({ "event": "epoch", "stage": "b", "accuracy": "x", "step": u64::MAX }),
            json!({ "event": "stage_end", "name": odd, "seconds": -1e300, "key": "../../.." }),
            json!({ "event": "edit", "step": {}, "version": u64::MAX, "functions": [1, odd] }),
            json!({ "event": 7 }),
            json!([]),
        ]
        .map(|event| if event.is_array() { json!({ "event": event }) } else { event }),
    );
    sandbox.write("home/runs/a file", "no folder");
    for arguments in [
        &["runs", "ls"][..],
        &["runs", "ls"],
        &["runs", "ls", "--json"],
        &["runs", "show", "1_"],
        &["runs", "show", "2_"],
        &["runs", "show", "3_"],
        &["runs", "show", "4_"],
        &["runs", "show", "4_", "--json"],
        &["runs", "diff", "1_", "4_"],
        &["runs", "pack", "4_"],
        &["runs", "pack", "1_", "--weights"],
    ] {
        let ran = sandbox.still(arguments).good();
        assert!(!ran.out.contains(['\u{1b}', '\u{7}']), "{arguments:?}: {}", ran.out);
    }
    let ran = sandbox.still(&["runs", "pack", "2_"]);
    insta::assert_snapshot!(ran.error(), @"error[file]: packing 2_empty: this is no folder of a run");
}

#[test]
fn a_real_run_is_shown_packed_and_unpacked() {
    let sandbox = Sandbox::new();
    sandbox.run(TINY, &["--set", "epochs=1"]).good();
    let shown = sandbox.still(&["runs", "show", "last"]).good().out;
    for word in ["state      ended", "arguments  ", "epochs=1", "student  distill  ast"] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    let ran = sandbox.still(&["runs", "pack", "last", "--weights", "-o", "a.still"]).good();
    assert!(ran.out.starts_with("a.still: "), "{}", ran.out);
    sandbox.still(&["runs", "unpack", "a.still", "--home", "other"]).good();
    let names = |home: &str| {
        let run = sandbox.run_folder();
        let name = run.file_name().expect("a name").to_str().expect("UTF-8").to_string();
        stillroom::disk::files_in(&sandbox.file(&format!("{home}/runs/{name}")))
    };
    let local = ["run.lock", "origin", "granted.json", "clips.json"];
    let own = |name: &String| !local.contains(&name.as_str()) && !name.starts_with("checkpoints/");
    let (objects, unpacked): (Vec<_>, Vec<_>) =
        names("other").into_iter().partition(|name| name.starts_with("objects/"));
    assert_eq!(names("home").into_iter().filter(own).collect::<Vec<_>>(), unpacked);
    // What the two stages gave, with all its files.
    assert_eq!(objects.len(), 10, "{objects:?}");
    let ran = sandbox.still(&["gc", "--dry-run", "--json"]).good();
    let freed: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!((&freed["dry_run"], &freed["objects"]), (&json!(true), &json!(0)));
}
