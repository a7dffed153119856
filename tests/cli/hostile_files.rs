//! What a recipe may read and write: what the user named, and its run's own folder.

use crate::support::{Ran, Sandbox, example};
use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use stillroom::tensor::{Device, Tensor, file};

/// A sandbox with `name`, a file of one tensor.
fn with(name: &str) -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let path = sandbox.write(name, "");
    let tensor = Tensor::from_values(vec![1.5], &[1], &Device::default()).expect("a tensor");
    file::save(&path, &[(String::new(), tensor)]).expect("saved");
    (sandbox, path)
}

const LOAD: &str = "print(tensor::load(\"secret/x.npy\").item());";

#[track_caller]
fn refused(ran: &Ran) {
    assert!(ran.error().contains("the recipe may not read there"), "{}\n{}", ran.out, ran.err);
    assert_eq!(ran.code, 4);
}

#[test]
fn nothing_is_read_that_nobody_named() {
    let (sandbox, path) = with("secret/x.npy");
    insta::assert_snapshot!(sandbox.run(LOAD, &[]).error(), @r#"
    error[file]: tensor::load: the recipe may not read there
       ╭─[recipe.rhai:1:15]
     1 │ print(tensor::load("secret/x.npy").item());
       ·               ────
       ╰────
      expected: a path below a folder that was given; none was
      received: 'secret/x.npy'
      hint: where you want it to be read: --data-root secret
    "#);
    // Whether something is there is not told, either.
    for text in [
        &*path.display().to_string(),
        "/etc/passwd",
        "/etc/nothing.npy",
        "secret/../secret/x.npy",
        "",
    ] {
        refused(&sandbox.run(&format!("tensor::load(\"{text}\");"), &[]));
        refused(&sandbox.still(&["eval", &format!("tensor::load(\"{text}\")")]));
    }
    refused(&sandbox.run("dataset::esc50(\"secret\", #{});", &[]));
    refused(&sandbox.run("const X = tensor::load(\"secret/x.npy\");", &[]));
    sandbox.write("t.rhai", "fn test_it() { tensor::load(\"secret/x.npy\"); }");
    let ran = sandbox.still(&["test", "t.rhai"]);
    assert!(ran.out.contains("the recipe may not read there"), "{}", ran.out);
    refused(&sandbox.still(&["why", "recipe.rhai"]));
}

#[test]
fn what_the_user_named_is_read() {
    let (sandbox, path) = with("secret/x.npy");
    let folder = path.parent().expect("a folder").display().to_string();
    for root in ["secret", ".", "secret/x.npy", &*folder] {
        let ran = sandbox.run(LOAD, &["--data-root", "/usr", "--data-root", root]).good();
        assert!(ran.err.starts_with("1.5\n"), "{}", ran.err);
    }
    for value in ["secret", "secret/x.npy", &*folder] {
        sandbox.run(LOAD, &["--set", &format!("a={value}")]).error();
        let text = format!("arg(\"a\", \"\"); {LOAD}");
        sandbox.run(&text, &["--set", &format!("a={value}")]).good();
    }
    // The root of the file system is a separator, and a value that leads elsewhere is none.
    for value in ["/", "secret/y", "x.npy", ""] {
        refused(
            &sandbox.run(&format!("arg(\"a\", \"\"); {LOAD}"), &["--set", &format!("a={value}")]),
        );
    }
    let roots = std::env::join_paths(["nowhere", "secret"]).expect("paths");
    let mut command = sandbox.command();
    command.args(["eval", LOAD]).env("STILL_DATA_ROOTS", roots);
    assert_eq!(sandbox.finish(command.output().expect("the binary")).code, 0);
    let ran = sandbox.still(&["eval", "1", "--data-root", "nowhere"]);
    assert!(ran.error().contains("--data-root nowhere: no such file or folder"), "{}", ran.error());
    assert_eq!(ran.code, 2);
}

#[test]
fn a_path_that_was_given_and_is_not_there_is_told_as_such() {
    let ran = Sandbox::new().run("dataset::esc50(arg(\"a\"), #{});", &["--set", "a=missing"]);
    assert!(ran.error().contains("no such folder"), "{}", ran.error());
}

#[test]
fn links_do_not_lead_out() {
    let (sandbox, path) = with("secret/x.npy");
    std::fs::create_dir(sandbox.file("data")).expect("a folder");
    symlink(&path, sandbox.file("data/file.npy")).expect("a link");
    symlink(sandbox.file("secret"), sandbox.file("data/folder")).expect("a link");
    symlink(sandbox.file("later.npy"), sandbox.file("data/dangling.npy")).expect("a link");
    for name in ["data/file.npy", "data/folder/x.npy", "data/../secret/x.npy", "data/dangling.npy"]
    {
        let text = format!("tensor::load(\"{name}\");");
        let ran = sandbox.run(&text, &["--data-root", "data"]);
        let told = ["leads out of the folders", "may not read there"];
        assert!(told.iter().any(|words| ran.error().contains(words)), "{name}: {}", ran.error());
    }
    // With the folder that they lead to, they are fine.
    let both = ["--data-root", "data", "--data-root", "secret"];
    sandbox.run("tensor::load(\"data/folder/x.npy\");", &both).good();
}

/// A data set in `data`, the example's clips by links.
fn linked() -> Sandbox {
    let sandbox = Sandbox::new();
    let table = std::fs::read(example().join("meta/esc50.csv")).expect("a table");
    sandbox.write("data/meta/esc50.csv", table);
    std::fs::create_dir(sandbox.file("data/audio")).expect("a folder");
    for clip in std::fs::read_dir(example().join("audio")).expect("clips").flatten() {
        symlink(clip.path(), sandbox.file("data/audio").join(clip.file_name())).expect("a link");
    }
    sandbox
}

#[test]
fn clips_and_tables_that_are_links() {
    let open = "dataset::esc50(\"data\", #{});";
    let sandbox = linked();
    let ran = sandbox.run(open, &["--data-root", "data"]);
    assert!(
        ran.error().contains("it leads out of the folders that the recipe may read"),
        "{}",
        ran.error()
    );
    assert!(ran.error().contains("data/meta/esc50.csv:2"), "{}", ran.error());
    assert!(ran.error().contains("--data-root EXAMPLE/audio"), "{}", ran.error());
    let root = example().display().to_string();
    sandbox.run(open, &["--data-root", "data", "--data-root", &root]).good();
    for (inside, target) in [("audio", example().join("audio")), ("meta", example().join("meta"))] {
        let sandbox = linked();
        std::fs::remove_dir_all(sandbox.file("data").join(inside)).expect("removed");
        symlink(target, sandbox.file("data").join(inside)).expect("a link");
        let ran = sandbox.run(open, &["--data-root", "data"]);
        assert!(ran.error().contains("it leads out of the folders"), "{inside}: {}", ran.error());
    }
}

#[test]
fn what_is_no_file() {
    let sandbox = Sandbox::new();
    let pipe = |name: &str| {
        let made = std::process::Command::new("mkfifo").arg(sandbox.file(name)).status();
        assert!(made.expect("mkfifo").success());
    };
    pipe("pipe.npy");
    pipe("pipe.rhai");
    symlink("/dev/zero", sandbox.file("zero.rhai")).expect("a link");
    std::fs::create_dir(sandbox.file("folder.rhai")).expect("a folder");
    let data = ["--data-root", ".", "--data-root", "/dev"];
    for name in ["pipe.npy", "/dev/zero"] {
        let ran = sandbox.run(&format!("tensor::load(\"{name}\");"), &data);
        let told = ["no regular file", "no format that is known"];
        assert!(told.iter().any(|words| ran.error().contains(words)), "{name}: {}", ran.error());
    }
    for name in ["pipe", "folder"] {
        let ran = sandbox.run(&format!("import \"{name}\" as m;"), &[]);
        let told = ["no regular file", "it is a folder"];
        assert!(told.iter().any(|words| ran.error().contains(words)), "{name}: {}", ran.error());
    }
    let ran = sandbox.run("import \"zero\" as m;", &[]);
    assert!(ran.error().contains("leads out of the recipe's folder"), "{}", ran.error());
    for name in ["pipe.rhai", "/dev/zero", "folder.rhai", "zero.rhai"] {
        for verb in ["run", "why", "test"] {
            let ran = sandbox.still(&[verb, name]);
            assert!(ran.code != 0 && ran.code != 70, "{verb} {name}: {}", ran.err);
        }
    }
}

#[test]
fn a_run_writes_into_its_own_folder() {
    let sandbox = Sandbox::new();
    let text = "tensor([2.5]).save(\"deep/x.npy\"); print(tensor::load(\"deep/x.npy\").item());";
    assert!(sandbox.run(text, &[]).good().err.starts_with("2.5\n"));
    assert!(sandbox.run_folder().join("files/deep/x.npy").is_file());
    assert!(!sandbox.file("deep").exists());
    for path in ["../x.npy", "/tmp/x.npy", "a/../x.npy", "", ".", "a/./../../x.npy"] {
        let ran = Sandbox::new().run(&format!("tensor([1]).save(\"{path}\");"), &[]);
        assert!(ran.error().contains("the path leads elsewhere"), "{path}: {}", ran.error());
    }
}

#[test]
fn tests_and_evaluations_write_where_they_were_told() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "t.rhai",
        "fn test_a() { tensor([1]).save(\"x.npy\"); assert_eq(tensor::load(\"x.npy\").item(), 1); }\n\
         fn test_b() { assert_throws(|| tensor::load(\"x.npy\"), \"may not read\"); }\n",
    );
    sandbox.still(&["test", "t.rhai", "--jobs", "1"]).good();
    let text = "tensor([1]).save(\"x.npy\"); tensor::load(\"x.npy\").item()";
    let ran = sandbox.still(&["eval", text]);
    assert!(ran.error().contains("--out FOLDER"), "{}", ran.error());
    assert_eq!(sandbox.still(&["eval", text, "--out", "there"]).good().out.trim(), "1");
    assert!(sandbox.file("there/x.npy").is_file() && !sandbox.file("x.npy").exists());
    // Through a link it would land elsewhere.
    symlink(sandbox.path(), sandbox.file("there/link")).expect("a link");
    let ran = sandbox.still(&["eval", "tensor([1]).save(\"link/y.npy\")", "--out", "there"]);
    assert!(ran.error().contains("the path leads through a link"), "{}", ran.error());
}

