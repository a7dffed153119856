//! The editing flow: a file becomes a source, is compiled, checked, and swapped in between two steps.
//!
//! Beside it, scripts are tried from the shell: [`eval`] evaluates statements, [`test`] runs tests, both for
//! a host that trains nothing.
//!
//! Only a [`Checked`](check::Checked) version can come into force, and only `check` makes one.

mod arguments;
mod callback;
mod check;
mod compile;
mod difference;
mod eval;
mod find;
mod functions;
mod hooks;
mod live;
mod outline;
mod reach;
mod rehearsal;
mod session;
mod shadow;
mod source;
mod testing;
mod trial;
mod trying;
mod version;
mod watch;

pub use arguments::{Declared, assignment};
pub use eval::{Evaluated, eval};
pub use functions::Functions;
pub use session::{Display, Setup, help, run};
pub use source::Source;
pub use testing::{TestReport, TestSetup, Tested, test};
pub use trial::HOOK_SECONDS;
pub use trying::Given;
pub use watch::Patience;
