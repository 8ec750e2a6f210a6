extern crate std;
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::super::frame::{PONG, header};
use super::*;

const OPENING: &[u8] =
    b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: abc\r\n\r\n";

fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut head = [0; 4];
    let len = header(opcode, payload.len() as u16, &mut head);
    let mut out = head[..len].to_vec();
    out[1] |= 0x80;
    let mask = [1, 2, 3, 4];
    out.extend(mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    out
}

fn request(op: u8, size: u32, name: &[u8]) -> Vec<u8> {
    let mut out = vec![0; REQUEST];
    out[..3].copy_from_slice(&[b'W', b'A', op]);
    out[12..16].copy_from_slice(&size.to_le_bytes());
    out[16] = name.len() as u8;
    out[18..18 + name.len()].copy_from_slice(name);
    out
}

/// What a session says to an input that comes in parts of this size, as text. A password of `right` is right.
fn said(input: &[u8], size: usize) -> String {
    let (mut session, mut out) = (Session::new(false), String::new());
    let mut last = ' ';
    for part in input.chunks(size) {
        let (mut part, mut at) = (part.to_vec(), 0);
        while at < part.len() {
            let rest = &mut part[at..];
            let (used, event) = session.take(rest);
            assert!(used > 0);
            let (kind, text) = match event {
                None => (' ', String::new()),
                Some(Event::Opened) => ('o', format!("{}", session.key().escape_ascii())),
                Some(Event::Password) => {
                    let text = format!("{}", session.password().escape_ascii());
                    if session.password() == b"right" {
                        session.admit();
                    }
                    ('p', text)
                }
                Some(Event::Input(range)) => ('i', format!("{}", rest[range].escape_ascii())),
                Some(Event::Request(request)) => {
                    ('r', format!("{:?} {}", request.operation, request.name().escape_ascii()))
                }
                Some(Event::Data { bytes, left }) => {
                    let done = if left == 0 { "." } else { "" };
                    ('d', format!("{}{done}", rest[bytes].escape_ascii()))
                }
                Some(Event::Block) => ('b', String::new()),
                Some(Event::Ping) => ('g', format!("{}", session.ping().escape_ascii())),
                Some(Event::Bye) => ('x', String::new()),
                Some(Event::Broken { http }) => ('!', format!("{http}")),
            };
            at += used;
            // However it is split, it is the same.
            if kind != ' ' && (kind != last || !matches!(kind, 'i' | 'd')) {
                out.push_str(&format!("\n{kind} "));
            }
            last = if kind == ' ' { last } else { kind };
            out.push_str(&text);
        }
    }
    out
}

fn logged_in(rest: &[&[u8]]) -> Vec<u8> {
    [OPENING, &frame(TEXT, b"right\r"), &rest.concat()].concat()
}

#[test]
fn a_session_however_it_is_split() {
    let input = logged_in(&[
        &frame(TEXT, b"print(1)\r\x03"),
        &frame(PING, b"hello"),
        &frame(PONG, b"?"),
        &frame(BINARY, &request(1, 5, b"a.py")),
        &frame(BINARY, b"ab"),
        &frame(TEXT, b"\xff"),
        // The end of the data and the start of the next request in one frame.
        &frame(BINARY, &[b"cde", &request(2, 0, b"b")[..20]].concat()),
        &frame(BINARY, &request(2, 0, b"b")[20..]),
        &frame(BINARY, b"\0\0"),
        &frame(CLOSE, b""),
        b"anything",
    ]);
    let expected = "\no abc\np right\ni print(1)\\r\\x03\ng hello\nr Put(5) a.py\nd ab\ni \\xff\nd cde.\
        \nr Get b\nb \nb \nx ";
    for size in [1, 2, 5, 13, 1000] {
        assert_eq!(said(&input, size), expected, "{size}");
    }
}

#[test]
fn a_password_is_asked_for_until_it_is_right() {
    let long = [b'x'; 100];
    let input = [OPENING, &frame(TEXT, b"wr"), &frame(TEXT, b"ong\n"), &frame(TEXT, &long)].concat();
    assert_eq!(said(&input, 7), "\no abc\np wrong");
    let mut session = Session::new(false);
    let mut input = [OPENING, &frame(TEXT, &long), &frame(TEXT, b"\r")].concat();
    let mut at = 0;
    while at < input.len() {
        let (used, event) = session.take(&mut input[at..]);
        at += used;
        if event == Some(Event::Password) {
            assert_eq!(session.password().len(), MAX_PASSWORD + 1);
        }
        assert!(!session.is_open());
    }
}

#[test]
fn what_breaks_the_rules_ends_the_session() {
    assert_eq!(said(b"GET / HTTP/1.1\r\n\r\nmore", 3), "\n! true");
    let bad_frame = logged_in(&[&[0x82, 0xff], &frame(TEXT, b"no")]);
    assert_eq!(said(&bad_frame, 1), "\no abc\np right\n! false");
    let bad_request = logged_in(&[&frame(BINARY, &request(9, 0, b"a")), &frame(TEXT, b"no")]);
    assert_eq!(said(&bad_request, 1000), "\no abc\np right\n! false");
}

proptest! {
    #[test]
    fn no_way_of_splitting_changes_anything(
        pieces in proptest::collection::vec(
            (0_u8..4, proptest::collection::vec(any::<u8>(), 0..200)), 0..8),
        size in 1_usize..300,
    ) {
        let mut input = logged_in(&[]);
        for (kind, payload) in pieces {
            match kind {
                0 => input.extend(frame(TEXT, &payload)),
                1 => input.extend(frame(BINARY, &request(1, payload.len() as u32, b"n"))),
                2 => input.extend(frame(BINARY, &payload)),
                _ => input.extend(payload),
            }
        }
        prop_assert_eq!(said(&input, size), said(&input, usize::MAX));
    }
}
