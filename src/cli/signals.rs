//! Signals: what asks the program to stop, and what asks it for a checkpoint.

use super::note;
use crate::error::{Error, Kind, Result};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What is being done when the program shall stop gets so long, at least: one native operation cannot be cut in
/// the middle.
const PATIENCE: Duration = Duration::from_secs(10);
/// A stage whose steps take longer gets as many times its longest one, but no more than this.
const LONG: (u32, Duration) = (2, Duration::from_secs(60));
/// The watchdog looks this often.
const LOOK: Duration = Duration::from_millis(100);

/// The first Ctrl-C or SIGTERM asks to stop where that is possible, the second one ends the program at once; where
/// nothing has come of the first one for some time, it ends as well. `pulse` counts signs of life.
pub(super) fn catch_signals(stop: &Arc<AtomicBool>, pulse: &Arc<AtomicU64>) -> Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let failed =
        |cause: std::io::Error| Error::new(Kind::Internal, "catching signals", cause.to_string());
    // Not `stop` itself: other things may raise that as well.
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        let code = Kind::Interrupted.exit_code();
        flag::register_conditional_shutdown(signal, code, asked.clone())
            .and_then(|_| flag::register(signal, asked.clone()))
            .and_then(|_| flag::register(signal, stop.clone()))
            .map_err(failed)?;
    }
    guard(asked, pulse.clone()).map_err(failed)
}

/// Asks to stop where the process that began this one is gone, or says so by closing standard input: the second way,
/// beside signals, and one that a terminal's Ctrl-C for both does not take twice.
pub(super) fn stop_with_parent(stop: &Arc<AtomicBool>, pulse: &Arc<AtomicU64>) -> Result<()> {
    let failed = |cause: std::io::Error| {
        Error::new(Kind::Internal, "looking at the process above", cause.to_string())
    };
    let alone = Arc::new(AtomicBool::new(false));
    guard(alone.clone(), pulse.clone()).map_err(failed)?;
    let stop = stop.clone();
    let thread = std::thread::Builder::new().name("still parent".into());
    let listen = move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        alone.store(true, Ordering::Relaxed);
        stop.store(true, Ordering::Relaxed);
    };
    thread.spawn(listen).map(drop).map_err(failed)
}

fn guard(asked: Arc<AtomicBool>, pulse: Arc<AtomicU64>) -> std::io::Result<()> {
    let thread = std::thread::Builder::new().name("still watchdog".into());
    thread.spawn(move || watch(&asked, &pulse)).map(drop)
}

/// Ends the program where it has been asked to stop and does not.
fn watch(asked: &AtomicBool, pulse: &AtomicU64) {
    let mut longest = Duration::ZERO;
    let (mut beats, mut since) = (pulse.load(Ordering::Relaxed), Instant::now());
    let mut stops = false;
    loop {
        std::thread::sleep(LOOK);
        let now = pulse.load(Ordering::Relaxed);
        if now != beats {
            // Before the first sign of life there was no step.
            if beats > 0 && !stops {
                longest = longest.max(since.elapsed());
            }
            (beats, since) = (now, Instant::now());
        }
        if asked.load(Ordering::Relaxed) && !std::mem::replace(&mut stops, true) {
            since = Instant::now();
        }
        let patience = longest.saturating_mul(LONG.0).clamp(PATIENCE, LONG.1);
        if stops && since.elapsed() > patience {
            let seconds = since.elapsed().as_secs();
            note(&format!(
                "warning: what is being done has not ended within {seconds} s of the signal, so the program ends now; \
                 the last checkpoint is kept"
            ));
            std::process::exit(Kind::Interrupted.exit_code());
        }
    }
}

/// SIGUSR1, which a scheduler sends before it ends a job, asks for a checkpoint.
pub(super) fn catch_request(asked: &Arc<AtomicBool>) -> Result<()> {
    #[cfg(unix)]
    flag::register(signal_hook::consts::SIGUSR1, asked.clone())
        .map_err(|cause| Error::new(Kind::Internal, "catching signals", cause.to_string()))?;
    Ok(())
}
