//! Imports: the standard library, files beside the recipe, and nothing else.

use crate::support::Sandbox;

fn told(recipe: &str, prepare: impl FnOnce(&Sandbox)) -> String {
    let sandbox = Sandbox::new();
    prepare(&sandbox);
    let ran = sandbox.run(recipe, &[]);
    if ran.code == 0 { ran.err } else { ran.error() }
}

#[test]
fn a_file_beside_or_below_the_recipe() {
    let said = told("import \"lib/one\" as one; print(one::value());", |sandbox| {
        sandbox.write("lib/one.rhai", "import \"lib/two\" as two; fn value() { two::VALUE + 1 }");
        sandbox.write("lib/two.rhai", "export const VALUE = 41;");
    });
    assert!(said.starts_with("42\n"), "{said}");
}

#[test]
fn nothing_outside_of_the_folder() {
    let outside = tempfile::tempdir().expect("a folder");
    let secret = outside.path().join("secret.rhai");
    std::fs::write(&secret, "fn value() { 1 }").expect("written");
    let absolute = told(&format!("import \"{}\" as m;", secret.display()), |_| {});
    assert!(absolute.contains("leads out of the recipe's folder"), "{absolute}");
    let above = told("import \"../secret\" as m;", |_| {});
    assert!(above.contains("leads out of the recipe's folder"), "{above}");
    let link = told("import \"link\" as m;", |sandbox| {
        std::os::unix::fs::symlink(&secret, sandbox.file("link.rhai")).expect("a link");
    });
    assert!(link.contains("leads out of the recipe's folder"), "{link}");
}

#[test]
fn a_module_that_is_not_there() {
    insta::assert_snapshot!(told("import \"std/hintn\" as h;", |_| {}), @r#"
    error[name]: import: unknown module 'std/hintn'
       ╭─[recipe.rhai:1:8]
     1 │ import "std/hintn" as h;
       ·        ───────────
       ╰────
      hint: did you mean 'std/hinton'?
    "#);
    insta::assert_snapshot!(told("import \"helper\" as h;", |_| {}), @r#"
    error[file]: reading helper.rhai: no such file or folder
       ╭─[recipe.rhai:1:8]
     1 │ import "helper" as h;
       ·        ────────
       ╰────
    "#);
}
