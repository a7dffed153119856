//! Pages in a real browser.

mod browser;
mod report;
