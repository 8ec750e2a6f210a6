//! Entry point of a fuzz target: a session is fed any bytes, at any time, with any frames to send.

use std::time::{Duration, Instant};

use mpr_wire::encode_answer;

use super::request::{DATA, REFUSED_FRAME, SYNCHRONISED};
use super::{Event, Session, Setup};

/// The first bytes choose the window; then steps of one byte each, some with more.
pub fn session(data: &[u8]) {
    let [unit, payload, data @ ..] = data else { return };
    let setup = Setup {
        token: *b"0f1e2d3c",
        unit: 16 << (unit % 9),
        payload: 96 + 16 * usize::from(*payload),
        line_rate: 11_520.0,
        grows: unit & 0x80 == 0,
        pushes_back: unit & 0x40 != 0,
    };
    let mut now = Instant::now();
    let mut session = Session::new(setup, now);
    let mut bytes = data.iter().copied();
    let mut sent = 0;
    while let Some(step) = bytes.next() {
        let mut next = || bytes.next().unwrap_or_default();
        match step % 9 {
            0 => {
                let payload = vec![next(); usize::from(next()).min(session.payload())];
                session.frame(&payload, step & 0x40 != 0, payload.len() as u64);
                sent += payload.len() as u64;
            }
            1 => session.await_answer(now, next() & 1 == 0),
            2 => now += Duration::from_millis(u64::from(next()) * 8),
            3 => session.handle_timeout(now),
            4 => {
                // What a fuzzer would not find: answers with the right sum.
                let kind = [REFUSED_FRAME, SYNCHRONISED, SYNCHRONISED, DATA][usize::from(next() % 4)];
                let mut wire = Vec::new();
                encode_answer(&[kind, next(), next(), next(), next() % 8, 0, 0], &mut wire);
                session.handle_input(now, &wire);
            }
            5 => session.all_accepted(),
            _ => {
                let some: Vec<u8> = (0..next() % 32).map(|_| next()).collect();
                session.handle_input(now, &some);
            }
        }
        let mut out = Vec::new();
        let _ = session.poll_transmit(now, &mut out);
        assert!(
            !out.iter().any(|byte| mpr_wire::SILENT.contains(byte)),
            "nothing that means something at a prompt"
        );
        while let Some(event) = session.poll() {
            if let Event::Answer(answer) = event {
                assert!(answer.len() > 1, "an answer has a kind and a request");
            }
        }
        session.handle_timeout(now);
        assert!(session.poll_timeout().is_none_or(|at| at > now), "no busy timer");
        assert!(session.accepted() <= sent, "no more is accepted than was sent");
    }
}
