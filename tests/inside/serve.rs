//! What the server of pages answers to.

use stillroom::cli::inside::{Refusal, Request, Route, decoded, encoded, parse, route};

fn asked(first: &str, host: &str) -> Result<Request, Refusal> {
    parse(format!("{first}\r\nhOsT: {host}\r\nAccept: */*\r\n\r\n").as_bytes(), 7433)
}

#[test]
fn only_requests_to_this_machine_are_answered() {
    for host in ["localhost:7433", "LocalHost:7433", "127.0.0.1:7433", "[::1]:7433"] {
        let path = "/run/a b".to_string();
        let request = Request { head_only: false, path };
        assert_eq!(asked("GET /run/a%20b?x=1 HTTP/1.1", host), Ok(request), "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:7433",
        "localhost",
        "localhost:80",
        "127.0.0.1.evil:7433",
        "localhost.:7433",
        "localhost:7433@evil",
        "",
        "[::1]",
        "0.0.0.0:7433",
        "127.0.0.1:74330",
    ] {
        assert_eq!(asked("GET / HTTP/1.1", host), Err(Refusal::Stranger), "{host}");
    }
    let two = b"GET / HTTP/1.1\r\nHost: localhost:7433\r\nHost: evil\r\n\r\n";
    assert_eq!(parse(two, 7433), Err(Refusal::Stranger));
    assert_eq!(parse(b"GET / HTTP/1.0\r\n\r\n", 7433), Err(Refusal::Stranger));
}

#[test]
fn what_is_no_request_is_refused() {
    let host = "localhost:7433";
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "get"] {
        assert_eq!(asked(&format!("{method} / HTTP/1.1"), host), Err(Refusal::Method));
    }
    for first in [
        "",
        "GET",
        "GET /",
        "GET / HTTP/2",
        "GET  / HTTP/1.1",
        "GET http://x/ HTTP/1.1",
        "GET /%zz HTTP/1.1",
        "GET /%f HTTP/1.1",
        "GET /%+1 HTTP/1.1",
        "GET /%ff HTTP/1.1",
        "GET * HTTP/1.1",
    ] {
        assert_eq!(asked(first, host), Err(Refusal::Garbled), "{first}");
    }
    assert_eq!(parse(b"\xff\xfe / HTTP/1.1\r\n\r\n", 1), Err(Refusal::Garbled));
    assert_eq!(parse(b"GET / HTTP/1.1\r\nno header\r\n\r\n", 1), Err(Refusal::Garbled));
    assert!(asked("HEAD / HTTP/1.1", host).is_ok_and(|request| request.head_only));
}

#[test]
fn names_come_back_as_they_went() {
    for name in ["2026-01-01_10-00-00_a", "../..", "a/b?c#d%", "λ 宽\"<&", ""] {
        assert_eq!(decoded(&encoded(name)).as_deref(), Some(name));
        assert!(!encoded(name).contains(['/', '"', '<', ' ']));
    }
}

#[test]
fn only_known_names_lead_anywhere() {
    let run = "2026-01-01_10-00-00_a";
    assert_eq!(route("/"), Route::List);
    assert_eq!(route("/events"), Route::Events(None));
    assert_eq!(route(&format!("/run/{run}")), Route::Run(run.into()));
    assert_eq!(route(&format!("/run/{run}/events")), Route::Events(Some(run.into())));
    assert_eq!(route(&format!("/run/{run}/report.html")), Route::Report(run.into()));
    for path in [
        "",
        "/run",
        "/run/",
        "//",
        "/run//report.html/x",
        "/run/a/../../etc/passwd",
        "/etc/passwd",
        "/run/a/events.jsonl",
        "/run/a/still.lock",
        "/index.sqlite",
        "/RUN/a",
    ] {
        assert_eq!(route(path), Route::Nothing, "{path}");
    }
}
