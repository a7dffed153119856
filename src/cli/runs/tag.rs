//! `still runs tag`.

use super::Place;
use crate::cli::out;
use crate::error::{Error, Kind, Result, unknown};
use crate::run::find::LAST;
use clap::Args;

/// The longest tag, in characters.
const LONGEST: usize = 64;

/// Give a run tags, or take them away.
#[derive(Args)]
pub(super) struct Tag {
    /// The run: its name or a part of it, a tag, `last`, or a path.
    run: String,
    /// Tags; none shows those that it has.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Take these tags away.
    #[arg(long)]
    remove: bool,
}

impl Tag {
    pub(super) fn run(self, place: &Place) -> Result<()> {
        let past = place.run(&self.run)?;
        let mut tags = past.tags();
        if self.remove && self.names.is_empty() {
            return Err(Error::new(Kind::Usage, "still runs tag --remove", "no tag is named")
                .received(format!("tags of the run: {}", told(&tags))));
        }
        for name in &self.names {
            if self.remove {
                let known: Vec<&str> = tags.iter().map(String::as_str).collect();
                if !known.contains(&name.as_str()) {
                    let operation = "still runs tag --remove";
                    return Err(unknown(operation, "tag", name, &known).as_kind(Kind::Usage));
                }
                tags.retain(|tag| tag != name);
            } else {
                check(name)?;
                tags.push(name.clone());
            }
        }
        tags.sort();
        tags.dedup();
        if !self.names.is_empty() {
            past.write_tags(&tags)?;
        }
        out(&format!("{}: {}", past.name(), told(&tags)));
        Ok(())
    }
}

fn told(tags: &[String]) -> String {
    if tags.is_empty() { "no tags".into() } else { tags.join(", ") }
}

/// A tag must be a word that means nothing else.
pub(in crate::cli) fn check(name: &str) -> Result<()> {
    let wrong = |problem: &str| {
        Err(Error::new(Kind::Usage, format!("tag '{}'", name.escape_debug()), problem)
            .expected(format!("a word of up to {LONGEST} characters, without spaces or '/'")))
    };
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '\\' | ',');
    match name {
        LAST => wrong("the word means the newest run"),
        "" => wrong("it is empty"),
        _ if name.starts_with('-') || name.chars().any(odd) => wrong("it is no single word"),
        _ if name.chars().count() > LONGEST => wrong("it is too long"),
        _ => Ok(()),
    }
}
