//! `still lsp`, as an editor meets it: over the binary's standard input and output.

mod across;
mod client;
mod complete;
mod diagnostics;
mod grammar;
mod help;
mod names;
mod protocol;
