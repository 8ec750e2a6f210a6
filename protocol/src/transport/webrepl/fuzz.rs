//! Entry point of the fuzz target: any bytes from a server.

use super::login::Login;
use super::{handshake, pieces};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// Feeds the answer to the handshake and the login, split in any way: a byte `n` of the case takes so many bytes for the next
/// piece. Also, that bytes for the board are all sent, with every Ctrl-C by itself.
///
/// # Panics
/// When something does not hold that always must.
pub fn server(case: &[u8]) {
    let sent: Vec<u8> = pieces(case).flatten().copied().collect();
    assert_eq!(sent, case, "all is sent, in order");
    for piece in pieces(case) {
        assert!(piece == b"\x03" || !piece.is_empty() && !piece.contains(&3), "a Ctrl-C by itself");
    }
    let (mut whole, mut rest) = (Vec::new(), case);
    let mut login = Login::new("secret");
    let mut said = Vec::new();
    let (mut answers, mut ended) = (0, false);
    while let Some((&size, after)) = rest.split_first() {
        let (piece, after) = after.split_at(usize::from(size).min(after.len()));
        rest = after;
        whole.extend_from_slice(piece);
        said.extend_from_slice(piece);
        match login.input(&mut said) {
            Ok(Some(answer)) => {
                assert_eq!(answer, b"secret\r");
                answers += 1;
            }
            Ok(None) => {}
            Err(_) => ended = true,
        }
        if ended {
            break;
        }
        let _ = (login.closed(), login.awaits());
    }
    assert!(answers <= 1, "the password is said once");
    assert!(answers == 1 || !login.is_done(), "and before anything is open");
    if let Ok(Some(answer)) = handshake::parse(case, KEY) {
        assert!(answer.rest.len() < case.len());
        // An answer that has come stays one when more comes.
        let longer = [case, &whole].concat();
        assert!(handshake::parse(&longer, KEY).is_ok_and(|answer| answer.is_some()));
    }
}
