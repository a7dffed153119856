//! The table of stages, and their gains.

use crate::report::draw::{series, swatch};
use crate::report::evidence::{Evidence, Stage};
use crate::report::figures;
use crate::report::judge::{Comparison, Estimate, Over, Verdict, estimate};
use crate::report::words::{counted, p, thousands, time};
use maud::{Markup, html};

/// The table and the figure of gains.
pub fn stages(evidence: &Evidence, verdict: &Verdict) -> Markup {
    let several = evidence.groups.iter().any(|group| evidence.distinct(group).len() > 1);
    let measure = evidence.measure;
    let compared = |group: usize| {
        verdict.comparisons.iter().map(|(own, _)| own).find(|own| own.group == group)
    };
    let estimates: Vec<Option<Estimate>> =
        evidence.groups.iter().map(|group| estimate(evidence, group)).collect();
    let head = head(measure.name());
    html! {
        div.tabled role="region" aria-labelledby="stages-caption" tabindex="0" {
            table.cards role="table" {
                caption id="stages-caption" {
                    "Stages, by " (measure.name()) " with the last weights"
                    @if several { ": mean ± standard deviation over seeds, folds or runs" }
                }
                thead role="rowgroup" { tr role="row" {
                    th scope="col" role="columnheader" { "stage" }
                    @for name in head { th scope="col" role="columnheader" { (name) } }
                } }
                tbody role="rowgroup" {
                    @for (index, (group, estimate)) in evidence.groups.iter().zip(&estimates).enumerate() {
                        @let stages = evidence.results(group);
                        tr role="row" {
                            th scope="row" role="rowheader" {
                                span.(series(index)) { (swatch(index)) } " " (group.label)
                                @if stages.len() > 1 { " " span.count { "× " (stages.len()) } }
                            }
                            @for (name, cell) in head.iter().zip(cells(evidence, index, estimate.as_ref(), compared(index))) {
                                td role="cell" data-label=(name) { (kept(&cell)) }
                            }
                        }
                    }
                }
            }
        }
        p.note { (explained(evidence, &estimates, verdict)) }
        (figures::gains(evidence, verdict))
    }
}

/// A number with its unit on one line.
fn kept(cell: &str) -> String {
    let units = [" %", " ±", "± ", " min", " s", " h", " to ", "< "];
    units
        .iter()
        .fold(cell.to_string(), |text, unit| text.replace(unit, &unit.replace(' ', "\u{a0}")))
}

/// What stands above the cells of a row, beside the stage's name.
pub fn head(measure: &str) -> [&str; 9] {
    [
        "model",
        "learnt from",
        measure,
        "95 % interval",
        "gain",
        "p",
        "best epoch",
        "parameters",
        "time",
    ]
}

/// What a group learnt from.
fn source(evidence: &Evidence, group: usize, first: Option<&Stage>) -> String {
    let teacher = evidence.teacher(group).and_then(|at| evidence.groups.get(at));
    let teacher = teacher.map(|own| own.label.clone());
    let teacher = teacher.or_else(|| first.and_then(|own| own.teacher.clone()));
    match (first.and_then(|stage| stage.past.kind.as_deref()), teacher) {
        (Some("train"), _) => "labels".to_string(),
        (Some("distill"), Some(name)) => format!("labels + “{name}”"),
        (Some("distill"), None) => "labels + teacher".into(),
        (Some("each_step"), _) => "its own steps".into(),
        _ => "–".into(),
    }
}

/// The cells of a group.
pub fn cells(
    evidence: &Evidence,
    index: usize,
    estimate: Option<&Estimate>,
    compared: Option<&Comparison>,
) -> [String; 9] {
    let measure = evidence.measure;
    let dash = || "–".to_string();
    let stages = evidence.groups.get(index).map(|own| evidence.results(own)).unwrap_or_default();
    let first = stages.first().copied();
    let score = match estimate {
        Some(own) => match own.deviation {
            Some(deviation) => format!("{} ± {}", measure.value(own.mean), measure.bare(deviation)),
            None => measure.value(own.mean),
        },
        None => dash(),
    };
    let interval =
        estimate.and_then(|own| own.interval).map_or_else(dash, |ends| measure.values(ends));
    let gain = compared.map_or_else(dash, |own| match own.interval {
        Ok(ends) => {
            let ends = measure.gains(ends);
            format!("{} ({})", measure.signed(own.gain), ends.trim_end_matches(" points"))
        }
        Err(_) => measure.signed(own.gain),
    });
    let tested = compared.and_then(|own| own.p).map_or_else(dash, |value| {
        p(value).trim_start_matches("p ").trim_start_matches("= ").to_string()
    });
    let mean = |of: &dyn Fn(&Stage) -> Option<f64>| {
        let all: Vec<f64> = stages.iter().filter_map(|stage| of(stage)).collect();
        (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
    };
    [
        first.and_then(|stage| stage.past.model.clone()).unwrap_or_else(dash),
        source(evidence, index, first),
        score,
        interval,
        gain,
        tested,
        mean(&|stage| stage.best()).map_or_else(dash, |best| measure.value(best)),
        first.and_then(|stage| stage.past.parameters).map_or_else(dash, thousands),
        mean(&|stage| stage.past.seconds).map_or_else(dash, time),
    ]
}

/// What the intervals are over, and what else a reader must know.
pub fn explained(evidence: &Evidence, estimates: &[Option<Estimate>], verdict: &Verdict) -> String {
    let mut told: Vec<String> = Vec::new();
    let overs = || estimates.iter().flatten().map(|own| &own.over);
    let clips = overs().find_map(|over| match over {
        Over::Clips(clips, resamples) => Some((*clips, *resamples)),
        _ => None,
    });
    if let Some((clips, resamples)) = clips {
        told.push(format!(
            "The interval of a single result is over the clips that test: {} drawn with replacement {} times, percentiles.",
            counted(clips, "clip"),
            thousands(resamples as u64)
        ));
    }
    let runs =
        overs().find_map(|over| if let Over::Runs(count) = over { Some(*count) } else { None });
    if let Some(count) = runs {
        told.push(format!(
            "Where a stage has several results, its interval is over these ({count}), drawn with replacement; of so few it is rather too narrow."
        ));
    }
    let nothing =
        overs().find_map(|over| if let Over::Nothing(why) = over { Some(why) } else { None });
    if let Some(why) = nothing {
        told.push(format!("Where there is none: {why}."));
    }
    if let Some((own, _)) = verdict.comparisons.first() {
        let baseline = evidence.groups.get(own.baseline).map_or("?", |group| group.label.as_str());
        let against =
            match verdict.comparisons.iter().all(|(other, _)| other.baseline == own.baseline) {
                true => format!("“{baseline}”"),
                false => "the baseline of each".to_string(),
            };
        told.push(format!("The gain is over {against}; p is two-sided, by {}.", own.method));
    }
    let shared: usize =
        evidence.groups.iter().map(|own| own.members.len() - evidence.distinct(own).len()).sum();
    if shared > 0 {
        let what =
            if shared == 1 { "1 result is".to_string() } else { format!("{shared} results are") };
        told.push(format!("{what} the same as another one, from the store, and count once."));
    }
    told.push(
        "The best epoch is chosen by the clips that validate, or else by those that test, and then it is optimistic."
            .into(),
    );
    told.join(" ")
}
