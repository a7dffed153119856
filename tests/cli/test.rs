//! `still test`: which tests are found, what is told of them, and how it ends.

use crate::support::{Ran, Sandbox, root};

/// Times are different every time.
fn timeless(text: &str) -> String {
    let word = |word: &str| match word.parse::<f64>() {
        Ok(_) if word.contains('.') && word.len() <= 6 => "T".to_string(),
        _ => word.to_string(),
    };
    let line = |line: &str| match line.ends_with(" s") {
        true => line.split(' ').map(word).collect::<Vec<_>>().join(" "),
        false => line.to_string(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn test(recipe: &str, more: &[&str]) -> Ran {
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", recipe);
    sandbox.still(&[&["test"], more].concat())
}

/// Runs `still test` in the repository.
fn in_repository(arguments: &[&str]) -> Ran {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command();
    sandbox
        .finish(command.current_dir(root()).arg("test").args(arguments).output().expect("it runs"))
}

#[test]
fn the_standard_library_passes_its_tests() {
    let ran = in_repository(&["std"]).good();
    for module in stillroom::script::stdlib::MODULES {
        assert!(ran.out.contains(&format!("ok      {}::test_", module.name)), "{}", module.name);
    }
    // The files themselves too, as whoever edits them runs them.
    let files = in_repository(&["stdlib"]).good();
    assert_eq!(files.out.matches("ok ").count(), ran.out.matches("ok ").count());
}

#[test]
fn the_recipes_pass_their_tests() {
    let ran = in_repository(&["scripts"]).good();
    assert!(ran.out.contains("ok      scripts/yardstick.rhai::test_lr"), "{}", ran.out);
}

const MIXED: &str = r#"//! Tests of every sort, beside what a recipe does.
import "std/smoothing" as smoothing;
import "more/helper" as helper;
const HALF = 0.5;
let data = dataset::esc50(arg("data"), #{});
print("statements do not run");

fn halved(x) { x * global::HALF }

fn test_passes() {
    assert_eq(halved(helper::three()), 1.5);
    assert_close(smoothing::labels(tensor([[1.0, 0.0]]), 0.5), tensor([[0.75, 0.25]]));
}
fn test_fails() {
    print(`printed ${halved(1)}`);
    assert_close(halved(3), 1.6);
}
fn test_errors() { tensor([1, 2]) + tensor([1, 2, 3]) }
fn test_throws() { throw "thread 'main' panicked at src/main.rs" }
fn test_slow() {
    sleep(0.4);
    print("not shown, since it passes");
}
fn test_endless() { loop { } }
fn test_that_swallows_the_end() { try { sleep(100) } catch { } }
fn test_trains() {
    train(model::cnn(#{ classes: 10 }), #{ data: dataset::esc50(arg("data"), #{}) })
}
fn test_in_a_file_below() { helper::fails() }
fn test_gives_false() { 1 == 2 }
fn test_with_a_parameter(x) { throw "this is no test" }
fn test_last() { assert_throws(|| halved("a"), "string * float"); }
"#;

const HELPER: &str = "fn three() { 3 }\nfn fails() { assert(false, \"in the helper\") }\n";

#[test]
fn tests_of_every_sort() {
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", MIXED);
    sandbox.write("more/helper.rhai", HELPER);
    let data = format!("data={}", crate::support::example().display());
    let ran = sandbox.still(&["test", "--timeout", "1", "--set", &data, "--jobs", "4"]);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(ran.err, @"warning: recipe.rhai::test_with_a_parameter(x) is left out: a test takes no parameters");
    insta::assert_snapshot!(timeless(&ran.out), @r#"
    ok      recipe.rhai::test_passes  T s
    FAILED  recipe.rhai::test_fails  T s
    FAILED  recipe.rhai::test_errors  T s
    FAILED  recipe.rhai::test_throws  T s
    ok      recipe.rhai::test_slow  T s
    FAILED  recipe.rhai::test_endless  T s
    FAILED  recipe.rhai::test_that_swallows_the_end  T s
    FAILED  recipe.rhai::test_trains  T s
    FAILED  recipe.rhai::test_in_a_file_below  T s
    FAILED  recipe.rhai::test_gives_false  T s
    ok      recipe.rhai::test_last  T s

    recipe.rhai::test_fails
      | printed 0.5
    error[assertion]: assert_close: the numbers differ
        ╭─[recipe.rhai:16:5]
     16 │     assert_close(halved(3), 1.6);
        ·     ────────────
        ╰────
      expected: 1.6 ± 1.6e-5
      received: 1.5

    recipe.rhai::test_errors
    error[shape]: +: the shapes do not fit each other
        ╭─[recipe.rhai:18:35]
     18 │ fn test_errors() { tensor([1, 2]) + tensor([1, 2, 3]) }
        ·                                   ─
        ╰────
      expected: equal lengths, or 1, counted from the last dimension
      received: [2] and [3]

    recipe.rhai::test_throws
    error[script]: the recipe: an error was thrown
        ╭─[recipe.rhai:19:20]
     19 │ fn test_throws() { throw "thread 'main' panicked at src/main.rs" }
        ·                    ─────
        ╰────
      received: thread 'main' panicked at src/main.rs

    recipe.rhai::test_endless
    error[script]: a test: it does not end
        ╭─[recipe.rhai:24:1]
     24 │ fn test_endless() { loop { } }
        · ──────────────────────────────
        ╰────
      expected: an end within 1 s
      hint: --timeout SECONDS gives it more time

    recipe.rhai::test_that_swallows_the_end
    error[script]: a test: it does not end
        ╭─[recipe.rhai:25:1]
     25 │ fn test_that_swallows_the_end() { try { sleep(100) } catch { } }
        · ────────────────────────────────────────────────────────────────
        ╰────
      expected: an end within 1 s
      hint: --timeout SECONDS gives it more time

    recipe.rhai::test_trains
    error[script]: train: a test cannot train
        ╭─[recipe.rhai:27:5]
     27 │     train(model::cnn(#{ classes: 10 }), #{ data: dataset::esc50(arg("data"), #{}) })
        ·     ─────
        ╰────
      hint: call what the stage is made of, e.g. its loss on tensors; `still run` runs stages

    recipe.rhai::test_in_a_file_below
    error[assertion]: assert: in the helper
       ╭─[more/helper.rhai:2:14]
     2 │ fn fails() { assert(false, "in the helper") }
       ·              ──────
       ╰────
      in the call of 'fails' at
        ╭─[recipe.rhai:29:37]
     29 │ fn test_in_a_file_below() { helper::fails() }
        ·                                     ─────
        ╰────

    recipe.rhai::test_gives_false
    error[assertion]: test_gives_false: the test gave false
        ╭─[recipe.rhai:30:1]
     30 │ fn test_gives_false() { 1 == 2 }
        · ────────────────────────────────
        ╰────
      hint: the value of a test does not matter but for this: write assert(…)

    3 passed, 8 failed, T s
    "#);
    // The order and the words are the same whatever runs at a time.
    let alone = sandbox.still(&["test", "--timeout", "1", "--set", &data, "--jobs", "1"]);
    assert_eq!(timeless(&alone.out), timeless(&ran.out));
}

#[test]
fn tests_cannot_see_each_other() {
    // A module's consts are evaluated for each test, and random numbers begin anew.
    let recipe = "const STATE = #{ count: 0 };\n\
        fn test_a() { print(global::STATE.count); assert_eq(global::STATE, #{ count: 0 }); }\n\
        fn test_b() { assert_eq(global::STATE.count, 0); }\n";
    test(recipe, &[]).good();
}

#[test]
fn results_as_json() {
    let ran = test("fn test_a() { }\nfn test_b() { print(\"x\"); assert_eq(1, 2) }\n", &["--json"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.starts_with("ok      recipe.rhai::test_a"), "{}", ran.err);
    let json: serde_json::Value = serde_json::from_str(&ran.out).expect("one line of JSON");
    assert_eq!((&json["passed"], &json["failed"]), (&1.into(), &1.into()));
    let [a, b] = [&json["tests"][0], &json["tests"][1]];
    assert_eq!(
        (&a["file"], &a["name"], &a["line"]),
        (&"recipe.rhai".into(), &"test_a".into(), &1.into())
    );
    assert_eq!((&a["ok"], &a["error"]), (&true.into(), &serde_json::Value::Null));
    assert_eq!((&b["ok"], &b["printed"][0]), (&false.into(), &"x".into()));
    assert_eq!(b["error"]["kind"], "assertion");
    assert_eq!(b["error"]["message"], "assert_eq: the numbers differ");
    assert!(b["error"]["text"].as_str().expect("a text").contains("recipe.rhai:2:"));
}

#[test]
fn a_filter_chooses_by_file_and_name() {
    let recipe = "fn test_one() { }\nfn test_two() { throw 2 }\n";
    let ran = test(recipe, &["--filter", "recipe.rhai::test_o"]).good();
    insta::assert_snapshot!(timeless(&ran.out), @r"
    ok      recipe.rhai::test_one  T s
    1 passed, 0 failed, T s
    ");
    let ran = test(recipe, &["--filter", "three"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.error(), @r"
    error[usage]: still test: no test fits the filter
      expected: 'three' in FILE::NAME
      received: recipe.rhai::test_one and 1 others
    ");
}

#[test]
fn no_tests_and_no_files() {
    let ran = Sandbox::new().still(&["test"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.error(), @r"
    error[usage]: still test: there are no tests
      expected: functions like `fn test_loss() { assert(…); }`
      received: none in 0 files
      hint: still test FILE, or still test std for the standard library
    ");
    assert_eq!(test("fn lr(ctx) { 1.0 }", &["recipe.rhai"]).code, 2);
    let ran = Sandbox::new().still(&["test", "nope.rhai"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.error(), @"error[usage]: reading nope.rhai: no such file or folder");
    let ran = Sandbox::new().still(&["test", "std/hintn"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.error(), @r"
    error[usage]: still test: unknown module 'std/hintn'
      hint: did you mean 'std/hinton'?
    ");
    assert_eq!(test("fn test_a() { }", &["--timeout", "0"]).code, 2);
    assert_eq!(test("fn test_a() { }", &["--jobs", "0"]).code, 2);
    let ran = test("fn test_a() { arg(\"size\", 1) }", &["--set", "siz=2"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.error(), @r"
    error[usage]: --set: unknown argument 'siz'
      hint: did you mean 'size'?
    ");
}

#[test]
fn a_file_that_does_not_compile_leaves_the_others_their_tests() {
    let sandbox = Sandbox::new();
    sandbox.write("a.rhai", "fn test_a( { }");
    sandbox.write("b.rhai", "fn test_b() { }");
    sandbox.write("c.rhai", "import \"nope\" as nope;\nfn test_c() { }");
    sandbox.write("d.rhai", "private fn test_d() { }");
    // Nobody's tests: hidden folders, the home of runs, a file without tests that would not work.
    sandbox.write(".hidden/e.rhai", "fn test_e( { }");
    sandbox.write("home/runs/old/recipe/0000/f.rhai", "fn test_f() { throw 1 }");
    sandbox.write("g.rhai", "import \"nope\" as nope;");
    let ran = sandbox.still(&["test"]);
    assert_eq!(ran.code, 3);
    insta::assert_snapshot!(timeless(&ran.out), @r"
    ok      b.rhai::test_b  T s
    1 passed, 0 failed, 3 files cannot be tested, T s
    ");
    insta::assert_snapshot!(ran.err.trim_end(), @r#"
    error[script]: the recipe: expecting ')' to close the parameters list of function 'test_a'
       ╭─[a.rhai:1:12]
     1 │ fn test_a( { }
       ·            ─
       ╰────
    error[file]: reading nope.rhai: no such file or folder
       ╭─[c.rhai:1:8]
     1 │ import "nope" as nope;
       ·        ──────
       ╰────
    error[script]: test_d: a test cannot be private
       ╭─[d.rhai:1:1]
     1 │ private fn test_d() { }
       · ───────────────────────
       ╰────
      hint: write `fn test_d` without `private`
    "#);
}

#[test]
fn all_mistakes_of_a_file_that_does_not_compile_are_told() {
    let ran =
        test("fn test_a() { nowhere }\nfn test_b() { assert(true) }\nfn c() { elsewhere }", &[]);
    assert_eq!(ran.code, 3);
    assert!(ran.out.contains("0 passed, 0 failed, 1 file cannot be tested"), "{}", ran.out);
    for place in ["recipe.rhai:1:15", "recipe.rhai:3:10"] {
        assert_eq!(ran.err.matches(place).count(), 1, "{place}: {}", ran.err);
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it() {
    use std::io::{BufRead, BufReader};
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", "fn test_a() { }\nfn test_b() { loop { } }\nfn test_c() { }\n");
    let mut command = sandbox.command();
    command.args(["test", "--jobs", "1"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let first = lines.next().expect("a line").expect("a text");
    assert!(first.starts_with("ok      recipe.rhai::test_a"), "{first}");
    let signal =
        std::process::Command::new("kill").arg("-INT").arg(child.id().to_string()).status();
    assert!(signal.expect("kill").success());
    let ran = sandbox.finish(child.wait_with_output().expect("it ends"));
    assert_eq!(ran.code, 130);
    insta::assert_snapshot!(ran.error(), @r"
    error[interrupted]: still test: stopped by a signal
      received: 1 of 3 tests done
    ");
}

#[test]
fn functions_may_call_each_other_as_deeply_as_in_a_run() {
    let recipe = "fn down(n) { if n == 0 { 0 } else { 1 + [down(n - 1)][0] } }\n\
        fn test_deep() { assert_eq(down(60), 60); }\n\
        fn test_too_deep() { assert_throws(|| down(1000), \"too deeply\"); }\n";
    test(recipe, &[]).good();
}

#[test]
fn what_is_printed_without_end_does_not_fill_the_memory() {
    let recipe = "fn test_a() { for i in 0..30000 { print(\"a line of words that is rather long, to fill it\"); } throw 1 }\n";
    let ran = test(recipe, &[]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.len() < 1_500_000 && ran.out.contains("  | … and "), "{}", ran.out.len());
}

#[test]
fn a_file_that_is_not_there_breaks_only_itself() {
    let sandbox = Sandbox::new();
    sandbox.write("there.rhai", "fn test_one() { assert(true); }");
    let ran = sandbox.still(&["test", "there.rhai", "gone.rhai"]);
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(ran.out.contains("ok      there.rhai::test_one"), "{}", ran.out);
    assert!(ran.err.contains("gone.rhai: no such file or folder"), "{}", ran.err);
    // Alone it is a slip of the command line.
    assert_eq!(sandbox.still(&["test", "gone.rhai"]).code, 2);
}

#[test]
fn modules_that_import_each_other_from_their_recipes_folder() {
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", "import \"lib/a\" as a;\nprint(a::three());\n");
    let module = "import \"lib/deep/b\" as b;\nfn three() { b::two() + 1 }\nfn test_three() { assert_eq(three(), 3); }\n";
    sandbox.write("lib/a.rhai", module);
    sandbox.write(
        "lib/deep/b.rhai",
        "import \"lib/deep/c\" as c;\nfn two() { c::one() + 1 }\nfn test_two() { assert_eq(two(), 2); }\n",
    );
    sandbox.write("lib/deep/c.rhai", "fn one() { 1 }\nfn test_one() { assert_eq(one(), 1); }\n");
    for named in [["test", "lib"], ["test", "."], ["test", "lib/deep/b.rhai"]] {
        let ran = sandbox.still(&named).good();
        assert!(ran.out.contains("deep/b.rhai::test_two"), "{}", ran.out);
    }
    for file in ["recipe.rhai", "lib/a.rhai", "lib/deep/b.rhai"] {
        sandbox.still(&["check", file, "--deny-warnings"]).good();
    }
    let ran = sandbox.still(&["run", "recipe.rhai"]).good();
    assert!(format!("{}{}", ran.out, ran.err).contains("3\n"), "{}{}", ran.out, ran.err);
    // A recipe's own are beside or below it, or nowhere.
    sandbox.write("sub/other.rhai", "import \"lib/a\" as a;\nprint(a::three());\n");
    for doing in ["check", "run", "test"] {
        let ran = sandbox.still(&[doing, "sub/other.rhai"]);
        assert_ne!(ran.code, 0, "{doing}: {}", ran.out);
    }
}
