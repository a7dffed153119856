//! What no run could do is told before any begins.

use super::{recipe, runs, sandbox, still};
use crate::support::TINY;

#[test]
fn mistakes_are_told_before_anything_runs() {
    let sandbox = sandbox();
    let wrong = |arguments: &[&str]| {
        let ran = still(&sandbox, arguments);
        assert_eq!(ran.code, 2, "{arguments:?}\n{}\n{}", ran.out, ran.err);
        assert!(runs(&sandbox).is_empty(), "{arguments:?}");
        let clap = ran.err.find("\n\nUsage").unwrap_or(ran.err.len());
        ran.err[..clap].trim_end().to_string()
    };
    let all: Vec<String> = [
        &["--folds", "1..5", "--jobs", "0"][..],
        &["--jobs", "2"],
        &["--tag", "a"],
        &["--folds", "5..1"],
        &["--folds", "one"],
        &["--seeds", "0..1", "--seed", "3"],
        &["--seeds", "0,0"],
        &["--folds", "1..2", "--set", "fold=3"],
        &["--folds", "1..2", "--each", "fold=1,2"],
        &["--each", "lambda"],
        &["--each", "lamda=1,2"],
        &["--each", "lambda=0.5,much"],
        &["--folds", "1..40", "--seeds", "1..40"],
        &["--folds", "1..2", "--set", "nothing=1"],
        &["--folds", "1..2", "--tag", "two words"],
    ]
    .iter()
    .map(|arguments| format!("{}\n{}", arguments.join(" "), wrong(arguments)))
    .collect();
    insta::assert_snapshot!(all.join("\n\n"), @r#"
    --folds 1..5 --jobs 0
    error: invalid value '0' for '--jobs <N>': 0 is not in 1..=1024

    --jobs 2
    error[usage]: --jobs: there is only one run
      hint: --folds 1..5, --seeds 0..2 or --each NAME=VALUES make several

    --tag a
    error[usage]: --tag: there is only one run
      hint: --folds 1..5, --seeds 0..2 or --each NAME=VALUES make several

    --folds 5..1
    error[usage]: --folds: the range goes down
      expected: whole numbers from 0 on: 1..5 (with both ends) or 1,3,5
      received: '5..1'

    --folds one
    error[usage]: --folds: this is no whole number
      expected: whole numbers from 0 on: 1..5 (with both ends) or 1,3,5
      received: 'one'

    --seeds 0..1 --seed 3
    error: the argument '--seeds <SEEDS>' cannot be used with '--seed <SEED>'

    --seeds 0,0
    error[usage]: --seeds: 0 is named twice
      expected: whole numbers from 0 on: 1..5 (with both ends) or 1,3,5
      received: '0,0'

    --folds 1..2 --set fold=3
    error[usage]: --folds: --set gives argument 'fold' one value already
      hint: give it once

    --folds 1..2 --each fold=1,2
    error[usage]: --folds: argument 'fold' varies twice
      hint: give it once

    --each lambda
    error[usage]: --each: this is no assignment
      expected: NAME=VALUES, e.g. lambda=0.1,0.5
      received: 'lambda'

    --each lamda=1,2
    error[usage]: --each lamda: the recipe has no argument 'lamda': all runs would be the same
      hint: let it ask: arg("lamda", …)

    --each lambda=0.5,much
    error[usage]: --set lambda: the value has the wrong type
      expected: a number, as the default float 0.5 is
      received: 'much'

    --folds 1..40 --seeds 1..40
    error[usage]: still run: these are too many runs
      expected: 1000 at most
      received: 40 × 40

    --folds 1..2 --set nothing=1
    error[usage]: --set: unknown argument 'nothing'
      hint: known: data, fold, epochs, lambda

    --folds 1..2 --tag two words
    error[usage]: tag 'two words': it is no single word
      expected: a word of up to 64 characters, without spaces or '/'
    "#);
}

#[test]
fn a_recipe_that_cannot_run_is_told_once() {
    let sandbox = sandbox();
    sandbox.write("recipe.rhai", recipe() + "fn tau(ctx { 1.0 }\n");
    let ran = still(&sandbox, &["--folds", "1..5"]);
    assert_eq!((ran.code, ran.err.matches("error[").count()), (3, 1), "{}", ran.err);
    assert!(ran.err.contains("recipe.rhai:15:"), "{}", ran.err);
    sandbox.write("recipe.rhai", TINY);
    let ran = still(&sandbox, &["--folds", "1..5"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.error(), @r#"
    error[usage]: --folds: the recipe has no argument 'fold': all runs would be the same
      hint: let it ask: dataset::esc50(…, #{ fold: arg("fold", 1) })
    "#);
    assert!(runs(&sandbox).is_empty());
}
