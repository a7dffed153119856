//! Bindings of `audio`: clips, and the front ends that make features of them.

use super::Host;
use super::options::Options;
use super::register::{functions, namespaced};
use super::value;
use crate::audio::decode::{self, Channel, ReadOptions};
use crate::audio::{Extractor, Samples, resample, resampled};
use crate::data::{Crop, FrontEnd, Normalize, Pad, PadAt, Width};
use crate::error::{Error, Kind, Result, unknown};
use crate::tensor::Tensor;
use rhai::{Dynamic, Engine, Map, Module, exported_module};
use serde_json::Value;
use std::sync::Arc;

const STATISTICS: [&str; 2] = ["mean", "std"];
/// What a front end has besides the options of its features.
pub(super) const OF_FRONT_ENDS: &[&str] = &[
    "preset",
    "frames",
    "crop",
    "pad",
    "pad_at",
    "mean",
    "std",
    "normalize",
    "rate_hz",
    "channel",
    "dtype",
];

/// Functions that ask the host are registered here.
pub(super) fn bind(engine: &mut Engine, host: &Arc<dyn Host>) {
    let mut module = Module::new();
    front_ends(&mut module);
    clips(&mut module, host);
    engine.register_static_module("audio", module.into());
    let mut methods = Module::new();
    computing(&mut methods, host);
    engine.register_global_module(methods.into());
    engine.register_global_module(exported_module!(getters).into());
}

fn front_end(operation: &str, kind: &str, map: Map) -> Result<FrontEnd> {
    let keys: Vec<String> = map.keys().map(|key| key.to_string()).collect();
    let options = Options::new(operation, map)?;
    let mut front = FrontEnd::preset(operation, kind, options.text("preset")?.as_deref())?;
    let standard = front.features.to_map();
    let mut changes = serde_json::Map::new();
    for key in keys.iter().filter(|key| !OF_FRONT_ENDS.contains(&key.as_str())) {
        let (mut number, mut count, mut flag) = (0.0, 0, false);
        let value = match standard.get(key) {
            Some(Value::Number(known)) if known.is_f64() => {
                options.number(key, &mut number)?;
                Value::from(number)
            }
            Some(Value::Number(_)) => {
                options.count(key, &mut count)?;
                Value::from(count)
            }
            Some(Value::Bool(_)) => {
                options.flag(key, &mut flag)?;
                Value::from(flag)
            }
            Some(_) => Value::from(options.text(key)?),
            None => {
                let problem = format!("'{key}' is no option of this kind");
                return Err(Error::new(Kind::Name, operation, problem)
                    .hint("it belongs to another preset: preset: \"librosa\", for instance"));
            }
        };
        changes.insert(key.clone(), value);
    }
    front.features = front.features.with(operation, &changes)?;
    if let Some(frames) = options.get("frames") {
        front.frames = Some(value::count_of(operation, "'frames'", frames)?);
    }
    if let Some(statistics) = statistics(operation, &options)? {
        front.statistics = Some(statistics);
    }
    if let Some(name) = options.text("normalize")? {
        front.normalize = Normalize::named(operation, &name)?;
    }
    if let Some(name) = options.text("crop")? {
        front.fit.crop = Crop::named(operation, &name)?;
    }
    if let Some(name) = options.text("pad")? {
        front.fit.pad = Pad::named(operation, &name)?;
    }
    if let Some(name) = options.text("pad_at")? {
        front.fit.pad_at = PadAt::named(operation, &name)?;
    }
    match options.text("dtype")?.as_deref() {
        None | Some("f32") => {}
        Some("f16") => front.dtype = Width::F16,
        Some(other) => return Err(unknown(operation, "'dtype'", other, &["f32", "f16"])),
    }
    if let Some(rate_hz) = options.get("rate_hz") {
        front.rate_hz = Some(rate_of(operation, rate_hz)?);
    }
    if let Some(channel) = options.get("channel") {
        front.channel = channel_of(operation, channel)?;
    }
    front.check()?;
    Ok(front)
}

