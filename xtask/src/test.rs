//! Everything that must hold before a change lands.

use crate::run::{Result, cargo, run, succeeds};
use crate::{demo, setup};

/// The programs that end-to-end tests run.
pub const PROGRAMS: [&str; 5] = ["build", "-p", "mpr", "-p", "mpr-sim"];

/// Set-up, formatting, lints, build, the demonstration, tests, documentation tests.
pub fn test() -> Result {
    setup::all()?;
    run(&mut cargo(["fmt", "--all", "--check"]))?;
    let lints = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    run(&mut cargo(lints))?;
    demo::demo()?;
    if succeeds(&mut cargo(["nextest", "--version"])) {
        run(&mut cargo(["nextest", "run", "--workspace", "--no-fail-fast"]))?;
    } else {
        let targets = ["--lib", "--bins", "--tests", "--no-fail-fast"];
        run(cargo(["test", "--workspace"]).args(targets))?;
    }
    run(&mut cargo(["test", "--workspace", "--doc"]))?;
    println!("all tests passed");
    Ok(())
}
