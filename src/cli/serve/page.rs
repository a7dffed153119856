//! Whole pages: a frame around the parts, with a style and a script of their own and nothing from elsewhere.

use super::http::{Answer, encoded};
use super::parts::Parts;
use crate::cli::words::plain;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("live.js");
/// A drop that falls from a still.
pub(super) const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path d="M16 3C11 11 7 15 7 20a9 9 0 0 0 18 0c0-5-4-9-9-17z" fill="#0072b2"/></svg>"##;

/// What a page may do: its own style and script, its own events and icon, and nothing else.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; \
         img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
});
/// What nothing else may do.
pub(super) const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";
/// A report brings its own style and script, and sees nothing of this server.
pub(super) const REPORT: &str = "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; \
     script-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'none'";

pub(super) const HTML: &str = "text/html; charset=utf-8";

fn page(status: &'static str, title: &str, body: Markup) -> Answer {
    let text = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="icon" href="/icon.svg" type="image/svg+xml";
                style { (PreEscaped(STYLE)) }
            }
            (body)
        }
    };
    let body = text.into_string().into_bytes();
    Answer { status, kind: HTML, policy: POLICY.clone(), body }
}

fn part<'a>(parts: &'a Parts, name: &str) -> PreEscaped<&'a str> {
    let found = parts.iter().find(|(known, _)| known == name);
    PreEscaped(found.map_or("", |(_, text)| text.as_str()))
}

fn link() -> Markup {
    html! { p id="link" class="link" role="status" { "not live: this page needs a script" } }
}

/// The page of all runs.
pub(super) fn list(parts: &Parts, home: &str) -> Answer {
    let body = html! {
        body data-events="/events" {
            header {
                h1 { "Runs" }
                p class="facts" { span id="count" { (part(parts, "count")) } span { (plain(home)) } }
                (link())
            }
            main { section id="list" { (part(parts, "list")) } }
            script { (PreEscaped(SCRIPT)) }
        }
    };
    page("200 OK", "Runs – Stillroom", body)
}

/// The page of a run.
pub(super) fn run(name: &str, parts: &Parts) -> Answer {
    let stages = parts.iter().filter(|(name, _)| name.starts_with("stage-"));
    let body = html! {
        body data-events={ "/run/" (encoded(name)) "/events" } {
            header {
                p class="back" { a href="/" { "All runs" } }
                h1 { (plain(name)) }
                div id="state" { (part(parts, "state")) }
                (link())
            }
            main {
                section id="now" class="panel" aria-label="Now" { (part(parts, "now")) }
                section { h2 { "Stages" } div id="table" { (part(parts, "table")) } }
                section id="stages" aria-label="Curves" {
                    @for (id, text) in stages { article id=(id) { (PreEscaped(text)) } }
                }
                section { h2 { "Edits" } div id="edits" { (part(parts, "edits")) } }
                section { h2 { "What happened" } div id="log" { (part(parts, "log")) } }
            }
            script { (PreEscaped(SCRIPT)) }
        }
    };
    page("200 OK", &format!("{} – Stillroom", plain(name)), body)
}

/// The page for what is not there, or not given.
pub(super) fn refusal(status: &'static str, text: &str) -> Answer {
    let body = html! {
        body {
            header { h1 { (status) } }
            main { p { (text) } p { a href="/" { "All runs" } } }
        }
    };
    page(status, status, body)
}
