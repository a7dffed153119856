//! The page: one file, which asks nobody for anything.

mod facts;
mod recipe;
mod stages;

pub use stages::{cells, explained, head};

use super::evidence::Evidence;
use super::figures;
use super::judge::{Finding, Verdict, verdict};
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");
/// Nothing may come from elsewhere, and nothing may run.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// The page of a report.
pub fn page(evidence: &Evidence) -> String {
    let verdict = verdict(evidence);
    let compared: Vec<(usize, usize)> =
        verdict.comparisons.iter().map(|(own, _)| (own.group, own.baseline)).collect();
    let title = title(evidence);
    let sections: [(&str, &str, Markup); 9] = [
        ("stages", "Stages", stages::stages(evidence, &verdict)),
        ("curves", "Learning curves", figures::curves(evidence)),
        ("classes", "Gain by class", figures::class_gains(evidence, &compared)),
        ("confusion", "Confusion", figures::confusion(evidence, &compared)),
        ("teacher", "Teacher and student", figures::teacher(evidence, &compared)),
        ("calibration", "Calibration", figures::calibration(evidence, &compared)),
        ("clips", "Clips that changed", figures::changed_clips(evidence, &compared)),
        ("recipe", "Recipe", recipe::recipe(evidence)),
        ("facts", "How it was computed", facts::facts(evidence)),
    ];
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (title) }
                    p.runs { (facts::summary(evidence)) }
                }
                main {
                    section id="verdict" { (claim(evidence, &verdict)) }
                    nav aria-label="Contents" {
                        @for (id, name, _) in &sections { a href={ "#" (id) } { (name) } " " }
                    }
                    @for (id, name, content) in &sections {
                        section id=(id) aria-labelledby={ (id) "-head" } {
                            h2 id={ (id) "-head" } { (name) }
                            (content)
                        }
                    }
                }
                footer { p { "Made by still " (env!("CARGO_PKG_VERSION")) " from the folders of its runs. It asks no network for anything." } }
            }
        }
    };
    page.into_string()
}

/// What the report is called.
pub fn title(evidence: &Evidence) -> String {
    let given = evidence.options.title.clone().filter(|title| !title.trim().is_empty());
    let named = || evidence.runs.first().map(|run| run.past.name().to_string());
    given.or_else(named).unwrap_or_else(|| "Report".into())
}

fn claim(evidence: &Evidence, verdict: &Verdict) -> Markup {
    let options = &evidence.options;
    let class = match verdict.finding {
        Finding::Supported => "good",
        Finding::NotSupported => "bad",
        _ => "open",
    };
    html! {
        div.verdict.(class) {
            p.finding { span.sign aria-hidden="true" { (verdict.finding.sign()) } " " (verdict.finding.words()) }
            @match &options.claim {
                Some(claim) => { p.claim { b { "Claim: " } (claim) } }
                None => { p.claim { "The recipe claims nothing." } }
            }
            @if let Some(expects) = &options.expects { p { b { "Expected: " } (expects) } }
            p { (verdict.tested) }
            @for sentence in &verdict.sentences { p.result { (sentence) } }
            @if let Some((own, _)) = verdict.comparisons.first() {
                p.note {
                    "By " (own.method) "."
                    @if verdict.comparisons.len() == 1 { " " (own.remarks.join(" ")) }
                }
            }
            @if options.claim.is_some() && verdict.finding != Finding::NotTested {
                p.note { "The claim is a sentence, the test is the one above: read whether they are about the same." }
            }
        }
    }
}
