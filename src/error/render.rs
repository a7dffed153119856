//! How an error looks: one renderer for every message, on a terminal or in a log. `miette` draws the excerpts.

use super::{Error, Place, Severity};
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError,
    MietteSpanContents, SourceCode, SourceSpan, SpanContents,
};
use std::borrow::Cow;
use std::fmt;

/// Characters of a line that are shown; of a longer one, those around the place.
const WIDTH: usize = 160;

/// Whether a character could steer a terminal, or turn around what stands beside it.
fn steers(letter: char) -> bool {
    let turns = matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || letter.is_control() && !matches!(letter, '\n' | '\t')
}

/// Text of whatever origin for a terminal or a log: what could steer a terminal is written as `\u001b`, which JSON
/// reads back.
pub fn tame(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut tamed = String::with_capacity(text.len());
    // Lines of other systems end so.
    for letter in text.replace("\r\n", "\n").chars() {
        match steers(letter) {
            true => tamed.push_str(&format!("\\u{:04x}", u32::from(letter))),
            false => tamed.push(letter),
        }
    }
    Cow::Owned(tamed)
}

/// Renders `error`; colours only where asked for.
pub(super) fn render(error: &Error, colour: bool) -> String {
    let report = error.report();
    let (level, code) = match report.severity {
        Severity::Error => ("error", "1;31"),
        Severity::Warning => ("warning", "1;33"),
    };
    let word = paint(colour, code, &format!("{level}[{}]", report.kind.word()));
    let mut text =
        format!("{word}: {}\n", paint(colour, "1", &tame(&error.headline().replace('\n', "\\n"))));
    for place in &report.places {
        if !place.note.is_empty() {
            text.push_str(&format!("  {}\n", tame(&place.note)));
        }
        text.push_str(&drawn(place, report.severity, colour));
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
            // What has several lines stays together.
            let remark = tame(remark).replace('\n', &format!("\n  {}", " ".repeat(word.len() + 2)));
            text.push_str(&format!("  {}: {remark}\n", paint(colour, "1;36", word)));
        }
    }
    text.truncate(text.trim_end().len());
    text
}

fn paint(colour: bool, code: &str, text: &str) -> String {
    match colour {
        true => format!("\x1b[{code}m{text}\x1b[0m"),
        false => text.to_string(),
    }
}

/// The place with its line underlined; only its name where the text is not known.
fn drawn(place: &Place, severity: Severity, colour: bool) -> String {
    let Some(excerpt) = Excerpt::of(place, severity) else {
        let column = place.column.map(|c| format!(":{c}")).unwrap_or_default();
        let file = place.file.display().to_string();
        return format!("  --> {}:{}{column}\n", tame(&file), place.line);
    };
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .with_context_lines(0)
        .with_wrap_lines(false)
        .tab_width(4);
    let mut whole = String::new();
    if handler.render_report(&mut whole, &excerpt).is_err() {
        return format!("  --> {}\n", excerpt.name);
    }
    // The message stands above already, in our own words and order.
    whole.split_once('\n').map_or(String::new(), |(_, frame)| frame.to_string())
}

/// One line of a file, as `miette` wants it.
#[derive(Debug)]
struct Excerpt {
    name: String,
    /// What is shown of the line.
    row: String,
    /// Line and column of the place, counted from 0.
    start: (usize, usize),
    span: SourceSpan,
    severity: Severity,
}

impl Excerpt {
    fn of(place: &Place, severity: Severity) -> Option<Self> {
        let (row, (indent, width)) = (place.row_text()?, place.span()?);
        let length = row.chars().count();
        let indent = indent.min(length);
        let width = width.clamp(1, WIDTH);
        let begin = match length > WIDTH {
            true => indent.saturating_sub(WIDTH / 2).min(length - WIDTH),
            false => 0,
        };
        // One character each, so that the place stays where it is.
        let plain = |letter| if steers(letter) { '\u{fffd}' } else { letter };
        let mut shown: String = row.chars().skip(begin).take(WIDTH).map(plain).collect();
        let bytes = |text: &str, count: usize| -> usize {
            text.chars().take(count).map(char::len_utf8).sum()
        };
        let from = bytes(&shown, indent - begin);
        let end = bytes(&shown, indent - begin + width);
        if end <= from {
            // Behind the end of the line, where something is missing.
            shown.push(' ');
        }
        let span = SourceSpan::from((from, end.max(from + 1) - from));
        let name = tame(&place.file.display().to_string()).into_owned();
        let start = (place.line.checked_sub(1)?, indent);
        Some(Excerpt { name, row: shown, start, span, severity })
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("here")
    }
}

impl std::error::Error for Excerpt {}

impl Diagnostic for Excerpt {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_primary_with_span(None, self.span);
        Some(Box::new(std::iter::once(label)))
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        _: &SourceSpan,
        _: usize,
        _: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let whole = SourceSpan::from((0, self.row.len()));
        let (line, column) = self.start;
        let row = self.row.as_bytes();
        Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), row, whole, line, column, 1)))
    }
}
