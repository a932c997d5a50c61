//! The `opora` command.

fn main() -> std::process::ExitCode {
    opora::cli::main()
}
