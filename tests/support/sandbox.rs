//! A folder of its own for a test, and the binary run in it.

use super::example;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use tempfile::TempDir;

/// Room in memory from which on folders of tests are there: their hundreds of thousands of small files are half of the time
/// on a disk. `TMPDIR` says otherwise.
const ROOM: u64 = 4 << 30;

fn temporary() -> std::io::Result<TempDir> {
    const MEMORY: &str = "/dev/shm";
    static IS_ROOMY: OnceLock<bool> = OnceLock::new();
    let is_roomy = IS_ROOMY.get_or_init(|| {
        let told = std::env::var_os("TMPDIR").is_some();
        let free = || {
            let asked = ["--output=avail", "--block-size=1", MEMORY];
            let answer = Command::new("df").args(asked).output().ok()?;
            String::from_utf8(answer.stdout).ok()?.lines().last()?.trim().parse::<u64>().ok()
        };
        !told && free().is_some_and(|free| free >= ROOM)
    });
    if *is_roomy { tempfile::tempdir_in(MEMORY) } else { tempfile::tempdir() }
}

/// A temporary folder; runs go to `home` in it.
pub struct Sandbox(TempDir);

/// What a command printed.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Sandbox {
    pub fn new() -> Self {
        Sandbox(temporary().expect("a temporary folder"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.file(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, content).expect("a file");
        path
    }

    pub fn read(&self, name: &str) -> String {
        let path = self.file(name);
        std::fs::read_to_string(&path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
    }

    /// Lends the built-in example, which the binary would make of hundreds of sounds.
    #[cfg(unix)]
    fn lend_example(&self) {
        let home = self.file("home");
        if !home.exists() {
            let data = home.join("data");
            std::fs::create_dir_all(&data).expect("a folder");
            let name = example().file_name().expect("its version");
            std::os::unix::fs::symlink(example(), data.join(name)).expect("a link");
        }
    }

    /// The binary, in this folder, with an environment that is the same everywhere.
    pub fn command(&self) -> Command {
        #[cfg(unix)]
        self.lend_example();
        let mut command = Command::new(env!("CARGO_BIN_EXE_still"));
        command.current_dir(self.path()).env("STILL_HOME", self.file("home"));
        command.env("NO_COLOR", "1").env("LC_ALL", "C.UTF-8");
        command.env_remove("COLUMNS").env_remove("TERM");
        command
    }

    /// Runs `still` with these arguments.
    pub fn still(&self, arguments: &[&str]) -> Ran {
        self.finish(self.command().args(arguments).output().expect("the binary"))
    }

    /// Runs a recipe that is given as text, on the example data.
    pub fn run(&self, recipe: &str, more: &[&str]) -> Ran {
        self.write("recipe.rhai", recipe);
        let mut command = self.command();
        command.args(["run", "recipe.rhai"]);
        if recipe.contains("arg(\"data\"") {
            command.arg("--set").arg(format!("data={}", example().display()));
        }
        self.finish(command.args(more).output().expect("the binary"))
    }

    /// What a command printed, with the paths of this machine replaced.
    pub fn finish(&self, output: Output) -> Ran {
        let text = |bytes: Vec<u8>| self.scrub(&String::from_utf8(bytes).expect("UTF-8"));
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// Replaces paths of this machine.
    pub fn scrub(&self, text: &str) -> String {
        text.replace(&example().display().to_string(), "EXAMPLE")
            .replace(&self.path().display().to_string(), "SANDBOX")
    }

    /// The folder of the only run.
    pub fn run_folder(&self) -> PathBuf {
        let runs = std::fs::read_dir(self.file("home/runs")).expect("runs");
        let folders: Vec<PathBuf> = runs.flatten().map(|entry| entry.path()).collect();
        assert_eq!(folders.len(), 1, "one run: {folders:?}");
        folders[0].clone()
    }

    /// The lines of the only run's journal.
    pub fn events(&self) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(self.run_folder().join("events.jsonl")).expect("events");
        text.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
    }
}

impl Ran {
    /// The error alone, without the progress before it.
    pub fn error(&self) -> String {
        let start = self.err.find("error[").unwrap_or(0);
        self.err[start..].trim_end().to_string()
    }

    /// Fails unless the command ended well.
    #[track_caller]
    pub fn good(self) -> Self {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        self
    }
}
