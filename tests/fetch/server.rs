//! A server of a few files that misbehaves as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// What the server has and how it behaves.
#[derive(Clone, Default)]
pub struct Manners {
    pub files: BTreeMap<String, Vec<u8>>,
    /// It knows no ranges.
    pub no_ranges: bool,
    /// It tells no length, and ends with the connection.
    pub no_length: bool,
    pub etag: Option<String>,
    /// Further lines of the head of each file.
    pub headers: String,
    /// The next answers end after so many bytes of the body.
    pub cuts: VecDeque<usize>,
    /// The next answers are these, with a header.
    pub answers: VecDeque<(u16, String)>,
    /// What is elsewhere on this server, by the line that says where.
    pub moved: BTreeMap<String, String>,
    /// After so many bytes of the next body it says nothing for a while.
    pub silence: Option<(usize, Duration)>,
    /// A pause after each 4 kB.
    pub slow: Duration,
    /// Every request so far: path and range.
    pub asked: Vec<(String, String)>,
}

pub struct Server {
    pub address: String,
    manners: Arc<Mutex<Manners>>,
}

impl Server {
    pub fn of(files: &[(&str, &[u8])]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let files = files.iter().map(|(name, bytes)| (format!("/{name}"), bytes.to_vec()));
        let manners = Manners { files: files.collect(), ..Manners::default() };
        let manners = Arc::new(Mutex::new(manners));
        let shared = manners.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                std::thread::spawn(move || answer(stream, &shared));
            }
        });
        Server { address, manners }
    }

    pub fn manners(&self) -> MutexGuard<'_, Manners> {
        self.manners.lock().expect("the manners")
    }

    /// The ranges that were asked for, `""` for whole files.
    pub fn ranges(&self) -> Vec<String> {
        self.manners().asked.iter().map(|(_, range)| range.clone()).collect()
    }
}

fn answer(mut stream: TcpStream, manners: &Mutex<Manners>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim() {
            "" => break,
            line => lines.push(line.to_string()),
        }
    }
    let path = lines.first()?.split(' ').nth(1)?.to_string();
    let header = |name: &str| {
        let pairs = lines.iter().filter_map(|line| line.split_once(": "));
        pairs.into_iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    let (range, if_range) = (header("range"), header("if-range"));
    let mut own = manners.lock().ok()?;
    own.asked.push((path.clone(), range.unwrap_or("").to_string()));
    let moved = own.moved.get(&path).map(|location| (307, location.clone()));
    if let Some((status, header)) = moved.or_else(|| own.answers.pop_front()) {
        let head = format!(
            "HTTP/1.1 {status} X\r\n{header}Content-Length: 0\r\nConnection: close\r\n\r\n"
        );
        return stream.write_all(head.as_bytes()).ok();
    }
    let Some(file) = own.files.get(&path).cloned() else {
        let head = "HTTP/1.1 404 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return stream.write_all(head.as_bytes()).ok();
    };
    let range = range.and_then(|text| text.strip_prefix("bytes=")?.split_once('-'));
    let from = range.and_then(|(from, _)| from.parse().ok());
    let is_same = if_range.is_none_or(|tag| own.etag.as_deref() == Some(tag));
    let from: Option<usize> = from.filter(|_| !own.no_ranges && is_same);
    let last = range.and_then(|(_, to)| to.parse::<usize>().ok()).unwrap_or(usize::MAX);
    let last = last.min(file.len().saturating_sub(1));
    let mut head = match from {
        Some(from) if from >= file.len() => {
            let range = format!("HTTP/1.1 416 X\r\nContent-Range: bytes */{}\r\n", file.len());
            let head = format!("{range}Content-Length: 0\r\nConnection: close\r\n\r\n");
            return stream.write_all(head.as_bytes()).ok();
        }
        Some(from) => {
            format!("HTTP/1.1 206 X\r\nContent-Range: bytes {from}-{}/{}\r\n", last, file.len())
        }
        None => "HTTP/1.1 200 X\r\n".to_string(),
    };
    let body = &file[from.unwrap_or(0)..];
    let body = if from.is_some() { &body[..last + 1 - from.unwrap_or(0).min(last)] } else { body };
    if !own.no_length {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    if let Some(etag) = &own.etag {
        head += &format!("ETag: {etag}\r\n");
    }
    head += &own.headers;
    let cut = own.cuts.pop_front().unwrap_or(body.len()).min(body.len());
    // An answer that is shorter leaves it to the next one.
    let silence = own.silence.filter(|(at, _)| *at < cut);
    if silence.is_some() {
        own.silence = None;
    }
    let slow = own.slow;
    drop(own);
    stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).ok()?;
    let mut sent = 0;
    for block in body[..cut].chunks(4096) {
        if let Some((at, pause)) = silence
            && sent <= at
            && at < sent + block.len()
        {
            std::thread::sleep(pause);
        }
        stream.write_all(block).ok()?;
        sent += block.len();
        std::thread::sleep(slow);
    }
    stream.flush().ok()
}
