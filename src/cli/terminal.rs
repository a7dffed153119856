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
fn locale_speaks_unicode(variable: &dyn Fn(&str) -> Option<OsString>) -> bool {
    let said = |name: &str| variable(name).filter(|text| !text.is_empty());
    let poor = said("TERM").is_some_and(|term| term == "dumb" || term == "linux");
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(said);
    let locale = locale.map(|locale| locale.to_string_lossy().to_lowercase().replace('-', ""));
    !poor && locale.is_none_or(|locale| locale.contains("utf8"))
}

#[cfg(test)]
mod tests {
    use super::locale_speaks_unicode;

    #[test]
    fn the_locale_says_what_can_be_shown() {
        for (variables, expected) in [
            (vec![], true),
            (vec![("LANG", "C.UTF-8")], true),
            (vec![("LANG", "de_DE.utf8")], true),
            (vec![("LANG", "C")], false),
            (vec![("LANG", "en_US.UTF-8"), ("LC_ALL", "POSIX")], false),
            (vec![("LC_ALL", ""), ("LANG", "en_US.UTF-8")], true),
            (vec![("TERM", "linux"), ("LANG", "en_US.UTF-8")], false),
            (vec![("TERM", "dumb")], false),
            (vec![("TERM", "xterm-256color")], true),
        ] {
            let of = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).into())
            };
            assert_eq!(locale_speaks_unicode(&of), expected, "{variables:?}");
        }
    }
}
