//! Logits by clip ids: files of other programs, round trips, and files that are wrong.

use crate::support::golden;
use std::path::Path;
use stillroom::data::Logits;

fn told(outcome: stillroom::error::Result<Logits>) -> String {
    outcome.expect_err("a mistake").to_string()
}

#[test]
fn files_of_numpy_are_read_by_name() {
    for ending in ["npz", "safetensors"] {
        let read = Logits::read(&golden(&format!("logits.{ending}"))).expect(ending);
        assert_eq!(read.ids(), ["1-100032-A-0.wav", "naïve rain@2.500", "3-7"]);
        assert_eq!(read.classes(), ["dog", "rain", "crying baby", "sea waves"]);
        assert_eq!(read.width(), 4);
        let row = read.find("naïve rain@2.500").expect("a row");
        assert_eq!(read.row(row), [0.0, 0.75, 1.5, 2.25]);
        assert_eq!(read.target(row), Some(&[1.0, 0.0, 0.0, 0.0][..]));
        assert_eq!(read.find("another"), None);
        assert!(read.row(3).is_empty());
    }
    let bytes = Logits::read(&golden("logits_bytes.npz")).expect("names of bytes");
    assert_eq!(bytes.ids(), ["a", "bcd"]);
    assert_eq!((bytes.row(1), bytes.target(1)), (&[0.0, 0.75, 1.5, 2.25][..], None));
    let numbers = Logits::read(&golden("logits_numbers.npz")).expect("names of numbers");
    assert_eq!(numbers.ids(), ["17", "4"]);
    assert_eq!(numbers.row(0), [-3.0, -2.25, -1.5, -0.75]);
}

#[test]
fn what_is_written_is_read_again_and_the_same_gives_the_same_bytes() {
    let read = Logits::read(&golden("logits.npz")).expect("the golden file");
    let bytes = read.encode().expect("bytes");
    assert_eq!(Logits::decode("reading", &bytes).expect("the same"), read);
    assert_eq!(bytes, read.encode().expect("bytes"));
}

#[test]
fn a_table_has_a_column_of_ids_and_one_a_class() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("logits.csv");
    let read = |text: &str| {
        std::fs::write(&file, text).expect("a file");
        Logits::read(&file)
    };
    let table = read("id,dog,\"sea, waves\"\nb.wav,1.5,-2e-1\na.wav, 0 ,3\n").expect("a table");
    assert_eq!(table.ids(), ["b.wav", "a.wav"]);
    assert_eq!(table.classes(), ["dog", "sea, waves"]);
    assert_eq!(table.row(0), [1.5, -0.2]);

    let wrong = |text: &str| told(read(text)).replace(&file.display().to_string(), "FILE");
    insta::assert_snapshot!(wrong("id,dog\na,1\nb,x\n"), @r"
    error[data]: reading FILE: 'dog' is no number
      --> FILE:3
      expected: the logit of that class
      received: 'x'
    ");
    insta::assert_snapshot!(wrong("file,dog\na,1\n"), @r"
    error[data]: reading FILE: the column 'id' is missing
      --> FILE:1
      expected: a column 'id'
      received: file, dog
    ");
    insta::assert_snapshot!(wrong("id,dog\na,1\na,2\n"), @r"
    error[data]: reading FILE: the clip 'a' stands twice
      expected: each id once
      received: rows 1 and 2
    ");
    insta::assert_snapshot!(wrong("id,dog\na,nan\n"), @r"
    error[number]: reading FILE: a number is not finite
      received: clip 'a', class 'dog'
    ");
    insta::assert_snapshot!(wrong("id\na\n"), @r"
    error[data]: reading FILE: there are none
      expected: at least one clip
    ");
}

#[test]
fn files_that_are_none_are_told() {
    let wrong = |name: &str| {
        let file = golden(name);
        told(Logits::read(&file)).replace(&file.display().to_string(), "FILE")
    };
    insta::assert_snapshot!(wrong("logits_object.npz"), @r"
    error[data]: reading FILE: ids: not an .npy file that can be read
      received: an array of Python objects
      hint: objects would have to be unpickled, which could run anything; save numbers, or texts as `np.array(texts, dtype=str)`
    ");
    insta::assert_snapshot!(wrong("layers.safetensors"), @r"
    error[data]: reading FILE: 'ids' is missing
      expected: 'ids' (names of the clips) and 'logits' [clips, classes]; 'classes' and 'targets' if there are any
      received: 'activation_elu.eval0', 'activation_elu.gradient0', 'activation_elu.in0', 'activation_elu.value0', 'activation_gelu.eval0', 'activation_gelu.gradient0', 'activation_gelu.in0', 'activation_gelu.value0', and 567 more
      hint: a list of texts in JSON, in the head's `__metadata__`
    ");
    insta::assert_snapshot!(told(Logits::read(Path::new("x.txt"))), @r"
    error[usage]: reading x.txt: the ending says no format of logits
      expected: .safetensors, .npz or .csv
      received: x.txt
    ");
    let read =
        Logits::read(&golden("logits.npz")).expect("the golden file").encode().expect("bytes");
    for length in 0..read.len() {
        Logits::decode("reading", &read[..length]).expect_err("a file that is cut off");
    }
    let whole = std::fs::read(golden("logits.npz")).expect("the golden file");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("cut.npz");
    for at in (0..whole.len()).step_by(7) {
        std::fs::write(&file, &whole[..at]).expect("a file");
        Logits::read(&file).expect_err("a file that is cut off");
        let mut flipped = whole.clone();
        flipped[at] ^= 0x55;
        std::fs::write(&file, &flipped).expect("a file");
        // A checksum or a length tells, or a name is another one: but nothing panics.
        let _ = Logits::read(&file);
    }
}
