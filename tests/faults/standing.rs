//! An edit that cannot come into force stands in the files when a run goes on.

use super::actor::{Scene, Seen};
use super::lab::{Lab, THREE, events, undisturbed};

/// Compiles, and fails when it is tried.
fn fails() -> String {
    THREE.replace("ctx.state.count += 1;", "ctx.state.count += 1; throw \"on purpose\";")
}

/// Does not compile.
fn broken() -> String {
    THREE.replace("ctx.state.last = logits", "ctx.state.last = logitz")
}

/// A hook that can never be called.
fn unfit() -> String {
    THREE.replace(
        "fn loss(ctx, student, teacher, target)",
        "fn loss(ctx, student, teacher, target, more)",
    )
}

/// The run goes on by itself and gives what an undisturbed one does; what stands in the files is told.
#[track_caller]
fn goes_on(lab: &Lab, told: &[&str]) -> Seen {
    let seen = Scene::new().play(lab);
    assert_eq!((&seen.error, lab.runs().len()), (&None, 1), "{seen:?}");
    assert_eq!(&lab.outcome(), undisturbed(), "{seen:?}");
    for words in told {
        assert!(seen.said.iter().any(|said| said.contains(words)), "{words}: {seen:?}");
    }
    assert!(seen.edits.is_empty(), "tried again: {seen:?}");
    seen
}

#[test]
fn one_that_was_refused_stands_there_and_the_run_goes_on_by_itself() {
    for (edit, why) in
        [(fails(), "on purpose"), (broken(), "logitz"), (unfit(), "takes other parameters")]
    {
        let lab = Lab::new();
        Scene::new().edit("own 2", &edit).checkpoints(1).kill("own 4").play(&lab);
        // Killed once more: it is still known.
        Scene::new().checkpoints(1).kill("own 5").play(&lab);
        let refused = "holds the edit that was refused at step 2 of 'own'; version 0 is in force";
        goes_on(&lab, &["going on with run", refused, why]);
        let replayed = lab.still(&["replay", "last"]);
        assert_eq!(replayed.code, 0, "{}{}", replayed.out, replayed.err);
    }
}

#[test]
fn one_that_took_too_long_is_tried_again() {
    // It takes long at the step at which it is saved only.
    let slow = THREE.replace(
        "ctx.state.count += 1;",
        "ctx.state.count += 1; if ctx.step == 2 { sleep(20.0); }",
    );
    let lab = Lab::new();
    let seen = Scene::new().edit("own 2", &slow).checkpoints(1).kill("own 4").play(&lab);
    assert!(lab.runs().len() == 1, "{seen:?}");
    let seen = Scene::new().play(&lab);
    assert_eq!((&seen.error, lab.runs().len()), (&None, 1), "{seen:?}");
    let told = "at step 2 of 'own'; version 0 is in force and it is tried again";
    assert!(seen.said.iter().any(|said| said.contains(told)), "{seen:?}");
    // It comes into force unless the steps that are left are over before anybody looks.
    assert!(seen.edits.len() <= 1, "{seen:?}");
    assert_eq!(&lab.outcome().weights, &undisturbed().weights);
}

#[test]
fn one_that_was_refused_after_another_was_in_force() {
    let good = THREE.replace("lerp(ctx.nets.net, 0.3)", "lerp(ctx.nets.net, 0.2)");
    let bad = good.replace("ctx.state.count += 1;", "ctx.state.count += 1; throw \"on purpose\";");
    let scene = Scene::new().checkpoints(1).edit("own 2", &good);
    let whole = Lab::new();
    scene.clone().play(&whole);
    let lab = Lab::new();
    scene.edit("own 3", &bad).kill("own 4").play(&lab);
    let seen = Scene::new().play(&lab);
    assert_eq!((&seen.error, lab.runs().len()), (&None, 1), "{seen:?}");
    assert_eq!(lab.outcome(), whole.outcome(), "{seen:?}");
    let told = "at step 3 of 'own'; version 1 is in force until the next save";
    assert!(seen.said.iter().any(|said| said.contains(told)), "{seen:?}");
}

