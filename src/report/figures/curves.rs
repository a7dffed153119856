//! Learning curves: what each epoch gave, with the settings that hooks chose beneath.

use super::{key, label};
use crate::report::draw::{Axis, Frame, Scale, mark, missing, n, path, series};
use crate::report::evidence::{Evidence, Stage};
use crate::report::words::{Measure, brief, counted, listed};
use crate::run::PastEpoch;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// The width of a panel; text in it is as large as around it where the panel is about so wide.
const WIDTH: f64 = 420.0;
/// Places of the axes.
const LEFT: f64 = 58.0;
const RIGHT: f64 = WIDTH - 10.0;
const TOP: f64 = 20.0;
/// So many groups are drawn; more could not be told apart.
const MOST: usize = 16;
/// Marks along a line.
const MARKS: usize = 5;

/// What an epoch gave of a quantity.
type NumberOf<'a> = Box<dyn Fn(&PastEpoch) -> Option<f64> + 'a>;

/// A number of each epoch.
struct Quantity<'a> {
    id: String,
    name: String,
    of: NumberOf<'a>,
    /// A second one in the same figure, drawn with dashes.
    also: Option<fn(&PastEpoch) -> Option<f64>>,
    /// What values can be.
    range: [f64; 2],
    small: bool,
}

/// The curve of one number of a group: of each result, and their mean.
struct Curve {
    group: usize,
    each: Vec<Vec<(f64, f64)>>,
    mean: Vec<(f64, f64)>,
}

/// The curves of all groups.
pub fn curves(evidence: &Evidence) -> Markup {
    let drawn: Vec<usize> = (0..evidence.groups.len()).take(MOST).collect();
    let has = |group: &usize| stages(evidence, *group).iter().any(|own| !own.epochs.is_empty());
    let drawn: Vec<usize> = drawn.into_iter().filter(has).collect();
    if drawn.is_empty() {
        return missing("fig-loss", "Learning curves", "no epoch is written down.");
    }
    let left = evidence.groups.len().saturating_sub(MOST);
    let several = drawn.iter().any(|group| stages(evidence, *group).len() > 1);
    let taught =
        drawn.iter().any(|group| stages(evidence, *group).iter().any(|own| own.teacher.is_some()));
    let edits = edits(evidence, &drawn);
    let panels: Vec<Markup> = quantities(evidence)
        .iter()
        .filter_map(|own| panel(evidence, own, &drawn, &edits))
        .collect();
    html! {
        (key(drawn.iter().map(|group| (*group, label(evidence, *group).to_string()))))
        p.note {
            "Loss: solid on the clips that epochs are judged by, dashed on those that train."
            @if taught { " Where a teacher takes part, the training loss has its share, and does not compare with others." }
            @if several { " Thick: the mean of a stage’s results; thin: each of them." }
            @if !edits.is_empty() { " A line with a flag: an edit of the recipe came into force there." }
            @if left > 0 { " " (counted(left, "further stage")) " not drawn." }
        }
        div.panels { @for panel in &panels { (panel) } }
        @if !edits.is_empty() {
            ul.edits {
                @for edit in &edits {
                    li.(series(edit.group)) {
                        b { "v" (edit.version) } " in “" (label(evidence, edit.group)) "” from step " (edit.step)
                        @if !edit.functions.is_empty() { ": " (listed(&edit.functions)) }
                    }
                }
            }
        }
    }
}

fn stages(evidence: &Evidence, group: usize) -> Vec<&Stage> {
    evidence.groups.get(group).map(|own| evidence.results(own)).unwrap_or_default()
}

/// An edit, and where it stands among the epochs.
struct Edit {
    group: usize,
    at: f64,
    step: usize,
    version: u64,
    functions: Vec<String>,
}

fn edits(evidence: &Evidence, drawn: &[usize]) -> Vec<Edit> {
    let mut found = Vec::new();
    for group in drawn {
        for stage in stages(evidence, *group) {
            let Some(steps) = stage.steps_an_epoch() else { continue };
            found.extend(stage.edits.iter().map(|mark| Edit {
                group: *group,
                at: mark.step as f64 / steps,
                step: mark.step,
                version: mark.version,
                functions: mark.functions.clone(),
            }));
        }
    }
    found
}

fn quantities(evidence: &Evidence) -> Vec<Quantity<'_>> {
    let new = |id: &str, name: &str, of: fn(&PastEpoch) -> Option<f64>, range, small| Quantity {
        id: format!("fig-{id}"),
        name: name.to_string(),
        of: Box::new(of),
        also: None,
        range,
        small,
    };
    let any = [f64::NEG_INFINITY, f64::INFINITY];
    let above = [0.0, f64::INFINITY];
    let score: fn(&PastEpoch) -> Option<f64> = match evidence.measure {
        Measure::Accuracy => |own| own.accuracy,
        Measure::Map => |own| own.map,
    };
    let mut all = vec![
        Quantity {
            also: Some(|own| own.loss),
            ..new("loss", "loss", |own| own.test_loss, any, false)
        },
        new("score", evidence.measure.name(), score, [0.0, 1.0], false),
        new("lr", "learning rate", |own| own.lr, above, true),
        new("lambda", "λ", |own| own.lambda, any, true),
        new("tau", "τ", |own| own.tau, any, true),
    ];
    let mut logged: Vec<&str> = Vec::new();
    let epochs = evidence.runs.iter().flat_map(|run| &run.stages).flat_map(|own| &own.epochs);
    for (name, _) in epochs.flat_map(|epoch| &epoch.logged) {
        if !logged.contains(&name.as_str()) {
            logged.push(name);
        }
    }
    all.extend(logged.into_iter().take(6).enumerate().map(|(index, name)| Quantity {
        id: format!("fig-logged-{}", index + 1),
        name: format!("{name} (logged)"),
        of: Box::new(move |own: &PastEpoch| {
            own.logged.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
        }),
        also: None,
        range: any,
        small: true,
    }));
    all
}

