//! The `clicktop` program. Everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    clicktop::cli::main()
}
