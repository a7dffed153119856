//! Fetching and verifying data sets, from a server on this machine. No published address is ever asked.

mod archives;
mod cli;
mod download;
mod hostile;
mod hub;
mod server;
mod sets;

use crate::support::Sandbox;
use archives::zip;
use server::Server;
use std::path::Path;
use std::time::Duration;
use stillroom::data::fetch::{
    Archive, Fetched, Options, Patience, Published, Sum, Unwatched, fetch,
};
use stillroom::error::Result;

/// A patience that fits tests.
pub const PATIENCE: Patience = Patience {
    tries: 4,
    first_wait: Duration::from_millis(1),
    longest_wait: Duration::from_secs(5),
    silence: Duration::from_secs(20),
};

pub fn sha256(bytes: &[u8]) -> Sum {
    use sha2::Digest;
    let digits = sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Sum::Sha256(digits)
}

/// An archive with its right length and checksum.
pub fn archive(file: &str, content: &[u8]) -> Archive {
    let (bytes, sum) = (Some(content.len() as u64), Some(sha256(content)));
    Archive { file: file.into(), url: None, bytes, sum, is_loose: false }
}

pub fn set(name: &str, archives: Vec<Archive>, strip: bool) -> Published {
    Published { name: name.into(), archives, strip, unpacked_most: 10_000_000, clips: None }
}

/// A server with the tiny ESC-50, its archive and the set.
pub fn esc50() -> (Server, Vec<u8>, Published) {
    let content = zip(&archives::esc50());
    let server = Server::of(&[("esc.zip", &content)]);
    let set = set("esc50", vec![archive("esc.zip", &content)], true);
    (server, content, set)
}

pub fn options(server: &Server, folder: &Path) -> Options {
    Options {
        folder: folder.into(),
        from: Some(server.address.clone()),
        keep_archives: false,
        patience: PATIENCE,
    }
}

pub fn fetched(set: &Published, server: &Server, sandbox: &Sandbox) -> Result<Fetched> {
    fetch(set, &options(server, &sandbox.file("sets")), &mut Unwatched)
}
