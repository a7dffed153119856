//! One answer of a server, read in a thread of its own: whoever waits for it can stop at any time.

use crate::error::{Error, Kind, Result};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io::Read;
use std::time::Duration;

/// How long a server may be silent before the connection counts as cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Silence(pub Duration);

/// What is asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub url: String,
    /// From which byte on; 0 asks for all.
    pub at: u64,
    /// Only if the file is still the one of this validator.
    pub if_range: Option<String>,
}

/// The head of an answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    pub status: u16,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub content_length: Option<u64>,
    pub content_range: Option<String>,
    pub retry_after: Option<String>,
}

/// What comes of it, one after the other.
pub(super) enum Part {
    Head(Head),
    Bytes(Vec<u8>),
    End,
    /// It broke, for a reason that may pass, or for one that stays.
    Broken {
        why: String,
        may_pass: bool,
    },
}

/// Bytes in one part.
const BLOCK: usize = 1 << 17;

/// Asks; the parts come through the channel. Dropping it ends the thread.
///
/// # Errors
/// No thread can be had.
pub(super) fn ask(asked: Asked, silence: Silence) -> Result<Receiver<Part>> {
    let (sender, receiver) = bounded(16);
    let act = move || {
        let last = match answer(&asked, silence, &sender) {
            Ok(()) => Part::End,
            Err(Broken::Gone) => return,
            Err(Broken::Why(why, may_pass)) => Part::Broken { why, may_pass },
        };
        let _ = sender.send(last);
    };
    let spawned = std::thread::Builder::new().name("fetch".into()).spawn(act);
    spawned.map_err(|cause| Error::new(Kind::Internal, "fetching", cause.to_string()))?;
    Ok(receiver)
}

enum Broken {
    /// Nobody listens any more.
    Gone,
    Why(String, bool),
}

fn answer(
    asked: &Asked,
    silence: Silence,
    sender: &Sender<Part>,
) -> std::result::Result<(), Broken> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .user_agent(concat!("stillroom/", env!("CARGO_PKG_VERSION")))
        .accept_encoding("identity")
        .timeout_connect(Some(silence.0))
        .timeout_recv_response(Some(silence.0))
        .timeout_per_read(Some(silence.0))
        .build()
        .into();
    let mut request = agent.get(&asked.url);
    if asked.at > 0 {
        request = request.header("Range", format!("bytes={}-", asked.at));
        if let Some(validator) = &asked.if_range {
            request = request.header("If-Range", validator);
        }
    }
    let response = request.call().map_err(|cause| told(&cause))?;
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        Some(value.to_str().ok()?.trim().to_string())
    };
    let head = Head {
        status: response.status().as_u16(),
        etag: header("etag"),
        last_modified: header("last-modified"),
        content_length: header("content-length").and_then(|text| text.parse().ok()),
        content_range: header("content-range"),
        retry_after: header("retry-after"),
    };
    let has_content = matches!(head.status, 200 | 206);
    sender.send(Part::Head(head)).map_err(|_| Broken::Gone)?;
    if !has_content {
        return Ok(());
    }
    let mut body = response.into_body().into_with_config().limit(u64::MAX).reader();
    loop {
        let mut block = vec![0; BLOCK];
        let count = body.read(&mut block).map_err(|cause| Broken::Why(cause.to_string(), true))?;
        if count == 0 {
            return Ok(());
        }
        block.truncate(count);
        sender.send(Part::Bytes(block)).map_err(|_| Broken::Gone)?;
    }
}

fn told(cause: &ureq::Error) -> Broken {
    use ureq::Error;
    let stays = matches!(
        cause,
        Error::BadUri(_)
            | Error::Http(_)
            | Error::InvalidProxyUrl
            | Error::TooManyRedirects
            | Error::RedirectFailed
            | Error::Tls(_)
            | Error::Rustls(_)
    );
    Broken::Why(cause.to_string(), !stays)
}
