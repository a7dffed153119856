//! Streams with something behind them, in the middle of them, or too little before them.

use crate::support::{Sandbox, golden};
use stillroom::audio::decode::{self, ReadOptions};

fn tag(signature: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = signature.to_vec();
    bytes.resize(length, 7);
    bytes
}

/// An APEv2 tag of one item, with its first part where it has one.
fn ape(has_first: bool) -> Vec<u8> {
    let item = tag(b"\x03\0\0\0\0\0\0\0Title\0one", 17);
    let part = |flags: u32| {
        let mut bytes = b"APETAGEX".to_vec();
        for number in [2000, item.len() as u32 + 32, 1, flags, 0, 0] {
            bytes.extend(number.to_le_bytes());
        }
        bytes
    };
    let flags = if has_first { 1 << 31 } else { 0 };
    let first = if has_first { part(flags | 1 << 29) } else { Vec::new() };
    [first, item.clone(), part(flags)].concat()
}

#[test]
fn tags_behind_a_flac_are_none_of_it() {
    let sandbox = Sandbox::new();
    let plain = golden("formats/i16.flac");
    let bytes = std::fs::read(&plain).expect("a clip");
    let whole = decode::read(&plain, &ReadOptions::default()).expect("a clip");
    for (name, tags) in [
        ("id3", tag(b"TAG", 128)),
        ("ape", ape(false)),
        ("ape with its first part", ape(true)),
        ("both", [ape(true), tag(b"TAG", 128)].concat()),
    ] {
        let path = sandbox.write("tagged.flac", [bytes.clone(), tags].concat());
        assert_eq!(decode::read(&path, &ReadOptions::default()).expect(name), whole, "{name}");
        let part = ReadOptions { start: 5_990, length: Some(100), ..ReadOptions::default() };
        assert_eq!(decode::read(&path, &part).expect(name).values, whole.values[5_990..], "{name}");
    }
}

