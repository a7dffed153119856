//! What a script that trains nothing is given on the command line.

use super::access::Access;
use crate::error::Result;
use crate::recipe::{self, Given};
use crate::run::HOME_VARIABLE;
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub(super) struct Arguments {
    /// Give an argument a value, for arg("name", …); can be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// The seed of all random numbers [default: 0].
    #[arg(long, value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    seed: Option<u64>,
    #[command(flatten)]
    access: Access,
}

impl Arguments {
    /// The same, read; and where made data are kept.
    pub(super) fn given(&self) -> Result<Given> {
        Ok(Given {
            set: self.set.iter().map(|text| recipe::assignment(text)).collect::<Result<_>>()?,
            seed: self.seed,
            home: std::env::var_os(HOME_VARIABLE).map(PathBuf::from),
            granted: self.access.granted()?,
            max_operations: self.access.max_operations(),
            out: None,
        })
    }
}