fn statistics(operation: &str, options: &Options) -> Result<Option<[f64; 2]>> {
    match STATISTICS.map(|name| (name, options.get(name))) {
        [(_, None), (_, None)] => Ok(None),
        [(mean, Some(first)), (std, Some(second))] => Ok(Some([
            value::number_of(operation, mean, first)?,
            value::number_of(operation, std, second)?,
        ])),
        [(mean, Some(_)), (std, None)] => {
            Err(options.missing(std, &format!("a number, since '{mean}' is given")))
        }
        [(mean, None), (std, Some(_))] => {
            Err(options.missing(mean, &format!("a number, since '{std}' is given")))
        }
    }
}

fn rate_of(operation: &str, rate: &Dynamic) -> Result<u32> {
    let given = value::count_of(operation, "'rate_hz'", rate)?;
    u32::try_from(given).map_err(|_| {
        Error::new(Kind::Range, operation, "'rate_hz' is out of range").received(given.to_string())
    })
}

fn channel_of(operation: &str, channel: &Dynamic) -> Result<Channel> {
    match channel.clone().into_immutable_string() {
        Ok(name) if name == "mean" => Ok(Channel::Mean),
        Ok(name) => Err(Error::new(Kind::Name, operation, format!("unknown channel '{name}'"))
            .expected("\"mean\", or a number from 0 on")),
        Err(_) => value::count_of(operation, "'channel'", channel).map(Channel::Index),
    }
}

fn load(host: &dyn Host, path: &str, map: Map) -> Result<Map> {
    let operation = "audio::load";
    let options = Options::new(operation, map)?;
    let mut read = ReadOptions::default();
    options.count("start", &mut read.start)?;
    if let Some(length) = options.get("length") {
        let length = value::count_of(operation, "'length'", length)?;
        if length == 0 {
            return Err(Error::out_of_range(operation, "length", "1 sample or more", length));
        }
        read.length = Some(length);
    }
    if let Some(channel) = options.get("channel") {
        read.channel = channel_of(operation, channel)?;
    }
    let rate_hz = options.get("rate_hz").map(|rate| rate_of(operation, rate)).transpose()?;
    let mut samples = decode::read(&host.readable(operation, path)?, &read)?;
    if let Some(rate_hz) = rate_hz {
        samples = resample(&samples, rate_hz)?;
    }
    let rate_hz = i64::from(samples.rate_hz);
    let shape = [samples.values.len()];
    let tensor = Tensor::from_values(samples.values, &shape, &host.device())?;
    Ok([("samples", Dynamic::from(tensor)), ("rate_hz", rate_hz.into())]
        .into_iter()
        .map(|(name, value)| (name.into(), value))
        .collect())
}

/// The samples of a tensor `[samples]`.
fn samples_of(operation: &str, waveform: &Tensor, rate_hz: &Dynamic) -> Result<Samples> {
    if waveform.rank() != 1 {
        return Err(Error::new(Kind::Shape, operation, "a clip is one row of samples")
            .expected("[samples]")
            .received(waveform.describe()));
    }
    Ok(Samples { rate_hz: rate_of(operation, rate_hz)?, values: waveform.to_values()? })
}

fn compute(
    host: &dyn Host,
    front: &FrontEnd,
    waveform: &Tensor,
    rate_hz: &Dynamic,
) -> Result<Tensor> {
    let samples = front.at_rate(samples_of("compute", waveform, rate_hz)?)?;
    let features = Extractor::new(&front.features, samples.rate_hz)?.compute(&samples, None)?;
    let shape = [features.frames, features.bins];
    Tensor::from_values(features.values, &shape, &host.device())
}

