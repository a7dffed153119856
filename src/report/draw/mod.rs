//! Figures as SVG. Coordinates and ticks are plotters'; marks and letters are written here, with classes instead of
//! colours, so that a page's style sheet says how they look in light and dark, and text stays text.

mod frame;
mod mark;
mod scale;

pub use frame::{Axis, Frame, figure, missing};
pub use mark::{mark, path, swatch};
pub use scale::Scale;

/// So many colours there are; a figure with more series begins again, with other marks.
pub const COLOURS: usize = 8;

/// A coordinate with as many digits as a screen has use for.
pub fn n(value: f64) -> String {
    let text = format!("{value:.1}");
    match text.strip_suffix(".0") {
        Some("-0") => "0".into(),
        Some(whole) => whole.to_string(),
        None => text,
    }
}

/// The class that colours a series.
pub fn series(index: usize) -> String {
    format!("s{}", index % COLOURS)
}