#[test]
fn a_run_that_goes_on_reads_what_it_read_before() {
    let (sandbox, _) = with("secret/x.npy");
    let text = format!("arg(\"more\", 1); {LOAD} throw \"cut off\";");
    sandbox.write("recipe.rhai", &text);
    own(&sandbox, &["run", "recipe.rhai", "--data-root", "secret"]);
    let ran = own(&sandbox, &["resume", "last", "--set", "more=2"]);
    assert!(ran.err.contains("1.5\n") && ran.error().contains("cut off"), "{}", ran.err);
    // Nor does a folder that somebody made or changed, or that was copied; all of that is told from one's own.
    let file = sandbox.run_folder().join("granted.json");
    let right = std::fs::read_to_string(&file).expect("a file");
    let root = sandbox.file("secret").canonicalize().expect("a folder").display().to_string();
    let made = [
        format!("[\"{root}\"]"),
        format!("{{\"granted\":[\"{root}\"]}}"),
        right.replace(
            &root,
            &sandbox.path().canonicalize().expect("a folder").display().to_string(),
        ),
    ];
    for text in made {
        assert_ne!(text, right);
        std::fs::write(&file, &text).expect("written");
        refused(&own(&sandbox, &["resume", "last", "--set", "more=4"]));
    }
    let ran = own(&sandbox, &["resume", "last", "--set", "more=5", "--data-root", "secret"]);
    assert!(ran.error().contains("cut off"), "{}", ran.err);
    refused(&from_a_copy(&sandbox));
    let ran = own(&sandbox, &["resume", "last", "--set", "more=6"]);
    assert!(ran.error().contains("cut off"), "{}", ran.err);
    // A secret that others can read is none.
    let secret = sandbox.file("state/stillroom/seal");
    assert_eq!(std::fs::metadata(&secret).expect("a file").permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&secret, Permissions::from_mode(0o644)).expect("allowed");
    refused(&own(&sandbox, &["resume", "last", "--set", "more=7"]));
    std::fs::set_permissions(&secret, Permissions::from_mode(0o600)).expect("allowed");
    // A run that came from elsewhere brings no permissions along.
    std::fs::remove_file(sandbox.run_folder().join("granted.json")).expect("removed");
    refused(&own(&sandbox, &["resume", "last", "--set", "more=3"]));
    let ran = own(&sandbox, &["resume", "last", "--data-root", "secret"]);
    assert!(ran.error().contains("cut off"), "{}", ran.err);
}

