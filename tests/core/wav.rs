//! WAV files of all sorts that other programs write.

use crate::support::Sandbox;
use std::path::Path;
use stillroom::audio::decode::{self, ReadOptions};
use stillroom::audio::{Samples, wav};
use stillroom::error::Result;

/// A chunk with its length, and the byte after an odd one.
fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut bytes = name.to_vec();
    bytes.extend((content.len() as u32).to_le_bytes());
    bytes.extend(content);
    bytes.extend(vec![0; content.len() % 2]);
    bytes
}

fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((body.len() as u32 + 4).to_le_bytes());
    bytes.extend(b"WAVE");
    bytes.extend(body);
    bytes
}

/// The `fmt ` chunk: 1 is PCM, 3 floats.
fn format(kind: u16, channels: u16, bits: u16) -> Vec<u8> {
    let frame = channels * bits / 8;
    let mut content = kind.to_le_bytes().to_vec();
    content.extend(channels.to_le_bytes());
    content.extend(8000u32.to_le_bytes());
    content.extend((8000 * u32::from(frame)).to_le_bytes());
    content.extend(frame.to_le_bytes());
    content.extend(bits.to_le_bytes());
    chunk(b"fmt ", &content)
}

fn heard(path: &Path) -> Result<Samples> {
    decode::read(path, &ReadOptions::default())
}

#[track_caller]
fn read(bytes: &[u8]) -> Vec<f32> {
    let sandbox = Sandbox::new();
    let samples = heard(&sandbox.write("clip.wav", bytes)).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(samples.rate_hz, 8000);
    samples.values
}

#[test]
fn every_depth_and_floats() {
    let half = |bits: u16, bytes: &[u8]| read(&riff(&[format(1, 1, bits), chunk(b"data", bytes)]));
    assert_eq!(half(8, &[192, 128]), [0.5, 0.0]);
    assert_eq!(half(16, &[0, 0x40, 0, 0xc0]), [0.5, -0.5]);
    assert_eq!(half(24, &[0, 0, 0x40, 0, 0, 0xc0]), [0.5, -0.5]);
    assert_eq!(half(32, &[0, 0, 0, 0x40]), [0.5]);
    let float = 0.25f32.to_le_bytes();
    assert_eq!(read(&riff(&[format(3, 1, 32), chunk(b"data", &float)])), [0.25]);
}

#[test]
fn channels_are_averaged() {
    let data = chunk(b"data", &[0, 0x40, 0, 0x20, 0, 0, 0, 0x40]);
    assert_eq!(read(&riff(&[format(1, 2, 16), data])), [0.375, 0.25]);
}

#[test]
fn other_chunks_are_passed_over_with_the_byte_after_an_odd_one() {
    let data = chunk(b"data", &[0, 0x40]);
    let list = chunk(b"LIST", b"odd");
    let tail = chunk(b"id3 ", b"more");
    let chunks = [list.clone(), format(1, 1, 16), list, data, tail];
    assert_eq!(read(&riff(&chunks)), [0.5]);
}

#[test]
fn samples_of_a_recording_in_progress_reach_to_the_end() {
    let mut bytes = riff(&[format(1, 1, 16)]);
    bytes.extend(b"data");
    bytes.extend(u32::MAX.to_le_bytes());
    bytes.extend([0, 0x40, 0, 0x20]);
    assert_eq!(read(&bytes), [0.5, 0.25]);
}

#[test]
fn what_is_written_is_read_back() {
    let sandbox = Sandbox::new();
    let values = vec![0.0, 0.5, -1.0, 0.25];
    let samples = Samples { rate_hz: 8000, values };
    let path = sandbox.file("clip.wav");
    wav::write(&path, &samples).expect("written");
    assert_eq!(heard(&path).expect("read"), samples);
}

#[test]
fn no_prefix_of_a_file_is_a_crash() {
    let sandbox = Sandbox::new();
    let whole = riff(&[format(1, 1, 16), chunk(b"LIST", b"odd"), chunk(b"data", &[1, 2, 3, 4])]);
    for length in 0..whole.len() {
        let path = sandbox.write("clip.wav", &whole[..length]);
        assert!(heard(&path).is_err(), "{length} bytes");
    }
}
