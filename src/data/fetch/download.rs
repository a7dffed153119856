//! One archive, from the net to the disk: it goes on where it was cut off, and is whole only when it is right.

use super::Watch;
use super::catalogue::Archive;
use super::http::{self, Asked, Head, Part, Silence};
use super::part::{Known, Paths};
use super::sum::Taking;
use super::watch::go_on;
use crate::disk::{self, Growing};
use crate::error::{Error, Kind, Result};
use crossbeam_channel::RecvTimeoutError;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How much is put up with from a server.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// So many tries in a row may bring nothing new.
    pub tries: u32,
    /// The wait after the first of them; it doubles each time.
    pub first_wait: Duration,
    /// The longest wait, a server's own `Retry-After` included.
    pub longest_wait: Duration,
    /// How long a server may be silent.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            tries: 6,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(300),
            silence: Duration::from_secs(60),
        }
    }
}

/// How often a stop is looked for.
const TICK: Duration = Duration::from_millis(100);

/// What one answer came to.
enum Came {
    Whole,
    /// It may be better next time; the server may say when.
    Cut {
        why: String,
        wait: Option<Duration>,
    },
    /// What is there is of no use; the next try begins anew.
    Anew(String),
}

pub(super) struct Download<'a> {
    archive: &'a Archive,
    url: String,
    paths: Paths,
    patience: Patience,
    /// The most that the archive may have where its length is not known.
    most: u64,
    doing: String,
}

impl<'a> Download<'a> {
    pub fn new(
        archive: &'a Archive,
        url: String,
        folder: &Path,
        patience: Patience,
        most: u64,
    ) -> Self {
        let doing = format!("fetching {url}");
        Download { archive, url, paths: Paths::of(folder, &archive.file), patience, most, doing }
    }

    fn wrong(&self, problem: impl Into<String>) -> Error {
        Error::new(Kind::Data, &self.doing, problem)
    }

    /// The length that must be, where it is known.
    fn pinned(&self) -> Option<u64> {
        self.archive.bytes.filter(|_| !self.archive.is_loose)
    }

    /// The whole archive's path, once it is there and right.
    pub fn run(&self, watch: &mut dyn Watch) -> Result<PathBuf> {
        if self.paths.whole.exists() && self.is_there(watch)? {
            return Ok(self.paths.whole.clone());
        }
        let mut part = Growing::open(&self.paths.part)?;
        if part.length() > 0 && !self.is_of_use(&part) {
            part.clear()?;
        }
        let mut taking = Taking::like(self.archive.sum.as_ref());
        if part.length() > 0 {
            watch.begin(
                &format!("checking the part of {}", self.archive.file),
                Some(part.length()),
                0,
            );
            let read = taking.file(&self.paths.part, watch);
            watch.end();
            read?;
        }
        watch.begin(&self.archive.file, self.archive.bytes, part.length());
        let outcome = self.tries(&mut part, &mut taking, watch);
        watch.end();
        outcome.map_err(|error| self.kept(error, part.length()))?;
        self.settle(part, taking, watch)
    }

    /// Whether an archive that is there already is right; a wrong one is removed.
    fn is_there(&self, watch: &mut dyn Watch) -> Result<bool> {
        let file = &self.archive.file;
        let length = disk::size_of(&self.paths.whole);
        let mut taking = Taking::like(self.archive.sum.as_ref());
        watch.begin(&format!("checking {file}, which is there already"), Some(length), 0);
        let read = taking.file(&self.paths.whole, watch);
        watch.end();
        read?;
        let is_right = self.pinned().is_none_or(|bytes| bytes == length)
            && (self.archive.is_loose || taking.finish() == self.archive.sum);
        if !is_right {
            watch.told(&format!("{file} is there, but damaged: fetching it again"));
            disk::remove_file(&self.paths.whole)?;
        }
        Ok(is_right)
    }

    /// Whether to go on with a part: a checksum tells in the end; without one it must be the same file's.
    fn is_of_use(&self, part: &Growing) -> bool {
        if self.pinned().is_some_and(|bytes| part.length() > bytes) {
            return false;
        }
        let has_sum = self.archive.sum.is_some() && !self.archive.is_loose;
        let same = |known: Known| {
            known.url == self.url && (known.etag.is_some() || known.last_modified.is_some())
        };
        has_sum || self.paths.known().is_some_and(same)
    }

