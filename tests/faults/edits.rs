//! Kills in runs that are edited while they run.

use super::actor::{Scene, Seen};
use super::lab::{Lab, Outcome, THREE, events};

pub fn edited() -> String {
    THREE
        .replace("* 0.01 * ctx.state.sums", "* 0.02 * ctx.state.sums")
        .replace("lerp(ctx.nets.net, 0.3)", "lerp(ctx.nets.net, 0.2)")
}

fn edited_again() -> String {
    edited()
        .replace("* 0.02 * ctx.state.sums", "* 0.03 * ctx.state.sums")
        .replace("lerp(ctx.nets.net, 0.2)", "lerp(ctx.nets.net, 0.1)")
}

/// What a scene that nobody cuts off gives.
#[track_caller]
pub fn whole(scene: Scene) -> Outcome {
    let lab = Lab::new();
    let seen = scene.play(&lab);
    assert_eq!(seen.error, None);
    lab.outcome()
}

/// The scene is cut off at `kill`, and a run without any edit goes on.
#[track_caller]
fn cut(scene: &Scene, kill: &str) -> (Outcome, Seen) {
    let lab = Lab::new();
    scene.clone().kill(kill).play(&lab);
    let seen = Scene::new().play(&lab);
    assert_eq!(seen.error, None, "{seen:?}");
    assert_eq!(lab.runs().len(), 1, "{seen:?}");
    events(&lab.last(), 1);
    let replayed = lab.still(&["replay", "last"]);
    assert_eq!(replayed.code, 0, "{}{}", replayed.out, replayed.err);
    (lab.outcome(), seen)
}

#[test]
fn an_edit_that_was_in_force_before_the_kill_is_in_force_at_its_step() {
    for stage in ["teacher", "own"] {
        for steps in [1, 2, 3, 100] {
            let scene = Scene::new().checkpoints(steps).edit(&format!("{stage} 2"), &edited());
            let (cut, seen) = cut(&scene, &format!("{stage} 5"));
            assert_eq!(cut, whole(scene), "{stage}, {steps}: {seen:?}");
            assert!(seen.edits.is_empty(), "told again: {seen:?}");
        }
    }
}

#[test]
fn two_edits_between_two_checkpoints() {
    let scene = Scene::new().edit("own 4", &edited()).edit("own 5", &edited_again());
    for steps in [1, 3, 100] {
        let (cut, seen) = cut(&scene.clone().checkpoints(steps), "own 6");
        assert_eq!(cut, whole(scene.clone()), "{steps}: {seen:?}");
    }
    // The later stages follow the code that was in force, whatever stage it was in.
    let scene = Scene::new().edit("teacher 1", &edited()).edit("student 3", &edited_again());
    for kill in ["teacher 2", "teacher 6", "student 4", "own 1", "own 6"] {
        let begins = scene.clone();
        let lab = Lab::new();
        begins.checkpoints(2).kill(kill).play(&lab);
        let rest = match kill {
            "teacher 2" | "teacher 6" => Scene::new().edit("student 3", &edited_again()),
            _ => Scene::new(),
        };
        assert_eq!(rest.play(&lab).error, None);
        assert_eq!(lab.outcome(), whole(scene.clone()), "{kill}");
    }
}

#[test]
fn an_edit_that_was_taken_back_stays_so() {
    let fails = edited().replace(
        "    ctx.state.count += 1;",
        "    ctx.state.count += 1; if ctx.step == 4 && batch.clips > 2 { throw \"no\"; }",
    );
    let scene = Scene::new().edit("own 2", &fails);
    let expected = whole(scene.clone());
    for steps in [1, 3, 100] {
        let (cut, seen) = cut(&scene.clone().checkpoints(steps), "own 5");
        assert_eq!(cut, expected, "{steps}: {seen:?}");
        assert!(seen.edits.is_empty(), "{seen:?}");
    }
    // After a version came back, the next save of the file is seen.
    let lab = Lab::new();
    scene.clone().checkpoints(1).kill("own 5").play(&lab);
    let seen = Scene::new().edit("own 6", &edited()).edit("own 6", &edited_again()).play(&lab);
    assert_eq!((seen.error, lab.runs().len()), (None, 1));
    let lab = Lab::new();
    scene.clone().checkpoints(1).kill("own 3").play(&lab);
    let seen = Scene::new().edit("own 5", &edited_again()).play(&lab);
    assert_eq!(seen.edits, ["own 4: taken back", "own 5: in force"], "{seen:?}");
}

