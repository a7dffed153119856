//! Files of weights that are damaged, hostile or something else: each is refused, by name, without a panic and without
//! much memory.

use crate::support::named::named;
use crate::support::{Sandbox, golden};
use std::io::Write;
use std::path::Path;
use stillroom::error::{Kind, Result};
use stillroom::models::weights::{Checkpoint, LoadOptions, Renaming, Report, load};
use stillroom::nn::{Net, Network, Pattern};
use stillroom::tensor::{Device, Tensor, store};

/// A safetensors file of this header and so many bytes of numbers.
fn safe(header: &str, body: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; body]].concat()
}

/// A PyTorch file of before 1.6 whose main pickle is this one.
fn legacy(pickle: &[u8]) -> Vec<u8> {
    let mark = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";
    let machine = b"\x80\x02}X\x0d\x00\x00\x00little_endian\x88s.";
    [&mark[..], b"\x80\x02M\xe9\x03.", machine, pickle, b"\x80\x02]."].concat()
}

/// PyTorch's zip archive around a pickle.
fn archive(pickle: &[u8], packed: bool) -> Vec<u8> {
    let method = match packed {
        true => zip::CompressionMethod::Deflated,
        false => zip::CompressionMethod::Stored,
    };
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("archive/data.pkl", options).expect("a file");
    archive.write_all(pickle).expect("a pickle");
    archive.finish().expect("an archive").into_inner()
}

#[track_caller]
fn refused(sandbox: &Sandbox, bytes: &[u8], words: &[&str]) {
    let path = sandbox.write("weights", bytes);
    let error = Checkpoint::open(&path).expect_err("an error");
    let text = error.to_string();
    assert_ne!(error.kind(), Kind::Internal, "{text}");
    for word in words {
        assert!(text.contains(word), "no {word:?} in\n{text}");
    }
}

