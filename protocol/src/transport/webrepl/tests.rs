use super::handshake::{Answer, parse, request};
use super::login::Login;
use super::*;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ANSWER: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

#[test]
fn the_request_has_the_names_that_boards_match_by_case() {
    let address = WebReplAddress { tls: false, host: "::1".into(), port: 8266, path: "/a".into() };
    let text = request(&address, KEY);
    for part in [
        "GET /a HTTP/1.1\r\n",
        "\r\nHost: [::1]:8266\r\n",
        "\r\nConnection: Upgrade\r\n",
        "\r\nUpgrade: websocket\r\n",
        "\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

#[test]
fn an_answer_is_read_when_all_of_it_is_there() {
    let whole = format!("{ANSWER}\r\n\u{81}\n");
    for end in 0..ANSWER.len() + 2 {
        assert_eq!(parse(&whole.as_bytes()[..end], KEY).expect("fine so far"), None, "{end}");
    }
    let answer = Answer { rest: "\u{81}\n".as_bytes().to_vec(), pushes_back: false };
    assert_eq!(parse(whole.as_bytes(), KEY).expect("an answer"), Some(answer));
    let ours = format!("{ANSWER}WebREPL-Flow: pushes-back\r\n\r\n");
    assert!(parse(ours.as_bytes(), KEY).expect("an answer").is_some_and(|answer| answer.pushes_back));
    for no in [
        "HTTP/1.1 404 Not Found\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        &format!("{ANSWER}\r\n").replace("s3p", "S3p"),
    ] {
        assert!(matches!(parse(no.as_bytes(), KEY), Err(WebReplError::NotWebRepl { .. })), "{no}");
    }
}

fn log_in(parts: &[&str]) -> Result<(u32, String), WebReplError> {
    let (mut login, mut said, mut answers) = (Login::new("secret"), Vec::new(), 0);
    for part in parts {
        said.extend(part.bytes());
        answers += u32::from(login.input(&mut said)?.is_some());
    }
    match login.is_done() && login.has_prompt() {
        true => Ok((answers, String::from_utf8_lossy(&said).into_owned())),
        false => Err(login.closed()),
    }
}

#[test]
fn every_way_a_login_ends() {
    let done = log_in(&["Pass", "word: ", "\r\nWebREPL con", "nected\r\n>>", "> "]).expect("logged in");
    assert_eq!(done, (1, ">>> ".to_owned()));
    assert!(matches!(log_in(&[]), Err(WebReplError::Busy)));
    assert!(matches!(log_in(&["Pass"]), Err(WebReplError::Closed { .. })));
    assert!(matches!(log_in(&["Password: ", ""]), Err(WebReplError::Closed { .. })));
    assert!(matches!(log_in(&["Password: ", "\r\nAccess de", "nied\r\n"]), Err(WebReplError::Denied)));
    let later = log_in(&["Password: ", "\r\nAccess denied: try again in 004 s\r\n"]);
    assert!(matches!(later, Err(WebReplError::TooSoon(4))));
    assert!(matches!(log_in(&[&"x".repeat(5000)]), Err(WebReplError::NotWebRepl { .. })));
}

#[test]
fn a_login_for_files_has_no_prompt() {
    let (mut login, mut said) = (Login::new("secret"), b"Password: ".to_vec());
    assert!(login.input(&mut said).expect("a question").is_some());
    said.extend(mpr_extmod::webrepl::FILES_ONLY);
    let half = said.split_off(30);
    assert!(login.input(&mut said).expect("half").is_none() && !login.is_done());
    said.extend(half);
    assert!(login.input(&mut said).expect("all").is_none() && login.is_done() && !login.has_prompt());
}

#[test]
fn a_ctrl_c_is_a_frame_by_itself() {
    let split: Vec<&[u8]> = pieces(b"\r\x03\x03ab\x03").collect();
    assert_eq!(split, [&b"\r"[..], b"\x03", b"\x03", b"ab", b"\x03"]);
    let long = [b'x'; 3000];
    assert_eq!(pieces(&long).map(<[u8]>::len).collect::<Vec<_>>(), [1024, 1024, 952]);
}

#[test]
fn frames_of_every_kind_are_masked() {
    let mut out = Vec::new();
    encode(OpCode::Data(Data::Text), b"Hello", [0x37, 0xfa, 0x21, 0x3d], &mut out);
    // The standard's own example.
    assert_eq!(out, [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    for (kind, first) in [(Control::Close, 0x88), (Control::Pong, 0x8a)] {
        out.clear();
        encode(OpCode::Control(kind), &[0], [1; 4], &mut out);
        assert_eq!(out, [first, 0x81, 1, 1, 1, 1, 1]);
    }
}

#[test]
fn a_password_is_never_shown() {
    let options = WebReplOptions { password: Some(Password::new("geheim\n")), ..WebReplOptions::default() };
    assert_eq!(options.password, Some(Password("geheim".into())));
    assert!(!format!("{options:?}").contains("geheim"));
}

#[test]
fn the_fuzz_targets_corpus_is_survived() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/corpus/webrepl_client");
    let mut seeds = 0;
    for entry in std::fs::read_dir(corpus).expect("the corpus is there") {
        super::fuzz::server(
            &std::fs::read(entry.expect("a readable folder").path()).expect("a readable seed"),
        );
        seeds += 1;
    }
    assert!(seeds >= 4);
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_survived(case in proptest::collection::vec(proptest::num::u8::ANY, 0..600)) {
        super::fuzz::server(&case);
    }
}
