//! A run that goes on with a recipe of another name.

use super::actor::Scene;
use super::lab::{Lab, THREE, undisturbed};
use serde_json::json;

/// A run that was cut off, and its recipe.
fn cut() -> Lab {
    let lab = Lab::new();
    Scene::new().checkpoints(1).kill("own 3").play(&lab);
    lab
}

#[test]
fn the_same_text_under_another_name_is_no_edit() {
    let lab = cut();
    lab.sandbox.write("other.rhai", THREE);
    lab.still(&["resume", "last", "--recipe", "other.rhai"]).good();
    assert_eq!(lab.outcome(), *undisturbed());
    lab.still(&["replay", "last"]).good();
}

#[test]
fn another_recipe_of_another_name_is_an_edit_where_the_run_goes_on() {
    let lab = cut();
    let edited = THREE.replace("lerp(ctx.nets.net, 0.3)", "lerp(ctx.nets.net, 0.2)");
    assert_ne!(edited, THREE);
    lab.sandbox.write("other.rhai", &edited);
    lab.still(&["resume", "last", "--recipe", "other.rhai"]).good();
    let results = std::fs::read_to_string(lab.last().join("results.json")).expect("results");
    let results: serde_json::Value = serde_json::from_str(&results).expect("JSON");
    let versions: Vec<_> = results["stages"][2]["history"]
        .as_array()
        .expect("a history")
        .iter()
        .map(|stint| stint["version"].clone())
        .collect();
    assert_eq!(versions, [json!(0), json!(1)]);
    let repeated = lab.still(&["replay", "last"]).good();
    assert_eq!(repeated.out.matches(": the same weights, ").count(), 3, "{}", repeated.out);
    // Once more under its first name, made longer.
    lab.sandbox.write("lab.rhai", &edited);
    lab.still(&["resume", "last", "--recipe", "lab.rhai", "--set", "epochs=3"]).good();
    lab.still(&["replay", "last"]).good();
    // Its folder has the texts of both under their names.
    lab.still(&["runs", "pack", "last", "-o", "both.still"]).good();
    lab.still(&["runs", "unpack", "both.still", "--home", "elsewhere"]).good();
    let data = format!("data={}", lab.data.display());
    lab.still(&["replay", "last", "--home", "elsewhere", "--set", &data]).good();
}
