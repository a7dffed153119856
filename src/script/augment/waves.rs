//! `augment::…` on a clip's samples.

use super::Step;
use super::given::{choice, positive, range_of, rate_of};
use crate::augment::{
    Clips, Gain, ImpulseResponse, Noise, NoiseSource, Pass, PassFilter, Polarity, Shift, Speed,
};
use crate::data::is_audio;
use crate::error::{Error, Kind, Result};
use crate::script::Host;
use crate::script::options::Options;
use crate::script::register::namespaced;
use rhai::{Dynamic, Map, Module};
use std::sync::Arc;

/// Quality of torchaudio's biquads: Butterworth's 1/√2, as they write it.
const QUALITY: f64 = 0.707;

fn gain(given: &Dynamic) -> Result<Step> {
    let gain_db = range_of("augment::gain", "the gain", given, [-200.0, 200.0])?;
    Ok(Arc::new(Gain { gain_db }))
}

fn polarity(rate: &Dynamic) -> Result<Step> {
    let rate = rate_of("augment::polarity", "the rate", rate)?;
    Ok(Arc::new(Polarity { rate }))
}

fn shift(seconds: &Dynamic, options: Map) -> Result<Step> {
    let options = Options::new("augment::shift", options)?;
    let seconds = range_of("augment::shift", "the seconds", seconds, [-1e5, 1e5])?;
    let mut is_circular = true;
    choice(&options, "fill", &[("wrap", true), ("zero", false)], &mut is_circular)?;
    Ok(Arc::new(Shift { seconds, is_circular }))
}

fn speed(factor: &Dynamic, options: Map) -> Result<Step> {
    let options = Options::new("augment::speed", options)?;
    let factor = range_of("augment::speed", "the factor", factor, [0.1, 10.0])?;
    let mut keeps_length = true;
    choice(&options, "length", &[("keep", true), ("free", false)], &mut keeps_length)?;
    Ok(Arc::new(Speed { factor, keeps_length }))
}

fn filter(operation: &str, pass: Pass, cutoff: &Dynamic, options: Map) -> Result<Step> {
    let options = Options::new(operation, options)?;
    let cutoff_hz = range_of(operation, "the cutoff", cutoff, [1.0, 1e6])?;
    let mut q = QUALITY;
    positive(&options, "q", &mut q)?;
    Ok(Arc::new(PassFilter { pass, cutoff_hz, q }))
}

/// All sounds of a folder that may be read, by name.
fn clips(host: &dyn Host, operation: &str, folder: &str) -> Result<Arc<Clips>> {
    let folder = host.readable_folder(operation, folder)?;
    let told = |cause: std::io::Error| {
        Error::new(Kind::File, operation, "the folder cannot be read")
            .received(format!("{}: {cause}", folder.display()))
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if is_audio(&path) {
            files.push(path);
        }
    }
    files.sort();
    let caches = host.caches();
    let checked = |path: std::path::PathBuf| {
        // What is in the folder may lead out of it.
        let file = host.readable(operation, &path.to_string_lossy())?;
        let hash = caches.files.blake3(&file)?;
        Ok((file, hash))
    };
    let files = files.into_iter().map(checked).collect::<Result<Vec<_>>>()?;
    let found = format!("{}", folder.display());
    Clips::new(operation, files).map(Arc::new).map_err(|error| error.received(found))
}

fn noise(host: &dyn Host, snr_db: &Dynamic, options: Map) -> Result<Step> {
    let operation = "augment::noise";
    let options = Options::new(operation, options)?;
    let snr_db = range_of(operation, "the ratio", snr_db, [-200.0, 200.0])?;
    let mut source = NoiseSource::White;
    if let Some(color) = options.text("color")? {
        source = match color.as_str() {
            "white" => NoiseSource::White,
            "pink" => NoiseSource::Pink,
            other => {
                return Err(crate::error::unknown(operation, "'color'", other, &["white", "pink"]));
            }
        };
    }
    if let Some(folder) = options.text("files")? {
        if options.get("color").is_some() {
            return Err(Error::new(
                Kind::Script,
                operation,
                "'files' and 'color' contradict each other",
            )
            .expected("one of them"));
        }
        source = NoiseSource::Files(clips(host, operation, &folder)?);
    }
    Ok(Arc::new(Noise { snr_db, source }))
}

fn impulse_response(host: &dyn Host, folder: &str, options: Map) -> Result<Step> {
    let operation = "augment::impulse_response";
    let options = Options::new(operation, options)?;
    let mut is_normalised = true;
    options.flag("normalize", &mut is_normalised)?;
    let responses = clips(host, operation, folder)?;
    Ok(Arc::new(ImpulseResponse { responses, is_normalised }))
}