#[test]
fn headers_of_safetensors_that_lie() {
    let sandbox = Sandbox::new();
    let one = |shape: &str, from: u64, to: u64| {
        format!(r#""a":{{"dtype":"F32","shape":{shape},"data_offsets":[{from},{to}]}}"#)
    };
    let with = |more: &str| format!("{{{},{more}}}", one("[2]", 0, 8));
    let second = |from: u64, to: u64| {
        with(&format!(
            r#""b":{{"dtype":"F32","shape":[{}],"data_offsets":[{from},{to}]}}"#,
            (to - from) / 4
        ))
    };
    let huge = [&(4u64 << 30).to_le_bytes()[..], b"{\"a\":"].concat();
    refused(&sandbox, &huge, &["the header is too large", "16 MiB at most", "4294967296 bytes"]);
    refused(&sandbox, &[&u64::MAX.to_le_bytes()[..], b"{}"].concat(), &["the header is too large"]);
    refused(&sandbox, &safe(&second(4, 12), 12), &["'b' and 'a' overlap", "bytes 4 to 12"]);
    refused(&sandbox, &safe(&second(12, 16), 16), &["bytes before 'b' belong to no tensor"]);
    refused(&sandbox, &safe(&second(8, 16), 12), &["the file is cut off", "12 bytes of numbers"]);
    refused(
        &sandbox,
        &safe(&second(8, 16), 20),
        &["the file is longer than its tensors", "4 bytes"],
    );
    refused(&sandbox, &safe(&format!("{{{}}}", one("[3]", 0, 8)), 8), &["'a' has another length"]);
    let large = one("[4294967296,4294967296,4]", 0, 8);
    refused(&sandbox, &safe(&format!("{{{large}}}"), 8), &["'a' has another length"]);
    let backwards = one("[2]", 8, 0);
    refused(&sandbox, &safe(&format!("{{{backwards}}}"), 8), &["bytes before 'a'"]);
    let far = one("[2]", u64::MAX - 8, u64::MAX);
    refused(&sandbox, &safe(&format!("{{{far}}}"), 8), &["'a'"]);
    refused(&sandbox, &safe("{\"a\": 3}", 8), &["the header is damaged"]);
    refused(
        &sandbox,
        &safe(&format!("{{\"a\":{}", "[".repeat(100_000)), 0),
        &["the header is damaged"],
    );
    refused(&sandbox, &safe("{}", 0), &["there is no tensor in the file"]);
    let long =
        format!("{{{}}}", one("[2]", 0, 8).replace("\"a\"", &format!("\"{}\"", "n".repeat(5000))));
    refused(&sandbox, &safe(&long, 8), &["the name of a tensor is too long"]);
    let whole = std::fs::read(golden("weights/plain.safetensors")).expect("a file");
    for length in 0..whole.len() {
        refused(&sandbox, &whole[..length], &[]);
    }
}

#[test]
fn pickles_that_want_to_run_code() {
    let sandbox = Sandbox::new();
    // os.system("…"), by every way to name a function.
    let calls: [(&[u8], &str); 6] = [
        (b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R.", "posix.system"),
        (b"cbuiltins\neval\n(S'1'\ntR.", "builtins.eval"),
        (b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R.", "posix.system"),
        (
            b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94h\x00h\x01\x93\x8c\x04true\x85R.",
            "posix.system",
        ),
        (b"\x80\x02(S'true'\nios\nsystem\n.", "os.system"),
        (b"\x80\x02\x82\x01.", "a name by its number"),
    ];
    for (pickle, name) in calls {
        for bytes in [archive(pickle, false), archive(pickle, true), legacy(pickle)] {
            let words = ["the pickle asks for more than tensors", name, "nothing of it was run"];
            refused(&sandbox, &bytes, &words);
        }
    }
    // A plain pickle, which is no file of PyTorch's.
    refused(&sandbox, calls[0].0, &["asks for more than tensors", "posix.system"]);
    // A name that is put together on the way cannot be told, and is refused.
    let hidden = b"\x80\x04\x8c\x05posix\x8c\x06system0\x8c\x06system\x93.";
    refused(&sandbox, &archive(hidden, false), &["a name that is made on the way"]);
    // A whole network is an object of its own class.
    let network = b"\x80\x02c__main__\nNet\n)\x81}b.";
    let words = ["__main__.Net", "torch.save(model.state_dict(), …)"];
    refused(&sandbox, &archive(network, false), &words);
}

#[test]
fn pickles_that_would_take_all_memory() {
    let sandbox = Sandbox::new();
    // Nothing, very often, packed small.
    let many = [b"\x80\x02".to_vec(), vec![b'N'; 40 << 20], b".".to_vec()].concat();
    for bytes in [archive(&many, true), legacy(&many)] {
        refused(&sandbox, &bytes, &["there is too much beside the tensors", "8 MiB"]);
    }
    // Lists of lists of the same lists.
    let mut doubling = b"\x80\x02]q\x00".to_vec();
    for _ in 0..200 {
        doubling.extend(b"\x86q\x00h\x00h\x00");
    }
    refused(&sandbox, &archive(&doubling, false), &[]);
    let mut doubling = b"\x80\x02]q\x00".to_vec();
    for _ in 0..200 {
        doubling.extend(b"]h\x00ah\x00aq\x00");
    }
    doubling.extend(b".");
    refused(&sandbox, &archive(&doubling, false), &["not a whole PyTorch file"]);
    let deep = [b"\x80\x02".to_vec(), vec![b']'; 3_000_000], vec![b'a'; 2_999_999], b".".to_vec()]
        .concat();
    refused(&sandbox, &archive(&deep, false), &["not a whole PyTorch file"]);
    // Texts that are longer than the file.
    for text in [
        &b"\x80\x02X\xff\xff\xff\x7f"[..],
        b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x80\x02B\xff\xff\xff\xffab",
    ] {
        refused(&sandbox, &archive(text, false), &["the pickle is cut off or damaged"]);
    }
    // A tensor that repeats one number for ever.
    let broadcast = b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x01tQK\x00J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86K\x00K\x00\x86\x89}tRs.";
    refused(&sandbox, &archive(broadcast, false), &["not a whole PyTorch file"]);
}

#[test]
fn files_that_are_something_else() {
    let sandbox = Sandbox::new();
    refused(&sandbox, b"", &["it is no file of weights", "an empty file"]);
    refused(&sandbox, b"hello world", &["it is no file of weights", "begins with 68 65 6c"]);
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n";
    refused(&sandbox, pointer, &["a pointer of Git LFS", "`git lfs pull`"]);
    refused(&sandbox, b"\n<!DOCTYPE html><html>", &["a page of the web"]);
    let mut tar = vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    refused(&sandbox, &tar, &["a tar archive, as PyTorch before 0.1.10"]);
    let arrays = {
        let options = zip::write::SimpleFileOptions::default();
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        archive.start_file("a.npy", options).expect("a file");
        archive.finish().expect("an archive").into_inner()
    };
    refused(&sandbox, &arrays, &["not PyTorch's", "arrays of NumPy"]);
    refused(&sandbox, b"PK\x03\x04 and no more", &["not a whole PyTorch file"]);
    refused(&sandbox, b"\x80\x02}.", &["a pickle, but none of torch.save"]);
    let whole = std::fs::read(golden("weights/zip_f32.pt")).expect("a file");
    let old = std::fs::read(golden("weights/legacy.pt")).expect("a file");
    for file in [whole, old] {
        for length in (0..file.len()).step_by(7) {
            let path = sandbox.write("cut.pt", &file[..length]);
            let Ok(checkpoint) = Checkpoint::open(&path) else { continue };
            // Numbers are read when they are asked for.
            let all = checkpoint.entries().iter().all(|entry| entry.read("a test").is_ok());
            assert!(!all, "{length} of {} bytes", file.len());
        }
    }
    let folder = Checkpoint::open(sandbox.path()).expect_err("a folder");
    assert!(folder.to_string().contains("it is a folder"), "{folder}");
    assert!(Checkpoint::open(Path::new("no/such/file")).is_err());
    #[cfg(unix)]
    {
        let pipe = sandbox.file("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
        assert!(made.success());
        let error = Checkpoint::open(&pipe).expect_err("a pipe");
        assert!(error.to_string().contains("it is no regular file"), "{error}");
    }
}

fn saved(sandbox: &Sandbox, tensors: &[(&str, Vec<f32>)]) -> std::path::PathBuf {
    let tensor = |(name, values): &(&str, Vec<f32>)| {
        let shape = [values.len()];
        (
            name.to_string(),
            Tensor::from_values(values.clone(), &shape, &Device::default()).expect("a tensor"),
        )
    };
    let path = sandbox.file("weights.safetensors");
    store::save(&path, &tensors.iter().map(tensor).collect::<Vec<_>>()).expect("a file");
    path
}

fn into(net: &Net, path: &Path, options: &LoadOptions) -> Result<Report> {
    load(net, &Checkpoint::open(path)?, options, &Device::default())
}

fn allowing(patterns: &[&str]) -> LoadOptions {
    let pattern = |text: &&str| Pattern::new(text).expect("a pattern");
    LoadOptions { allow: patterns.iter().map(pattern).collect(), ..LoadOptions::default() }
}

#[test]
fn numbers_that_are_none_are_refused_by_name_and_nothing_is_changed() {
    let sandbox = Sandbox::new();
    let path = saved(
        &sandbox,
        &[("a", vec![1.0, f32::NAN]), ("b", vec![2.0]), ("c", vec![f32::INFINITY])],
    );
    let net = named([("a", &[2][..]), ("b", &[1]), ("c", &[1])], None);
    let error = into(&net, &path, &LoadOptions::default()).expect_err("NaN");
    assert_eq!(error.kind(), Kind::Number);
    assert!(error.to_string().contains("received: a, c"), "{error}");
    assert!(net.state().iter().all(|(_, own)| own.to_values().expect("values")[0] == -7.0));
    let report = into(&net, &path, &allowing(&["a", "c"])).expect("allowed");
    assert_eq!(report.loaded, 3);
}

#[test]
fn what_does_not_fit_is_an_error_where_nothing_allows_it() {
    let sandbox = Sandbox::new();
    let path = saved(&sandbox, &[("a", vec![1.0, 2.0]), ("b", vec![2.0]), ("x.y", vec![3.0])]);
    let net = named([("a", &[3][..]), ("b", &[1]), ("c", &[1])], None);
    let error =
        into(&net, &path, &LoadOptions::default()).expect_err("another network").to_string();
    for word in
        ["missing 1: c", "another shape 1: a [2] for [3]", "unexpected 1: x.y", "strict: false"]
    {
        assert!(error.contains(word), "no {word:?} in\n{error}");
    }
    let lenient = LoadOptions { strict: false, ..LoadOptions::default() };
    for options in [allowing(&["a", "c", "x.*"]), lenient] {
        let report = into(&net, &path, &options).expect("allowed");
        assert_eq!((report.loaded, report.missing.len(), report.mismatched.len()), (1, 1, 1));
        let told = "weights.safetensors (safetensors, names: the network's own): 1 of 3 parameters loaded\n  \
                    missing: c\n  another shape: a [2] for [3]\n  unexpected: x.y";
        assert_eq!(report.to_string(), told);
    }
    let other = named([("q", &[3][..])], None);
    let error = into(&other, &path, &LoadOptions::default()).expect_err("another network");
    assert!(error.to_string().contains("the file is of another network"), "{error}");
}

#[test]
fn names_of_ones_own() {
    let sandbox = Sandbox::new();
    let path = saved(
        &sandbox,
        &[
            ("enc.0.w", vec![1.0]),
            ("enc.1.w", vec![2.0]),
            ("junk.k", vec![3.0]),
            ("top", vec![4.0]),
        ],
    );
    let net = named([("body.w.0", &[1][..]), ("body.w.1", &[1]), ("top", &[1])], None);
    let renaming = |from: &str, to: &str| Renaming::new(from, to).expect("a renaming");
    let map = vec![renaming("enc.[0-9].{w,b}", "body.*.*"), renaming("junk.*", "")];
    let options = LoadOptions { map, ..LoadOptions::default() };
    let error = into(&net, &path, &options).expect_err("the order").to_string();
    assert!(error.contains("unexpected 2: enc.0.w, enc.1.w"), "{error}");
    let map = vec![
        renaming("enc.0.*", "body.*.0"),
        renaming("enc.*.*", "body.w.*"),
        renaming("junk.*", ""),
    ];
    let options = LoadOptions { map, ..LoadOptions::default() };
    let report = into(&net, &path, &options).expect("the names");
    assert_eq!((report.loaded, report.ignored), (3, 1));
    let values: Vec<f32> =
        net.state().iter().map(|(_, own)| own.to_values().expect("values")[0]).collect();
    assert_eq!(values, [1.0, 2.0, 4.0]);
    assert!(Renaming::new("a.*", "*.*").is_err());
    assert!(Renaming::new("", "x").is_err());
    let many = Renaming::new(&"*a".repeat(40), "x").expect("a renaming");
    assert_eq!(many.of(&"a".repeat(1000)), None.or(Some("x".to_string())));
    assert_eq!(many.of(&format!("{}b", "a".repeat(1000))), None);
}
