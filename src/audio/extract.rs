//! Features of any kind: their options as data, and what makes them.

use super::cepstrum::{Cepstrum, MfccOptions, MfccStyle};
use super::fbank::{Fbank, FbankOptions};
use super::spectrogram::{MelOptions, SpectrogramOptions};
use super::stft::Stft;
use super::{Features, MelScale, Plain, Samples, Window};
use crate::error::{Error, Kind, Result, unknown};
use crate::tensor::random::Stream;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// No sample may be larger: the square of a spectrum would leave single precision.
const LOUDEST: f32 = 1e9;

/// What features are made of clips, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FeatureOptions {
    /// `audio::fbank`: Kaldi's filter bank.
    Fbank(FbankOptions),
    /// `audio::mel_spectrogram`: that of librosa, torchaudio's transforms and EfficientAT.
    MelSpectrogram(MelOptions),
    /// `audio::mfcc`: cepstra.
    Mfcc(MfccOptions),
    /// `audio::spectrogram`: without a filter bank.
    Spectrogram(SpectrogramOptions),
}

impl Default for FeatureOptions {
    fn default() -> Self {
        FeatureOptions::Fbank(FbankOptions::default())
    }
}

/// The names of presets, for [`FeatureOptions::preset`].
const PRESETS: [&str; 4] = ["kaldi", "efficientat", "librosa", "torchaudio"];

impl FeatureOptions {
    /// The kinds, as options and `audio::…` name them.
    pub const KINDS: [&str; 4] = ["fbank", "mel_spectrogram", "mfcc", "spectrogram"];

    /// The standard options of a kind, or those of a preset.
    ///
    /// # Errors
    /// A kind or preset that there is not, each with the nearest name.
    pub fn preset(operation: &str, kind: &str, preset: Option<&str>) -> Result<Self> {
        let found = match (kind, preset) {
            ("fbank", None | Some("kaldi")) => FeatureOptions::default(),
            ("mel_spectrogram", None) => FeatureOptions::MelSpectrogram(MelOptions::default()),
            ("mel_spectrogram", Some("efficientat")) => {
                FeatureOptions::MelSpectrogram(MelOptions::efficientat())
            }
            ("mel_spectrogram", Some("librosa")) => {
                FeatureOptions::MelSpectrogram(MelOptions::librosa())
            }
            ("mel_spectrogram", Some("torchaudio")) => {
                FeatureOptions::MelSpectrogram(MelOptions::torchaudio())
            }
            ("mfcc", None | Some("kaldi")) => FeatureOptions::Mfcc(MfccOptions::kaldi()),
            ("mfcc", Some("librosa")) => FeatureOptions::Mfcc(MfccOptions::librosa()),
            ("mfcc", Some("torchaudio")) => FeatureOptions::Mfcc(MfccOptions::torchaudio()),
            ("spectrogram", None) => FeatureOptions::Spectrogram(SpectrogramOptions::default()),
            (kind, preset) => {
                if !FeatureOptions::KINDS.contains(&kind) {
                    return Err(unknown(operation, "kind", kind, &FeatureOptions::KINDS));
                }
                let own: &[&str] = match kind {
                    "mel_spectrogram" => &PRESETS[1..],
                    "mfcc" => &["kaldi", "librosa", "torchaudio"],
                    "fbank" => &PRESETS[..1],
                    _ => &[],
                };
                return Err(unknown(operation, "preset", preset.unwrap_or_default(), own));
            }
        };
        Ok(found)
    }

    /// These options as a map of names and values, without the kind.
    pub fn to_map(&self) -> Map<String, Value> {
        let mut map = match serde_json::to_value(self) {
            Ok(Value::Object(map)) => map,
            _ => Map::new(),
        };
        map.shift_remove("kind");
        map.shift_remove("style");
        map
    }

    /// These options with others of the same names in their place.
    ///
    /// # Errors
    /// A name that there is not, a value of the wrong type, or one that makes no sense.
    pub fn with(&self, operation: &str, changes: &Map<String, Value>) -> Result<Self> {
        let mut whole = match serde_json::to_value(self) {
            Ok(Value::Object(map)) => map,
            _ => Map::new(),
        };
        let own = self.to_map();
        let known: Vec<&str> = own.keys().map(String::as_str).collect();
        for (key, value) in changes {
            if !known.contains(&key.as_str()) {
                return Err(unknown(operation, "option", key, &known));
            }
            match (key.as_str(), value.as_str()) {
                ("window", Some(name)) => Window::named(operation, name).map(|_| ())?,
                ("scale", Some(name)) => MelScale::named(operation, name).map(|_| ())?,
                (key, Some(name)) => {
                    let names: &[&str] = match key {
                        "norm" => &["none", "slaney"],
                        "pad_mode" => &["reflect", "constant", "replicate"],
                        "scaling" => &["none", "ln", "db"],
                        _ => &[],
                    };
                    if !names.is_empty() && !names.contains(&name) {
                        return Err(unknown(operation, key, name, names));
                    }
                }
                _ => {}
            }
            // Numbers that are none come as nothing at all.
            if value.is_null() && whole.get(key).is_some_and(Value::is_number) {
                let problem = format!("'{key}' is out of range");
                return Err(Error::new(Kind::Range, operation, problem)
                    .expected("a finite number")
                    .received("NaN or an infinite one"));
            }
            whole.insert(key.clone(), value.clone());
        }
        let changed: FeatureOptions =
            serde_json::from_value(Value::Object(whole)).map_err(|cause| {
                Error::new(Kind::Type, operation, "an option has the wrong type")
                    .received(cause.to_string())
            })?;
        changed.check()?;
        Ok(changed)
    }

