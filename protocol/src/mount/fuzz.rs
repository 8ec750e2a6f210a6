//! Entry point of the fuzz target: any bytes from the board, split in any way, at any pace.

use std::time::{Duration, Instant};

use super::{Denied, Folder, FolderOptions, Host, Parameters, Token, wire};

/// Feeds a host. A byte `n` of the case takes so many bytes for the next piece (0: time passes instead); where the pieces
/// begin with `!`, the rest becomes the body of a well-formed request.
///
/// # Panics
/// When something does not hold that always must.
pub fn host(data: &[u8]) {
    let folder = std::env::temp_dir().join("mpr-fuzz-mount");
    if std::fs::create_dir_all(&folder).is_err() {
        return;
    }
    let parameters =
        Parameters::for_board(100_000, Some(64), data.first().is_some_and(|b| b % 2 == 0), false);
    let mut host = Host::new(Token::new(0), parameters);
    let options = FolderOptions { read_only: true, unsafe_links: false };
    if let Ok(folder) = Folder::open(&folder, &options, Denied(Box::new(|_| {}))) {
        host.add(1, folder);
    }
    let mut now = Instant::now();
    let (mut fed, mut shown) = (0, 0);
    let mut rest = data;
    while let Some((&size, after)) = rest.split_first() {
        let (piece, after) = after.split_at(usize::from(size).min(after.len()));
        rest = after;
        let request;
        let piece = match piece.strip_prefix(b"!") {
            Some(body) => {
                request = wire::request(host.token(), body);
                &request
            }
            None => piece,
        };
        fed += piece.len();
        if piece.is_empty() {
            now += Duration::from_millis(100);
        }
        host.handle_input(now, piece);
        host.handle_timeout(now);
        let mut output = Vec::new();
        let _ = host.take_output(&mut output);
        shown += output.len();
        let mut out = Vec::new();
        let sends = host.poll_transmit(now, &mut out);
        assert_eq!(sends, !out.is_empty());
        assert!(out.iter().all(|b| !matches!(b, 1..=5 | b'\r')), "nothing that a prompt obeys");
        assert!(!sends || host.is_busy(), "only a board in a call is sent to");
    }
    now += Duration::from_secs(10);
    host.handle_timeout(now);
    let mut output = Vec::new();
    let _ = host.take_output(&mut output);
    shown += output.len();
    assert!(shown <= fed, "no output that did not come in");
    host.handle_timeout(now);
    assert_eq!(host.poll_timeout(), None, "nothing is held for ever");
}
