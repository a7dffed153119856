//! A recipe's header, its `//!` lines: the title, a text, and fields for those who get it from somebody else.

use super::source::Source;
use crate::error::{Error, Kind, Result};
use std::cmp::Ordering;

/// The fields that a header may have.
const FIELDS: [&str; 5] = ["claim", "needs", "data", "cost", "expects"];
/// This binary's version.
const OWN: &str = env!("CARGO_PKG_VERSION");
/// How `needs` is written.
const FORM: &str = "still >= 0.1, or several with commas: still >= 0.1, still < 0.3";

/// What a recipe says of itself.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// The first line, with what goes on with its sentence; empty without one.
    pub title: String,
    /// The lines below it, without the fields.
    pub text: String,
    /// The fields in the order in which they stand.
    fields: Vec<Field>,
    /// Slips, as warnings, and what keeps the recipe from running, as errors.
    findings: Vec<Error>,
}

/// `claim: the student gains 5 points`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Which one.
    pub name: &'static str,
    /// What it says.
    pub value: String,
    /// The line on which it begins.
    pub line: usize,
}

impl Header {
    /// The header of a recipe: the `//!` lines at its beginning.
    pub fn of(source: &Source) -> Self {
        let mut header = Header::default();
        let (mut text, mut open, mut in_title, mut lines) = (Vec::new(), false, false, 0);
        for (line, row) in (1..).zip(source.text.lines()) {
            let bare = row.trim();
            let Some(said) = bare.strip_prefix("//!") else {
                // A remark of an editor or of the system may stand before.
                if bare.is_empty() || bare.starts_with("//") || bare.starts_with("#!") {
                    (open, in_title) = (false, false);
                    continue;
                }
                break;
            };
            let indented = said.starts_with("  ") || said.starts_with('\t');
            let said = said.trim();
            let begins = header.title.is_empty() && text.is_empty();
            let goes_on =
                in_title && header.title_goes_on(said) && near_miss(source, said, line).is_none();
            in_title = (begins || goes_on) && field_of(said).is_none();
            if in_title {
                header.title = format!("{} {said}", header.title).trim().to_string();
                lines += usize::from(!said.is_empty());
            } else if let Some((name, value)) = field_of(said) {
                header.take(source, name, value, line);
                open = true;
            } else if let (true, true, Some(field)) =
                (open && indented, !said.is_empty(), header.fields.last_mut())
            {
                field.value = format!("{} {said}", field.value).trim().to_string();
            } else {
                open = false;
                header.findings.extend(near_miss(source, said, line));
                text.push(said);
            }
        }
        // What is said beyond the first sentence of several lines is text.
        let end = header.title.find(". ").filter(|_| lines > 1);
        let more = header.title.split_off(end.map_or(header.title.len(), |end| end + 1));
        let text = std::iter::once(more.trim()).chain(text).collect::<Vec<_>>();
        header.text = text.join("\n").trim().to_string();
        header.check(source);
        header
    }

    /// Whether a line goes on with a title that is longer than its line.
    fn title_goes_on(&self, said: &str) -> bool {
        said.starts_with(char::is_lowercase) && !self.title.ends_with(['.', ':', '!', '?'])
    }

    fn take(&mut self, source: &Source, name: &'static str, value: &str, line: usize) {
        if self.get(name).is_some() {
            let problem = format!("'{name}' stands there twice");
            let error =
                Error::new(Kind::Script, "the header", problem).hint("the first one counts");
            self.findings.push(error.as_warning().at(source.place(line, None)));
            return;
        }
        self.fields.push(Field { name, value: value.to_string(), line });
    }

