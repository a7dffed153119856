//! Pages in a real browser.

mod browser;
mod live;
mod report;
mod serve;
mod served;
