//! The one error type: what was being done, what was expected, what was found, and where.
//!
//! Everything below `script` knows nothing of recipes, so it raises an [`Error`] without a script
//! position; whoever knows the position adds it with [`Error::at`]. Rendering is in [`render`].

mod range;
mod render;

pub use render::tame;

use std::fmt;
use std::path::{Path, PathBuf};

/// The result of anything that can go wrong in front of a user.
pub type Result<T> = std::result::Result<T, Error>;

/// What sort of mistake it was; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The command line cannot be understood.
    Usage,
    /// Shapes do not fit.
    Shape,
    /// A value has the wrong type.
    Type,
    /// A value lies outside what is allowed.
    Range,
    /// A name or key is not known.
    Name,
    /// A script does not compile, or failed in a way of its own.
    Script,
    /// A number is NaN or infinite where it must not be.
    Number,
    /// What a script asserts does not hold.
    Assertion,
    /// A file or folder cannot be read or written.
    File,
    /// A file was read, but its content is damaged or contradicts itself.
    Data,
    /// The user stopped the program.
    Interrupted,
    /// A defect of Stillroom.
    Internal,
}

impl Kind {
    /// The word in `error[…]`.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Usage => "usage",
            Kind::Shape => "shape",
            Kind::Type => "type",
            Kind::Range => "range",
            Kind::Name => "name",
            Kind::Script => "script",
            Kind::Number => "number",
            Kind::Assertion => "assertion",
            Kind::File => "file",
            Kind::Data => "data",
            Kind::Interrupted => "interrupted",
            Kind::Internal => "internal",
        }
    }

    /// The process's exit code: 2 usage, 3 recipe, 4 data, 130 interrupted, 70 a defect.
    pub fn exit_code(self) -> i32 {
        match self {
            Kind::Usage => 2,
            Kind::Shape | Kind::Type | Kind::Range | Kind::Name => 3,
            Kind::Script | Kind::Number | Kind::Assertion => 3,
            Kind::File | Kind::Data => 4,
            Kind::Interrupted => 130,
            Kind::Internal => 70,
        }
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It may be meant so; nothing is kept from running.
    Warning,
    /// It cannot run, or would fail.
    Error,
}

/// Where in a file the mistake stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as the user would name it.
    pub file: PathBuf,
    /// Line (or row of a table), counted from 1.
    pub line: usize,
    /// Column of a script, counted from 1; `None` where only the line is known.
    pub column: Option<usize>,
    /// The file's whole text, when an excerpt should be shown.
    pub text: Option<std::sync::Arc<str>>,
    /// How this place was reached, e.g. "in call to function 'loss'"; empty for the place itself.
    pub note: String,
}

impl Place {
    /// A row of a table or a line of a file, without an excerpt.
    pub fn row(file: impl AsRef<Path>, line: usize) -> Self {
        Place {
            file: file.as_ref().to_path_buf(),
            line,
            column: None,
            text: None,
            note: String::new(),
        }
    }

    /// The line as it stands in the file, where the text is known.
    pub fn row_text(&self) -> Option<&str> {
        self.text.as_deref()?.lines().nth(self.line.checked_sub(1)?)
    }

    /// Where in its line the token begins, counted from 0, and how long it is, in characters. Rhai tells only
    /// the start; without a column the whole row is meant. `None` where the text is not known.
    pub fn span(&self) -> Option<(usize, usize)> {
        let row = self.row_text()?;
        let Some(column) = self.column else {
            let indent = row.chars().take_while(|c| c.is_whitespace()).count();
            return Some((indent, row.trim().chars().count()));
        };
        let indent = column.saturating_sub(1);
        Some((indent, token_width(row.chars().skip(indent))))
    }
}

/// How long the token is that stands at the beginning of `rest`, in characters: a text with its quotes, a name
/// with its namespaces, a number, an operator.
fn token_width(mut rest: impl Iterator<Item = char>) -> usize {
    let Some(first) = rest.next() else { return 0 };
    let word = |c: &char| c.is_alphanumeric() || matches!(c, '_' | ':');
    let operator = |c: &char| "+-*/%=<>!&|^~?.@".contains(*c);
    match first {
        '"' | '`' => {
            let (mut escaped, mut width) = (false, 1);
            for own in rest {
                width += 1;
                if own == first && !escaped {
                    break;
                }
                escaped = own == '\\' && !escaped;
            }
            width
        }
        _ if first.is_ascii_digit() => {
            let number = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '.');
            1 + rest.take_while(number).count()
        }
        _ if word(&first) => 1 + rest.take_while(word).count(),
        _ if operator(&first) => 1 + rest.take_while(operator).count(),
        _ => 1,
    }
}

/// A mistake, told as a good compiler tells it.
#[derive(Debug, Clone)]
pub struct Error(Box<Report>);

/// What an [`Error`] says.
#[derive(Debug, Clone)]
pub struct Report {
    /// How bad it is.
    pub severity: Severity,
    /// What sort of mistake.
    pub kind: Kind,
    /// What was being done: a function (`kd::kl`) or an act (`reading clip.wav`).
    pub operation: String,
    /// What is wrong, lower case, no full stop.
    pub problem: String,
    /// What would have been right.
    pub expected: Option<String>,
    /// What was there instead.
    pub received: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Which part of a network it was in: `blocks.3.attn`.
    pub part: Option<String>,
    /// When it happened, e.g. "hook 'loss' of stage 'student', step 12".
    pub note: Option<String>,
    /// Innermost place first; the others tell how it was reached.
    pub places: Vec<Place>,
}

