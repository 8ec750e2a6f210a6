//! `mpr`: manage MicroPython boards.

use std::process::ExitCode;

fn main() -> ExitCode {
    mpr_cli::main()
}
