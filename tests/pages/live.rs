//! `still serve` in a real browser while a recipe trains and is edited.

use super::served::Served;
use crate::support::browser::Browser;
use crate::support::{Sandbox, TINY, example};
use serde_json::Value;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A run that ends when it is killed.
struct Running(Child);

impl Running {
    fn start(sandbox: &Sandbox) -> Running {
        let mut command = sandbox.command();
        command.args(["run", "recipe.rhai", "--set", "epochs=1000000", "--on-error", "pause"]);
        command.arg("--set").arg(format!("data={}", example().display()));
        command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
        Running(command.spawn().expect("the binary"))
    }

    fn kill(&mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("an end");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until a script gives true.
#[track_caller]
fn until(browser: &Browser, script: &str) {
    let begun = Instant::now();
    loop {
        if browser.run(script) == Value::Bool(true) {
            return;
        }
        if begun.elapsed() > Duration::from_secs(90) {
            panic!("{script} is never true of\n{}", browser.run("return document.body.innerText"));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// How far the page reaches beyond the window.
fn overflow(browser: &Browser) -> Option<i64> {
    let script =
        "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
    browser.run(script).as_i64()
}

#[test]
fn a_run_is_seen_while_it_trains_and_is_edited() {
    let Some(browser) = Browser::start(1280, 900) else { return };
    let sandbox = Sandbox::new();
    sandbox.write("recipe.rhai", TINY);
    let served = Served::start(&sandbox, 0);
    browser.open(&served.address("/"));
    until(&browser, "return document.querySelector('#list').innerText.includes('No run yet')");
    let mut running = Running::start(&sandbox);
    // The list gets it by itself.
    until(&browser, "return document.querySelectorAll('#list tbody tr').length === 1");
    until(&browser, "return document.querySelector('.state.running') !== null");
    browser.run("document.querySelector('#list a').click()");
    until(&browser, "return document.querySelector('path.line.trained') !== null");
    browser.run("window.stays = true");
    // The curve grows, without a new page.
    let epochs = "return +document.querySelector('#now dd:nth-of-type(1)').innerText.split('/')[0]";
    let before = browser.run(epochs).as_f64().expect("a step");
    until(&browser, &epochs.replace("return ", &format!("return {before} + 5 < ")));
    // An edit comes into force, and is marked in each curve.
    sandbox.write("recipe.rhai", format!("{TINY}\nfn lr(ctx) {{ 0.0001 }}\n"));
    until(
        &browser,
        "return document.querySelector('#edits').innerText.includes('version 1 in force from step')",
    );
    until(&browser, "return document.querySelectorAll('.panels figure .mark').length >= 2");
    until(&browser, "return document.querySelector('#stages').innerText.includes('1.0e-4')");
    // One that is wrong is refused, and says why.
    sandbox.write("recipe.rhai", format!("{TINY}\nfn lr(ctx) {{ raet * 0.1 }}\n"));
    until(
        &browser,
        "return document.querySelector('#edits li.bad pre') !== null && \
                     document.querySelector('#edits li.bad pre').innerText.includes('raet')",
    );
    until(&browser, "return document.querySelector('.mark.refused') !== null");
    for dark in [false, true] {
        browser.dark(dark);
        for width in [390, 720, 1280] {
            browser.resize(width, 844);
            assert_eq!(overflow(&browser), Some(0), "at {width} pixels");
        }
    }
    assert_eq!(browser.run("return window.stays"), Value::Bool(true), "the page was loaded anew");
    // Its process is killed: nobody else tells.
    running.kill();
    until(&browser, "return document.querySelector('.state.stopped') !== null");
    assert_eq!(browser.console_errors(), Vec::<String>::new());
    // The server goes and comes back.
    let port = served.port;
    drop(served);
    until(&browser, "return document.querySelector('#link').innerText.includes('connection lost')");
    let served = Served::start(&sandbox, port);
    until(&browser, "return document.querySelector('#link').innerText === 'live'");
    browser.console_errors();
    // The run goes on, in another process.
    let _running = Running::start(&sandbox);
    until(&browser, "return document.querySelector('.state.running') !== null");
    until(
        &browser,
        "return document.querySelector('#log').innerText.includes('another process goes on')",
    );
    assert_eq!(browser.run("return window.stays"), Value::Bool(true));
    browser.open(&served.address("/"));
    browser.resize(390, 844);
    until(&browser, "return document.querySelector('.state.running') !== null");
    assert_eq!(overflow(&browser), Some(0));
    assert_eq!(browser.console_errors(), Vec::<String>::new());
    let own = |address: &String| address.starts_with(&served.address("/"));
    let asked = browser.requests();
    assert!(!asked.is_empty() && asked.iter().all(own), "{asked:?}");
}

#[test]
fn a_run_that_ends_shows_what_it_gave() {
    let Some(browser) = Browser::start(1280, 900) else { return };
    let sandbox = Sandbox::new();
    let served = Served::start(&sandbox, 0);
    sandbox.run(TINY, &[]).good();
    let folder = sandbox.run_folder();
    let name = folder.file_name().expect("a name").to_string_lossy().to_string();
    browser.open(&served.address(&format!("/run/{name}")));
    until(&browser, "return document.querySelector('.state.ended') !== null");
    until(&browser, "return document.querySelector('#link').innerText === 'live'");
    let table = browser.run("return document.querySelector('#table').innerText");
    let table = table.as_str().expect("a text");
    let results: Value = serde_json::from_str(
        &std::fs::read_to_string(folder.join("results.json")).expect("results"),
    )
    .expect("JSON");
    for stage in results["stages"].as_array().expect("stages") {
        let worth = format!("{:.1} %", stage["accuracy"].as_f64().expect("a number") * 100.0);
        assert!(table.contains(stage["name"].as_str().expect("a name")), "{table}");
        assert!(table.contains(&worth), "{worth} is not in {table}");
    }
    assert!(!folder.join("live.json").exists());
    // A second run takes both stages from the store; their curves are there all the same.
    let ran = sandbox.still(&[
        "run",
        "--new",
        "recipe.rhai",
        "--set",
        &format!("data={}", example().display()),
    ]);
    ran.good();
    browser.open(&served.address("/"));
    until(&browser, "return document.querySelectorAll('#list tbody tr').length === 2");
    browser.run("document.querySelector('#list a').click()");
    until(&browser, "return document.querySelector('#table').innerText.includes('from the store')");
    until(&browser, "return document.querySelectorAll('path.line.worth').length === 2");
    assert_eq!(browser.console_errors(), Vec::<String>::new());
}
