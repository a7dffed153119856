//! Weights drawn anew.

use super::{Net, Network, pass};
use crate::error::Result;
use std::collections::HashSet;
use std::sync::Arc;

impl Net {
    /// Draws the weights of all layers anew, as `seed` has them, and puts their running statistics back to the
    /// start. What a recipe made a parameter of itself has no start to go back to, and stays.
    ///
    /// # Errors
    /// None but a defect: each layer makes one of its own kind.
    pub fn reset(&self, seed: u64) -> Result<()> {
        pass::during(seed, &[], || self.reset_once(&mut HashSet::new()))
    }

    /// A layer that stands twice is drawn once.
    fn reset_once(&self, known: &mut HashSet<usize>) -> Result<()> {
        let address = Arc::as_ptr(self.network()).cast::<()>() as usize;
        if let Some(make) = self.maker() {
            if known.insert(address) && !self.parameters().is_empty() {
                let fresh = make(&mut pass::draw("weights"))?;
                self.network().restore(&fresh.state())?;
            }
            return Ok(());
        }
        self.parts().iter().try_for_each(|(_, part)| part.reset_once(known))
    }
}
