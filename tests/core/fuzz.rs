//! Files of all sorts with mutations: every reader gives a result or an error, and never panics. A few thousand
//! mutations by default; `STILL_FUZZ_SECONDS=60` goes on for that long with each reader, and `STILL_TEST_SEED` begins elsewhere.

use crate::support::{golden, named::named};
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};
use stillroom::audio::{Features, Samples, decode, wav};
use stillroom::data::{
    CsvOptions, FeatureCache, FileIndex, JsonOptions, Labelling, Reach, ReadOptions, Split, Width,
    csv, json,
};
use stillroom::models::weights::{Checkpoint, LoadOptions, load};
use stillroom::tensor::Device;
use stillroom::tensor::random::Stream;

/// Mutations of each reader where no time is given.
const MUTATIONS: u64 = 600;
/// More than any of these files takes.
pub const MOST_NUMBERS: usize = 1 << 20;
/// Bytes that readers look for, and numbers at the edges.
const WORDS: [&[u8]; 16] = [
    b"\0",
    b"\xff",
    b"{",
    b"\"",
    b",",
    b"\n",
    b"-1",
    b"1e999",
    b"\x80\x02",
    b"PK\x01\x02",
    b"\xff\xff\xff\xff",
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\0\0\0\x80",
    b"\0\0\0\0\x01\0\0\0",
    b"(",
    b"R",
];

/// One to three changes of a file.
fn mutate(bytes: &mut Vec<u8>, others: &[Vec<u8>], random: &mut Stream) {
    let mut below = |most: usize| (random.bits() % most.max(1) as u64) as usize;
    for _ in 0..=below(3) {
        let length = bytes.len();
        let at = below(length);
        let span = (1 + below(24)).min(length - at);
        match below(8) {
            0 if length > 0 => bytes[at] ^= 1 << below(8),
            1 if length > 0 => bytes[at] = below(256) as u8,
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..at + span)),
            4 => {
                let part = bytes[at..at + span].to_vec();
                let to = below(length);
                bytes.splice(to..to, part);
            }
            5 => {
                let word = WORDS[below(WORDS.len())];
                bytes.splice(at..at, word.iter().copied());
            }
            6 => {
                let word = WORDS[below(WORDS.len())];
                let end = (at + word.len()).min(length);
                bytes.splice(at..end, word.iter().copied());
            }
            _ => {
                let other = &others[below(others.len())];
                let from = below(other.len());
                let end = (from + 1 + below(64)).min(other.len());
                bytes.splice(at..at + span, other[from..end].iter().copied());
            }
        }
    }
}

/// Mutates a corpus and hands each file on, a number of times or for the time that the environment gives.
pub fn fuzz(what: &str, corpus: &[Vec<u8>], mut read: impl FnMut(&[u8]) -> bool) {
    let seed =
        std::env::var("STILL_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(8);
    let seconds = std::env::var("STILL_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let (start, budget) = (Instant::now(), seconds.map(Duration::from_secs));
    let (mut done, mut good) = (0, 0);
    for number in 0.. {
        if budget.map_or(number >= MUTATIONS, |budget| start.elapsed() > budget) {
            break;
        }
        let mut random = Stream::new(seed, what, &[number]);
        let mut bytes = corpus[(random.bits() % corpus.len() as u64) as usize].clone();
        mutate(&mut bytes, corpus, &mut random);
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read(&bytes)));
        match outcome {
            Ok(is_good) => good += u64::from(is_good),
            Err(_) => {
                let kept = std::env::temp_dir().join(format!("still_fuzz_{}", number));
                std::fs::write(&kept, &bytes).expect("a file");
                panic!(
                    "{what}: seed {seed}, mutation {number}: a panic; the file is {}",
                    kept.display()
                );
            }
        }
        done += 1;
    }
    eprintln!(
        "{what}: {done} mutations from seed {seed}, {good} of them still read, {:?}",
        start.elapsed()
    );
    if let (Some(_), Some(peak)) = (budget, peak_memory()) {
        eprintln!("{what}: {} MB at most so far", peak >> 20);
        assert!(peak < 1 << 30, "{what}: a file took much memory");
    }
    // Where all are refused at the first byte, nothing is tested.
    assert!(good > 0 && good < done, "{what}: {good} of {done} were read");
}

