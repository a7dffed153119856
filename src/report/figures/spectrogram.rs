//! Features of a clip as its model sees them, as a picture within the page.

use crate::data::{Caches, Clip, ClipSource, Dataset, Span};
use crate::disk;
use crate::error::{Error, Kind, Result};
use crate::report::colour::viridis;
use crate::train::Card;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The widest picture; more frames are drawn together.
const MOST_FRAMES: usize = 400;
/// The share of features that are as dark, and that are as bright, as can be.
const ENDS: f64 = 0.01;

/// A picture.
pub struct Picture {
    /// An address that holds all of it.
    pub address: String,
    /// Frames and bins of the features.
    pub shape: [usize; 2],
    /// How long the clip is, in seconds.
    pub seconds: f64,
}

/// Where clips are on this machine.
pub struct Places<'a>(pub &'a Value);

impl Places<'_> {
    /// The file of a clip, and the part of it that the clip is.
    fn of(&self, id: &str) -> Option<(PathBuf, Option<Span>)> {
        let sets = self.0.as_object()?;
        let place = sets.values().find_map(|set| set.get(id))?.as_array()?;
        let number =
            |at: usize| place.get(at).and_then(Value::as_u64).map(|number| number as usize);
        let span = number(1).zip(number(2)).map(|(start, samples)| Span { start, samples });
        Some((PathBuf::from(place.first()?.as_str()?), span))
    }

    /// The picture of a clip, as the model in that file of weights sees it.
    ///
    /// # Errors
    /// In words: it is not known where the clip is, it is not there any more, or cannot be read.
    pub fn picture(&self, id: &str, weights: &Path) -> std::result::Result<Picture, String> {
        let (file, span) = self.of(id).ok_or("it is not known where its audio is")?;
        if !file.is_file() {
            return Err("its audio is not on this machine any more".into());
        }
        draw(id, &file, span, weights).map_err(|error| error.headline())
    }
}

fn draw(id: &str, file: &Path, span: Option<Span>, weights: &Path) -> Result<Picture> {
    let doing = format!("reading {}", weights.display());
    let card = Card::read(&doing, &disk::read_regular(weights, u64::MAX)?)?;
    let clip = Clip::of_file(file)?;
    let samples = span.map_or(clip.samples, |span| span.samples);
    let clip = Clip { id: id.to_string(), span, samples, ..clip };
    let seconds = clip.seconds();
    let dataset = Dataset::of_clips("clips", card.labelling, &card.classes, vec![clip]);
    let [_, _, source] = ClipSource::all(&dataset, &card.front, &Arc::new(Caches::none()))?;
    let (frames, bins) = (source.frames(), source.bins());
    let values = source.features(0)?;
    let address =
        format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png_of(&values, frames, bins)?));
    Ok(Picture { address, shape: [frames, bins], seconds })
}

/// A picture of `[frames, bins]` with time to the right and low frequencies below.
fn png_of(values: &[f32], frames: usize, bins: usize) -> Result<Vec<u8>> {
    let mut sorted: Vec<f32> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_unstable_by(f32::total_cmp);
    let quantile = |share: f64| {
        let last = sorted.len().saturating_sub(1);
        sorted.get((share * last as f64).round() as usize).copied().unwrap_or(0.0)
    };
    let (dark, bright) = (quantile(ENDS), quantile(1.0 - ENDS));
    let spread = if bright > dark { bright - dark } else { 1.0 };
    let wide = frames.min(MOST_FRAMES);
    let mut points = Vec::with_capacity(wide * bins);
    for bin in (0..bins).rev() {
        for column in 0..wide {
            // The mean of the frames that share a column.
            let (first, end) = (column * frames / wide.max(1), (column + 1) * frames / wide.max(1));
            let shared =
                (first..end.max(first + 1)).filter_map(|frame| values.get(frame * bins + bin));
            let (sum, count) =
                shared.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0f32));
            let level = (sum / count.max(1.0) - dark) / spread;
            points.push((level.clamp(0.0, 1.0) * 255.0).round() as u8);
        }
    }
    let failed =
        |cause: png::EncodingError| Error::new(Kind::Internal, "drawing", cause.to_string());
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, wide.max(1) as u32, bins.max(1) as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    let palette: Vec<u8> =
        (0..=255u8).flat_map(|level| viridis(f32::from(level) / 255.0)).collect();
    encoder.set_palette(palette);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&points).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}
