//! Bindings of `audio`: the front end.

use super::options::Options;
use super::value;
use crate::audio::{FbankOptions, Window};
use crate::data::FrontEnd;
use crate::error::Result;
use rhai::Map;

const FRAMES: &str = "frames";
const STATISTICS: [&str; 2] = ["mean", "std"];

fn front_end(map: Map) -> Result<FrontEnd> {
    let operation = "audio::fbank";
    let options = Options::new(operation, map)?;
    let mut fbank = FbankOptions::default();
    options.count("mels", &mut fbank.mels)?;
    options.number("frame_ms", &mut fbank.frame_ms)?;
    options.number("hop_ms", &mut fbank.hop_ms)?;
    options.number("low_hz", &mut fbank.low_hz)?;
    options.number("high_hz", &mut fbank.high_hz)?;
    options.number("preemphasis", &mut fbank.preemphasis)?;
    options.count("fft_points", &mut fbank.fft_points)?;
    if let Some(name) = options.text("window")? {
        fbank.window = Window::named(operation, &name)?;
    }
    let whole = |value| value::count_of(operation, "'frames'", value);
    let frames = options.get(FRAMES).map(whole).transpose()?;
    let statistics = match STATISTICS.map(|name| (name, options.get(name))) {
        [(_, None), (_, None)] => None,
        [(mean, Some(first)), (std, Some(second))] => Some([
            value::number_of(operation, mean, first)?,
            value::number_of(operation, std, second)?,
        ]),
        [(mean, Some(_)), (std, None)] => {
            return Err(options.missing(std, &format!("a number, since '{mean}' is given")));
        }
        [(mean, None), (std, Some(_))] => {
            return Err(options.missing(mean, &format!("a number, since '{std}' is given")));
        }
    };
    fbank.check()?;
    let front = FrontEnd { fbank, frames, statistics };
    front.check()?;
    Ok(front)
}

#[rhai::export_module]
pub(super) mod bindings {
    use crate::data::FrontEnd;
    use crate::script::raise::{Raw, placed};
    use rhai::{Map, NativeCallContext};

    /// The front end: Kaldi's log-mel filter bank, a number of frames, and a normalisation.
    ///
    /// Options: `mels` (128), `frame_ms` (25), `hop_ms` (10), `window` ("hanning", "hamming", "povey",
    /// "blackman", "rectangular"), `low_hz` (20), `high_hz` (0: half the sample rate), `preemphasis`
    /// (0.97), `fft_points` (0: the next power of two), `frames` (as the longest clip has; shorter clips
    /// are padded, longer ones cut), `mean` and `std` (measured on the training clips). Features become
    /// (x − mean) / (2 · std).
    ///
    /// ```rhai
    /// audio::fbank(#{ mels: 64, frames: 512 }).mels == 64
    /// ```
    #[rhai_fn(return_raw)]
    pub fn fbank(call: NativeCallContext, options: Map) -> Raw<FrontEnd> {
        placed(&call, super::front_end(options))
    }

    /// The number of mel bins.
    ///
    /// ```rhai
    /// audio::fbank(#{ mels: 40 }).mels == 40
    /// ```
    #[rhai_fn(get = "mels", pure)]
    pub fn mels(front: &mut FrontEnd) -> i64 {
        front.fbank.mels as i64
    }
}
