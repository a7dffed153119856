//! `still runs tensorboard`.

use super::Place;
use crate::cli::out;
use crate::cli::words::counted;
use crate::error::Result;
use crate::report::{Evidence, Options, write_events};
use clap::Args;
use std::path::PathBuf;

/// Write the numbers of runs as event files that TensorBoard reads: a folder for each stage of each run.
#[derive(Args)]
pub(super) struct Tensorboard {
    /// The runs: names or parts of them, tags, `last`, or paths.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<String>,
    /// The folder that they go into, for `tensorboard --logdir FOLDER`.
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
}

impl Tensorboard {
    pub(super) fn run(self, place: &Place) -> Result<()> {
        let runs = self.runs.iter().map(|named| place.run(named)).collect::<Result<Vec<_>>>()?;
        let evidence = Evidence::of(runs, Options::default())?;
        let files = write_events(&evidence, &self.output)?;
        out(&format!("{}: {}", self.output.display(), counted(files.len(), "stage")));
        Ok(())
    }
}
