//! `still export`: a model for others, as a graph of ONNX or as weights under the names that they know.

mod graph;

use super::access::Access;
use super::runs::Place;
use super::trained::retaking;
use super::{note, out, progress};
use crate::disk;
use crate::error::{Error, Kind, Result};
use crate::models::{Model, Naming};
use crate::recipe::take;
use crate::run::slug;
use crate::tensor::{Device, store};
use crate::train::Card;
use clap::{Args, ValueEnum};
use serde_json::json;
use std::path::{Path, PathBuf};

/// What a file of weights ends with.
const WEIGHTS: &str = "safetensors";

/// Write a run's model as a graph of ONNX, or as weights for PyTorch.
///
/// A graph holds any network, also one that a recipe wrote: one forward pass is recorded. It takes any batch and, where
/// the network does, any number of frames; it is run with another library before it is written, and compared. Both
/// formats carry the labels, how features are made, and their normalisation.
#[derive(Args)]
pub(super) struct Export {
    /// The run (its name, a part of it, a tag, `last`, or its folder), or a .safetensors file that this command wrote.
    what: String,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Onnx)]
    format: Format,
    /// The file [default: the stage's name in this folder].
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    output: Option<PathBuf>,
    /// The stage whose model is meant [default: the run's last one].
    #[arg(long, value_name = "NAME")]
    stage: Option<String>,
    /// The mean of the weights of several epochs, where the stage makes one [default: the last weights].
    #[arg(long)]
    averaged: bool,
    /// Whose names the parameters get (safetensors): own, timm, ast, ast-module, hf.
    #[arg(long, value_name = "LIBRARY", default_value = "own")]
    names: String,
    /// Let the graph (onnx) take waveforms, [batch, samples] within -1 to 1, and make the features itself.
    #[arg(long)]
    with_features: bool,
    /// Give an argument of the recipe another value, e.g. where the data are on this machine; can be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Print what was written as one line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A graph with its weights.
    Onnx,
    /// Weights by name.
    Safetensors,
}

/// What is to be written, and where.
#[derive(Clone)]
struct Order {
    format: Format,
    output: Option<PathBuf>,
    naming: Naming,
    with_features: bool,
}

/// What was written.
struct Written {
    file: PathBuf,
    bytes: usize,
    lines: Vec<String>,
    facts: serde_json::Value,
}

impl Export {
    pub(super) fn run(self) -> Result<()> {
        let naming = Naming::named(&self.names)?;
        let refused = |what: &str, format: &str| {
            Err(Error::new(Kind::Usage, "still export", format!("{what} is for {format} only")))
        };
        match self.format {
            Format::Onnx if naming != Naming::Own => return refused("--names", "safetensors"),
            Format::Safetensors if self.with_features => return refused("--with-features", "onnx"),
            _ => {}
        }
        let (format, with_features) = (self.format, self.with_features);
        let order = Order { format, output: self.output.clone(), naming, with_features };
        let file = Path::new(&self.what);
        let is_file = file.is_file() || file.extension().is_some_and(|ending| ending == WEIGHTS);
        let written = match is_file {
            true => order.of_file(file)?,
            false => self.of_run(order)?,
        };
        if self.json {
            let mut facts = written.facts;
            facts["file"] = json!(written.file.display().to_string());
            facts["bytes"] = json!(written.bytes);
            out(&facts.to_string());
            return Ok(());
        }
        out(&format!("{}: {}", written.file.display(), super::words::bytes(written.bytes as u64)));
        written.lines.iter().for_each(|line| out(&format!("  {line}")));
        Ok(())
    }

    fn of_run(&self, order: Order) -> Result<Written> {
        let past = self.place.run(&self.what)?;
        let granted = self.access.granted()?;
        let (like, signals) = retaking(&self.access, granted, &self.set, &past)?;
        let (stage, averaged) = (self.stage.as_deref(), self.averaged);
        take(past.path(), stage, &like, progress::display(), &signals, move |trained, plan| {
            let spec = trained.model.spec();
            let card = Card::of(&trained.name, spec, &plan.features, &|| false)?;
            let model = match (&trained.averaged, averaged) {
                (Some(own), true) => &own.model,
                (None, true) => {
                    let problem = format!("stage '{}' averages no weights", trained.name);
                    return Err(Error::new(Kind::Usage, "--averaged", problem));
                }
                _ => &trained.model,
            };
            order.write(model, &card)
        })
    }
}

impl Order {
    /// From weights that were written before.
    fn of_file(&self, file: &Path) -> Result<Written> {
        let (card, model) = Card::model_of(file, &Device::cpu())?;
        self.write(&model, &card)
    }

    fn write(&self, model: &Model, card: &Card) -> Result<Written> {
        let card = Card { names: self.naming.name().to_string(), ..card.clone() };
        let ending = if self.format == Format::Onnx { "onnx" } else { WEIGHTS };
        let own = || PathBuf::from(format!("{}.{ending}", slug(&card.stage)));
        let file = self.output.clone().unwrap_or_else(own);
        let written = match self.format {
            Format::Onnx => {
                note("writing the graph, and running it to compare");
                let made = graph::of(model, &card, self.with_features)?;
                let (lines, facts) = (graph::told(&made, &card), graph::facts(&made));
                (made.exported.bytes, lines, facts)
            }
            Format::Safetensors => {
                let state = self.naming.apply(&model.network().state())?;
                let bytes = card.on(&store::encode(&state)?)?;
                let names = self.naming.name();
                let line = format!("{} tensors, names: {names}", state.len());
                (bytes, vec![line], json!({ "tensors": state.len(), "names": names }))
            }
        };
        let (bytes, lines, facts) = written;
        disk::write_whole(&file, &bytes)?;
        Ok(Written { file, bytes: bytes.len(), lines, facts })
    }
}
