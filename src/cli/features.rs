//! `still features`: the plain features of a clip, to look at or to compare.

use super::out;
use crate::audio::decode::{self, Channel, ReadOptions};
use crate::audio::{Extractor, FeatureOptions, resample};
use crate::data::FrontEnd;
use crate::disk;
use crate::error::{Error, Kind, Result};
use crate::tensor::{Device, Tensor, npy};
use clap::Args;
use std::path::PathBuf;

/// Write the features of a clip as a NumPy array [frames, bins].
#[derive(Args)]
pub(super) struct Features {
    /// The clip: WAV, FLAC, Ogg Vorbis or MP3.
    clip: PathBuf,
    /// Where the array goes, an .npy file.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Options of `audio::fbank`, or of the kind that is named, as JSON, e.g. '{"mels": 64, "hop_ms": 10}'.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    options: String,
    /// fbank, mel_spectrogram, mfcc or spectrogram; or "kind" among the options.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// The rate that the clip is brought to first; without, that of the preset, or its own.
    #[arg(long, value_name = "HZ")]
    rate_hz: Option<u32>,
    /// "mean" of all channels, or the number of one, counted from 0.
    #[arg(long, value_name = "CHANNEL", default_value = "mean")]
    channel: String,
}

impl Features {
    pub(super) fn run(self) -> Result<()> {
        let front = parse(&self.options, self.kind.as_deref())?;
        let options = &front.features;
        if let (Ok(clip), Ok(output)) = (self.clip.canonicalize(), self.output.canonicalize())
            && clip == output
        {
            return Err(Error::new(Kind::Usage, "--output", "that is the clip itself"));
        }
        let channel = match (self.channel.as_str(), self.channel.parse()) {
            ("mean", _) => Channel::Mean,
            (_, Ok(index)) => Channel::Index(index),
            _ => {
                return Err(Error::new(Kind::Usage, "--channel", "this is no channel")
                    .expected("\"mean\", or a number from 0 on")
                    .received(self.channel));
            }
        };
        let doing = |error: Error| {
            // Options that do not fit the clip: there is no recipe that could be wrong.
            let kind = if error.kind() == Kind::Range { Kind::Usage } else { error.kind() };
            error.note(format!("features of {}", self.clip.display())).as_kind(kind)
        };
        let own = decode::read(&self.clip, &ReadOptions { channel, ..ReadOptions::default() })
            .map_err(|error| match error.kind() {
                Kind::Range => error.as_kind(Kind::Usage),
                _ => error,
            })?;
        // A preset says the rate that its features are of.
        let samples = match self.rate_hz.or(front.rate_hz) {
            Some(rate_hz) => resample(&own, rate_hz).map_err(doing)?,
            None => own,
        };
        let extractor = Extractor::new(options, samples.rate_hz).map_err(doing)?;
        let features = extractor.compute(&samples, None).map_err(doing)?;
        let shape = [features.frames, features.bins];
        let values = Tensor::from_values(features.values, &shape, &Device::cpu())?;
        disk::write_whole(&self.output, &npy::encode(&values)?)?;
        let [frames, bins] = shape;
        let what = match options {
            FeatureOptions::Fbank(_) | FeatureOptions::MelSpectrogram(_) => "mels",
            FeatureOptions::Mfcc(_) => "coefficients",
            FeatureOptions::Spectrogram(_) => "frequencies",
        };
        out(&format!("{}: f32 [{frames} frames, {bins} {what}]", self.output.display()));
        Ok(())
    }
}

/// The front end that options say, with the rate that a preset brings clips to.
pub(super) fn parse(text: &str, kind: Option<&str>) -> Result<FrontEnd> {
    let wrong = |problem: &str| Error::new(Kind::Usage, "--options", problem);
    let value: serde_json::Value = serde_json::from_str(text).map_err(|cause| {
        wrong("this is no JSON").received(cause.to_string()).expected("{\"mels\": 64, …}")
    })?;
    let serde_json::Value::Object(mut map) = value else {
        return Err(wrong("this is no map").expected("{\"mels\": 64, …}").received(text));
    };
    let mut taken = |key: &str| match map.shift_remove(key) {
        None => Ok(None),
        Some(serde_json::Value::String(name)) => Ok(Some(name)),
        Some(other) => Err(wrong(&format!("'{key}' is a name")).received(other.to_string())),
    };
    let (own, preset) = (taken("kind")?, taken("preset")?);
    let kind = match (kind, &own) {
        (Some(kind), Some(own)) if kind != own => {
            return Err(wrong("'kind' differs from --kind").expected(kind).received(own.as_str()));
        }
        (Some(kind), _) => kind,
        (None, own) => own.as_deref().unwrap_or("fbank"),
    };
    let usage = |error: Error| error.as_kind(Kind::Usage);
    let front = FrontEnd::preset("--options", kind, preset.as_deref()).map_err(usage)?;
    Ok(FrontEnd { features: front.features.with("--options", &map).map_err(usage)?, ..front })
}
