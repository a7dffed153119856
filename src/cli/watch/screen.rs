//! The whole screen: the run, its stages, one stage in full, what happened.

use super::view::View;
use super::{Seen, charts};
use crate::cli::curves::{Curve, worth};
use crate::cli::lines;
use crate::cli::story::{self, Tone, about, lines_of, told};
use crate::cli::words::plain;
use crate::run::{Course, Entry, Happening, State};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};
use std::time::Duration;

/// What keys do.
const KEYS: [(&str, &str); 4] =
    [("Tab, arrows", "another stage"), ("f", "follow the run"), ("?", "help"), ("q", "leave")];
/// The log has no more lines than this part of the height.
const LOG: u16 = 3;

/// Draws everything; at any size, what has room.
pub fn draw(frame: &mut Frame, seen: &Seen, view: &View) {
    let area = frame.area();
    if area.width == 0 || area.height == 0 {
        return;
    }
    let width = usize::from(area.width);
    let mut top = vec![title(seen, view, width)];
    let picture = seen.picture;
    let shown = view.stage(picture);
    let course = shown.and_then(|at| picture.courses().get(at));
    if !picture.courses().is_empty() {
        top.push(tabs(seen, shown.unwrap_or(0), view, width));
    }
    if let Some(course) = course {
        top.push(progress(seen, course, view, width));
        top.push(numbers(seen, course, view));
        top.push(charts::settings(seen, course, view, width));
    } else {
        top.push(Line::from(" no stage has begun yet"));
    }
    // The foot goes first where there is no room, then the curves, then the log.
    let (height, head) = (area.height, top.len() as u16);
    let foot = u16::from(height > head);
    let rest = height.saturating_sub(head + foot);
    let log = log(seen, view, width.saturating_sub(2));
    // The frame around it has two lines.
    let wanted = (log.len() as u16).saturating_add(2);
    let ended = !seen.state.lives();
    let most = if ended || picture.pause.is_some() { rest * 2 / 3 } else { rest / LOG };
    let below = if rest >= 12 { wanted.min(most.max(5)) } else { wanted.min(rest) };
    let below = if below < 3 { 0 } else { below };
    frame.render_widget(Paragraph::new(top), Rect { height: head.min(height), ..area });
    let middle = Rect { y: area.y + head, height: rest - below, ..area };
    if let Some(course) = course.filter(|_| rest > below) {
        charts::draw(frame, middle, seen, course, view);
    }
    if below > 0 {
        let area = Rect { y: area.y + head + rest - below, height: below, ..area };
        let room = usize::from(below).saturating_sub(2);
        let kept = log.len().saturating_sub(room);
        let title = if ended { " result " } else { " what happened " };
        let lines: Vec<Line> = log.into_iter().skip(kept).collect();
        let block = view.block(Line::from(title));
        frame.render_widget(Paragraph::new(lines).block(block), area);
    }
    if foot > 0 {
        let area = Rect { y: area.y + height - 1, height: 1, ..area };
        frame.render_widget(Paragraph::new(keys(seen, view)), area);
    }
    if view.help {
        help(frame, view);
    }
    if !view.unicode {
        spell(frame);
    }
}

/// Puts a letter that every terminal has in place of each that some have not.
fn spell(frame: &mut Frame) {
    for cell in &mut frame.buffer_mut().content {
        let spelt = match cell.symbol() {
            symbol if symbol.is_ascii() => continue,
            "│" => "|",
            "─" | "–" | "−" => "-",
            "┌" | "┐" | "└" | "┘" => "+",
            "…" => "~",
            "λ" => "l",
            "τ" => "t",
            _ => "?",
        };
        cell.set_symbol(spelt);
    }
}

fn dim(view: &View) -> Style {
    view.tint(Color::DarkGray)
}

/// The run's name, and how it is.
fn title(seen: &Seen, view: &View, width: usize) -> Line<'static> {
    let colour = match seen.state {
        State::Running => Color::Green,
        State::Paused => Color::Yellow,
        State::Ended => Color::Blue,
        State::Failed | State::Interrupted | State::Stopped => Color::Red,
    };
    let mut state = match seen.state {
        State::Stopped => "stopped: its process is gone".to_string(),
        state => state.word().to_string(),
    };
    if seen.is_gone {
        state = "its folder is gone".into();
    }
    let took = seen.picture.started.map(|began| {
        let end = if seen.state.lives() { Some(seen.now) } else { seen.picture.last };
        end.and_then(|end| end.duration_since(began).ok())
    });
    let took = took.flatten().map(|took| format!("  {}", lines::time(took))).unwrap_or_default();
    let version = seen.picture.edits.iter().rev().find_map(|edit| edit.version);
    let version = version.filter(|version| *version > 0);
    let version = version.map(|version| format!("  version {version}")).unwrap_or_default();
    let seed = seen.picture.seed.map(|seed| format!("  seed {seed}")).unwrap_or_default();
    let name = format!(" {}", plain(seen.name));
    let more = format!("{took}{seed}{version}");
    let used = name.chars().count() + 2 + state.chars().count() + more.chars().count();
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let spans = vec![
        Span::styled(name, bold),
        Span::raw("  "),
        Span::styled(state, view.tint(colour).add_modifier(Modifier::BOLD)),
        Span::styled(if used <= width { more } else { took }, dim(view)),
    ];
    Line::from(spans)
}

