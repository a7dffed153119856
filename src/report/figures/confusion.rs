//! Confusion matrices; where there are many classes, the pairs that are confused most.

use super::{answers, foremost, label};
use crate::metrics::Labelling;
use crate::report::draw::{figure, missing, n};
use crate::report::evidence::{Answers, Evidence};
use crate::report::words::{counted, cut};
use maud::{Markup, html};

/// More classes have no room in a matrix.
const MOST_CLASSES: usize = 24;
/// So many pairs are told instead.
const MOST_PAIRS: usize = 15;
const WIDTH: f64 = 420.0;
const LEFT: f64 = 112.0;
const TOP: f64 = 26.0;
/// The darkest cell: letters on it must still be read.
const DARKEST: f64 = 0.42;

/// A matrix for each of the foremost groups.
pub fn confusion(evidence: &Evidence, compared: &[(usize, usize)]) -> Markup {
    let groups = foremost(evidence, compared);
    let known: Vec<(usize, Vec<&Answers>)> =
        groups.iter().filter_map(|group| Some((*group, answers(evidence, *group).ok()?))).collect();
    let Some((_, first)) = known.first() else {
        let why = groups.first().and_then(|group| answers(evidence, *group).err());
        return missing("fig-confusion-1", "Confusion", &format!("{}.", why.unwrap_or_default()));
    };
    if first.iter().any(|own| own.labelling == Labelling::Multi) {
        let why = "clips have several labels, so that no class stands against one other; see the average precision by class.";
        return missing("fig-confusion-1", "Confusion", why);
    }
    let many = first.first().is_some_and(|own| own.classes.len() > MOST_CLASSES);
    html! {
        p.note {
            @if many { "Which class was taken for which, the most frequent mistakes first." }
            @else { "Rows: the class of a clip. Columns, by the same numbers: the class that was found. Counts of clips; a cell is darker the larger its share of the row." }
        }
        div.panels {
            @for (index, (group, own)) in known.iter().enumerate() {
                @let id = format!("fig-confusion-{}", index + 1);
                @if many { (pairs(evidence, &id, *group, own)) } @else { (matrix(evidence, &id, *group, own)) }
            }
        }
    }
}

/// How often each class (row) was found as each (column), over all results.
fn counts(all: &[&Answers]) -> Vec<Vec<usize>> {
    let classes = all.first().map_or(0, |own| own.classes.len());
    let mut cells = vec![vec![0; classes]; classes];
    for answers in all {
        for clip in 0..answers.len() {
            let cell =
                cells.get_mut(answers.label(clip)).and_then(|row| row.get_mut(answers.found(clip)));
            if let Some(cell) = cell {
                *cell += 1;
            }
        }
    }
    cells
}

fn caption(evidence: &Evidence, group: usize, all: &[&Answers]) -> String {
    match all.len() {
        1 => label(evidence, group).to_string(),
        many => format!("{}, sum of {}", label(evidence, group), counted(many, "result")),
    }
}

fn matrix(evidence: &Evidence, id: &str, group: usize, all: &[&Answers]) -> Markup {
    let cells = counts(all);
    let names: Vec<&str> = match all.first() {
        Some(own) => (0..own.classes.len()).map(|class| own.class(class)).collect(),
        None => Vec::new(),
    };
    let side = (WIDTH - LEFT - 4.0) / names.len().max(1) as f64;
    let tall = side.min(30.0);
    let letters = if side >= 22.0 { "cell" } else { "cell fine" };
    let caption = caption(evidence, group, all);
    let body = html! {
        @for (row, counts) in cells.iter().enumerate() {
            @let y = TOP + row as f64 * tall;
            @let whole: usize = counts.iter().sum();
            text x=(n(LEFT - 6.0)) y=(n(y + tall / 2.0 + 4.0)) text-anchor="end" {
                (cut(names.get(row).unwrap_or(&"?"), 13)) " " (row + 1)
                title { (names.get(row).unwrap_or(&"?")) }
            }
            text x=(n(LEFT + (row as f64 + 0.5) * side)) y=(n(TOP - 8.0)) text-anchor="middle" { (row + 1) }
            @for (column, count) in counts.iter().enumerate() {
                @let share = *count as f64 / whole.max(1) as f64;
                @let x = LEFT + column as f64 * side;
                g.(if row == column { "right" } else { "wrong" }) {
                    rect.cell x=(n(x)) y=(n(y)) width=(n(side - 1.0)) height=(n(tall - 1.0))
                        fill-opacity=(format!("{:.2}", share * DARKEST)) {}
                    @if *count > 0 {
                        text.(letters) x=(n(x + side / 2.0 - 0.5)) y=(n(y + tall / 2.0 + 4.0)) text-anchor="middle" {
                            (count)
                            title {
                                (names.get(row).unwrap_or(&"?")) " found as " (names.get(column).unwrap_or(&"?")) ": "
                                (counted(*count, "clip"))
                            }
                        }
                    }
                }
            }
        }
    };
    let height = TOP + names.len() as f64 * tall + 4.0;
    let about = told(&worst(&cells), &names);
    html! {
        figure {
            figcaption { (caption) }
            (figure(id, &format!("Confusion of {caption}"), &about, [WIDTH, height], &body))
        }
    }
}

/// The mistakes, the most frequent first: class, what was found, how often.
fn worst(cells: &[Vec<usize>]) -> Vec<(usize, usize, usize)> {
    let mut all: Vec<(usize, usize, usize)> = Vec::new();
    for (row, counts) in cells.iter().enumerate() {
        let wrong =
            counts.iter().enumerate().filter(|(column, count)| *column != row && **count > 0);
        all.extend(wrong.map(|(column, count)| (row, column, *count)));
    }
    all.sort_by_key(|(row, column, count)| (std::cmp::Reverse(*count), *row, *column));
    all
}

fn told(worst: &[(usize, usize, usize)], names: &[&str]) -> String {
    let name = |class: &usize| names.get(*class).copied().unwrap_or("?");
    let one = |(row, column, count): &(usize, usize, usize)| {
        format!("{} found as {} {count} times", name(row), name(column))
    };
    match worst {
        [] => "No mistakes.".into(),
        some => format!(
            "Most frequent: {}.",
            some.iter().take(3).map(one).collect::<Vec<_>>().join(", ")
        ),
    }
}

fn pairs(evidence: &Evidence, id: &str, group: usize, all: &[&Answers]) -> Markup {
    let cells = counts(all);
    let found = worst(&cells);
    let name = |class: usize| all.first().map_or("?", |own| own.class(class));
    html! {
        div.tabled id=(id) {
            table {
                caption { (caption(evidence, group, all)) ": " (counted(found.len(), "confused pair")) ", the first of them" }
                thead { tr { th scope="col" { "class" } th scope="col" { "found as" } th.number scope="col" { "clips" } th.number scope="col" { "of" } } }
                tbody {
                    @for (row, column, count) in found.iter().take(MOST_PAIRS) {
                        tr {
                            td { (name(*row)) } td { (name(*column)) } td.number { (count) }
                            td.number { (cells.get(*row).map_or(0, |own| own.iter().sum::<usize>())) }
                        }
                    }
                }
            }
        }
    }
}