fn front_ends(module: &mut Module) {
    namespaced! { module;
        /// A front end with Kaldi's mel filter bank, equal to `torchaudio.compliance.kaldi.fbank`.
        ///
        /// Options of the filter bank: `mels` (128), `frame_ms` (25), `hop_ms` (10), `window` ("hanning", "hamming",
        /// "povey", "blackman", "rectangular"), `blackman_coeff` (0.42), `low_hz` (20), `high_hz` (0; 0 and less count
        /// from half the sample rate), `preemphasis` (0.97), `remove_dc` (true: each frame less its mean), `fft_points`
        /// (0: no more than a frame needs), `round_to_power_of_two` (true), `snip_edges` (true; false: the clip is
        /// reflected at its ends), `dither` (0: the deviation of noise that each clip has of its own), `power` (true;
        /// false: magnitudes), `log` (true), `use_energy` (false: one more bin with the log energy), `raw_energy`
        /// (true: before pre-emphasis and window), `energy_floor` (1; 0: none), `htk_compat` (false; true: the energy
        /// comes last), `subtract_mean` (false), `preset` ("kaldi": what stands here).
        ///
        /// Options of the front end: `frames` (as the longest clip has; shorter clips are padded, longer ones cut),
        /// `crop` ("start", "centre", "random": which part of a longer clip; a random one is another in each epoch, and
        /// the middle where nothing trains), `pad` ("zero": 0 before the normalisation, as AST; "mean": 0 after it;
        /// "repeat": the clip itself), `pad_at` ("end", "start", "both"), `dtype` ("f32"; "f16": features are rounded to
        /// half precision, which halves what they take on disk),
        /// `mean` and `std` (measured on the training clips), `normalize` ("ast": (x − mean) / (2 · std); "psla":
        /// (x − mean) / std; "none"), `rate_hz` (every clip is brought to this rate; without, clips must share one),
        /// `channel` ("mean" of all channels, or the number of one from 0 on).
        ///
        /// ```rhai
        /// audio::fbank(#{ mels: 64, frames: 512, rate_hz: 16000, normalize: "psla" }).mels == 64
        /// ```
        fn "fbank"(options: Map) -> FrontEnd { front_end("audio::fbank", "fbank", options) }

        /// A front end with mel spectrograms as librosa, torchaudio's transforms and EfficientAT make them.
        ///
        /// Options: `preset` ("efficientat": clips of 32 kHz, with mean and deviation of its networks; "librosa";
        /// "torchaudio": what follows as they have it), `mels` (128), `frame_ms` (25) and `hop_ms` (10), or
        /// `frame_samples` (0) and `hop_samples` (0), `fft_points` (0: as the frame), `window` ("hanning"), `periodic`
        /// (true; false: symmetric), `preemphasis` (0), `power` (2), `center` (true), `pad_mode` ("reflect",
        /// "constant", "replicate"), `low_hz` (0), `high_hz` (0; 0 and less count from half the sample rate), `scale`
        /// ("htk", "slaney", "kaldi"), `norm` ("none", "slaney"), `scaling` ("ln": ln(x + offset); "db"; "none"), `offset`
        /// (1e-5), `floor` (1e-10: the least power of "db"), `reference` (1: what 0 dB is), `top_db` (80: the range of a
        /// clip; 0: all). The options of the front end are those of `audio::fbank`.
        ///
        /// ```rhai
        /// audio::mel_spectrogram(#{ preset: "efficientat", mels: 64 }).bins == 64
        /// ```
        fn "mel_spectrogram"(options: Map) -> FrontEnd {
            front_end("audio::mel_spectrogram", "mel_spectrogram", options)
        }

        /// A front end with mel cepstra.
        ///
        /// Options: `preset` ("kaldi": as `torchaudio.compliance.kaldi.mfcc`, with the options of `audio::fbank`;
        /// "librosa", "torchaudio": with those of `audio::mel_spectrogram`), `coefficients` (13; 20, 40), `lifter` (22; 0: none).
        /// `mels` is 23 for Kaldi, and its `window` "povey". The options of the front end are those of `audio::fbank`.
        ///
        /// ```rhai
        /// audio::mfcc(#{ coefficients: 20, mels: 40 }).bins == 20
        /// ```
        fn "mfcc"(options: Map) -> FrontEnd { front_end("audio::mfcc", "mfcc", options) }

        /// A front end with spectrograms, without a filter bank.
        ///
        /// Options: those of `audio::mel_spectrogram` that concern no mel scale, and no preset.
        ///
        /// ```rhai
        /// audio::spectrogram(#{ fft_points: 512, scaling: "db" }).bins == 257
        /// ```
        fn "spectrogram"(options: Map) -> FrontEnd {
            front_end("audio::spectrogram", "spectrogram", options)
        }
    }
}

