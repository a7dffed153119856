//! Names that could stand where the cursor is.

use super::Repl;
use crate::script::catalogue::Sort;
use crate::script::stdlib;
use rhai::Map;
use std::collections::BTreeSet;

/// Words of the language that begin something.
const WORDS: [&str; 20] = [
    "break", "catch", "const", "continue", "else", "false", "fn", "for", "if", "import", "in",
    "let", "loop", "private", "return", "switch", "throw", "true", "try", "while",
];

impl Repl {
    /// Where the word before the cursor begins, and what it could become. `at` counts bytes.
    pub fn complete(&self, line: &str, at: usize) -> (usize, Vec<String>) {
        let before = line.get(..at).unwrap_or(line);
        let part = |letter: char| letter.is_alphanumeric() || letter == '_';
        let begun = before.trim_end_matches(part);
        let (start, begin) = (begun.len(), &before[begun.len()..]);
        let found = if let Some(path) = begun.strip_suffix("::") {
            self.in_namespace(&path[path.trim_end_matches(part).len()..])
        } else if let Some(owner) = begun.strip_suffix('.').filter(|rest| !rest.ends_with('.')) {
            self.after_dot(&owner[owner.trim_end_matches(part).len()..])
        } else if begin.is_empty() {
            BTreeSet::new()
        } else {
            self.anywhere()
        };
        (start, found.into_iter().filter(|name| name.starts_with(begin)).collect())
    }

    fn in_namespace(&self, namespace: &str) -> BTreeSet<String> {
        let own = self.known.iter().filter(|entry| entry.namespace == namespace);
        let own = own.filter(|entry| entry.sort == Sort::Function).map(|entry| entry.name.clone());
        let imported = self.imports.iter().filter(|(alias, _)| alias == namespace);
        let modules = imported.filter_map(|(_, path)| stdlib::find(path));
        let offered = modules.flat_map(|module| module.offers(&self.engine)).map(|own| own.name);
        own.chain(offered).collect()
    }

    /// Methods and properties: those of the variable's type, or all where it is not known.
    fn after_dot(&self, owner: &str) -> BTreeSet<String> {
        let value = self.scope.get(owner);
        let kind = value.map(|value| crate::script::catalogue::plain(value.type_name()));
        let fits = |of: &str| match &kind {
            Some(kind) => of == kind || of == "any" && !matches!(kind.as_str(), "map"),
            None => !of.is_empty(),
        };
        let methods = self.known.iter().filter(|entry| entry.namespace.is_empty());
        let all = methods.filter(|entry| fits(entry.of()));
        let all = all.filter(|entry| entry.sort == Sort::Property || entry.sort == Sort::Function);
        let mut names: BTreeSet<String> =
            all.filter(|entry| entry.of() != "any").map(|entry| entry.name.clone()).collect();
        if let Some(map) = value.and_then(|value| value.read_lock::<Map>()) {
            names.extend(map.keys().map(|key| key.to_string()));
        }
        names
    }

    fn anywhere(&self) -> BTreeSet<String> {
        let global = self.known.iter().filter(|entry| entry.namespace.is_empty());
        let global = global.filter(|entry| entry.sort == Sort::Function);
        let mut names: BTreeSet<String> = global.map(|entry| entry.name.clone()).collect();
        let spaces = self.known.iter().filter(|entry| !entry.namespace.is_empty());
        names.extend(spaces.map(|entry| format!("{}::", entry.namespace)));
        names.extend(self.imports.iter().map(|(alias, _)| format!("{alias}::")));
        names.extend(self.scope.iter_raw().map(|(name, ..)| name.to_string()));
        names.extend(self.own_functions().map(|own| own.name.to_string()));
        names.extend(WORDS.iter().map(|word| word.to_string()));
        names
    }
}
