//! `still runs ls`.

use super::Place;
use crate::cli::curves::{between, curve_of, surety, worth};
use crate::cli::tables::{Column, fitted};
use crate::cli::terminal::{speaks_unicode, width};
use crate::cli::words::{ago, counted, percent, plain, time_of};
use crate::cli::{note, out};
use crate::error::{Kind, Result, unknown};
use crate::run::PastStage;
use crate::run::index::{self, Row};
use clap::Args;
use serde_json::{Value, json};
use std::path::Path;

/// A curve has so many letters.
const CURVE: usize = 12;

/// List the runs, the newest first.
///
/// `curve` is the accuracy (or mAP) of the stage that came last, an epoch a letter; `95 %` is Wilson's interval of its
/// accuracy, from the number of test clips.
#[derive(Args, Default)]
pub(super) struct Ls {
    /// Only runs with this tag.
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Only runs of this recipe: its file's name, with or without .rhai.
    #[arg(long, value_name = "RECIPE")]
    recipe: Option<String>,
    /// Print a line of JSON for each run.
    #[arg(long)]
    json: bool,
}

impl Ls {
    pub(super) fn run(self, place: &Place) -> Result<()> {
        let home = place.home()?;
        let all = index::runs(&home)?;
        if let Some(tag) = &self.tag {
            let known: Vec<&str> =
                all.iter().flat_map(|row| &row.tags).map(String::as_str).collect();
            // A name that filters everything away is a slip, not a question.
            known_or_slip("--tag", "tag", tag, known)?;
        }
        if let Some(recipe) = &self.recipe {
            let known = all.iter().filter_map(|row| row.recipe.as_deref()).map(stem).collect();
            known_or_slip("--recipe", "recipe", stem(recipe), known)?;
        }
        let shown: Vec<&Row> = all.iter().rev().filter(|row| self.wants(row)).collect();
        if self.json {
            shown.iter().for_each(|row| out(&as_json(row).to_string()));
            return Ok(());
        }
        if all.is_empty() {
            note(&format!("no runs yet in {}", home.path().display()));
            return Ok(());
        }
        let columns = [
            Column::new("run").cuts(30),
            Column::new("state").goes(1),
            Column::new("began").goes(4),
            Column::new("recipe").goes(6),
            Column::new("stages").cuts(24),
            Column::new("curve").goes(2).sparse(),
            Column::new("95 %").goes(5).sparse(),
            Column::new("tags").goes(3),
        ];
        let unicode = speaks_unicode();
        let rows: Vec<Vec<String>> = shown.iter().map(|row| cells(row, unicode)).collect();
        out(&fitted(&columns, &rows, width()));
        Ok(())
    }

    fn wants(&self, row: &Row) -> bool {
        let tagged = self.tag.as_ref().is_none_or(|tag| row.tags.contains(tag));
        let of_recipe = |wanted: &String| row.recipe.as_deref().map(stem) == Some(stem(wanted));
        tagged && self.recipe.as_ref().is_none_or(of_recipe)
    }
}

fn known_or_slip(operation: &str, what: &str, given: &str, mut known: Vec<&str>) -> Result<()> {
    known.sort_unstable();
    known.dedup();
    match known.contains(&given) {
        true => Ok(()),
        false => Err(unknown(operation, what, given, &known).as_kind(Kind::Usage)),
    }
}

/// A recipe's name without folders and ending.
fn stem(recipe: &str) -> &str {
    Path::new(recipe).file_stem().and_then(|stem| stem.to_str()).unwrap_or(recipe)
}

fn cells(row: &Row, unicode: bool) -> Vec<String> {
    let began = row.started.map_or("–".into(), |seconds| ago(time_of(seconds)));
    let recipe = row.recipe.as_deref().map_or("–".into(), |recipe| plain(stem(recipe)));
    let stages: Vec<String> = match row.stages.len() {
        0..=4 => row.stages.iter().map(stage).collect(),
        // A sweep would fill the screen.
        count => {
            vec![format!("{}, best {}", counted(count, "stage"), percent(row.best_accuracy()))]
        }
    };
    let tags = plain(&row.tags.join(", "));
    let state = row.state.word().to_string();
    let last = row.stages.last();
    let curve = last.map(|stage| curve_of(stage, CURVE, unicode)).unwrap_or_default();
    let sure = between(last.and_then(surety));
    vec![plain(&row.name), state, began, recipe, stages.join(", "), curve, sure, tags]
}

fn stage(stage: &PastStage) -> String {
    let name = plain(&stage.name);
    match (stage.main(), stage.done, stage.from_store) {
        (Some(_), true, true) => format!("{name} {} (store)", worth(stage)),
        (None, true, _) => name,
        (Some(_), true, false) => format!("{name} {}", worth(stage)),
        (Some(_), false, _) => {
            let step = stage.steps.map(|step| format!(" at step {step}")).unwrap_or_default();
            format!("{name} {}{step}", worth(stage))
        }
        (None, false, _) => format!("{name} …"),
    }
}

/// A run in JSON, as `ls` and `show` print it.
pub(super) fn as_json(row: &Row) -> Value {
    let time = |seconds: Option<f64>| {
        seconds.map(|seconds| humantime::format_rfc3339_millis(time_of(seconds)).to_string())
    };
    json!({
        "run": row.name, "path": row.path, "state": row.state, "recipe": row.recipe,
        "started": time(row.started), "last": time(row.last), "seed": row.seed, "set": row.set,
        "tags": row.tags, "stages": row.stages, "bytes": row.bytes,
    })
}
