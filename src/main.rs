//! argv in, exit code out, nothing else.

fn main() -> std::process::ExitCode {
    telepost::cli::run()
}
