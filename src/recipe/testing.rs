//! Runs the tests of recipes and modules: every function `test_*` without parameters, each in an engine
//! of its own.

use super::arguments::Arguments;
use super::find::{Found, find};
use super::functions::Functions;
use super::inspect::Inspector;
use super::session::folder_of;
use super::source::Source;
use super::trying::{Given, Say, Trying, stopped};
use crate::error::{Error, Kind, Result, guarded};
use crate::nn::pass;
use crate::script::diagnose::Knowledge;
use crate::script::{self, Host, Resolver, Signatures, Sources};
use rhai::{AST, FnAccess, Scope};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a test is called.
pub(super) const TEST_PREFIX: &str = "test_";
/// Bytes of what one test prints that are kept.
const PRINTED: usize = 1_000_000;
/// Stack of a test's thread: functions may call each other as deeply as in a run.
const STACK: usize = 512 << 20;

/// Which tests run, and how.
#[derive(Clone, Debug)]
pub struct TestSetup {
    /// Files, folders, `std` or modules of it.
    pub files: Vec<PathBuf>,
    /// Only tests whose label `FILE::NAME` has this text.
    pub filter: Option<String>,
    /// Tests that run at a time.
    pub jobs: usize,
    /// How long one test may take.
    pub timeout: Duration,
    /// What tests may ask for.
    pub given: Given,
}

/// A test that ran.
#[derive(Clone, Debug)]
pub struct Tested {
    /// The file's name.
    pub file: String,
    /// The function's name.
    pub name: String,
    /// The line on which the function begins.
    pub line: usize,
    /// How long it took, compiling included.
    pub seconds: f64,
    /// Why it failed, if it did.
    pub failure: Option<Error>,
    /// What it printed.
    pub printed: Vec<String>,
}

impl Tested {
    /// `FILE::NAME`.
    pub fn label(&self) -> String {
        format!("{}::{}", self.file, self.name)
    }

    /// Whether a signal ended it.
    fn cut_off(&self) -> bool {
        self.failure.as_ref().is_some_and(|error| error.kind() == Kind::Interrupted)
    }
}

/// What all tests gave.
#[derive(Clone, Debug)]
pub struct TestReport {
    /// In the order of files and lines.
    pub tested: Vec<Tested>,
    /// Functions that are called like tests and take parameters, each with its file.
    pub passed_over: Vec<String>,
    /// What is wrong with files whose tests could not run.
    pub broken: Vec<Error>,
    /// How many files these are.
    pub broken_files: usize,
    /// Wall time.
    pub seconds: f64,
}

impl TestReport {
    /// The number of failed tests.
    pub fn failed(&self) -> usize {
        self.tested.iter().filter(|tested| tested.failure.is_some()).count()
    }
}

/// Whether a function of that name and number of parameters is a test.
pub fn is_test(name: &str, parameters: usize) -> bool {
    name.starts_with(TEST_PREFIX) && parameters == 0
}

/// One file and its tests.
struct Suite {
    source: Source,
    tests: Vec<(String, usize)>,
    /// Those that take parameters, as they are written.
    passed_over: Vec<String>,
    asts: Vec<AST>,
}

