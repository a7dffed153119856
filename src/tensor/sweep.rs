//! Frees graphs that nobody will walk back.
//!
//! Burn keeps what the operations of a graph need for a backward pass until some pass goes through that graph,
//! even if every tensor of it is gone. A loop that never goes backward would fill the memory. So now and then a
//! pass goes through a graph on behalf of all: it begins and ends at a leaf of its own, touches nothing else, and
//! Burn frees what cannot be reached.

use super::{Device, Tensor};
use crate::error::Result;
use burn_autodiff::NodeId;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Nodes of graphs that are made between two sweeps, at least and at most.
const NODES: [u64; 2] = [1_000, 20_000];
/// A sweep looks at every node that is alive; in between passes so many times as long as that takes.
const PAUSE: u32 = 100;

/// When the last sweep was: at which node and what time; and how long the last two looked at what is alive.
static LAST: Mutex<Option<(u64, Instant, [Duration; 2])>> = Mutex::new(None);

impl Tensor {
    /// Frees what is dropped of this tensor's graph, if that is due.
    ///
    /// # Errors
    /// None but a defect: the operations are always possible.
    pub fn sweep(&self) -> Result<()> {
        if !self.is_tracked() || self.count() == 0 {
            return Ok(());
        }
        // Burn counts nodes upwards, so a new number tells how many there were.
        let (node, now) = (NodeId::new().value, Instant::now());
        let looked = {
            let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
            let (before, at, looked) = *last.get_or_insert((0, now, [Duration::ZERO; 2]));
            let made = node.saturating_sub(before);
            // The shorter one counts: a machine that does something else makes one of them long.
            let pause = looked[0].min(looked[1]) * PAUSE;
            let early = made < NODES[1] && now.duration_since(at) < pause;
            if made < NODES[0] || early {
                return Ok(());
            }
            *last = Some((node, now, looked));
            looked
        };
        self.walk_past()?;
        // The first pass takes as long as there is much to free, which is well spent; the second one tells what
        // looking costs.
        let freed = Instant::now();
        self.walk_past()?;
        let done = (NodeId::new().value, Instant::now(), [looked[1], freed.elapsed()]);
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
        Ok(())
    }

    /// A backward pass in this tensor's graph that goes through none of its nodes.
    fn walk_past(&self) -> Result<()> {
        let leaf = Tensor::from_values(vec![0.0], &[1], &Device::default())?.tracked()?;
        // What comes of two graphs joins them.
        drop(self.add(&leaf)?);
        leaf.neg()?.backward().map(drop)
    }
}
