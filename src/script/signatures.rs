//! Every function that a script may call, with its form.

use super::catalogue::{Catalogue, Form, plain};
use super::diagnose::word;
use super::{habits, pytorch};
use crate::error::{Error, Kind, nearest};
use rhai::Engine;
use std::collections::BTreeSet;

/// Most functions of a namespace that are listed.
const MOST: usize = 16;

/// Every function that a script may call, to propose another one where a call fits none.
#[derive(Clone, Debug, Default)]
pub struct Signatures {
    /// Each function of ours with its full name and its form.
    all: Vec<(String, String)>,
    /// Methods that leave the value before the point as it is, and give another one of its sort.
    anew: BTreeSet<(String, usize)>,
}

/// Rhai has a method of that name that changes an array.
const CHANGES_ARRAYS: [&str; 2] = ["pad", "split"];

/// All names that can be called, those of Rhai's own library too: what only a check asks, since it takes a
/// reading of all that Rhai has.
pub struct Vocabulary {
    names: BTreeSet<String>,
    /// Those of Rhai's own library.
    shared: BTreeSet<String>,
}

impl Vocabulary {
    /// What `engine` knows, whose functions of ours are `signatures`.
    pub fn of(engine: &Engine, signatures: &Signatures) -> Self {
        let whole = Catalogue::with_standard(engine);
        let known: BTreeSet<&(String, String)> = signatures.all.iter().collect();
        let theirs = whole.forms().iter().map(form_of).filter(|one| !known.contains(one));
        let shared = theirs.map(|(name, _)| name).collect();
        Vocabulary { names: whole.forms().iter().map(Form::full_name).collect(), shared }
    }

    /// Whether anything of that name can be called.
    pub fn knows(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether Rhai's own library has no function of that name, whose forms we would not list.
    pub fn is_ours_alone(&self, name: &str) -> bool {
        !self.shared.contains(name)
    }
}

impl Signatures {
    /// The functions that `engine` knows: each with its full name and its form.
    pub fn of(engine: &Engine) -> Self {
        let catalogue = Catalogue::of(engine);
        let mut all: Vec<_> = catalogue.forms().iter().map(form_of).collect();
        all.sort_by_cached_key(|(name, form)| (name.clone(), parameters_of(form), form.clone()));
        all.dedup();
        Signatures { all, anew: anew(&catalogue) }
    }

    /// Whether a method of so many parameters, the value before the point counted, leaves that as it is and gives another
    /// one: a tensor's, a data set's.
    pub fn gives_anew(&self, name: &str, count: usize) -> bool {
        self.anew.contains(&(name.to_string(), count))
    }

    /// Whether a function of that name and number of parameters is known.
    pub fn takes(&self, name: &str, count: usize) -> bool {
        self.forms(name).iter().any(|form| parameters_of(form) == count)
    }

    /// Whether a call of `count` arguments has its options at `place`, counted from 0; where no form says it, they may be
    /// anywhere.
    pub fn has_options_at(&self, name: &str, count: usize, place: usize) -> bool {
        let at = |form: &&str| {
            let (_, all) = form.trim_end_matches(')').split_once('(')?;
            all.split(", ").position(|word| word == "options")
        };
        let forms = self.forms(name);
        if forms.iter().all(|form| at(form).is_none()) || !self.takes(name, count) {
            return true;
        }
        forms.iter().any(|form| parameters_of(form) == count && at(form) == Some(place))
    }

    /// Whether a namespace of that name is the host's.
    pub fn has_namespace(&self, name: &str) -> bool {
        self.all.iter().any(|(known, _)| known.split_once("::").is_some_and(|(own, _)| own == name))
    }

    /// Whether others call so what is called otherwise here.
    pub fn is_habit(&self, name: &str) -> bool {
        habits::function(name).is_some()
    }

    /// What there is no function for.
    pub fn no_such(&self, name: &str) -> Error {
        let error = Error::new(Kind::Name, name, "there is no such function");
        if let Some(hint) = habits::function(name) {
            return error.hint(hint);
        }
        if let Some(known) = self.spelt(name) {
            return error.hint(format!("did you mean {}?", self.forms_of(known)));
        }
        let elsewhere = |known: &str| known.rsplit_once("::").is_some_and(|(_, own)| own == name);
        if let Some((known, _)) = self.all.iter().find(|(known, _)| elsewhere(known)) {
            return error.hint(format!("it stands in a namespace: {}", self.forms_of(known)));
        }
        if let Some(bare) =
            name.rsplit("::").next().filter(|bare| *bare != name && self.has_forms(bare))
        {
            return error.hint(format!("it stands in no namespace: {}", self.forms_of(bare)));
        }
        self.proposed(error, name)
    }

    /// The error with the function that is nearest to `name`, or with all that its namespace has.
    pub(super) fn proposed(&self, error: Error, name: &str) -> Error {
        if let Some(known) = self.near(name) {
            return error.hint(format!("did you mean {}?", self.forms_of(known)));
        }
        let Some((space, _)) = name.rsplit_once("::") else { return error };
        let there = self.all.iter().filter_map(|(known, _)| known.rsplit_once("::"));
        let own: BTreeSet<&str> =
            there.filter(|(own, _)| *own == space).map(|(_, own)| own).collect();
        match own.is_empty() || own.len() > MOST {
            true => error,
            false => {
                let own: Vec<&str> = own.into_iter().collect();
                error.hint(format!("{space}:: has {}", own.join(", ")))
            }
        }
    }

