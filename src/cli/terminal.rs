//! What the terminal can show: how wide it is, and whether it knows more letters than ASCII.

use ratatui::crossterm::terminal::size;
use std::ffi::OsString;
use std::io::IsTerminal;

/// How many columns standard output has; unknown where it is no terminal and `COLUMNS` says nothing.
pub(super) fn width() -> Option<usize> {
    if std::io::stdout().is_terminal()
        && let Ok((columns, _)) = size()
        && columns > 0
    {
        return Some(usize::from(columns));
    }
    let said = std::env::var("COLUMNS").ok()?.parse::<usize>().ok()?;
    (said > 0).then_some(said)
}

/// Whether block elements, Greek and so on can be shown.
pub(super) fn speaks_unicode() -> bool {
    locale_speaks_unicode(&|name| std::env::var_os(name))
}

/// A locale that says another character set cannot; one that says nothing is as in most containers, whose terminals
/// can. The Linux console has no eighths of blocks.
pub fn locale_speaks_unicode(variable: &dyn Fn(&str) -> Option<OsString>) -> bool {
    let said = |name: &str| variable(name).filter(|text| !text.is_empty());
    let poor = said("TERM").is_some_and(|term| term == "dumb" || term == "linux");
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(said);
    let locale = locale.map(|locale| locale.to_string_lossy().to_lowercase().replace('-', ""));
    !poor && locale.is_none_or(|locale| locale.contains("utf8"))
}
