//! Curves as SVG; colours come from the page's style.

use crate::cli::curves::{Curve, sign};
use crate::cli::words::plain;
use crate::run::{Course, Edit, Live, PastEpoch};
use maud::{Markup, html};

/// Sizes of a figure, a large and a small one, and what stands around the curve: left, top, right, bottom.
const LARGE: (f64, f64) = (520.0, 230.0);
const SMALL: (f64, f64) = (340.0, 150.0);
const AROUND: (f64, f64, f64, f64) = (58.0, 12.0, 12.0, 26.0);
/// A curve has no more points than this.
const POINTS: usize = 600;
/// The losses of steps are means of so many blocks: single ones jump too much to be read.
const BLOCKS: usize = 64;
/// Values that are larger cannot be drawn.
const LARGEST: f64 = 1e30;

/// One curve of a figure.
struct Line {
    class: &'static str,
    name: &'static str,
    points: Vec<(f64, f64)>,
}

/// What the axes of a figure span.
struct Span {
    size: (f64, f64),
    steps: f64,
    low: f64,
    high: f64,
}

impl Span {
    fn x(&self, step: f64) -> f64 {
        let width = self.size.0 - AROUND.0 - AROUND.2;
        AROUND.0 + width * (step / self.steps).clamp(0.0, 1.0)
    }

    fn y(&self, value: f64) -> f64 {
        let height = self.size.1 - AROUND.1 - AROUND.3;
        AROUND.1 + height * (1.0 - ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0))
    }
}

fn points(course: &Course, value: impl Fn(&PastEpoch) -> Option<f64>) -> Vec<(f64, f64)> {
    let point = |epoch: &PastEpoch| Some((epoch.step as f64, value(epoch)?));
    thinned(course.epochs.iter().filter_map(point).collect())
}

fn thinned(mut points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    points.retain(|(_, value)| value.abs() < LARGEST);
    let every = points.len().div_ceil(POINTS).max(1);
    let last = points.len().saturating_sub(1);
    let kept = points.into_iter().enumerate();
    kept.filter(|(index, _)| index % every == 0 || *index == last).map(|(_, it)| it).collect()
}

/// The figures of a stage: loss, worth, and the settings that it has.
pub(super) fn figures(course: &Course, edits: &[Edit], live: Option<&Live>) -> Markup {
    let marks: Vec<&Edit> = edits
        .iter()
        .filter(|edit| edit.stage.as_ref() == Some(&course.stage.name) && sign(edit).is_some())
        .collect();
    let is_map = course.stage.map.is_some();
    let steps = live.map(|live| thinned(live.course(BLOCKS).collect())).unwrap_or_default();
    let mut test = points(course, |epoch| epoch.test_loss);
    test.retain(|(_, value)| value.is_finite());
    let all = [
        (
            Curve::Loss,
            "Loss",
            vec![
                Line { class: "steps", name: "steps", points: steps },
                Line { class: "tested", name: "test", points: test },
                Line { class: "trained", name: "training", points: points(course, |e| e.loss) },
            ],
        ),
        (
            Curve::Worth,
            if is_map { "mAP" } else { "Accuracy" },
            vec![Line { class: "worth", name: "", points: points(course, PastEpoch::main) }],
        ),
        (Curve::Lr, "Learning rate", vec![setting(course, live, Curve::Lr)]),
        (Curve::Lambda, "λ", vec![setting(course, live, Curve::Lambda)]),
        (Curve::Tau, "τ", vec![setting(course, live, Curve::Tau)]),
    ];
    let known = |lines: &[Line]| lines.iter().any(|line| !line.points.is_empty());
    let (large, small) = all.split_at(2);
    html! {
        @for (class, size, some) in [("panels", LARGE, large), ("panels three", SMALL, small)] {
            div class=(class) {
                @for (curve, name, lines) in some.iter().filter(|(_, _, lines)| known(lines)) {
                    (figure(course, size, (*curve, name), lines, &marks))
                }
            }
        }
    }
}

fn setting(course: &Course, live: Option<&Live>, curve: Curve) -> Line {
    let mut points = points(course, |epoch| curve.of(epoch));
    let now = live.and_then(|live| {
        let value = match curve {
            Curve::Lr => live.lr,
            Curve::Lambda => live.lambda,
            _ => live.tau,
        };
        Some((live.step as f64, value?))
    });
    let last = points.last().map_or(0.0, |(step, _)| *step);
    points.extend(now.filter(|(step, value)| *step >= last && value.abs() < LARGEST));
    Line { class: "setting", name: "", points }
}