    /// A function in a namespace that PyTorch writes as a class: `Linear`, `nn::BatchNorm2d`, `AdamW`.
    fn spelt(&self, name: &str) -> Option<&str> {
        let bare = |name: &str| name.to_lowercase().replace('_', "");
        let (space, own) = name.rsplit_once("::").unwrap_or(("", name));
        if !own.starts_with(|c: char| c.is_uppercase()) {
            return None;
        }
        let own = bare(own);
        let mut all = self.all.iter().filter_map(|(known, _)| {
            let (there, last) = known.rsplit_once("::")?;
            ((space.is_empty() || space == there) && bare(last) == own).then_some(known.as_str())
        });
        all.next()
    }

    /// The same for what is called on a value that forms name `owner`.
    pub fn no_such_of(&self, name: &str, owner: &str) -> Error {
        let start = format!("({owner}");
        let own = || self.all.iter().filter(|(_, form)| form.contains(&start));
        let near = nearest(
            name,
            own().map(|(known, _)| known.as_str()).filter(|known| !known.contains('$')),
        );
        let form = near.and_then(|near| own().find(|(known, _)| known == near));
        let Some((near, form)) = form else { return self.no_such(name) };
        let rest = form.split_once(", ").map_or(")", |(_, rest)| rest);
        let error = Error::new(Kind::Name, name, "there is no such function");
        error.hint(format!("did you mean {owner}.{near}({rest}?"))
    }

    /// A namespace that nobody has.
    pub fn no_namespace(&self, name: &str) -> Error {
        let nouns = self.namespaces();
        let error = Error::new(Kind::Name, name, "there is no such namespace");
        if let Some(hint) = habits::name(name) {
            return error.hint(hint);
        }
        match nearest(name, nouns.iter().map(String::as_str)) {
            Some(near) => error.hint(format!("did you mean '{near}::'?")),
            None => error.hint(format!(
                "the host's own are {}; a module is imported first: import \"…\" as {name}",
                nouns.join(", ")
            )),
        }
    }

    /// A call with a number of arguments that no form of the function has.
    pub fn no_form(&self, name: &str, count: usize) -> Error {
        let arguments = if count == 1 { "argument" } else { "arguments" };
        let forms = self.forms(name);
        let error =
            Error::new(Kind::Type, name, "no form of this function takes so many arguments")
                .expected(forms.join(" or "))
                .received(format!("{count} {arguments}"));
        // Several numbers in the place of one array.
        let last =
            |form: &&str| Some(form.strip_suffix(')')?.rsplit(['(', ' ']).next()?.to_string());
        let array = forms.iter().filter_map(last).find_map(|last| pytorch::array(&last));
        match array.filter(|_| count > 1) {
            Some(hint) => error.hint(hint),
            None if name == "clip" => error.hint("a tensor is limited by x.clamp(0, 1)"),
            None => error,
        }
    }

    /// All functions of ours, each with its form.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(String, String)> {
        self.all.iter()
    }

    /// Whether a function of ours has that name.
    pub fn has_forms(&self, name: &str) -> bool {
        self.all.iter().any(|(known, _)| known == name)
    }

    /// The host's namespaces.
    pub fn namespaces(&self) -> Vec<String> {
        let mut all: Vec<String> = self
            .all
            .iter()
            .filter_map(|(name, _)| Some(name.split_once("::")?.0.to_string()))
            .collect();
        all.dedup();
        all
    }

    pub(super) fn near(&self, name: &str) -> Option<&str> {
        let known = self.all.iter().map(|(known, _)| known.as_str());
        // Operators and properties are called otherwise.
        let named =
            |known: &&str| known.starts_with(|c: char| c.is_alphabetic()) && !known.contains('$');
        let Some((space, own)) = name.rsplit_once("::") else {
            return nearest(name, known.filter(named));
        };
        // What the namespace has in common with the others makes them no nearer.
        let there = |known: &&str| known.rsplit_once("::").is_some_and(|(own, _)| own == space);
        let last = |known: &'_ str| known.len() - space.len() - 2;
        let all: Vec<&str> = known.filter(there).collect();
        let near = nearest(own, all.iter().map(|known| &known[known.len() - last(known)..]))?;
        all.into_iter().find(|known| known.ends_with(near) && last(known) == near.len())
    }

    pub(super) fn forms_of(&self, name: &str) -> String {
        self.forms(name).first().map_or(name.to_string(), |form| form.to_string())
    }

    /// The forms of a function, as they are written.
    pub fn forms(&self, name: &str) -> Vec<&str> {
        self.all.iter().filter(|(known, _)| known == name).map(|(_, form)| form.as_str()).collect()
    }
}

/// See [`Signatures::gives_anew`].
fn anew(catalogue: &Catalogue) -> BTreeSet<(String, usize)> {
    let own =
        catalogue.forms().iter().filter(|form| form.is_written() && form.property().is_none());
    let own = own.filter(|form| {
        let kind = plain(form.first());
        let is_value = ["tensor", "dataset"].contains(&kind.as_str());
        form.namespace.is_none() && is_value && plain(&form.returns) == kind
    });
    let own = own.filter(|form| !CHANGES_ARRAYS.contains(&form.name.as_str()));
    own.map(|form| (form.name.clone(), form.parameters.len())).collect()
}

/// A function's full name, and how it is written with its parameters.
fn form_of(form: &Form) -> (String, String) {
    let words = form.parameters.iter().map(|one| match one.name.as_str() {
        "" if one.kind.is_empty() => "?",
        "" => word(&one.kind),
        name => name,
    });
    let name = form.full_name();
    let form = format!("{name}({})", words.collect::<Vec<_>>().join(", "));
    (name, form)
}

/// How many parameters a form has: `kd::kl(student, teacher)`.
fn parameters_of(form: &str) -> usize {
    if form.ends_with("()") { 0 } else { form.matches(", ").count() + 1 }
}
