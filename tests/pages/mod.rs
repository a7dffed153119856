//! Pages in a real browser.

mod browser;
mod live;
mod serve;
mod served;
