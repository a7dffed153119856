//! `still predict`: what a trained model says of audio files.

use super::data::set_named;
use super::trained::Whose;
use super::words::{columns, counted, plain};
use super::{note, out, tell};
use crate::data::{Caches, Clip, ClipSource, Dataset, Logits, Split, audio_files};
use crate::disk;
use crate::error::{Error, Kind, Result};
use crate::models::Model;
use crate::tensor::Device;
use crate::train::{Card, predict};
use clap::Args;
use serde_json::{Map, Value, json};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

const STANDARD_INPUT: &str = "reading standard input";
/// The most bytes that are taken from standard input.
const MOST_BYTES: u64 = 4 << 30;

/// Say what a trained model hears in audio files.
///
/// Features and normalisation are those that the model was trained with: they stand in the file of its weights.
#[derive(Args)]
pub(super) struct Predict {
    /// A run, or a file of weights that a run wrote.
    #[arg(value_name = "RUN|MODEL")]
    model: String,
    /// Audio files, folders of them, or - for standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Give an argument of the recipe another value, e.g. where the data are on this machine; can be repeated. For a
    /// network that only its recipe can build.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// How many classes to tell, the likeliest first.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    top: u64,
    /// Cut each file into windows of so many seconds.
    #[arg(long, value_name = "SECONDS")]
    window: Option<f64>,
    /// Seconds from one window to the next [default: that of --window].
    #[arg(long, value_name = "SECONDS", requires = "window")]
    hop: Option<f64>,
    /// Print one JSON object a clip, with the probabilities of all classes.
    #[arg(long)]
    json: bool,
    /// Print a table as CSV, with the probabilities of all classes.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Write the logits into a .safetensors file, by the clips' ids: a teacher for distill(kd::stored("FILE"), …). A folder
    /// in a published layout, or with a folder a class, is read as the data set that it is, and its ids are the set's;
    /// so is an expression such as 'dataset::csv("clips.csv", #{ label: "kind" })'.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "csv"])]
    logits: Option<PathBuf>,
    #[command(flatten)]
    whose: Whose,
}

impl Predict {
    pub(super) fn run(self) -> Result<i32> {
        if let Some(file) = self
            .logits
            .as_ref()
            .filter(|file| file.extension().is_none_or(|ending| ending != "safetensors"))
        {
            return Err(Error::new(Kind::Usage, "--logits", "the file has another ending")
                .expected("a file that ends in .safetensors")
                .received(file.display().to_string()));
        }
        let trained = self.whose.trained(&self.model)?;
        let (whose, set) = (self.whose.clone(), self.set.clone());
        whose.with(trained, &set, move |card, model| self.listen(card, model))
    }

    /// All clips of a place that is a data set's folder, where their ids are asked for.
    fn clips_of_set(&self, place: &Path) -> Result<Option<Vec<Clip>>> {
        if self.logits.is_none() {
            return Ok(None);
        }
        let (stop, granted) = (Arc::new(AtomicBool::new(false)), self.whose.granted()?);
        let Some(set) = set_named(place, granted, &stop)? else { return Ok(None) };
        let bare = |clip: &Clip| Clip { labels: Vec::new(), split: Split::Test, ..clip.clone() };
        Ok(Some(set.clips.iter().map(bare).collect()))
    }

    /// What the model hears, told; the exit code.
    fn listen(&self, card: &Card, model: &Model) -> Result<i32> {
        let device = Device::default();
        let standard = self.files.iter().any(|file| file.as_os_str() == "-");
        let input = if standard { Some(standard_input()?) } else { None };
        let mut failed = false;
        let mut refused = |error: Error| {
            failed = true;
            tell(&error);
        };
        let mut clips = Vec::new();
        for place in &self.files {
            if let Some(own) = self.clips_of_set(place)? {
                clips.extend(own);
                continue;
            }
            let is_input = place.as_os_str() == "-";
            let at = match &input {
                Some(file) if is_input => file.path(),
                _ => place,
            };
            match audio_files(at) {
                Ok(files) => {
                    for file in files {
                        match Clip::of_file(&file) {
                            Ok(clip) if self.logits.is_some() && at.is_dir() => {
                                // As a set that is made of the folder would call it.
                                let id = file.strip_prefix(at).unwrap_or(&file);
                                clips.push(Clip { id: id.display().to_string(), ..clip });
                            }
                            Ok(clip) if is_input => clips.push(Clip { id: "-".into(), ..clip }),
                            Ok(clip) => clips.push(clip),
                            Err(error) if is_input => refused(error.during(STANDARD_INPUT)),
                            Err(error) => refused(error),
                        }
                    }
                }
                Err(error) => refused(error),
            }
        }
        if clips.is_empty() {
            return Err(Error::new(
                Kind::Data,
                "still predict",
                "there is no clip that can be read",
            ));
        }
        let mut dataset = Dataset::of_clips("files", card.labelling, &card.classes, clips);
        if let Some(seconds) = self.window {
            let windows = dataset.windows(seconds, self.hop.unwrap_or(seconds));
            dataset =
                windows.map_err(|error| error.during("--window, --hop").as_kind(Kind::Usage))?;
        }
        let [_, _, source] = ClipSource::all(&dataset, &card.front, &Arc::new(Caches::none()))?;
        let mut shown = Shown { predict: self, card, rows: Vec::new() };
        let mut kept = (Vec::new(), Vec::new());
        shown.begin()?;
        predict(model, &source, &device, &mut |index, logits| {
            match (logits, source.clips().get(index)) {
                (Ok(logits), Some(clip)) if self.logits.is_some() => {
                    kept.0.push(clip.id.clone());
                    kept.1.extend(logits);
                }
                (Ok(logits), Some(clip)) => shown.clip(clip, &logits)?,
                (Err(error), Some(clip)) if called(clip) == "-" => {
                    refused(error.during(STANDARD_INPUT))
                }
                (Err(error), _) => refused(error),
                _ => {}
            }
            Ok(())
        })?;
        shown.end();
        if let Some(file) = &self.logits {
            let (ids, values) = kept;
            let told = |error: Error| error.during("--logits");
            let count = ids.len();
            let logits = Logits::new(ids, card.classes.clone(), values, None).map_err(told)?;
            logits.write(file).map_err(told)?;
            note(&format!("{}: logits of {}", file.display(), counted(count, "clip")));
        }
        Ok(if failed { Kind::Data.exit_code() } else { 0 })
    }
}

