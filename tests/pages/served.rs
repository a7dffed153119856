//! `still serve` as a process, and requests to it.

use crate::support::Sandbox;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

/// A server; it ends with this value.
pub struct Served {
    pub port: u16,
    child: Child,
    _out: BufReader<ChildStdout>,
}

/// An answer: status, head, body.
pub struct Got {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Served {
    /// Serves the runs of a sandbox; port 0 takes any.
    pub fn start(sandbox: &Sandbox, port: u16) -> Served {
        std::fs::create_dir_all(sandbox.file("home/runs")).expect("a folder");
        let mut command = sandbox.command();
        command.args(["serve", "--open", "no", "--port", &port.to_string()]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .expect("the binary");
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        out.read_line(&mut line).expect("a line");
        let port = line.trim().trim_end_matches('/').rsplit_once(':').expect("an address").1;
        let port = port.parse().unwrap_or_else(|_| panic!("no port in {line:?}"));
        Served { port, child, _out: out }
    }

    pub fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
        stream
    }

    /// Sends bytes, and reads until the server closes.
    pub fn send(&self, bytes: &[u8]) -> Got {
        let mut stream = self.connect();
        stream.write_all(bytes).expect("sent");
        let mut text = Vec::new();
        let _ = stream.read_to_end(&mut text);
        let text = String::from_utf8(text).expect("UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text.as_str(), ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Got { status, head: head.to_string(), body: body.to_string() }
    }

    pub fn ask(&self, method: &str, path: &str, host: &str) -> Got {
        self.send(format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())
    }

    pub fn get(&self, path: &str) -> Got {
        self.ask("GET", path, &format!("127.0.0.1:{}", self.port))
    }

    /// The events of a path, as they come.
    pub fn events(&self, path: &str) -> BufReader<TcpStream> {
        let mut stream = self.connect();
        let asked = format!("GET {path} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", self.port);
        stream.write_all(asked.as_bytes()).expect("sent");
        BufReader::new(stream)
    }

    /// Asks it to end, and gives the exit code and how long that took.
    pub fn end(mut self, signal: &str) -> (Option<i32>, Duration) {
        let begun = Instant::now();
        crate::faults::lab::signal(&self.child, signal);
        let status = self.child.wait().expect("an end");
        (status.code(), begun.elapsed())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The next event: its name and its data.
pub fn next(events: &mut BufReader<TcpStream>) -> (String, String) {
    let (mut name, mut data) = (String::new(), String::new());
    loop {
        let mut line = String::new();
        assert!(events.read_line(&mut line).expect("a line") > 0, "the events ended");
        let line = line.trim_end();
        if let Some(rest) = line.strip_prefix("event: ") {
            name = rest.to_string();
        } else if let Some(rest) = line.strip_prefix("data: ") {
            data = rest.to_string();
        } else if line.is_empty() && !name.is_empty() {
            return (name, data);
        }
    }
}
