//! The server: what comes in, in order; and diagnostics as they are found.

use super::diagnostics::{Found, Job, work};
use super::document::{Document, Units};
use super::requests::{Failure, answer};
use super::wire::{self, Incoming};
use super::world::World;
use crate::error::{Error, Kind, Result, guarded};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::{
    Diagnostic, DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DidSaveTextDocumentParams, InitializeParams, PublishDiagnosticsParams, Uri,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{BufReader, Read, Write};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, Instant};

/// How long a text must rest before it is looked at.
const REST: Duration = Duration::from_millis(150);
/// The stack of the thread that compiles: recipes nest.
const STACK: usize = 256 << 20;

enum Event {
    In(Incoming),
    End,
    Found(Found),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Before `initialize`.
    New,
    Running,
    /// After `shutdown`.
    Down,
}

struct Server<W> {
    output: W,
    phase: Phase,
    world: World,
    snippets: bool,
    queue: VecDeque<Event>,
    jobs: Sender<Job>,
    /// When which text is to be looked at.
    due: BTreeMap<String, Instant>,
    /// What was found in which file, by the text that was looked at.
    told: BTreeMap<String, BTreeMap<String, Vec<Diagnostic>>>,
    /// What the editor was told last of each file.
    shown: BTreeMap<String, Vec<Diagnostic>>,
}

/// Serves an editor until it says `exit` or goes away, and gives the exit code of the protocol: 0 after
/// `shutdown`, 1 without.
///
/// # Errors
/// The editor does not read any more; a thread cannot be had.
pub fn serve(input: impl Read + Send + 'static, output: impl Write) -> Result<i32> {
    let (events, incoming) = unbounded();
    let (jobs, asked) = unbounded();
    let (reads, finds) = (events.clone(), events);
    let threads = std::thread::Builder::new().name("still lsp reader".into());
    // Neither thread is waited for: the one may read for ever, the other may be in the middle of a const.
    let reader = threads.spawn(move || {
        wire::read(BufReader::new(input), Event::In, &reads);
        let _ = reads.send(Event::End);
    });
    let threads = std::thread::Builder::new().name("still lsp checks".into()).stack_size(STACK);
    let worker = threads.spawn(move || work(&asked, Event::Found, &finds));
    if reader.is_err() || worker.is_err() {
        return Err(Error::new(Kind::Internal, "still lsp", "a thread could not be had"));
    }
    let mut server = Server {
        output,
        phase: Phase::New,
        world: World::new(Units::Utf16),
        snippets: false,
        queue: VecDeque::new(),
        jobs,
        due: BTreeMap::new(),
        told: BTreeMap::new(),
        shown: BTreeMap::new(),
    };
    server.run(&incoming)
}

impl<W: Write> Server<W> {
    fn run(&mut self, incoming: &Receiver<Event>) -> Result<i32> {
        loop {
            self.look();
            if self.queue.is_empty() {
                let rest = self
                    .due
                    .values()
                    .min()
                    .map(|due| due.saturating_duration_since(Instant::now()));
                match incoming.recv_timeout(rest.unwrap_or(Duration::from_secs(3600))) {
                    Ok(event) => self.queue.push_back(event),
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => return Ok(self.code()),
                }
            }
            // All that waits is known, so that what was cancelled is not worked out.
            self.queue.extend(incoming.try_iter());
            let Some(event) = self.queue.pop_front() else { continue };
            match event {
                Event::End => return Ok(self.code()),
                Event::Found(found) => self.found(found)?,
                Event::In(Incoming::Wrong { id, code, problem }) => {
                    wire::refuse(&mut self.output, &id, code, &problem)?;
                }
                Event::In(Incoming::Message(Message::Request(request))) => self.request(request)?,
                Event::In(Incoming::Message(Message::Notification(note))) => {
                    if note.method == "exit" {
                        return Ok(self.code());
                    }
                    self.notification(note)?;
                }
                Event::In(Incoming::Message(Message::Response(_))) => {}
            }
        }
    }

    fn code(&self) -> i32 {
        if self.phase == Phase::Down { 0 } else { 1 }
    }

    fn send(&mut self, message: impl Into<Message>) -> Result<()> {
        wire::write(&mut self.output, message.into())
    }

