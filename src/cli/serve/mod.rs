//! `still serve`: runs in a browser of this machine, read-only and live.

mod figure;
mod hall;
pub(super) mod http;
mod page;
mod parts;

use super::runs::Place;
use super::{note, out};
use crate::disk;
use crate::error::{Error, Kind, Result};
use clap::{Args, ValueEnum};
use hall::Hall;
use http::{Answer, Refusal};
use parts::Parts;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{ErrorKind, IsTerminal, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::Builder;
use std::time::Duration;

/// So many connections are open at once; one more is sent away.
const CONNECTIONS: usize = 64;
/// A thread of a connection needs no more than this.
const STACK: usize = 1 << 20;
/// Runs are looked at this often.
const LOOK: Duration = Duration::from_millis(250);
/// Where nothing happens, a sign of life goes out this often.
const BEAT: Duration = Duration::from_secs(10);
/// No more pages than this a second and viewer.
const PACE: Duration = Duration::from_millis(200);
/// A report that is longer is not sent.
const LONGEST_REPORT: u64 = 1 << 28;

/// Show runs in a browser, live: curves, edits, results. Read-only, and only for this machine.
///
/// It listens on 127.0.0.1 and ::1 alone. Any user of this machine can look. Ctrl-C ends it; runs go on.
#[derive(Args)]
pub(super) struct Serve {
    /// The port; 0 takes any that is free.
    #[arg(long, value_name = "N", default_value_t = 7433)]
    port: u16,
    /// Whether to open a browser [default: yes, where somebody sees it].
    #[arg(long, value_enum, value_name = "yes|no", hide_possible_values = true)]
    open: Option<Open>,
    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Open {
    Yes,
    No,
}

impl Serve {
    pub(super) fn run(self) -> Result<i32> {
        let home = self.place.home()?;
        let (listeners, port) = listen(self.port)?;
        let stopped = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register(signal, stopped.clone()).map_err(|cause| {
                Error::new(Kind::Internal, "catching signals", cause.to_string())
            })?;
        }
        let hall = Hall::new(home);
        hall.look();
        let address = format!("http://127.0.0.1:{port}/");
        out(&format!("runs of {}: {address}", hall.home().display()));
        note("Ctrl-C ends this; runs go on");
        let seen = || std::io::stdout().is_terminal();
        if self.open.map_or_else(seen, |open| open == Open::Yes) {
            open_browser(&address);
        }
        let count = AtomicUsize::new(0);
        let failed = |cause: std::io::Error| {
            Error::new(Kind::Internal, "still serve", format!("no thread: {cause}"))
        };
        std::thread::scope(|scope| {
            let outcome = listeners.iter().try_for_each(|listener| {
                let (hall, count) = (&hall, &count);
                let thread = Builder::new().name("still accept".into()).stack_size(STACK);
                let accept = move || accept(scope, listener, port, hall, count);
                thread.spawn_scoped(scope, accept).map(drop).map_err(failed)
            });
            while outcome.is_ok() && !stopped.load(Ordering::Relaxed) {
                hall.look();
                std::thread::sleep(LOOK);
            }
            hall.stop();
            // Whoever waits for a connection gets one, and sees that this is the end.
            for listener in &listeners {
                if let Ok(address) = listener.local_addr() {
                    let _ = TcpStream::connect_timeout(&address, Duration::from_secs(1));
                }
            }
            outcome
        })?;
        note("ended");
        Ok(0)
    }
}

/// Takes the port on both addresses of this machine that lead nowhere else.
fn listen(port: u16) -> Result<(Vec<TcpListener>, u16)> {
    let four = TcpListener::bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    let four = four.map_err(|cause| {
        let error = Error::new(Kind::Usage, format!("--port {port}"), "the port cannot be had");
        match cause.kind() {
            ErrorKind::AddrInUse => error
                .received("another program listens there, maybe another `still serve`")
                .hint("take another one: still serve --port 0 takes any that is free"),
            ErrorKind::PermissionDenied => error
                .received(cause.to_string())
                .hint("ports below 1024 need rights; the default is 7433"),
            _ => error.received(cause.to_string()),
        }
    })?;
    let port = four.local_addr().map_or(port, |address| address.port());
    // A machine without IPv6 has the other one.
    let six = TcpListener::bind(SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port));
    Ok((std::iter::once(four).chain(six).collect(), port))
}

/// Opens a browser where that can be; where not, the address stands on the terminal.
fn open_browser(address: &str) {
    let variable = |name: &str| std::env::var_os(name).is_some_and(|text| !text.is_empty());
    let (program, before): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else if variable("DISPLAY") || variable("WAYLAND_DISPLAY") {
        ("xdg-open", &[])
    } else {
        return;
    };
    let mut command = Command::new(program);
    command.args(before).arg(address);
    let _ = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
}

