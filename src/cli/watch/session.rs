//! The terminal as long as a run is watched: taken, drawn on, and given back on every way out.

use super::view::{Asked, View};
use super::{LOOK, Seen, screen};
use crate::cli::{colours, out, terminal};
use crate::error::{Error, Kind, Result};
use crate::run::Following;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{self, Event};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use std::io::{Result as IoResult, Stdout, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What is left and how long ago something was goes on without news.
const REDRAW: Duration = Duration::from_secs(1);

/// The terminal in the state that a view needs; dropping this gives it back, also where the view panics.
struct Held;

impl Held {
    fn take() -> IoResult<Self> {
        enable_raw_mode()?;
        let held = Held;
        execute!(stdout(), EnterAlternateScreen, Hide)?;
        Ok(held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing back.
        let _ = execute!(stdout(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

/// Shows the run until the viewer leaves, or a signal comes; gives the exit code.
pub(super) fn watch(mut following: Following) -> Result<i32> {
    let signalled = Arc::new(AtomicBool::new(false));
    caught(&signalled)?;
    let view = View { unicode: terminal::speaks_unicode(), colours: colours(), ..View::default() };
    let outcome = Held::take().and_then(|_held| shown(&mut following, view, &signalled));
    outcome.map_err(|cause| {
        Error::new(Kind::File, "drawing on the terminal", cause.to_string())
            .hint("`still watch --lines` prints lines instead")
    })?;
    if signalled.load(Ordering::Relaxed) {
        return Ok(Kind::Interrupted.exit_code());
    }
    let seen = Seen::of(&following);
    if seen.state.lives() {
        out(&format!("{} goes on; `still watch` shows it again", seen.name));
    } else {
        out(&format!("{}: {}", seen.name, seen.state.word()));
        let table = seen.table(terminal::width());
        if !table.is_empty() {
            out(&table);
        }
    }
    Ok(0)
}

/// Ctrl-C is a key as long as the terminal is held; these come from elsewhere.
fn caught(signalled: &Arc<AtomicBool>) -> Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let mut signals = vec![SIGINT, SIGTERM];
    #[cfg(unix)]
    signals.extend([signal_hook::consts::SIGHUP, signal_hook::consts::SIGQUIT]);
    for signal in signals {
        signal_hook::flag::register(signal, signalled.clone())
            .map_err(|cause| Error::new(Kind::Internal, "catching signals", cause.to_string()))?;
    }
    Ok(())
}

fn shown(following: &mut Following, mut view: View, signalled: &AtomicBool) -> IoResult<()> {
    let mut terminal: Terminal<CrosstermBackend<Stdout>> =
        Terminal::new(CrosstermBackend::new(stdout()))?;
    let mut looked = Instant::now();
    let mut drawn: Option<Instant> = None;
    loop {
        if signalled.load(Ordering::Relaxed) {
            return Ok(());
        }
        if looked.elapsed() >= LOOK {
            if following.poll() {
                drawn = None;
            }
            looked = Instant::now();
        }
        if drawn.is_none_or(|drawn| drawn.elapsed() >= REDRAW) {
            terminal.draw(|frame| screen::draw(frame, &Seen::of(following), &view))?;
            drawn = Some(Instant::now());
        }
        if !event::poll(LOOK.saturating_sub(looked.elapsed()))? {
            continue;
        }
        match event::read()? {
            Event::Key(key) => match view.key(key, following.picture()) {
                Asked::Leave => return Ok(()),
                Asked::Draw => drawn = None,
                Asked::Nothing => {}
            },
            Event::Resize(..) => drawn = None,
            _ => {}
        }
    }
}
