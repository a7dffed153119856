//! The built-in example: ten classes of synthesised sounds as real WAV files in ESC-50's layout, the
//! same bytes on every machine (counter-based random numbers, and `libm` for the mathematics).
//!
//! Each clip has a sound of its class somewhere in it, noise under all of it, and for most clips a
//! quieter sound of another class over it, so that the classes are not trivially told apart.

mod sounds;

use crate::audio::{Samples, wav};
use crate::disk;
use crate::error::Result;
use crate::tensor::random::Stream;
use rayon::prelude::*;
use sounds::CLASSES;
use std::path::{Path, PathBuf};

/// What a recipe writes to mean this data set.
pub const NAME: &str = "still:example";

/// Changes whenever the bytes of the files change.
const VERSION: &str = "example-1";

const RATE_HZ: u32 = 16_000;
const SECONDS: f64 = 1.5;
const FOLDS: usize = 5;
const TAKES: usize = 10;

/// The folder of the example below `home`; the files are written where they are not there yet.
///
/// # Errors
/// A folder that cannot be written.
pub fn example(home: &Path) -> Result<PathBuf> {
    let data = home.join("data");
    let folder = data.join(VERSION);
    if folder.join("meta").join("esc50.csv").is_file() {
        return Ok(folder);
    }
    disk::make_folder(&data)?;
    // Written beside and renamed: another process sees all of it or nothing.
    let draft = disk::draft_folder(&data, disk::DRAFT)?;
    write(draft.path())?;
    if disk::rename(draft.path(), &folder)? {
        // What was renamed is not temporary any more.
        let _ = draft.keep();
    }
    Ok(folder)
}

/// Writes the data set into `folder`.
pub fn write(folder: &Path) -> Result<()> {
    let (audio, meta) = (folder.join("audio"), folder.join("meta"));
    disk::make_folder(&audio)?;
    disk::make_folder(&meta)?;
    let clips: Vec<(usize, usize, usize)> = (1..=FOLDS)
        .flat_map(|fold| (0..CLASSES.len()).map(move |class| (fold, class)))
        .flat_map(|(fold, class)| (0..TAKES).map(move |take| (fold, class, take)))
        .collect();
    let mut table = "filename,fold,target,category,esc10,src_file,take\n".to_string();
    for (fold, class, take) in &clips {
        let (name, _) = CLASSES.get(*class).copied().unwrap_or(("", sounds::nothing));
        let file = file_name(*fold, *class, *take);
        let source = source_number(*fold, *class, *take);
        table.push_str(&format!("{file},{fold},{class},{name},False,{source},A\n"));
    }
    clips
        .par_iter()
        .map(|(fold, class, take)| {
            let samples = clip(*fold, *class, *take);
            wav::write(&audio.join(file_name(*fold, *class, *take)), &samples)
        })
        .collect::<Result<Vec<()>>>()?;
    disk::write_whole(&meta.join("esc50.csv"), table.as_bytes())
}

fn source_number(fold: usize, class: usize, take: usize) -> usize {
    fold * 10_000 + class * 100 + take
}

fn file_name(fold: usize, class: usize, take: usize) -> String {
    format!("{fold}-{}-A-{class}.wav", source_number(fold, class, take))
}

fn clip(fold: usize, class: usize, take: usize) -> Samples {
    let mut random = Stream::new(0, VERSION, &[fold as u64, class as u64, take as u64]);
    let length = (f64::from(RATE_HZ) * SECONDS) as usize;
    let mut values = vec![0.0f64; length];
    place(&mut values, class, random.range(0.5, 1.0), &mut random);
    if random.uniform() < 0.8 {
        let other = (class + 1 + random.below(CLASSES.len() - 1)) % CLASSES.len();
        place(&mut values, other, random.range(0.15, 0.5), &mut random);
    }
    let hiss = libm::pow(10.0, random.range(-2.2, -1.0));
    for value in &mut values {
        *value += hiss * random.normal();
    }
    let loudest = values.iter().fold(1e-9f64, |top, v| top.max(v.abs()));
    let gain = random.range(0.2, 0.9) / loudest;
    Samples { rate_hz: RATE_HZ, values: values.iter().map(|v| (v * gain) as f32).collect() }
}

/// Adds a sound of `class` at a random place, with soft edges.
fn place(values: &mut [f64], class: usize, level: f64, random: &mut Stream) {
    let Some((_, sound)) = CLASSES.get(class) else { return };
    let length = (values.len() as f64 * random.range(0.5, 0.9)) as usize;
    let start = random.below(values.len() - length);
    let made = sound(length, f64::from(RATE_HZ), random);
    let edge = (length / 20).max(1);
    for (index, (value, sample)) in values.iter_mut().skip(start).zip(&made).enumerate() {
        let nearest = index.min(length - 1 - index.min(length - 1));
        *value += level * sample * (nearest as f64 / edge as f64).min(1.0);
    }
}
