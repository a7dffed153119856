//! Marks and lines.

use super::n;
use maud::{Markup, html};

/// A mark of one of eight shapes: with the colour they tell series apart, and without it.
pub fn mark(shape: usize, x: f64, y: f64, size: f64) -> Markup {
    let (s, d) = (size, size * 0.8);
    let polygon = |corners: &[(f64, f64)]| {
        let mut text = String::new();
        for (index, (dx, dy)) in corners.iter().enumerate() {
            text.push_str(&format!(
                "{}{} {}",
                if index == 0 { "M" } else { "L" },
                n(x + dx),
                n(y + dy)
            ));
        }
        text + "Z"
    };
    let strokes = |ends: [(f64, f64); 4]| {
        let [a, b, c, e] = ends.map(|(dx, dy)| format!("{} {}", n(x + dx), n(y + dy)));
        format!("M{a}L{b}M{c}L{e}")
    };
    match shape % 8 {
        0 => html! { circle.dot cx=(n(x)) cy=(n(y)) r=(n(d)) {} },
        1 => html! { path.dot d=(polygon(&[(-d, -d), (d, -d), (d, d), (-d, d)])) {} },
        2 => html! { path.dot d=(polygon(&[(0.0, -s), (s, d), (-s, d)])) {} },
        3 => html! { path.dot d=(polygon(&[(0.0, -s), (s, 0.0), (0.0, s), (-s, 0.0)])) {} },
        4 => html! { path.stroke d=(strokes([(-d, -d), (d, d), (-d, d), (d, -d)])) {} },
        5 => html! { path.dot d=(polygon(&[(0.0, s), (s, -d), (-s, -d)])) {} },
        6 => html! { path.stroke d=(strokes([(-s, 0.0), (s, 0.0), (0.0, -s), (0.0, s)])) {} },
        _ => html! { circle.ring cx=(n(x)) cy=(n(y)) r=(n(d)) {} },
    }
}

/// The path of a line through these places; it is broken where one is no number.
pub fn path(places: impl Iterator<Item = (f64, f64)>) -> String {
    let (mut text, mut down) = (String::new(), false);
    for (x, y) in places {
        if !x.is_finite() || !y.is_finite() {
            down = false;
            continue;
        }
        text.push_str(&format!("{}{} {}", if down { "L" } else { "M" }, n(x), n(y)));
        down = true;
    }
    text
}

/// The sample of a series in a key: a line with its mark.
pub fn swatch(index: usize) -> Markup {
    html! {
        svg.swatch.(super::series(index)) viewBox="0 0 30 14" width="30" height="14" aria-hidden="true" {
            path.line d="M1 7L29 7" {}
            (mark(index, 15.0, 7.0, 5.0))
        }
    }
}
