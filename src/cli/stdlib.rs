//! `still stdlib`: lists and shows the modules that are written in Rhai.

use super::out;
use crate::error::{Kind, Result, unknown};
use crate::script::stdlib::{MODULES, find};
use clap::Args;

/// List the standard library, or show one of its modules.
#[derive(Args)]
pub(super) struct Stdlib {
    /// A module, e.g. std/hinton.
    module: Option<String>,
}

impl Stdlib {
    pub(super) fn run(self) -> Result<()> {
        let Some(name) = self.module else {
            let width = MODULES.iter().map(|module| module.name.len()).max().unwrap_or(0);
            for module in &MODULES {
                out(&format!("{:<width$}  {}", module.name, module.summary()));
            }
            return Ok(());
        };
        let found = find(&name).or_else(|| find(&format!("std/{name}")));
        let bare = |name: &'static str| name.trim_start_matches("std/");
        let known: Vec<&str> = MODULES.iter().map(|module| bare(module.name)).collect();
        let given = name.trim_start_matches("std/");
        let module = found
            .ok_or_else(|| unknown("still stdlib", "module", given, &known).as_kind(Kind::Usage))?;
        out(module.text.trim_end());
        Ok(())
    }
}
