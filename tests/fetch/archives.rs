//! Tiny archives in the published layouts, and hostile ones.

use std::io::Write;

/// An entry of a made archive.
#[derive(Clone)]
pub struct Entry {
    pub name: String,
    pub content: Vec<u8>,
    /// The type of file and its mode, as a Unix writes them.
    pub mode: u32,
    /// What the archive says the length is.
    pub said: Option<u32>,
    pub is_packed: bool,
}

pub fn entry(name: &str, content: impl AsRef<[u8]>) -> Entry {
    let content = content.as_ref().to_vec();
    Entry { name: name.into(), content, mode: 0o100_644, said: None, is_packed: true }
}

/// Bytes that do not pack well, the same for the same seed.
pub fn noise(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..count).map(next).collect()
}

/// A zip archive in parts of `part` bytes at most, as the published split ones: a mark first, headers whole.
pub fn split_zip(entries: &[Entry], part: usize) -> Vec<Vec<u8>> {
    let mut parts = vec![b"PK\x07\x08".to_vec()];
    let mut directory = Vec::new();
    for entry in entries {
        let crc = crc32fast::hash(&entry.content);
        let packed = if entry.is_packed {
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Default::default());
            encoder.write_all(&entry.content).expect("packed");
            encoder.finish().expect("packed")
        } else {
            entry.content.clone()
        };
        let method: u16 = if entry.is_packed { 8 } else { 0 };
        let said = entry.said.unwrap_or(entry.content.len() as u32);
        let sizes = |into: &mut Vec<u8>| {
            into.extend([0, 0, 0, 0].into_iter().chain(crc.to_le_bytes()));
            into.extend((packed.len() as u32).to_le_bytes().into_iter().chain(said.to_le_bytes()));
            into.extend((entry.name.len() as u16).to_le_bytes().into_iter().chain([0, 0]));
        };
        let mut header = b"PK\x03\x04\x14\0\0\0".to_vec();
        header.extend(method.to_le_bytes());
        sizes(&mut header);
        header.extend(entry.name.as_bytes());
        if parts.last().expect("a part").len() + header.len() > part {
            parts.push(Vec::new());
        }
        let (disk, offset) = (parts.len() as u16 - 1, parts.last().expect("a part").len() as u32);
        parts.last_mut().expect("a part").extend(header);
        for byte in &packed {
            if parts.last().expect("a part").len() == part {
                parts.push(Vec::new());
            }
            parts.last_mut().expect("a part").push(*byte);
        }
        directory.extend(b"PK\x01\x02\x14\x03\x14\0\0\0");
        directory.extend(method.to_le_bytes());
        sizes(&mut directory);
        directory.extend([0, 0].into_iter().chain(disk.to_le_bytes()).chain([0, 0]));
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(entry.name.as_bytes());
    }
    // The directory may begin in one part and end in the next one.
    let (disk, offset) = (parts.len() as u16 - 1, parts.last().expect("a part").len() as u32);
    for byte in &directory {
        if parts.last().expect("a part").len() == part {
            parts.push(Vec::new());
        }
        parts.last_mut().expect("a part").push(*byte);
    }
    let last = parts.len() as u16 - 1;
    let count = (entries.len() as u16).to_le_bytes();
    let end = parts.last_mut().expect("a part");
    end.extend(b"PK\x05\x06");
    end.extend(last.to_le_bytes().into_iter().chain(disk.to_le_bytes()).chain(count).chain(count));
    end.extend((directory.len() as u32).to_le_bytes().into_iter().chain(offset.to_le_bytes()));
    end.extend([0, 0]);
    parts
}

/// An ordinary zip archive.
pub fn zip(entries: &[Entry]) -> Vec<u8> {
    split_zip(entries, usize::MAX).remove(0)
}

/// A tar archive packed by gzip; `kind` is the type of each entry.
pub fn tar_gz(entries: &[(Entry, tar::EntryType)]) -> Vec<u8> {
    let encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
    let mut builder = tar::Builder::new(encoder);
    for (entry, kind) in entries {
        let mut header = tar::Header::new_gnu();
        // As it is: the crate's own setter refuses what an attacker writes.
        header.as_old_mut().name[..entry.name.len()].copy_from_slice(entry.name.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        header.set_size(entry.content.len() as u64);
        if matches!(kind, tar::EntryType::Symlink | tar::EntryType::Link) {
            header.set_link_name("/etc/passwd").expect("a link");
        }
        header.set_cksum();
        builder.append(&header, entry.content.as_slice()).expect("an entry");
    }
    builder.into_inner().expect("a tar").finish().expect("a gzip")
}

/// A set in ESC-50's layout, in one folder at the top.
pub fn esc50() -> Vec<Entry> {
    let mut table = "filename,fold,target,category,esc10,src_file,take\n".to_string();
    let mut entries = Vec::new();
    for fold in 1..=5 {
        for target in 0..2 {
            let name = format!("{fold}-{fold}{target}-A-{target}.wav");
            table += &format!("{name},{fold},{target},class{target},True,{fold}{target},A\n");
            entries.push(entry(
                &format!("ESC-50-master/audio/{name}"),
                noise(fold * 2 + target, 9000),
            ));
        }
    }
    entries.push(entry("ESC-50-master/meta/esc50.csv", table));
    entries
}
