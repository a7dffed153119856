//! Frees graphs that nobody will walk back.
//!
//! Burn keeps what the operations of a graph need for a backward pass until some pass goes through that graph,
//! even if every tensor of it is gone. A loop that never goes backward would fill the memory. So now and then a
//! pass goes through a graph on behalf of all: it begins and ends at a leaf of its own, touches nothing else, and
//! Burn frees what cannot be reached.
//!
//! After a pass Burn asks for each node whether its graph has any node that somebody holds, and looks from the same end
//! each time. In a long graph that one variable holds, each look goes through half of it. So many leaves are held meanwhile:
//! then a look finds one soon, and a pass takes as long as there are nodes, not their square.

use super::{Device, Tensor, memory};
use crate::error::Result;
use burn_autodiff::NodeId;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Nodes of graphs that are made between two sweeps at least; and at most, where looking at what is alive takes no time.
const NODES: [u64; 2] = [1_000, 20_000];
/// A sweep looks at what is alive; in between passes so many times as long as that takes.
const PAUSE: u32 = 100;
/// And at least so many times as long, however many nodes are made.
const LEAST_PAUSE: u32 = 10;
/// Of so many nodes one is held while a pass looks at them.
const A_HELD: u64 = 128;
/// Seconds that a pass takes for a node that is alive, about.
const SECONDS_A_NODE: f64 = 1e-6;
/// Bytes of a node, about; and bytes of nodes and tensors that are made between two sweeps at most, whatever these take.
const NODE_BYTES: u64 = 1 << 10;
const MOST_BYTES: u64 = 1 << 30;

/// What is known of the last sweep.
#[derive(Clone, Copy, Debug, Default)]
pub struct Last {
    /// How long the last two looked at what is alive.
    looked: [Duration; 2],
}

impl Last {
    fn look(&self) -> Duration {
        // The shorter one counts: a machine that does something else makes one of them long.
        self.looked[0].min(self.looked[1])
    }

    /// Whether it is too early for another one, so many nodes, bytes of tensors and so much time later.
    pub fn is_early(&self, made: u64, bytes: u64, passed: Duration) -> bool {
        if bytes.saturating_add(made.saturating_mul(NODE_BYTES)) >= MOST_BYTES {
            return false;
        }
        made < NODES[0]
            || made < NODES[1] && passed < self.look() * PAUSE
            || passed < self.look() * LEAST_PAUSE
    }

    /// How many leaves are held meanwhile, so many nodes later.
    fn held(&self, made: u64) -> u64 {
        // More are made only where nothing was swept, as in training: those are gone.
        (made.min(MOST_BYTES / NODE_BYTES) + (self.look().as_secs_f64() / SECONDS_A_NODE) as u64)
            / A_HELD
    }

    /// What is known after a sweep that took `look`.
    #[must_use]
    pub fn then(&self, look: Duration) -> Self {
        Last { looked: [self.looked[1], look] }
    }
}

/// When the last sweep was: at which node, after how many bytes and at what time.
struct Swept {
    node: u64,
    bytes: u64,
    at: Instant,
    last: Last,
}

/// How long this thread has worked: what others do meanwhile on a busy machine is no part of a look.
#[cfg(unix)]
fn worked() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the place is there for the clock to write to.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// How long this process is there.
#[cfg(not(unix))]
fn worked() -> Duration {
    static BEGUN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    BEGUN.get_or_init(Instant::now).elapsed()
}

static SWEPT: Mutex<Option<Swept>> = Mutex::new(None);

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
        let (node, bytes, now) = (NodeId::new().value, memory::made(), Instant::now());
        let (last, made) = {
            let mut swept = SWEPT.lock().unwrap_or_else(PoisonError::into_inner);
            let first = || Swept { node: 0, bytes: 0, at: now, last: Last::default() };
            let before = swept.get_or_insert_with(first);
            let made = node.saturating_sub(before.node);
            let bytes_made = bytes.saturating_sub(before.bytes);
            if before.last.is_early(made, bytes_made, now.duration_since(before.at)) {
                return Ok(());
            }
            // Another thread has no need to sweep meanwhile.
            (before.node, before.bytes, before.at) = (node, bytes, now);
            (before.last, made)
        };
        let held = last.held(made);
        self.walk_past(held)?;
        // The first pass takes as long as there is much to free, which is well spent; the second one tells what
        // looking costs.
        let freed = worked();
        self.walk_past(held)?;
        let last = last.then(worked().saturating_sub(freed));
        let (node, bytes, at) = (NodeId::new().value, memory::made(), Instant::now());
        let mut swept = SWEPT.lock().unwrap_or_else(PoisonError::into_inner);
        *swept = Some(Swept { node, bytes, at, last });
        Ok(())
    }

    /// A backward pass in this tensor's graph that goes through none of its nodes, while so many leaves are held.
    fn walk_past(&self, held: u64) -> Result<()> {
        let leaf = Tensor::from_values(vec![0.0], &[1], &Device::default())?.tracked()?;
        let _held = (0..held).map(|_| leaf.neg()).collect::<Result<Vec<_>>>()?;
        // What comes of two graphs joins them.
        drop(self.add(&leaf)?);
        leaf.neg()?.backward().map(drop)
    }
}
