//! A real browser for tests of pages: headless Chromium through chromedriver's WebDriver protocol.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Set to `required`, tests of pages fail where no browser is found, instead of being skipped.
pub const VARIABLE: &str = "STILL_BROWSER_TESTS";
/// What a page may take to load, or a script to run.
const PATIENCE: Duration = Duration::from_secs(60);

/// One window of a browser; it ends with this value.
pub struct Browser {
    driver: Child,
    agent: ureq::Agent,
    session: String,
    _profile: TempDir,
}

fn found(names: &[&str]) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let all = std::env::split_paths(&folders)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    all.into_iter().find(|path| path.is_file())
}

/// chromedriver takes a port for two kinds of addresses, and ends where another one was quicker on one of them.
const TRIES: usize = 5;

impl Browser {
    /// A window whose page is so wide and high, in CSS pixels. `None`, and a word on it, where no browser is found.
    ///
    /// # Panics
    /// A browser that does not start; none, where [`VARIABLE`] says `required`.
    pub fn start(width: u32, height: u32) -> Option<Browser> {
        let chromium =
            found(&["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]);
        let (Some(driver), Some(chromium)) = (found(&["chromedriver"]), chromium) else {
            let required = std::env::var(VARIABLE).is_ok_and(|own| own == "required");
            assert!(
                !required,
                "chromedriver or chromium is not on the path, and {VARIABLE}=required"
            );
            eprintln!("skipped: chromedriver or chromium is not on the path");
            return None;
        };
        let profile = tempfile::tempdir().expect("a folder");
        let (driver, port) = (0..TRIES)
            .find_map(|_| {
                let mut driver = Command::new(&driver)
                    .arg("--port=0")
                    .stdout(Stdio::piped())
                    .stderr(Stdio::null())
                    .spawn()
                    .expect("chromedriver");
                let port = port_of(&mut driver);
                if port.is_none() {
                    let _ = driver.wait();
                }
                Some((driver, port?))
            })
            .expect("chromedriver's port");
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .into();
        let session = format!("http://127.0.0.1:{port}/session");
        let mut browser = Browser { driver, agent, session, _profile: profile };
        let folder = format!("--user-data-dir={}", browser._profile.path().display());
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            &folder,
        ];
        let asked = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "binary": chromium, "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        } } });
        let begun = browser.ask("", Some(&asked));
        let id = begun["sessionId"].as_str().expect("a session").to_string();
        browser.session = format!("{}/{id}", browser.session);
        browser.resize(width, height);
        Some(browser)
    }

    /// What a command of the protocol gives.
    #[track_caller]
    fn ask(&self, path: &str, body: Option<&Value>) -> Value {
        let address = format!("{}{path}", self.session);
        let answer = match body {
            Some(body) => self
                .agent
                .post(&address)
                .header("content-type", "application/json")
                .send(body.to_string()),
            None => self.agent.get(&address).call(),
        };
        let text = answer
            .expect("an answer of chromedriver")
            .body_mut()
            .with_config()
            .limit(1 << 28)
            .read_to_string();
        let told: Value = serde_json::from_str(&text.expect("a text")).expect("JSON");
        let value = told["value"].clone();
        assert!(value.get("error").is_none(), "{path}: {}", value["message"]);
        value
    }

    #[track_caller]
    fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.ask("/goog/cdp/execute", Some(&json!({ "cmd": command, "params": parameters })))
    }

    /// Gives the page another size, in CSS pixels.
    pub fn resize(&self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Opens an address, and returns when its page is loaded.
    #[track_caller]
    pub fn open(&self, url: &str) {
        self.ask("/url", Some(&json!({ "url": url })));
    }

    /// Opens a file.
    #[track_caller]
    pub fn open_file(&self, path: &Path) {
        let path = path.canonicalize().expect("a file");
        self.open(&format!("file://{}", path.display()));
    }

    /// What a script's `return` gives, run in the page.
    #[track_caller]
    pub fn run(&self, script: &str) -> Value {
        self.ask("/execute/sync", Some(&json!({ "script": script, "args": [] })))
    }

    /// Errors and warnings of the console since this was last asked.
    pub fn console_errors(&self) -> Vec<String> {
        let told = self.ask("/se/log", Some(&json!({ "type": "browser" })));
        let bad = |entry: &&Value| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING"));
        let text = |entry: &Value| entry["message"].as_str().unwrap_or_default().to_string();
        told.as_array().into_iter().flatten().filter(bad).map(text).collect()
    }

    /// The addresses that were asked for since this was last asked; what a page carries itself (`data:`) is none.
    pub fn requests(&self) -> Vec<String> {
        let told = self.ask("/se/log", Some(&json!({ "type": "performance" })));
        let address = |entry: &Value| {
            let event: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let message = &event["message"];
            let is_request = message["method"] == "Network.requestWillBeSent";
            let url = message["params"]["request"]["url"].as_str()?;
            // The window begins with a page of the browser's own.
            let counts = is_request
                && !["data:", "chrome:", "chrome-untrusted:"]
                    .iter()
                    .any(|own| url.starts_with(own));
            counts.then(|| url.to_string())
        };
        told.as_array().into_iter().flatten().filter_map(address).collect()
    }

    /// Whether the reader prefers a dark page.
    pub fn dark(&self, on: bool) {
        let scheme = if on { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// Writes what the window shows, or, with `whole`, all of the page, as a PNG.
    pub fn screenshot(&self, path: &Path, whole: bool) {
        let shot =
            self.devtools("Page.captureScreenshot", &json!({ "captureBeyondViewport": whole }));
        let png =
            BASE64_STANDARD.decode(shot["data"].as_str().expect("a picture")).expect("base64");
        std::fs::write(path, png).expect("a file");
    }
}

/// The port that chromedriver says it listens on; nothing, where it ended instead.
fn port_of(driver: &mut Child) -> Option<u16> {
    let lines = BufReader::new(driver.stdout.take().expect("its output")).lines();
    let told = |line: std::io::Result<String>| {
        line.expect("a line").rsplit_once("on port ")?.1.trim_end_matches('.').parse().ok()
    };
    // It says first what it was asked for: port 0.
    lines.into_iter().filter_map(told).find(|port| *port != 0)
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
