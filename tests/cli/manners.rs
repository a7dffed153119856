//! Small things that a newcomer meets.

use crate::support::Sandbox;
use std::io::Write;
use std::process::{Command, Stdio};

fn repl(sandbox: &Sandbox, lines: &str) -> (String, String) {
    let mut command: Command = sandbox.command();
    command.args(["repl"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary");
    child.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("written");
    let ran = sandbox.finish(child.wait_with_output().expect("the binary"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    (ran.out, ran.err)
}

#[test]
fn an_import_may_begin_with_a_dot() {
    let sandbox = Sandbox::new();
    sandbox.write("lib/x.rhai", "fn f() { 7 }");
    let ran = sandbox.run("import \"./lib/x\" as x; print(x::f());", &[]).good();
    assert!(ran.err.starts_with("7\n"), "{}", ran.err);
    let ran = sandbox.run("import \"./../x\" as x;", &[]);
    assert!(ran.error().contains("leads out of the recipe's folder"), "{}", ran.err);
}

#[test]
fn a_shell_is_left_as_one_leaves_shells() {
    let sandbox = Sandbox::new();
    for word in ["exit", "quit", "exit()", "quit;", ":quit"] {
        let (out, err) = repl(&sandbox, &format!("1 + 1\n{word}\n2 + 3\n"));
        assert_eq!((out.as_str(), err.as_str()), ("2\n", ""), "{word}");
    }
    // One's own names stay one's own.
    assert_eq!(repl(&sandbox, "let exit = 3;\nexit\n1\n").0, "3\n1\n");
    let (out, err) = repl(&sandbox, ":doc kl\n");
    assert!(out.contains("kd::kl") || out.contains("fn kl"), "{out}{err}");
    let (_, err) = repl(&sandbox, "let f = |x| x + 1;\nf(1)\n");
    assert!(err.contains("write f.call(…)"), "{err}");
}

#[test]
fn a_new_recipe_ends_as_recipes_do() {
    let sandbox = Sandbox::new();
    for arguments in [&["new", "x.txt"][..], &["new", "train", "x.txt"], &["new", "train", "x"]] {
        let ran = sandbox.still(arguments);
        assert_eq!(ran.code, 2, "{}", ran.err);
        assert!(ran.error().contains("a recipe's name ends with .rhai"), "{}", ran.err);
        assert!(ran.error().contains("still new train x.rhai"), "{}", ran.err);
    }
    assert!(sandbox.still(&["new", "trian"]).error().contains("unknown template"));
    sandbox.still(&["new", "x.rhai"]).good();
}

#[test]
fn consts_may_read_what_is_not_allowed_where_recipes_are_listed() {
    let sandbox = Sandbox::new();
    sandbox.still(&["eval", "tensor([1.5]).save(\"x.npy\")", "--out", "."]).good();
    let recipe = "//! Reads.\nconst WEIGHT = tensor::load(\"x.npy\");\nconst OTHER = arg(\"needed\");\n\
                  let rate = arg(\"rate\", 0.5);\nprint(rate);\nfn f() { global::WEIGHT }\n";
    sandbox.write("reads.rhai", recipe);
    let ran = sandbox.still(&["ls", "reads.rhai"]).good();
    assert!(!ran.out.contains("error") && !ran.err.contains("error"), "{}{}", ran.out, ran.err);
    let help = sandbox.still(&["run", "reads.rhai", "--help"]).good();
    assert!(help.out.contains("rate"), "{}", help.out);
    // What is wrong beside it is told.
    sandbox.write("reads.rhai", recipe.replace("print(rate)", "print(rat)"));
    let ran = sandbox.still(&["ls", "reads.rhai"]);
    assert!(format!("{}{}", ran.out, ran.err).contains("rat"), "{}{}", ran.out, ran.err);
    // A check is of what is allowed.
    let ran = sandbox.still(&["check", "reads.rhai", "--set", "needed=1"]);
    assert!(ran.err.contains("the recipe may not read there"), "{}", ran.err);
}

#[test]
fn a_caught_error_reads_as_a_sentence() {
    let text = "try { let f = 1; f.nothing_here(1); } catch (e) { print(e); print(`${e}`); print(e.to_string()); }\n\
                try { let m = #{}; m.x; } catch (e) { print(e); }\n\
                print(#{ a: 1, b: [\"x\", #{ c: () }] });";
    let ran = Sandbox::new().still(&["eval", text]).good();
    let lines: Vec<&str> = ran.err.lines().collect();
    let said = "nothing_here: there is no such function for (integer, integer)";
    assert_eq!(lines[..3], [said; 3], "{}", ran.err);
    assert_eq!(lines[3], "property not found: x", "{}", ran.err);
    assert_eq!(lines[4], r##"#{"a": 1, "b": ["x", #{"c": ()}]}"##);
}

#[test]
fn unknown_options_are_found_wherever_the_options_stand() {
    let sandbox = Sandbox::new();
    for (call, found) in [
        ("each_step(common + #{ epoch: 3 }, Fn(\"teach\"))", true),
        ("train(1, common + #{ epoch: 3 })", true),
        ("report([], #{ epoch: 3 })", true),
        ("report(#{ epoch: 3 })", false),
        ("train(#{ epoch: 3 }, common)", false),
    ] {
        sandbox.write(
            "recipe.rhai",
            format!("let common = #{{}};\n{call};\nfn teach(c, b) {{ 1 }}\n"),
        );
        let ran = sandbox.still(&["check", "--static-only", "recipe.rhai"]);
        assert_eq!(ran.err.contains("unknown option 'epoch'"), found, "{call}: {}", ran.err);
    }
}

#[test]
fn a_check_tells_all_mistakes_of_an_imported_file() {
    let sandbox = Sandbox::new();
    sandbox
        .write("parts.rhai", "fn a() { nowhere }\nfn b() { 1 }\nfn c( { }\nfn d() { elsewhere }\n");
    sandbox
        .write("recipe.rhai", "import \"parts\" as parts;\nprint(parts::b());\nprint(nothing);\n");
    let ran = sandbox.still(&["check", "recipe.rhai"]);
    for (place, times) in [("parts.rhai:1:10", 1), ("parts.rhai:3:", 1), ("parts.rhai:4:10", 1)] {
        assert_eq!(ran.err.matches(place).count(), times, "{place}: {}", ran.err);
    }
    assert!(ran.err.contains("nothing: this name is not defined here"), "{}", ran.err);
}

#[test]
fn a_check_reads_imported_files_through() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "lib/parts.rhai",
        "fn a(x) { softmx(x, 1) }\nfn b() { optim::adam(#{ rate: 1 }) }\nfn c(o) { o.x = 1; }\n",
    );
    sandbox.write("lib/more.rhai", "private fn hidden(x) { x }\nfn shown(x) { hidden(x) }\n");
    sandbox.write(
        "recipe.rhai",
        "import \"lib/parts\" as parts;\nprint(parts::a);\nsofmax(1);\nimport \"lib/more\" as more;\nmore::hidden(1);\n",
    );
    let ran = sandbox.still(&["check", "--static-only", "recipe.rhai"]);
    for place in ["parts.rhai:1:11", "parts.rhai:2:25", "parts.rhai:3:11", "recipe.rhai:3:1"] {
        assert_eq!(ran.err.matches(place).count(), 1, "{place}: {}", ran.err);
    }
    assert!(ran.err.contains("more::hidden: the function is private there"), "{}", ran.err);
}
