//! What each class gains.

use super::{answers, label};
use crate::error::Result;
use crate::metrics::{Average, Labelling, Missing, average_precision};
use crate::report::draw::{Scale, figure, missing, n};
use crate::report::evidence::{Answers, Evidence};
use crate::report::words::{counted, cut, signed};
use maud::{Markup, html};

/// So many classes have room; of more, those at both ends are drawn.
const MOST: usize = 24;
const WIDTH: f64 = 420.0;
const LEFT: f64 = 124.0;
const ROW: f64 = 21.0;

/// A figure for each comparison, up to so many.
const FIGURES: usize = 4;

/// What each class gains over the baseline.
pub fn class_gains(evidence: &Evidence, compared: &[(usize, usize)]) -> Markup {
    if compared.is_empty() {
        return missing("fig-class-gain-1", "Gain by class", "there is nothing to compare with.");
    }
    html! {
        div.panels {
            @for (index, (group, baseline)) in compared.iter().take(FIGURES).enumerate() {
                @let id = format!("fig-class-gain-{}", index + 1);
                @match rows(evidence, *group, *baseline) {
                    Ok(rows) => { (bars(evidence, &id, (*group, *baseline), rows)) }
                    Err(why) => { (missing(&id, "Gain by class", &format!("{why}."))) }
                }
            }
        }
    }
}

/// A class: its name, both values, and the clips that have it.
struct Row {
    name: String,
    own: f64,
    other: f64,
    clips: usize,
}

struct Rows {
    rows: Vec<Row>,
    what: &'static str,
}

/// Recall or average precision of each class, meant over results. NaN where no clip has it.
pub fn by_class(all: &[&Answers]) -> Result<Vec<f64>> {
    let classes = all.first().map_or(0, |own| own.classes.len());
    let (mut sums, mut counts) = (vec![0.0; classes], vec![0usize; classes]);
    for answers in all {
        let own: Vec<f64> = match answers.labelling {
            Labelling::Multi => {
                let scored = answers.scored(0..answers.len())?;
                average_precision(&scored, Average::Macro, Missing::Skip, None)?.per_class
            }
            Labelling::Single => {
                let (mut right, mut there) = (vec![0usize; classes], vec![0usize; classes]);
                for clip in 0..answers.len() {
                    let class = answers.label(clip);
                    if let (Some(right), Some(there)) = (right.get_mut(class), there.get_mut(class))
                    {
                        *there += 1;
                        *right += usize::from(answers.right(clip));
                    }
                }
                right
                    .iter()
                    .zip(&there)
                    .map(|(right, there)| *right as f64 / *there as f64)
                    .collect()
            }
        };
        for ((sum, count), value) in sums.iter_mut().zip(&mut counts).zip(own) {
            if value.is_finite() {
                *sum += value;
                *count += 1;
            }
        }
    }
    Ok(sums.iter().zip(&counts).map(|(sum, count)| sum / *count as f64).collect())
}

fn rows(evidence: &Evidence, group: usize, baseline: usize) -> std::result::Result<Rows, String> {
    let (own, other) = (answers(evidence, group)?, answers(evidence, baseline)?);
    let (Some(first), Some(second)) = (own.first(), other.first()) else {
        return Err("nothing is known of its clips".into());
    };
    if first.classes != second.classes || first.labelling != second.labelling {
        return Err("the two know other classes".into());
    }
    let values = by_class(&own).and_then(|mine| Ok((mine, by_class(&other)?)));
    let (mine, theirs) = values.map_err(|error| error.headline())?;
    let clips = |class: usize| {
        let has = |clip: &usize| first.truth(*clip).get(class).copied().unwrap_or(false);
        (0..first.len()).filter(has).count()
    };
    let each = mine.into_iter().zip(theirs).enumerate();
    let rows = each
        .map(|(class, (own, other))| Row {
            name: first.class(class).to_string(),
            own,
            other,
            clips: clips(class),
        })
        .filter(|row| row.own.is_finite() && row.other.is_finite())
        .collect();
    let what = match first.labelling {
        Labelling::Single => "share of the class’s clips that were found, in points",
        Labelling::Multi => "average precision, in hundredths",
    };
    Ok(Rows { rows, what })
}

fn bars(evidence: &Evidence, id: &str, (group, baseline): (usize, usize), all: Rows) -> Markup {
    let Rows { mut rows, what } = all;
    let gain = |row: &Row| (row.own - row.other) * 100.0;
    rows.sort_by(|a, b| gain(b).total_cmp(&gain(a)).then_with(|| a.name.cmp(&b.name)));
    let left = rows.len().saturating_sub(MOST);
    if left > 0 {
        rows.drain(MOST / 2..MOST / 2 + left);
    }
    let ends = rows
        .iter()
        .map(gain)
        .fold([0.0f64, 0.0f64], |[low, high], own| [low.min(own), high.max(own)]);
    let [low, high] = if ends == [0.0, 0.0] { [0.0, 1.0] } else { ends };
    // Room for the numbers at both ends.
    let from = if low < 0.0 { LEFT + 36.0 } else { LEFT + 4.0 };
    let x = Scale { low, high, from, to: WIDTH - 40.0 };
    let zero = x.at(0.0);
    let body = html! {
        @for (index, row) in rows.iter().enumerate() {
            @let y = 4.0 + index as f64 * ROW;
            @let (value, end) = (gain(row), x.at(gain(row)));
            g.(if value < 0.0 { "loses" } else { "gains" }) {
                text x=(n(LEFT - 6.0)) y=(n(y + 14.5)) text-anchor="end" {
                    (cut(&row.name, 16))
                    title {
                        (row.name) ": " (format!("{:.1}", row.other * 100.0)) " to " (format!("{:.1}", row.own * 100.0))
                        " (" (counted(row.clips, "clip")) ")"
                    }
                }
                rect.bar x=(n(zero.min(end))) y=(n(y + 3.0)) width=(n((end - zero).abs())) height=(n(ROW - 6.0)) {}
                @if value < 0.0 {
                    text x=(n(end - 4.0)) y=(n(y + 14.5)) text-anchor="end" { (signed(value, 0)) }
                } @else {
                    text x=(n(end + 4.0)) y=(n(y + 14.5)) { (signed(value, 0)) }
                }
            }
        }
        path.zero d={ "M" (n(zero)) " 0V" (n(rows.len() as f64 * ROW + 6.0)) } {}
    };
    let (better, worse) = (
        rows.iter().filter(|row| gain(row) > 0.0).count(),
        rows.iter().filter(|row| gain(row) < 0.0).count(),
    );
    let names = format!("“{}” against “{}”", label(evidence, group), label(evidence, baseline));
    let about = format!(
        "{names}: {better} classes gain and {worse} lose. {}",
        rows.iter()
            .map(|row| format!("{} {}", row.name, signed(gain(row), 0)))
            .collect::<Vec<_>>()
            .join(", ")
    );
    html! {
        figure {
            figcaption { "Gain by class: " (names) " (" (what) ")" }
            (figure(id, &format!("Gain by class: {names}"), &about, [WIDTH, rows.len() as f64 * ROW + 8.0], &body))
            @if left > 0 {
                p.note { "In between " (left) " more, which are not drawn." }
            }
        }
    }
}
