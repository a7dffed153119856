//! The tag by which several runs are named afterwards.

use crate::cli::runs::check_tag;
use crate::error::{Error, Kind, Result};
use crate::run::{Home, Past, slug};
use std::collections::BTreeSet;
use std::path::Path;

/// The tag that was asked for; else the recipe's name with the first number that no run of the home has yet.
///
/// # Errors
/// One that cannot be a tag, or that runs have already; runs that may not be read.
pub(super) fn of(asked: Option<&str>, home: &Home, recipe: &Path) -> Result<String> {
    let folders = Past::folders(home)?;
    let known: BTreeSet<String> = folders.iter().flat_map(|path| Past::tags_of(path)).collect();
    if let Some(tag) = asked {
        check_tag(tag)?;
        if known.contains(tag) {
            return Err(Error::new(
                Kind::Usage,
                format!("--tag {tag}"),
                "there are runs of this tag already",
            )
            .hint("take another one; without --tag there is a new one each time"));
        }
        return Ok(tag.to_string());
    }
    let stem = recipe.file_stem().map(|stem| slug(&stem.to_string_lossy())).unwrap_or_default();
    let stem: String = stem.chars().take(48).collect();
    let mut number = 1;
    while known.contains(&format!("{stem}-{number}")) {
        number += 1;
    }
    Ok(format!("{stem}-{number}"))
}

/// Gives a run the tag beside those that it has.
///
/// # Errors
/// A folder that cannot be written.
pub(super) fn give(folder: &Path, tag: &str) -> Result<()> {
    let past = Past::open(folder);
    let mut tags = past.tags();
    tags.push(tag.to_string());
    tags.sort();
    tags.dedup();
    past.write_tags(&tags)
}
