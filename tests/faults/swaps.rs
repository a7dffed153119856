//! Kill −9 while another version takes its place, in each write from the checkpoint before it on.

use super::actor::Scene;
use super::edits::{edited, whole};
use super::lab::{Lab, Outcome, events};
use std::collections::BTreeMap;

#[test]
fn a_run_that_was_killed_in_any_write_of_a_swap_goes_on_with_the_edit() {
    // What an edit at that step gives, where nobody kills anything.
    let mut expected: BTreeMap<usize, Outcome> = BTreeMap::new();
    let (mut before, mut amid, mut after) = (0, 0, 0);
    for write in 1.. {
        let lab = Lab::new();
        let scene = Scene::new().checkpoints(1).edit("own 2", &edited());
        scene.dies_in("own 2", write).play(&lab);
        let run = lab.last();
        let is_kept = run.join("recipe/0001").is_dir();
        let is_told = events(&run, 1).iter().any(|event| event["event"] == "edit");
        before += usize::from(!is_kept);
        amid += usize::from(is_kept && !is_told);
        after += usize::from(is_told);
        // What was in force comes into force again by itself; what was only saved, on purpose.
        let seen = match is_told {
            true => Scene::new().play(&lab),
            false => Scene::new().resume().play(&lab),
        };
        assert_eq!((&seen.error, lab.runs().len()), (&None, 1), "write {write}: {seen:?}");
        let step = match (is_told, seen.edits.as_slice()) {
            (true, []) => 2,
            (false, [edit]) if edit == "own 2: in force" => 2,
            (false, [edit]) if edit == "own 1: in force" => 1,
            _ => panic!("write {write}: {seen:?}"),
        };
        let expected = expected
            .entry(step)
            .or_insert_with(|| whole(Scene::new().edit(&format!("own {step}"), &edited())));
        assert_eq!(lab.outcome().hashes(), expected.hashes(), "write {write}: {seen:?}");
        assert_eq!(lab.outcome().weights, expected.weights, "write {write}");
        let replayed = lab.still(&["replay", "last"]);
        assert_eq!(replayed.code, 0, "write {write}: {}{}", replayed.out, replayed.err);
        if after == 2 {
            break;
        }
    }
    assert!(before > 0 && amid > 0, "{before} before, {amid} amid");
    eprintln!("killed in {before} writes before, {amid} amid");
}
