//! A text as it stands in an editor, and places in it as editors count them.

use super::uri::path_of;
use crate::script::names::{Names, Span};
use lsp_types::{Position, Range, TextDocumentContentChangeEvent, Uri};
use std::cell::OnceCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

/// What a column counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Units {
    Utf8,
    Utf16,
}

/// A text with its names.
pub(super) struct Document {
    pub uri: Uri,
    /// Its file; an unsaved buffer has none.
    pub path: Option<PathBuf>,
    pub version: i32,
    text: Arc<str>,
    units: Units,
    names: OnceCell<Rc<Names>>,
}

impl Document {
    pub fn new(uri: Uri, version: i32, text: &str, units: Units) -> Self {
        let path = path_of(&uri);
        Document { uri, path, version, text: text.into(), units, names: OnceCell::new() }
    }

    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Its names, read at the first question after a change.
    pub fn names(&self) -> Rc<Names> {
        self.names.get_or_init(|| Rc::new(Names::of(&self.text))).clone()
    }

    /// The document after these changes, which are made one after the other.
    pub fn changed(&self, version: i32, changes: &[TextDocumentContentChangeEvent]) -> Self {
        let mut new = Document::new(self.uri.clone(), version, &self.text, self.units);
        for change in changes {
            let Some(range) = change.range else {
                new.text = change.text.as_str().into();
                continue;
            };
            let (start, end) = (new.offset(range.start), new.offset(range.end));
            let (start, end) = (start.min(end), start.max(end));
            let before = new.text.get(..start).unwrap_or_default();
            let after = new.text.get(end..).unwrap_or_default();
            new.text = [before, &change.text, after].concat().into();
        }
        new
    }

    /// The byte at a place; the nearest one if there is no such place.
    pub fn offset(&self, at: Position) -> usize {
        let mut start = 0;
        for _ in 0..at.line {
            let rest = self.text.get(start..).unwrap_or_default();
            match rest.find('\n') {
                Some(length) => start += length + 1,
                None => return self.text.len(),
            }
        }
        let row = self.text.get(start..).unwrap_or_default().split('\n').next();
        let row = row.map(|row| row.strip_suffix('\r').unwrap_or(row)).unwrap_or_default();
        let (wanted, mut units) = (at.character as usize, 0);
        for (byte, letter) in row.char_indices() {
            units += self.width(letter);
            // Half of a character is its beginning.
            if units > wanted {
                return start + byte;
            }
        }
        start + row.len()
    }

    /// The place of a byte.
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = self.text.get(..offset).unwrap_or_default();
        let line = before.matches('\n').count();
        let row = before.rsplit('\n').next().unwrap_or_default();
        let character: usize = row.chars().map(|letter| self.width(letter)).sum();
        Position { line: line as u32, character: character as u32 }
    }

    pub fn range(&self, start: usize, end: usize) -> Range {
        Range { start: self.position(start), end: self.position(end) }
    }

    pub fn span(&self, span: Span) -> Range {
        self.range(span.start, span.end)
    }

    fn width(&self, letter: char) -> usize {
        match self.units {
            Units::Utf8 => letter.len_utf8(),
            Units::Utf16 => letter.len_utf16(),
        }
    }
}
