//! Whether what was typed is a whole input, or goes on.

/// What stands open.
enum Open {
    Bracket,
    /// A text between backticks: only its end closes it.
    Text,
    /// Code within such a text: `${`.
    Code,
}

/// Signs after which something must follow.
const GOES_ON: [char; 17] =
    ['+', '-', '*', '/', '%', '=', '<', '>', '&', '|', '^', ',', '.', ':', '@', '~', '!'];

/// Whether an input is whole: no bracket, string or comment is open, and it does not end with an operator. What is
/// closed without having been opened is whole, and wrong.
pub fn is_whole(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let (mut at, mut open) = (0, Vec::new());
    let mut last = ' ';
    while let Some(&letter) = letters.get(at) {
        let next = letters.get(at + 1).copied();
        if let Some(Open::Text) = open.last() {
            match (letter, next) {
                // A doubled backtick is a backtick.
                ('`', Some('`')) => at += 1,
                ('`', _) => drop(open.pop()),
                ('$', Some('{')) => {
                    open.push(Open::Code);
                    at += 1;
                }
                _ => {}
            }
            at += 1;
            continue;
        }
        match (letter, next) {
            ('/', Some('/')) => {
                while letters.get(at).is_some_and(|letter| *letter != '\n') {
                    at += 1;
                }
                continue;
            }
            ('/', Some('*')) => match comment(&letters, at + 2) {
                Some(end) => {
                    at = end;
                    continue;
                }
                None => return false,
            },
            ('#', Some('"' | '#')) => match raw(&letters, at) {
                Some(end) => at = end,
                None => return false,
            },
            ('"' | '\'', _) => match quoted(&letters, at) {
                // Such a string ends on its line; a backslash at the end goes on.
                Quoted::Ends(end) => at = end,
                Quoted::GoesOn => return false,
                Quoted::Broken => return true,
            },
            ('`', _) => open.push(Open::Text),
            ('(' | '[' | '{', _) => open.push(Open::Bracket),
            (')' | ']' | '}', _) if open.pop().is_none() => return true,
            _ => {}
        }
        if !letter.is_whitespace() {
            last = letter;
        }
        at += 1;
    }
    // A function must follow its comment.
    let commented =
        text.trim_end().lines().last().is_some_and(|line| line.trim_start().starts_with("///"));
    open.is_empty() && !commented && !GOES_ON.contains(&last)
}

/// Where a block comment ends; comments may stand within each other.
fn comment(letters: &[char], mut at: usize) -> Option<usize> {
    let mut depth = 1;
    while depth > 0 {
        match (letters.get(at)?, letters.get(at + 1)) {
            ('*', Some('/')) => {
                depth -= 1;
                at += 1;
            }
            ('/', Some('*')) => {
                depth += 1;
                at += 1;
            }
            _ => {}
        }
        at += 1;
    }
    Some(at)
}

/// The last letter of `#"…"#`; what is none ends where it begins.
fn raw(letters: &[char], start: usize) -> Option<usize> {
    let hashes = letters.iter().skip(start).take_while(|letter| **letter == '#').count();
    if letters.get(start + hashes) != Some(&'"') {
        return Some(start);
    }
    let mut at = start + hashes + 1;
    loop {
        let closes = *letters.get(at)? == '"'
            && (1..=hashes).all(|place| letters.get(at + place) == Some(&'#'));
        if closes {
            return Some(at + hashes);
        }
        at += 1;
    }
}

enum Quoted {
    Ends(usize),
    GoesOn,
    Broken,
}

fn quoted(letters: &[char], start: usize) -> Quoted {
    let mut at = start + 1;
    while let Some(&letter) = letters.get(at) {
        match letter {
            '\\' => at += 1,
            '\n' => return Quoted::Broken,
            _ if Some(&letter) == letters.get(start) => return Quoted::Ends(at),
            _ => {}
        }
        at += 1;
    }
    if letters.last() == Some(&'\\') { Quoted::GoesOn } else { Quoted::Broken }
}
