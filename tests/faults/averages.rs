//! The mean of the weights of several epochs, and hooks that set the student's weights: disturbed, stored, repeated.

use super::lab::{Lab, events};

/// The hook halves the student's first weights at the end of the second epoch, and adds up what it sees.
const RECIPE: &str = r#"//! Averages of two kinds.
let data = dataset::esc50(arg("data"), #{ fold: 5, per_class: 2 });
let common = #{
    data: data, features: audio::fbank(#{ mels: 16, hop_ms: 40, frames: 20 }), batch: 8, epochs: arg("epochs", 3),
    augment: [augment::time_roll(), augment::mixup(0.5)], optimizer: optim::adam(#{ lr: 0.01 }),
};
let teacher = train(model::cnn(#{ classes: data.classes, channels: [4] }), common + #{
    name: "teacher", average: [2, 3], on_epoch: Fn("halve"),
});
let student = distill(teacher.averaged, model::cnn(#{ classes: data.classes, channels: [3] }), common + #{
    name: "student", average: [1, 2], average_norms: "measured",
});
report([teacher.averaged, student, student.averaged]);
for result in [teacher, student, student.averaged] {
    for epoch in result.metrics { print(`epoch ${result.name} ${epoch.epoch} ${epoch.step} ${epoch.loss} ${epoch.accuracy}`); }
    print(`weights ${result.name} ${result.net.state().values().map(|w| w.sum().item())}`);
}
print(`at last ${teacher.metrics[-1].halved} ${teacher.net.weight("head.weight").abs().sum().item()}`);

fn halve(ctx) {
    if ctx.epoch == 1 {
        let name = ctx.net.trainable()[0];
        ctx.net.set_weight(name, ctx.net.weight(name) * 0.5);
    }
    ctx.log("halved", ctx.net.weight("head.weight").abs().sum());
}
"#;

/// What a run gave, and what it printed.
fn ran(lab: &Lab, more: &[&str]) -> (super::lab::Outcome, Vec<String>) {
    let ran = lab.run(1, more).good();
    let said = format!("{}\n{}", ran.out, ran.err);
    let begins = ["epoch ", "weights ", "at last "];
    let told = said.lines().filter(|line| begins.iter().any(|word| line.starts_with(word)));
    (lab.outcome(), told.map(String::from).collect())
}

#[test]
fn a_stage_that_averages_and_was_killed_gives_the_same() {
    let whole = ran(&Lab::of(RECIPE), &[]);
    assert_eq!(whole.1.len(), 3 + 3 + 3 + 1, "{:?}", whole.1);
    assert_eq!(whole.0.weights.len(), 6, "{:?}", whole.0.weights);
    // An average is not the last epoch.
    let hashes: std::collections::BTreeSet<_> = whole.0.weights.values().collect();
    assert!(hashes.len() >= 4, "{:?}", whole.0.weights);
    let mut kills = 0;
    for write in [17, 24, 31, 38, 45, 52, 59, 66, 73] {
        let lab = Lab::of(RECIPE);
        if lab.run_with(&format!("{write}!"), 1).code != 0 {
            kills += 1;
            assert_eq!(ran(&lab, &[]), whole, "killed in write {write}");
        }
    }
    assert!(kills >= 6, "only {kills} runs were killed");
}

#[test]
fn averages_come_from_the_store_and_are_in_the_key() {
    let lab = Lab::of(RECIPE);
    let first = ran(&lab, &[]);
    let again = ran(&lab, &["--new"]);
    assert_eq!(again.0.hits(), [true, true]);
    assert_eq!((again.1, again.0.weights), (first.1, first.0.weights));
    let replayed = lab.still(&["replay", "last"]).good();
    assert_eq!(replayed.out.matches(": the same weights").count(), 4, "{}", replayed.out);
    let why = lab.still(&["why", "lab.rhai"]).good();
    assert_eq!(why.out.matches("from the store").count(), 2, "{}", why.out);
    for (from, to, hits) in [
        ("average: [2, 3]", "average: [1, 3]", [false, false]),
        ("average: [1, 2]", "average: [1, 3]", [true, false]),
        ("\"measured\"", "\"averaged\"", [true, false]),
    ] {
        lab.sandbox.write("lab.rhai", RECIPE.replace(from, to));
        assert_eq!(ran(&lab, &["--new"]).0.hits(), hits, "{to}");
    }
}

#[test]
fn more_epochs_after_the_average_change_nothing_of_it() {
    let lab = Lab::of(RECIPE);
    let first = ran(&lab, &[]);
    let longer = ran(&lab, &["--set", "epochs=4"]);
    let fresh = Lab::of(RECIPE);
    let whole = ran(&fresh, &["--set", "epochs=4"]);
    assert_eq!(longer, whole);
    // They went on from the store.
    let steps = events(&lab.last(), 0);
    let begun: Vec<_> = steps.iter().filter(|event| event["event"] == "stage").collect();
    // The student has another teacher now: its key goes by that of the stage, which nobody need compute to know it.
    assert_eq!(begun.iter().map(|event| &event["step"]).collect::<Vec<_>>(), [9, 0]);
    let averaged = |name: &str| name.contains("averaged");
    let of = |outcome: &super::lab::Outcome| -> Vec<_> {
        outcome.weights.clone().into_iter().filter(|(name, _)| averaged(name)).collect()
    };
    assert_eq!(of(&first.0), of(&longer.0));
}

#[test]
fn a_hook_that_fails_puts_the_student_back() {
    let lab = Lab::of(&RECIPE.replace(
        "    ctx.log(\"halved\"",
        "    if ctx.epoch == 1 { throw \"no\"; }\n    ctx.log(\"halved\"",
    ));
    let failed = lab.run(1, &[]);
    assert!(failed.code != 0 && failed.err.contains("no"), "{}", failed.err);
    // Mended, the run goes on from before the hook: as if it had never failed.
    lab.sandbox.write("lab.rhai", RECIPE);
    let resumed = lab.still(&["resume", "last"]).good();
    assert!(resumed.err.contains("student: distilled"), "{}", resumed.err);
    let whole = Lab::of(RECIPE);
    ran(&whole, &[]);
    assert_eq!(lab.outcome().weights, whole.outcome().weights);
    let replayed = lab.still(&["replay", "last"]).good();
    assert_eq!(replayed.out.matches(": the same weights").count(), 4, "{}", replayed.out);
}
