//! Functions and properties that are not there: what was meant.

use super::diagnose::{Knowledge, Sources, called, lower, word};
use super::names::{Binding, Names};
use super::operations::no_operation;
use super::undefined::{self, binds};
use super::{habits, meant, stdlib};
use crate::error::{Error, Kind, nearest};
use rhai::Position;

/// What stands behind the point after a name.
fn member<'a>(row: &'a str, name: &str) -> Option<&'a str> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    row.match_indices(name).find_map(|(at, found)| {
        let after = row[at + found.len()..].strip_prefix('.')?;
        let end = after.find(|c: char| !word(c)).unwrap_or(after.len());
        (!row[..at].ends_with(word) && end > 0).then(|| &after[..end])
    })
}

impl Knowledge<'_> {
    /// A name that stands for nothing at a place of `source`.
    pub(super) fn not_defined(&self, name: &str, source: &str, at: Position) -> Error {
        let error = Error::new(Kind::Name, name, "this name is not defined here");
        let form = self.signatures.forms(name).first().copied();
        if let Some(form) = form.filter(|_| name.contains("::")) {
            return error.hint(format!("it is a function, which is called: {form}"));
        }
        let Some(text) = self.sources.text(source) else { return error };
        let row = at.line().and_then(|line| text.lines().nth(line - 1));
        let behind_point = row.and_then(|row| member(row, name));
        if let Some(member) = behind_point.filter(|_| self.signatures.has_namespace(name)) {
            let known = self.signatures.near(&format!("{name}::{}", member.to_lowercase()));
            let form = known.map(|known| format!(": {}", self.signatures.forms_of(known)));
            let form = form.unwrap_or_else(|| format!(": {name}::…"));
            return error.hint(format!("a namespace has two colons behind it{form}"));
        }
        match undefined::meant(text, name, row.unwrap_or_default()) {
            Some(hint) => error.hint(hint),
            None => match form.filter(|_| !row.is_some_and(|row| row.contains(&format!("{name}(")))) {
                Some(form) => error.hint(format!(
                    "it is a function, which is called: {form}; what is handed on is one of this file: Fn(\"loss\")"
                )),
                None => error,
            },
        }
    }

    /// `signature` is Rhai's: `kd::kl (Tensor, i64)`.
    pub(super) fn no_function(&self, signature: &str) -> Error {
        let (name, types) = signature.split_once(" (").unwrap_or((signature, ""));
        let types = types.strip_suffix(')').unwrap_or(types);
        let types: Vec<&str> = types.split(", ").map(word).collect();
        let types = types.join(", ");
        // Rhai's own name of a closure means nothing to anybody.
        if name.starts_with("anon$") {
            let error = Error::new(Kind::Type, "a closure", "it takes another number of arguments")
                .received(format!("({types})"));
            let hint = "its parameters stand between the bars: |a, b| a + b is called with two";
            return match self.sources.all().count() {
                0 | 1 => error.hint(hint),
                _ => error.hint(format!(
                    "{hint}; what a module's function gives can be called in that module alone"
                )),
            };
        }
        if name.starts_with("elements of different types") {
            return Error::new(Kind::Type, "sort", name).hint(
                "give the order: array.sort(|a, b| …), whose number is below 0 where a comes first",
            );
        }
        if types.is_empty() && name.contains("::") {
            let handed = format!("Fn(\"{name}\")");
            if self.sources.all().any(|(_, text)| text.contains(&handed)) {
                let problem = "Fn(…) names a function of this file alone";
                return Error::new(Kind::Name, name, problem)
                    .hint("write one that calls it, and name that");
            }
        }
        let forms = self.signatures.forms(name);
        let is_named = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if !forms.is_empty() && is_named {
            // What the host shows of maps is one form of many.
            let forms = if name == "print" { "print(value)".into() } else { forms.join(" or ") };
            let error =
                Error::new(Kind::Type, name, "no form of this function takes these arguments")
                    .expected(forms)
                    .received(format!("{name}({types})"));
            return match meant::arguments(name, &types) {
                Some(hint) => error.hint(hint),
                None => error,
            };
        }
        if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return no_operation(name, &types);
        }
        let error = Error::new(Kind::Name, name, "there is no such function")
            .received(format!("{name}({types})"));
        if self.sources.all().any(|(_, text)| undefined::holds_function(text, name)) {
            return error.hint(called(name));
        }
        if let Some(hint) = meant::arguments(name, &types) {
            return error.hint(hint);
        }
        // A function of the recipe's own goes before what others call so.
        let own = self.sources.all().any(|(_, text)| !forms_of(text, name).is_empty());
        if let Some(hint) = habits::function(name).filter(|_| !own) {
            return error.hint(hint);
        }
        if let Some(hint) = self.meant(name, &types) {
            return error.hint(hint);
        }
        if let Some(form) = imported(self.sources, name) {
            return error.hint(format!("did you mean {form}?"));
        }
        self.signatures.proposed(error, name)
    }

    /// Whether a module has a function of that name, and no other file has one.
    fn is_of_module(&self, name: &str) -> bool {
        let mut with = self.sources.all().filter(|(_, text)| !forms_of(text, name).is_empty());
        let imported = |source: &str| {
            let stem = source.trim_end_matches(".rhai");
            self.sources.all().any(|(_, text)| {
                let names = Names::of(text);
                let paths = names.symbols().iter().filter_map(|own| own.path.as_deref());
                paths
                    .map(|path| path.trim_start_matches("./").trim_end_matches(".rhai"))
                    .any(|path| !path.is_empty() && stem.ends_with(path))
            })
        };
        with.all(|(source, _)| imported(source))
    }

    /// What a call of something that is no function, or not in this way, was meant to be.
    fn meant(&self, name: &str, types: &str) -> Option<String> {
        let count = types.split(", ").filter(|one| !one.is_empty()).count();
        let texts = || self.sources.all().map(|(_, text)| text);
        let own = texts().flat_map(|text| forms_of(text, name)).collect::<Vec<_>>();
        match own.as_slice() {
            [] => {}
            // Of a module, it was handed on as Fn("…").
            [_] if self.is_of_module(name) => {
                return Some(format!(
                    "Fn(\"{name}\") of a module can be called in that module alone: write a function here that calls it, and name that"
                ));
            }
            // It has the parameters, so it stood behind a point, where Rhai counts one less.
            [one] if one.len() == count => {
                return Some(format!(
                    "call the recipe's own function as {name}(…), not behind a point"
                ));
            }
            [one] => {
                return Some(format!("the recipe's own function is {name}({})", one.join(", ")));
            }
            several => {
                let forms = several.iter().map(|one| format!("{name}({})", one.join(", ")));
                let forms: Vec<String> = forms.collect();
                return Some(format!("the recipe's own functions are {}", forms.join(" and ")));
            }
        }
        match types.split(", ").collect::<Vec<_>>().as_slice() {
            ["map" | "Network", "Tensor", ..] => {
                let own = texts().any(|text| text.contains(&format!("self.{name}(")));
                let owner = if own { "self" } else { "" };
                Some(format!("if '{name}' is a network, call {owner}.{name}.forward(…)"))
            }
            ["Tensor", ..] if texts().any(|text| binds(text, name)) => {
                Some(format!("if '{name}' is a network, call {name}.forward(…)"))
            }
            [_] if self.signatures.iter().any(|(known, _)| *known == format!("get${name}")) => {
                Some(format!("it is a property: write .{name} without parentheses"))
            }
            _ => None,
        }
    }

    /// `what` is Rhai's: `Unknown property 'x' - a getter is not registered for type 'T'`.
    pub(super) fn no_property(&self, what: &str) -> Error {
        let mut quoted = what.split('\'').skip(1).step_by(2);
        let (Some(name), Some(owner)) = (quoted.next(), quoted.next()) else {
            return Error::new(Kind::Script, "the recipe", lower(what));
        };
        if what.contains("setter") {
            let error = Error::new(Kind::Name, word(owner), format!("'{name}' cannot be set so"))
                .received(quoted.next().map_or("nothing", word));
            return match meant::setting(name, word(owner)) {
                Some(hint) => error.hint(hint),
                None => error,
            };
        }
        // As the language has to call it, since `eval` is a word of its own.
        let told = if name == "eval_mode" { "eval" } else { name };
        let problem = format!("there is no property '{told}'");
        let error = Error::new(Kind::Name, word(owner), problem);
        if let Some(hint) = meant::property(name, word(owner)) {
            return error.hint(hint);
        }
        let all = || self.signatures.iter().filter(|(known, _)| known.starts_with("get$"));
        let owner = match word(owner) {
            "Context" => "ctx".to_string(),
            "Network" => "net".to_string(),
            "Dataset" => "data".to_string(),
            other => other.to_lowercase(),
        };
        let start = format!("({owner})");
        // What others have is no help to one whose properties are known.
        let any = all().any(|(_, form)| form.contains(&start));
        let fit = all().filter(|(_, form)| !any || form.contains(&start));
        let fit = fit.filter_map(|(known, _)| known.strip_prefix("get$"));
        let fit: Vec<&str> = fit.filter(|known| *known != name).collect();
        match nearest(name, fit.iter().copied()) {
            Some(known) => error.hint(format!("did you mean '{known}'?")),
            None if any => error.hint(format!("it has {}", fit.join(", "))),
            None => error,
        }
    }
}

