//! `still why`: whether stages would come from the store, and what differs where they would not.

use super::access::Access;
use super::signals::catch_signals;
use super::{lines, note, out};
use crate::error::Result;
use crate::recipe::{self, Display, Entry, Setup, Signals};
use crate::run::{HOME_VARIABLE, Home};
use crate::train::{Event, Observer};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

/// Say for each stage of a recipe whether its result would come from the store, and if not, what differs from
/// the nearest one that is there. Nothing is computed.
///
/// A stage that depends on a result which is not there yet is asked for with what that one would be called;
/// statements that look at its accuracy see 0.
#[derive(Args)]
pub(super) struct WhyOf {
    /// The recipe, a .rhai file.
    recipe: PathBuf,
    /// Give an argument of the recipe a value; can be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// The seed of all random numbers [default: 0, or what the recipe says].
    #[arg(long, value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    seed: Option<u64>,
    #[command(flatten)]
    access: Access,
    /// Print one line of JSON for each stage.
    #[arg(long)]
    json: bool,
}

impl WhyOf {
    pub(super) fn run(self) -> Result<()> {
        let set = self.set.iter().map(|text| recipe::assignment(text)).collect::<Result<_>>()?;
        let home = Home::of(&self.recipe, std::env::var_os(HOME_VARIABLE).map(PathBuf::from));
        let setup = Setup {
            set,
            seed: self.seed,
            entry: Entry::Ask,
            granted: self.access.granted()?,
            max_operations: self.access.max_operations(),
            ..Setup::new(self.recipe, home)
        };
        let signals = Signals::default();
        catch_signals(&signals.stop, &signals.pulse)?;
        match recipe::run(setup, Box::new(Answers { json: self.json }), signals) {
            // As far as anything can be said.
            Err(error) if error.report().operation == "still why" => {
                let report = error.report();
                let more = report.hint.as_deref().unwrap_or_default();
                let text = format!("{}; {more}", report.problem);
                match self.json {
                    true => note(&text),
                    false => out(&text),
                }
                Ok(())
            }
            outcome => outcome.map(|_| ()),
        }
    }
}

struct Answers {
    json: bool,
}

impl Observer for Answers {
    fn observe(&mut self, _: &Event) -> Result<()> {
        Ok(())
    }
}

impl Display for Answers {
    fn say(&mut self, text: &str) {
        note(text);
    }

    fn report(&mut self, _: &str) {}

    fn made(&mut self, name: &str, _: Option<Duration>, age: Option<Duration>) {
        match self.json {
            true => out(&json!({ "stage": name, "hit": true }).to_string()),
            false => out(&lines::made(name, None, age)),
        }
    }

    fn warn(&mut self, text: &str) {
        note(&format!("warning: {text}"));
    }

    fn why(&mut self, why: &recipe::Why) {
        if self.json {
            let age = why.age.map(|age| age.as_secs());
            out(&json!({
                "stage": why.stage, "key": why.key, "hit": why.hit.is_some(), "result": why.hit,
                "age_seconds": age, "nearest": why.nearest, "differences": why.differences,
                "goes_on_after_epochs": why.shorter,
            })
            .to_string());
            return;
        }
        let ago = why.age.map_or("earlier".to_string(), lines::ago);
        if let Some(result) = &why.hit {
            out(&format!("{}: from the store, made {ago}, {:.3}", why.stage, result.accuracy));
            return;
        }
        if let Some(epochs) = why.shorter {
            out(&format!("{}: goes on after {epochs} epochs of the store", why.stage));
            return;
        }
        match &why.nearest {
            None => out(&format!("{}: computed; the store has nothing like it", why.stage)),
            Some(nearest) => {
                out(&format!(
                    "{}: computed; the nearest in the store is '{nearest}', made {ago}:",
                    why.stage
                ));
                why.differences.iter().for_each(|text| out(&format!("  {text}")));
            }
        }
    }
}
