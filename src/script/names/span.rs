//! Places in a text: bytes for slicing, lines and columns for people.

/// An extent in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last one.
    pub end: usize,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 0 in characters; Rhai counts from 1.
    pub column: usize,
    /// The length in characters.
    pub length: usize,
}

/// Where the lines of a text begin.
#[derive(Clone, Debug)]
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub fn of(text: &str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Lines(std::iter::once(0).chain(breaks).collect())
    }

    pub fn span(&self, text: &str, start: usize, end: usize) -> Span {
        let line = self.0.partition_point(|begin| *begin <= start);
        let begin = line.checked_sub(1).and_then(|line| self.0.get(line)).copied().unwrap_or(0);
        let count = |from, to| text.get(from..to).map_or(0, |part: &str| part.chars().count());
        Span { start, end, line, column: count(begin, start), length: count(start, end) }
    }

    pub fn offset(&self, text: &str, line: usize, column: usize) -> usize {
        let Some(begin) = line.checked_sub(1).and_then(|line| self.0.get(line)) else {
            return if line == 0 { 0 } else { text.len() };
        };
        let rest = text.get(*begin..).unwrap_or_default();
        let row = rest.split('\n').next().unwrap_or_default();
        let row = row.strip_suffix('\r').unwrap_or(row);
        begin + row.char_indices().nth(column).map_or(row.len(), |(at, _)| at)
    }
}
