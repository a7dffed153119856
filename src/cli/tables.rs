//! Tables that fit the terminal.

use super::words::columns;

/// Where no column is left that could go, cells still keep so many letters.
const LEAST: usize = 8;

/// A column of a table.
#[derive(Clone, Copy, Default)]
pub(super) struct Column {
    /// Its head; where it begins with a space, the column stands right.
    pub head: &'static str,
    /// Where the table is too wide, the column with the highest number goes first; 0 stays.
    pub order: u8,
    /// To how many letters its cells may be cut where the table is too wide, before other columns go; 0: never.
    pub least: usize,
    /// Whether it goes where all its cells are empty.
    pub sparse: bool,
}

impl Column {
    /// A column that stays.
    pub fn new(head: &'static str) -> Self {
        Column { head, ..Column::default() }
    }

    /// One that goes where the table is too wide.
    pub fn goes(self, order: u8) -> Self {
        Column { order, ..self }
    }

    /// One whose cells are cut where the table is too wide, to so many letters before other columns go.
    pub fn cuts(self, least: usize) -> Self {
        Column { least, ..self }
    }

    /// One that goes where all its cells are empty.
    pub fn sparse(self) -> Self {
        Column { sparse: true, ..self }
    }
}

/// A table of at most so many letters a line, as far as that can be.
pub(super) fn fitted(all: &[Column], rows: &[Vec<String>], width: Option<usize>) -> String {
    let mut shown: Vec<usize> = (0..all.len())
        .filter(|index| {
            let filled = |row: &Vec<String>| row.get(*index).is_some_and(|cell| !cell.is_empty());
            !all[*index].sparse || rows.iter().any(filled)
        })
        .collect();
    let wide = |index: usize| {
        let cells = rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.chars().count());
        cells.max().unwrap_or(0).max(all[index].head.trim_start().chars().count())
    };
    let mut widths: Vec<usize> = (0..all.len()).map(wide).collect();
    let total = |shown: &[usize], widths: &[usize]| {
        let sum: usize = shown.iter().map(|index| widths[*index]).sum();
        sum + 2 * shown.len().saturating_sub(1)
    };
    if let Some(width) = width {
        let spare = |shown: &[usize], widths: &[usize]| {
            let cut = shown.iter().filter(|index| all[**index].least > 0);
            cut.map(|index| widths[*index].saturating_sub(all[*index].least)).sum()
        };
        while total(&shown, &widths).saturating_sub(spare(&shown, &widths)) > width {
            let last = shown.iter().copied().filter(|index| all[*index].order > 0);
            let Some(last) = last.max_by_key(|index| all[*index].order) else { break };
            shown.retain(|index| *index != last);
        }
        while total(&shown, &widths) > width {
            let longest = shown.iter().copied().filter(|index| all[*index].least > 0);
            let longest = longest.max_by_key(|index| widths[*index]);
            match longest.filter(|index| widths[*index] > LEAST) {
                Some(longest) => widths[longest] -= 1,
                None => break,
            }
        }
    }
    let head: Vec<&str> = shown.iter().map(|index| all[*index].head).collect();
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let cell =
                |index: &usize| cut(row.get(*index).map_or("", String::as_str), widths[*index]);
            shown.iter().map(cell).collect()
        })
        .collect();
    columns(&head, &rows)
}

/// A text of at most so many letters.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_string();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    if width > 0 {
        short.push('…');
    }
    short
}

/// A text in lines of at most so many letters, broken between words.
pub(super) fn folded(text: &str, width: Option<usize>) -> String {
    let Some(width) = width else { return text.to_string() };
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines.join("\n")
}
