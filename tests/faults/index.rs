//! Kill −9 while the index of runs is written: the list is that of the folders, and the index can be used.

use crate::support::Sandbox;
use crate::support::past::{ended, past};
use rusqlite::Connection;
use std::process::Stdio;
use std::time::Duration;
use stillroom::disk::faults::VARIABLE;
use stillroom::run::Home;
use stillroom::run::index::{Row, runs};
use stillroom::tensor::random::Stream;

/// So many that the index has many pages.
const RUNS: usize = 60;

struct Lab {
    sandbox: Sandbox,
    rows: Vec<Row>,
    /// The index of before the runs got their tags.
    old: Vec<u8>,
    /// All files of the runs.
    files: String,
}

impl Lab {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        (0..RUNS).for_each(|n| past(&sandbox, &format!("{n:03}_a"), "", &ended()));
        let home = Home::of("".as_ref(), Some(sandbox.file("home")));
        runs(&home).expect("runs");
        let old = std::fs::read(sandbox.file("home/index.sqlite")).expect("the index");
        for n in (0..RUNS).step_by(2) {
            sandbox.write(&format!("home/runs/{n:03}_a/tags.json"), "[\"good\"]");
        }
        std::fs::remove_dir_all(sandbox.file("home/runs/007_a")).expect("a run");
        let mut lab = Lab { sandbox, rows: Vec::new(), old, files: String::new() };
        lab.begin(false);
        lab.rows = lab.runs();
        lab.files = lab.hash();
        lab
    }

    fn runs(&self) -> Vec<Row> {
        runs(&Home::of("".as_ref(), Some(self.sandbox.file("home")))).expect("runs")
    }

    fn hash(&self) -> String {
        let root = self.sandbox.file("home/runs");
        let mut hasher = blake3::Hasher::new();
        for name in stillroom::disk::files_in(&root) {
            hasher.update(name.as_bytes());
            hasher.update(&std::fs::read(root.join(name)).expect("a file"));
        }
        hasher.finalize().to_hex().to_string()
    }

    /// No index, or the one of before.
    fn begin(&self, old: bool) {
        for name in ["index.sqlite", "index.sqlite-journal"] {
            let _ = std::fs::remove_file(self.sandbox.file(&format!("home/{name}")));
        }
        if old {
            self.sandbox.write("home/index.sqlite", &self.old);
        }
    }

    /// The list is right, twice, and the index holds it.
    #[track_caller]
    fn is_whole(&self, what: &str) {
        assert_eq!(self.runs(), self.rows, "{what}");
        let index = Connection::open(self.sandbox.file("home/index.sqlite")).expect("the index");
        let told: String =
            index.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a check");
        assert_eq!(told, "ok", "{what}");
        let count = "SELECT count(*) FROM runs WHERE tags <> '[]'";
        let tagged: i64 = index.query_row(count, [], |row| row.get(0)).expect("a count");
        assert_eq!(tagged, RUNS as i64 / 2, "{what}");
        drop(index);
        assert_eq!(self.runs(), self.rows, "{what}");
        assert_eq!(self.hash(), self.files, "{what}");
    }
}

#[test]
fn between_its_statements() {
    let lab = Lab::new();
    for old in [false, true] {
        for n in 1.. {
            lab.begin(old);
            let mut command = lab.sandbox.command();
            command.args(["runs", "ls"]).env(VARIABLE, format!("{n}!"));
            if command.output().expect("the binary").status.success() {
                assert!(n > RUNS / 2, "{n} operations");
                break;
            }
            // A row is like the next one.
            if n < 6 || n % 7 == 0 || n > RUNS / 2 {
                lab.is_whole(&format!("old {old}, operation {n}"));
            }
        }
    }
}

/// A limit on the length of files ends a process in the write that would pass it, with SQLite's journal written
/// and its pages not, or only some of them.
#[cfg(unix)]
#[test]
fn in_each_of_its_own_writes() {
    let lab = Lab::new();
    for old in [false, true] {
        let mut killed = 0;
        let mut hot = 0;
        for blocks in 0.. {
            lab.begin(old);
            let still = env!("CARGO_BIN_EXE_still");
            let limits = format!("ulimit -c 0; ulimit -f {blocks}; exec '{still}' runs ls");
            let mut command = std::process::Command::new("sh");
            command.args(["-c", &limits]).env("STILL_HOME", lab.sandbox.file("home"));
            let output = command.output().expect("a shell");
            let journal = lab.sandbox.file("home/index.sqlite-journal");
            hot += usize::from(journal.exists());
            lab.is_whole(&format!("old {old}, {blocks} blocks"));
            if output.status.success() {
                break;
            }
            killed += 1;
        }
        assert!(killed > 8 && hot > 4, "old {old}: {killed} killed, {hot} with a journal");
    }
}

#[test]
fn at_random_instants() {
    let lab = Lab::new();
    let mut random = Stream::new(1, "index kills", &[]);
    for round in 0..30 {
        lab.begin(round % 2 == 0);
        let mut command = lab.sandbox.command();
        command.args(["runs", "ls"]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the binary");
        std::thread::sleep(Duration::from_secs_f64(random.uniform() * 0.06));
        child.kill().expect("a process");
        child.wait().expect("a process");
        lab.is_whole(&format!("round {round}"));
    }
}
