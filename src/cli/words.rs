//! Tables, times and sizes in words.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Rows in columns as wide as they need to be; a column whose head begins with a space stands right.
pub(super) fn columns(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        let own = head.get(column).map_or(0, |cell| cell.trim_start().chars().count());
        cells.max().unwrap_or(0).max(own)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells = cells.zip(&widths).zip(head).map(|((cell, width), head)| {
            let width = *width;
            if head.starts_with(' ') {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_string()
    };
    let mut lines = vec![line(&mut head.iter().map(|cell| cell.trim_start()))];
    lines.extend(rows.iter().map(|row| line(&mut row.iter().map(String::as_str))));
    lines.join("\n")
}

/// How long ago a time was, in its largest unit; a time to come (a clock was set back) as its date.
pub(super) fn ago(time: SystemTime) -> String {
    let Ok(past) = SystemTime::now().duration_since(time) else { return date(time) };
    let seconds = past.as_secs();
    match seconds {
        0..10 => "just now".into(),
        10..60 => format!("{seconds} s ago"),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

/// `2026-11-24 09:16:52`, UTC.
pub(super) fn date(time: SystemTime) -> String {
    // What a damaged journal says may be beyond what can be shown.
    let last = UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    let shown = humantime::format_rfc3339_seconds(time.clamp(UNIX_EPOCH, last)).to_string();
    shown.replace('T', " ").trim_end_matches('Z').to_string()
}

/// A time from seconds since 1970.
pub(super) fn time_of(seconds: f64) -> SystemTime {
    UNIX_EPOCH
        + Duration::try_from_secs_f64(seconds.clamp(0.0, 253_402_300_799.0)).unwrap_or_default()
}

/// `512 B`, `3.4 kB`, `1.2 GB`.
pub(super) fn bytes(count: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let mut size = count as f64 / 1000.0;
    let mut unit = 0;
    while size >= 999.95 && unit + 1 < units.len() {
        size /= 1000.0;
        unit += 1;
    }
    format!("{size:.1} {}", units.get(unit).unwrap_or(&"TB"))
}

/// `78.0 %`, or a dash where it is not known.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or("–".into(), |share| format!("{:.1} %", share * 100.0))
}

/// `1 run`, `3 runs`.
pub(super) fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// Text of a file of somebody else's, in one line: nothing in it may steer the terminal.
pub(super) fn plain(text: &str) -> String {
    let tame = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(tame).collect()
}

/// `7.7 M`, `1.02 G`.
pub(super) fn count(number: u64) -> String {
    let units = ["", " k", " M", " G", " T"];
    let (mut value, mut unit) = (number as f64, 0);
    while value >= 999.5 && unit + 1 < units.len() {
        (value, unit) = (value / 1000.0, unit + 1);
    }
    let digits = if unit == 0 || value >= 99.95 { 0 } else { 1 + usize::from(value < 9.995) };
    format!("{value:.digits$}{}", units[unit])
}

/// `7,770,868`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut text = digits[..first].to_string();
    for start in (first..digits.len()).step_by(3) {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(&digits[start..start + 3]);
    }
    text
}
