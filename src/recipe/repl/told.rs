//! What a session tells of itself, and of what can be called.

use super::Repl;
use crate::error::{Error, Kind, Result, nearest};
use crate::script::catalogue::{Entry, bare};
use crate::script::definitions::defined;
use crate::script::{kind_of, stdlib};
use rhai::ScriptFnMetadata;

impl Repl {
    /// The functions that were typed or loaded, without closures.
    pub(super) fn own_functions(&self) -> impl Iterator<Item = ScriptFnMetadata<'_>> {
        self.functions.iter_functions().filter(|own| !own.name.starts_with("anon$"))
    }

    /// Whether a variable or a function of the session is called so.
    pub fn knows(&self, name: &str) -> bool {
        self.scope.contains(name) || self.own_functions().any(|own| own.name == name)
    }

    /// The session's imports, variables and functions, one a line.
    pub fn vars(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for (alias, path) in &self.imports {
            lines.push(format!("import \"{path}\" as {alias}"));
        }
        let mut variables: Vec<String> = Vec::new();
        for (name, constant, value) in self.scope.iter_raw() {
            let word = if constant { "const " } else { "" };
            variables.push(format!("{word}{name}: {}", kind_of(&value.flatten_clone())));
        }
        lines.extend(variables.into_iter().rev());
        let mut own: Vec<String> = self.own_functions().map(|own| form(&own)).collect();
        own.sort();
        lines.extend(own.into_iter().map(|form| format!("fn {form}")));
        lines
    }

    /// The comment of whatever is called so, with its form and types.
    ///
    /// # Errors
    /// Nothing is called so.
    pub fn doc(&self, name: &str) -> Result<String> {
        let name = name.trim().trim_end_matches("()").trim_end_matches("::");
        let mut told: Vec<String> = Vec::new();
        for own in self.own_functions().filter(|own| own.name == name) {
            told.push(format!("fn {}\n\n{}", form(&own), bare(&own.comments)));
        }
        // `t.softmax` is asked for as well as `softmax`.
        let bare_name = name.rsplit('.').next().unwrap_or(name);
        for entry in self.known.iter().filter(|entry| entry.path() == bare_name) {
            if !entry.comment.is_empty() {
                told.push(format!("{}\n\n{}", defined(entry), entry.comment));
            }
        }
        let spaced = self.known.iter().filter(|entry| entry.namespace == name);
        let forms: Vec<String> = spaced.map(defined).collect();
        if !forms.is_empty() {
            told.push(format!("{name}::\n\n{}", forms.join("\n")));
        }
        if let Some(module) = stdlib::find(name) {
            let forms: Vec<String> =
                module.offers(&self.engine).iter().map(|own| own.form()).collect();
            told.push(format!("{}\n\n{}", module.about(), forms.join("\n")));
        }
        if let Some((alias, own_name)) = name.split_once("::")
            && let Some((_, path)) = self.imports.iter().find(|(known, _)| known == alias)
            && let Some(module) = stdlib::find(path)
        {
            for own in module.offers(&self.engine).iter().filter(|own| own.name == own_name) {
                told.push(format!("fn {alias}::{}\n\n{}", own.form(), own.comment));
            }
        }
        // `kl` is found as `kd::kl`, where nothing is called so without a namespace.
        if told.is_empty() && !bare_name.contains("::") {
            let named = |entry: &&Entry| !entry.namespace.is_empty() && entry.name == bare_name;
            let found = self.known.iter().filter(named).filter(|entry| !entry.comment.is_empty());
            told.extend(found.map(|entry| format!("{}\n\n{}", defined(entry), entry.comment)));
        }
        told.dedup();
        if !told.is_empty() {
            return Ok(told.join("\n\n").trim_end().to_string());
        }
        let error = Error::new(Kind::Name, ":doc", format!("nothing is called '{name}'"));
        let mut paths: Vec<String> = self.known.iter().map(|entry| entry.path()).collect();
        paths.extend(stdlib::MODULES.iter().map(|module| module.name.to_string()));
        Err(match nearest(bare_name, paths.iter().map(String::as_str)) {
            Some(known) => error.hint(format!("did you mean '{known}'?")),
            None => error,
        })
    }
}

fn form(own: &ScriptFnMetadata) -> String {
    format!("{}({})", own.name, own.params.join(", "))
}