    /// An error, with what is kept on the disk.
    fn kept(&self, error: Error, length: u64) -> Error {
        if length == 0 || error.kind() == Kind::Data || error.kind() == Kind::Interrupted {
            return error;
        }
        let before = error.report().hint.clone().map_or(String::new(), |hint| format!("{hint}; "));
        error.hint(format!(
            "{before}the {length} bytes that came are kept: the same command goes on from there"
        ))
    }

    fn tries(&self, part: &mut Growing, taking: &mut Taking, watch: &mut dyn Watch) -> Result<()> {
        let (mut best, mut failures) = (part.length(), 0u32);
        loop {
            if self.pinned().is_some_and(|bytes| bytes == part.length()) {
                return Ok(());
            }
            let (why, wait) = match self.answer(part, taking, watch)? {
                Came::Whole => return Ok(()),
                Came::Cut { why, wait } => (why, wait),
                Came::Anew(why) => {
                    self.begin_anew(part, taking, watch)?;
                    (why, None)
                }
            };
            failures = if part.length() > best { 1 } else { failures + 1 };
            best = best.max(part.length());
            if failures >= self.patience.tries {
                return Err(Error::new(Kind::File, &self.doing, "the server gives no whole file")
                    .received(format!("{why}; {failures} tries in a row brought nothing new"))
                    .hint(
                        "is the machine on the net? another server can be named with --from URL",
                    ));
            }
            let doubled = self.patience.first_wait.saturating_mul(1 << (failures - 1).min(16));
            let wait = wait.unwrap_or(doubled);
            if wait > self.patience.longest_wait && wait > doubled {
                return Err(Error::new(
                    Kind::File,
                    &self.doing,
                    "the server asks to come back later",
                )
                .received(format!("{why}; in {} s", wait.as_secs())));
            }
            let wait = wait.min(self.patience.longest_wait);
            watch.told(&format!(
                "{}: {why}; again in {:.1} s",
                self.archive.file,
                wait.as_secs_f64()
            ));
            self.sleep(wait, watch)?;
        }
    }

    fn begin_anew(
        &self,
        part: &mut Growing,
        taking: &mut Taking,
        watch: &mut dyn Watch,
    ) -> Result<()> {
        part.clear()?;
        *taking = Taking::like(self.archive.sum.as_ref());
        watch.end();
        watch.begin(&self.archive.file, self.archive.bytes, 0);
        Ok(())
    }

