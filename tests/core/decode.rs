//! Clips as they come: parts of them, channels, damaged and strange files.

use crate::support::{Sandbox, golden};
use std::path::{Path, PathBuf};
use stillroom::audio::decode::{self, Channel, Format, ReadOptions};
use stillroom::audio::{Extractor, FeatureOptions, Samples};
use stillroom::tensor::random::Stream;

const FORMATS: [&str; 12] = [
    "u8.wav",
    "i16.wav",
    "i24.wav",
    "i32.wav",
    "f32.wav",
    "f64.wav",
    "extensible.wav",
    "long.wav",
    "i16.flac",
    "i24.flac",
    "vorbis.ogg",
    "layer3.mp3",
];

fn file(name: &str) -> PathBuf {
    golden(&format!("formats/{name}"))
}

fn whole(path: &Path) -> stillroom::error::Result<Samples> {
    decode::read(path, &ReadOptions::default())
}

fn refused(sandbox: &Sandbox, name: &str, bytes: &[u8]) -> String {
    let path = sandbox.write(name, bytes);
    let error = whole(&path).expect_err(name);
    error.to_string().replace(&path.display().to_string(), name)
}

#[test]
fn a_part_is_the_same_part_of_the_whole() {
    for name in FORMATS {
        let all = whole(&file(name)).expect(name).values;
        let last = all.len() - 1;
        for (start, length) in [(0, 10), (1, 1), (37, 200), (last, 1), (last - 3, 100), (0, last)] {
            let options = ReadOptions { start, length: Some(length), ..ReadOptions::default() };
            let part = decode::read(&file(name), &options).expect(name).values;
            let end = all.len().min(start + length);
            assert_eq!(part, all[start..end], "{name} from {start} on");
        }
    }
}

#[test]
fn a_part_far_into_a_clip_is_exact_to_the_sample() {
    // The clips of the goldens are short: these are some of them after each other, as FLAC knows no limit.
    let Some(folder) = crate::support::esc10() else { return };
    let folder = folder.join("../esc10-ogg");
    let Ok(mut clips) = std::fs::read_dir(&folder) else { return };
    let clip = clips.next().expect("a clip").expect("a clip").path();
    let all = whole(&clip).expect("a clip").values;
    for start in [37_000, 50_001, 100_000, 200_000, all.len() - 2] {
        let options = ReadOptions { start, length: Some(500), ..ReadOptions::default() };
        let part = decode::read(&clip, &options).expect("a part").values;
        assert_eq!(part, all[start..all.len().min(start + 500)], "from {start} on");
    }
}

#[test]
fn formats_are_told_by_content() {
    let sandbox = Sandbox::new();
    for (name, format) in [
        ("i16.wav", Format::Wav),
        ("i16.flac", Format::Flac),
        ("vorbis.ogg", Format::Ogg),
        ("layer3.mp3", Format::Mp3),
    ] {
        let bytes = std::fs::read(file(name)).expect(name);
        let path = sandbox.write("clip.txt", &bytes);
        assert_eq!(decode::probe(&path).expect(name).format, format);
        assert_eq!(whole(&path).expect(name), whole(&file(name)).expect(name));
    }
}

