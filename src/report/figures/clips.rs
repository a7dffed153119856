//! The clips that one model has right and the other has not.

use super::label;
use super::spectrogram::{Picture, Places};
use crate::metrics::Labelling;
use crate::report::draw::missing;
use crate::report::evidence::{Answers, Evidence, Stage};
use crate::report::words::{counted, cut, listed};
use maud::{Markup, html};

/// So many clips of each kind are shown.
const MOST: usize = 6;
/// So many comparisons.
const FIGURES: usize = 2;

/// A clip that changed: its places in both lists of answers, and by how much.
struct Changed {
    own: usize,
    other: usize,
    by: f64,
}

/// Clips that became right, and that became wrong, against the baseline.
pub fn changed_clips(evidence: &Evidence, compared: &[(usize, usize)]) -> Markup {
    let pairs: Vec<(usize, usize)> = compared.iter().copied().take(FIGURES).collect();
    if pairs.is_empty() {
        return missing("fig-clips-1", "Clips that changed", "there is nothing to compare with.");
    }
    html! {
        @for (index, (group, baseline)) in pairs.iter().enumerate() {
            @let id = format!("fig-clips-{}", index + 1);
            @match of_pair(evidence, &id, *group, *baseline) {
                Ok(shown) => { (shown) }
                Err(why) => { (missing(&id, "Clips that changed", &format!("{why}."))) }
            }
        }
    }
}

/// The first two results of both that were tested on the same clips.
fn tested(
    evidence: &Evidence,
    group: usize,
    baseline: usize,
) -> Result<(usize, &Stage, &Stage), String> {
    let (Some(own), Some(other)) = (evidence.groups.get(group), evidence.groups.get(baseline))
    else {
        return Err("there is no such stage".into());
    };
    let mut why = "the two were not tested on the same clips".to_string();
    for member in evidence.distinct(own) {
        for theirs in evidence.distinct(other).iter().filter(|theirs| theirs.run == member.run) {
            let (Some(a), Some(b)) = (evidence.stage(member), evidence.stage(*theirs)) else {
                continue;
            };
            match (&a.answers, &b.answers) {
                (Ok(x), Ok(y)) if x.paired(y).is_some() => return Ok((member.run, a, b)),
                (Err(problem), _) | (_, Err(problem)) => why.clone_from(problem),
                _ => {}
            }
        }
    }
    Err(why)
}

fn of_pair(evidence: &Evidence, id: &str, group: usize, baseline: usize) -> Result<Markup, String> {
    let (run, own, other) = tested(evidence, group, baseline)?;
    let (Ok(a), Ok(b)) = (&own.answers, &other.answers) else {
        return Err("nothing is known".into());
    };
    let pairs = a.paired(b).unwrap_or_default();
    let (mut better, mut worse): (Vec<Changed>, Vec<Changed>) = (Vec::new(), Vec::new());
    for (mine, theirs) in pairs {
        let by = trust(a, mine) - trust(b, theirs);
        let changed = Changed { own: mine, other: theirs, by };
        match a.labelling {
            Labelling::Single => match (a.right(mine), b.right(theirs)) {
                (true, false) => better.push(changed),
                (false, true) => worse.push(changed),
                _ => {}
            },
            Labelling::Multi if by > 0.0 => better.push(changed),
            Labelling::Multi if by < 0.0 => worse.push(changed),
            Labelling::Multi => {}
        }
    }
    better.sort_by(|x, y| y.by.total_cmp(&x.by).then(x.own.cmp(&y.own)));
    worse.sort_by(|x, y| x.by.total_cmp(&y.by).then(x.own.cmp(&y.own)));
    let places = evidence.runs.get(run).map(|run| run.past.clip_places()).unwrap_or_default();
    let places = Places(&places);
    let names = [label(evidence, group), label(evidence, baseline)];
    let [first, second] = match a.labelling {
        Labelling::Single => [["Right with", "wrong with"], ["Wrong with", "right with"]],
        Labelling::Multi => [["Better with", "than with"], ["Worse with", "than with"]],
    };
    let kinds = [(first, &better, "fixed"), (second, &worse, "broken")];
    Ok(html! {
        div id=(id) {
            @for (word, clips, kind) in kinds {
                h3 { (word[0]) " “" (names[0]) "”, " (word[1]) " “" (names[1]) "”: " (counted(clips.len(), "clip")) }
                @if clips.len() > MOST { p.note { "The " (MOST) " whose answers changed most." } }
                @if clips.is_empty() { p.missing { "There is none." } }
                div.clips {
                    @for (index, changed) in clips.iter().take(MOST).enumerate() {
                        (clip(&format!("{id}-{kind}-{}", index + 1), (a, b), changed, names, &places, own))
                    }
                }
            }
        }
    })
}

/// How much a model trusts what is true: the mean of log-probabilities of what is there, and of not being there of the rest.
fn trust(answers: &Answers, clip: usize) -> f64 {
    let floor = |probability: f64| libm::log(probability.max(1e-9));
    let (probabilities, truth) = (answers.probabilities(clip), answers.truth(clip));
    let both = probabilities.iter().zip(truth);
    match answers.labelling {
        Labelling::Single => {
            both.filter(|(_, own)| **own).map(|(probability, _)| floor(*probability)).sum()
        }
        Labelling::Multi => both
            .map(|(probability, own)| floor(if *own { *probability } else { 1.0 - probability }))
            .sum(),
    }
}

/// What a model says of a clip: its first answer; of several labels the two likeliest.
fn said(answers: &Answers, clip: usize) -> String {
    let probabilities = answers.probabilities(clip);
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|a, b| probabilities[*b].total_cmp(&probabilities[*a]).then(a.cmp(b)));
    order.truncate(if answers.labelling == Labelling::Single { 1 } else { 2 });
    let one = |class: &usize| {
        let probability = probabilities.get(*class).copied().unwrap_or(0.0);
        format!("{} ({:.0} %)", answers.class(*class), probability * 100.0)
    };
    order.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn clip(
    id: &str,
    (a, b): (&Answers, &Answers),
    changed: &Changed,
    [own, other]: [&str; 2],
    places: &Places,
    stage: &Stage,
) -> Markup {
    let name = a.ids.get(changed.own).map_or("?", String::as_str);
    let truth = a.truth(changed.own).iter().enumerate().filter(|(_, is)| **is);
    let truth: Vec<String> = truth.map(|(class, _)| a.class(class).to_string()).collect();
    let truth = if truth.is_empty() { "no label".to_string() } else { listed(&truth) };
    let picture = places.picture(name, &stage.weights);
    html! {
        figure.clip id=(id) {
            @match &picture {
                Ok(Picture { address, shape, seconds }) => {
                    img src=(address) width=(shape[0].min(400)) height=(shape[1]) alt={
                        "Features of " (name) ": " (shape[0]) " frames of " (shape[1]) " bins, " (format!("{seconds:.1}")) " s"
                    };
                }
                Err(why) => { div.missing.picture { "No picture: " (why) "." } }
            }
            figcaption {
                b { (truth) }
                span.file { (cut(name, 60)) }
                span { (own) ": " (said(a, changed.own)) }
                span { (other) ": " (said(b, changed.other)) }
            }
        }
    }
}
