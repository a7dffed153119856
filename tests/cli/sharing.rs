//! Headers of recipes, `still ls`, `still new`.

use crate::support::{Ran, Sandbox, root};
use stillroom::error::{Error, Severity};
use stillroom::recipe::{Header, Source, TEMPLATES};

fn header(text: &str) -> Header {
    Header::of(&Source::of("r.rhai", text))
}

fn lines(findings: &[Error]) -> Vec<(usize, Severity, String)> {
    let place = |error: &Error| error.report().places.first().map_or(0, |place| place.line);
    findings.iter().map(|error| (place(error), error.severity(), error.headline())).collect()
}

#[test]
fn a_header_has_a_title_a_text_and_fields() {
    let header = header(
        "// an editor's remark\n//! A title.\n//!\n//! Some text: with a colon.\n//! claim: five points\n//!    more than alone\n//!\n//! Cost: an hour\n//! The end.\nlet x = 1;\n//! data: none\n",
    );
    assert_eq!(header.title, "A title.");
    assert_eq!(header.text, "Some text: with a colon.\n\nThe end.");
    assert_eq!(header.get("claim"), Some("five points more than alone"));
    assert_eq!((header.get("cost"), header.get("data")), (Some("an hour"), None));
    assert!(header.findings().is_empty() && header.may_run().is_ok());
    assert_eq!(self::header("let x = 1;").title, "");
    let long = self::header(
        "//! A title of more\n//! than a line. And text\n//! that goes on.\n//! claim: x\n",
    );
    assert_eq!(long.title, "A title of more than a line.");
    assert_eq!(long.text, "And text that goes on.");
    let old = self::header("//! Born again, Furlanello et al. 2018\n//!\n//! Text.\n");
    assert_eq!(old.title, "Born again, Furlanello et al. 2018");
    let slip = self::header("//! A title without an end\n//! cliam: five points\n");
    assert_eq!((slip.title.as_str(), slip.findings().len()), ("A title without an end", 1));
    let plain = self::header("//! A title without an end\n//! Text.\n");
    assert_eq!((plain.title.as_str(), plain.text.as_str()), ("A title without an end", "Text."));
}

#[test]
fn slips_in_a_header_are_warnings() {
    let header = header(
        "//! T.\n//! cliam: a\n//! dataset: b\n//! cost: c\n//! cost: d\n//! claim:\n//! Note: e\n",
    );
    let warned = |line, said: &str| (line, Severity::Warning, format!("the header: {said}"));
    assert_eq!(
        lines(header.findings()),
        [
            warned(2, "there is no field 'cliam'"),
            warned(5, "'cost' stands there twice"),
            warned(6, "'claim' says nothing"),
        ]
    );
    assert_eq!(header.get("cost"), Some("c"));
}

#[test]
fn needs_are_compared_number_by_number() {
    let meets = |need: &str| header(&format!("//! T.\n//! needs: {need}\n")).may_run().is_ok();
    for need in [
        "still >= 0.1",
        "still>=0.1.0",
        "still = 0.1",
        "still < 2",
        "still >= 0.0.9, still < 1.0",
        "still == 0",
    ] {
        assert!(meets(need), "{need}");
    }
    for need in
        ["still >= 99", "still < 0.1", "still > 0.1", "still = 7.1", "still >= 0.1, still < 0.1"]
    {
        assert!(!meets(need), "{need}");
    }
    for need in [
        "python >= 3",
        "still",
        "still >= new",
        "still 0.1",
        "",
        "still >= 0.1,",
        "still >= 1.2.3.4",
        "still >= 99999999999999999999",
    ] {
        let error = header(&format!("//! T.\n//! needs: {need}\n")).may_run().expect_err(need);
        assert_eq!(error.headline(), "needs: this is no need that still knows", "{need}");
    }
}

#[test]
fn a_recipe_that_needs_another_version_does_not_begin() {
    let sandbox = Sandbox::new();
    sandbox.write("new.rhai", "//! A title.\n//! needs: still >= 99.1\n\nprint(no_such_thing);\n");
    let ran = sandbox.still(&["run", "new.rhai"]);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""));
    assert!(ran.err.contains("the recipe needs another version of still"), "{}", ran.err);
    assert!(ran.err.contains("new.rhai:2") && ran.err.contains("still >= 99.1"), "{}", ran.err);
    assert!(!sandbox.file("home/runs").exists(), "a run has begun");
    // What it is for is told all the same.
    let ran = sandbox.still(&["run", "new.rhai", "--help"]).good();
    assert!(ran.out.contains("needs: still >= 99.1"), "{}", ran.out);
    sandbox.write("slip.rhai", "//! T.\n//! cliam: a\nprint(\"runs\");\n");
    let ran = sandbox.still(&["run", "slip.rhai"]).good();
    assert!(ran.err.contains("did you mean 'claim'?"), "{}", ran.err);
}