#[test]
fn an_edit_while_the_disk_stays_full_is_in_force_at_its_step() {
    let scene = Scene::new().edit("own 2", &edited());
    let expected = whole(scene.clone());
    for full in ["teacher 1", "student 4", "own 1"] {
        let lab = Lab::new();
        let seen = scene.clone().full(full).play(&lab);
        let error = seen.error.clone().unwrap_or_default();
        assert!(error.contains("No space left"), "{full}: {seen:?}");
        assert_eq!(seen.edits, ["own 2: in force"], "{full}");
        let seen = Scene::new().play(&lab);
        assert_eq!((seen.error.as_ref(), lab.runs().len()), (None, 1), "{full}: {seen:?}");
        assert!(seen.edits.is_empty(), "told again: {seen:?}");
        assert_eq!(lab.outcome(), expected, "{full}: {seen:?}");
        assert_eq!(lab.still(&["replay", "last"]).code, 0, "{full}");
    }
}

#[test]
fn an_edit_that_was_refused_leaves_no_trace() {
    let wrong = THREE.replace("ctx.state.last = logits", "ctx.state.last = logitz");
    let lab = Lab::new();
    Scene::new().edit("own 2", &wrong).checkpoints(1).kill("own 4").play(&lab);
    lab.sandbox.write("lab.rhai", THREE);
    let seen = Scene::new().play(&lab);
    assert_eq!((seen.error, seen.edits.len(), lab.runs().len()), (None, 0, 1));
    assert_eq!(&lab.outcome(), super::lab::undisturbed());
}

#[test]
fn an_edit_that_was_never_in_force_begins_a_new_run_or_is_resumed() {
    let lab = Lab::new();
    // Saved after the last look, so that nobody has seen it.
    Scene::new().checkpoints(1).kill("own 4").play(&lab);
    lab.sandbox.write("lab.rhai", edited());
    let cut_off = lab.name();
    // A copy of the folder would allow nothing: what a run may read is sealed for its place.
    let copy = Lab::new();
    Scene::new().checkpoints(1).kill("own 4").play(&copy);
    copy.sandbox.write("lab.rhai", edited());

    let seen = Scene::new().play(&lab);
    assert_eq!((seen.error, lab.runs().len()), (None, 2));
    let told = format!(
        "run {cut_off} was cut off, and the recipe has changed since: this is a new run \
         (`still resume {cut_off}` goes on with that one)"
    );
    assert!(seen.said.contains(&told), "{:?}", seen.said);

    let seen = Scene::new().resume().play(&copy);
    assert_eq!((seen.error, copy.runs().len()), (None, 1));
    // The checkpoint of step 3 is the last one; there the edit comes into force.
    assert_eq!(seen.edits, ["own 3: in force"]);
    assert_eq!(copy.outcome().hashes(), whole(Scene::new().edit("own 3", &edited())).hashes());
}

#[test]
fn independent_stages_after_an_edited_one_go_by_the_edited_code() {
    let two = THREE.replace("distill(teacher, model", "train(model").replace("fn loss(ctx, student, teacher, target) { cross_entropy(student, target) * 0.5 + kd::kl(student, teacher) * 0.5 }", "fn loss(ctx, logits, target) { cross_entropy(logits, target) * weight() }\nfn weight() { 1.0 }");
    let changed = two.replace("{ 1.0 }", "{ 2.0 }");
    let lab = Lab::of(&two);
    // The store has the unedited student.
    Scene::new().play(&lab);
    let fresh = two.replace("* 0.01 *", "* 0.011 *");
    lab.sandbox.write("lab.rhai", &fresh);
    let changed = changed.replace("* 0.01 *", "* 0.011 *");
    let scene = Scene::new().checkpoints(1).edit("teacher 3", &changed);
    scene.clone().kill("teacher 5").play(&lab);
    let seen = Scene::new().play(&lab);
    assert_eq!(seen.error, None);
    let other = Lab::of(&fresh);
    scene.play(&other);
    assert_eq!(lab.outcome().hashes(), other.outcome().hashes(), "{seen:?}");
    let at = |outcome: &Outcome| outcome.stages[1]["history"].clone();
    assert_eq!(at(&lab.outcome()), at(&other.outcome()));
}

pub fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    for name in stillroom::disk::files_in(from) {
        let target = to.join(&name);
        std::fs::create_dir_all(target.parent().expect("a folder")).expect("a folder");
        std::fs::copy(from.join(&name), target).expect("a copy");
    }
}