    fn check(&mut self, source: &Source) {
        for field in self.fields.iter().filter(|field| field.value.is_empty()) {
            let error =
                Error::new(Kind::Script, "the header", format!("'{}' says nothing", field.name));
            if field.name != "needs" {
                self.findings.push(error.as_warning().at(source.place(field.line, None)));
            }
        }
        let Some(needs) = self.fields.iter().find(|field| field.name == "needs").cloned() else {
            return;
        };
        for need in needs.value.split(',') {
            let found = match Need::read(need) {
                None => Some(
                    Error::new(Kind::Script, "needs", "this is no need that still knows")
                        .expected(FORM)
                        .received(format!("'{}'", need.trim())),
                ),
                Some(own) if own.holds(OWN) => None,
                Some(_) => Some(
                    Error::new(Kind::Script, "needs", "the recipe needs another version of still")
                        .expected(need.trim())
                        .received(format!("still {OWN}"))
                        .hint("get that version, or change the line and see whether it runs"),
                ),
            };
            self.findings.extend(found.map(|error| error.at(source.place(needs.line, None))));
        }
    }

    /// What a field says.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|field| field.name == name);
        found.map(|field| field.value.as_str())
    }

    /// The fields in the order in which they stand.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Slips, as warnings, and what keeps the recipe from running, as errors; each with its line.
    pub fn findings(&self) -> &[Error] {
        &self.findings
    }

    /// Refuses a recipe that cannot run here.
    ///
    /// # Errors
    /// A need that this version does not meet, or that cannot be read.
    pub fn may_run(&self) -> Result<()> {
        let broken = |error: &&Error| error.severity() == crate::error::Severity::Error;
        self.findings.iter().find(broken).map_or(Ok(()), |error| Err(error.clone()))
    }
}

/// The field that a line begins, if it does.
fn field_of(said: &str) -> Option<(&'static str, &str)> {
    let (word, value) = said.split_once(':')?;
    let name = FIELDS.into_iter().find(|name| name.eq_ignore_ascii_case(word))?;
    Some((name, value.trim()))
}

/// A line that looks like a misspelt field: `cliam: …`.
fn near_miss(source: &Source, said: &str, line: usize) -> Option<Error> {
    let (word, _) = said.split_once(':')?;
    if word.is_empty() || !word.chars().all(char::is_alphabetic) {
        return None;
    }
    let lower = word.to_lowercase();
    let most = |name: &str| if name.len() > 4 { 2 } else { 1 };
    let near = |name: &&&str| strsim::damerau_levenshtein(&lower, name) <= most(name);
    let name = FIELDS.iter().find(near)?;
    let error = Error::new(Kind::Name, "the header", format!("there is no field '{word}'"));
    Some(error.hint(format!("did you mean '{name}'?")).as_warning().at(source.place(line, None)))
}

/// `still >= 0.1`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Need {
    holds: &'static [Ordering],
    version: Vec<u64>,
}

impl Need {
    fn read(text: &str) -> Option<Need> {
        use Ordering::{Equal, Greater, Less};
        const SIGNS: [(&str, &[Ordering]); 6] = [
            (">=", &[Greater, Equal]),
            ("<=", &[Less, Equal]),
            ("==", &[Equal]),
            (">", &[Greater]),
            ("<", &[Less]),
            ("=", &[Equal]),
        ];
        let rest = text.trim().strip_prefix("still")?.trim_start();
        let (holds, version) =
            SIGNS.iter().find_map(|(sign, holds)| Some((*holds, rest.strip_prefix(sign)?)))?;
        let version = numbers(version.trim())?;
        Some(Need { holds, version })
    }

    /// Whether a version meets it: compared by as many numbers as the need has.
    fn holds(&self, version: &str) -> bool {
        // `0.2.0-beta.1` counts as 0.2.0.
        let own = version.split(['-', '+']).next().and_then(numbers).unwrap_or_default();
        let mut own = own.into_iter().chain(std::iter::repeat(0));
        let own: Vec<u64> = own.by_ref().take(self.version.len()).collect();
        self.holds.contains(&own.cmp(&self.version))
    }
}

/// `0.1` or `0.1.3`.
fn numbers(text: &str) -> Option<Vec<u64>> {
    let all: Vec<u64> = text.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    (1..=3).contains(&all.len()).then_some(all)
}
