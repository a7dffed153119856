//! Runs: where they are kept, what is written down of them, and the table at their end.

mod folder;
mod home;
mod record;
mod report;
mod results;

pub use folder::{Folder, slug};
pub use home::{HOME_VARIABLE, Home};
pub use record::{COLUMNS, Record};
pub use report::table;
pub use results::{Results, StageResult};
