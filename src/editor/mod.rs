//! What an editor is told of recipes while they are written: the language server behind `still lsp`.
//!
//! A recipe is never run: names come from its text (`script::names`), mistakes from `recipe::Inspector`, which
//! evaluates its consts and imports and nothing else, and help from the doc comments of the bindings.

mod about;
mod complete;
mod context;
mod diagnostics;
mod document;
mod hover;
mod items;
mod kinds;
mod navigate;
mod rename;
mod requests;
mod server;
mod signature;
mod uri;
mod wire;
mod world;

pub use server::serve;
