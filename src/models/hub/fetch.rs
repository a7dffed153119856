//! Fetching by the crate `hf-hub`, into the cache that all programs of the hub share; what came is held against the
//! hub's checksum, which the crate does not do.

use super::Source;
use crate::disk;
use crate::error::{Error, Kind, Result};
use crossbeam_channel::{RecvTimeoutError, Sender, bounded, unbounded};
use hf_hub::api::Progress;
use hf_hub::api::sync::{Api, ApiBuilder, ApiError};
use hf_hub::{Cache, Repo, RepoType};
use sha2::Digest;
use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Environment variables of the hub.
const HOME: &str = "HF_HOME";
const CACHE: &str = "HF_HUB_CACHE";
const ENDPOINT: &str = "HF_ENDPOINT";
const TOKEN: &str = "HF_TOKEN";

/// How often a download that breaks off goes on.
const TRIES: usize = 4;
/// A server that says nothing for so long is given up.
const PATIENCE: Duration = Duration::from_secs(60);
/// Hexadecimal digits of a SHA-256.
const SHA256: usize = 64;

/// A hub, and the cache on this machine.
#[derive(Clone, Debug)]
pub struct Hub {
    cache: Cache,
    endpoint: Option<String>,
    token: Option<String>,
    patience: Duration,
}

/// What was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The file.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, where the hub tells one.
    pub sha256: Option<String>,
    /// Whether it was there before.
    pub was_there: bool,
}

/// The file of weights called `name` in the cache of this machine, by the environment's variables. Asks no network.
///
/// # Errors
/// A name that is none; weights that were not fetched.
pub fn cached(doing: &str, name: &str) -> Result<PathBuf> {
    let source = Source::named(doing, name)?;
    Hub::from_environment(doing)?.find(&source).ok_or_else(|| {
        Error::new(Kind::File, doing, "these weights were not fetched to this machine")
            .received(source.to_string())
            .hint(format!("`still models fetch {name}` fetches them"))
    })
}

impl Hub {
    /// The hub and the cache that the environment names: `HF_ENDPOINT`, `HF_HUB_CACHE` or else `HF_HOME`, `HF_TOKEN`.
    ///
    /// # Errors
    /// There is not even a home folder; an endpoint that is no address.
    pub fn from_environment(doing: &str) -> Result<Self> {
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let within = |home: PathBuf| home.join("hub");
        let said = variable(CACHE).map(PathBuf::from);
        let said = said.or_else(|| variable(HOME).map(PathBuf::from).map(within));
        let default = || Some(within(env::home_dir()?.join(".cache").join("huggingface")));
        let Some(cache) = said.or_else(default) else {
            return Err(Error::new(Kind::Usage, doing, "it is not known where the hub's cache is")
                .hint(format!("say so with {HOME}=FOLDER")));
        };
        Hub::at(doing, &cache, variable(ENDPOINT), variable(TOKEN))
    }

    /// A hub at an address, and a cache in a folder.
    ///
    /// # Errors
    /// An endpoint that is no address.
    pub fn at(
        doing: &str,
        cache: &Path,
        endpoint: Option<String>,
        token: Option<String>,
    ) -> Result<Self> {
        if let Some(own) = endpoint.as_deref().filter(|own| !is_address(own)) {
            return Err(Error::new(
                Kind::Usage,
                doing,
                format!("{ENDPOINT} is no address of the web"),
            )
            .expected("http://… or https://…")
            .received(own));
        }
        // The cache holds links to its own files; the crate makes them of whole paths only.
        let cache = std::path::absolute(cache).map_err(|cause| Error::io(doing, cache, &cause))?;
        let endpoint = endpoint.map(|own| own.trim_end_matches('/').to_string());
        Ok(Hub { cache: Cache::new(cache), endpoint, token, patience: PATIENCE })
    }

    /// The same, for a server that may say nothing for so long.
    pub fn with_patience(self, patience: Duration) -> Self {
        Hub { patience, ..self }
    }

    /// A file that is in the cache.
    pub fn find(&self, source: &Source) -> Option<PathBuf> {
        self.cache.repo(repository(source)).get(&source.file)
    }

