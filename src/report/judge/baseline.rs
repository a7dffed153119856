//! Which stages are compared with which.

use crate::report::evidence::{Evidence, shared};

/// Words in the names of stages that learn without what is tried.
const ALONE: [&str; 3] = ["alone", "baseline", "control"];

/// The groups that can be a baseline: those that the options name, or else those whose names say so, or else the one
/// that learns from labels and is built like one that is taught.
fn candidates(evidence: &Evidence) -> Vec<usize> {
    if let Some(name) = &evidence.options.baseline {
        return evidence.named("baseline", name).unwrap_or_default();
    }
    let says = |label: &str| {
        let words = label.to_lowercase();
        let mut words = words.split(|c: char| !c.is_alphanumeric());
        words.any(|word| ALONE.contains(&word))
    };
    let all = evidence.groups.iter().enumerate();
    let named: Vec<usize> =
        all.filter(|(_, group)| says(&group.label)).map(|(index, _)| index).collect();
    if !named.is_empty() {
        return named;
    }
    let first = |group: usize| {
        let member = evidence.groups.get(group)?.members.first()?;
        evidence.stage(*member)
    };
    let taught =
        |group: &usize| first(*group).is_some_and(|own| own.past.kind.as_deref() != Some("train"));
    let likes = (0..evidence.groups.len()).filter(taught).filter_map(first);
    let built: Vec<(Option<String>, Option<u64>)> =
        likes.map(|own| (own.past.model.clone(), own.past.parameters)).collect();
    let plain =
        (0..evidence.groups.len()).filter(|group| !taught(group) && !evidence.teaches(*group));
    plain
        .filter(|group| {
            let own = first(*group);
            own.is_some_and(|own| built.contains(&(own.past.model.clone(), own.past.parameters)))
        })
        .collect()
}

/// What a group is compared with: of several candidates the one whose name is nearest.
pub fn baseline_of(evidence: &Evidence, group: usize) -> Option<usize> {
    let candidates = candidates(evidence);
    if candidates.contains(&group) {
        return None;
    }
    let own = evidence.groups.get(group)?;
    let setting = |label: &str| label.split_once(" · ").map(|(_, setting)| setting.to_string());
    let near = |candidate: &usize| {
        evidence.groups.get(*candidate).map(|other| {
            let runs = own
                .members
                .iter()
                .any(|mine| other.members.iter().any(|theirs| theirs.run == mine.run));
            let words = |label: &str| -> Vec<String> {
                label.to_lowercase().split_whitespace().map(str::to_string).collect()
            };
            let theirs = words(&other.label);
            let common = words(&own.label).iter().filter(|word| theirs.contains(word)).count();
            let same = setting(&other.label) == setting(&own.label);
            (runs, same, shared(&own.label, &other.label), common)
        })
    };
    let best = candidates.iter().map(near).max()?;
    candidates.into_iter().find(|candidate| near(candidate) == best)
}

/// The groups that a claim is about: those that the options name, or else all that are neither baseline nor teacher.
pub fn subjects(evidence: &Evidence) -> Vec<usize> {
    if let Some(name) = &evidence.options.about {
        return evidence.named("report", name).unwrap_or_default();
    }
    let compared = |group: &usize| baseline_of(evidence, *group).is_some();
    let all: Vec<usize> = (0..evidence.groups.len()).filter(compared).collect();
    let learners: Vec<usize> =
        all.iter().copied().filter(|group| !evidence.teaches(*group)).collect();
    if learners.is_empty() { all } else { learners }
}
