//! `still watch` in a terminal: what it leaves behind.
#![cfg(unix)]

use crate::support::Sandbox;
use crate::support::past::{THEN, write};
use serde_json::json;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use stillroom::disk::Lock;

/// How a view is left.
#[derive(Clone, Copy, Debug)]
enum Leave {
    Key(&'static str),
    Signal(&'static str),
}

/// Everything that a terminal of 80 by 24 got while `still watch` ran in it; None, and a word on it, where util-linux's
/// `script` is not there.
fn left_by(sandbox: &Sandbox, leave: Leave) -> Option<String> {
    let version = Command::new("script").arg("--version").output().ok();
    let known =
        version.is_some_and(|told| String::from_utf8_lossy(&told.stdout).contains("util-linux"));
    if !known {
        eprintln!("skipped: util-linux's script is not on the path");
        return None;
    }
    let still = env!("CARGO_BIN_EXE_still");
    let pid = sandbox.file("pid");
    let line = format!(
        "stty cols 80 rows 24; sh -c 'echo $$ > {}; exec {still} watch'; echo code $?; stty -a",
        pid.display()
    );
    let mut child = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .current_dir(sandbox.path())
        .env("STILL_HOME", sandbox.file("home"))
        .env("LC_ALL", "C.UTF-8")
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script");
    let (tell, told) = mpsc::channel();
    let mut out = child.stdout.take().expect("its output");
    let reads = std::thread::spawn(move || {
        let mut block = [0; 4096];
        while let Ok(count @ 1..) = out.read(&mut block) {
            if tell.send(block[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    let (mut seen, begun, mut asked) = (Vec::new(), Instant::now(), false);
    let mut keys = child.stdin.take();
    loop {
        match told.recv_timeout(Duration::from_secs(60)) {
            Ok(bytes) => seen.extend(bytes),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("{leave:?} leaves nothing"),
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "{leave:?} does not end it");
        // The last line of the screen is there, so the keys are listened to.
        if !asked && String::from_utf8_lossy(&seen).contains("another stage") {
            asked = true;
            match leave {
                Leave::Key(key) => {
                    let keys = keys.as_mut().expect("its input");
                    keys.write_all(key.as_bytes()).expect("sent");
                    keys.flush().expect("sent");
                }
                Leave::Signal(name) => {
                    let pid = sandbox.read("pid");
                    let sent =
                        Command::new("kill").args([&format!("-{name}"), pid.trim()]).status();
                    assert!(sent.expect("kill").success());
                }
            }
        }
    }
    child.wait().expect("an end");
    reads.join().expect("a thread");
    Some(String::from_utf8_lossy(&seen).to_string())
}

#[test]
fn the_terminal_is_given_back_however_the_view_ends() {
    let sandbox = Sandbox::new();
    write(
        &sandbox,
        "1_tiny",
        &[
            json!({ "event": "run", "recipe": "a.rhai", "seed": 1 }),
            json!({ "event": "stage", "stage": "teacher", "epochs": 2, "steps": 4 }),
            json!({ "at": THEN, "event": "epoch", "stage": "teacher", "step": 2, "loss": 1.0 }),
        ],
    );
    let _held = Lock::try_take(&sandbox.file("home/runs/1_tiny/run.lock")).expect("a file");
    for (leave, code) in [
        (Leave::Key("q"), 0),
        (Leave::Key("\u{1b}"), 0),
        (Leave::Key("\u{3}"), 0),
        (Leave::Signal("TERM"), 130),
        (Leave::Signal("INT"), 130),
        (Leave::Signal("QUIT"), 130),
    ] {
        let Some(seen) = left_by(&sandbox, leave) else { return };
        let (_, after) =
            seen.rsplit_once("\u{1b}[?1049l").unwrap_or_else(|| panic!("{leave:?}: {seen}"));
        assert!(seen.contains("\u{1b}[?1049h") && seen.contains("1_tiny"), "{leave:?}");
        assert!(after.contains("\u{1b}[?25h"), "{leave:?}: no cursor in {after}");
        assert!(after.contains(&format!("code {code}\r\n")), "{leave:?}: {after}");
        let modes: Vec<&str> = after.split_whitespace().collect();
        assert!(
            modes.contains(&"icanon") && modes.contains(&"echo") && modes.contains(&"isig"),
            "{leave:?}: {after}"
        );
    }
}
