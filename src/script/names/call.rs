//! Calls and maps as they are written, finished or not.

use super::Span;

/// A call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The function's name.
    pub name: String,
    /// What stands before `::`.
    pub namespace: Option<String>,
    /// Where the name stands.
    pub span: Span,
    /// Whether it stands behind a point.
    pub method: bool,
    /// The byte of the parenthesis that opens.
    pub open: usize,
    /// The byte of the one that closes, or where the text breaks off.
    pub close: usize,
    /// The bytes of the commas between its arguments.
    pub commas: Vec<usize>,
    /// Whether nothing stands between the parentheses.
    pub empty: bool,
}

impl Call {
    /// The full name: `optim::adam`.
    pub fn full_name(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}::{}", self.name),
            None => self.name.clone(),
        }
    }

    /// The number of arguments; what stands before the point does not count.
    pub fn count(&self) -> usize {
        if self.empty { 0 } else { self.commas.len() + 1 }
    }

    /// Which argument a byte stands in, counted from 0.
    pub fn argument(&self, offset: usize) -> usize {
        self.commas.iter().filter(|comma| **comma < offset).count()
    }
}

/// A map that is written out.
#[derive(Clone, Debug)]
pub struct Literal {
    /// The byte of the sign that opens.
    pub open: usize,
    /// The byte of the brace that closes, or where the text breaks off.
    pub close: usize,
    /// Its keys.
    pub keys: Vec<(String, Span)>,
    /// The call that it is an argument of, by its index; not where a map or an array stands between.
    pub call: Option<usize>,
    /// The map and the key that it stands under, where it is a value of another map; an array may stand between.
    pub under: Option<(usize, String)>,
    /// The variable whose value it begins, by its index.
    pub variable: Option<usize>,
}
