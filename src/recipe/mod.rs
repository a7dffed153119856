//! The editing flow: a file becomes a source, is compiled, checked, and swapped in between two steps.
//!
//! Only a [`Checked`](check::Checked) version can come into force, and only `check` makes one.

mod arguments;
mod check;
mod compile;
mod hooks;
mod live;
mod outline;
mod session;
mod source;
mod trial;
mod version;
mod watch;

pub use arguments::{Declared, assignment};
pub use session::{Display, Setup, help, run};
