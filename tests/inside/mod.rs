//! Single parts that only their own modules use. The library lends them by its hidden modules `inside`, so that it is
//! compiled once: with tests of its own it would be a second time.

mod audio;
mod composed;
mod meter;
mod minimal;
mod report;
mod serve;
mod sweep;
mod terminal;
mod vectors;
mod watch;
