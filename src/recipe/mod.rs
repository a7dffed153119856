//! The editing flow: a file becomes a source, is compiled, checked, and swapped in between two steps.
//!
//! Beside it, scripts are tried from the shell: [`eval`] evaluates statements, [`test`] runs tests, both for
//! a host that trains nothing.
//!
//! Only a [`Checked`](check::Checked) version can come into force, and only `check` makes one.

mod access;
mod arguments;
mod asked;
mod both;
mod callback;
mod chain;
mod check;
mod checking;
mod compile;
mod depends;
mod difference;
mod doorbell;
mod epochs;
mod eval;
mod facts;
mod files;
mod find;
mod functions;
mod given;
mod granted;
mod header;
mod holdings;
mod hooks;
mod idle;
mod inspect;
mod listing;
mod live;
mod made;
mod opening;
mod outline;
mod over;
mod pieces;
mod reach;
mod rehearsal;
mod repl;
mod replay;
mod reported;
mod session;
mod setup;
mod shadow;
mod source;
mod stages;
mod standing;
mod stored;
mod suspect;
mod taking;
mod templates;
mod testing;
mod timeline;
mod trial;
mod trying;
mod untaught;
mod version;
mod watch;
mod why;
mod zoo;

pub use arguments::{Declared, assignment};
pub use chain::{Chain, chain};
pub use checking::Tried;
pub use eval::{Evaluated, eval};
pub use files::{MOST_FILE_BYTES, MOST_FILES};
pub use functions::Functions;
pub use granted::{Granted, ROOTS_VARIABLE};
pub use header::{Field, Header};
pub use inspect::{Inspector, definitions};
pub use listing::{Listed, list};
pub use repl::{Repl, is_whole};
pub use replay::{Replayed, replay};
pub use reported::{REPORT, about, write_report};
pub use session::{Display, MOST_STAGES, run};
pub use setup::{Entry, Fresh, Repeat, Setup, Signals};
pub use source::Source;
pub use taking::take;
pub use templates::{TEMPLATES, Template};
pub use testing::{TestReport, TestSetup, Tested, is_test, test};
pub use trial::HOOK_SECONDS;
pub use trying::{ENDLESS, Given};
pub use version::NESTED_CALLS;
pub use watch::Patience;
pub use why::Why;
pub use zoo::{NamedModel, named_model, named_models, no_model};