/// Takes connections, each in a thread of its own.
fn accept<'scope>(
    scope: &'scope std::thread::Scope<'scope, '_>,
    listener: &TcpListener,
    port: u16,
    hall: &'scope Hall,
    count: &'scope AtomicUsize,
) {
    loop {
        let accepted = listener.accept();
        if hall.stops() {
            return;
        }
        let Ok((mut stream, _)) = accepted else {
            // Too many open files: some will be closed.
            std::thread::sleep(LOOK);
            continue;
        };
        if count.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS {
            count.fetch_sub(1, Ordering::Relaxed);
            let _ = stream.set_write_timeout(Some(Duration::from_millis(100)));
            let _ = stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            continue;
        }
        let thread = Builder::new().name("still viewer".into()).stack_size(STACK);
        let serve = move || {
            // A client that goes away is no news.
            let _ = serve(&mut stream, port, hall);
            count.fetch_sub(1, Ordering::Relaxed);
        };
        if thread.spawn_scoped(scope, serve).is_err() {
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Answers one request.
fn serve(stream: &mut TcpStream, port: u16, hall: &Hall) -> std::io::Result<()> {
    let request = match http::read(stream, port, &|| hall.stops()) {
        Ok(request) => request,
        Err(refusal) => {
            let (status, text) = match refusal {
                Refusal::Late => return Ok(()),
                Refusal::Garbled => ("400 Bad Request", "This is no request."),
                Refusal::Stranger => {
                    ("403 Forbidden", "Ask for localhost, 127.0.0.1 or [::1], with the port.")
                }
                Refusal::Method => ("405 Method Not Allowed", "Only GET and HEAD are answered."),
            };
            return http::write(stream, &page::refusal(status, text), false);
        }
    };
    match route(&request.path) {
        Route::Events(run) if !request.head_only => events(stream, hall, run.as_deref()),
        route => http::write(stream, &answer(route, hall), request.head_only),
    }
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Route {
    List,
    Run(String),
    /// Of the list, or of a run.
    Events(Option<String>),
    Report(String),
    Icon,
    Nothing,
}

/// Everything that there is has one of these names.
pub fn route(path: &str) -> Route {
    let name = |name: &str| name.to_string();
    match path.split('/').skip(1).collect::<Vec<_>>().as_slice() {
        [""] => Route::List,
        ["events"] => Route::Events(None),
        ["icon.svg" | "favicon.ico"] => Route::Icon,
        ["run", run] | ["run", run, ""] if !run.is_empty() => Route::Run(name(run)),
        ["run", run, "events"] => Route::Events(Some(name(run))),
        ["run", run, "report.html"] => Route::Report(name(run)),
        _ => Route::Nothing,
    }
}

fn answer(route: Route, hall: &Hall) -> Answer {
    let nothing = || page::refusal("404 Not Found", "There is no such page.");
    let file = |kind: &'static str, policy: &str, body: Vec<u8>| Answer {
        status: "200 OK",
        kind,
        policy: policy.to_string(),
        body,
    };
    match route {
        Route::List => page::list(&list(hall), &hall.home().display().to_string()),
        Route::Run(name) => match hall.parts(&name) {
            Some(parts) => page::run(&name, &parts),
            None => page::refusal("404 Not Found", "There is no such run."),
        },
        Route::Events(_) => file("text/event-stream; charset=utf-8", page::NOTHING, Vec::new()),
        Route::Report(name) => {
            let report = hall.report(&name);
            let read = report.and_then(|path| disk::read_regular(&path, LONGEST_REPORT).ok());
            read.map_or_else(nothing, |bytes| file(page::HTML, page::REPORT, bytes))
        }
        Route::Icon => file("image/svg+xml", page::NOTHING, page::ICON.into()),
        Route::Nothing => nothing(),
    }
}

fn list(hall: &Hall) -> Parts {
    let (runs, trouble) = hall.list();
    parts::of_list(&runs, trouble.as_deref())
}

/// Sends parts as they change, until the client or the server goes.
fn events(stream: &mut TcpStream, hall: &Hall, run: Option<&str>) -> std::io::Result<()> {
    if run.is_some_and(|run| !hall.has(run)) {
        let answer = page::refusal("404 Not Found", "There is no such run.");
        return http::write(stream, &answer, false);
    }
    http::begin_events(stream, page::NOTHING)?;
    let mut sent: BTreeMap<String, String> = BTreeMap::new();
    let mut version = 0;
    while let Some(newest) = hall.wait(version, BEAT) {
        version = newest;
        let parts = match run {
            None => Some(list(hall)),
            Some(run) => hall.parts(run),
        };
        let Some(parts) = parts else {
            return stream.write_all(b"event: gone\ndata: {}\n\n");
        };
        // Fewer than before: the run began anew.
        let whole = sent.is_empty() || sent.len() > parts.len();
        if whole {
            sent.clear();
        }
        let fresh: Vec<&(String, String)> =
            parts.iter().filter(|(id, text)| sent.get(id) != Some(text)).collect();
        if fresh.is_empty() {
            stream.write_all(b": still here\n\n")?;
        } else {
            // Oldest stages first: each new one is put before them.
            let news: Vec<_> = fresh.iter().rev().collect();
            let news = json!({ "whole": whole, "parts": news });
            stream.write_all(format!("event: parts\ndata: {news}\n\n").as_bytes())?;
        }
        stream.flush()?;
        sent.extend(parts);
        if !http::is_there(stream) {
            return Ok(());
        }
        std::thread::sleep(PACE);
    }
    Ok(())
}