#[test]
fn help_shows_the_header() {
    let sandbox = Sandbox::new();
    sandbox.write("r.rhai", "//! A title.\n//!\n//! Text.\n//! claim: yes\n//! cost: nothing\n//!\n//! More.\nlet a = tensor([[1]]) @ tensor([[arg(\"x\", 2)]]);\n");
    let ran = sandbox.still(&["run", "r.rhai", "--help"]).good();
    let own = ran.out.find("r.rhai:").expect("the recipe's part");
    insta::assert_snapshot!(ran.out[own..].trim_end(), @r"
    r.rhai:
      A title.

      Text.

      More.

      claim: yes
      cost:  nothing

    Arguments (--set NAME=VALUE):
      x  [default: 2]
    ");
}

fn lab() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("b.rhai", "//! The second.\nlet x = arg(\"x\", 1.5);\nlet d = arg(\"data\");\n");
    sandbox.write("a.rhai", "import \"parts/m\" as m;\nm::f(arg(\"name\", \"you\"));\n");
    sandbox
        .write("parts/m.rhai", "//! Functions.\nconst A = 1;\nfn f(x) { x + arg(\"more\", 0) }\n");
    sandbox.write("broken.rhai", "//! T.\nlet x = ;\n");
    sandbox.write("new.rhai", "//! T.\n//! needs: still >= 99\nlet x = 1;\n");
    sandbox.write("notes.txt", "nothing");
    sandbox
}

#[test]
fn recipes_of_a_folder_are_listed() {
    let ran = lab().still(&["ls"]).good();
    insta::assert_snapshot!(ran.out.trim_end(), @r"
    RECIPE        TITLE                                                             ARGUMENTS
    a.rhai        (no title)                                                        name=you more=0
    b.rhai        The second.                                                       x=1.5 data=?
    broken.rhai   broken: line 2: the recipe: unexpected ';'
    new.rhai      broken: line 2: needs: the recipe needs another version of still
    parts/m.rhai  (module) Functions.                                               more=0
    ");
    let ran = Sandbox::new().still(&["ls"]).good();
    assert_eq!(
        (ran.out.as_str(), ran.err.trim()),
        ("", "no recipe is here; `still new` writes one")
    );
    assert_eq!(Sandbox::new().still(&["ls", "nowhere"]).code, 2);
}

#[test]
fn recipes_are_listed_as_json() {
    let ran = lab().still(&["ls", "--json"]).good();
    let all: Vec<serde_json::Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |name: &str| all.iter().find(|own| own["file"] == name).expect(name);
    assert_eq!(of("b.rhai")["title"], "The second.");
    assert_eq!(
        of("b.rhai")["arguments"][1],
        serde_json::json!({ "name": "data", "default": null })
    );
    assert_eq!(
        (of("parts/m.rhai")["module"].clone(), of("a.rhai")["module"].clone()),
        (true.into(), false.into())
    );
    assert_eq!(of("new.rhai")["needs"], "still >= 99");
    assert!(of("broken.rhai")["broken"].as_str().expect("a reason").contains("broken.rhai:2"));
    assert!(of("a.rhai")["broken"].is_null());
}

const SMALL: [&str; 10] = [
    "--set",
    "per_class=2",
    "--set",
    "epochs=1",
    "--set",
    "mels=16",
    "--set",
    "frames=80",
    "--on-error",
    "stop",
];

#[test]
fn every_template_is_written_and_runs() {
    let sandbox = Sandbox::new();
    for template in TEMPLATES {
        let file = format!("{}.rhai", template.name);
        sandbox.still(&["new", template.name]).good();
        assert_eq!(sandbox.read(&file), template.text);
        let ran = sandbox.still(&[&["run", &file, "--json"], &SMALL[..]].concat()).good();
        assert!(
            ran.out.lines().last().is_some_and(|line| line.contains("\"stages\"")),
            "{}",
            ran.out
        );
        assert!(!ran.err.contains("warning"), "{}", ran.err);
        let tests = sandbox.still(&["test", &file]).good();
        assert!(
            tests.out.contains(" passed, 0 failed") && !tests.out.contains("0 passed"),
            "{}",
            tests.out
        );
        let own = header(template.text);
        assert!(!own.title.is_empty() && own.findings().is_empty(), "{file}");
        for field in ["claim", "needs", "data", "cost"] {
            assert!(own.get(field).is_some(), "{file} has no {field}");
        }
    }
    let listed = sandbox.still(&["new", "--list"]).good();
    assert_eq!(listed.out.lines().count(), TEMPLATES.len());
}

#[test]
fn nothing_is_overwritten() {
    let sandbox = Sandbox::new();
    sandbox.write("mine.rhai", "precious");
    let refused = |ran: Ran| {
        assert_eq!(ran.code, 2);
        ran.error()
    };
    assert_eq!(
        refused(sandbox.still(&["new", "train", "mine.rhai"])),
        "error[usage]: still new: mine.rhai is there already\n  hint: name another file: still new train FILE"
    );
    assert_eq!(sandbox.read("mine.rhai"), "precious");
    // A file alone is of the simplest template.
    sandbox.still(&["new", "deep/er/own.rhai"]).good();
    assert_eq!(sandbox.read("deep/er/own.rhai"), TEMPLATES[0].text);
    let error = refused(sandbox.still(&["new", "distil"]));
    assert!(error.contains("did you mean 'distill'?"), "{error}");
}

#[test]
fn the_recipes_of_the_repository_have_headers() {
    for entry in std::fs::read_dir(root().join("scripts")).expect("scripts").flatten() {
        if entry.path().is_file() {
            let own = Header::of(&Source::read(&entry.path()).expect("a recipe"));
            assert!(!own.title.is_empty() && own.findings().is_empty(), "{:?}", entry.path());
            assert!(own.get("claim").is_some() && own.get("needs").is_some(), "{:?}", entry.path());
        }
    }
}
