//! Parts beside a student, and what its loss remembers in them: trained, kept, restored, part of the key, not exported.

use super::lab::{Lab, Outcome};

/// A projection that is trained, and a memory with a row for each clip, which is not.
const RECIPE: &str = r#"//! Features of a teacher, through a projection, and a memory of embeddings.
let data = dataset::esc50(arg("data"), #{ fold: 5, per_class: 2 });
let common = #{
    data: data, features: audio::fbank(#{ mels: 16, hop_ms: 40, frames: 20 }), batch: 8, epochs: 2,
    augment: [augment::time_roll(), augment::mixup(0.5)],
};
let teacher = train(model::cnn(#{ classes: data.classes, channels: [4] }), common + #{ name: "teacher" });
let memory = nn::network(#{ rows: nn::buffer(tensor::zeros([data.train_clips, 10])) }, Fn("remember"));
let student = distill(teacher, model::cnn(#{ classes: data.classes, channels: [3] }), common + #{
    name: "student", loss: Fn("matched"), optimizer: optim::adam(#{ lr: 0.01 }),
    parts: #{ project: nn::conv2d(3, 4, 1), memory: memory },
    taps: #{ student: ["TAP"], teacher: ["TAP"] },
});
report([teacher, student]);
print(`project ${student.nets.project.state().weight.sum().item()}`);
print(`memory ${student.nets.memory.state().rows.sum().item()}`);

fn matched(ctx, student, teacher, target) {
    let own = ctx.parts.project.forward(ctx.taps.student["TAP"]);
    let rows = ctx.parts.memory.forward(student, ctx.places);
    ctx.log("remembered", rows.abs().sum());
    cross_entropy(student, target) + mse(own, ctx.taps.teacher["TAP"]) + 0.1 * mse(student, rows)
}

// The rows of these clips as they were; each moves half of the way to what it is now.
fn remember(self, logits, places) {
    let old = self.rows.index_select(0, places);
    let index = places.unsqueeze(1).expand(old.shape);
    if nn::training() {
        // A clip may stand in a batch twice, so moves are added up.
        nn::set_buffer("rows", self.rows.scatter_add(0, index, 0.5 * (logits.detach() - old)));
    }
    old
}
"#;

fn lab() -> Lab {
    Lab::of(&RECIPE.replace("TAP", "body.6"))
}

/// What a run gave, and what it printed of its parts.
fn ran(lab: &Lab, more: &[&str]) -> (Outcome, Vec<String>) {
    let ran = lab.run(1, more).good();
    let said = format!("{}\n{}", ran.out, ran.err);
    let told =
        said.lines().filter(|line| line.starts_with("project") || line.starts_with("memory"));
    (lab.outcome(), told.map(String::from).collect())
}

#[test]
fn a_stage_with_parts_that_was_killed_gives_the_same() {
    let whole = ran(&lab(), &[]);
    assert_eq!(whole.1.len(), 2, "{:?}", whole.1);
    assert!(whole.0.metrics[0].contains(&"remembered".to_string()), "{:?}", whole.0.metrics[0]);
    // Half of these writes are of the student.
    let mut kills = 0;
    for write in [12, 19, 23, 27, 31, 35, 39, 43] {
        let lab = lab();
        if lab.run_with(&format!("{write}!"), 1).code != 0 {
            kills += 1;
            assert_eq!(ran(&lab, &[]), whole, "killed in write {write}");
        }
    }
    assert!(kills >= 6, "only {kills} runs were killed");
}

#[test]
fn parts_come_from_the_store_and_are_in_the_key() {
    let lab = lab();
    let first = ran(&lab, &[]);
    let again = ran(&lab, &["--new"]);
    assert_eq!(again.0.hits(), [true, true]);
    assert_eq!(again.1, first.1);
    let replayed = lab.still(&["replay", "last"]).good();
    assert_eq!(replayed.out.matches(": the same weights").count(), 2, "{}", replayed.out);
    for (what, from, to) in [
        ("another part", "nn::conv2d(3, 4, 1)", "nn::conv2d(3, 4, 3, #{ padding: 1 })"),
        ("another name of one", "project", "projection"),
        (
            "another tap of the student",
            "student: [\"body.6\"], teacher",
            "student: [\"body.6\", \"pooled\"], teacher",
        ),
        ("a function of one", "0.5 * (logits", "0.4 * (logits"),
    ] {
        let lab = super::parts::lab();
        ran(&lab, &[]);
        let text = RECIPE.replace("TAP", "body.6");
        assert!(text.contains(from), "{what}");
        lab.sandbox.write("lab.rhai", text.replace(from, to));
        lab.run(1, &["--new"]).good();
        assert_eq!(lab.outcome().hits(), [true, false], "{what}");
    }
}

#[test]
fn what_is_kept_of_the_student_has_no_parts() {
    let lab = lab();
    ran(&lab, &[]);
    let file = lab.last().join("weights/student.last.safetensors");
    let bytes = std::fs::read(&file).unwrap_or_else(|cause| panic!("{}: {cause}", file.display()));
    let head = String::from_utf8_lossy(&bytes).to_string();
    assert!(head.contains("body.3.weight") && !head.contains("rows") && !head.contains("project"));
}

#[test]
fn an_edit_of_a_loss_with_parts_is_tried_on_them() {
    use super::actor::Scene;
    let text = RECIPE.replace("TAP", "body.6");
    let good = text.replace("0.1 * mse", "0.2 * mse");
    let lab = lab();
    let seen = Scene::new().checkpoints(1).edit("student 2", &good).play(&lab);
    assert_eq!((seen.error, seen.edits), (None, vec!["student 2: in force".to_string()]));
    // While the teacher trains nobody knows the student's taps: the edit comes into force all the same.
    let lab = self::lab();
    let seen = Scene::new().checkpoints(1).edit("teacher 1", &good).play(&lab);
    assert_eq!((seen.error, seen.edits), (None, vec!["teacher 1: in force".to_string()]));
    let wrong = text.replace("ctx.parts.project.forward", "ctx.parts.projekt.forward");
    let lab = self::lab();
    let seen = Scene::new().checkpoints(1).edit("student 2", &wrong).play(&lab);
    assert_eq!(seen.error, None);
    assert_eq!(seen.edits.len(), 1, "{:?}", seen.edits);
    assert!(seen.edits[0].contains("refused"), "{:?}", seen.edits);
}