/// Standard input as a file: decoders go back and forth in it.
fn standard_input() -> Result<tempfile::NamedTempFile> {
    let wrong = |problem: String| Error::new(Kind::Data, STANDARD_INPUT, problem);
    let io = |cause: std::io::Error| wrong(cause.to_string());
    let mut file = tempfile::NamedTempFile::new().map_err(io)?;
    let read = std::io::copy(&mut std::io::stdin().take(MOST_BYTES + 1), &mut file).map_err(io)?;
    file.flush().map_err(io)?;
    match read {
        0 => Err(wrong("it is empty".into())),
        read if read > MOST_BYTES => {
            Err(wrong("it is too long".into()).expected(format!("{MOST_BYTES} bytes at most")))
        }
        _ => Ok(file),
    }
}

/// What is printed, as it comes.
struct Shown<'a> {
    predict: &'a Predict,
    card: &'a Card,
    rows: Vec<Vec<String>>,
}

/// Where a clip begins in its file, and where it ends, in seconds.
fn span(clip: &Clip) -> [f64; 2] {
    let first = clip.span.map_or(0, |span| span.start) as f64 / f64::from(clip.rate_hz.max(1));
    [first, first + clip.seconds()]
}

impl Shown<'_> {
    fn begin(&self) -> Result<()> {
        if self.predict.csv {
            let head = ["file", "start", "end"].map(str::to_string);
            let head: Vec<String> = head.into_iter().chain(self.card.classes.clone()).collect();
            out(&record(&head)?);
        }
        Ok(())
    }

    fn clip(&mut self, clip: &Clip, logits: &[f32]) -> Result<()> {
        let logits: Vec<f64> = logits.iter().map(|logit| f64::from(*logit)).collect();
        let probabilities = self.card.labelling.probabilities(&logits);
        let ([start, end], file) = (span(clip), called(clip));
        if self.predict.csv {
            let numbers = [start, end].into_iter().map(|value| format!("{value:.3}"));
            let scores = probabilities.iter().map(|p| format!("{p:.6}"));
            let cells: Vec<String> = std::iter::once(file).chain(numbers).chain(scores).collect();
            out(&record(&cells)?);
            return Ok(());
        }
        let mut order: Vec<usize> = (0..probabilities.len()).collect();
        order.sort_by(|a, b| probabilities[*b].total_cmp(&probabilities[*a]).then(a.cmp(b)));
        order.truncate(usize::try_from(self.predict.top).unwrap_or(usize::MAX));
        let name = |class: usize| self.card.classes.get(class).map_or("?", String::as_str);
        if self.predict.json {
            let all = self.card.classes.iter().zip(&probabilities);
            let all: Map<String, Value> = all.map(|(name, p)| (name.clone(), json!(p))).collect();
            let top: Vec<Value> =
                order.iter().map(|class| json!([name(*class), probabilities[*class]])).collect();
            let line = json!({ "file": file, "start": start, "end": end, "top": top, "probabilities": all });
            out(&line.to_string());
            return Ok(());
        }
        let said = order
            .iter()
            .map(|class| format!("{} {:.3}", plain(name(*class)), probabilities[*class]));
        let mut row = vec![plain(&file)];
        if self.predict.window.is_some() {
            row.push(format!("{start:.1}–{end:.1} s"));
        }
        row.push(said.collect::<Vec<_>>().join(", "));
        self.rows.push(row);
        Ok(())
    }

    fn end(&self) {
        if self.rows.is_empty() {
            return;
        }
        match self.predict.window {
            Some(_) => out(&columns(&["FILE", "WHEN", "HEARD"], &self.rows)),
            None => out(&columns(&["FILE", "HEARD"], &self.rows)),
        }
        note(&format!("by {}", self.card.name));
    }
}

fn called(clip: &Clip) -> String {
    if clip.id == "-" || clip.id.starts_with("-@") {
        return "-".to_string();
    }
    clip.file.display().to_string()
}

/// One line of CSV.
fn record(cells: &[String]) -> Result<String> {
    Ok(String::from_utf8_lossy(&disk::csv([cells])?).trim_end().to_string())
}
