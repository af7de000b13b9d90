//! argv in, exit code out, nothing else.

/// What one thread allocates another frees here, between the sessions and the writer of the spool above all; the
/// system's allocator makes them wait for each other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    telepost::cli::run()
}
