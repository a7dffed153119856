//! How an error looks: one renderer for every message, on a terminal or in a log.

use super::{Error, Place, Severity};

/// Renders `error`; colours only where asked for.
pub(super) fn render(error: &Error, colour: bool) -> String {
    let paint = |code: &str, text: &str| match colour {
        true => format!("\x1b[{code}m{text}\x1b[0m"),
        false => text.to_string(),
    };
    let report = error.report();
    let (word, colour) = match report.severity {
        Severity::Error => ("error", "1;31"),
        Severity::Warning => ("warning", "1;33"),
    };
    let kind = paint(colour, &format!("{word}[{}]", report.kind.word()));
    let mut text = format!("{kind}: {}\n", paint("1", &error.headline()));
    for place in &report.places {
        if !place.note.is_empty() {
            text.push_str(&format!("  {}\n", place.note));
        }
        text.push_str(&excerpt(place, &paint));
    }
    let remarks = [
        ("expected", &report.expected),
        ("received", &report.received),
        ("part", &report.part),
        ("in", &report.note),
        ("hint", &report.hint),
    ];
    for (word, remark) in remarks {
        if let Some(remark) = remark {
            text.push_str(&format!("  {}: {remark}\n", paint("1;36", word)));
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// The place as `--> file:line:column`, with the line and a caret where the text is known.
fn excerpt(place: &Place, paint: &dyn Fn(&str, &str) -> String) -> String {
    let column = place.column.map(|c| format!(":{c}")).unwrap_or_default();
    let mut drawn = format!("  --> {}:{}{column}\n", place.file.display(), place.line);
    let (Some(row), Some((indent, width))) = (place.row_text(), place.span()) else { return drawn };
    let number = place.line.to_string();
    let bar = paint("1;34", "|");
    // Tabs would put the caret elsewhere than under its token.
    let shown = row.replace('\t', " ");
    drawn.push_str(&format!("{} {bar} {shown}\n", paint("1;34", &number)));
    let caret = paint("1;31", &"^".repeat(width.max(1)));
    let gutter = " ".repeat(number.len());
    drawn.push_str(&format!("{gutter} {bar} {}{caret}\n", " ".repeat(indent)));
    drawn
}
