//! `still bench`: how fast models are, and how much memory they take.

mod growth;
mod measure;
mod model;
mod suite;
mod watch;

use super::trained::Whose;
use super::{machine, out};
use crate::disk;
use crate::error::{Error, Kind, Result};
use crate::models::InputShape;
use crate::recipe::{assignment, named_model, named_models, no_model};
use crate::tensor::Device;
use clap::Args;
use model::{Found, Order, Subject};
use std::path::{Path, PathBuf};
use watch::Watch;

const DOING: &str = "still bench";

/// Measure how fast a model is, and how much memory it takes.
///
/// Times are those of the forward pass in evaluation mode, on clips of noise: the median and the 95th percentile of
/// repeats, after some that do not count. `--suite` measures operations and whole steps, and PyTorch's beside them.
#[derive(Args)]
pub(super) struct Bench {
    /// A named model (`still models` lists them), a file of weights that a run wrote, or a run.
    #[arg(value_name = "MODEL")]
    what: Option<String>,
    /// Clips of a pass; several with commas.
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1, 8, 32],
        value_parser = clap::value_parser!(u32).range(1..=65536))]
    batch: Vec<u32>,
    /// Measure training steps, too: forward, cross-entropy, backward, Adam.
    #[arg(long)]
    train: bool,
    /// Give a named model an option, as in `model::NAME(#{ … })`, or a run's recipe an argument; can be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Classes that a named model tells apart [default: 527].
    #[arg(long, value_name = "N")]
    classes: Option<usize>,
    /// Mel bins of a clip of a named model [default: 128].
    #[arg(long, value_name = "N")]
    mels: Option<usize>,
    /// Frames of a clip of a named model [default: 512].
    #[arg(long, value_name = "N")]
    frames: Option<usize>,
    /// About how long each row is measured.
    #[arg(long, default_value_t = 2.0, value_parser = seconds)]
    seconds: f64,
    /// Write what was found into a file as JSON; `-`: to standard output, instead of the table.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure the operations and steps that training is made of, instead of one model.
    #[arg(long, conflicts_with_all = ["what", "growth"])]
    suite: bool,
    /// Measure how a training step grows with the batch, the tokens and the parameters.
    #[arg(long, conflicts_with = "what")]
    growth: bool,
    /// A Python that has torch, torchaudio, timm and soundfile: both sides are measured in turn.
    #[arg(long, value_name = "PYTHON")]
    python: Option<PathBuf>,
    /// Fewer cases, fewer repeats, no memory.
    #[arg(long)]
    quick: bool,
    /// Only cases that have this in their name, shape or pass; can be repeated.
    #[arg(long, value_name = "WORD")]
    only: Vec<String>,
    /// Keep the other cases of an earlier record of the suite.
    #[arg(long, value_name = "FILE", requires = "suite")]
    keep: Option<PathBuf>,
    /// Write the table into a page, in Markdown: between its marks, where it has some.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Answer requests of the suite.
    #[arg(long, hide = true)]
    worker: bool,
    #[command(flatten)]
    whose: Whose,
}

fn seconds(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.0..=3600.0).contains(&number) => Ok(number),
        _ => Err("0 to 3600 seconds".into()),
    }
}

impl Bench {
    pub(super) fn run(self) -> Result<()> {
        let threads = rayon::current_num_threads();
        if self.worker {
            return suite::worker::serve(threads);
        }
        if self.suite || self.growth {
            return self.compared(threads);
        }
        self.refuse_the_suites()?;
        let Some(what) = self.what.clone() else {
            return Err(Error::new(Kind::Usage, DOING, "no model is named")
                .hint("still bench efficientnet_b0; `still models` lists the models"));
        };
        let json = self.json.clone();
        check_place(&json)?;
        let found = self.of_model(&what)?;
        let facts = found.facts(machine::facts(threads));
        if !is_standard(&json) {
            out(&found.told());
        }
        write(&json, &facts)
    }

