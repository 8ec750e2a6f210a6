//! Entry point of the fuzz target: any bytes from a server, split in any way.

use super::telnet::Telnet;

/// Feeds a connection. A byte `n` of the case takes so many bytes for the next piece.
///
/// # Panics
/// When something does not hold that always must.
pub fn server(case: &[u8]) {
    let mut telnet = Telnet::new();
    let (mut whole, mut came) = (Vec::new(), Vec::new());
    let mut replied = telnet.take_replies().len();
    let mut rest = case;
    while let Some((&size, after)) = rest.split_first() {
        let (piece, after) = after.split_at(usize::from(size).min(after.len()));
        rest = after;
        telnet.decode(piece, &mut came);
        replied += telnet.take_replies().len();
        whole.extend_from_slice(piece);
    }
    assert!(came.len() <= whole.len(), "no data that did not come in");
    assert!(replied <= 15 + 3 * whole.len(), "no storm of answers");
    let mut at_once = Telnet::new();
    let mut data = Vec::new();
    at_once.decode(&whole, &mut data);
    assert_eq!(data, came, "however the bytes are split");
    assert_eq!(at_once.baud(), telnet.baud());
}
