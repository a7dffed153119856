//! Event files of TensorBoard, against its own writer and reader.

use crate::support::{Sandbox, golden, made};
use serde_json::Value;
use stillroom::report::Scalars;

/// Castagnoli's CRC-32, a bit at a time: RFC 3720, appendix B.4.
fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
        }
    }
    !crc
}

/// The records of a file, after a look at every checksum.
fn records(file: &[u8]) -> Vec<Vec<u8>> {
    let masked = |bytes: &[u8]| {
        let crc = crc32c(bytes);
        crc.rotate_right(15).wrapping_add(0xa282_ead8)
    };
    let four = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().expect("four bytes"));
    let (mut all, mut at) = (Vec::new(), 0);
    while at < file.len() {
        let head = &file[at..at + 8];
        let length = u64::from_le_bytes(head.try_into().expect("eight bytes")) as usize;
        assert_eq!(four(at + 8), masked(head), "the checksum of the length at {at}");
        let data = &file[at + 12..at + 12 + length];
        assert_eq!(four(at + 12 + length), masked(data), "the checksum of the data at {at}");
        all.push(data.to_vec());
        at += 16 + length;
    }
    all
}

#[test]
fn event_files_are_those_of_tensorboard_byte_by_byte() {
    assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa, "RFC 3720");
    let oracle = std::fs::read(golden("events.tfevents")).expect("the golden file");
    let begun = 1_764_000_000.25;
    let mut own = Scalars::begin(begun);
    own.text(begun, "hparams", "| λ | 0.5 |");
    let numbers = [
        (25, "loss/train", 2.25),
        (25, "score/accuracy", 0.0),
        (300, "loss/train", f64::NAN),
        (70_000, "settings/lr", 5e-5),
    ];
    for (step, tag, value) in numbers {
        own.scalar(1_764_000_001.5 + step as f64, step, tag, value);
    }
    assert_eq!(records(own.bytes()), records(&oracle));
    assert_eq!(own.bytes(), oracle);
}

#[test]
fn a_run_becomes_a_folder_for_each_stage() {
    let sandbox = Sandbox::new();
    made::run(&sandbox, "2026-01-01_10-00-00_made", &made::Plan::default());
    let ran = sandbox.still(&["runs", "tensorboard", "last", "-o", "board"]);
    assert_eq!((ran.code, ran.out.trim()), (0, "board: 3 stages"), "{}", ran.err);
    let folder = sandbox.file("board/2026-01-01_10-00-00_made/student-taught");
    let file =
        std::fs::read_dir(&folder).expect("its folder").next().expect("a file").expect("a file");
    assert!(file.file_name().to_string_lossy().starts_with("events.out.tfevents."));
    let bytes = std::fs::read(file.path()).expect("the file");
    let records = records(&bytes);
    assert!(records[0].ends_with(b"brain.Event:2"));
    // 6 epochs of 9 numbers but the mean average precision, and what the hooks logged.
    assert_eq!(records.len(), 2 + 6 * 9);
    let all = records.concat();
    for tag in [
        "loss/train",
        "settings/lambda",
        "settings/tau",
        "logged/agreement",
        "hparams/text_summary",
    ] {
        assert!(all.windows(tag.len()).any(|own| own == tag.as_bytes()), "{tag}");
    }
}

/// By hand: `STILL_ORACLE` names a Python with TensorBoard.
#[test]
#[ignore = "needs TensorBoard: STILL_ORACLE=python"]
fn tensorboard_reads_what_is_written() {
    let python = std::env::var("STILL_ORACLE").expect("STILL_ORACLE names a Python");
    let sandbox = Sandbox::new();
    made::run(&sandbox, "2026-01-01_10-00-00_made", &made::Plan::default());
    assert_eq!(sandbox.still(&["runs", "tensorboard", "last", "-o", "board"]).code, 0);
    let script = golden("events_check.py");
    let ran = std::process::Command::new(python).arg(script).arg(sandbox.file("board")).output();
    let ran = ran.expect("Python");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let found: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    let stage = &found["2026-01-01_10-00-00_made/student-taught"];
    let scores: Vec<f64> = stage["scalars"]["score/accuracy"]
        .as_array()
        .expect("numbers")
        .iter()
        .map(|one| one[2].as_f64().expect("a number"))
        .collect();
    let expected: Vec<f64> = made::Plan::default().accuracies("student taught").collect();
    assert_eq!(scores.len(), expected.len());
    scores.iter().zip(expected).for_each(|(own, their)| assert!((own - their).abs() < 1e-6));
    let steps: Vec<u64> = stage["scalars"]["loss/test"]
        .as_array()
        .expect("numbers")
        .iter()
        .map(|one| one[1].as_u64().expect("a step"))
        .collect();
    assert_eq!(steps, [10, 20, 30, 40, 50, 60]);
    assert!(
        stage["texts"]["hparams/text_summary"].as_str().expect("a text").contains("student taught")
    );
}