/// Runs tests; `show` is told of each one in order, whichever is done first.
///
/// # Errors
/// Files that are not there, no test at all, an argument that nobody asks for; `Interrupted` when `stop`
/// was raised.
pub fn test(
    setup: &TestSetup,
    stop: &Arc<AtomicBool>,
    show: &mut dyn FnMut(&Tested),
) -> Result<TestReport> {
    let begun = Instant::now();
    let Found { sources, mut broken } = found(&setup.files, setup.given.home.as_deref())?;
    let mut cannot = broken.len();
    let files = sources.len();
    let mut suites = Vec::new();
    for source in sources {
        match suite(source.clone(), setup, stop) {
            Ok(suite) => suites.push(suite),
            Err(error) if error.kind() == Kind::Interrupted => return Err(error),
            Err(error) => {
                cannot += 1;
                // All that is wrong with it, not only what was found first.
                let all = Inspector::given(&source.file, &setup.given).mistakes(&source);
                let is_among = all.iter().any(|other| other.headline() == error.headline());
                broken.extend(if is_among { all } else { vec![error] });
            }
        }
    }
    let arguments = Arguments::of(suites.iter().flat_map(|suite| &suite.asts));
    arguments.check_given(&setup.given.set)?;
    let all: Vec<(&Source, &str, usize)> = suites
        .iter()
        .flat_map(|Suite { source, tests, .. }| {
            tests.iter().map(move |(name, line)| (source, name.as_str(), *line))
        })
        .collect();
    let labels: Vec<String> =
        all.iter().map(|(source, name, _)| format!("{}::{name}", source.name)).collect();
    let wanted = |label: &String| setup.filter.as_ref().is_none_or(|text| label.contains(text));
    let pairs = all.into_iter().zip(&labels);
    let chosen: Vec<_> = pairs.filter(|(_, label)| wanted(label)).map(|(test, _)| test).collect();
    if chosen.is_empty() && broken.is_empty() {
        let error = nothing(setup, files, &labels);
        return Err(match suites.iter().find_map(|suite| suite.passed_over.first()) {
            Some(form) => error.hint(format!("{form} is none, since it takes parameters")),
            None => error,
        });
    }
    let tested = in_parallel(&chosen, setup, stop, show);
    if stop.load(Ordering::Relaxed) {
        let whole = tested.iter().filter(|tested| !tested.cut_off()).count();
        let done = format!("{whole} of {} tests done", chosen.len());
        return Err(stopped("still test").received(done));
    }
    let told = |suite: &Suite| -> Vec<String> {
        let name = &suite.source.name;
        suite.passed_over.iter().map(|form| format!("{name}::{form}")).collect()
    };
    let passed_over = suites.iter().flat_map(told).collect();
    let seconds = begun.elapsed().as_secs_f64();
    Ok(TestReport { tested, passed_over, broken, broken_files: cannot, seconds })
}

/// The sources of all that is named; what is missing among several is broken.
fn found(named: &[PathBuf], home: Option<&Path>) -> Result<Found> {
    let (there, missing): (Vec<_>, Vec<_>) =
        named.iter().cloned().partition(|path| find(std::slice::from_ref(path), home).is_ok());
    if there.is_empty() {
        return find(named, home);
    }
    let mut found = find(&there, home)?;
    let told = missing.iter().filter_map(|path| find(std::slice::from_ref(path), home).err());
    found.broken.extend(told.map(|error| error.as_kind(Kind::File)));
    Ok(found)
}

fn nothing(setup: &TestSetup, files: usize, labels: &[String]) -> Error {
    let error = |problem: &str| Error::new(Kind::Usage, "still test", problem);
    match (&setup.filter, labels) {
        (Some(text), [first, others @ ..]) => error("no test fits the filter")
            .expected(format!("'{text}' in FILE::NAME"))
            .received(format!("{first} and {} others", others.len())),
        _ => error("there are no tests")
            .expected("functions like `fn test_loss() { assert(…); }`")
            .received(format!("none in {files} {}", if files == 1 { "file" } else { "files" }))
            .hint("still test FILE, or still test std for the standard library"),
    }
}

/// Looks for the tests of a file. One without tests need not work, but it must be a script.
fn suite(source: Source, setup: &TestSetup, stop: &Arc<AtomicBool>) -> Result<Suite> {
    let host = host(&source, setup, stop, Box::new(|_| {}));
    let resolver = Resolver::new(folder_of(&source.file));
    let asked: Arc<dyn Host> = host.clone();
    let engine = script::engine(&asked, resolver);
    let parsed = guarded("looking for tests", || {
        engine.compile_with_scope(&Scope::new(), &*source.text).map_err(|cause| {
            let mut sources = Sources::default();
            sources.add(&source.name, &source.text);
            let signatures = Signatures::of(&engine);
            let knowledge = Knowledge { sources: &sources, signatures: &signatures };
            knowledge.compile_error(&cause, &source.name)
        })
    })?;
    let tests = |ast: &AST| -> Vec<(String, FnAccess)> {
        let all = ast.iter_functions();
        let own = all.filter(|function| is_test(function.name, function.params.len()));
        own.map(|function| (function.name.to_string(), function.access)).collect()
    };
    let found = tests(&parsed);
    let others = parsed
        .iter_functions()
        .filter(|function| function.name.starts_with(TEST_PREFIX) && !function.params.is_empty());
    let mut passed_over: Vec<String> = others
        .map(|function| format!("{}({})", function.name, function.params.join(", ")))
        .collect();
    passed_over.sort();
    if found.is_empty() {
        return Ok(Suite { source, tests: Vec::new(), passed_over, asts: vec![parsed] });
    }
    let root = folder_of(&source.file);
    let functions = Functions::connected(source.clone(), root, &asked, &host.callback())?;
    let compiled = functions.compiled();
    if let Some((name, _)) = found.iter().find(|(_, access)| *access == FnAccess::Private) {
        let error = Error::new(Kind::Script, name, "a test cannot be private")
            .hint(format!("write `fn {name}` without `private`"));
        return Err(match compiled.place_of(name, 0) {
            Some(place) => error.at(place),
            None => error,
        });
    }
    let line = |name: &str| compiled.outline.line(name, 0).unwrap_or(0);
    let mut tests: Vec<(String, usize)> =
        found.into_iter().map(|(name, _)| (name.clone(), line(&name))).collect();
    tests.sort_by_key(|(_, line)| *line);
    let asts = compiled.imports.asts.iter().chain([&compiled.ast]).cloned().collect();
    Ok(Suite { source, tests, passed_over, asts })
}