fn figure(
    course: &Course,
    size: (f64, f64),
    (curve, name): (Curve, &str),
    lines: &[Line],
    marks: &[&Edit],
) -> Markup {
    let values = || lines.iter().flat_map(|line| &line.points).map(|(_, value)| *value);
    let low = values().fold(f64::INFINITY, f64::min);
    let high = values().fold(f64::NEG_INFINITY, f64::max);
    let reach = ((high - low) * 0.06).max(high.abs() * 1e-3).max(1e-9);
    let last = lines.iter().filter_map(|line| line.points.last()).map(|(step, _)| *step);
    let steps = last.fold(course.steps_planned.unwrap_or(0) as f64, f64::max).max(1.0);
    let span = Span { size, steps, low: low - reach, high: high + reach };
    let is_map = course.stage.map.is_some();
    let (left, right) = (AROUND.0, size.0 - AROUND.2);
    let bottom = size.1 - AROUND.3;
    let now = lines.iter().rev().find_map(|line| line.points.last()).map(|(_, value)| *value);
    let now = now.map(|value| curve.text(value, is_map)).unwrap_or_default();
    let label = format!("{name} of {}: now {now}", plain(&course.stage.name));
    let named: Vec<&Line> =
        lines.iter().filter(|line| !line.name.is_empty() && !line.points.is_empty()).collect();
    html! {
        figure {
            figcaption {
                (name) " " span class="now" { (now) }
                @for line in named {
                    " " span class={ "key " (line.class) } { (line.name) }
                }
            }
            svg viewBox=(format!("0 0 {} {}", size.0, size.1)) role="img" aria-label=(label) {
                g class="grid" {
                    @for value in [low, low + (high - low) / 2.0, high] {
                        path d=(format!("M{left:.1} {y:.1}H{right:.1}", y = span.y(value))) {}
                    }
                }
                path class="axis" d=(format!("M{left:.1} {bottom:.1}H{right:.1}")) {}
                @for value in ticks(low, high) {
                    text x=(format!("{:.1}", left - 6.0)) y=(format!("{:.1}", span.y(value) + 4.0))
                        text-anchor="end" { (curve.text(value, is_map)) }
                }
                text x=(format!("{left:.1}")) y=(format!("{:.1}", size.1 - 8.0)) { "step 0" }
                text x=(format!("{right:.1}")) y=(format!("{:.1}", size.1 - 8.0)) text-anchor="end" {
                    (format!("{steps:.0}"))
                }
                @for edit in marks { (mark(edit, &span, bottom)) }
                @for line in lines {
                    @if line.points.len() > 1 {
                        path class={ "line " (line.class) } d=(drawn(&line.points, &span)) {}
                    }
                    @if let (Some((step, value)), true) = (line.points.last(), line.class != "steps") {
                        circle class={ "dot " (line.class) } r="3"
                            cx=(format!("{:.1}", span.x(*step))) cy=(format!("{:.1}", span.y(*value))) {}
                    }
                }
            }
        }
    }
}

/// The values that stand beside an axis.
fn ticks(low: f64, high: f64) -> Vec<f64> {
    // A curve that never moved has one value.
    if high - low <= high.abs() * 1e-9 {
        vec![low]
    } else {
        vec![low, low + (high - low) / 2.0, high]
    }
}

fn drawn(points: &[(f64, f64)], span: &Span) -> String {
    let mut path = String::new();
    for (index, (step, value)) in points.iter().enumerate() {
        let letter = if index == 0 { 'M' } else { 'L' };
        path.push_str(&format!("{letter}{:.1} {:.1}", span.x(*step), span.y(*value)));
    }
    path
}

/// A dotted line at the step of an edit.
fn mark(edit: &Edit, span: &Span, bottom: f64) -> Markup {
    let Some(step) = edit.step else { return html! {} };
    let class = if edit.is_refused() { "mark refused" } else { "mark" };
    let x = span.x(step as f64);
    html! {
        g class=(class) {
            title { (crate::cli::story::edited(edit).text) }
            path d=(format!("M{x:.1} {top:.1}V{bottom:.1}", top = AROUND.1)) {}
        }
    }
}

/// A small curve without axes.
pub(super) fn spark(values: &[f64]) -> Markup {
    let known: Vec<f64> = values.iter().copied().filter(|value| value.abs() < LARGEST).collect();
    if known.len() < 2 {
        return html! {};
    }
    let low = known.iter().copied().fold(f64::INFINITY, f64::min);
    let high = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let height =
        |value: f64| if high > low { 22.0 - 20.0 * (value - low) / (high - low) } else { 12.0 };
    let width = |index: usize| 1.0 + 98.0 * index as f64 / (known.len() - 1) as f64;
    let mut path = String::new();
    for (index, value) in known.iter().enumerate() {
        let letter = if index == 0 { 'M' } else { 'L' };
        path.push_str(&format!("{letter}{:.1} {:.1}", width(index), height(*value)));
    }
    html! {
        svg class="spark" viewBox="0 0 100 24" aria-hidden="true" { path class="line worth" d=(path) {} }
    }
}
