//! More epochs after the end.

use super::actor::Scene;
use super::lab::{Lab, THREE, events};
use serde_json::Value;

/// The step at which each stage of the newest run began.
fn begun(lab: &Lab) -> Vec<(String, u64)> {
    let all = events(&lab.last(), 0);
    let mut steps: Vec<(String, u64)> = Vec::new();
    for event in all.iter().filter(|event| event["event"] == "stage") {
        let name = event["stage"].as_str().expect("a name").to_string();
        steps.retain(|(known, _)| *known != name);
        steps.push((name, event["step"].as_u64().unwrap_or(0)));
    }
    steps
}

fn step(lab: &Lab, stage: &str) -> u64 {
    begun(lab).into_iter().find(|(name, _)| name == stage).expect("the stage").1
}

fn fresh(recipe: &str, epochs: &str) -> super::lab::Outcome {
    let lab = Lab::of(recipe);
    lab.run(3, &["--set", epochs]).good();
    lab.outcome()
}

#[test]
fn a_longer_run_goes_on_from_the_store() {
    let lab = Lab::new();
    lab.run(3, &[]).good();
    let why = lab.still(&["why", "lab.rhai", "--set", "epochs=4"]).good().out;
    assert!(why.contains("teacher: goes on after 2 epochs of the store"), "{why}");
    let ran = lab.run(3, &["--set", "epochs=4"]).good();
    assert!(ran.err.contains("teacher: goes on after 2 epochs of the store"), "{}", ran.err);
    // The student has another teacher now.
    assert_eq!((step(&lab, "teacher"), step(&lab, "student"), step(&lab, "own")), (6, 0, 6));
    assert_eq!(lab.outcome(), fresh(THREE, "epochs=4"));
    // And back: all of it is there.
    lab.run(3, &["--set", "epochs=2"]).good();
    assert_eq!(lab.outcome().hits(), [true; 3]);
}

#[test]
fn where_a_hook_knew_the_length_a_longer_run_begins_anew() {
    for word in ["progress", "epochs", "steps"] {
        let knows = THREE.replace("* 0.01 * ctx.state.sums[-1]", &format!("* 0.01 * ctx.{word}"));
        let lab = Lab::of(&knows);
        lab.run(3, &[]).good();
        let ran = lab.run(3, &["--set", "epochs=4"]).good();
        assert!(
            ran.err.contains("teacher: its hooks look at the stage's length, so it begins anew"),
            "{}",
            ran.err
        );
        assert_eq!((step(&lab, "teacher"), step(&lab, "own")), (0, 6));
        assert_eq!(lab.outcome(), fresh(&knows, "epochs=4"), "{word}");
        // On purpose it goes on in any case.
        let lab = Lab::of(&knows);
        lab.run(3, &[]).good();
        lab.still(&["resume", "last", "--set", "epochs=4"]).good();
        assert_eq!((step(&lab, "teacher"), lab.runs().len()), (6, 1));
        let keys = |outcome: &super::lab::Outcome| {
            outcome.stages.iter().map(|stage| stage["key"].clone()).collect::<Vec<Value>>()
        };
        let (here, there) = (lab.outcome(), fresh(&knows, "epochs=4"));
        assert_ne!(here.hashes()[0], there.hashes()[0], "{word}");
        assert_ne!(keys(&here)[0], keys(&there)[0], "other numbers have another key: {word}");
    }
}

#[test]
fn a_run_is_resumed_with_more_epochs() {
    let lab = Lab::new();
    lab.run(3, &[]).good();
    lab.still(&["resume", "last", "--set", "epochs=4"]).good();
    assert_eq!((step(&lab, "teacher"), step(&lab, "own"), lab.runs().len()), (6, 6, 1));
    assert_eq!(lab.outcome().hashes(), fresh(THREE, "epochs=4").hashes());
    assert_eq!(lab.outcome().metrics, fresh(THREE, "epochs=4").metrics);
}

