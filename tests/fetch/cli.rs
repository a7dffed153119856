//! The binary: exit codes, words, signals and kills.

use super::esc50;
use super::server::Server;
use crate::support::{Ran, Sandbox};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use stillroom::data::fetch::Sum;

/// Writes a list for the tiny ESC-50 at this server.
fn list(sandbox: &Sandbox, server: &Server, content: &[u8]) {
    let Sum::Sha256(digits) = super::sha256(content) else { panic!("SHA-256") };
    let text = format!(
        r#"{{"esc50": {{"strip": true, "archives": [{{"file": "esc.zip", "url": "{}/esc.zip", "bytes": {}, "sha256": "{digits}"}}]}}}}"#,
        server.address,
        content.len()
    );
    sandbox.write("list.json", text);
}

fn begin(sandbox: &Sandbox) -> Child {
    let mut command = sandbox.command();
    command.args(["data", "fetch", "esc50", "--list", "list.json"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary")
}

/// Waits until something of the archive is there.
fn wait_for_part(sandbox: &Sandbox) {
    let part = sandbox.file("home/datasets/downloads/esc50/esc.zip.part");
    let end = Instant::now() + Duration::from_secs(60);
    while std::fs::metadata(&part).map_or(0, |meta| meta.len()) < 8000 {
        assert!(Instant::now() < end, "nothing came");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(status.expect("kill").success());
}

#[cfg(unix)]
#[test]
fn a_fetch_that_was_stopped_or_killed_goes_on() {
    for (name, code) in [("-INT", 130), ("-TERM", 130), ("-KILL", -1)] {
        let (sandbox, (server, content, _)) = (Sandbox::new(), esc50());
        list(&sandbox, &server, &content);
        server.manners().slow = Duration::from_millis(100);
        let child = begin(&sandbox);
        wait_for_part(&sandbox);
        signal(&child, name);
        let ended = sandbox.finish(child.wait_with_output().expect("an end"));
        assert_eq!(ended.code, code, "{name}: {}", ended.err);
        assert!(
            code < 0 || ended.err.contains("the same command goes on from there"),
            "{}",
            ended.err
        );
        assert!(!sandbox.file("home/datasets/esc50").exists());
        server.manners().slow = Duration::ZERO;
        let again = sandbox.still(&["data", "fetch", "esc50", "--list", "list.json"]);
        assert_eq!(again.code, 0, "{name}: {}", again.err);
        let ranges = server.ranges();
        assert!(ranges.len() == 2 && ranges[1].starts_with("bytes="), "{name}: {ranges:?}");
        assert_eq!(sandbox.still(&["data", "verify", "esc50"]).code, 0);
    }
}

#[test]
fn two_processes_at_once_give_one_set() {
    let (sandbox, (server, content, _)) = (Sandbox::new(), esc50());
    list(&sandbox, &server, &content);
    server.manners().slow = Duration::from_millis(40);
    let first = begin(&sandbox);
    wait_for_part(&sandbox);
    let second = sandbox.still(&["data", "fetch", "esc50", "--list", "list.json"]);
    assert_eq!(second.code, 4, "{}", second.err);
    assert!(second.err.contains("another process is fetching this set"), "{}", second.err);
    let first = sandbox.finish(first.wait_with_output().expect("an end"));
    assert_eq!(first.code, 0, "{}", first.err);
    assert_eq!(server.ranges(), [""]);
}

#[test]
fn what_is_typed_is_answered() {
    let (sandbox, (server, content, _)) = (Sandbox::new(), esc50());
    list(&sandbox, &server, &content);
    let check = |ran: Ran, code: i32, words: &str| {
        let all = format!("{}{}", ran.out, ran.err);
        assert!(ran.code == code && all.contains(words), "{code}, {words}: {} {all}", ran.code);
    };
    let still = |arguments: &[&str]| sandbox.still(&[&["data"], arguments].concat());
    check(still(&["fetch", "esc-50"]), 2, "did you mean 'esc50'?");
    check(still(&["fetch", "esc50", "--from", "ftp://x"]), 2, "--from is no address of the web");
    check(still(&["fetch", "esc50", "--list", "none.json"]), 4, "no such file");
    check(still(&["fetch"]), 2, "<NAME>");
    check(still(&["verify"]), 4, "no set was fetched to");
    check(still(&["verify", "esc50"]), 4, "still data fetch esc50");
    check(still(&["verify", "./none"]), 4, "no such folder");
    check(still(&["verify", "."]), 4, "the folder has no layout that is known");
    check(still(&["verify", "list.json"]), 4, "reading the data set list.json");
    let fetch = ["fetch", "esc50", "--list", "list.json", "--keep-archives", "--to", "here"];
    check(still(&fetch), 0, "here/esc50: 11 files, 90.");
    assert!(sandbox.file("here/downloads/esc50/esc.zip").is_file(), "archives are kept");
    check(still(&fetch), 0, "here/esc50 is there already: 11 files");
    check(still(&["verify", "--to", "here"]), 0, "here/esc50: well; 11 files against the record");
    std::fs::remove_file(sandbox.file("here/esc50/meta/esc50.csv")).expect("a file");
    check(still(&["verify", "here/esc50"]), 4, "missing  meta/esc50.csv");
    let mirror =
        ["fetch", "esc50", "--list", "list.json", "--from", &server.address, "--to", "there"];
    check(still(&mirror), 0, "there/esc50: 11 files");
}
