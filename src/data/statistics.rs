//! Mean and deviation of a set's features, given or measured.

use super::shelf::Shelf;
use super::source::interrupted;
use crate::error::Result;
use rayon::prelude::*;
use std::sync::{Arc, OnceLock};

/// Mean and deviation, given or measured when they are first needed.
pub(super) struct Statistics {
    known: OnceLock<[f64; 2]>,
    /// The clips to measure: those that train.
    shelf: Arc<Shelf>,
}

impl Statistics {
    pub fn new(given: Option<[f64; 2]>, shelf: Arc<Shelf>) -> Self {
        Statistics { known: given.map_or_else(OnceLock::new, OnceLock::from), shelf }
    }

    /// The numbers; measuring ends at the next clip when `stop` says so.
    pub fn get(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<[f64; 2]> {
        if let Some(known) = self.known.get() {
            return Ok(*known);
        }
        let measured = self.measure(stop)?;
        // Another thread may have been faster; both have the same numbers.
        Ok(*self.known.get_or_init(|| measured))
    }

    /// Mean and deviation over all frames of all clips, summed in the clips' order whatever the threads.
    fn measure(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<[f64; 2]> {
        let sums = (0..self.shelf.clips.len())
            .into_par_iter()
            .map(|index| {
                if stop() {
                    return Err(interrupted());
                }
                let features = self.shelf.features(index)?;
                let values = &features.values;
                let sum: f64 = values.iter().map(|v| f64::from(*v)).sum();
                let squares: f64 = values.iter().map(|v| f64::from(*v) * f64::from(*v)).sum();
                Ok((values.len() as f64, sum, squares))
            })
            .collect::<Vec<Result<_>>>();
        let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
        for clip in sums {
            let (n, s, q) = clip?;
            count += n;
            sum += s;
            squares += q;
        }
        let mean = sum / f64::max(count, 1.0);
        let variance = (squares / f64::max(count, 1.0) - mean * mean).max(0.0);
        // Silence everywhere would have no deviation; dividing by it would make infinities.
        Ok([mean, variance.sqrt().max(1e-3)])
    }
}
