//! An edit that still stands in the recipe's files when a run goes on, and that cannot come into force: the run
//! had refused it, or it does not compile. The run goes on without it.

use super::compile::{Compiled, Refused};
use super::live::{Content, as_refused, on_disk};
use super::trial::NEVER_ENDS;
use crate::run::{Past, State};
use serde_json::Value;
use std::path::Path;

/// Such an edit.
pub(super) struct Standing {
    /// What the files hold: that is no news.
    pub content: Content,
    /// What it was refused for.
    why: String,
    /// Where the run refused it.
    place: Option<(String, u64)>,
}

/// A recipe as it was read from its files, or why it is refused.
pub(super) type Read = std::result::Result<Compiled, Box<Refused>>;

impl Standing {
    /// The edit that stands in the files of `recipe`, where the run of `past` has refused it.
    pub fn refused(past: &Past, recipe: &Path, read: &Read) -> Option<Self> {
        let root = super::session::folder_of(recipe);
        past.events_of("edit").rev().find_map(|event| {
            if event.get("outcome").and_then(Value::as_str) != Some("rejected") {
                return None;
            }
            let files = event.get("files")?.as_object()?;
            let mut content = Content::new();
            for (name, told) in files {
                let file = root.join(name);
                let now = on_disk(&file);
                if now.map(|hash| hash.to_hex().to_string()).as_deref() != told.as_str() {
                    return None;
                }
                content.insert(file, now);
            }
            // What it imports now and did not then makes another edit of it.
            let all_known = |compiled: &Compiled| {
                compiled.imports.files.iter().all(|file| content.contains_key(file))
            };
            if !content.contains_key(recipe) || !read.as_ref().map_or(true, all_known) {
                return None;
            }
            let text = |key: &str| event.get(key).and_then(Value::as_str).map(String::from);
            let place = text("stage").zip(event.get("step").and_then(Value::as_u64));
            Some(Standing { content, why: text("message").unwrap_or_default(), place })
        })
    }

    /// What stands in the files of `recipe`, where it cannot run at all, and the run of `past` was cut off in
    /// a stage: it was saved at the last moment, or afterwards.
    pub fn broken(past: &Past, recipe: &Path, read: &Read) -> Option<Self> {
        let refused = read.as_ref().err()?;
        // A run that failed waits for its mending: the mistake in that is what matters.
        let cut_off = matches!(past.state(), State::Stopped | State::Interrupted);
        if !cut_off || past.events_of("stage").next().is_none() || !recipe.is_file() {
            return None;
        }
        let content = as_refused(refused, vec![recipe.to_path_buf()]);
        Some(Standing { content, why: refused.error.to_string(), place: None })
    }

    /// Whether it took too long: it may get more time now, so it is tried again.
    pub fn took_long(&self) -> bool {
        self.why.contains(NEVER_ENDS)
    }

    /// What is told of it.
    pub fn told(&self, recipe: &Path, in_force: usize) -> String {
        let what = match &self.place {
            Some((stage, step)) => {
                format!("holds the edit that was refused at step {step} of '{stage}'")
            }
            None => "cannot come into force".to_string(),
        };
        let until = match self.took_long() {
            true => "and it is tried again",
            false => "until the next save",
        };
        format!(
            "{} {what}; version {in_force} is in force {until}\n{}",
            recipe.display(),
            self.why.trim_end()
        )
    }
}