pub(super) fn functions(module: &mut Module, host: &Arc<dyn Host>) {
    let [a, b, c, d] = std::array::from_fn(|_| host.clone());
    namespaced! { module;
        /// Makes each clip louder or quieter by a number of dB of the range `[low, high]`. What leaves −1 to 1 is not cut off.
        ///
        /// ```rhai
        /// type_of(augment::gain([-12, 6])) == "Augmentation"
        /// ```
        fn "gain"(gain_db: Dynamic) -> Step { gain(&gain_db) }

        /// Turns the share `rate` of all clips upside down.
        ///
        /// ```rhai
        /// type_of(augment::polarity(0.5)) == "Augmentation"
        /// ```
        fn "polarity"(rate: Dynamic) -> Step { polarity(&rate) }

        /// Moves each clip in time by a number of seconds of the range `[low, high]`, later where it is positive; what leaves
        /// at one end comes in at the other.
        ///
        /// ```rhai
        /// type_of(augment::shift([-0.5, 0.5])) == "Augmentation"
        /// ```
        fn "shift"(seconds: Dynamic) -> Step { shift(&seconds, Map::new()) }

        /// As `shift(seconds)`, with the option `fill` ("wrap"; "zero": silence comes in).
        ///
        /// ```rhai
        /// type_of(augment::shift([-0.5, 0.5], #{ fill: "zero" })) == "Augmentation"
        /// ```
        fn "shift"(seconds: Dynamic, options: Map) -> Step { shift(&seconds, options) }

        /// Adds white noise to each clip, so that the signal is so many dB of the range `[low, high]` above it: the ratio of
        /// their energies over the clip. A silent clip stays silent.
        ///
        /// ```rhai
        /// type_of(augment::noise([5, 30])) == "Augmentation"
        /// ```
        fn "noise"(snr_db: Dynamic) -> Step { noise(a.as_ref(), &snr_db, Map::new()) }

        /// As `noise(snr_db)`, with options: `color` ("white", or "pink", which falls by 3 dB an octave), or `files`: a folder
        /// of .wav files at the clips' sample rate, a part of one of which is the noise.
        ///
        /// Errors: a folder that nobody allowed, or without a sound; a file with another sample rate, when a stage begins.
        ///
        /// ```rhai
        /// type_of(augment::noise(10, #{ color: "pink" })) == "Augmentation"
        /// ```
        fn "noise"(snr_db: Dynamic, options: Map) -> Step { noise(b.as_ref(), &snr_db, options) }

        /// Convolves each clip with one of the impulse responses of a folder of .wav files at the clips' sample rate. A clip
        /// keeps its length; each response is divided by its Euclidean norm before.
        ///
        /// Errors: a folder that nobody allowed, or without a sound; a file with another sample rate, when a stage begins.
        ///
        /// ```rhai
        /// let failed = false;
        /// try { augment::impulse_response("no/such/folder"); } catch { failed = true; }
        /// failed
        /// ```
        fn "impulse_response"(folder: &str) -> Step { impulse_response(c.as_ref(), folder, Map::new()) }

        /// As `impulse_response(folder)`, with the option `normalize` (true; false: the responses as they are).
        ///
        /// ```rhai
        /// let failed = false;
        /// try { augment::impulse_response("no/such/folder", #{ normalize: false }); } catch { failed = true; }
        /// failed
        /// ```
        fn "impulse_response"(folder: &str, options: Map) -> Step {
            impulse_response(d.as_ref(), folder, options)
        }

        /// Plays each clip faster by a factor of the range `[low, high]`: 2 is an octave higher and half as long. The clip
        /// keeps its length: it is cut at the end, or padded there with zeros.
        ///
        /// ```rhai
        /// type_of(augment::speed([0.9, 1.1])) == "Augmentation"
        /// ```
        fn "speed"(factor: Dynamic) -> Step { speed(&factor, Map::new()) }

        /// As `speed(factor)`, with the option `length` ("keep"; "free": a faster clip is shorter).
        ///
        /// ```rhai
        /// type_of(augment::speed([0.9, 1.1], #{ length: "free" })) == "Augmentation"
        /// ```
        fn "speed"(factor: Dynamic, options: Map) -> Step { speed(&factor, options) }

        /// Takes away what lies above a cutoff of the range `[low, high]` in Hz, by 12 dB an octave: torchaudio's
        /// `lowpass_biquad`. All octaves of the range are equally likely.
        ///
        /// Errors: a cutoff of half the clips' sample rate and more, when a stage begins.
        ///
        /// ```rhai
        /// type_of(augment::lowpass([1000, 7500])) == "Augmentation"
        /// ```
        fn "lowpass"(cutoff_hz: Dynamic) -> Step {
            filter("augment::lowpass", Pass::Low, &cutoff_hz, Map::new())
        }

        /// As `lowpass(cutoff_hz)`, with the option `q` (0.707: Butterworth's).
        ///
        /// ```rhai
        /// type_of(augment::lowpass(4000, #{ q: 1.0 })) == "Augmentation"
        /// ```
        fn "lowpass"(cutoff_hz: Dynamic, options: Map) -> Step {
            filter("augment::lowpass", Pass::Low, &cutoff_hz, options)
        }

        /// Takes away what lies below a cutoff of the range `[low, high]` in Hz, by 12 dB an octave: torchaudio's
        /// `highpass_biquad`. All octaves of the range are equally likely.
        ///
        /// Errors: a cutoff of half the clips' sample rate and more, when a stage begins.
        ///
        /// ```rhai
        /// type_of(augment::highpass([50, 500])) == "Augmentation"
        /// ```
        fn "highpass"(cutoff_hz: Dynamic) -> Step {
            filter("augment::highpass", Pass::High, &cutoff_hz, Map::new())
        }

        /// As `highpass(cutoff_hz)`, with the option `q` (0.707: Butterworth's).
        ///
        /// ```rhai
        /// type_of(augment::highpass(300, #{ q: 1.0 })) == "Augmentation"
        /// ```
        fn "highpass"(cutoff_hz: Dynamic, options: Map) -> Step {
            filter("augment::highpass", Pass::High, &cutoff_hz, options)
        }
    }
}
