//! Development tasks: `cargo xtask setup|test|demo|bench|soak|completions`.
//!
//! No dependencies beyond `libc`: this is the first thing that is compiled on a new machine.

mod bench;
mod demo;
mod paths;
mod run;
mod setup;
mod soak;
mod terminal;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask TASK

  setup   install what building and testing need (Debian packages as root; npm and pip packages in target/)
  test    setup, then formatting, lints, build, all tests
  demo    build, then show the main job on a simulated board
  bench   measure against mpremote and mpytool and write docs/PERFORMANCE.md; [--only PATTERN] [--rounds N]
  completions  write the shell completions and manual pages in completions/
  soak N  try new fault seeds and fuzz inputs for N minutes
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args.as_slice() {
        ["setup"] => setup::all(),
        ["test"] => test::test(),
        ["bench", words @ ..] => bench::bench(words),
        ["completions"] => run::run(&mut run::cargo(["run", "-p", "mpr-completions"])),
        ["soak", minutes] => soak::soak(minutes),
        ["demo"] => demo::demo(),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{}", message.trim_end());
            ExitCode::FAILURE
        }
    }
}
