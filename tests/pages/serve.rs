//! `still serve` over plain TCP: who gets what, and what nobody gets.

use super::served::{Served, next};
use crate::support::Sandbox;
use crate::support::past::{THEN, ended, past, write};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

const RUN: &str = "2026-01-01_10-00-00_tiny";

fn scene() -> (Sandbox, Served) {
    let sandbox = Sandbox::new();
    past(&sandbox, RUN, "fn tau(ctx) { 1.0 }\n", &ended());
    let served = Served::start(&sandbox, 0);
    (sandbox, served)
}

#[test]
fn pages_are_for_this_machine_only() {
    let (_sandbox, served) = scene();
    let port = served.port;
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        let got = served.ask("GET", "/", &format!("{host}:{port}"));
        assert_eq!(got.status, 200, "{host}");
        assert!(got.body.contains(RUN));
    }
    for host in ["evil.example", &format!("evil.example:{port}"), "localhost", "127.0.0.1:1", ""] {
        let got = served.ask("GET", "/", host);
        assert_eq!(got.status, 403, "{host}");
        assert!(!got.body.contains(RUN));
        assert_eq!(served.ask("GET", "/events", host).status, 403);
    }
    assert_eq!(served.send(b"GET / HTTP/1.0\r\n\r\n").status, 403);
    let six = std::net::TcpStream::connect(("::1", port));
    if let Ok(mut six) = six {
        write!(six, "GET / HTTP/1.1\r\nHost: [::1]:{port}\r\n\r\n").expect("sent");
        let mut text = String::new();
        six.read_to_string(&mut text).expect("an answer");
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    }
}

#[test]
fn nothing_can_be_changed_and_nothing_else_be_read() {
    let (sandbox, served) = scene();
    let host = format!("localhost:{}", served.port);
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
        let got = served.ask(method, "/", &host);
        assert_eq!(got.status, 405, "{method}");
        assert!(got.head.contains("Allow: GET, HEAD"));
    }
    let head = served.ask("HEAD", "/", &host);
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(served.ask("HEAD", "/events", &host).status, 200);
    sandbox.write("home/secret.txt", "secret");
    for path in [
        "/../secret.txt",
        "/run/../secret.txt",
        "/run/%2e%2e/secret.txt",
        "/run/..%2fsecret.txt",
        &format!("/run/{RUN}/events.jsonl"),
        &format!("/run/{RUN}%2fevents.jsonl"),
        &format!("/run/{RUN}/recipe/0000/tiny.rhai"),
        "/run/./report.html",
        "/run/..",
        "/run/%2e%2e/report.html",
        &format!("/run/{RUN}/../{RUN}/still.lock"),
        "/index.sqlite",
        "/etc/passwd",
        "//etc/passwd",
        "/run/%00",
        "/run/nope",
        "/run/nope/events",
        "/style.css",
        &format!("/run/{RUN}/report.html"),
    ] {
        let got = served.get(path);
        assert_eq!(got.status, 404, "{path}: {}", got.body);
        assert!(!got.body.contains("secret\n") && !got.body.contains("\"event\""), "{path}");
    }
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n".as_slice(),
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost\r\n\r\n",
        b"GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let status = served.send(bytes).status;
        assert!([400, 403].contains(&status), "{status}: {}", String::from_utf8_lossy(bytes));
    }
    let long = format!("GET /{} HTTP/1.1\r\nHost: {host}\r\n\r\n", "a".repeat(1 << 20));
    let mut stream = served.connect();
    let _ = stream.write_all(long.as_bytes());
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text);
    assert!(!String::from_utf8_lossy(&text).contains("200 OK"));
    assert_eq!(served.get("/").status, 200);
}

#[test]
fn a_page_may_load_nothing_but_itself() {
    let (sandbox, served) = scene();
    for path in ["/", &format!("/run/{RUN}"), "/nothing", "/icon.svg"] {
        let head = served.get(path).head;
        for line in [
            "X-Content-Type-Options: nosniff",
            "Referrer-Policy: no-referrer",
            "X-Frame-Options: DENY",
            "Cross-Origin-Resource-Policy: same-origin",
        ] {
            assert!(head.contains(line), "{path}: {head}");
        }
        let policy = head.lines().find(|line| line.starts_with("Content-Security-Policy: "));
        let policy = policy.unwrap_or_else(|| panic!("{head}"));
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    }
    sandbox.write(format!("home/runs/{RUN}/report.html").as_str(), "<p>the report</p>");
    let report = served.get(&format!("/run/{RUN}/report.html"));
    assert_eq!((report.status, report.body.as_str()), (200, "<p>the report</p>"));
    assert!(
        report.head.contains("Content-Security-Policy: sandbox allow-scripts; default-src 'none'")
    );
}