    /// The kind's name.
    pub fn kind(&self) -> &'static str {
        match self {
            FeatureOptions::Fbank(_) => "fbank",
            FeatureOptions::MelSpectrogram(_) => "mel_spectrogram",
            FeatureOptions::Mfcc(_) => "mfcc",
            FeatureOptions::Spectrogram(_) => "spectrogram",
        }
    }

    /// How features of clips of `rate_hz` lie in time and frequency.
    pub fn axes(&self, rate_hz: u32) -> Axes {
        let rate = f64::from(rate_hz);
        let half = rate / 2.0;
        // 0 and less count from half the rate.
        let high = |high_hz: f64| if high_hz > 0.0 { high_hz } else { half + high_hz };
        let hop = |own: &SpectrogramOptions| match own.hop_samples {
            0 => own.hop_ms / 1000.0,
            samples => samples as f64 / rate,
        };
        match self {
            FeatureOptions::Fbank(own) => Axes {
                hop_seconds: own.hop_ms / 1000.0,
                bins: Bins::Mel { low_hz: own.low_hz, high_hz: high(own.high_hz) },
                energy: own.energy_bin(),
            },
            FeatureOptions::MelSpectrogram(own) => Axes {
                hop_seconds: hop(&own.spectrum),
                bins: Bins::Mel { low_hz: own.low_hz, high_hz: high(own.high_hz) },
                energy: None,
            },
            FeatureOptions::Mfcc(own) => Axes {
                hop_seconds: match &own.style {
                    MfccStyle::Kaldi(own) => own.hop_ms / 1000.0,
                    MfccStyle::Mel(own) => hop(&own.spectrum),
                },
                bins: Bins::Coefficients { count: own.coefficients },
                energy: None,
            },
            FeatureOptions::Spectrogram(own) => {
                Axes { hop_seconds: hop(own), bins: Bins::Linear { high_hz: half }, energy: None }
            }
        }
    }

    /// What a recipe calls that makes them.
    pub fn operation(&self) -> &'static str {
        match self {
            FeatureOptions::Fbank(_) => "audio::fbank",
            FeatureOptions::MelSpectrogram(_) => "audio::mel_spectrogram",
            FeatureOptions::Mfcc(_) => "audio::mfcc",
            FeatureOptions::Spectrogram(_) => "audio::spectrogram",
        }
    }

    /// Numbers of each frame; for spectrograms, as far as the options alone say it.
    pub fn bins(&self) -> Option<usize> {
        match self {
            FeatureOptions::Fbank(own) => Some(own.mels + usize::from(own.use_energy)),
            FeatureOptions::MelSpectrogram(own) => Some(own.mels),
            FeatureOptions::Mfcc(own) => Some(own.coefficients),
            FeatureOptions::Spectrogram(own) => match (own.fft_points, own.frame_samples) {
                (0, 0) => None,
                (0, points) | (points, _) => Some(points / 2 + 1),
            },
        }
    }

    /// Whether each frame has noise of its own clip.
    pub fn dithers(&self) -> bool {
        match self {
            FeatureOptions::Fbank(own) => own.dither > 0.0,
            FeatureOptions::Mfcc(MfccOptions { style: MfccStyle::Kaldi(own), .. }) => {
                own.dither > 0.0
            }
            _ => false,
        }
    }

    /// Refuses what makes no sense whatever the sample rate.
    pub fn check(&self) -> Result<()> {
        let operation = self.operation();
        match self {
            FeatureOptions::Fbank(own) => own.check(operation),
            FeatureOptions::MelSpectrogram(own) => own.check(operation),
            FeatureOptions::Mfcc(own) => own.check(operation),
            FeatureOptions::Spectrogram(own) => own.check(operation),
        }
    }
}

/// How features lie in time and frequency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axes {
    /// Distance of two frames.
    pub hop_seconds: f64,
    /// What the bins are.
    pub bins: Bins,
    /// The bin that is the frame's energy and lies at no frequency, counted from 0, where there is one.
    pub energy: Option<usize>,
}

/// What the bins of features are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bins {
    /// Frequencies, as far apart as they are in mel.
    Mel {
        /// The lowest one.
        low_hz: f64,
        /// The highest one.
        high_hz: f64,
    },
    /// Frequencies from 0 on, equally far apart.
    Linear {
        /// The highest one.
        high_hz: f64,
    },
    /// Numbers of coefficients.
    Coefficients {
        /// How many there are.
        count: usize,
    },
}

