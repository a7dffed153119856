//! Lists as tables: true CSV, with quotes, a byte-order mark, any line ends, and the line of each row.

use crate::error::{Error, Kind, Place, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How a table is written.
#[derive(Clone, Debug)]
pub(super) struct Form {
    /// What stands between two cells.
    pub separator: u8,
    /// Whether its first row names the columns.
    pub has_header: bool,
}

impl Default for Form {
    fn default() -> Self {
        Form { separator: b',', has_header: true }
    }
}

/// A table that was read.
pub(super) struct Table {
    pub path: Arc<Path>,
    pub header: Vec<String>,
    pub rows: Vec<Cells>,
}

/// One row of it.
pub(super) struct Cells {
    /// Its line, counted from 1.
    pub line: usize,
    cells: csv::StringRecord,
}

impl Cells {
    /// A cell without the space around it; empty where the row is too short.
    pub fn get(&self, index: usize) -> &str {
        self.cells.get(index).unwrap_or("").trim()
    }
}

impl Table {
    /// Reads a table whole.
    ///
    /// # Errors
    /// A file that cannot be read, that is no UTF-8, or whose rows have different lengths; a quote that is not closed; a
    /// table without rows.
    pub fn read(path: &Path, form: &Form) -> Result<Table> {
        let text = crate::disk::read_text(path).map_err(|error| match error.kind() {
            Kind::Data => error.hint("save the table as UTF-8"),
            _ => error,
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut table = Table { path: path.into(), header: Vec::new(), rows: Vec::new() };
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(form.has_header)
            .delimiter(form.separator)
            .from_reader(text.as_bytes());
        if form.has_header {
            let header = reader.headers().map_err(|cause| table.damaged(1, cause.to_string()))?;
            table.header = header.iter().map(|name| name.trim().to_string()).collect();
        }
        let mut lines = Lines { text, byte: 0, line: 1 };
        for record in reader.into_records() {
            let cells = record.map_err(|cause| {
                let line = cause.position().map_or(0, |position| lines.at(position.byte()));
                let error = table.damaged(line, "the row cannot be read");
                // The reader's own words have another count of lines.
                let error = match cause.kind() {
                    csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                        let error =
                            error.expected(format!("{expected_len} cells, as in the rows before"));
                        error.received(format!("{len}"))
                    }
                    _ => error.received(cause.to_string()),
                };
                error.hint("a cell that has a separator in it is written in quotes")
            })?;
            let line = cells.position().map_or(0, |position| lines.at(position.byte()));
            table.rows.push(Cells { line, cells });
        }
        // The reader takes all that follows for one cell then.
        if let Some(byte) = open_quote(text.as_bytes(), form.separator) {
            let line = 1 + text.get(..byte).unwrap_or_default().matches('\n').count();
            return Err(table
                .damaged(line, "a quote is not closed")
                .hint("close it, or write a quote within a cell twice"));
        }
        if table.rows.is_empty() {
            return Err(table.damaged(1, "the table lists no clip"));
        }
        Ok(table)
    }

    /// The column of that name.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub fn column(&self, name: &str) -> Result<usize> {
        if self.header.iter().filter(|own| *own == name).count() > 1 {
            return Err(self
                .damaged(1, format!("the column '{name}' is there twice"))
                .received(self.header.join(", "))
                .hint("give one of them another name"));
        }
        self.find(name).ok_or_else(|| {
            // One cell in each row: another sign stands between them.
            if let [whole] = self.header.as_slice()
                && let Some(sign) = [';', '\t', '|'].into_iter().find(|sign| whole.contains(*sign))
            {
                return self
                    .damaged(1, "the table has one column")
                    .expected("cells with commas between them")
                    .received(whole.clone())
                    .hint(format!(
                        "dataset::csv takes another sign: separator: {:?}",
                        sign.to_string()
                    ));
            }
            self.damaged(1, format!("the column '{name}' is missing"))
                .expected(format!("a column '{name}'"))
                .received(self.header.join(", "))
                .near(name, self.header.iter().map(String::as_str))
        })
    }

    /// The column of that name, if there is one.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|own| own == name)
    }

    /// An error in one of its lines.
    pub fn damaged(&self, line: usize, problem: impl Into<String>) -> Error {
        Error::new(Kind::Data, format!("reading {}", self.path.display()), problem)
            .at(Place::row(&self.path, line))
    }

    /// A whole number in a cell.
    ///
    /// # Errors
    /// It is none.
    pub fn whole(&self, row: &Cells, column: usize, name: &str) -> Result<usize> {
        row.get(column).parse().map_err(|_| {
            self.damaged(row.line, format!("'{name}' is no whole number"))
                .expected("0 or more")
                .received(format!("'{}'", row.get(column)))
        })
    }

    /// A name of a file below the list's folder. A list that somebody sends must not reach outside of it.
    ///
    /// # Errors
    /// An empty name; one that leads out.
    pub fn file(&self, row: &Cells, column: usize, name: &str) -> Result<PathBuf> {
        let text = row.get(column);
        inside(text).ok_or_else(|| {
            self.damaged(row.line, format!("'{name}' is no file name below the data set's folder"))
                .received(format!("'{text}'"))
        })
    }
}

/// A relative path that stays where it is.
pub(super) fn inside(text: &str) -> Option<PathBuf> {
    use std::path::Component;
    let path = Path::new(text);
    let plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    let is_plain = !text.is_empty() && !text.contains(['\\', '\0']) && path.components().all(plain);
    is_plain.then(|| path.to_path_buf())
}

/// Where a cell in quotes begins that never ends. A quote within a cell that does not begin with one is a letter.
fn open_quote(text: &[u8], separator: u8) -> Option<usize> {
    let (mut open, mut begins, mut at) = (None, true, 0);
    while let Some(byte) = text.get(at) {
        match (open, byte) {
            (Some(_), b'"') if text.get(at + 1) == Some(&b'"') => at += 1,
            (Some(_), b'"') => open = None,
            (Some(_), _) => {}
            (None, b'"') if begins => open = Some(at),
            (None, byte) => {
                begins = *byte == separator || matches!(byte, b'\n' | b'\r');
                at += 1;
                continue;
            }
        }
        begins = false;
        at += 1;
    }
    open
}

/// Counts lines as it goes on. The reader's own count is one too small where lines end with a carriage return.
struct Lines<'a> {
    text: &'a str,
    byte: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of the row that begins at `byte`, or at the first character after the line ends that stand there.
    fn at(&mut self, byte: u64) -> usize {
        let byte = byte as usize;
        let passed = self.text.get(self.byte..byte).unwrap_or_default();
        self.line += passed.matches('\n').count();
        self.byte = byte.max(self.byte);
        let after = self.text.get(byte..).unwrap_or_default();
        let ends = after.len() - after.trim_start_matches(['\r', '\n']).len();
        self.line + after.get(..ends).unwrap_or_default().matches('\n').count()
    }
}
