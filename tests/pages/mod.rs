//! Pages in a real browser.

mod browser;