/// `still` with a secret that is the sandbox's own.
fn own(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    let mut command = sandbox.command();
    command.env("XDG_STATE_HOME", sandbox.file("state")).args(arguments);
    sandbox.finish(command.output().expect("the binary"))
}

/// Resumes a copy of the only run, in a home of its own.
fn from_a_copy(sandbox: &Sandbox) -> Ran {
    let run = sandbox.run_folder();
    let copy = sandbox.file("other/runs").join(run.file_name().expect("a name"));
    for name in stillroom::disk::files_in(&run) {
        let to = copy.join(&name);
        std::fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        std::fs::copy(run.join(&name), to).expect("copied");
    }
    let mut command = sandbox.command();
    command.env("XDG_STATE_HOME", sandbox.file("state"));
    command.env("STILL_HOME", sandbox.file("other")).args(["resume", "last", "--set", "more=8"]);
    sandbox.finish(command.output().expect("the binary"))
}

#[test]
fn packed_runs_say_nothing_of_this_machine() {
    let (sandbox, _) = with("secret/x.npy");
    sandbox.run(LOAD, &["--data-root", "secret"]).good();
    let granted = std::fs::read_to_string(sandbox.run_folder().join("granted.json"));
    assert!(granted.expect("a file").contains("/secret\""));
    sandbox.still(&["runs", "pack", "last", "-o", "run.still"]).good();
    let bytes = std::fs::read(sandbox.file("run.still")).expect("a pack");
    let has = |words: &[u8]| bytes.windows(words.len()).any(|part| part == words);
    assert!(has(b"events.jsonl") && !has(b"granted.json"));
}