fn clips(module: &mut Module, host: &Arc<dyn Host>) {
    let (asked, plain, resampling) = (host.clone(), host.clone(), host.clone());
    namespaced! { module;
        /// Reads a clip, WAV, FLAC, Ogg Vorbis or MP3 by its content: a map with `samples`, a tensor `[samples]` within
        /// −1 to 1, and `rate_hz`.
        ///
        /// Options: `channel` ("mean", or a number from 0 on), `start` (0) and `length` (all): a part, in samples of the
        /// file, `rate_hz` (the file's own).
        /// Errors: a file that nobody allowed, a missing, damaged or cut-off one, another format.
        ///
        /// ```rhai
        /// let file = dataset::esc50("still:example").clip(0).path;
        /// let clip = audio::load(file, #{ start: 100, length: 4000, rate_hz: 8000 });
        /// clip.samples.shape == [2000] && clip.rate_hz == 8000
        /// ```
        fn "load"(path: &str, options: Map) -> Map { load(asked.as_ref(), path, options) }

        /// As `load(path, options)`, with all options as they stand.
        ///
        /// ```rhai
        /// let file = dataset::esc50("still:example").clip(0).path;
        /// audio::load(file).samples.shape[0] == 24000
        /// ```
        fn "load"(path: &str) -> Map { load(plain.as_ref(), path, Map::new()) }

        /// A clip `[samples]` at another sample rate: ⌈samples · to / from⌉ samples, by a windowed sinc.
        ///
        /// ```rhai
        /// audio::resample(tensor::zeros([44100]), 44100, 16000).shape == [16000]
        /// ```
        fn "resample"(waveform: Tensor, from_hz: Dynamic, to_hz: Dynamic) -> Tensor {
            let operation = "audio::resample";
            let (samples, to) =
                (samples_of(operation, &waveform, &from_hz)?, rate_of(operation, &to_hz)?);
            // Before anything is made of it.
            let length = resampled(samples.values.len(), samples.rate_hz, to);
            let made = resample(&samples, to)?;
            Tensor::from_values(made.values, &[length], &resampling.device())
        }
    }
}

fn computing(module: &mut Module, host: &Arc<dyn Host>) {
    let host = host.clone();
    functions! { module;
        /// The features of a clip `[samples]` of `rate_hz`: `[frames, bins]`, in all their length and not normalised.
        /// They carry no gradient.
        ///
        /// ```rhai
        /// let clip = (tensor::arange(16000) * 0.1).sin();
        /// audio::fbank(#{ mels: 40 }).compute(clip, 16000).shape == [98, 40]
        /// ```
        fn "compute"(front: FrontEnd, waveform: Tensor, rate_hz: Dynamic) -> Tensor {
            compute(host.as_ref(), &front, &waveform, &rate_hz)
        }
    }
}

#[rhai::export_module]
mod getters {
    use crate::data::FrontEnd;

    /// The number of mel bins, or of what a frame has else; `()` where it depends on the clips' sample rate.
    ///
    /// ```rhai
    /// audio::fbank(#{ mels: 40 }).mels == 40
    /// ```
    #[rhai_fn(get = "mels", pure)]
    pub fn mels(front: &mut FrontEnd) -> Dynamic {
        bins(front)
    }

    /// The numbers of a frame; `()` where that depends on the clips' sample rate.
    ///
    /// ```rhai
    /// audio::fbank(#{ mels: 40, use_energy: true }).bins == 41
    /// ```
    #[rhai_fn(get = "bins", pure)]
    pub fn bins(front: &mut FrontEnd) -> Dynamic {
        front.features.bins().map_or(Dynamic::UNIT, |bins| (bins as i64).into())
    }
}