    fn request(&mut self, request: Request) -> Result<()> {
        let id = request.id.clone();
        let outcome = match (self.phase, request.method.as_str()) {
            (Phase::New, "initialize") => self.initialize(request.params),
            (Phase::New, _) => {
                Err(Failure::new(ErrorCode::ServerNotInitialized, "not initialized"))
            }
            (Phase::Down, _) => Err(Failure::new(ErrorCode::InvalidRequest, "shut down already")),
            (Phase::Running, "initialize") => {
                Err(Failure::new(ErrorCode::InvalidRequest, "initialized already"))
            }
            (Phase::Running, "shutdown") => {
                self.phase = Phase::Down;
                Ok(Value::Null)
            }
            (Phase::Running, _) if self.is_cancelled(&id) => {
                Err(Failure::new(ErrorCode::RequestCanceled, "cancelled"))
            }
            (Phase::Running, _) => {
                let act = || Ok(answer(&self.world, self.snippets, request));
                guarded("still lsp", act).unwrap_or_else(|error| {
                    Err(Failure::new(ErrorCode::InternalError, &error.to_string()))
                })
            }
        };
        self.send(match outcome {
            Ok(result) => Response { id, response_result: Ok(result) },
            Err(failure) => Response::new_err(id, failure.code as i32, failure.message),
        })
    }

    /// Whether the editor said meanwhile that it does not want the answer any more.
    fn is_cancelled(&self, id: &RequestId) -> bool {
        self.queue.iter().any(|event| match event {
            Event::In(Incoming::Message(Message::Notification(note))) => {
                let own = serde_json::to_value(id).unwrap_or_default();
                note.method == "$/cancelRequest" && note.params.get("id") == Some(&own)
            }
            _ => false,
        })
    }

    fn initialize(&mut self, params: Value) -> std::result::Result<Value, Failure> {
        let params: InitializeParams = serde_json::from_value(params)
            .map_err(|cause| Failure::new(ErrorCode::InvalidParams, &cause.to_string()))?;
        let general = params.capabilities.general.and_then(|general| general.position_encodings);
        let utf8 = general.is_some_and(|all| all.iter().any(|one| one.as_str() == "utf-8"));
        let units = if utf8 { Units::Utf8 } else { Units::Utf16 };
        let completion = params.capabilities.text_document.and_then(|all| all.completion);
        let item = completion.and_then(|completion| completion.completion_item);
        self.snippets = item.and_then(|item| item.snippet_support).unwrap_or(false);
        self.world = World::new(units);
        self.phase = Phase::Running;
        Ok(json!({
            "capabilities": {
                "positionEncoding": if utf8 { "utf-8" } else { "utf-16" },
                "textDocumentSync": { "openClose": true, "change": 2, "save": true },
                "hoverProvider": true,
                "completionProvider": { "triggerCharacters": [".", ":", "{", "\"", "/"] },
                "signatureHelpProvider": { "triggerCharacters": ["(", ","] },
                "definitionProvider": true,
                "referencesProvider": true,
                "documentHighlightProvider": true,
                "documentSymbolProvider": true,
                "foldingRangeProvider": true,
                "renameProvider": { "prepareProvider": true },
            },
            "serverInfo": { "name": "still", "version": env!("CARGO_PKG_VERSION") },
        }))
    }

