//! The agent: a Python module that runs on a board while files are moved.
//!
//! `mpr_agent.py` is its one source. Our firmware has it frozen in; other boards are sent [`SOURCE`], or [`DEFLATED`] where they
//! can inflate. docs/PROTOCOL.md describes what host and agent say to each other.

/// The version of the protocol that the agent speaks; it says so itself when it starts.
pub const VERSION: i64 = 3;

/// The module's name where it is installed on a board or frozen into its firmware.
pub const MODULE: &str = "mpr_agent";

/// The window that inflating [`DEFLATED`] takes, as a power of two: 2 KB.
pub const DEFLATED_WBITS: u8 = 11;

/// The source without comments and with short names. It defines `run(token, unit, size, wbits)`.
pub const SOURCE: &str = include_str!(concat!(env!("OUT_DIR"), "/agent.py"));

/// [`SOURCE`] as a raw deflate stream.
pub const DEFLATED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/agent.deflate"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_agree() {
        assert!(include_str!("../mpr_agent.py").contains(&format!("\nVERSION = {VERSION}\n")));
        assert!(SOURCE.contains(&format!("VERSION={VERSION}\n")));
    }

    #[test]
    fn what_is_sent_is_small() {
        assert!(SOURCE.is_ascii() && SOURCE.len() < 6500, "{}", SOURCE.len());
        assert!(DEFLATED.len() < 2750, "{}", DEFLATED.len());
    }
}