impl Error {
    /// A mistake of `kind` while doing `operation`.
    pub fn new(kind: Kind, operation: impl Into<String>, problem: impl Into<String>) -> Self {
        Error(Box::new(Report {
            severity: Severity::Error,
            kind,
            operation: operation.into(),
            problem: problem.into(),
            expected: None,
            received: None,
            hint: None,
            part: None,
            note: None,
            places: Vec::new(),
        }))
    }

    /// The same, told as a warning.
    pub fn as_warning(mut self) -> Self {
        self.0.severity = Severity::Warning;
        self
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.0.severity
    }

    /// Reading or writing `path` failed for the operating system's reason.
    pub fn io(doing: &str, path: impl AsRef<Path>, cause: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let path = path.as_ref();
        let problem = match cause.kind() {
            ErrorKind::NotFound => "no such file or folder".to_string(),
            ErrorKind::PermissionDenied => "permission denied".to_string(),
            _ => cause.to_string(),
        };
        Error::new(Kind::File, format!("{doing} {}", path.display()), problem)
    }

    /// Says what would have been right.
    pub fn expected(mut self, what: impl Into<String>) -> Self {
        self.0.expected = Some(what.into());
        self
    }

    /// Says what was there instead.
    pub fn received(mut self, what: impl Into<String>) -> Self {
        self.0.received = Some(what.into());
        self
    }

    /// Says what to do about it.
    pub fn hint(mut self, what: impl Into<String>) -> Self {
        self.0.hint = Some(what.into());
        self
    }

    /// Says which part of a network it was in; parts further out come later.
    pub fn within(mut self, part: &str) -> Self {
        // Being stopped is nobody's mistake.
        if self.0.kind != Kind::Interrupted {
            self.0.part = Some(match self.0.part.take() {
                Some(inner) => format!("{part}.{inner}"),
                None => part.to_string(),
            });
        }
        self
    }

    /// Says when it happened; the first one to say so is right.
    pub fn note(mut self, when: impl Into<String>) -> Self {
        self.0.note.get_or_insert(when.into());
        self
    }

    /// Adds a place, further out than those it has.
    pub fn at(mut self, place: Place) -> Self {
        // A function that calls itself is told once.
        if self.0.places.last() != Some(&place) {
            self.0.places.push(place);
        }
        self
    }

    /// Looks places up whose texts are not known; those that `find` does not find are left out.
    pub fn find_places(&mut self, find: impl Fn(&Place) -> Option<Place>) {
        let known = std::mem::take(&mut self.0.places).into_iter();
        let found = known.filter_map(|place| match (&place.text, place.column) {
            (None, Some(_)) => find(&place),
            _ => Some(place),
        });
        self.0.places = found.collect();
    }

    /// Shows places in `file` in this text: it was read with something taken out.
    pub fn show(&mut self, file: &Path, text: &std::sync::Arc<str>) {
        let own = self.0.places.iter_mut().filter(|place| place.file == file);
        own.for_each(|place| place.text = Some(text.clone()));
    }

    /// The same mistake, told of another act (`reading clip.wav` instead of `audio::fbank`).
    pub fn during(mut self, operation: impl Into<String>) -> Self {
        self.0.operation = operation.into();
        self
    }

    /// The same mistake, counted as another kind (a wrong option on the command line is usage).
    pub fn as_kind(mut self, kind: Kind) -> Self {
        self.0.kind = kind;
        self
    }

    /// What sort of mistake.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// All that it says.
    pub fn report(&self) -> &Report {
        &self.0
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> i32 {
        self.0.kind.exit_code()
    }

    /// `operation: problem`, without places, expectations or hints.
    pub fn headline(&self) -> String {
        format!("{}: {}", self.0.operation, self.0.problem)
    }

    /// The whole message, with source excerpts; `colour` for a terminal.
    pub fn render(&self, colour: bool) -> String {
        render::render(self, colour)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&render::render(self, false))
    }
}

impl std::error::Error for Error {}

/// The name nearest to `given`, where it is near enough to be a slip.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given_lower = given.to_lowercase();
    known
        .into_iter()
        .map(|name| {
            let distance = strsim::damerau_levenshtein(&given_lower, &name.to_lowercase());
            (distance, name)
        })
        .filter(|(distance, name)| {
            let counts = [given.chars().count(), name.chars().count()];
            let longest = counts.into_iter().max().unwrap_or_default();
            let begins = name.starts_with(given) || given.starts_with(*name);
            // One letter is near to anything short.
            if counts.contains(&1) {
                return begins && longest <= 2;
            }
            // Where every letter differs it is no slip.
            *distance < longest && *distance <= 1 + longest / 5 || begins
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

impl Error {
    /// With the known name that is nearest to what was given as the hint, where one is near.
    pub fn near<'a>(self, given: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(given, known) {
            Some(name) => self.hint(format!("did you mean '{name}'?")),
            None => self,
        }
    }
}

/// "unknown `what`" with the nearest known name, or all of them, as the hint.
pub fn unknown(operation: &str, what: &str, given: &str, known: &[&str]) -> Error {
    let error = Error::new(Kind::Name, operation, format!("unknown {what} '{given}'"));
    match nearest(given, known.iter().copied()) {
        Some(name) => error.hint(format!("did you mean '{name}'?")),
        None if known.is_empty() => error.hint(format!("no {what} is known here")),
        None => error.hint(format!("known: {}", known.join(", "))),
    }
}

/// Runs `act`, and makes an error of a panic: the last defence where a check was forgotten.
///
/// # Errors
/// What `act` gives; `Internal` where it panicked.
pub fn guarded<T>(operation: &str, act: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(act)).unwrap_or_else(|cause| {
        let text = cause.downcast_ref::<String>().map(String::as_str);
        let text = text.or(cause.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Err(Error::new(Kind::Internal, operation, "this is a defect of Stillroom")
            .received(text.lines().next().unwrap_or_default())
            .hint("please report it, with the recipe"))
    })
}
