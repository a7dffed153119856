//! The curves of a run's stages, a row of sparklines a stage.

use crate::cli::curves::{Curve, signs};
use crate::cli::spark::spark;
use crate::cli::tables::cut;
use crate::cli::words::{columns, plain};
use crate::run::{Course, Picture};

/// A sparkline has at most so many letters, and no fewer than the values under it.
const WIDTHS: (usize, usize) = (8, 24);
/// The longest name of a stage.
const NAME: usize = 20;
/// Between two columns.
const GAP: usize = 2;

/// Picks one of a curve's values.
type Pick<'a> = dyn Fn(Curve, &[Option<f64>]) -> Option<f64> + 'a;

/// The curves of all stages that have some, with their first, best and last values, and the signs of edits; empty
/// without any.
pub(super) fn curves(picture: &Picture, width: Option<usize>, unicode: bool) -> String {
    let courses: Vec<&Course> =
        picture.courses().iter().filter(|course| course.epochs.len() > 1).collect();
    let Some(first) = courses.first() else { return String::new() };
    let is_known = |curve: &Curve| {
        courses.iter().any(|course| curve.values(course).iter().any(Option::is_some))
    };
    let mut shown: Vec<Curve> = Curve::ALL.into_iter().filter(is_known).collect();
    let name = |course: &&Course| plain(&course.stage.name).chars().count();
    let head = courses.iter().map(name).max().unwrap_or(0).clamp("first".len(), NAME);
    let longest = courses.iter().map(|course| course.epochs.len()).max().unwrap_or(0);
    let mut letters = longest.clamp(WIDTHS.0, WIDTHS.1);
    if let Some(width) = width {
        let least = |shown: &[Curve]| head + shown.len() * (WIDTHS.0 + GAP);
        while shown.len() > 1 && least(&shown) > width {
            shown.pop();
        }
        let each = width.saturating_sub(head) / shown.len().max(1);
        letters = letters.min(each.saturating_sub(GAP).max(WIDTHS.0));
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut refused = String::new();
    for course in &courses {
        let name = cut(&plain(&course.stage.name), NAME);
        let values: Vec<Vec<Option<f64>>> =
            shown.iter().map(|curve| curve.values(course)).collect();
        rows.push(row(&name, values.iter().map(|values| spark(values, letters, unicode))));
        let signs = signs(course, &picture.edits, letters);
        if !signs.is_empty() {
            refused.push_str(&signs);
            let known = values.iter().map(|values| values.iter().any(Option::is_some));
            let under = known.map(|known| if known { signs.clone() } else { String::new() });
            rows.push(row("  edits", under));
        }
        let is_map = course.stage.map.is_some();
        let said = |pick: &Pick| -> Vec<String> {
            let texts = shown.iter().zip(&values).map(|(curve, values)| {
                pick(*curve, values).map(|value| curve.text(value, is_map)).unwrap_or_default()
            });
            texts.collect()
        };
        let known = |values: &[Option<f64>]| values.iter().flatten().copied().collect::<Vec<_>>();
        rows.push(row("  first", said(&|_, values| known(values).first().copied())));
        rows.push(row("  best", said(&|curve, values| curve.best(values))));
        rows.push(row("  last", said(&|_, values| known(values).last().copied())));
    }
    let mut heads = vec!["curves"];
    heads.extend(shown.iter().map(|curve| curve.name(first, unicode)));
    let table = columns(&heads, &rows);
    let told = [('^', "in force"), ('x', "refused"), ('<', "taken back"), ('*', "several")];
    let told: Vec<String> = told
        .iter()
        .filter(|(sign, _)| refused.contains(*sign))
        .map(|(sign, what)| format!("{sign} {what}"))
        .collect();
    match told.is_empty() {
        true => table,
        false => format!("{table}\nedits: {}", told.join(", ")),
    }
}

fn row(name: &str, cells: impl IntoIterator<Item = String>) -> Vec<String> {
    std::iter::once(name.to_string()).chain(cells).collect()
}
