//! What a user calls the tensors of a file.

use crate::error::{Error, Kind, Result};
use crate::nn::Pattern;
use serde::Serialize;

/// A pattern of names in a file, and what they are called in the network: `encoder.*` and `body.*`.
///
/// Each `*` on the right stands for what the wildcard at the same place on the left took. Nothing on the right leaves
/// the tensor out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Renaming {
    from: Pattern,
    to: String,
}

impl Renaming {
    /// A renaming.
    ///
    /// # Errors
    /// A pattern that cannot be read; more `*` on the right than wildcards on the left.
    pub fn new(from: &str, to: &str) -> Result<Self> {
        let from = Pattern::new(from)?;
        let (stars, wildcards) = (to.matches('*').count(), from.wildcards());
        if stars > wildcards {
            let problem = format!("'{to}' has more * than '{}' has wildcards", from.text());
            return Err(Error::new(Kind::Range, "a renaming", problem)
                .expected(format!("{wildcards} at most"))
                .received(stars.to_string()));
        }
        Ok(Renaming { from, to: to.to_string() })
    }

    /// What `name` is called, where it fits; an empty text for one that is left out.
    pub fn of(&self, name: &str) -> Option<String> {
        let mut taken = self.from.taken(name)?.into_iter();
        let mut parts = self.to.split('*');
        let mut own = parts.next().unwrap_or_default().to_string();
        for part in parts {
            own += &taken.next().unwrap_or_default();
            own += part;
        }
        Some(own)
    }
}
