//! Boards over WebREPL: passwords, everything that goes wrong on the way to the prompt, TLS, bad networks.

mod files;
mod networks;
mod passwords;
mod refused;
mod running;
mod tls;

use mpr_tests::{Board, Mpr, mpr};

/// `mpr connect ADDRESS` with the right password.
fn mpr_at(address: &str) -> Mpr {
    mpr().args(["connect", address]).env("MPR_WEBREPL_PASSWORD", Board::PASSWORD)
}
