//! How often the host waits for a device: each time that numbers of a tensor are read. On the processor that costs
//! nothing, but the count is the same, so that a step which would make a graphics card wait is seen anywhere.

use std::cell::Cell;

thread_local! {
    static READS: Cell<u64> = const { Cell::new(0) };
}

/// Tensors that this thread has read so far: what another one reads meanwhile is not this one's wait.
pub fn reads() -> u64 {
    READS.get()
}

/// Counts one.
pub(super) fn note() {
    READS.set(READS.get() + 1);
}