/// All stages, the shown one marked; around it, as many as there is room for.
fn tabs(seen: &Seen, shown: usize, view: &View, width: usize) -> Line<'static> {
    let courses = seen.picture.courses();
    let current = seen.picture.current().map(|course| course.stage.name.as_str());
    let texts: Vec<String> = courses
        .iter()
        .map(|course| {
            let stage = &course.stage;
            let is_current = current == Some(stage.name.as_str()) && seen.state.lives();
            let sign = match (stage.from_store, stage.done, is_current, view.unicode) {
                (true, _, _, true) => "⇣",
                (true, _, _, false) => "=",
                (_, true, _, true) => "✓",
                (_, true, _, false) => "+",
                (_, _, true, true) => "▸",
                (_, _, true, false) => ">",
                _ => "·",
            };
            let worth =
                if stage.main().is_some() { format!(" {}", worth(stage)) } else { "".into() };
            format!(" {sign} {}{worth} ", plain(&stage.name))
        })
        .collect();
    // Stages left of the shown one go until it has room.
    let length = |from: usize| -> usize {
        texts.iter().take(shown + 1).skip(from).map(|text| text.chars().count() + 1).sum()
    };
    let from = (0..=shown).find(|from| length(*from) < width).unwrap_or(shown);
    let mut spans = Vec::new();
    if from > 0 {
        spans.push(Span::styled("‹", dim(view)));
    }
    for (at, text) in texts.into_iter().enumerate().skip(from) {
        let style = match at == shown {
            true => Style::new().add_modifier(Modifier::REVERSED),
            false => Style::new(),
        };
        spans.push(Span::styled(text, style));
        spans.push(Span::raw(" "));
    }
    Line::from(spans)
}

/// How far the stage is.
fn progress(seen: &Seen, course: &Course, view: &View, width: usize) -> Line<'static> {
    let live = seen.live_of(course);
    let step = live.map_or(course.steps(), |live| live.step);
    let steps = live.map(|live| live.steps).or(course.steps_planned);
    let epoch = live.map(|live| live.epoch).or(course.epochs.last().map(|epoch| epoch.epoch));
    let planned = course.epochs_planned.map(|all| format!("/{all}")).unwrap_or_default();
    let mut text = match epoch {
        Some(epoch) => format!(" epoch {epoch}{planned}  "),
        None => " ".to_string(),
    };
    let Some(steps) = steps.filter(|steps| *steps > 0) else {
        text.push_str(&about(course, 0));
        return Line::from(text);
    };
    text.push_str(&format!("step {step}/{steps} "));
    let share = (step as f64 / steps as f64).clamp(0.0, 1.0);
    let after = format!(" {:.0} %", share * 100.0);
    let room = width.saturating_sub(text.chars().count() + after.chars().count() + 1).min(60);
    if room < 8 {
        return Line::from(format!("{text}{after}"));
    }
    let full = (share * room as f64).round() as usize;
    let (on, off) = if view.unicode { ("━", "─") } else { ("#", "-") };
    Line::from(vec![
        Span::raw(text),
        Span::styled(on.repeat(full), view.tint(Color::Cyan)),
        Span::styled(off.repeat(room.saturating_sub(full)), dim(view)),
        Span::raw(after),
    ])
}

/// Speed, waiting, what is left; of a stage that has ended, what it gave.
fn numbers(seen: &Seen, course: &Course, view: &View) -> Line<'static> {
    let stage = &course.stage;
    let live = seen.live_of(course);
    let last = course.epochs.last();
    let mut parts = Vec::new();
    if stage.done {
        let fate = crate::cli::stages::fate(stage);
        parts.push(format!("{fate}: {}", worth(stage)));
        let time = stage.seconds.and_then(|s| Duration::try_from_secs_f64(s).ok());
        parts.extend(time.map(lines::time));
    }
    if let Some(loss) = live.and_then(|live| live.loss) {
        parts.push(format!("loss {}", Curve::Loss.text(loss, false)));
    }
    let speed = live.and_then(|live| live.clips_per_second);
    let speed = speed.or(last.and_then(|epoch| epoch.clips_per_second));
    parts.extend(speed.map(|speed| format!("{speed:.0} clips/s")));
    let waiting = live.and_then(|live| live.waiting).or(course.waiting);
    let waiting = waiting.or(last.and_then(|epoch| epoch.waiting));
    parts.extend(waiting.map(|share| format!("{:.1} % waiting for data", share * 100.0)));
    let left = live.and_then(|live| live.seconds_left).or(course.seconds_left());
    let is_current = seen.picture.current().is_some_and(|it| it.stage.name == stage.name);
    let left = left.filter(|_| is_current && seen.state == State::Running);
    let left = left.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    parts.extend(left.map(|left| format!("{} left", lines::time(left))));
    // During an evaluation, or one long step, nothing is written.
    let quiet = live.and_then(|live| seen.now.duration_since(live.at?).ok());
    let quiet = quiet.filter(|quiet| quiet.as_secs() >= 5 && seen.state == State::Running);
    parts.extend(quiet.map(|quiet| format!("last step {} s ago", quiet.as_secs())));
    let separator = if view.unicode { "  ·  " } else { "  " };
    Line::from(format!(" {}", parts.join(separator)))
}

