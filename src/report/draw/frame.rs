//! What is around a figure: axes with their names and ticks, a caption, and words for those who do not see it.

use super::{Scale, n};
use maud::{Markup, html};

/// An axis.
pub struct Axis {
    /// What it says.
    pub name: String,
    /// Where values stand.
    pub scale: Scale,
    /// The values that it names, and how.
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// With about so many round ticks.
    pub fn of(name: &str, scale: Scale, most: usize, say: impl Fn(f64) -> String) -> Self {
        let ticks = scale.ticks(most).into_iter().map(|tick| (tick, say(tick))).collect();
        Axis { name: name.to_string(), scale, ticks }
    }
}

/// A figure with two axes.
pub struct Frame<'a> {
    /// What names it in the page.
    pub id: &'a str,
    /// What it shows, for those who do not see it.
    pub about: String,
    /// Its width and height; it grows and shrinks with the page.
    pub size: [f64; 2],
    /// The axis below.
    pub x: Axis,
    /// The axis on the left.
    pub y: Axis,
}

impl Frame<'_> {
    /// The drawing, with `body` on it.
    pub fn draw(&self, title: &str, body: &Markup) -> Markup {
        let [width, height] = self.size;
        let (x, y) = (&self.x.scale, &self.y.scale);
        let middle = (y.from + y.to) / 2.0;
        let name_y = format!("translate(12 {}) rotate(-90)", n(middle));
        let inner = html! {
            g.grid {
                @for (tick, _) in &self.y.ticks {
                    path d={ "M" (n(x.from)) " " (n(y.at(*tick))) "H" (n(x.to)) } {}
                }
            }
            g.axis {
                path d={ "M" (n(x.from)) " " (n(y.from)) "H" (n(x.to)) } {}
                @for (tick, said) in &self.x.ticks {
                    path d={ "M" (n(x.at(*tick))) " " (n(y.from)) "v4" } {}
                    text x=(n(x.at(*tick))) y=(n(y.from + 18.0)) text-anchor="middle" { (said) }
                }
                @for (tick, said) in &self.y.ticks {
                    text x=(n(x.from - 7.0)) y=(n(y.at(*tick) + 4.0)) text-anchor="end" { (said) }
                }
                @if !self.x.name.is_empty() {
                    text.name x=(n((x.from + x.to) / 2.0)) y=(n(height - 4.0)) text-anchor="middle" { (self.x.name) }
                }
                @if !self.y.name.is_empty() {
                    text.name transform=(name_y) text-anchor="middle" { (self.y.name) }
                }
            }
            (body)
        };
        drawing(self.id, title, &self.about, [width, height], &inner)
    }
}

/// An SVG with its title and description.
fn drawing(id: &str, title: &str, about: &str, [width, height]: [f64; 2], body: &Markup) -> Markup {
    let (named, told) = (format!("{id}-title"), format!("{id}-about"));
    html! {
        svg id=(id) viewBox={ "0 0 " (n(width)) " " (n(height)) } role="img" aria-labelledby=(format!("{named} {told}")) {
            title id=(named) { (title) }
            desc id=(told) { (about) }
            (body)
        }
    }
}

/// A figure with its caption: a drawing without axes.
pub fn figure(id: &str, title: &str, about: &str, size: [f64; 2], body: &Markup) -> Markup {
    drawing(id, title, about, size, body)
}

/// Why there is no figure, in a sentence.
pub fn missing(id: &str, what: &str, why: &str) -> Markup {
    html! { p.missing id=(id) { (what) ": " (why) } }
}
