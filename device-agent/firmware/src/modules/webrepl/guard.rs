//! The password, and how often it may be guessed.

use core::cell::Cell;

use mpr_extmod::webrepl::{MAX_PASSWORD, same_password};

use super::{Global, is_stock};
use crate::hal::hal;
use crate::mp::{self, Error, Obj, Result};

/// Bytes of the shortest password.
const MIN: usize = 4;
/// Bytes of the longest password with quirks.
const STOCK_MAX: usize = 9;
/// So many wrong passwords cost nothing.
const FREE: u32 = 3;
/// The first delay, in microseconds; each further wrong password doubles it.
const FIRST_DELAY_US: u64 = 1_000_000;
/// It is doubled so often at most.
const DOUBLINGS: u32 = 6;

struct State {
    password: Cell<[u8; MAX_PASSWORD]>,
    len: Cell<usize>,
    /// Wrong passwords since the last right one.
    failures: Cell<u32>,
    /// Until when every password is wrong, by the board's clock.
    closed_until: Cell<u64>,
}

static STATE: Global<State> = Global(State {
    password: Cell::new([0; MAX_PASSWORD]),
    len: Cell::new(0),
    failures: Cell::new(0),
    closed_until: Cell::new(0),
});

/// What a password is worth.
pub enum Verdict {
    /// It is right.
    Right,
    /// It is wrong.
    Wrong,
    /// It was not looked at: after many wrong ones, the next may come in so many seconds.
    TooSoon(u32),
}

/// Sets the password: 4 to 63 bytes, with quirks at most 9.
pub fn set_password(password: Obj) -> Result<()> {
    let given = mp::str_bytes(password)?;
    let most = if is_stock() { STOCK_MAX } else { MAX_PASSWORD };
    if !(MIN..=most).contains(&given.len()) || given.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
        return Err(Error::value("password must have 4 to 63 bytes, and be one line"));
    }
    let mut bytes = [0; MAX_PASSWORD];
    bytes[..given.len()].copy_from_slice(given);
    STATE.0.password.set(bytes);
    STATE.0.len.set(given.len());
    Ok(())
}

/// Looks at what a client gave as the password.
pub fn check(given: &[u8]) -> Verdict {
    let state = &STATE.0;
    let now = hal().ticks_us();
    let left = state.closed_until.get().saturating_sub(now);
    if left > 0 && !is_stock() {
        return Verdict::TooSoon(u32::try_from(left.div_ceil(1_000_000)).unwrap_or(u32::MAX));
    }
    let password = state.password.get();
    let len = state.len.get();
    // Without a password nobody gets in.
    if len > 0 && same_password(given, &password[..len]) {
        state.failures.set(0);
        return Verdict::Right;
    }
    let failures = state.failures.get().saturating_add(1);
    state.failures.set(failures);
    if let Some(beyond) = failures.checked_sub(FREE) {
        state.closed_until.set(now + (FIRST_DELAY_US << beyond.min(DOUBLINGS)));
    }
    Verdict::Wrong
}