/// What happened, the newest last: edits, pauses, warnings, results; in full why it waits or failed.
fn log(seen: &Seen, view: &View, width: usize) -> Vec<Line<'static>> {
    let picture = seen.picture;
    let tint = |tone: Tone| match tone {
        Tone::Plain => Style::new(),
        Tone::Good => view.tint(Color::Green),
        Tone::Warning => view.tint(Color::Yellow),
        Tone::Bad => view.tint(Color::Red),
    };
    let mut all = Vec::new();
    // Epochs are in the curves; what happens once must not be lost among them.
    let rare = |entry: &&Entry| !matches!(entry.what, Happening::Epoch { .. });
    for entry in picture.log().filter(rare) {
        let story::Told { text, message, tone } = told(entry, picture);
        all.extend(wrapped(&text, width).map(|line| Line::styled(line, tint(tone))));
        let lines = message.iter().flat_map(|message| lines_of(message));
        for line in
            lines.flat_map(|line| wrapped(&line, width.saturating_sub(2)).collect::<Vec<_>>())
        {
            all.push(Line::styled(format!("  {line}"), dim(view)));
        }
    }
    if seen.state.lives() {
        return all;
    }
    // At the end the table counts; why it failed comes before it.
    let why = picture.message.is_some();
    let kept = if why { all.len().saturating_sub(24) } else { all.len() };
    let mut lines = all.split_off(kept);
    if seen.state == State::Stopped {
        let text = "its process is gone and left no word; `still resume` goes on with it";
        lines.extend(wrapped(text, width).map(|line| Line::styled(line, tint(Tone::Bad))));
    }
    lines.extend(seen.table(Some(width)).lines().map(|line| Line::from(line.to_string())));
    lines
}

/// Pieces of at most so many letters, broken between words where that leaves no large hole.
fn wrapped(text: &str, width: usize) -> impl Iterator<Item = String> {
    let width = width.max(1);
    let letters: Vec<char> = text.chars().collect();
    let mut pieces = Vec::new();
    let mut rest = letters.as_slice();
    while rest.len() > width {
        let space = rest[..=width].iter().rposition(|letter| *letter == ' ');
        let end = space.filter(|space| *space > width / 2).unwrap_or(width);
        pieces.push(rest[..end].iter().collect::<String>().trim_end().to_string());
        rest = &rest[end..];
        rest = rest.strip_prefix(&[' ']).unwrap_or(rest);
    }
    pieces.push(rest.iter().collect());
    pieces.into_iter()
}

fn keys(seen: &Seen, view: &View) -> Line<'static> {
    let mut spans = vec![Span::raw(" ")];
    for (key, what) in KEYS.into_iter().rev() {
        if key == "f" && (view.follows() || !seen.state.lives()) {
            continue;
        }
        spans.push(Span::styled(key, Style::new().add_modifier(Modifier::BOLD)));
        spans.push(Span::styled(format!(" {what}   "), dim(view)));
    }
    let since = seen.picture.last.and_then(|last| seen.now.duration_since(last).ok());
    if let Some(since) = since.filter(|_| !seen.state.lives()) {
        spans.push(Span::styled(lines::ago(since), dim(view)));
    }
    Line::from(spans)
}

fn help(frame: &mut Frame, view: &View) {
    let mut lines: Vec<Line> =
        KEYS.iter().map(|(key, what)| Line::from(format!(" {key:<12} {what}"))).collect();
    let (train, step) = if view.unicode { ("line", "faint") } else { ("*", ".") };
    let colours = match view.colours {
        true => "Curves: training cyan, test yellow, accuracy green.",
        false => "Curves: the loss in training and on the clips that test.",
    };
    lines.extend([
        Line::from(""),
        Line::from(format!(" {colours}")),
        Line::from(format!(" Epochs: {train}; means of steps: {step}.")),
        Line::from(" Dots across: edits."),
        Line::from(" Leaving ends the view only; the run goes on."),
    ]);
    let area = frame.area();
    let wanted = lines.iter().map(Line::width).max().unwrap_or(0) as u16 + 3;
    let (width, height) = (wanted.min(area.width), (lines.len() as u16 + 2).min(area.height));
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(lines).block(view.block(Line::from(" keys "))), place);
}
