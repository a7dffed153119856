//! How far probabilities can be believed: reliability diagrams.

use super::{answers, foremost, label};
use crate::metrics::{Labelling, ece};
use crate::report::draw::{Axis, Frame, Scale, missing, n, series};
use crate::report::evidence::{Answers, Evidence};
use crate::report::words::{brief, counted};
use maud::{Markup, html};

/// Bins of equal width; those of the number that is told with them.
const BINS: usize = 15;
const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 340.0;
/// Where the diagram ends and the shares of the bins begin.
const FLOOR: f64 = 238.0;

/// A diagram for each of the foremost groups.
pub fn calibration(evidence: &Evidence, compared: &[(usize, usize)]) -> Markup {
    let groups = foremost(evidence, compared);
    let known: Vec<(usize, Vec<&Answers>)> =
        groups.iter().filter_map(|group| Some((*group, answers(evidence, *group).ok()?))).collect();
    if known.is_empty() {
        let why = groups.first().and_then(|group| answers(evidence, *group).err());
        return missing(
            "fig-calibration-1",
            "Calibration",
            &format!("{}.", why.unwrap_or_default()),
        );
    }
    html! {
        p.note {
            "Marks on the line: what is said with that probability is right as often. Below it: too sure. "
            "The bars beneath say how many answers fall into each of " (BINS) " bins; ECE is the mean distance from the line, "
            "weighed by them."
        }
        div.panels.three {
            @for (index, (group, own)) in known.iter().enumerate() {
                (diagram(evidence, &format!("fig-calibration-{}", index + 1), *group, own))
            }
        }
    }
}

/// A bin: how many answers, the sum of their probabilities, how many of them are right.
#[derive(Clone, Copy, Default)]
struct Bin {
    count: usize,
    sure: f64,
    right: usize,
}

/// The bin ((b − 1) / bins, b / bins] of a probability, as [`ece`] has it; 0 is in the first.
pub fn bin_of(probability: f64) -> usize {
    let edge = |bin: usize| bin as f64 / BINS as f64;
    (0..BINS).find(|bin| probability <= edge(bin + 1)).unwrap_or(BINS - 1)
}

fn bins(all: &[&Answers]) -> [Bin; BINS] {
    let mut bins = [Bin::default(); BINS];
    let mut put = |probability: f64, right: bool| {
        if let Some(bin) = bins.get_mut(bin_of(probability)) {
            bin.count += 1;
            bin.sure += probability;
            bin.right += usize::from(right);
        }
    };
    for answers in all {
        for clip in 0..answers.len() {
            let probabilities = answers.probabilities(clip);
            match answers.labelling {
                Labelling::Single => {
                    let top = answers.found(clip);
                    put(probabilities.get(top).copied().unwrap_or(0.0), answers.right(clip));
                }
                Labelling::Multi => {
                    let both = probabilities.iter().zip(answers.truth(clip));
                    both.for_each(|(probability, own)| put(*probability, *own));
                }
            }
        }
    }
    bins
}

/// The mean ECE of the results.
fn error_of(all: &[&Answers]) -> Option<f64> {
    let one = |answers: &&Answers| {
        let believed = answers.believed(0..answers.len()).ok()?;
        ece(&believed, answers.labelling, BINS, None).ok()
    };
    let each: Vec<f64> = all.iter().map(one).collect::<Option<_>>()?;
    Some(each.iter().sum::<f64>() / each.len() as f64)
}

fn diagram(evidence: &Evidence, id: &str, group: usize, all: &[&Answers]) -> Markup {
    let bins = bins(all);
    let total: usize = bins.iter().map(|bin| bin.count).sum();
    let largest = bins.iter().map(|bin| bin.count).max().unwrap_or(0).max(1);
    let x = Scale::over([0.0, 1.0], [48.0, WIDTH - 12.0]);
    let y = Scale::over([0.0, 1.0], [FLOOR, 12.0]);
    let error = error_of(all).map_or("–".to_string(), |own| format!("{own:.3}"));
    let name = label(evidence, group);
    let frame = Frame {
        id,
        about: format!("Reliability of {name}: ECE {error} over {}.", counted(total, "answer")),
        size: [WIDTH, HEIGHT],
        x: Axis::of("probability that was said", x, 6, brief),
        y: Axis::of("share that is right", y, 6, brief),
    };
    let low = HEIGHT - 44.0;
    let body = html! {
        path.zero d={ "M" (n(x.at(0.0))) " " (n(y.at(0.0))) "L" (n(x.at(1.0))) " " (n(y.at(1.0))) } {}
        g.(series(group)) {
            @for (index, bin) in bins.iter().enumerate().filter(|(_, bin)| bin.count > 0) {
                @let (sure, right) = (bin.sure / bin.count as f64, bin.right as f64 / bin.count as f64);
                @let (share, from) = (bin.count as f64 / largest as f64, index as f64 / BINS as f64);
                g {
                    title {
                        "said " (format!("{sure:.2}")) ", right " (format!("{right:.2}")) ": " (counted(bin.count, "answer"))
                    }
                    path.line.stem d={ "M" (n(x.at(sure))) " " (n(y.at(sure))) "V" (n(y.at(right))) } {}
                    circle.dot cx=(n(x.at(sure))) cy=(n(y.at(right))) r="4.5" {}
                    rect.bar x=(n(x.at(from) + 1.0)) y=(n(low - share * 26.0))
                        width=(n(x.at(1.0 / BINS as f64) - x.at(0.0) - 2.0)) height=(n(share * 26.0)) {}
                }
            }
        }
    };
    html! {
        figure {
            figcaption { (name) ": ECE " (error) }
            (frame.draw(&format!("Calibration of {name}"), &body))
        }
    }
}
