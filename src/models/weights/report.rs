//! What became of weights that were taken over.

use serde::Serialize;
use std::fmt;

/// How many names a line tells.
const FEW: usize = 4;

/// A parameter that was made to fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Adapted {
    /// Its name in the network.
    pub name: String,
    /// What was done.
    pub how: String,
}

/// What became of weights that were taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The file, without its folders.
    pub file: String,
    /// What sort of file: `safetensors`, `PyTorch`.
    pub format: String,
    /// Whose names it has.
    pub layout: String,
    /// How many of the network's parameters and buffers have the file's numbers, adapted ones included.
    pub loaded: usize,
    /// How many the network has.
    pub of: usize,
    /// What was made to fit, and how.
    pub adapted: Vec<Adapted>,
    /// Parameters of a new head, which keep the numbers that they had.
    pub fresh: Vec<String>,
    /// Parameters that are not in the file and keep the numbers that they had.
    pub missing: Vec<String>,
    /// Parameters that have another shape in the file and keep the numbers that they had; with both shapes.
    pub mismatched: Vec<String>,
    /// Tensors of the file for which the network has no place.
    pub unexpected: Vec<String>,
    /// How many tensors of the file nobody misses: counters, heads of ImageNet's, an optimiser's.
    pub ignored: usize,
}

impl Report {
    /// Parameters that the file gave no numbers.
    pub fn lacking(&self) -> Vec<&str> {
        let shaped = self.mismatched.iter().filter_map(|told| told.split(' ').next());
        self.fresh.iter().chain(&self.missing).map(String::as_str).chain(shaped).collect()
    }

    /// One line of it all.
    pub fn headline(&self) -> String {
        let Report { file, format, layout, loaded, of, .. } = self;
        format!("{file} ({format}, names: {layout}): {loaded} of {of} parameters loaded")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.headline())?;
        // What was done to many in the same way is one line.
        let mut ways: Vec<&str> = Vec::new();
        for own in &self.adapted {
            if !ways.contains(&own.how.as_str()) {
                ways.push(&own.how);
            }
        }
        for how in ways {
            let same = self.adapted.iter().filter(|own| own.how == how);
            let names: Vec<String> = same.map(|own| own.name.clone()).collect();
            write!(out, "\n  adapted, {how}: {}", few(&names))?;
        }
        for (what, names) in [
            ("new head", &self.fresh),
            ("missing", &self.missing),
            ("another shape", &self.mismatched),
            ("unexpected", &self.unexpected),
        ] {
            if !names.is_empty() {
                write!(out, "\n  {what}: {}", few(names))?;
            }
        }
        if self.ignored > 0 {
            write!(out, "\n  not needed: {} tensors of the file", self.ignored)?;
        }
        Ok(())
    }
}

/// Some of many names, and how many there are.
pub(super) fn few(names: &[String]) -> String {
    let shown = names.iter().take(FEW).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(FEW) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