    /// Fetches a file into the cache; what is there of it stays. `told` hears how many bytes are there, and of how
    /// many.
    ///
    /// # Errors
    /// A server that does not answer, or has no such file, or asks who wants it; a file with another checksum; a full
    /// disk.
    pub fn fetch(&self, source: &Source, told: &mut dyn FnMut(u64, u64)) -> Result<Fetched> {
        let doing = format!("fetching {source}");
        let failed = |cause: ApiError| refusal(&doing, source, cause);
        let api = self.api().map_err(failed)?.repo(repository(source));
        let (own, named, asked) = (self.clone(), source.clone(), doing.clone());
        let whole = self.patiently(&doing, told, move |_| own.whole(&asked, &named))??;
        let there = self.find(source).filter(|_| whole.blob.is_file());
        if let Some(path) = &there {
            // What somebody else put there, or a disk has spoilt.
            if whole.is_wrong(&doing)?.is_none() {
                return Ok(whole.fetched(path.clone(), true));
            }
            disk::remove_file(path)?;
            disk::remove_file(&whole.blob)?;
        }
        if whole.pointer.is_symlink() && !whole.pointer.exists() {
            // A link whose file is gone.
            disk::remove_file(&whole.pointer)?;
        }
        // As long as it should be, or longer: the crate would ask for what is behind its end.
        let part = whole.blob.with_extension("part");
        if part.metadata().is_ok_and(|own| own.len() >= whole.bytes) {
            disk::remove_file(&part)?;
        }
        let file = source.file.clone();
        let path = self.patiently(&doing, told, move |said| {
            api.download_with_progress(&file, Told { said, total: 0, done: 0 })
        })?;
        let path = path.map_err(failed)?;
        if let Some(found) = whole.is_wrong(&doing)? {
            disk::remove_file(&path)?;
            disk::remove_file(&whole.blob)?;
            return Err(Error::new(Kind::Data, doing, "the file is another one than the hub has")
                .expected(whole.sum())
                .received(found)
                .hint("it was removed; fetch it again, and if that is no better ask whoever runs the server"));
        }
        Ok(whole.fetched(path, false))
    }

    /// Does `act` in a thread of its own, which hears of every byte: the crate would wait for ever for a server that says
    /// nothing, and has no setting for that. A thread that is given up ends with the program.
    fn patiently<T: Send + 'static>(
        &self,
        doing: &str,
        told: &mut dyn FnMut(u64, u64),
        act: impl FnOnce(Sender<[u64; 2]>) -> T + Send + 'static,
    ) -> Result<T> {
        let (said, heard) = unbounded();
        let (ended, end) = bounded(1);
        let thread = std::thread::Builder::new().name("hub".into());
        thread
            .spawn(move || {
                let _ = ended.send(act(said));
            })
            .map_err(|cause| Error::new(Kind::Internal, doing, cause.to_string()))?;
        loop {
            match heard.recv_timeout(self.patience) {
                Ok([done, total]) => told(done, total),
                Err(RecvTimeoutError::Timeout) => break,
                // It says no more; its outcome comes at once.
                Err(RecvTimeoutError::Disconnected) => {
                    if let Ok(outcome) = end.recv_timeout(self.patience) {
                        return Ok(outcome);
                    }
                    break;
                }
            }
        }
        let seconds = self.patience.as_secs_f64();
        Err(Error::new(Kind::File, doing, "the server says nothing")
            .received(format!("nothing for {seconds} s"))
            .hint("try again: what has come stays, and is gone on with"))
    }

    fn api(&self) -> std::result::Result<Api, ApiError> {
        let mut builder = ApiBuilder::from_cache(self.cache.clone())
            .with_progress(false)
            .with_retries(TRIES)
            .with_user_agent("stillroom", env!("CARGO_PKG_VERSION"));
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint.clone());
        }
        if let Some(token) = &self.token {
            builder = builder.with_token(Some(token.clone()));
        }
        builder.build()
    }

    /// What the hub says of a file.
    fn whole(&self, doing: &str, source: &Source) -> Result<Whole> {
        let hub = self.api().map_err(|cause| refusal(doing, source, cause))?;
        let told = hub.metadata(&hub.repo(repository(source)).url(&source.file));
        let told = told.map_err(|cause| refusal(doing, source, cause))?;
        // Both become names of files.
        let plain = |text: &str| {
            let letters = text.bytes().all(|own| own.is_ascii_alphanumeric() || own == b'-');
            !text.is_empty() && text.len() <= 128 && letters
        };
        if !plain(told.etag()) || !plain(told.commit_hash()) {
            return Err(Error::new(Kind::Data, doing, "the server answers as no hub does")
                .received(format!("etag '{}', commit '{}'", told.etag(), told.commit_hash())));
        }
        let cache = self.cache.repo(repository(source));
        let blob = cache.blob_path(told.etag());
        let pointer = cache.pointer_path(told.commit_hash()).join(&source.file);
        Ok(Whole { blob, pointer, etag: told.etag().to_string(), bytes: told.size() as u64 })
    }
}

