//! An editor of a few lines: it speaks to the binary, and waits for answers, never for a time.

use crate::support::Sandbox;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Longer than any answer takes on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where the cursor stands in a text.
pub const CURSOR: char = '‸';

pub struct Editor {
    pub sandbox: Sandbox,
    child: Child,
    input: Option<ChildStdin>,
    output: Receiver<Value>,
    /// What came and was not waited for yet.
    waiting: Vec<Value>,
    last: i64,
}

/// A text without its cursor, and where that stands as UTF-16 has it.
pub fn split(text: &str) -> (String, Value) {
    let (before, after) = text.split_once(CURSOR).expect("a cursor");
    let line = before.matches('\n').count();
    let row = before.rsplit('\n').next().expect("a row");
    let character = row.encode_utf16().count();
    (format!("{before}{after}"), json!({ "line": line, "character": character }))
}

impl Editor {
    /// An editor that has not said anything yet.
    pub fn silent() -> Self {
        let sandbox = Sandbox::new();
        let mut command = sandbox.command();
        command.arg("lsp").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().expect("the binary");
        let (input, output) = (child.stdin.take(), child.stdout.take().expect("its output"));
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = message(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Editor { sandbox, child, input, output: receiver, waiting: Vec::new(), last: 0 }
    }

    /// An editor that has started; `capabilities` are those of the client.
    pub fn with(capabilities: Value) -> Self {
        let mut editor = Editor::silent();
        let answer = editor.ask("initialize", json!({ "capabilities": capabilities }));
        assert!(answer["capabilities"]["hoverProvider"].as_bool().expect("a capability"));
        editor.notify("initialized", json!({}));
        editor
    }

    pub fn new() -> Self {
        Editor::with(json!({}))
    }

    pub fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.write(&format!("Content-Length: {}\r\n\r\n{text}", text.len()));
    }

