//! `still lsp`: the language server.

use crate::editor;
use crate::error::Result;
use clap::Args;

/// Serve an editor: the Language Server Protocol on standard input and output.
#[derive(Args)]
pub(super) struct Lsp {
    /// Accepted for editors that say so; there is no other way.
    #[arg(long, hide = true)]
    stdio: bool,
}

impl Lsp {
    pub(super) fn run(self) -> Result<i32> {
        editor::serve(std::io::stdin(), std::io::stdout())
    }
}