#[test]
fn resumed_with_other_arguments_at_other_steps_two_runs_have_two_keys() {
    let recipe = THREE.replace("* 0.01 *", "* arg(\"strength\", 0.01) *");
    let mut keys = Vec::new();
    for kill in ["teacher 2", "teacher 5"] {
        let lab = Lab::of(&recipe);
        Scene::new().checkpoints(1).kill(kill).play(&lab);
        lab.still(&["resume", "last", "--set", "strength=0.5"]).good();
        let stage = lab.outcome().stages[0].clone();
        keys.push((stage["key"].clone(), stage["weights_blake3"].clone()));
    }
    assert_ne!(keys[0].1, keys[1].1);
    assert_ne!(keys[0].0, keys[1].0, "a key names one result");
}

/// The versions of each stage of the newest run, by the steps from which they were in force.
fn versions(lab: &Lab) -> Vec<Vec<(u64, u64)>> {
    let results = std::fs::read_to_string(lab.last().join("results.json")).expect("results");
    let results: Value = serde_json::from_str(&results).expect("JSON");
    let number = |stint: &Value, key: &str| stint[key].as_u64().expect("a number");
    let stages = results["stages"].as_array().expect("stages").iter();
    let stints = stages.map(|stage| stage["history"].as_array().expect("a history").iter());
    stints
        .map(|all| all.map(|one| (number(one, "step"), number(one, "version"))).collect())
        .collect()
}

#[track_caller]
fn replays(lab: &Lab) {
    let ran = lab.still(&["replay", "last"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(ran.out.matches(": the same weights, ").count(), 3, "{}", ran.out);
}

/// Another strength of the teacher's loss.
fn stronger() -> String {
    let stronger = THREE.replace("* 0.01 * ctx.state.sums[-1]", "* 0.5 * ctx.state.sums[-1]");
    assert_ne!(stronger, THREE);
    stronger
}

#[test]
fn a_stage_of_the_store_is_made_longer_by_the_recipe_as_it_is_now() {
    let lab = Lab::new();
    lab.run(3, &[]).good();
    lab.run(3, &[]).good();
    assert_eq!(lab.outcome().hits(), [true; 3]);
    lab.sandbox.write("lab.rhai", stronger());
    lab.still(&["resume", "last", "--set", "epochs=4"]).good();
    assert_eq!(versions(&lab)[0], [(0, 0), (6, 1)]);
    replays(&lab);
}

#[test]
fn an_edit_beyond_the_end_that_a_stage_had_is_in_force_at_its_step_again() {
    let longer = |lab: &Lab| {
        Scene::new().set("epochs", "1").play(lab);
        Scene::new().set("epochs", "4").checkpoints(1).resume().edit("teacher 6", &stronger())
    };
    let (whole, lab) = (Lab::new(), Lab::new());
    assert_eq!(longer(&whole).play(&whole).error, None);
    longer(&lab).kill("teacher 8").play(&lab);
    let seen = Scene::new().set("epochs", "4").resume().play(&lab);
    assert_eq!(seen.error, None);
    assert_eq!(versions(&whole)[0].len(), 3, "{:?}", versions(&whole));
    assert_eq!(versions(&lab), versions(&whole));
    assert_eq!(lab.outcome().hashes(), whole.outcome().hashes());
    replays(&lab);
}

/// Another run has its result without the edit.
#[test]
fn a_stage_that_was_cut_off_is_edited_where_it_goes_on_whatever_the_store_has() {
    let lab = Lab::new();
    Scene::new().checkpoints(1).kill("teacher 3").play(&lab);
    let name = lab.name();
    lab.run(3, &["--new"]).good();
    std::fs::remove_dir_all(lab.last()).expect("a run");
    assert_eq!(lab.name(), name);
    lab.sandbox.write("lab.rhai", stronger());
    lab.still(&["resume", "last"]).good();
    let versions = versions(&lab);
    let steps: Vec<u64> = versions[0].iter().map(|(step, _)| *step).collect();
    assert!(steps.len() == 2 && (1..=3).contains(&steps[1]), "{versions:?}");
    replays(&lab);
}