    pub fn write(&mut self, text: &str) {
        let input = self.input.as_mut().expect("an open input");
        input.write_all(text.as_bytes()).and_then(|()| input.flush()).expect("a reader");
    }

    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request and gives its id.
    pub fn request(&mut self, method: &str, params: Value) -> i64 {
        self.last += 1;
        let id = self.last;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// The first message that fits.
    #[track_caller]
    pub fn wait(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.waiting.iter().position(&fits) {
            return self.waiting.remove(at);
        }
        let end = Instant::now() + PATIENCE;
        loop {
            let rest = end.saturating_duration_since(Instant::now());
            let message = self.output.recv_timeout(rest).unwrap_or_else(|_| panic!("no {what}"));
            if fits(&message) {
                return message;
            }
            self.waiting.push(message);
        }
    }

    /// The whole answer to a request.
    #[track_caller]
    pub fn answer(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        self.wait(method, |message| message["id"] == id && message.get("method").is_none())
    }

    /// The result of a request that must end well.
    #[track_caller]
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.answer(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    pub fn uri(&self, name: &str) -> String {
        format!("file://{}", self.sandbox.file(name).display())
    }

    /// Opens a text, which is not on the disk.
    pub fn open(&mut self, name: &str, text: &str) {
        let uri = self.uri(name);
        let item = json!({ "uri": uri, "languageId": "rhai", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": item }));
    }

    /// Replaces the whole text.
    pub fn replace(&mut self, name: &str, version: i32, text: &str) {
        self.change(name, version, json!([{ "text": text }]));
    }

    pub fn change(&mut self, name: &str, version: i32, changes: Value) {
        let document = json!({ "uri": self.uri(name), "version": version });
        let params = json!({ "textDocument": document, "contentChanges": changes });
        self.notify("textDocument/didChange", params);
    }

    /// Opens a text as `recipe.rhai` and gives the parameters of a request at its cursor.
    pub fn at(&mut self, text: &str) -> Value {
        let (text, position) = split(text);
        self.open("recipe.rhai", &text);
        json!({ "textDocument": { "uri": self.uri("recipe.rhai") }, "position": position })
    }

    /// The diagnostics of a file for this version, each as `line:start-end severity message`.
    #[track_caller]
    pub fn diagnostics(&mut self, name: &str, version: i32) -> Vec<String> {
        let uri = self.uri(name);
        let found = self.wait("diagnostics", |message| {
            let params = &message["params"];
            message["method"] == "textDocument/publishDiagnostics"
                && params["uri"] == uri.as_str()
                && params["version"] == version
        });
        found["params"]["diagnostics"].as_array().expect("a list").iter().map(told).collect()
    }

    /// The text of the hover at the cursor.
    #[track_caller]
    pub fn hover(&mut self, text: &str) -> String {
        let params = self.at(text);
        let found = self.ask("textDocument/hover", params);
        found["contents"]["value"].as_str().unwrap_or("nothing").to_string()
    }

    /// What is proposed at the cursor.
    #[track_caller]
    pub fn proposals(&mut self, text: &str) -> Vec<Value> {
        let params = self.at(text);
        let found = self.ask("textDocument/completion", params);
        found.as_array().expect("a list").clone()
    }

    /// The names of what is proposed at the cursor.
    #[track_caller]
    pub fn names(&mut self, text: &str) -> Vec<String> {
        let label = |item: &Value| item["label"].as_str().expect("a label").to_string();
        self.proposals(text).iter().map(label).collect()
    }

    /// Ends the server, and gives its exit code.
    pub fn leave(mut self) -> i32 {
        self.ask("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        self.code()
    }

    /// Closes the stream, and gives the exit code.
    pub fn hang_up(mut self) -> i32 {
        self.input = None;
        self.code()
    }

    pub fn code(&mut self) -> i32 {
        self.child.wait().expect("an end").code().unwrap_or(-1)
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // A test that failed leaves it running; one that ended has waited for it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn told(diagnostic: &Value) -> String {
    let severity = if diagnostic["severity"] == 1 { "error" } else { "warning" };
    let message = diagnostic["message"].as_str().expect("a message").replace('\n', " | ");
    format!("{} {severity} {message}", range(&diagnostic["range"]))
}

/// A range as `line:start-end`, counted from 0 as editors do.
pub fn range(range: &Value) -> String {
    let (start, end) = (&range["start"], &range["end"]);
    match start["line"] == end["line"] {
        true => format!("{}:{}-{}", start["line"], start["character"], end["character"]),
        false => {
            format!("{}:{}-{}:{}", start["line"], start["character"], end["line"], end["character"])
        }
    }
}

/// A text after edits of one file, which do not overlap.
pub fn edited(text: &str, edits: &Value) -> String {
    let offset = |at: &Value| {
        let line = at["line"].as_u64().expect("a line") as usize;
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let mut units = at["character"].as_u64().expect("a column") as usize;
        let mut bytes = start;
        for letter in text[start..].chars() {
            if units == 0 {
                break;
            }
            units -= letter.len_utf16();
            bytes += letter.len_utf8();
        }
        bytes
    };
    let mut all: Vec<(usize, usize, String)> = edits
        .as_array()
        .expect("edits")
        .iter()
        .map(|edit| {
            let new = edit["newText"].as_str().expect("a text").to_string();
            (offset(&edit["range"]["start"]), offset(&edit["range"]["end"]), new)
        })
        .collect();
    all.sort();
    let mut result = text.to_string();
    for (start, end, new) in all.into_iter().rev() {
        result.replace_range(start..end, &new);
    }
    result
}

fn message(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim() {
            "" => break,
            header => {
                if let Some(digits) = header.strip_prefix("Content-Length: ") {
                    length = digits.parse().expect("a length");
                }
            }
        }
    }
    let mut text = vec![0; length];
    output.read_exact(&mut text).ok()?;
    Some(serde_json::from_slice(&text).expect("JSON"))
}
