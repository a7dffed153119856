//! Gains over the baseline with their intervals.

use super::label;
use crate::report::draw::{Scale, figure, mark, missing, n, series};
use crate::report::evidence::Evidence;
use crate::report::judge::{Comparison, Finding, Verdict};
use crate::report::words::{Measure, cut, signed};
use maud::{Markup, html};

const WIDTH: f64 = 640.0;
const ROW: f64 = 46.0;
const TOP: f64 = 8.0;

/// A row for each comparison of the verdict.
pub fn gains(evidence: &Evidence, verdict: &Verdict) -> Markup {
    let rows: Vec<(&Comparison, Finding)> =
        verdict.comparisons.iter().map(|(own, finding)| (own, *finding)).collect();
    if rows.is_empty() {
        return missing("fig-gain", "Gain over the baseline", &verdict.tested);
    }
    let bottom = TOP + rows.len() as f64 * ROW;
    let each = rows.iter().flat_map(|(own, _)| {
        let ends = own.interval.as_ref().map(|ends| ends.to_vec()).unwrap_or_default();
        own.gains.iter().map(|(_, gain)| *gain).chain(ends).chain([own.gain])
    });
    let [low, high] =
        each.fold([0.0f64, 0.0f64], |[low, high], gain| [low.min(gain), high.max(gain)]);
    let x = Scale::over([low, high], [14.0, WIDTH - 14.0]).roomy([-1.0, 1.0]);
    let measure = evidence.measure;
    let margin = evidence.options.margin;
    let ticks = x.ticks(6);
    // A number whose last digits say nothing has none.
    let whole = ticks.iter().all(|tick| (tick * 100.0).fract().abs() < 1e-9);
    let say = |tick: f64| match (measure, whole) {
        (Measure::Accuracy, true) => signed(tick * 100.0, 0),
        _ => measure.signed(tick),
    };
    let body = html! {
        @if margin > 0.0 {
            @let (from, to) = (x.at(-margin).max(x.from), x.at(margin).min(x.to));
            rect.margin x=(n(from)) y=(n(TOP)) width=(n(to - from)) height=(n(bottom - TOP)) {}
        }
        @for (row, (own, finding)) in rows.iter().enumerate() {
            @let (text, line) = (TOP + row as f64 * ROW + 14.0, TOP + row as f64 * ROW + 30.0);
            g.grid {
                @for tick in &ticks { path d={ "M" (n(x.at(*tick))) " " (n(line - 9.0)) "v18" } {} }
            }
            path.zero d={ "M" (n(x.at(0.0))) " " (n(line - 9.0)) "v18" } {}
            g.(series(own.group)) {
                text.strong x="14" y=(n(text)) {
                    (cut(label(evidence, own.group), 40)) " − " (cut(label(evidence, own.baseline), 30))
                    ": " (measure.gain(own.gain)) " " (finding.sign())
                }
                @if let Ok([low, high]) = own.interval {
                    path.line d={ "M" (n(x.at(low))) " " (n(line)) "H" (n(x.at(high))) } {}
                    path.line d={ "M" (n(x.at(low))) " " (n(line - 6.0)) "v12M" (n(x.at(high))) " " (n(line - 6.0)) "v12" } {}
                }
                @if own.gains.len() > 1 {
                    @for (told, gain) in &own.gains {
                        circle.each cx=(n(x.at(*gain))) cy=(n(line)) r="3.5" {
                            title { (told) ": " (measure.gain(*gain)) }
                        }
                    }
                }
                (mark(own.group, x.at(own.gain), line, 6.5))
            }
        }
        g.axis {
            @for tick in &ticks {
                text x=(n(x.at(*tick))) y=(n(bottom + 18.0)) text-anchor="middle" { (say(*tick)) }
            }
        }
    };
    let about = verdict.sentences.join(" ");
    let unit = match measure {
        Measure::Accuracy => "accuracy, in points",
        Measure::Map => "mAP",
    };
    html! {
        figure.wide {
            figcaption { "Gain over the baseline, with its interval (" (unit) ")" }
            (figure("fig-gain", "Gain over the baseline", &about, [WIDTH, bottom + 26.0], &body))
            @if rows.iter().any(|(own, _)| own.gains.len() > 1) {
                p.note { "Rings: each run, seed or fold." }
            }
        }
    }
}
