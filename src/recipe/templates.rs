//! Recipes to begin with: `still new`.

use super::header::Header;
use super::source::Source;

/// A recipe that is written for a user to change.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// What it is asked for by.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

impl Template {
    /// What it is for: the title of its header.
    pub fn title(&self) -> String {
        Header::of(&Source::of(self.name, self.text)).title
    }
}

/// All templates, the simplest first.
pub const TEMPLATES: [Template; 4] = [
    Template { name: "train", text: include_str!("../../scripts/templates/train.rhai") },
    Template { name: "distill", text: include_str!("../../scripts/templates/distill.rhai") },
    Template {
        name: "self_distill",
        text: include_str!("../../scripts/templates/self_distill.rhai"),
    },
    Template { name: "network", text: include_str!("../../scripts/templates/network.rhai") },
];
