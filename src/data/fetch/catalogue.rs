//! The published archives: addresses, lengths and checksums, each with where it is from.
//!
//! - **ESC-50**: the commit that is `master` of `karolpiczak/ESC-50` since 2023. GitHub makes the archive when it is
//!   asked for and promises no bytes, so length and SHA-256 (as several public projects noted them) are looked at
//!   but not insisted on. What is insisted on are the 2,000 clips: their MD5 as listed by soundata 0.1.3
//!   (`esc50_index.json`).
//! - **Speech Commands 0.02**: SHA-256 of torchaudio (`datasets/speechcommands.py`) and TensorFlow Datasets
//!   (`speech_commands/checksums.tsv`), which has the length, too.
//! - **FSD50K**: MD5 of Zenodo's record 4060432, as soundata has them; lengths of the audio as noted by public
//!   projects from Zenodo's record; clips as listed by soundata 0.1.3 (`fsd50k_index.json`).
//! - **UrbanSound8K**: MD5 of Zenodo's record 1203745, as soundata has it; the length as noted by public projects;
//!   clips as listed by soundata 0.1.3 (`urbansound8k_index.json`).

use super::Sum;
use crate::disk;
use crate::error::{Error, Kind, Result, nearest};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// One archive, or one part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// Its name on the disk and, with `--from`, below the address that is given there.
    pub file: String,
    /// Its address; `None` where only a mirror has it.
    pub url: Option<String>,
    /// Its length.
    pub bytes: Option<u64>,
    /// Its checksum.
    pub sum: Option<Sum>,
    /// Whether another length or checksum is told, but no error.
    pub is_loose: bool,
}

/// Clips as they were published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clips {
    /// How many.
    pub count: usize,
    /// SHA-256 of their list of MD5, as `md5sum` writes it, sorted by path; `None` where no such list is public.
    pub list_sha256: Option<&'static str>,
}

/// A set that can be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its name, which is its folder's as well.
    pub name: String,
    /// Its archives, in the order in which they are fetched.
    pub archives: Vec<Archive>,
    /// Whether the archives have one folder at the top, whose name is left out.
    pub strip: bool,
    /// The most that unpacking may take, in bytes.
    pub unpacked_most: u64,
    /// What the set must have; `None` for a list of the user's own.
    pub clips: Option<Clips>,
}

/// The names of the published sets.
pub const NAMES: [&str; 4] = ["esc50", "speech_commands", "fsd50k", "urbansound8k"];

/// What a published set must have; `None` where it is not known.
pub fn clips_of(name: &str) -> Option<Clips> {
    let (count, list_sha256) = match name {
        "esc50" => (2000, Some("6a96522abaf1cd3fc0cbbf1791b59d7214cb2895c0195cacb642663458e1d22b")),
        // The number that projects which use the set give; the six long recordings of noise are none.
        "speech_commands" => (105_829, None),
        "fsd50k" => {
            (51_197, Some("54a04dfcb523e0e9ef749d95d9343aef27a3c01aae65b4354d4c3e45cff20cc4"))
        }
        "urbansound8k" => {
            (8732, Some("0e88a91e31d183cbf9286515c9d1f5e22ed53500c803db1fa3b8e0583336b6b4"))
        }
        _ => return None,
    };
    Some(Clips { count, list_sha256 })
}

const ESC50: &str =
    "https://github.com/karolpiczak/ESC-50/archive/33c8ce9eb2cf0b1c2f8bcf322eb349b6be34dbb6.zip";
const SPEECH: &str =
    "https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz";
const FSD50K: &str = "https://zenodo.org/records/4060432/files/";
const URBAN: &str = "https://zenodo.org/records/1203745/files/";

/// FSD50K's parts have this length but for the last.
const PART: Option<u64> = Some(3_221_225_472);

