//! `still runs pack` and `unpack`.

use super::Place;
use crate::cli::words::{bytes, counted};
use crate::cli::{note, out};
use crate::error::Result;
use crate::run::pack::{self, ENDING};
use crate::run::{Home, Past};
use clap::Args;
use std::path::{Path, PathBuf};

/// Pack a run into one file for another machine: events, results, and every version of the recipe.
#[derive(Args)]
pub(super) struct Pack {
    /// The run: its name or a part of it, a tag, `last`, or a path.
    run: String,
    /// Pack the weights too.
    #[arg(long)]
    weights: bool,
    /// The file, or a folder for it [default: NAME.still here].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Pack {
    pub(super) fn run(self, place: &Place) -> Result<()> {
        let past = place.run(&self.run)?;
        let name = format!("{}.{ENDING}", past.name());
        let to = match self.output {
            Some(folder) if folder.is_dir() => folder.join(name),
            Some(file) => file,
            None => PathBuf::from(name),
        };
        let packed = pack::pack(past.path(), home_of(&past).as_ref(), self.weights, &to)?;
        let files = counted(packed.files, "file");
        out(&format!("{}: {files}, {}", to.display(), bytes(packed.bytes)));
        if past.state().lives() {
            note("the run is still running: this is how far it has come");
        }
        Ok(())
    }
}

/// The home that a run's folder lies in.
fn home_of(past: &Past) -> Option<Home> {
    let path = past.path().canonicalize().ok()?;
    let home = path.parent()?.parent()?;
    Some(Home::of(Path::new(""), Some(home.to_path_buf())))
}

/// Unpack a run that `pack` made; everything in the file is checked first.
#[derive(Args)]
pub(super) struct Unpack {
    /// The file, NAME.still.
    file: PathBuf,
}

impl Unpack {
    pub(super) fn run(self, place: &Place) -> Result<()> {
        let home = place.new_home()?;
        let unpacked = pack::unpack(&self.file, &home)?;
        let what = if unpacked.known { "is there already, and the same" } else { "unpacked" };
        out(&format!("{} {what}", unpacked.path.display()));
        Ok(())
    }
}