    /// Cases on both sides, in processes of their own.
    fn compared(self, threads: usize) -> Result<()> {
        check_place(&self.json)?;
        let (python, only, keep) = (self.python.clone(), self.only.clone(), self.keep.clone());
        let quick = self.quick;
        let order = suite::Order { python, threads, quick, only, keep };
        let (name, record) = match self.growth {
            true => ("growth", growth::measured(&order)?),
            false => {
                let save = |record: &serde_json::Value| match is_standard(&self.json) {
                    true => Ok(()),
                    false => write(&self.json, record),
                };
                ("suite", suite::measured(&order, &save)?)
            }
        };
        if !is_standard(&self.json) {
            out(&if self.growth { growth::plain(&record) } else { suite::table::plain(&record) });
        }
        if let Some(page) = &self.markdown {
            let table = if self.growth { growth::page(&record) } else { suite::page(&record) };
            suite::table::put(page, name, &table)?;
        }
        write(&self.json, &record)
    }

    /// Options of the suites mean nothing for one model.
    fn refuse_the_suites(&self) -> Result<()> {
        let given = [
            ("--python", self.python.is_some()),
            ("--quick", self.quick),
            ("--only", !self.only.is_empty()),
            ("--markdown", self.markdown.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((name, _)) => {
                Err(Error::new(Kind::Usage, *name, "it is for --suite and --growth only"))
            }
            None => Ok(()),
        }
    }

    fn of_model(self, what: &str) -> Result<Found> {
        let mut batches: Vec<usize> = self.batch.iter().map(|batch| *batch as usize).collect();
        batches.sort_unstable();
        batches.dedup();
        let order = Order { batches, train: self.train, seconds: self.seconds };
        if named_models().iter().any(|model| model.name == what) && !Path::new(what).is_file() {
            return self.of_named(what, &order);
        }
        let given = [("--classes", self.classes), ("--mels", self.mels), ("--frames", self.frames)];
        let trained = self.whose.trained(what).map_err(|error| self.nothing(what, error))?;
        if let Some((name, _)) = given.iter().find(|(_, value)| value.is_some()) {
            return Err(
                Error::new(Kind::Usage, *name, "a trained model says that itself").received(what)
            );
        }
        let (name, set) = (what.to_string(), self.set.clone());
        self.whose.with(trained, &set, move |card, model| {
            let subject =
                Subject { name: &name, model, input: card.input, classes: card.classes.len() };
            model::measured(&subject, &order, &mut Watch::new())
        })
    }

    fn of_named(&self, name: &str, order: &Order) -> Result<Found> {
        if self.whose.says_anything() {
            return Err(Error::new(Kind::Usage, "--stage, --last", "a named model has no stages")
                .received(name));
        }
        let classes = self.classes.unwrap_or(527);
        let mut options = vec![("classes".to_string(), classes.to_string())];
        for text in &self.set {
            let (name, value) = assignment(text)?;
            options.retain(|(known, _)| *known != name);
            options.push((name, value));
        }
        let spec = named_model(name, &options)?;
        let input =
            InputShape { frames: self.frames.unwrap_or(512), mels: self.mels.unwrap_or(128) };
        let built = spec.build(input, 0, &Device::default())?;
        let subject = Subject { name, model: &built, input, classes };
        model::measured(&subject, order, &mut Watch::new())
    }

    /// What is said of a name that is neither a model nor a file nor a run.
    fn nothing(&self, what: &str, error: Error) -> Error {
        let is_path = Path::new(what).components().count() > 1;
        if is_path || self.whose.says_anything() || what == "last" || error.kind() != Kind::Usage {
            return error;
        }
        no_model(DOING, what)
    }
}

fn is_standard(json: &Option<PathBuf>) -> bool {
    json.as_ref().is_some_and(|path| path.as_os_str() == "-")
}

/// Refuses a place that nothing can be written to, before anything is measured.
fn check_place(path: &Option<PathBuf>) -> Result<()> {
    let Some(path) = path.as_ref().filter(|_| !is_standard(path)) else { return Ok(()) };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_none_or(Path::is_dir) {
        return Ok(());
    }
    Err(Error::new(Kind::Usage, format!("--json {}", path.display()), "no such folder"))
}

/// Writes a record to where it was asked for.
fn write(json: &Option<PathBuf>, facts: &serde_json::Value) -> Result<()> {
    match json {
        Some(_) if is_standard(json) => out(&facts.to_string()),
        Some(path) => disk::write_whole(path, format!("{facts:#}\n").as_bytes())?,
        None => {}
    }
    Ok(())
}