#[test]
fn what_cannot_be_read_is_told_with_what_to_do() {
    let sandbox = Sandbox::new();
    insta::assert_snapshot!(refused(&sandbox, "empty.flac", b""), @"
    error[data]: reading empty.flac: the file is empty
      expected: a clip: WAV, FLAC, Ogg Vorbis or MP3
      received: 0 bytes
      hint: copy or download the file again
    ");
    insta::assert_snapshot!(refused(&sandbox, "notes.wav", b"just a few words"), @"
    error[data]: reading notes.wav: not an audio file of a known format
      expected: WAV, FLAC, Ogg Vorbis or MP3
      received: a file that begins with 'just a few w'
      hint: convert it, e.g. with `ffmpeg -i IN OUT.flac`; what is no audio has no place in a set
    ");
    insta::assert_snapshot!(refused(&sandbox, "song.mp3", b"\0\0\0\x20ftypM4A \0\0\0\0"), @"
    error[data]: reading song.mp3: this format cannot be read
      expected: WAV, FLAC, Ogg Vorbis or MP3
      received: an MP4 or M4A file (AAC or ALAC)
      hint: convert it, e.g. with `ffmpeg -i IN OUT.flac`
    ");
    let ogg = std::fs::read(file("vorbis.ogg")).expect("a clip");
    insta::assert_snapshot!(refused(&sandbox, "cut.ogg", &ogg[..ogg.len() / 2]), @"
    error[data]: reading cut.ogg: the Ogg file is cut off
      expected: a last page that says so
      hint: copy or download the file again
    ");
    let mut last = ogg.clone();
    *last.last_mut().expect("a byte") ^= 1;
    insta::assert_snapshot!(refused(&sandbox, "last.ogg", &last), @"
    error[data]: reading last.ogg: the Ogg file is damaged
      received: a page that is none, or has a wrong check sum: page 3
      hint: copy or download the file again
    ");
    let flac = std::fs::read(file("i16.flac")).expect("a clip");
    insta::assert_snapshot!(refused(&sandbox, "cut.flac", &flac[..flac.len() / 2]), @"
    error[data]: reading cut.flac: the FLAC file is cut off
      expected: 6000 samples, as the header says
      received: 0 samples
      hint: copy or download the file again
    ");
    let mp3 = std::fs::read(file("layer3.mp3")).expect("a clip");
    insta::assert_snapshot!(refused(&sandbox, "cut.mp3", &mp3[..mp3.len() / 2]), @"
    error[data]: reading cut.mp3: the MP3 file is cut off
      received: a part of its last frame
      hint: copy or download the file again
    ");
    let far = ReadOptions { start: 1_000_000, ..ReadOptions::default() };
    let none = ReadOptions { channel: Channel::Index(2), ..ReadOptions::default() };
    for name in ["i16.wav", "i16.flac", "vorbis.ogg", "layer3.mp3"] {
        let told = |options| decode::read(&file(name), options).expect_err(name).to_string();
        assert!(told(&far).contains("the part begins behind the end"), "{}", told(&far));
        assert!(told(&none).contains("the file has no such channel"), "{}", told(&none));
    }
}

/// A 32-bit float WAV.
fn floats(channels: u16, rate_hz: u32, values: &[f32]) -> Vec<u8> {
    let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x03\0".to_vec();
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate_hz.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend((channels * 4).to_le_bytes());
    bytes.extend([32, 0]);
    bytes.extend(b"data");
    bytes.extend((values.len() as u32 * 4).to_le_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

#[test]
fn strange_clips_have_features_or_a_message() {
    let sandbox = Sandbox::new();
    let path = sandbox.write("nan.wav", floats(1, 8000, &[0.0, f32::NAN]));
    let error = whole(&path).expect_err("NaN").to_string();
    assert!(
        error.contains("a sample is no finite number") && error.contains("sample 1"),
        "{error}"
    );
    let path = sandbox.write("rate.wav", floats(1, 0, &[0.0]));
    assert!(whole(&path).expect_err("0 Hz").to_string().contains("the sample rate is 0 Hz"));
    let eight: Vec<f32> = (0..80).map(|index| (index % 8) as f32).collect();
    let path = sandbox.write("eight.wav", floats(8, 8000, &eight));
    assert_eq!(whole(&path).expect("eight channels").values, [3.5; 10]);

    for kind in FeatureOptions::KINDS {
        let options = FeatureOptions::preset("a test", kind, None).expect(kind);
        let extractor = Extractor::new(&options, 8000).expect(kind);
        let of = |values: Vec<f32>| extractor.compute(&Samples { rate_hz: 8000, values }, None);
        let short = of(vec![0.5]).expect_err("one sample").to_string();
        assert!(short.contains("shorter than a frame"), "{short}");
        for values in [vec![0.0; 8000], vec![1.0; 8000], vec![-1e6; 8000]] {
            let features = of(values).expect(kind);
            assert_eq!(features.values.len(), features.frames * extractor.bins());
            assert!(features.values.iter().all(|value| value.is_finite()), "{kind}");
        }
        assert!(of(vec![f32::INFINITY; 8000]).is_err());
    }
}

#[test]
fn an_hour_is_read_in_parts() {
    let sandbox = Sandbox::new();
    let mut bytes = floats(1, 8000, &[]);
    let samples = 3600 * 8000usize;
    let at = bytes.len();
    bytes[at - 4..].copy_from_slice(&(samples as u32 * 4).to_le_bytes());
    let path = sandbox.write("hour.wav", &bytes);
    // A hole: nothing of it is on the disk.
    let file = std::fs::OpenOptions::new().write(true).open(&path).expect("the file");
    file.set_len((at + samples * 4) as u64).expect("its length");
    assert_eq!(decode::probe(&path).expect("an hour").samples, samples);
    let start = std::time::Instant::now();
    let options = ReadOptions { start: samples - 100, length: Some(50), ..ReadOptions::default() };
    assert_eq!(decode::read(&path, &options).expect("a part").values, [0.0; 50]);
    assert!(start.elapsed().as_millis() < 500);
}

/// Writes the check sums of Ogg's pages again.
fn sum_again(bytes: &mut [u8]) {
    let mut at = 0;
    while bytes.get(at..at + 4) == Some(b"OggS") && at + 27 <= bytes.len() {
        let segments = usize::from(bytes[at + 26]);
        let Some(table) = bytes.get(at + 27..at + 27 + segments) else { return };
        let end = at + 27 + segments + table.iter().map(|own| usize::from(*own)).sum::<usize>();
        let Some(page) = bytes.get_mut(at..end) else { return };
        page[22..26].fill(0);
        let sum = page.iter().fold(0u32, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte) << 24, |sum, _| {
                if sum >> 31 == 1 { sum << 1 ^ 0x04c1_1db7 } else { sum << 1 }
            })
        });
        page[22..26].copy_from_slice(&sum.to_le_bytes());
        at = end;
    }
}

/// Bytes of each format, changed at random: an error or a clip, but no crash and no endless loop.
#[test]
fn no_damage_is_a_crash() {
    let sandbox = Sandbox::new();
    for (number, name) in FORMATS.iter().enumerate() {
        let bytes = std::fs::read(file(name)).expect(name);
        for round in 0..60 {
            let mut random = Stream::new(7, "damaged clips", &[number as u64, round]);
            let mut damaged = bytes.clone();
            for _ in 0..1 + random.below(12) {
                // Headers stand at the beginning.
                let within =
                    if random.below(2) == 0 { damaged.len().min(200) } else { damaged.len() };
                let place = random.below(within);
                match random.below(4) {
                    0 => damaged[place] = random.below(256) as u8,
                    1 => damaged[place] ^= 1 << random.below(8),
                    2 => damaged.truncate(place.max(1)),
                    _ => damaged[place] = [0, 255][random.below(2)],
                }
            }
            if name.ends_with("ogg") && round % 2 == 0 {
                // Else nothing but the checks of pages would ever see the damage.
                sum_again(&mut damaged);
            }
            let path = sandbox.write("clip", &damaged);
            let _ = decode::probe(&path);
            let _ = whole(&path);
            let part = ReadOptions { start: 100, length: Some(50), ..ReadOptions::default() };
            let _ = decode::read(&path, &part);
        }
    }
}

/// How much of a sine is in samples: its amplitude.
fn amplitude(samples: &Samples, hertz: f64) -> f64 {
    let step = std::f64::consts::TAU * hertz / f64::from(samples.rate_hz);
    let both = samples.values.iter().enumerate().fold([0.0; 2], |[a, b], (at, value)| {
        let (angle, value) = (step * at as f64, f64::from(*value));
        [a + value * libm::sin(angle), b + value * libm::cos(angle)]
    });
    2.0 * libm::hypot(both[0], both[1]) / samples.values.len() as f64
}

/// The channels of WAV, by the places that Vorbis keeps them at (specification, 4.3.9).
const ORDERS: [&[usize]; 6] = [
    &[0, 2, 1],
    &[0, 1, 2, 3],
    &[0, 2, 1, 3, 4],
    &[0, 2, 1, 5, 3, 4],
    &[0, 2, 1, 6, 5, 3, 4],
    &[0, 2, 1, 7, 5, 6, 3, 4],
];

/// At this rate the encoder couples channels in pairs that share some.
#[test]
fn channels_of_vorbis_come_in_the_order_of_wav() {
    sines("six.ogg", 4000, 8000, Some((1800.0, 0.25)));
    sines("vorbis3.ogg", 8820, 44100, None);
    sines("vorbis4.ogg", 8820, 44100, None);
    sines("vorbis5.ogg", 8820, 44100, None);
    // The encoder makes low frequencies of 5.1 louder: libsndfile finds the same.
    sines("vorbis6.ogg", 8820, 44100, Some((60.0, 0.2978)));
    sines("vorbis7.ogg", 8820, 44100, Some((60.0, 0.25)));
    sines("vorbis8.ogg", 8820, 44100, Some((60.0, 0.25)));
}

#[track_caller]
fn sines(name: &str, length: usize, rate_hz: u32, low: Option<(f64, f64)>) {
    let path = file(name);
    let info = decode::probe(&path).expect(name);
    assert_eq!((info.samples, info.rate_hz), (length, rate_hz), "{name}");
    let mut kept: Vec<(f64, f64)> =
        (1..=info.channels).map(|place| (300.0 * place as f64, 0.25)).collect();
    if let (Some(low), Some(last)) = (low, kept.last_mut()) {
        *last = low;
    }
    for (channel, own) in ORDERS[info.channels - 3].iter().enumerate() {
        let options = ReadOptions { channel: Channel::Index(channel), ..ReadOptions::default() };
        let samples = decode::read(&path, &options).expect("a channel");
        for (place, (hertz, loud)) in kept.iter().enumerate() {
            let expected = if place == *own { *loud } else { 0.0 };
            let found = amplitude(&samples, *hertz);
            assert!((found - expected).abs() < 0.02, "{name}: {channel}, {hertz} Hz: {found}");
        }
    }
    let mean = whole(&path).expect("the mean");
    for (hertz, loud) in kept {
        let expected = loud / info.channels as f64;
        assert!((amplitude(&mean, hertz) - expected).abs() < 0.01, "{name}: {hertz} Hz");
    }
}

#[test]
fn frames_that_are_missing_are_told() {
    let sandbox = Sandbox::new();
    let mp3 = std::fs::read(file("vbr.mp3")).expect("a clip");
    let mut hole = mp3.clone();
    let middle = mp3.len() / 2;
    hole[middle..middle + 900].fill(0);
    insta::assert_snapshot!(refused(&sandbox, "hole.mp3", &hole), @"
    error[data]: reading hole.mp3: the MP3 file is damaged
      received: bytes that are no frame, where frame 11 should begin
      hint: copy or download the file again
    ");
    insta::assert_snapshot!(refused(&sandbox, "cut.mp3", &mp3[..mp3.len() - 20]), @"
    error[data]: reading cut.mp3: the MP3 file is cut off
      received: a part of its last frame
      hint: copy or download the file again
    ");
    // Tags and other bytes behind the last frame are none of it.
    let tagged = sandbox.write("tagged.mp3", [&mp3[..], b"TAG", &[32; 125]].concat());
    let whole = decode::probe(&file("vbr.mp3")).expect("a clip").samples;
    assert_eq!(decode::probe(&tagged).expect("a clip").samples, whole);
    let counted = std::fs::read(file("layer3.mp3")).expect("a clip");
    let twice = [&counted[..], &counted[..]].concat();
    insta::assert_snapshot!(refused(&sandbox, "twice.mp3", &twice), @"
    error[data]: reading twice.mp3: several streams follow each other in the file
      expected: one stream
      hint: split it, or join it again with `ffmpeg -i IN OUT.flac`
    ");
    // A FLAC that was written as it was recorded does not say how long it is.
    let mut flac = std::fs::read(file("i16.flac")).expect("a clip");
    flac[21] &= 0xf0;
    flac[22..26].fill(0);
    let open = sandbox.write("open.flac", &flac);
    assert_eq!(decode::probe(&open).expect("a clip").samples, 6000);
    insta::assert_snapshot!(refused(&sandbox, "cut.flac", &flac[..flac.len() - 1]), @"
    error[data]: reading cut.flac: the FLAC file is cut off
      received: a part of its last frame
      hint: copy or download the file again
    ");
}
