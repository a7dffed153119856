//! A summary in Markdown: the claim, what came out, the table of stages.

use super::evidence::Evidence;
use super::judge::{estimate, verdict};
use super::page::{cells, explained, head, title};

/// The summary.
pub fn markdown(evidence: &Evidence) -> String {
    let verdict = verdict(evidence);
    let mut text = format!("# {}\n\n", escaped(&title(evidence)));
    let runs: Vec<String> = evidence
        .runs
        .iter()
        .map(|run| format!("`{}`", run.past.name().replace('`', "'")))
        .collect();
    text.push_str(&format!("Runs: {}\n\n", runs.join(", ")));
    if let Some(claim) = &evidence.options.claim {
        text.push_str(&format!("**Claim:** {}\n\n", escaped(claim)));
    }
    text.push_str(&format!("**{}.** {}\n\n", verdict.finding.words(), escaped(&verdict.tested)));
    for sentence in &verdict.sentences {
        text.push_str(&format!("- {}\n", escaped(sentence)));
    }
    if !verdict.sentences.is_empty() {
        text.push('\n');
    }
    let names = head(evidence.measure.name());
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    text.push_str(&row(&std::iter::once("stage").chain(names).map(escaped).collect::<Vec<_>>()));
    text.push_str(&row(&vec!["---".to_string(); names.len() + 1]));
    let estimates: Vec<_> = evidence.groups.iter().map(|group| estimate(evidence, group)).collect();
    for (index, (group, estimate)) in evidence.groups.iter().zip(&estimates).enumerate() {
        let compared =
            verdict.comparisons.iter().map(|(own, _)| own).find(|own| own.group == index);
        let count = evidence.distinct(group).len();
        let name =
            if count > 1 { format!("{} × {count}", group.label) } else { group.label.clone() };
        let cells = cells(evidence, index, estimate.as_ref(), compared);
        text.push_str(&row(&std::iter::once(&name)
            .chain(&cells)
            .map(|cell| escaped(cell))
            .collect::<Vec<_>>()));
    }
    text.push_str(&format!("\n{}\n", escaped(&explained(evidence, &estimates, &verdict))));
    text
}

/// A text that means nothing to Markdown.
fn escaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' => {
                plain.extend(['\\', letter])
            }
            letter if letter.is_control() => plain.push(' '),
            letter => plain.push(letter),
        }
    }
    plain
}