/// The parameters of each function of that name in a text.
fn forms_of(text: &str, name: &str) -> Vec<Vec<String>> {
    let names = Names::of(text);
    let own = names.functions().filter(|(_, own)| own.name == name);
    own.map(|(_, own)| own.parameters.clone()).collect()
}

/// The function of an imported module that is nearest to `alias::name`, as it is called.
fn imported(sources: &Sources, name: &str) -> Option<String> {
    let (alias, own) = name.split_once("::")?;
    let path = sources.all().find_map(|(_, text)| {
        let names = Names::of(text);
        let import = names
            .symbols()
            .iter()
            .find(|own| own.binding == Binding::Import && own.name == alias)?;
        import.path.clone()
    })?;
    let standard = stdlib::find(&path).map(|module| module.text);
    let file = format!("{path}.rhai");
    let text = standard.or_else(|| {
        sources.all().find(|(source, _)| source.ends_with(&file)).map(|(_, text)| &**text)
    })?;
    let names = Names::of(text);
    let offered =
        || names.functions().map(|(_, own)| own).filter(|own| !own.name.starts_with("test_"));
    let near = nearest(own, offered().map(|own| own.name.as_str()))?;
    let own = offered().find(|own| own.name == near)?;
    Some(format!("{alias}::{near}({})", own.parameters.join(", ")))
}
