//! The binary `still`.

/// glibc's allocator gives large buffers back to the system after every operation; this one keeps them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    std::process::exit(stillroom::cli::main(std::env::args_os()));
}