/// The most memory that this process has had, in bytes, where the system tells.
fn peak_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|own| own * 1024)
}

/// The files of a folder of goldens that end so, in the order of their names.
pub fn corpus(folder: &str, endings: &[&str]) -> Vec<Vec<u8>> {
    let mut files: Vec<_> = std::fs::read_dir(golden(folder))
        .expect("the folder")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| endings.iter().any(|own| path.to_string_lossy().ends_with(own)))
        .collect();
    files.sort();
    files.iter().map(|path| std::fs::read(path).expect("a file")).collect()
}

/// Opens a file of weights, reads its small tensors, and loads it into a network.
fn is_weights(path: &Path) -> bool {
    let Ok(checkpoint) = Checkpoint::open(path) else { return false };
    let small = checkpoint.entries().iter().filter(|entry| entry.count() < MOST_NUMBERS);
    let read = small.filter(|entry| entry.read("a test").is_ok()).count();
    let shapes: [(&str, &[usize]); 4] = [
        ("weight", &[3, 2]),
        ("bias", &[3]),
        ("v.pos_embed", &[1, 12, 6]),
        ("v.cls_token", &[1, 1, 6]),
    ];
    for strict in [true, false] {
        let options = LoadOptions { strict, ..LoadOptions::default() };
        let _ = load(&named(shapes, Some([2, 5])), &checkpoint, &options, &Device::default());
    }
    read > 0
}

#[test]
fn safetensors() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    let corpus = corpus("weights", &[".safetensors"]);
    fuzz("safetensors", &corpus, |bytes| {
        std::fs::write(&path, bytes).expect("a file");
        is_weights(&path)
    });
    // The header alone, with its length put right, so that what is behind it is reached.
    fuzz(
        "the header of safetensors",
        &corpus.iter().map(|own| header(own)).collect::<Vec<_>>(),
        |header| {
            let body = corpus[0].len() - 8 - self::header(&corpus[0]).len();
            let whole = [&(header.len() as u64).to_le_bytes(), header, &vec![1; body]].concat();
            std::fs::write(&path, whole).expect("a file");
            is_weights(&path)
        },
    );
}

fn header(file: &[u8]) -> Vec<u8> {
    let length = u64::from_le_bytes(file[..8].try_into().expect("eight bytes")) as usize;
    file[8..8 + length].to_vec()
}

#[test]
fn pytorch() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    let archives = corpus("weights", &[".pt", ".pth"]);
    fuzz("PyTorch's files", &archives, |bytes| {
        std::fs::write(&path, bytes).expect("a file");
        is_weights(&path)
    });
    // The pickle alone, in an archive that is whole.
    let opened: Vec<Vec<(String, Vec<u8>)>> =
        archives.iter().filter_map(|own| unzipped(own)).collect();
    let pickle = |files: &Vec<(String, Vec<u8>)>| {
        files.iter().find(|(name, _)| name.ends_with("data.pkl")).map(|(_, bytes)| bytes.clone())
    };
    let pickles: Vec<Vec<u8>> = opened.iter().filter_map(pickle).collect();
    assert!(pickles.len() >= 6, "{} archives", pickles.len());
    fuzz("the pickle of PyTorch's archives", &pickles, |bytes| {
        std::fs::write(&path, zipped(&opened[0], bytes)).expect("a file");
        is_weights(&path)
    });
}

fn unzipped(bytes: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).expect("a file");
        let (name, mut content) = (file.name().expect("a name").to_string(), Vec::new());
        file.read_to_end(&mut content).expect("its content");
        files.push((name, content));
    }
    Some(files)
}

