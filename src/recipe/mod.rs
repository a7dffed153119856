//! The editing flow: a file becomes a source, is compiled, checked, and swapped in between two steps.
//!
//! Beside it, scripts are tried from the shell: [`eval`] evaluates statements, [`test`] runs tests, both for
//! a host that trains nothing.
//!
//! Only a [`Checked`](check::Checked) version can come into force, and only `check` makes one.

mod arguments;
mod both;
mod callback;
mod check;
mod compile;
mod depends;
mod difference;
mod doorbell;
mod eval;
mod facts;
mod find;
mod functions;
mod given;
mod header;
mod hooks;
mod inspect;
mod listing;
mod live;
mod made;
mod opening;
mod outline;
mod pieces;
mod reach;
mod rehearsal;
mod repl;
mod replay;
mod session;
mod setup;
mod shadow;
mod source;
mod stages;
mod templates;
mod testing;
mod timeline;
mod trial;
mod trying;
mod version;
mod watch;
mod why;

pub use arguments::{Declared, assignment};
pub use eval::{Evaluated, eval};
pub use functions::Functions;
pub use header::{Field, Header};
pub use inspect::{Inspector, definitions};
pub use listing::{Listed, list};
pub use repl::{Repl, is_whole};
pub use replay::{Replayed, replay};
pub use session::{Display, run};
pub use setup::{Entry, Fresh, Repeat, Setup, Signals};
pub use source::Source;
pub use templates::{TEMPLATES, Template};
pub use testing::{TestReport, TestSetup, Tested, test};
pub use trial::HOOK_SECONDS;
pub use trying::Given;
pub use watch::Patience;
pub use why::Why;
