//! `still features`: the plain filter bank of a clip, to look at or to compare.

use super::out;
use crate::audio::{Fbank, FbankOptions, wav};
use crate::disk;
use crate::error::{Error, Kind, Result, unknown};
use crate::tensor::{Device, Tensor, npy};
use clap::Args;
use std::path::PathBuf;

/// Write the log-mel filter bank of a clip as a NumPy array [frames, mels].
#[derive(Args)]
pub(super) struct Features {
    /// The clip, a WAV file.
    clip: PathBuf,
    /// Where the array goes, an .npy file.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Options of `audio::fbank` as JSON, e.g. '{"mels": 64, "hop_ms": 10}'.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    options: String,
}

impl Features {
    pub(super) fn run(self) -> Result<()> {
        let options = parse(&self.options)?;
        if let (Ok(clip), Ok(output)) = (self.clip.canonicalize(), self.output.canonicalize())
            && clip == output
        {
            return Err(Error::new(Kind::Usage, "--output", "that is the clip itself"));
        }
        let samples = wav::read(&self.clip)?;
        let doing = |error: Error| {
            // Options that do not fit the clip: there is no recipe that could be wrong.
            let kind = if error.kind() == Kind::Range { Kind::Usage } else { error.kind() };
            error.note(format!("features of {}", self.clip.display())).as_kind(kind)
        };
        let fbank = Fbank::new(options, samples.rate_hz).map_err(doing)?;
        let features = fbank.compute(&samples).map_err(doing)?;
        let shape = [features.frames, features.mels];
        let values = Tensor::from_values(features.values, &shape, &Device::cpu())?;
        disk::write_whole(&self.output, &npy::encode(&values)?)?;
        let (frames, mels) = (features.frames, features.mels);
        out(&format!("{}: f32 [{frames} frames, {mels} mels]", self.output.display()));
        Ok(())
    }
}

pub(super) fn parse(text: &str) -> Result<FbankOptions> {
    let wrong = |problem: String| Error::new(Kind::Usage, "--options", problem);
    let value: serde_json::Value = serde_json::from_str(text).map_err(|cause| {
        wrong("this is no JSON".into()).received(cause.to_string()).expected("{\"mels\": 64, …}")
    })?;
    let Some(map) = value.as_object() else {
        return Err(wrong("this is no map".into()).expected("{\"mels\": 64, …}").received(text));
    };
    if let Some(key) = map.keys().find(|key| !FbankOptions::NAMES.contains(&key.as_str())) {
        return Err(unknown("--options", "option", key, &FbankOptions::NAMES).as_kind(Kind::Usage));
    }
    if let Some(name) = map.get("window").and_then(|name| name.as_str()) {
        crate::audio::Window::named("--options", name).map_err(|e| e.as_kind(Kind::Usage))?;
    }
    let options: FbankOptions = serde_json::from_value(value).map_err(|cause| {
        wrong("an option has the wrong type".into()).received(cause.to_string())
    })?;
    options.check().map_err(|error| error.as_kind(Kind::Usage))?;
    Ok(options)
}
