//! What doc comments say of options.

use super::Catalogue;
use crate::script::keys_of;

impl Catalogue {
    /// What the doc comments of a function say of one of its options; where they send the reader to another
    /// function, what that one says.
    pub fn about_option(&self, function: &str, key: &str) -> Option<String> {
        self.told_of(function, 3, &|text| clause(text, key))
    }

    /// The words that one of its options knows, of those that its doc comments name: `shuffled`, `sequential`, …
    pub fn words_of_option(&self, function: &str, key: &str) -> Vec<String> {
        // Others are numbers, paths, maps.
        let is_word = |about: &String| about.trim_start_matches('(').starts_with('"');
        if !self.about_option(function, key).as_ref().is_some_and(is_word) {
            return Vec::new();
        }
        let keys = keys_of(function).unwrap_or_default();
        self.told_of(function, 3, &|text| words(text, key, &keys)).unwrap_or_default()
    }

    fn told_of<T>(
        &self,
        function: &str,
        further: usize,
        told: &dyn Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let forms = self.named(function);
        if let Some(found) = forms.iter().find_map(|form| told(&form.doc)) {
            return Some(found);
        }
        let sent = forms.iter().flat_map(|form| quoted(&form.doc)).find_map(|name| {
            let name = name.split('(').next().unwrap_or(name);
            let other = name != function && further > 0;
            other.then(|| self.told_of(name, further - 1, told)).flatten()
        });
        // A layer and the operation on tensors have the same options.
        let bare = function.rsplit("::").next().filter(|bare| *bare != function && further > 0);
        sent.or_else(|| self.told_of(bare?, further - 1, told))
    }
}

/// What stands between back-ticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// What a text says of `key`: what stands in the parentheses behind it, or up to the next comma.
fn clause(text: &str, key: &str) -> Option<String> {
    listed(text, key).find_map(said)
}

/// What follows a key where options are listed; elsewhere it may be mentioned only.
fn listed<'a>(text: &'a str, key: &str) -> impl Iterator<Item = &'a str> {
    let text = text.split("```").next().unwrap_or_default();
    let named = format!("`{key}`");
    let all = text.find("ption").and_then(|at| text.get(at..)).unwrap_or_default();
    let ends: Vec<usize> = all.match_indices(&named).map(|(at, found)| at + found.len()).collect();
    ends.into_iter().filter_map(move |end| all.get(end..))
}

/// Words in quotation marks, up to the next key that is listed, or the end of the paragraph.
fn words(text: &str, key: &str, keys: &[&str]) -> Option<Vec<String>> {
    let rest = listed(text, key).next()?;
    let rest = rest.split("\n\n").next().unwrap_or_default();
    let next = keys.iter().filter_map(|other| rest.find(&format!("`{other}`"))).min();
    let own = rest.get(..next.unwrap_or(rest.len()))?;
    let all = own.split('"').skip(1).step_by(2).map(String::from);
    Some(all.filter(|word| !word.is_empty() && word != "name").collect())
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
