//! What doc comments say of options.

use super::Catalogue;

impl Catalogue {
    /// What the doc comments of a function say of one of its options; where they send the reader to another
    /// function, what that one says.
    pub fn about_option(&self, function: &str, key: &str) -> Option<String> {
        self.about(function, key, 3)
    }

    fn about(&self, function: &str, key: &str, further: usize) -> Option<String> {
        let forms = self.named(function);
        if let Some(found) = forms.iter().find_map(|form| clause(&form.doc, key)) {
            return Some(found);
        }
        let sent = forms.iter().flat_map(|form| quoted(&form.doc)).find_map(|name| {
            let name = name.split('(').next().unwrap_or(name);
            let other = name != function && further > 0;
            other.then(|| self.about(name, key, further - 1)).flatten()
        });
        // A layer and the operation on tensors have the same options.
        let bare = function.rsplit("::").next().filter(|bare| *bare != function && further > 0);
        sent.or_else(|| self.about(bare?, key, further - 1))
    }
}

/// What stands between back-ticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// What a text says of `key`: what stands in the parentheses behind it, or up to the next comma.
fn clause(text: &str, key: &str) -> Option<String> {
    let text = text.split("```").next().unwrap_or_default();
    let named = format!("`{key}`");
    // Where options are listed it is told; elsewhere it may be mentioned only.
    let listed = text.get(text.find("ption")?..)?;
    listed.match_indices(&named).find_map(|(at, _)| said(listed.get(at + named.len()..)?))
}

/// What is said up to the next comma; nothing where another name follows at once.
fn said(rest: &str) -> Option<String> {
    let aside = rest.strip_prefix(',').filter(|rest| rest.trim_start().starts_with("where "));
    let rest = aside.unwrap_or(rest);
    let mut depth = 0usize;
    let mut length = rest.len();
    for (at, letter) in rest.char_indices() {
        let next = rest.get(at + letter.len_utf8()..).and_then(|rest| rest.chars().next());
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            ',' | ';' if depth == 0 => length = at,
            '.' if depth == 0 && next.is_none_or(char::is_whitespace) => length = at,
            _ => continue,
        }
        if length == at {
            break;
        }
    }
    let said = rest.get(..length)?.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = said.trim_start_matches([':', ' ']).trim().to_string();
    let inner = said.strip_prefix('(').and_then(|said| said.strip_suffix(')'));
    let told = inner.map_or(said.clone(), str::to_string);
    (!told.is_empty()).then_some(told)
}
