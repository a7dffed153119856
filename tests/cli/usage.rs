//! Mistakes on the command line, and where runs go.

use crate::support::{Sandbox, TINY};

#[test]
fn a_recipe_that_is_not_there() {
    let ran = Sandbox::new().still(&["run", "nope.rhai"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.error(), @"error[usage]: reading nope.rhai: no such file or folder");
}

#[test]
fn a_recipe_without_its_ending() {
    let sandbox = Sandbox::new();
    sandbox.write("mine.rhai", "print(1);");
    let ran = sandbox.still(&["run", "mine"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.error(), @r"
    error[usage]: reading mine: no such file or folder
      hint: did you mean mine.rhai?
    ");
}

#[test]
fn no_recipe_at_all() {
    let ran = Sandbox::new().still(&["run"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.error(), @r"
    error[usage]: still run: no recipe is named
      hint: still run scripts/quickstart.rhai
    ");
}

#[test]
fn an_argument_that_the_recipe_does_not_ask_for() {
    let ran = Sandbox::new().run(TINY, &["--set", "epohcs=3"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.error(), @r"
    error[usage]: --set: unknown argument 'epohcs'
      hint: did you mean 'epochs'?
    ");
}

#[test]
fn an_argument_of_the_wrong_type() {
    let ran = Sandbox::new().run(TINY, &["--set", "epochs=many"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.error(), @r"
    error[usage]: --set epochs: the value has the wrong type
      expected: a number, as the default integer 2 is
      received: 'many'
    ");
}

#[test]
fn an_argument_that_must_be_given() {
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", TINY);
    let ran = sandbox.still(&["run", "recipe.rhai"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.error(), @"
    error[usage]: arg: the recipe needs a value for 'data'
      --> recipe.rhai:2
      hint: --set data=VALUE
    ");
}

#[test]
fn text_that_is_no_assignment() {
    let ran = Sandbox::new().run(TINY, &["--set", "epochs"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.error(), @r"
    error[usage]: --set: this is no assignment
      expected: name=value
      received: 'epochs'
    ");
}

#[test]
fn help_lists_the_arguments_of_a_recipe() {
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", TINY);
    let ran = sandbox.still(&["run", "recipe.rhai", "--help"]).good();
    let own = ran.out.find("recipe.rhai:").expect("the recipe's part");
    insta::assert_snapshot!(ran.out[own..].trim_end(), @r"
    recipe.rhai:
      A tiny recipe.

    Arguments (--set NAME=VALUE):
      data    (must be given)
      epochs  [default: 2]
    ");
}

#[test]
fn runs_go_beside_the_recipe_unless_still_home_says_otherwise() {
    let sandbox = Sandbox::new();
    sandbox.write("lab/recipe.rhai", "print(\"hello\");");
    let mut command = sandbox.command();
    let output = command.env_remove("STILL_HOME").args(["run", "lab/recipe.rhai"]).output();
    assert!(output.expect("the binary").status.success());
    assert!(sandbox.file("lab/.still/runs").is_dir());
    sandbox.still(&["run", "lab/recipe.rhai"]).good();
    assert!(sandbox.run_folder().is_dir());
}

#[test]
fn a_home_that_cannot_be_written_is_told_before_anything_is_computed() {
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", "let data = dataset::esc50(\"still:example\");");
    sandbox.write("taken", "a file, not a folder");
    let mut command = sandbox.command();
    let output = command.env("STILL_HOME", sandbox.file("taken/home")).args(["run", "recipe.rhai"]);
    let output = output.output().expect("the binary");
    assert_eq!(output.status.code(), Some(4));
    let text = sandbox.scrub(&String::from_utf8_lossy(&output.stderr));
    insta::assert_snapshot!(text.trim_end(), @r"
    error[file]: making the folder SANDBOX/taken/home: Not a directory (os error 20)
      hint: say where runs may go with STILL_HOME=FOLDER
    ");
}

#[test]
fn it_needs_no_home_folder_and_no_terminal() {
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", "print(1 + 1);");
    let mut command = sandbox.command();
    command.env_clear().env("STILL_HOME", sandbox.file("home"));
    let output = command.args(["run", "recipe.rhai"]).output().expect("the binary");
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("2\n"));
}

#[test]
fn the_standard_library_is_listed_and_shown() {
    let sandbox = Sandbox::new();
    let list = sandbox.still(&["stdlib"]).good();
    let mut rows = list.out.lines().map(|row| row.split_whitespace().take(2).collect::<Vec<_>>());
    assert!(rows.any(|row| row == ["std/hinton", "Hinton's"]), "{}", list.out);
    let shown = sandbox.still(&["stdlib", "hinton"]).good();
    assert!(shown.out.contains("fn loss(student, teacher, target, lambda, tau) {"));
    let ran = sandbox.still(&["stdlib", "hintn"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.error(), @r"
    error[usage]: still stdlib: unknown module 'hintn'
      hint: did you mean 'hinton'?
    ");
}

#[test]
fn an_argument_of_the_recipe_given_as_an_option() {
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", TINY);
    let error = |arguments: &[&str]| {
        let ran = sandbox.still(arguments);
        assert_eq!(ran.code, 2, "{}", ran.err);
        ran.err.trim_end().to_string()
    };
    insta::assert_snapshot!(error(&["run", "recipe.rhai", "--epochs", "3"]), @r"
    error[usage]: still run: there is no option '--epochs'
      hint: 'epochs' is an argument of the recipe: --set epochs=3
    ");
    insta::assert_snapshot!(error(&["why", "--epohcs=3", "recipe.rhai"]), @r"
    error[usage]: still why: there is no option '--epohcs'
      hint: the recipe has an argument 'epochs': --set epochs=3
    ");
    insta::assert_snapshot!(error(&["run", "--epochs", "recipe.rhai"]), @r"
    error[usage]: still run: there is no option '--epochs'
      hint: 'epochs' is an argument of the recipe: --set epochs=VALUE
    ");
    // What is none of the recipe's is told as ever.
    for arguments in
        [&["run", "recipe.rhai", "--nothing"][..], &["run", "recipe.rhai", "--worker", "1"]]
    {
        let told = error(arguments);
        assert!(told.contains("unexpected argument"), "{told}");
    }
}
