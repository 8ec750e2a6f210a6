//! The WebREPL server of our firmware, with clients that are not ours.

mod attacks;
mod browser;
mod files;
mod prompt;
mod python;
mod setup;
mod several;

use mpr_tests::{Board, BoardOptions, Kind, WebSocket};

const BOTH: [Kind; 2] = [Kind::SimWs, Kind::SimWsStock];

fn log_in(board: &Board) -> WebSocket {
    WebSocket::log_in(board.address(), Board::PASSWORD).settled()
}

/// After another client, or a reset.
fn log_in_again(board: &Board) -> WebSocket {
    WebSocket::log_in_again(board.address(), Board::PASSWORD).settled()
}

fn small(kind: Kind) -> Board {
    Board::with(kind, BoardOptions { flash_size: Some("64K".into()), ..BoardOptions::default() })
}