/// A file as the hub has it.
struct Whole {
    blob: PathBuf,
    /// Where it is found under its name.
    pointer: PathBuf,
    etag: String,
    bytes: u64,
}

impl Whole {
    /// The checksum that the hub tells: of large files it is the etag.
    fn sha256(&self) -> Option<&str> {
        let is_sum =
            self.etag.len() == SHA256 && self.etag.bytes().all(|own| own.is_ascii_hexdigit());
        is_sum.then_some(self.etag.as_str())
    }

    fn sum(&self) -> String {
        match self.sha256() {
            Some(sum) => format!("{} bytes, SHA-256 {sum}", self.bytes),
            None => format!("{} bytes", self.bytes),
        }
    }

    /// What is there instead, where it is another file.
    fn is_wrong(&self, doing: &str) -> Result<Option<String>> {
        let io = |cause: std::io::Error| Error::io(doing, &self.blob, &cause);
        let length = self.blob.metadata().map_err(io)?.len();
        if length != self.bytes {
            return Ok(Some(format!("{length} bytes")));
        }
        let Some(wanted) = self.sha256() else { return Ok(None) };
        let mut file = disk::open_regular(&self.blob)?;
        let mut sum = Summing(sha2::Sha256::new());
        std::io::copy(&mut file, &mut sum).map_err(io)?;
        let found: String = sum.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let differs = !found.eq_ignore_ascii_case(wanted);
        Ok(differs.then(|| format!("{length} bytes, SHA-256 {found}")))
    }

    fn fetched(&self, path: PathBuf, was_there: bool) -> Fetched {
        Fetched { path, bytes: self.bytes, sha256: self.sha256().map(str::to_string), was_there }
    }
}

struct Summing(sha2::Sha256);

impl std::io::Write for Summing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Tells how far a download is.
struct Told {
    said: Sender<[u64; 2]>,
    total: u64,
    done: u64,
}

impl Progress for Told {
    fn init(&mut self, size: usize, _: &str) {
        // It begins anew with each try, and then tells what is there.
        (self.total, self.done) = (size as u64, 0);
    }

    fn update(&mut self, size: usize) {
        self.done += size as u64;
        let _ = self.said.send([self.done, self.total]);
    }

    fn finish(&mut self) {}
}

fn repository(source: &Source) -> Repo {
    Repo::with_revision(source.repository.clone(), RepoType::Model, source.revision.clone())
}

fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let plain = |c: char| {
        c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '\\' | '^' | '`' | '{' | '|' | '}')
    };
    rest.is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[') && rest.chars().all(plain)
    })
}

/// Why the hub gives nothing, in the user's words.
fn refusal(doing: &str, source: &Source, cause: ApiError) -> Error {
    let told = cause.to_string();
    let request = match &cause {
        ApiError::RequestError(own) => Some(own.as_ref()),
        ApiError::TooManyRetries(own) => match own.as_ref() {
            ApiError::RequestError(own) => Some(own.as_ref()),
            _ => None,
        },
        _ => None,
    };
    match (request, &cause) {
        (Some(ureq::Error::StatusCode(404)), _) => {
            Error::new(Kind::File, doing, "the hub has no such file")
                .received(format!(
                    "'{}' of {} at {}",
                    source.file, source.repository, source.revision
                ))
                .hint(
                    "look at the repository's page: another file is named as owner/repository:file",
                )
        }
        (Some(ureq::Error::StatusCode(status @ (401 | 403))), _) => Error::new(
            Kind::File,
            doing,
            "the hub does not give it to everybody",
        )
        .received(format!("status {status}"))
        .hint(format!(
            "is the name right? Where its terms must be accepted, do so on its page and set {TOKEN}"
        )),
        (Some(ureq::Error::StatusCode(status)), _) => {
            Error::new(Kind::File, doing, "the hub did not give it")
                .received(format!("status {status}"))
                .hint("try again later; what has come stays")
        }
        (
            _,
            ApiError::MissingHeader(_) | ApiError::InvalidHeader(_) | ApiError::ParseIntError(_),
        ) => Error::new(Kind::Data, doing, "the server answers as no hub does").received(told),
        (_, ApiError::LockAcquisition(_)) => {
            Error::new(Kind::File, doing, "another process is fetching it").received(told)
        }
        _ => Error::new(Kind::File, doing, "it could not be fetched")
            .received(told)
            .hint("try again: what has come stays, and is gone on with"),
    }
}