    /// Nothing is answered to a notification, not even to one that makes no sense.
    fn notification(&mut self, note: Notification) -> Result<()> {
        if self.phase != Phase::Running {
            return Ok(());
        }
        match note.method.as_str() {
            "textDocument/didOpen" => {
                if let Some(params) = read::<DidOpenTextDocumentParams>(note.params) {
                    let new = params.text_document;
                    let units = self.world.units();
                    let document = Document::new(new.uri.clone(), new.version, &new.text, units);
                    self.world.put(document);
                    self.touch(&new.uri, Duration::ZERO);
                }
            }
            "textDocument/didChange" => {
                if let Some(params) = read::<DidChangeTextDocumentParams>(note.params) {
                    let (uri, version) = (params.text_document.uri, params.text_document.version);
                    if let Some(document) = self.world.get(&uri) {
                        self.world.put(document.changed(version, &params.content_changes));
                        self.touch(&uri, REST);
                    }
                }
            }
            "textDocument/didSave" => {
                if let Some(params) = read::<DidSaveTextDocumentParams>(note.params) {
                    self.touch(&params.text_document.uri, Duration::ZERO);
                }
            }
            "textDocument/didClose" => {
                if let Some(params) = read::<DidCloseTextDocumentParams>(note.params) {
                    let uri = params.text_document.uri;
                    // What imports it reads the file again, which may be another text.
                    self.touch(&uri, Duration::ZERO);
                    self.world.remove(&uri);
                    self.due.remove(uri.as_str());
                    self.tell(uri.to_string(), BTreeMap::new())?;
                }
            }
            "workspace/didChangeWatchedFiles" => {
                let all: Vec<Uri> = self.world.open().map(|one| one.uri.clone()).collect();
                all.iter().for_each(|uri| self.touch(uri, REST));
            }
            _ => {}
        }
        Ok(())
    }

    /// Has a text looked at after a while, and those that import it.
    fn touch(&mut self, uri: &Uri, rest: Duration) {
        let Some(document) = self.world.get(uri) else { return };
        let due = Instant::now() + rest;
        self.due.insert(uri.to_string(), due);
        if let Some(path) = &document.path {
            for other in self.world.open().filter(|other| other.uri != *uri) {
                if self.world.imports(other, path) {
                    self.due.insert(other.uri.to_string(), due);
                }
            }
        }
    }

    /// Hands on what is due.
    fn look(&mut self) {
        let now = Instant::now();
        let ready: Vec<String> =
            self.due.iter().filter(|(_, due)| **due <= now).map(|(uri, _)| uri.clone()).collect();
        for uri in ready {
            self.due.remove(&uri);
            let document = Uri::from_str(&uri).ok().and_then(|uri| self.world.get(&uri));
            let Some(document) = document else { continue };
            let job = Job {
                uri: document.uri.clone(),
                version: document.version,
                path: document.path.clone().unwrap_or_else(|| PathBuf::from("untitled.rhai")),
                text: document.text().clone(),
                unsaved: self.world.unsaved(),
                units: self.world.units(),
            };
            // Without the worker there are no diagnostics; everything else goes on.
            let _ = self.jobs.send(job);
        }
    }

    fn found(&mut self, found: Found) -> Result<()> {
        let now = self.world.get(&found.uri).map(|document| document.version);
        // What was found in an older text would stand in the wrong places.
        if now != Some(found.version) || self.phase != Phase::Running {
            return Ok(());
        }
        self.tell(found.uri.to_string(), found.files)
    }

    /// Publishes what was found from one text, together with what was found from others in the same files.
    fn tell(&mut self, root: String, files: BTreeMap<String, Vec<Diagnostic>>) -> Result<()> {
        let mut touched: BTreeSet<String> = files.keys().cloned().collect();
        let before = match files.is_empty() {
            true => self.told.remove(&root),
            false => self.told.insert(root.clone(), files),
        };
        touched.extend(before.into_iter().flat_map(BTreeMap::into_keys));
        touched.insert(root.clone());
        for file in touched {
            let Ok(uri) = Uri::from_str(&file) else { continue };
            let mut diagnostics: Vec<Diagnostic> = Vec::new();
            for found in self.told.values().filter_map(|files| files.get(&file)).flatten() {
                // One mistake, whichever text led there.
                let same = |known: &Diagnostic| {
                    known.range == found.range && known.message == found.message
                };
                if !diagnostics.iter().any(same) {
                    diagnostics.push(found.clone());
                }
            }
            let before = self.shown.insert(file.clone(), diagnostics.clone());
            // Other files are told of when something changes there.
            if file != root && before.unwrap_or_default() == diagnostics {
                continue;
            }
            let version = self.world.get(&uri).map(|document| document.version);
            let params = PublishDiagnosticsParams { uri, diagnostics, version };
            self.send(Notification::new("textDocument/publishDiagnostics".to_string(), params))?;
        }
        Ok(())
    }
}

fn read<T: DeserializeOwned>(params: Value) -> Option<T> {
    serde_json::from_value(params).ok()
}
