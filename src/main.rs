//! The binary `still`.

/// glibc's allocator gives large buffers back to the system after every operation; this one keeps them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of mimalloc 2 and 3, which its Rust crate does not name.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Unused memory goes back to the system after so long. A training step frees hundreds of megabytes and
/// takes them again at once; the standard 10 ms spend a quarter of the step on page faults. A step that takes longer than
/// this pays so, too: with 10 s, one of 14 s did, an eighth of it.
const PURGE_DELAY_MS: std::ffi::c_long = 60_000;

/// Gives memory back at once, where it is short.
fn give_back() {
    // SAFETY: the allocator may be told at any time, from any thread.
    unsafe { libmimalloc_sys::mi_collect(true) };
}

fn main() {
    // SAFETY: sets a number in the allocator; the environment's MIMALLOC_PURGE_DELAY stays in force.
    unsafe { libmimalloc_sys::mi_option_set_default(PURGE_DELAY, PURGE_DELAY_MS) };
    // Factors of products lie row by row as a rule: `gemm` copying them first costs two hundredths of a transformer's step.
    gemm::set_rhs_packing_threshold(usize::MAX);
    stillroom::tensor::memory::relieve_by(give_back);
    std::process::exit(stillroom::cli::main(std::env::args_os()));
}
