//! How often the host waits for a device: each time that numbers of a tensor are read. On the processor that costs
//! nothing, but the count is the same, so that a step which would make a graphics card wait is seen anywhere.

use std::sync::atomic::{AtomicU64, Ordering};

static READS: AtomicU64 = AtomicU64::new(0);

/// Tensors that were read by the host so far, in all threads.
pub fn reads() -> u64 {
    READS.load(Ordering::Relaxed)
}

/// Counts one.
pub(super) fn note() {
    READS.fetch_add(1, Ordering::Relaxed);
}
