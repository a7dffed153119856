//! Where a run that is over keeps the weights of its stages.

use super::folder::slug;
use super::past::Past;
use crate::error::{Error, Kind, Result, unknown};
use std::path::PathBuf;

/// Which weights of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those of its best epoch.
    Best,
    /// Those of its last epoch.
    Last,
    /// The mean of those of several epochs.
    Averaged,
}

impl Which {
    fn name(self) -> &'static str {
        match self {
            Which::Best => "best",
            Which::Last => "last",
            Which::Averaged => "averaged",
        }
    }
}

impl Past {
    /// The file of a stage's weights: of the last stage that has some, unless one is named.
    ///
    /// # Errors
    /// A stage that the run does not have, or that wrote none yet.
    pub fn weights_of(&self, stage: Option<&str>, which: Which) -> Result<PathBuf> {
        let doing = format!("run {}", self.name());
        let which = which.name();
        let file = |stage: &str| {
            let name = format!("{}.{which}.safetensors", slug(stage));
            self.path().join("weights").join(name)
        };
        let stages = self.stages();
        let known: Vec<&str> = stages.iter().map(|stage| stage.name.as_str()).collect();
        if let Some(stage) = stage {
            if !known.contains(&stage) {
                return Err(unknown(&doing, "stage", stage, &known).as_kind(Kind::Usage));
            }
            return match file(stage) {
                path if path.is_file() => Ok(path),
                path => Err(Error::new(
                    Kind::Data,
                    doing,
                    format!("stage '{stage}' has no {which} weights"),
                )
                .expected(path.display().to_string())),
            };
        }
        known.iter().rev().map(|stage| file(stage)).find(|path| path.is_file()).ok_or_else(|| {
            Error::new(Kind::Data, doing, format!("no stage has written {which} weights yet"))
                .expected(self.path().join("weights").display().to_string())
        })
    }
}