/// The set called `name`, as it is published.
///
/// # Errors
/// A name that is not known.
pub fn published(name: &str) -> Result<Published> {
    let one = |file: &str, url: &str, bytes, sum| Archive {
        file: file.into(),
        url: Some(url.into()),
        bytes,
        sum: Some(sum),
        is_loose: false,
    };
    let zenodo = |base: &str, file: &str, bytes, md5: &str| {
        one(file, &format!("{base}{file}?download=1"), bytes, Sum::Md5(md5.into()))
    };
    let fsd = |file: &str, bytes, md5: &str| zenodo(FSD50K, &format!("FSD50K.{file}"), bytes, md5);
    let sha = |digits: &str| Sum::Sha256(digits.into());
    // Bounds on what is unpacked: clips by their published count and length, and a quarter more.
    let (archives, strip, unpacked_most) = match name {
        "esc50" => {
            let sum = sha("661183a6f53ef04f12c9bd618fed0ddc1713280d6c94a5a5431e844ba6f6a21f");
            let archive = one("ESC-50-master.zip", ESC50, Some(645_832_161), sum);
            (vec![Archive { is_loose: true, ..archive }], true, 1_200_000_000)
        }
        "speech_commands" => {
            let sum = sha("af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58");
            let file = "speech_commands_v0.02.tar.gz";
            (vec![one(file, SPEECH, Some(2_428_923_189), sum)], false, 4_500_000_000)
        }
        "fsd50k" => {
            let archives = vec![
                fsd("ground_truth.zip", None, "ca27382c195e37d2269c4c866dd73485"),
                fsd("metadata.zip", None, "b9ea0c829a411c1d42adb9da539ed237"),
                fsd("doc.zip", None, "3516162b82dc2945d3e7feba0904e800"),
                fsd("eval_audio.z01", PART, "3090670eaeecc013ca1ff84fe4442aeb"),
                fsd("eval_audio.zip", Some(3_037_675_767), "6fa47636c3a3ad5c7dfeba99f2637982"),
                fsd("dev_audio.z01", PART, "faa7cf4cc076fc34a44a479a5ed862a3"),
                fsd("dev_audio.z02", PART, "8f9b66153e68571164fb1315d00bc7bc"),
                fsd("dev_audio.z03", PART, "1196ef47d267a993d30fa98af54b7159"),
                fsd("dev_audio.z04", PART, "d088ac4e11ba53daf9f7574c11cccac9"),
                fsd("dev_audio.z05", PART, "81356521aa159accd3c35de22da28c7f"),
                fsd("dev_audio.zip", Some(2_306_663_327), "c480d119b8f7a7e32fdb58f3ea4d6c5a"),
            ];
            (archives, false, 45_000_000_000)
        }
        "urbansound8k" => {
            let (file, bytes) = ("UrbanSound8K.tar.gz", Some(6_023_741_708));
            let archive = zenodo(URBAN, file, bytes, "9aa69802bbf37fb986f71ec1483a196e");
            (vec![archive], true, 10_000_000_000)
        }
        _ => return Err(unknown(name, NAMES)),
    };
    let clips = clips_of(name);
    Ok(Published { name: name.into(), archives, strip, unpacked_most, clips })
}

fn unknown<'a>(name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Error {
    let all: Vec<&str> = known.clone().into_iter().collect();
    let error =
        Error::new(Kind::Usage, "fetching a data set", format!("no set is called '{name}'"))
            .expected(all.join(", "));
    match nearest(name, known) {
        Some(near) => error.hint(format!("did you mean '{near}'?")),
        None => error.hint("an archive of your own can be described with --list FILE"),
    }
}

/// A set of a list of the user's own, as JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    archives: Vec<OwnArchive>,
    #[serde(default)]
    strip: bool,
    #[serde(default)]
    unpacked_bytes: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnArchive {
    file: String,
    url: Option<String>,
    bytes: Option<u64>,
    md5: Option<String>,
    sha256: Option<String>,
}

impl From<OwnArchive> for Archive {
    fn from(own: OwnArchive) -> Self {
        // The stronger one where both are given.
        let sum = own.sha256.map(Sum::Sha256).or(own.md5.map(Sum::Md5));
        Archive { file: own.file, url: own.url, bytes: own.bytes, sum, is_loose: false }
    }
}

/// The set called `name` in the list of the user's own `list`.
///
/// # Errors
/// A list that cannot be read or makes no sense; a name that is not in it.
pub fn listed(list: &Path, name: &str) -> Result<Published> {
    let doing = format!("reading {}", list.display());
    let wrong = |problem: String| Error::new(Kind::Data, &doing, problem);
    let text = disk::read_text_up_to(list, 1 << 24)?;
    let mut all: BTreeMap<String, Own> = serde_json::from_str(&text).map_err(|cause| {
        wrong(format!("this is no list of archives: {cause}")).expected(
            r#"{"NAME": {"archives": [{"file": "NAME.zip", "url": …, "bytes": …, "sha256": …}]}}"#,
        )
    })?;
    let Some(own) = all.remove(name) else {
        return Err(unknown(name, all.keys().map(String::as_str)).during(doing));
    };
    check_name(name, &wrong)?;
    let Own { archives, strip, unpacked_bytes } = own;
    let archives: Vec<Archive> = archives.into_iter().map(Archive::from).collect();
    if archives.is_empty() {
        return Err(wrong(format!("'{name}' has no archives")));
    }
    for archive in &archives {
        check_name(&archive.file, &wrong)?;
        if let Some(sum) = archive.sum.as_ref().filter(|sum| !sum.is_written_well()) {
            return Err(wrong(format!("the checksum of {} is none", archive.file))
                .expected("hexadecimal digits in lower case: 32 for MD5, 64 for SHA-256")
                .received(sum.to_string()));
        }
    }
    let unpacked_most = unpacked_bytes.unwrap_or(1 << 40);
    Ok(Published { name: name.into(), archives, strip, unpacked_most, clips: None })
}

/// A name must be one of a file in a folder, on every system.
fn check_name(name: &str, wrong: &dyn Fn(String) -> Error) -> Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.chars().all(fits) && !name.starts_with(['.', '-']) && !name.is_empty() {
        return Ok(());
    }
    Err(wrong(format!("'{name}' is no name for a file"))
        .expected("letters, digits, '.', '_' and '-', the first one a letter or a digit"))
}