fn zipped(files: &[(String, Vec<u8>)], pickle: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, content) in files {
        archive.start_file(name.as_str(), options).expect("a file");
        let content = if name.ends_with("data.pkl") { pickle } else { content };
        archive.write_all(content).expect("its content");
    }
    archive.finish().expect("an archive").into_inner()
}

#[test]
fn wav_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("clip.wav");
    let values = (0..300).map(|index| (index as f32 * 0.1).sin()).collect();
    wav::write(&path, &Samples { rate_hz: 8000, values }).expect("a clip");
    let corpus = [std::fs::read(&path).expect("the clip")];
    fuzz("WAV", &corpus, |bytes| {
        std::fs::write(&path, bytes).expect("a file");
        let _ = decode::probe(&path);
        decode::read(&path, &decode::ReadOptions::default()).is_ok()
    });
}

#[test]
fn tables_and_lists() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    for name in ["a.wav", "b.wav", "c.wav"] {
        let first = f32::from(name.as_bytes()[0]) / 200.0;
        wav::write(&at(name), &Samples { rate_hz: 8000, values: vec![first; 80] }).expect("a clip");
    }
    let index = FileIndex::new(None);
    let reach = Reach::anywhere(&index);
    let table =
        "file,label,split\na.wav,dog,train\n\"b.wav\",\"cat, or so\",test\nc.wav,dog,train\n";
    let read = ReadOptions::default();
    let options = CsvOptions {
        file: "file".into(),
        label: Some("label".into()),
        split: Some("split".into()),
        ..CsvOptions::default()
    };
    fuzz("CSV", &[table.as_bytes().to_vec()], |bytes| {
        std::fs::write(at("table.csv"), bytes).expect("a file");
        csv(&at("table.csv"), &options, &reach).is_ok()
    });
    let labels = "index,mid,display_name\n0,/m/1,\"Dog, small\"\n1,/m/2,Cat\n";
    std::fs::write(at("labels.csv"), labels).expect("a file");
    let list = r#"{"data": [{"wav": "a.wav", "labels": "/m/1"}, {"wav": "b.wav", "labels": "/m/1,/m/2"}]}"#;
    let options = JsonOptions {
        lists: vec![(Split::Train, at("list.json")), (Split::Test, at("test.json"))],
        labels: at("labels.csv"),
        labelling: Labelling::Multi,
        audio: None,
        read,
    };
    std::fs::write(at("test.json"), r#"{"data": [{"wav": "c.wav", "labels": "/m/2"}]}"#)
        .expect("a file");
    fuzz("JSON", &[list.as_bytes().to_vec()], |bytes| {
        std::fs::write(at("list.json"), bytes).expect("a file");
        json(&options, &reach).is_ok()
    });
}

#[test]
fn feature_caches() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = FeatureCache::new(folder.path().to_path_buf(), 1 << 20);
    let (key, features) = ("ab0", Features { frames: 3, bins: 4, values: vec![0.5; 12] });
    cache.put(key, &features, Width::F32);
    let path = folder.path().join("ab").join(key);
    let whole = std::fs::read(&path).expect("the features");
    // Before the numbers: a mark, three lengths, a checksum.
    const TOLD: usize = 20;
    const HEAD: usize = TOLD + 32;
    let corpus = [whole.clone(), whole[..TOLD].to_vec()];
    fuzz("cached features", &corpus, |bytes| {
        // Mostly with a checksum that is right.
        let mut bytes = bytes.to_vec();
        if bytes.len() < HEAD {
            bytes.resize(TOLD, 0);
            let body = &whole[HEAD..];
            let mut hasher = blake3::Hasher::new();
            hasher.update(key.as_bytes()).update(&bytes).update(body);
            bytes.extend(hasher.finalize().as_bytes());
            bytes.extend(body);
        }
        std::fs::write(&path, bytes).expect("a file");
        cache.get(key).is_some()
    });
}