fn curve(evidence: &Evidence, group: usize, of: &dyn Fn(&PastEpoch) -> Option<f64>) -> Curve {
    let each: Vec<Vec<(f64, f64)>> = stages(evidence, group)
        .iter()
        .map(|stage| {
            let place = |own: &PastEpoch| Some((own.epoch as f64, of(own)?));
            stage.epochs.iter().filter_map(place).filter(|(_, value)| value.is_finite()).collect()
        })
        .filter(|line: &Vec<(f64, f64)>| !line.is_empty())
        .collect();
    let mut sums: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (epoch, value) in each.iter().flatten() {
        sums.entry(*epoch as usize).or_default().push(*value);
    }
    // The mean of fewer results than at the beginning would jump.
    let whole = sums.into_iter().filter(|(_, values)| values.len() == each.len());
    let mean = whole
        .map(|(epoch, values)| (epoch as f64, values.iter().sum::<f64>() / values.len() as f64))
        .collect();
    Curve { group, each, mean }
}

/// A panel; nothing where no group has such numbers.
fn panel(evidence: &Evidence, what: &Quantity, drawn: &[usize], edits: &[Edit]) -> Option<Markup> {
    let lines: Vec<Curve> = drawn
        .iter()
        .map(|group| curve(evidence, *group, &what.of))
        .filter(|own| !own.each.is_empty())
        .collect();
    let also: Vec<Curve> = match what.also {
        Some(of) => drawn.iter().map(|group| curve(evidence, *group, &of)).collect(),
        None => Vec::new(),
    };
    let values = lines.iter().chain(&also).flat_map(|own| own.each.iter().flatten());
    let bounds = |[low, high]: [f64; 2], value: f64| [low.min(value), high.max(value)];
    let start = [f64::INFINITY, f64::NEG_INFINITY];
    let spread = values.clone().map(|(_, value)| *value).fold(start, bounds);
    let epochs = values.map(|(epoch, _)| *epoch).fold(1.0, f64::max);
    if lines.is_empty() {
        return None;
    }
    let height = if what.small { 168.0 } else { 262.0 };
    let bottom = height - 40.0;
    let x = Scale::over([0.0, epochs.max(2.0)], [LEFT, RIGHT]);
    let y = Scale::over(spread, [bottom, TOP]).roomy(what.range);
    let percent = what.id == "fig-score" && evidence.measure == Measure::Accuracy;
    let say =
        |value: f64| if percent { format!("{} %", brief(value * 100.0)) } else { brief(value) };
    let ticks = x.whole_ticks(7).into_iter().map(|tick| (tick, brief(tick))).collect();
    let frame = Frame {
        id: &what.id,
        about: about(evidence, what, &lines),
        size: [WIDTH, height],
        x: Axis { name: "epoch".into(), scale: x, ticks },
        y: Axis::of("", y, if what.small { 4 } else { 6 }, say),
    };
    let place = |(epoch, value): &(f64, f64)| (x.at(*epoch), y.at(*value));
    let body = html! {
        @for (index, edit) in edits.iter().enumerate() {
            g.edit.(series(edit.group)) {
                path d={ "M" (n(x.at(edit.at))) " " (n(bottom)) "V" (n(TOP - 4.0)) } {}
                @let shift = if index % 2 == 0 { 0.0 } else { -8.0 };
                text x=(n(x.at(edit.at) + 3.0)) y=(n(TOP - 1.0 + shift)) { "v" (edit.version) }
            }
        }
        @for own in &also {
            g.(series(own.group)) { path.dashed d=(path(own.mean.iter().map(place))) {} }
        }
        @for own in &lines {
            g.(series(own.group)) {
                @if own.each.len() > 1 {
                    @for line in &own.each { path.thin d=(path(line.iter().map(place))) {} }
                }
                path.line d=(path(own.mean.iter().map(place))) {}
                @for (epoch, value) in marked(&own.mean, own.group) {
                    (mark(own.group, x.at(epoch), y.at(value), 4.2))
                }
            }
        }
    };
    Some(html! {
        figure.(if what.small { "small" } else { "large" }) {
            figcaption { (what.name) }
            (frame.draw(&what.name, &body))
        }
    })
}

/// Some places of a line, each group's elsewhere, and always the last one.
fn marked(line: &[(f64, f64)], group: usize) -> Vec<(f64, f64)> {
    let Some(last) = line.len().checked_sub(1) else { return Vec::new() };
    let step = line.len().div_ceil(MARKS).max(1);
    let shift = group % step;
    let some = line.iter().enumerate();
    some.filter(|(index, _)| *index == last || index % step == shift && index + step / 2 < last)
        .map(|(_, place)| *place)
        .collect()
}

fn about(evidence: &Evidence, what: &Quantity, lines: &[Curve]) -> String {
    let one = |own: &Curve| {
        let (first, last) = (own.mean.first()?, own.mean.last()?);
        let name = label(evidence, own.group);
        Some(format!("{name} goes from {} to {}", brief(first.1), brief(last.1)))
    };
    let told: Vec<String> = lines.iter().filter_map(one).collect();
    format!("{} by epoch: {}.", what.name, told.join("; "))
}
