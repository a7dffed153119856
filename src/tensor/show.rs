//! A tensor as people read it.

use super::{DType, Tensor};
use std::fmt::Write;

/// Elements that are shown in full; beyond, three at each end of each dimension.
const FEW: usize = 64;
const EDGE: usize = 3;

impl Tensor {
    /// Type, shape, and the elements, shortened where they are many.
    pub fn show(&self) -> String {
        let Ok(cells) = self.cells() else { return self.describe() };
        let shape = self.shape();
        let mut text = self.describe();
        text.push(if shape.len() > 1 && self.count() > 1 { '\n' } else { ' ' });
        let shorten = self.count() > FEW;
        write_rows(&mut text, &shape, &cells, 0, shorten);
        if self.is_tracked() {
            text.push_str(" (tracked)");
        }
        text
    }

    /// Type and shape, and the elements where they are few: as a part of something larger.
    pub fn brief(&self) -> String {
        const BRIEF: usize = 12;
        match self.cells() {
            Ok(cells) if cells.len() <= BRIEF && self.rank() < 2 => self.show(),
            _ => self.describe(),
        }
    }

    fn cells(&self) -> crate::error::Result<Vec<String>> {
        Ok(match self.dtype() {
            DType::F32 => aligned(self.detached()?.to_values()?.into_iter().map(number).collect()),
            DType::I64 => aligned(self.to_integers()?.iter().map(i64::to_string).collect()),
            DType::Bool => self.to_integers()?.iter().map(|n| (*n != 0).to_string()).collect(),
        })
    }
}

/// Few digits, but never so few that a number looks whole that is not.
fn number(value: f32) -> String {
    if !value.is_finite() || value == 0.0 {
        return format!("{value:?}");
    }
    let size = value.abs();
    if !(1e-4..1e7).contains(&size) {
        return format!("{value:.4e}");
    }
    let short = format!("{value:.4}");
    let bare = short.trim_end_matches('0');
    if bare.ends_with('.') { format!("{bare}0") } else { bare.to_string() }
}

fn aligned(cells: Vec<String>) -> Vec<String> {
    let width = cells.iter().map(String::len).max().unwrap_or(0);
    if cells.len() > FEW {
        return cells;
    }
    cells.into_iter().map(|cell| format!("{cell:>width$}")).collect()
}

fn write_rows(text: &mut String, shape: &[usize], cells: &[String], depth: usize, shorten: bool) {
    let Some((length, inner)) = shape.split_first() else {
        text.push_str(cells.first().map_or("", String::as_str));
        return;
    };
    let size = inner.iter().product::<usize>();
    let gap =
        if inner.is_empty() { ", ".to_string() } else { format!(",\n{}", " ".repeat(depth + 1)) };
    text.push('[');
    let mut skipped = false;
    let mut first = true;
    for index in 0..*length {
        if shorten && *length > 2 * EDGE && (EDGE..length - EDGE).contains(&index) {
            if !skipped {
                let _ = write!(text, "{gap}…");
                skipped = true;
            }
            continue;
        }
        if !first {
            text.push_str(&gap);
        }
        first = false;
        let part = cells.get(index * size..(index + 1) * size).unwrap_or_default();
        write_rows(text, inner, part, depth + 1, shorten);
    }
    text.push(']');
}