#[test]
fn one_that_nobody_saw_and_that_cannot_run_does_not_keep_the_run_from_going_on() {
    for (edit, why) in [(broken(), "logitz"), (unfit(), "takes other parameters")] {
        let lab = Lab::new();
        Scene::new().checkpoints(1).kill("student 4").play(&lab);
        lab.sandbox.write("lab.rhai", edit);
        goes_on(&lab, &["lab.rhai cannot come into force; version 0 is in force", why]);
    }
    // Without a run to go on with it is the error that it is.
    let lab = Lab::of(&broken());
    let seen = Scene::new().play(&lab);
    assert!(seen.error.is_some_and(|error| error.contains("logitz")));
    assert!(lab.runs().is_empty());
    // After a run that failed, too: the old code would only fail again.
    let lab = Lab::of(&THREE.replace("ctx.state.seen += 1;", "throw \"first\";"));
    assert!(Scene::new().play(&lab).error.is_some_and(|error| error.contains("first")));
    lab.sandbox.write("lab.rhai", broken());
    assert!(Scene::new().play(&lab).error.is_some_and(|error| error.contains("logitz")));
}

#[test]
fn in_a_file_that_is_imported() {
    let importing = format!("import \"part\" as part;\n{THREE}").replace(
        "ctx.state.ema.lerp(ctx.nets.net, 0.3);",
        "ctx.state.ema.lerp(ctx.nets.net, part::share());",
    );
    let part = "fn share() { 0.3 }\n";
    let lab = Lab::of(&importing);
    lab.sandbox.write("part.rhai", part);
    let scene = Scene::new().checkpoints(1).kill("own 4");
    scene.save("own 2", "part.rhai", "fn share() { \"much\" }\n").play(&lab);
    let seen = Scene::new().play(&lab);
    assert_eq!((&seen.error, lab.runs().len()), (&None, 1), "{seen:?}");
    assert!(seen.said.iter().any(|said| said.contains("refused at step 2 of 'own'")), "{seen:?}");
    let whole = Lab::of(&importing);
    whole.sandbox.write("part.rhai", part);
    assert_eq!(Scene::new().play(&whole).error, None);
    assert_eq!(lab.outcome(), whole.outcome());
    // The journal names no folder of this machine.
    let edits = events(&lab.last(), 1).into_iter().filter(|event| event["event"] == "edit");
    let files: Vec<String> = edits.map(|edit| edit["files"].to_string()).collect();
    assert_eq!(files.len(), 1);
    assert!(files[0].starts_with("{\"lab.rhai\":"), "{files:?}");
}

#[test]
fn the_next_save_counts_again() {
    let lab = Lab::new();
    Scene::new().edit("own 2", &fails()).checkpoints(1).kill("own 4").play(&lab);
    let good = THREE.replace("lerp(ctx.nets.net, 0.3)", "lerp(ctx.nets.net, 0.2)");
    let seen = Scene::new().edit("own 5", &good).play(&lab);
    assert_eq!((seen.error, lab.runs().len()), (None, 1));
    assert_eq!(seen.edits, ["own 5: in force"]);
    let whole = Lab::new();
    Scene::new().edit("own 5", &good).play(&whole);
    assert_eq!(lab.outcome().hashes(), whole.outcome().hashes());
}

#[test]
fn another_text_that_runs_is_another_run() {
    let lab = Lab::new();
    Scene::new().edit("own 2", &fails()).checkpoints(1).kill("own 4").play(&lab);
    lab.sandbox
        .write("lab.rhai", THREE.replace("lerp(ctx.nets.net, 0.3)", "lerp(ctx.nets.net, 0.2)"));
    let seen = Scene::new().play(&lab);
    assert_eq!((&seen.error, lab.runs().len()), (&None, 2), "{seen:?}");
}

#[test]
fn a_recipe_with_a_module_of_the_standard_library_goes_on_by_itself() {
    let recipe = format!("import \"std/hinton\" as hinton;\n{THREE}");
    let lab = Lab::of(&recipe);
    Scene::new().checkpoints(1).kill("own 4").play(&lab);
    let seen = Scene::new().play(&lab);
    assert_eq!((&seen.error, lab.runs().len()), (&None, 1), "{seen:?}");
    assert!(seen.said.iter().any(|said| said.contains("going on with run")), "{seen:?}");
    assert!(seen.edits.is_empty(), "nobody made one: {seen:?}");
}
