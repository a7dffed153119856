//! What happens, line by line.

use super::{LOOK, Seen};
use crate::cli::curves::Curve;
use crate::cli::lines;
use crate::cli::story::{lines_of, told};
use crate::cli::terminal;
use crate::cli::words::plain;
use crate::error::{Error, Kind, Result, tame};
use crate::run::{Following, State};
use std::io::{ErrorKind, Write};
use std::time::{Duration, Instant};

/// Where nothing happens for so long, the step is told.
const SILENCE: Duration = Duration::from_secs(30);

/// Prints what has happened and what happens, until the run ends or nobody reads on.
pub(super) fn watch(mut following: Following) -> Result<()> {
    let mut out = std::io::stdout();
    match story(&mut following, &mut out) {
        // `| head` has what it wants.
        Err(cause) if cause.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(cause) => Err(Error::new(Kind::File, "writing to standard output", cause.to_string())),
        Ok(()) => Ok(()),
    }
}

fn story(following: &mut Following, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "{}", tame(following.name()))?;
    let mut told_before = 0;
    let mut spoke = Instant::now();
    loop {
        let picture = following.picture();
        // Another journal begins at its first line.
        told_before = if picture.told() < told_before { 0 } else { told_before };
        for entry in picture.log_since(told_before) {
            let what = told(entry, picture);
            writeln!(out, "{}", tame(&what.text))?;
            for line in what.message.iter().flat_map(|message| lines_of(message)) {
                writeln!(out, "  {}", tame(&line))?;
            }
            spoke = Instant::now();
        }
        told_before = picture.told();
        if spoke.elapsed() > SILENCE {
            if let Some(line) = now(following) {
                writeln!(out, "{}", tame(&line))?;
            }
            spoke = Instant::now();
        }
        out.flush()?;
        let ended = !following.state().lives();
        if ended || following.is_gone() {
            return end(following, out);
        }
        std::thread::sleep(LOOK);
        following.poll();
    }
}

/// Where the stage stands between two epochs.
fn now(following: &Following) -> Option<String> {
    let live = following.live()?;
    let mut line = format!("{}: step {}/{}", plain(&live.stage), live.step, live.steps);
    if let Some(loss) = live.loss {
        line.push_str(&format!("  loss {}", Curve::Loss.text(loss, false)));
    }
    if let Some(speed) = live.clips_per_second {
        line.push_str(&format!("  {speed:.0} clips/s"));
    }
    if let Some(left) = live.seconds_left.and_then(|s| Duration::try_from_secs_f64(s).ok()) {
        line.push_str(&format!("  {} left", lines::time(left)));
    }
    Some(line)
}

fn end(following: &Following, out: &mut dyn Write) -> std::io::Result<()> {
    if following.is_gone() {
        writeln!(out, "the run's folder is gone")?;
    } else if following.state() == State::Stopped {
        writeln!(
            out,
            "the run's process is gone and left no word; `still resume` goes on with it"
        )?;
    }
    let table = Seen::of(following).table(terminal::width());
    if !table.is_empty() {
        writeln!(out, "\n{}", tame(&table))?;
    }
    out.flush()
}