    fn sleep(&self, wait: Duration, watch: &mut dyn Watch) -> Result<()> {
        let end = Instant::now() + wait;
        loop {
            go_on(watch, &self.doing)?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(TICK));
        }
    }

    /// Asks once, and takes what comes.
    fn answer(
        &self,
        part: &mut Growing,
        taking: &mut Taking,
        watch: &mut dyn Watch,
    ) -> Result<Came> {
        let known = self.paths.known().filter(|known| known.url == self.url);
        let if_range = known.as_ref().and_then(Known::validator);
        let asked = Asked { url: self.url.clone(), at: part.length(), if_range };
        let parts = http::ask(asked, Silence(self.patience.silence))?;
        let mut length = None;
        loop {
            go_on(watch, &self.doing)?;
            let next = match parts.recv_timeout(TICK) {
                Ok(next) => next,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => Part::End,
            };
            match next {
                Part::Head(head) => match self.head(&head, part, taking, &known, watch)? {
                    Ok(total) => length = Some(total),
                    Err(came) => return Ok(came),
                },
                Part::Bytes(bytes) => {
                    let most = length.flatten().unwrap_or(self.most);
                    if part.length() + bytes.len() as u64 > most {
                        self.paths.discard()?;
                        return Err(self
                            .wrong("the server sends more than the file has")
                            .expected(format!("{most} bytes")));
                    }
                    part.write(&bytes)?;
                    taking.update(&bytes);
                    watch.advance(bytes.len() as u64);
                }
                Part::End
                    if length.is_some_and(|l| l.is_none_or(|total| total == part.length())) =>
                {
                    return Ok(Came::Whole);
                }
                Part::End => return Ok(cut("the connection was cut".into())),
                Part::Broken { why, may_pass: true } => return Ok(cut(why)),
                Part::Broken { why, may_pass: false } => {
                    return Err(Error::new(Kind::File, &self.doing, why)
                        .hint("another server can be named with --from URL"));
                }
            }
        }
    }

    /// The length that the whole file will have, if the head tells, or what has come of it at once.
    #[allow(clippy::type_complexity)]
    fn head(
        &self,
        head: &Head,
        part: &mut Growing,
        taking: &mut Taking,
        known: &Option<Known>,
        watch: &mut dyn Watch,
    ) -> Result<std::result::Result<Option<u64>, Came>> {
        let again = |why: String| {
            let wait = head.retry_after.as_deref().and_then(retry_after);
            Ok(Err(Came::Cut { why, wait }))
        };
        let total = match head.status {
            206 => {
                let range = head.content_range.as_deref().and_then(content_range);
                let Some((from, total)) = range.filter(|(from, _)| *from == part.length()) else {
                    return Ok(Err(Came::Anew(
                        "the server sends another part than asked for".into(),
                    )));
                };
                if known.as_ref().is_some_and(|known| known.contradicts(head)) {
                    return Ok(Err(Came::Anew("the file on the server has changed".into())));
                }
                total.or(head.content_length.map(|bytes| from + bytes))
            }
            200 => {
                if part.length() > 0 {
                    watch.told(&format!(
                        "{}: the server sends it from its beginning",
                        self.archive.file
                    ));
                    self.begin_anew(part, taking, watch)?;
                }
                head.content_length
            }
            416 => {
                let total =
                    head.content_range.as_deref().and_then(|text| text.strip_prefix("bytes */"));
                if part.length() > 0
                    && total.and_then(|text| text.parse().ok()) == Some(part.length())
                {
                    return Ok(Err(Came::Whole));
                }
                return Ok(Err(Came::Anew(
                    "the server's file is shorter than what is here".into(),
                )));
            }
            status @ (408 | 425 | 429 | 500 | 502 | 503 | 504) => {
                return again(format!("the server answers {status}"));
            }
            status => {
                let hint = match status {
                    404 | 410 => "the file has moved; another server can be named with --from URL",
                    _ => "another server can be named with --from URL",
                };
                return Err(Error::new(
                    Kind::File,
                    &self.doing,
                    format!("the server answers {status}"),
                )
                .hint(hint));
            }
        };
        if let (Some(pinned), Some(total)) = (self.pinned(), total)
            && pinned != total
        {
            return Err(self
                .wrong("the file on the server has another length than the published one")
                .expected(format!("{pinned} bytes"))
                .received(format!("{total} bytes")));
        }
        let (etag, last_modified) = (head.etag.clone(), head.last_modified.clone());
        self.paths.keep(&Known { url: self.url.clone(), etag, last_modified, bytes: total })?;
        Ok(Ok(total.or(self.pinned())))
    }

    /// Compares what came with what was published, and gives it its name.
    fn settle(&self, part: Growing, taking: Taking, watch: &mut dyn Watch) -> Result<PathBuf> {
        let (taken, file) = (taking.finish(), &self.archive.file);
        if let (Some(right), Some(taken)) = (&self.archive.sum, &taken)
            && right != taken
        {
            if !self.archive.is_loose {
                drop(part);
                self.paths.discard()?;
                return Err(self
                    .wrong("the checksum is not the published one; what came was removed")
                    .expected(right.to_string())
                    .received(taken.to_string())
                    .hint("try again; if it stays so, the server has another file"));
            }
            watch.told(&format!(
                "{file} is packed in another way than it once was ({taken}); its clips decide"
            ));
        }
        part.sync()?;
        drop(part);
        self.paths.complete()?;
        Ok(self.paths.whole.clone())
    }
}

fn cut(why: String) -> Came {
    Came::Cut { why, wait: None }
}

/// `bytes 10-99/100`: the first byte and the whole length, which may be `*`.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (from, _) = range.split_once('-')?;
    Some((from.trim().parse().ok()?, total.trim().parse().ok()))
}

/// In seconds; a date is not looked at, and the usual wait holds.
fn retry_after(text: &str) -> Option<Duration> {
    text.parse().ok().map(Duration::from_secs)
}
