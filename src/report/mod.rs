//! Reports: what runs gave, as a page for a browser, as tables, and as event files of TensorBoard. All of it is made of
//! what stands in the folders of runs.

mod colour;
mod draw;
mod events;
mod evidence;
mod figures;
mod judge;
mod markdown;
mod page;
mod sheet;
mod terminal;
mod words;

pub use colour::viridis;
pub use events::{Scalars, write as write_events};
pub use evidence::{Evidence, Expected, Options};
pub use judge::{
    Comparison, Estimate, Finding, Over, Verdict, estimate, precision, precision_gain, verdict,
};
pub use markdown::markdown;
pub use page::page;
pub use sheet::csv;
pub use terminal::{Summary, SummaryRow, score, summary, table};

/// For tests of single parts.
#[doc(hidden)]
pub mod inside {
    pub use super::draw::Scale;
    pub use super::evidence::names::{parts, shared};
    pub use super::figures::calibration::bin_of;
    pub use super::words::{Measure, brief, cut, listed, p, signed, time};
}
