//! Whether a claim holds, as far as the numbers go.

use super::baseline::{baseline_of, subjects};
use super::compare::{Comparison, compare};
use crate::report::evidence::{Evidence, Expected};
use crate::report::words::{counted, listed, p};

/// What the numbers say of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The whole interval is where the claim expects it.
    Supported,
    /// The whole interval is where the claim does not expect it.
    NotSupported,
    /// The interval has both.
    Undecided,
    /// Of several stages, some one way and some another.
    InPart,
    /// Nothing could be compared.
    NotTested,
}

impl Finding {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Finding::Supported => "Supported",
            Finding::NotSupported => "Not supported",
            Finding::Undecided => "Undecided",
            Finding::InPart => "Supported in part",
            Finding::NotTested => "Not tested",
        }
    }

    /// A sign for it.
    pub fn sign(self) -> &'static str {
        match self {
            Finding::Supported => "✓",
            Finding::NotSupported => "✗",
            Finding::Undecided | Finding::InPart => "≈",
            Finding::NotTested => "–",
        }
    }
}

/// What was tested of a claim, and what came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What came out.
    pub finding: Finding,
    /// What was tested, in a sentence.
    pub tested: String,
    /// What came out, a sentence or two for each comparison.
    pub sentences: Vec<String>,
    /// The comparisons that it rests on, each with its own finding.
    pub comparisons: Vec<(Comparison, Finding)>,
}

/// The level of the intervals, all together.
const LEVEL: f64 = 0.95;

/// Whether the numbers agree with what is expected.
pub fn verdict(evidence: &Evidence) -> Verdict {
    let about = subjects(evidence);
    // Bonferroni: all intervals hold together with the level of one.
    let level = 1.0 - (1.0 - LEVEL) / about.len().max(1) as f64;
    let compared: Vec<Comparison> = about
        .iter()
        .filter_map(|group| compare(evidence, *group, baseline_of(evidence, *group)?, level))
        .collect();
    let none = |why: &str| Verdict {
        finding: Finding::NotTested,
        tested: why.to_string(),
        sentences: Vec::new(),
        comparisons: Vec::new(),
    };
    if about.is_empty() {
        return none(match &evidence.options.baseline {
            Some(_) => {
                "Nothing was tested: there is no stage beside the baseline and its teachers."
            }
            None => {
                "Nothing was tested: no stage is named as the baseline, and none can be told from the names. \
                 `--baseline STAGE` names one."
            }
        });
    }
    if compared.is_empty() {
        return none("Nothing was tested: no two results belong together.");
    }
    let findings: Vec<Finding> = compared.iter().map(|own| finding(evidence, own)).collect();
    let all = |of: Finding| findings.iter().all(|own| *own == of);
    let any = |of: Finding| findings.contains(&of);
    let whole = match () {
        () if all(Finding::Supported) => Finding::Supported,
        () if all(Finding::NotSupported) => Finding::NotSupported,
        () if all(Finding::NotTested) => Finding::NotTested,
        () if any(Finding::Supported) => Finding::InPart,
        () => Finding::Undecided,
    };
    let sentences = compared
        .iter()
        .zip(&findings)
        .map(|(own, found)| sentence(evidence, own, *found))
        .collect();
    Verdict {
        finding: whole,
        tested: tested(evidence, &compared),
        sentences,
        comparisons: compared.into_iter().zip(findings).collect(),
    }
}

/// Of one comparison.
fn finding(evidence: &Evidence, compared: &Comparison) -> Finding {
    let Ok([low, high]) = compared.interval else { return Finding::NotTested };
    let margin = evidence.options.margin;
    let (inside, outside) = match evidence.options.expected {
        Expected::Better => (low > margin, high <= margin),
        Expected::Worse => (high < -margin, low >= -margin),
        Expected::Same => (-margin < low && high < margin, high <= -margin || low >= margin),
    };
    match (inside, outside) {
        (true, _) => Finding::Supported,
        (_, true) => Finding::NotSupported,
        _ => Finding::Undecided,
    }
}

fn label(evidence: &Evidence, group: usize) -> String {
    format!("“{}”", evidence.groups.get(group).map_or("?", |own| own.label.as_str()))
}

fn tested(evidence: &Evidence, compared: &[Comparison]) -> String {
    let measure = evidence.measure;
    let margin = evidence.options.margin;
    let by = |word: &str| match margin > 0.0 {
        true => format!("{} {word}", measure.gain(margin).trim_start_matches('+')),
        false => word.to_string(),
    };
    let expected = match evidence.options.expected {
        Expected::Better => by("better"),
        Expected::Worse => by("worse"),
        Expected::Same => {
            format!("the same to within {}", measure.gain(margin).trim_start_matches('+'))
        }
    };
    let pair = |own: &Comparison| {
        let (group, baseline) = (label(evidence, own.group), label(evidence, own.baseline));
        format!("{group} is {expected} than {baseline}")
    };
    let claims = compared.iter().take(4).map(|own| match evidence.options.expected {
        Expected::Same => format!(
            "{} and {} are {expected}",
            label(evidence, own.group),
            label(evidence, own.baseline)
        ),
        _ => pair(own),
    });
    let mut claims: Vec<String> = claims.collect();
    if compared.len() > claims.len() {
        claims.push(format!("so on for {} more", compared.len() - claims.len()));
    }
    let together = match compared.len() {
        1 => String::new(),
        many => format!(
            " With {many} comparisons each interval has {:.1} %, so that all hold together with 95 %.",
            compared.first().map_or(LEVEL, |own| own.level) * 100.0
        ),
    };
    format!("Tested by {}: {}.{together}", measure.name(), listed(&claims))
}

fn sentence(evidence: &Evidence, own: &Comparison, found: Finding) -> String {
    let measure = evidence.measure;
    let (group, baseline) = (label(evidence, own.group), label(evidence, own.baseline));
    let gain = measure.gain(own.gain);
    let interval = match &own.interval {
        Ok(interval) => *interval,
        Err(why) => {
            return format!("{group} against {baseline}: {gain}, without an interval: {why}.");
        }
    };
    let test = own.p.map(|value| format!("; {}", p(value))).unwrap_or_default();
    let end = match found {
        Finding::Undecided => " These numbers do not decide it: the interval has both outcomes.",
        Finding::NotSupported => " The whole interval is where the claim does not expect it.",
        _ => "",
    };
    let over = match own.gains.len() {
        1 => String::new(),
        many => format!(" on average of {}", counted(many, "pair")),
    };
    format!(
        "{group} against {baseline}: {gain}{over} ({} % interval {}{test}).{end}",
        percent(own.level),
        measure.gains(interval)
    )
}

/// `95`, `97.5`.
fn percent(level: f64) -> String {
    let text = format!("{:.1}", level * 100.0);
    text.trim_end_matches(".0").to_string()
}
