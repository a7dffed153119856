//! The command line: one file a verb.

mod access;
mod arguments;
mod bench;
mod check;
mod curves;
mod data;
mod definitions;
mod device;
mod doctor;
mod eval;
mod export;
mod features;
mod gc;
mod lines;
mod ls;
mod lsp;
mod machine;
mod models;
mod new;
mod predict;
mod profile;
mod progress;
mod repl;
mod replay;
mod report;
mod resume;
mod run;
mod runs;
mod serve;
mod show;
mod signals;
mod spark;
mod stages;
mod stdlib;
mod story;
mod sure;
mod tables;
mod terminal;
mod test;
mod trained;
mod undashed;
mod watch;
mod why;
mod words;

use crate::error::{Error, Kind, Result, guarded, tame};
use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::io::{IsTerminal, Write};

/// Knowledge-distillation experiments for audio, written as recipes that can be edited while they run.
#[derive(Parser)]
#[command(name = "still", version, about, long_about = None, subcommand_required = true)]
struct Still {
    /// Threads that compute, for everything together; results do not depend on it [default: as many as there are cores].
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Where tensors are computed: auto, cpu, wgpu, wgpu:N, cuda or cuda:N; `still doctor` lists what there is
    /// [default: what STILL_DEVICE says, else auto].
    #[arg(long, global = true, value_name = "DEVICE")]
    device: Option<String>,
    /// What linear layers, attention and convolutions are computed in: f32, or f16 or bf16 where the device does [default: f32].
    #[arg(long, global = true, value_name = "TYPE")]
    precision: Option<String>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Run(run::Run),
    Check(check::Check),
    Resume(resume::Resume),
    Replay(replay::Replay),
    Why(why::WhyOf),
    Report(report::Report),
    Runs(runs::Runs),
    Watch(watch::Watch),
    Serve(serve::Serve),
    Gc(gc::Gc),
    Ls(ls::Ls),
    New(new::New),
    Test(test::Test),
    Eval(eval::Eval),
    Export(export::Export),
    Repl(repl::ReplOf),
    Features(features::Features),
    Data(data::Data),
    Models(models::Models),
    Show(show::Show),
    Predict(predict::Predict),
    Bench(bench::Bench),
    Stdlib(stdlib::Stdlib),
    Lsp(lsp::Lsp),
    Definitions(definitions::Definitions),
    Doctor(doctor::Doctor),
}

impl Verb {
    /// Gives the exit code.
    fn run(self) -> Result<i32> {
        match self {
            Verb::Run(run) => run.run(),
            Verb::Check(check) => check.run(),
            Verb::Resume(resume) => resume.run().map(|()| 0),
            Verb::Replay(replay) => replay.run(),
            Verb::Why(why) => why.run().map(|()| 0),
            Verb::Report(report) => report.run().map(|()| 0),
            Verb::Runs(runs) => runs.run().map(|()| 0),
            Verb::Watch(watch) => watch.run(),
            Verb::Serve(serve) => serve.run(),
            Verb::Gc(gc) => gc.run().map(|()| 0),
            Verb::Ls(ls) => ls.run().map(|()| 0),
            Verb::New(new) => new.run().map(|()| 0),
            Verb::Test(test) => test.run(),
            Verb::Eval(eval) => eval.run().map(|()| 0),
            Verb::Export(export) => export.run().map(|()| 0),
            Verb::Repl(repl) => repl.run().map(|()| 0),
            Verb::Features(features) => features.run().map(|()| 0),
            Verb::Data(data) => data.run(),
            Verb::Models(models) => models.run().map(|()| 0),
            Verb::Show(show) => show.run().map(|()| 0),
            Verb::Predict(predict) => predict.run(),
            Verb::Bench(bench) => bench.run().map(|()| 0),
            Verb::Stdlib(stdlib) => stdlib.run().map(|()| 0),
            Verb::Lsp(lsp) => lsp.run(),
            Verb::Definitions(definitions) => definitions.run().map(|()| 0),
            Verb::Doctor(doctor) => doctor.run(),
        }
    }
}

/// Lets so many threads compute, before any of them is there.
fn compute_with(threads: Option<u16>) -> Result<()> {
    let Some(threads) = threads else { return Ok(()) };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads)).build_global();
    pool.map_err(|cause| Error::new(Kind::Internal, "--threads", cause.to_string()))
}

/// Runs the program with `arguments` (the first is its name) and gives its exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> i32 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let still = match Still::try_parse_from(&arguments) {
        Ok(still) => still,
        Err(cause) => {
            if let Some(error) = undashed::told(&cause, &arguments) {
                tell(&error);
                return error.exit_code();
            }
            // Help and version are no errors; clap knows which stream each belongs to.
            let _ = cause.print();
            return if cause.use_stderr() { Kind::Usage.exit_code() } else { 0 };
        }
    };
    // The error that comes of a panic says all that a user can use.
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = with_room(|| {
        guarded("still", || {
            compute_with(still.threads)?;
            device::choose(still.device.as_deref(), still.precision.as_deref(), &still.verb)?;
            still.verb.run()
        })
    });
    match outcome {
        Ok(code) => code,
        Err(error) => {
            tell(&error);
            error.exit_code()
        }
    }
}

/// Does `act` in a thread with a large stack: a graph of many operations is dropped one within the other.
fn with_room<T: Send>(act: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    const STACK: usize = 1 << 30;
    let lost = || Error::new(Kind::Internal, "still", "the thread of the work could not be had");
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("still".into()).stack_size(STACK);
        let spawned = thread.spawn_scoped(scope, act).map_err(|_| lost())?;
        spawned.join().map_err(|_| lost())?
    })
}

/// Shows an error on standard error, in colours on a terminal.
fn tell(error: &Error) {
    // What steers the terminal in it is of our own making.
    let _ = writeln!(std::io::stderr(), "{}", error.render(colours()));
}

/// Prints a line on standard error; a reader that went away must not end a run.
fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", tame(text));
}

fn colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Prints a line on standard output. A reader that went away (`| head`) is no error of ours.
fn out(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", tame(text));
}

/// For tests of single parts.
#[doc(hidden)]
pub mod inside {
    pub use super::run::several::values::values;
    pub use super::serve::http::{Refusal, Request, decoded, encoded, parse};
    pub use super::serve::{Route, route};
    pub use super::spark::{column_of, spark};
    pub use super::terminal::locale_speaks_unicode;
    pub use super::watch::Seen;
    pub use super::watch::screen::draw;
    pub use super::watch::view::{Asked, View};
}
