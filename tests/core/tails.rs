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
