//! `still ls`: the recipes of a folder.

use super::words::{columns, plain};
use super::{note, out};
use crate::error::Result;
use crate::recipe::{Declared, Listed, list};
use crate::run::HOME_VARIABLE;
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;

/// List the recipes of a folder, and those below it: what they are for, and what they ask for.
#[derive(Args)]
pub(super) struct Ls {
    /// Folders or files.
    #[arg(value_name = "DIR", default_value = ".")]
    places: Vec<PathBuf>,
    /// Print one JSON object a recipe, with all fields of its header.
    #[arg(long)]
    json: bool,
}

impl Ls {
    pub(super) fn run(self) -> Result<()> {
        // `.` itself would stand before every name.
        let here = |place: PathBuf| if place == *"." { PathBuf::new() } else { place };
        let places: Vec<PathBuf> = self.places.into_iter().map(here).collect();
        let home = std::env::var_os(HOME_VARIABLE).map(PathBuf::from);
        let (recipes, unread) = list(&places, home.as_deref())?;
        unread.iter().for_each(super::tell);
        if self.json {
            recipes.iter().for_each(|recipe| out(&told(recipe).to_string()));
        } else if recipes.is_empty() && unread.is_empty() {
            note("no recipe is here; `still new` writes one");
        } else {
            out(&columns(&["RECIPE", "TITLE", "ARGUMENTS"], &rows(&recipes)));
        }
        Ok(())
    }
}

fn rows(recipes: &[Listed]) -> Vec<Vec<String>> {
    let row = |recipe: &Listed| {
        let title = &recipe.header.title;
        let about = match &recipe.broken {
            Some(error) => {
                let line =
                    error.report().places.last().map(|place| format!("line {}: ", place.line));
                format!("broken: {}{}", line.unwrap_or_default(), error.headline())
            }
            None if recipe.is_module => format!("(module) {title}").trim_end().to_string(),
            None if title.is_empty() => "(no title)".to_string(),
            None => title.clone(),
        };
        let arguments: Vec<String> = recipe.arguments().iter().map(assigned).collect();
        vec![recipe.file.display().to_string(), plain(&about), plain(&arguments.join(" "))]
    };
    recipes.iter().map(row).collect()
}

/// `fold=5`, as it would be given.
fn assigned(argument: &Declared) -> String {
    match &argument.default {
        Some(default) => format!("{}={}", argument.name, default.trim_matches('"')),
        None => format!("{}=?", argument.name),
    }
}

fn told(recipe: &Listed) -> Value {
    let header = &recipe.header;
    let arguments: Vec<Value> = recipe
        .arguments()
        .iter()
        .map(|argument| json!({ "name": argument.name, "default": argument.default }))
        .collect();
    let mut all = json!({
        "file": recipe.file.display().to_string(),
        "title": header.title,
        "text": header.text,
        "arguments": arguments,
        "module": recipe.is_module,
        "broken": recipe.broken.as_ref().map(|error| error.to_string()),
        "warnings": header.findings().iter().map(|error| error.headline()).collect::<Vec<_>>(),
    });
    for field in header.fields() {
        all[field.name] = field.value.as_str().into();
    }
    all
}
