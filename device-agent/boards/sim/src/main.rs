//! `mpr-sim`: the firmware as a process on the host, a board without hardware.
//!
//! - `options`: the command line.
//! - `board`: the hardware layer that the firmware runs on.
//! - `console`, `fifo`, `uart`: what stands between the firmware and the outside: stdio, a PTY or TCP.
//! - `flash`: the flash memory, in a file or in memory; `rom`: that for read-only files; `power`: cuts in their middle.
//! - `webrepl`: the server that `--webrepl` asks for.
//! - `alarm`: the alarm of timers; `network`: sockets; `processor`: the processor's clock and memory.
//! - `shutdown`: signals, and leaving with the terminal as it was.
#![allow(unsafe_code)] // Starting the virtual machine; the block says why it is sound.

mod alarm;
mod board;
mod console;
mod fifo;
mod flash;
mod network;
mod options;
mod power;
mod processor;
mod rom;
mod shutdown;
mod uart;
mod webrepl;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;

fn main() -> ExitCode {
    let options = options::Options::parse();
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(options: &options::Options) -> Result<(), options::Failure> {
    // First: from the moment that the console's name is known, a signal ends this cleanly.
    let signals = shutdown::catch_signals()?;
    let power = Arc::new(power::Power::new(options.power_cut));
    let flash = flash::SimFlash::open(options, Arc::clone(&power))?;
    let rom = rom::SimRom::open(options, power)?;
    let link = console::open(options)?;
    let webrepl = webrepl::WebRepl::prepare(options)?;
    let board = board::Board::start(flash, rom, link, webrepl, options);
    shutdown::on_signals(signals, board);
    board.run(options.heap.0);
    shutdown::leave(board);
    Ok(())
}