#[test]
fn a_word_is_no_path() {
    let (sandbox, _) = with("secret/x.npy");
    // The recipe asks for a tag, and reads a folder of that name.
    let ask = "arg(\"tag\", \"baseline\");";
    refused(&sandbox.run(&format!("try {{ {ask} }} catch {{ }} {LOAD}"), &["--set", "tag=secret"]));
    sandbox.run(&format!("try {{ {ask} }} catch {{ }} {LOAD}"), &["--set", "tag=./secret"]).good();
    for ask in
        ["arg(\"data\");", "arg(\"data\", \"data/esc50\");", "arg(\"data\", \"still:example\");"]
    {
        let text = format!(
            "{ask} {LOAD} arg(\"more\", 1); if arg(\"fails\", true) {{ throw \"cut off\"; }}"
        );
        let ran = sandbox.run(&text, &["--new", "--set", "data=secret"]);
        assert!(ran.err.contains("1.5\n") && ran.error().contains("cut off"), "{}", ran.err);
        // A run that goes on need not be told again.
        sandbox.still(&["resume", "last", "--set", "fails=false"]).good();
    }
}

#[test]
fn a_path_that_leads_up_tells_nothing_of_where_a_link_leads() {
    let (sandbox, _) = with("secret/x.npy");
    std::fs::create_dir(sandbox.file("data")).expect("a folder");
    symlink(sandbox.file("secret"), sandbox.file("beside")).expect("a link");
    let ran = sandbox.run("tensor::load(\"data/../beside/x.npy\");", &["--data-root", "data"]);
    refused(&ran);
    assert!(!ran.error().contains("secret"), "{}", ran.error());
}
