//! As much of HTTP as a page needs that only its own machine reads: GET and HEAD, one request a connection.
//!
//! Small servers in crates have neither limits on connections nor on time, and a slow client would hold a thread of
//! theirs for ever.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The longest head of a request.
const LONGEST: usize = 16 << 10;
/// A client has so long for its whole request, however it splits it.
const PATIENCE: Duration = Duration::from_secs(5);
/// Whether the server shall end is looked at this often.
const LOOK: Duration = Duration::from_millis(250);
/// A client that takes nothing for so long is gone.
const WRITING: Duration = Duration::from_secs(10);

/// A request that makes sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Whether only the head of the answer is wanted.
    pub head_only: bool,
    /// The path, decoded, without what follows a `?`.
    pub path: String,
}

/// Why a request gets no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No HTTP, or a head that is too long.
    Garbled,
    /// It did not come in time, or the client went away.
    Late,
    /// It is not addressed to this machine by a name that only this machine has: a page of somebody else's may have
    /// made it, by a name of its own that leads here.
    Stranger,
    /// Something else than GET and HEAD.
    Method,
}

/// An answer.
pub(super) struct Answer {
    pub status: &'static str,
    pub kind: &'static str,
    /// What the page may do.
    pub policy: String,
    pub body: Vec<u8>,
}

/// Reads the head of a request; `port` is that of this server, `stops` says whether it shall end.
pub(super) fn read(
    stream: &mut TcpStream,
    port: u16,
    stops: &dyn Fn() -> bool,
) -> std::result::Result<Request, Refusal> {
    let until = Instant::now() + PATIENCE;
    let mut head = Vec::new();
    let mut block = [0; 2048];
    while !ends(&head) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || stops() {
            return Err(Refusal::Late);
        }
        stream.set_read_timeout(Some(left.min(LOOK))).map_err(|_| Refusal::Late)?;
        match stream.read(&mut block) {
            Ok(0) => return Err(Refusal::Late),
            Ok(count) => head.extend_from_slice(&block[..count]),
            Err(cause) if is_quiet(&cause) => {}
            Err(_) => return Err(Refusal::Late),
        }
        if head.len() > LONGEST {
            return Err(Refusal::Garbled);
        }
    }
    parse(&head, port)
}

fn ends(head: &[u8]) -> bool {
    head.windows(4).any(|end| end == b"\r\n\r\n") || head.windows(2).any(|end| end == b"\n\n")
}

pub fn parse(head: &[u8], port: u16) -> std::result::Result<Request, Refusal> {
    let text = std::str::from_utf8(head).map_err(|_| Refusal::Garbled)?;
    let mut lines = text.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (method, target, version) = (first.next(), first.next(), first.next());
    let (Some(method), Some(target), Some("HTTP/1.1" | "HTTP/1.0")) = (method, target, version)
    else {
        return Err(Refusal::Garbled);
    };
    let mut hosts = Vec::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or(Refusal::Garbled)?;
        if name.eq_ignore_ascii_case("host") {
            hosts.push(value.trim());
        }
    }
    match hosts.as_slice() {
        [host] if is_own(host, port) => {}
        _ => return Err(Refusal::Stranger),
    }
    let head_only = match method {
        "GET" => false,
        "HEAD" => true,
        _ => return Err(Refusal::Method),
    };
    let path = target.split(['?', '#']).next().unwrap_or_default();
    if !path.starts_with('/') {
        return Err(Refusal::Garbled);
    }
    let path = decoded(path).ok_or(Refusal::Garbled)?;
    Ok(Request { head_only, path })
}

/// Whether a request was addressed to this machine itself.
fn is_own(host: &str, port: u16) -> bool {
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| {
        let rest = host.get(..name.len()).filter(|own| own.eq_ignore_ascii_case(name));
        let after = rest.and_then(|_| host.get(name.len()..));
        after == Some(&format!(":{port}")) || (after == Some("") && port == 80)
    })
}

/// A path with its `%41` as the letters that they stand for; None where these are no UTF-8.
pub fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).ok()
}

/// A name as a part of a path: everything that is not plain is encoded.
pub fn encoded(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                text.push(char::from(byte));
            }
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text
}

/// The head of an answer; `more` are lines of its own.
fn head(status: &str, kind: &str, policy: &str, more: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Security-Policy: {policy}\r\n\
         X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n\
         Cross-Origin-Resource-Policy: same-origin\r\nCache-Control: no-store\r\n\
         Connection: close\r\n{more}\r\n"
    )
}

/// Writes an answer.
pub(super) fn write(stream: &mut TcpStream, answer: &Answer, head_only: bool) -> Result<()> {
    stream.set_write_timeout(Some(WRITING))?;
    let mut more = format!("Content-Length: {}\r\n", answer.body.len());
    if answer.status.starts_with("405") {
        more.push_str("Allow: GET, HEAD\r\n");
    }
    let head = head(answer.status, answer.kind, &answer.policy, &more);
    stream.write_all(head.as_bytes())?;
    if !head_only {
        stream.write_all(&answer.body)?;
    }
    finish(stream)
}

/// Begins an answer that goes on: events.
pub(super) fn begin_events(stream: &mut TcpStream, policy: &str) -> Result<()> {
    stream.set_write_timeout(Some(WRITING))?;
    stream.set_nodelay(true)?;
    let head = head("200 OK", "text/event-stream; charset=utf-8", policy, "");
    // A browser that lost the server asks again after a second.
    stream.write_all(format!("{head}retry: 1000\n\n").as_bytes())
}

/// Ends a connection so that what was written arrives: closing it with something unread would take it back.
fn finish(stream: &mut TcpStream) -> Result<()> {
    stream.flush()?;
    stream.shutdown(std::net::Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_millis(200)))?;
    let mut rest = [0; 1024];
    for _ in 0..16 {
        match stream.read(&mut rest) {
            Ok(0) => break,
            Ok(_) => {}
            Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    Ok(())
}

/// Whether the client of a connection that only we write to is still there.
pub(super) fn is_there(stream: &mut TcpStream) -> bool {
    let mut rest = [0; 64];
    let asked = stream.set_read_timeout(Some(Duration::from_millis(1)));
    match asked.and_then(|()| stream.read(&mut rest)) {
        Ok(count) => count > 0,
        Err(cause) => is_quiet(&cause),
    }
}

fn is_quiet(cause: &Error) -> bool {
    matches!(cause.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
