//! `still show`: pictures of a clip, plain and augmented.

mod frequencies;
mod picture;

use super::arguments::Arguments;
use super::signals::catch_signals;
use super::{features, note, out};
use crate::audio::decode;
use crate::augment::{Look, Preview};
use crate::data::{ClipSource, FrontEnd};
use crate::disk;
use crate::error::{Error, Kind, Result};
use crate::recipe::{self, Chain};
use clap::Args;
use picture::{Format, Row};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Draw a clip: its waveform, its features, and what a recipe's augmentations make of them.
#[derive(Args)]
pub(super) struct Show {
    /// The clip: WAV, FLAC, Ogg or MP3.
    clip: PathBuf,
    /// Where the picture goes: a .svg or .png file.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// A recipe, whose first stage's option `augment` is drawn; or a file that ends in an array of steps.
    #[arg(long, value_name = "RECIPE")]
    augment: Option<PathBuf>,
    /// How many draws of the augmentations, 1 to 50.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=50))]
    draws: u64,
    /// Options of `audio::fbank` as JSON, e.g. '{"mels": 64, "hop_ms": 10}', where no recipe says them.
    #[arg(long, value_name = "JSON")]
    options: Option<String>,
    #[command(flatten)]
    arguments: Arguments,
}

impl Show {
    pub(super) fn run(self) -> Result<()> {
        let format = Format::of(&self.output)?;
        if let (Ok(clip), Ok(output)) = (self.clip.canonicalize(), self.output.canonicalize())
            && clip == output
        {
            return Err(Error::new(Kind::Usage, "--output", "that is the clip itself"));
        }
        let samples = decode::read(&self.clip, &decode::ReadOptions::default())?;
        let chain = self.chain()?;
        let has_chain = chain.is_some();
        let preview = self.preview(chain)?;
        let doing = |error: Error| error.note(format!("drawing {}", self.clip.display()));
        let plain = preview.plain(&samples).map_err(doing)?;
        let axes = preview.front.features.axes(plain.samples.rate_hz);
        let mut rows = vec![Row { title: "as it is".to_string(), look: plain }];
        for draw in 0..if has_chain { self.draws } else { 0 } {
            let look = preview.draw(&samples, draw).map_err(doing)?;
            let title = title(draw, &look, preview.others.as_deref());
            rows.push(Row { title, look });
        }
        let name = self.clip.file_name().unwrap_or_default().to_string_lossy();
        let bytes = picture::draw(format, &name, axes, &rows)?;
        disk::write_whole(&self.output, &bytes)?;
        let draws = match rows.len() - 1 {
            0 => String::new(),
            1 => ", 1 draw".to_string(),
            many => format!(", {many} draws"),
        };
        out(&format!("{}: waveform and features{draws}", self.output.display()));
        Ok(())
    }

    fn chain(&self) -> Result<Option<Chain>> {
        let Some(file) = &self.augment else { return Ok(None) };
        let stop = Arc::new(AtomicBool::new(false));
        catch_signals(&stop, &Arc::default())?;
        recipe::chain(file, &self.arguments.given()?, &stop, Box::new(note)).map(Some)
    }

    fn preview(&self, chain: Option<Chain>) -> Result<Preview> {
        let own = self.options.as_deref().map(|text| features::parse(text, None)).transpose()?;
        let chain = chain.unwrap_or(Chain { steps: Vec::new(), front: None, clips: None });
        let front = match (own, chain.front) {
            (Some(_), Some(_)) => {
                return Err(Error::new(
                    Kind::Usage,
                    "--options",
                    "the recipe says what features it has",
                )
                .hint("leave --options out, or give --augment a file with steps only"));
            }
            (Some(front), None) | (None, Some(front)) => front,
            (None, None) => FrontEnd::standard(),
        };
        if chain.clips.is_none() && chain.steps.iter().any(|step| step.mixes()) {
            note("no clip is mixed in: a file without a stage says no data set");
        }
        let seed = self.arguments.given()?.seed.unwrap_or(0);
        Ok(Preview { front, chain: chain.steps, others: chain.clips, seed })
    }
}

/// "draw 2", and what the clip is made of where others were mixed in.
fn title(draw: u64, look: &Look, others: Option<&ClipSource>) -> String {
    let called = |clip: Option<usize>| match (clip, others) {
        (Some(clip), Some(source)) => {
            let file = source.clips().get(clip).and_then(|clip| clip.file.file_stem());
            file.unwrap_or_default().to_string_lossy().into_owned()
        }
        _ => "this clip".to_string(),
    };
    let number = format!("draw {}", draw + 1);
    match look.made_of.as_slice() {
        [] | [_] => number,
        several => {
            let part =
                |(clip, share): &(Option<usize>, f32)| format!("{share:.2} {}", called(*clip));
            format!("{number}: {}", several.iter().map(part).collect::<Vec<_>>().join(" + "))
        }
    }
}