#[test]
fn what_stands_in_journals_is_text() {
    let sandbox = Sandbox::new();
    let evil = "<img src=x onerror=alert(1)>\"'&</script>";
    let name = "2026-01-01_<b>&\"'";
    write(
        &sandbox,
        name,
        &[
            json!({ "event": "run", "recipe": evil, "seed": 1, "set": { evil: evil } }),
            json!({ "event": "stage", "stage": evil, "kind": evil, "spec": { "kind": evil },
                "teacher": evil, "epochs": 2, "steps": 4 }),
            json!({ "event": "epoch", "stage": evil, "epoch": 1, "step": 2, "loss": 1.0,
                "accuracy": 0.5, "logged": [[evil, 1.0]] }),
            json!({ "event": "epoch", "stage": evil, "epoch": 2, "step": 4, "loss": 0.5, "accuracy": 0.6 }),
            json!({ "event": "edit", "stage": evil, "step": 3, "outcome": "rejected", "message": evil,
                "functions": [evil], "note": evil }),
            json!({ "event": "warning", "message": evil }),
            json!({ "event": "made", "made": evil, "seconds": 1e300 }),
            json!({ "event": "failed", "message": evil }),
        ],
    );
    sandbox.write(format!("home/runs/{name}/tags.json").as_str(), json!([evil]).to_string());
    let served = Served::start(&sandbox, 0);
    let list = served.get("/");
    assert!(list.body.contains("/run/2026-01-01_%3Cb%3E%26%22%27"), "{}", list.body);
    let run = served.get("/run/2026-01-01_%3Cb%3E%26%22%27");
    assert_eq!(run.status, 200);
    let mut events = served.events("/run/2026-01-01_%3Cb%3E%26%22%27/events");
    let (_, data) = next(&mut events);
    let news: Value = serde_json::from_str(&data).expect("JSON");
    let parts: String = news["parts"]
        .as_array()
        .expect("parts")
        .iter()
        .map(|part| part[1].as_str().expect("a text"))
        .collect();
    for text in [list.body, run.body, parts] {
        assert!(!text.contains("<img") && !text.contains("<b>"), "{text}");
        assert!(text.contains("&lt;img src=x onerror=alert(1)&gt;"));
    }
}

#[test]
fn news_come_as_events_to_every_viewer() {
    let sandbox = Sandbox::new();
    let event = |fields: Value| {
        let mut fields = fields;
        fields["at"] = json!(THEN);
        format!("{fields}\n")
    };
    let journal = format!("home/runs/{RUN}/events.jsonl");
    let mut text = event(json!({ "event": "run", "recipe": "a.rhai", "seed": 1 }));
    text += &event(json!({ "event": "stage", "stage": "teacher", "epochs": 9, "steps": 9 }));
    sandbox.write(&journal, &text);
    let served = Served::start(&sandbox, 0);
    let path = format!("/run/{RUN}/events");
    let mut viewers = [served.events(&path), served.events(&path), served.events(&path)];
    let parts = |data: &str| -> Vec<(String, String)> {
        let news: Value = serde_json::from_str(data).expect("JSON");
        serde_json::from_value(news["parts"].clone()).expect("parts")
    };
    for viewer in &mut viewers {
        let (name, data) = next(viewer);
        assert_eq!(name, "parts");
        let ids: Vec<String> = parts(&data).into_iter().map(|(id, _)| id).collect();
        for id in ["state", "now", "table", "edits", "log", "stage-0"] {
            assert!(ids.iter().any(|known| known == id), "{id} of {ids:?}");
        }
    }
    let mut list = served.events("/events");
    assert!(next(&mut list).1.contains(RUN));
    text += &event(
        json!({ "event": "epoch", "stage": "teacher", "epoch": 1, "step": 1, "loss": 1.5, "accuracy": 0.125 }),
    );
    sandbox.write(&journal, &text);
    for viewer in &mut viewers {
        let (_, data) = next(viewer);
        let parts = parts(&data);
        assert!(
            parts.iter().any(|(id, text)| id == "log" && text.contains("epoch 1/9")),
            "{parts:?}"
        );
        // What did not change is not sent again.
        assert!(parts.iter().all(|(id, _)| id != "edits" && id != "state"), "{parts:?}");
    }
    assert!(next(&mut list).1.contains("12.5 %"));
    // The journal begins anew, with fewer stages: everything is sent.
    sandbox.write(&journal, event(json!({ "event": "run", "recipe": "b.rhai" })));
    let (_, data) = next(&mut viewers[0]);
    let news: Value = serde_json::from_str(&data).expect("JSON");
    assert_eq!(news["whole"], json!(true));
    assert!(!data.contains("stage-0") && data.contains("b.rhai"));
}

#[test]
fn a_client_that_sends_nothing_is_cut_off() {
    let (_sandbox, served) = scene();
    let mut silent = served.connect();
    let mut slow = served.connect();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: local").expect("sent");
    let begun = Instant::now();
    let mut rest = Vec::new();
    assert_eq!(silent.read_to_end(&mut rest).ok(), Some(0));
    // One letter from time to time keeps no connection open.
    while begun.elapsed() < Duration::from_secs(30) && slow.write_all(b"h").is_ok() {
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(begun.elapsed() < Duration::from_secs(30), "it still listens");
    assert_eq!(served.get("/").status, 200);
}

#[test]
fn too_many_viewers_are_sent_away_and_others_are_served() {
    let (_sandbox, served) = scene();
    let many: Vec<_> = (0..64).map(|_| served.events("/events")).collect();
    // Each has its thread once its first event is there.
    let many: Vec<_> = many
        .into_iter()
        .map(|mut events| {
            next(&mut events);
            events
        })
        .collect();
    assert_eq!(served.get("/").status, 503);
    drop(many);
    let begun = Instant::now();
    while served.get("/").status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(60), "the places stay taken");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_port_that_is_taken_is_told() {
    let (sandbox, served) = scene();
    let ran = sandbox.still(&["serve", "--open", "no", "--port", &served.port.to_string()]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.error().replace(&served.port.to_string(), "PORT"), @r"
    error[usage]: --port PORT: the port cannot be had
      received: another program listens there, maybe another `still serve`
      hint: take another one: still serve --port 0 takes any that is free
    ");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_at_once() {
    for signal in ["INT", "TERM"] {
        let (_sandbox, served) = scene();
        let mut events = served.events("/events");
        next(&mut events);
        let _idle = served.connect();
        let (code, took) = served.end(signal);
        assert_eq!(code, Some(0), "{signal}");
        assert!(took < Duration::from_secs(5), "{signal}: {took:?}");
        let mut rest = Vec::new();
        let _ = events.read_to_end(&mut rest);
    }
}