/// Makes features of clips of one sample rate; cheap to clone, and usable from many threads.
#[derive(Clone)]
pub struct Extractor {
    operation: &'static str,
    rate_hz: u32,
    dithers: bool,
    maker: Maker,
}

#[derive(Clone)]
enum Maker {
    Fbank(Fbank),
    Stft(Stft),
    Cepstrum(Cepstrum),
}

impl Extractor {
    /// Plans the FFT and the filters for clips of `rate_hz`.
    ///
    /// # Errors
    /// Options that make no sense, alone or at this rate.
    pub fn new(options: &FeatureOptions, rate_hz: u32) -> Result<Self> {
        let operation = options.operation();
        let maker = match options.clone() {
            FeatureOptions::Fbank(own) => Maker::Fbank(Fbank::new(operation, own, rate_hz)?),
            FeatureOptions::MelSpectrogram(own) => Maker::Stft(Stft::mel(operation, own, rate_hz)?),
            FeatureOptions::Mfcc(own) => Maker::Cepstrum(Cepstrum::new(operation, own, rate_hz)?),
            FeatureOptions::Spectrogram(own) => Maker::Stft(Stft::plain(operation, own, rate_hz)?),
        };
        Ok(Extractor { operation, rate_hz, dithers: options.dithers(), maker })
    }

    /// Frames of so many samples.
    pub fn frames_of(&self, samples: usize) -> usize {
        match &self.maker {
            Maker::Fbank(own) => own.frames_of(samples),
            Maker::Stft(own) => own.frames_of(samples),
            Maker::Cepstrum(own) => own.frames_of(samples),
        }
    }

    /// Numbers of each frame.
    pub fn bins(&self) -> usize {
        match &self.maker {
            Maker::Fbank(own) => own.bins(),
            Maker::Stft(own) => own.bins(),
            Maker::Cepstrum(own) => own.bins(),
        }
    }

    /// The sample rate that it was planned for.
    pub fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// The same in plain operations, for a graph.
    ///
    /// # Errors
    /// Features that are more than frames, each for itself: noise, cepstra, the mean over the clip.
    pub fn plain(&self) -> Result<Plain> {
        match &self.maker {
            Maker::Fbank(own) => own.plain(self.operation),
            Maker::Stft(own) => Ok(own.in_plain()),
            Maker::Cepstrum(_) => {
                Err(Error::new(Kind::Usage, self.operation, "a graph cannot hold cepstra")
                    .hint("export without --with-features: the graph takes features then"))
            }
        }
    }

    /// The features of a clip, before padding and normalisation. Where the options dither, the noise comes from
    /// `random`, and without one from a stream that is named by the samples: the same clip has the same noise.
    ///
    /// # Errors
    /// Another sample rate, a clip that is shorter than a frame, samples that are too large.
    pub fn compute(&self, samples: &Samples, random: Option<&mut Stream>) -> Result<Features> {
        let wrong = |what: &str| Error::new(Kind::Data, self.operation, what);
        if samples.rate_hz != self.rate_hz {
            return Err(wrong("the sample rate differs")
                .expected(format!("{} Hz", self.rate_hz))
                .received(format!("{} Hz", samples.rate_hz)));
        }
        let (values, least) = (&samples.values, self.least());
        if values.len() < least || self.frames_of(values.len()) == 0 {
            let ms = least as f64 * 1000.0 / f64::from(self.rate_hz.max(1));
            let seconds = (ms / 10.0).ceil() / 100.0;
            return Err(wrong("the clip is shorter than a frame")
                .expected(format!("{least} samples ({} ms)", (ms * 10.0).round() / 10.0))
                .received(format!("{} samples", values.len()))
                .hint(format!(
                    "a recipe leaves such clips out by data.filter(|clip| clip.seconds > {seconds}); a shorter frame: frame_ms"
                )));
        }
        // NaN is not within.
        if !values.iter().all(|value| value.abs() <= LOUDEST) {
            return Err(wrong("the samples are too large").expected("samples within -1 to 1"));
        }
        let mut own = (self.dithers && random.is_none()).then(|| stream_of(values));
        let random = random.or(own.as_mut());
        Ok(match &self.maker {
            Maker::Fbank(maker) => maker.compute(values, random),
            Maker::Stft(maker) => maker.compute(values),
            Maker::Cepstrum(maker) => maker.compute(values, random),
        })
    }

    fn least(&self) -> usize {
        match &self.maker {
            Maker::Fbank(own) => own.least(),
            Maker::Stft(own) => own.least(),
            Maker::Cepstrum(own) => own.least(),
        }
    }
}

fn stream_of(values: &[f32]) -> Stream {
    let mut hasher = blake3::Hasher::new();
    for value in values {
        hasher.update(&value.to_le_bytes());
    }
    let mut name = [0u8; 8];
    hasher.finalize_xof().fill(&mut name);
    Stream::new(u64::from_le_bytes(name), "audio dither", &[])
}
