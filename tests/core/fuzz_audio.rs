//! Compressed audio with mutations: checksums are put right, so that what they protect is reached.

use super::fuzz::{MOST_NUMBERS, corpus, fuzz};
use std::path::Path;
use stillroom::audio::decode;

/// A checksum of `bits` bits, the highest one first.
fn sum(bytes: &[u8], bits: u32, polynomial: u32) -> u32 {
    let (top, mask) = (1 << (bits - 1), u32::MAX >> (32 - bits));
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ (u32::from(*byte) << (bits - 8)), |sum: u32, _| {
            let next = if sum & top == 0 { sum << 1 } else { (sum << 1) ^ polynomial };
            next & mask
        })
    })
}

/// Puts the checksum of each page of an Ogg file right, so that what is in it is reached.
fn with_sums(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(4).position(|four| four == b"OggS") {
        at += found;
        let Some(count) = bytes.get(at + 26).copied().map(usize::from) else { break };
        let Some(table) = bytes.get(at + 27..at + 27 + count) else { break };
        let length = 27 + count + table.iter().map(|own| usize::from(*own)).sum::<usize>();
        let Some(page) = bytes.get_mut(at..at + length) else { break };
        page[22..26].fill(0);
        let sum = sum(page, 32, 0x04c1_1db7);
        page[22..26].copy_from_slice(&sum.to_le_bytes());
        at += length;
    }
    bytes
}

/// Where the frames of a FLAC file begin, and its end.
fn frames(bytes: &[u8]) -> Vec<usize> {
    let begins = |at: &usize| bytes[*at] == 0xff && bytes[at + 1] & 0xfc == 0xf8;
    let begins: Vec<usize> = (42..bytes.len() - 1).filter(begins).collect();
    let mut found = vec![begins[0]];
    for end in begins[1..].iter().copied().chain([bytes.len()]) {
        let frame = &bytes[found[found.len() - 1]..end];
        // With its own sum behind it, that of a whole is 0.
        if sum(frame, 16, 0x8005) == 0 {
            found.push(end);
        }
    }
    assert_eq!(found.last(), Some(&bytes.len()));
    found
}

/// Decodes a clip, and a part of it.
fn is_clip(path: &Path, bytes: &[u8]) -> bool {
    std::fs::write(path, bytes).expect("a file");
    let _ = decode::probe(path);
    let part = decode::ReadOptions { start: 40, length: Some(100), ..Default::default() };
    let _ = decode::read(path, &part);
    let read = decode::read(path, &decode::ReadOptions::default());
    read.is_ok_and(|clip| clip.values.len() < MOST_NUMBERS)
}

#[test]
fn mp3_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("clip.mp3");
    fuzz("MP3", &corpus("formats", &[".mp3"]), |bytes| is_clip(&path, bytes));
}

#[test]
fn ogg_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("clip.ogg");
    let corpus = corpus("formats", &[".ogg"]);
    assert_eq!(with_sums(corpus[0].clone()), corpus[0], "its own sums");
    fuzz("Ogg", &corpus, |bytes| is_clip(&path, &with_sums(bytes.to_vec())));
}

#[test]
fn flac_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("clip.flac");
    let whole = corpus("formats", &[".flac"]);
    fuzz("FLAC", &[whole[0][..200].to_vec(), whole[1][..200].to_vec()], |head| {
        // The header, before frames that are whole.
        is_clip(&path, &[head, &whole[0][200..]].concat())
    });
    // One frame, between others, with its sum put right.
    let cuts = frames(&whole[0]);
    let bodies: Vec<Vec<u8>> =
        cuts.windows(2).map(|ends| whole[0][ends[0]..ends[1] - 2].to_vec()).collect();
    fuzz("frames of FLAC", &bodies, |frame| {
        let mut bytes = whole[0][..cuts[1]].to_vec();
        // No sum of all samples is known.
        bytes[26..42].fill(0);
        bytes.extend(frame);
        bytes.extend((sum(frame, 16, 0x8005) as u16).to_be_bytes());
        bytes.extend(&whole[0][cuts[1]..]);
        is_clip(&path, &bytes)
    });
}
