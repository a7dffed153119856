//! The curves of a stage, drawn.

use super::Seen;
use super::view::View;
use crate::cli::curves::Curve;
use crate::cli::spark::spark;
use crate::run::{Course, PastEpoch};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType, Paragraph};

/// A chart that is smaller says nothing.
const LEAST: (u16, u16) = (24, 6);

/// The losses of steps are means of so many blocks: single ones jump too much to be read.
const BLOCKS: usize = 32;
/// Values that are larger cannot be drawn: their differences are no numbers any more.
const LARGEST: f64 = 1e30;

/// One curve: its points by steps, its colour, its sign where there is only ASCII.
type Drawn = (Vec<(f64, f64)>, Color, char);

/// What one chart shows.
struct Picked<'a> {
    title: Line<'static>,
    drawn: &'a [Drawn],
    curve: Curve,
}

impl View {
    /// A frame with a title.
    pub fn block(&self, title: Line<'static>) -> Block<'static> {
        Block::bordered().title(title).border_style(self.tint(Color::DarkGray))
    }

    /// A colour, where there are colours.
    pub fn tint(&self, colour: Color) -> Style {
        if self.colours { Style::new().fg(colour) } else { Style::new() }
    }
}

/// Loss and worth, beside each other where there is room, else one above the other.
pub(super) fn draw(frame: &mut Frame, area: Rect, seen: &Seen, course: &Course, view: &View) {
    let (width, height) = LEAST;
    if area.width < width || area.height < height {
        return;
    }
    let half = |length: u16| length / 2;
    let (first, second) = if area.width >= 2 * width {
        let left = Rect { width: half(area.width), ..area };
        let right = Rect { x: area.x + left.width, width: area.width - left.width, ..area };
        (left, Some(right))
    } else if area.height >= 2 * height {
        let top = Rect { height: half(area.height), ..area };
        let bottom = Rect { y: area.y + top.height, height: area.height - top.height, ..area };
        (top, Some(bottom))
    } else {
        (area, None)
    };
    if let Some(second) = second {
        worth(frame, second, seen, course, view);
    }
    loss(frame, first, seen, course, view);
}

fn points(course: &Course, value: impl Fn(&PastEpoch) -> Option<f64>) -> Vec<(f64, f64)> {
    let point = |epoch: &PastEpoch| Some((epoch.step as f64, value(epoch)?));
    let known = course.epochs.iter().filter_map(point);
    known.filter(|(_, value)| value.abs() < LARGEST).collect()
}

fn loss(frame: &mut Frame, area: Rect, seen: &Seen, course: &Course, view: &View) {
    let trained = points(course, |epoch| epoch.loss);
    let tested = points(course, |epoch| epoch.test_loss);
    let live = seen.live_of(course);
    let trail = seen.trail.filter(|live| live.stage == course.stage.name);
    let steps = trail.map(|live| live.course(BLOCKS).collect()).unwrap_or_default();
    let newest = live.and_then(|live| live.loss).or(trained.last().map(|(_, loss)| *loss));
    let mut title = vec![Span::raw(" loss ")];
    title.extend(newest.map(|value| Span::raw(format!("{} ", Curve::Loss.text(value, false)))));
    if let Some((_, value)) = tested.last() {
        let text = format!("test {} ", Curve::Loss.text(*value, false));
        title.push(Span::styled(text, view.tint(Color::Yellow)));
    }
    let drawn: [Drawn; 3] =
        [(steps, Color::DarkGray, '.'), (tested, Color::Yellow, 'o'), (trained, Color::Cyan, '*')];
    let picked = Picked { title: Line::from(title), drawn: &drawn, curve: Curve::Loss };
    chart(frame, area, seen, course, view, picked);
}

fn worth(frame: &mut Frame, area: Rect, seen: &Seen, course: &Course, view: &View) {
    let found = points(course, |epoch| epoch.main());
    let is_map = course.stage.map.is_some();
    let name = Curve::Worth.name(course, view.unicode);
    let mut title = vec![Span::raw(format!(" {name} "))];
    if let Some((_, value)) = found.last() {
        title.push(Span::raw(format!("{} ", Curve::Worth.text(*value, is_map))));
    }
    if let Some(best) = Curve::Worth.best(&Curve::Worth.values(course)) {
        let text = format!("best {} ", Curve::Worth.text(best, is_map));
        title.push(Span::styled(text, view.tint(Color::Green)));
    }
    let drawn: [Drawn; 1] = [(found, Color::Green, '*')];
    let picked = Picked { title: Line::from(title), drawn: &drawn, curve: Curve::Worth };
    chart(frame, area, seen, course, view, picked);
}

fn chart(frame: &mut Frame, area: Rect, seen: &Seen, course: &Course, view: &View, picked: Picked) {
    let Picked { title, drawn, curve } = picked;
    let block = view.block(title);
    let values = || drawn.iter().flat_map(|(points, ..)| points).map(|(_, value)| *value);
    let low = values().fold(f64::INFINITY, f64::min);
    let high = values().fold(f64::NEG_INFINITY, f64::max);
    if !(low.is_finite() && high.is_finite()) {
        let text = if course.stage.done { "nothing is known" } else { "no epoch is done yet" };
        let text = Line::styled(text, view.tint(Color::DarkGray)).centered();
        frame.render_widget(Paragraph::new(text).block(block), area);
        return;
    }
    // A flat curve stands in the middle.
    let reach = ((high - low) * 0.05).max(high.abs() * 1e-3).max(1e-9);
    let bounds = [low - reach, high + reach];
    let last = drawn.iter().filter_map(|(points, ..)| points.last()).map(|(step, _)| *step);
    let end = course.steps_planned.map(|steps| steps as f64).unwrap_or(0.0);
    let end = last.fold(end, f64::max).max(1.0);
    let marks: Vec<(Vec<(f64, f64)>, Color)> = seen
        .picture
        .edits
        .iter()
        .filter(|edit| edit.stage.as_ref() == Some(&course.stage.name))
        .filter_map(|edit| {
            let colour = match edit.outcome.as_str() {
                "in_force" => Color::Magenta,
                "rejected" | "reverted" => Color::Red,
                _ => return None,
            };
            let step = edit.step? as f64;
            // Dots rather than a line: the curve is what counts.
            let at = |part: u32| bounds[0] + (bounds[1] - bounds[0]) * f64::from(part) / 12.0;
            Some(((0..=12).map(|part| (step, at(part))).collect(), colour))
        })
        .collect();
    let marker = |sign: char| if view.unicode { Marker::Braille } else { Marker::Custom(sign) };
    let mut sets: Vec<Dataset> = marks
        .iter()
        .map(|(points, colour)| {
            let set = Dataset::default().marker(marker(':')).graph_type(GraphType::Scatter);
            set.style(view.tint(*colour)).data(points)
        })
        .collect();
    sets.extend(drawn.iter().map(|(points, colour, sign)| {
        let set = Dataset::default().marker(marker(*sign)).graph_type(GraphType::Line);
        set.style(view.tint(*colour)).data(points)
    }));
    let is_map = course.stage.map.is_some();
    let dim = view.tint(Color::DarkGray);
    let ends = [low, high].map(|value| Span::styled(curve.text(value, is_map), dim));
    let steps = ["0".to_string(), format!("{end:.0} steps")].map(|text| Span::styled(text, dim));
    let chart = Chart::new(sets)
        .block(block)
        .legend_position(None)
        .x_axis(Axis::default().bounds([0.0, end]).labels(steps).style(dim))
        .y_axis(Axis::default().bounds(bounds).labels(ends).style(dim));
    frame.render_widget(chart, area);
}

/// Learning rate, λ and τ: now, and over time.
pub(super) fn settings(seen: &Seen, course: &Course, view: &View, width: usize) -> Line<'static> {
    let live = seen.live_of(course);
    let mut shown: Vec<(Curve, f64, Vec<Option<f64>>)> = Vec::new();
    for curve in [Curve::Lr, Curve::Lambda, Curve::Tau] {
        let mut values = curve.values(course);
        let now = live.and_then(|live| match curve {
            Curve::Lr => live.lr,
            Curve::Lambda => live.lambda,
            _ => live.tau,
        });
        values.extend(now.map(Some));
        if let Some(value) = now.or(values.iter().rev().find_map(|value| *value)) {
            shown.push((curve, value, values));
        }
    }
    let each = width / shown.len().max(1);
    let mut spans = Vec::new();
    for (curve, value, values) in shown {
        let text = format!("{} {}", curve.name(course, view.unicode), curve.text(value, false));
        let room = each.saturating_sub(text.chars().count() + 4).min(24);
        let drawn = if room >= 4 { spark(&values, room, view.unicode) } else { String::new() };
        let used = text.chars().count() + 1 + drawn.chars().count();
        spans.push(Span::raw(format!(" {text} ")));
        spans.push(Span::styled(drawn, view.tint(Color::Blue)));
        spans.push(Span::raw(" ".repeat(each.saturating_sub(used + 1))));
    }
    Line::from(spans)
}