fn host(source: &Source, setup: &TestSetup, stop: &Arc<AtomicBool>, say: Say) -> Arc<Trying> {
    Arc::new(
        Trying::new("a test", &source.file, &setup.given, stop, say)
            .writing()
            .within(setup.timeout),
    )
}

fn in_parallel(
    chosen: &[(&Source, &str, usize)],
    setup: &TestSetup,
    stop: &Arc<AtomicBool>,
    show: &mut dyn FnMut(&Tested),
) -> Vec<Tested> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = crossbeam_channel::unbounded();
    let work = |sender: crossbeam_channel::Sender<(usize, Tested)>| {
        while !stop.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some((source, name, line)) = chosen.get(index) else { return };
            let tested = one(source, name, *line, setup, stop);
            if sender.send((index, tested)).is_err() {
                return;
            }
        }
    };
    let mut shown = Vec::new();
    std::thread::scope(|scope| {
        let mut running = 0;
        for _ in 0..setup.jobs.min(chosen.len()) {
            let (work, sender) = (&work, sender.clone());
            let thread = std::thread::Builder::new().name("test".into()).stack_size(STACK);
            running += usize::from(thread.spawn_scoped(scope, move || work(sender)).is_ok());
        }
        if running == 0 {
            // A machine that has no thread left runs the tests in this one.
            work(sender.clone());
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        for (index, tested) in receiver {
            waiting.insert(index, tested);
            while let Some(tested) = waiting.remove(&shown.len()) {
                if !tested.cut_off() {
                    show(&tested);
                }
                shown.push(tested);
            }
        }
    });
    shown
}

/// Runs one test in an engine of its own.
fn one(
    source: &Source,
    name: &str,
    line: usize,
    setup: &TestSetup,
    stop: &Arc<AtomicBool>,
) -> Tested {
    let begun = Instant::now();
    let printed: Arc<Mutex<Printed>> = Arc::default();
    let kept = printed.clone();
    let say: Say = Box::new(move |text| lock(&kept).add(text));
    let host = host(source, setup, stop, say);
    let outcome = guarded(name, || {
        let (asked, root): (Arc<dyn Host>, _) = (host.clone(), folder_of(&source.file));
        let functions = Functions::connected(source.clone(), root, &asked, &host.callback())?;
        // No test draws what another one leaves.
        let value = pass::during(host.seed(), &[], || functions.call(name, Vec::new()))?;
        match value.as_bool() {
            Ok(false) => Err(Error::new(Kind::Assertion, name, "the test gave false")
                .hint("the value of a test does not matter but for this: write assert(…)")),
            _ => Ok(()),
        }
    });
    // A test can catch that its time is over; it failed all the same.
    let outcome = outcome.and_then(|()| host.interruption().map_or(Ok(()), Err));
    // What ends a script from outside, and a defect, have no place of their own.
    let outcome = outcome.map_err(|error| match error.report().places.is_empty() {
        true => error.at(source.place(line, None)),
        false => error,
    });
    Tested {
        file: source.name.clone(),
        name: name.to_string(),
        line,
        seconds: begun.elapsed().as_secs_f64(),
        failure: outcome.err(),
        printed: std::mem::take(&mut *lock(&printed)).lines(),
    }
}

/// What a test printed, up to a size.
#[derive(Default)]
struct Printed {
    kept: Vec<String>,
    bytes: usize,
    dropped: usize,
}

fn lock(printed: &Mutex<Printed>) -> std::sync::MutexGuard<'_, Printed> {
    printed.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Printed {
    fn add(&mut self, text: &str) {
        self.bytes = self.bytes.saturating_add(text.len() + 1);
        if self.bytes > PRINTED {
            self.dropped += 1;
        } else {
            self.kept.extend(text.split('\n').map(str::to_string));
        }
    }

    fn lines(mut self) -> Vec<String> {
        if self.dropped > 0 {
            self.kept.push(format!("… and {} more", self.dropped));
        }
        self.kept
    }
}
