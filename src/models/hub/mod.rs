//! Weights from a Hugging Face hub: their names, where they lie in its usual cache, and fetching them there. Only
//! `still models fetch` calls [`Hub::fetch`]; a recipe finds what is in the cache and asks no network.

mod fetch;
mod names;

pub use fetch::{Fetched, Hub, cached};
pub use names::{PUBLISHED, Published, Source};