#[test]
fn what_is_damaged_in_the_middle_is_not_cut_off() {
    let sandbox = Sandbox::new();
    let told = |name: &str, bytes: &[u8]| {
        let path = sandbox.write(name, bytes);
        let error = decode::read(&path, &ReadOptions::default()).expect_err(name).to_string();
        error.replace(&path.display().to_string(), name)
    };
    let mut flac = std::fs::read(golden("formats/i16.flac")).expect("a clip");
    let at = flac.len() / 4;
    flac[at] ^= 0x55;
    insta::assert_snapshot!(told("damaged.flac", &flac), @"
    error[data]: reading damaged.flac: the FLAC file is damaged
      received: no frame that can be read from 0.000 to 0.256 s
      hint: copy or download the file again
    ");
    // A part of it is not another part of it.
    let path = sandbox.write("part.flac", &flac);
    for length in [10, 1904, 3000, 6000] {
        let part = ReadOptions { length: Some(length), ..ReadOptions::default() };
        assert!(decode::read(&path, &part).is_err(), "{length}");
    }
    let wav = std::fs::read(golden("formats/i16.wav")).expect("a clip");
    insta::assert_snapshot!(told("head.wav", &wav[..30]), @"
    error[data]: reading head.wav: the WAV file is cut off
      expected: RIFF with a 'fmt ' and a 'data' chunk
      received: 30 of 1644 bytes
      hint: copy or download the file again
    ");
    let mut channels = wav.clone();
    channels[22..24].copy_from_slice(&[255, 255]);
    insta::assert_snapshot!(told("channels.wav", &channels), @"
    error[data]: reading channels.wav: the header of the WAV file contradicts itself
      expected: 131070 bytes for 65535 samples of 16 bits
      received: 4 bytes
      hint: the header is damaged: copy or download the file again
    ");
    let mut halves = std::fs::read(golden("formats/f32.wav")).expect("a clip");
    for (at, number) in [(32, 4u16), (34, 16)] {
        halves[at..at + 2].copy_from_slice(&number.to_le_bytes());
    }
    let told = told("halves.wav", &halves);
    assert!(told.contains("cannot be read") && told.contains("floats with 16 bits"), "{told}");
}

#[test]
fn every_page_of_an_ogg_is_there_and_whole() {
    let sandbox = Sandbox::new();
    let ogg = std::fs::read(golden("formats/vorbis.ogg")).expect("a clip");
    let told = |name: &str, bytes: &[u8]| {
        let path = sandbox.write(name, bytes);
        let error = decode::read(&path, &ReadOptions::default()).expect_err(name).to_string();
        assert_eq!(decode::probe(&path).expect_err(name).to_string(), error, "{name}");
        error.lines().nth(1).unwrap_or_default().trim().to_string()
    };
    let starts: Vec<usize> =
        ogg.windows(4).enumerate().filter(|(_, own)| own == b"OggS").map(|(at, _)| at).collect();
    let [_, second, third] = starts[..] else { panic!("three pages: {starts:?}") };
    let mut flipped = ogg.clone();
    flipped[(second + third) / 2] ^= 0x10;
    assert_eq!(
        told("flipped.ogg", &flipped),
        "received: a page that is none, or has a wrong check sum: page 2"
    );
    let mut no_page = ogg.clone();
    no_page[third] ^= 0x10;
    assert_eq!(
        told("no_page.ogg", &no_page),
        "received: a page that is none, or has a wrong check sum: page 3"
    );
    let gap = [&ogg[..second], &ogg[third..]].concat();
    assert_eq!(told("gap.ogg", &gap), "received: none of the pages before page 2");
    let tagged = sandbox.write("tagged.ogg", [&ogg[..], b"TAG and more"].concat());
    let whole =
        decode::read(&golden("formats/vorbis.ogg"), &ReadOptions::default()).expect("a clip");
    assert_eq!(decode::read(&tagged, &ReadOptions::default()).expect("a clip"), whole);
}

#[test]
fn an_mp3_without_a_table_of_its_frames_has_all_of_them() {
    let sandbox = Sandbox::new();
    let tagged = golden("formats/vbr.mp3");
    let bytes = std::fs::read(&tagged).expect("a clip");
    let told = decode::read(&tagged, &ReadOptions::default()).expect("a clip");
    assert_eq!(told.values.len(), 32_000);
    let is_frame = |own: &[u8]| own[0] == 0xff && own[1] & 0xe6 == 0xe2;
    let first = bytes.windows(2).position(is_frame).expect("a frame") + 4;
    let second = first + bytes[first..].windows(2).position(is_frame).expect("another one");
    let bare = sandbox.write("bare.mp3", &bytes[second..]);
    let whole = decode::read(&bare, &ReadOptions::default()).expect("a clip");
    // What the table says to take off at both ends is there.
    assert!(whole.values.len() >= 32_000 && whole.values.len() < 35_000, "{}", whole.values.len());
    assert_eq!(decode::probe(&bare).expect("a clip").samples, whole.values.len());
    let starts = (0..3_000).find(|at| whole.values[*at..*at + 4_000] == told.values[..4_000]);
    assert!(starts.is_some());
    let part = ReadOptions { start: 30_000, length: Some(500), ..ReadOptions::default() };
    assert_eq!(decode::read(&bare, &part).expect("a part").values, whole.values[30_000..30_500]);
}

#[test]
fn a_flac_behind_another_one_is_no_part_of_it() {
    let sandbox = Sandbox::new();
    let bytes = std::fs::read(golden("formats/i16.flac")).expect("a clip");
    let twice = sandbox.write("twice.flac", [bytes.clone(), bytes].concat());
    let error = decode::read(&twice, &ReadOptions::default()).expect_err("two clips").to_string();
    assert!(error.contains("received: frames of another stream behind 0.256 s"), "{error}");
}

#[test]
fn a_wav_whose_header_contradicts_itself() {
    let sandbox = Sandbox::new();
    let read = |kind: u16, channels: u16, align: u16, bits: u16| {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
        for short in [kind, channels] {
            bytes.extend(short.to_le_bytes());
        }
        bytes.extend(8000u32.to_le_bytes());
        bytes.extend([0; 4]);
        for short in [align, bits] {
            bytes.extend(short.to_le_bytes());
        }
        bytes.extend(b"data\x90\x01\0\0");
        bytes.extend([0; 400]);
        let path = sandbox.write("a.wav", bytes);
        decode::read(&path, &ReadOptions::default()).map(|read| read.values.len())
    };
    for (right, samples) in
        [((1, 1, 2, 16), 200), ((1, 2, 8, 24), 50), ((1, 1, 2, 12), 200), ((3, 1, 4, 32), 100)]
    {
        let (kind, channels, align, bits) = right;
        assert_eq!(read(kind, channels, align, bits).expect("a clip"), samples, "{right:?}");
    }
    for wrong in [
        (1, 1, 4, 16),
        (1, 1, 1, 16),
        (1, 2, 8, 16),
        (1, 1, 2, 0),
        (1, 1, 2, 32),
        (1, 1, 1, 12),
        (3, 1, 8, 32),
    ] {
        let (kind, channels, align, bits) = wrong;
        let error = read(kind, channels, align, bits).expect_err("a contradiction").to_string();
        assert!(
            error.contains("the header of the WAV file contradicts itself"),
            "{wrong:?} {error}"
        );
    }
}
