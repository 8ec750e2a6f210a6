//! Links over a process that gives back what it gets, and with faults on purpose.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{Child, Faults, Faulty, Recorder, Replay, Transport, TransportError};

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn echo() -> Child {
    Child::shell("cat", "echo".into()).expect("a shell")
}

/// Everything that comes until so many bytes are there, or nothing comes any more.
fn receive(link: &mut dyn Transport, most: usize, patience: Duration) -> Vec<u8> {
    let mut out = Vec::new();
    let mut buf = [0; 1000];
    while out.len() < most {
        match link.recv(&mut buf, Instant::now() + patience).expect("an open link") {
            0 => break,
            n => out.extend_from_slice(&buf[..n]),
        }
    }
    out
}

const QUIET: Duration = Duration::from_millis(300);

#[test]
fn a_process_gets_bytes_and_gives_them() {
    let mut link = echo();
    link.send_all(b"\x00\x03\x04\r\n\xff", soon()).expect("room");
    assert_eq!(receive(&mut link, 6, Duration::from_secs(20)), b"\x00\x03\x04\r\n\xff");
    let mut buf = [0; 10];
    assert_eq!(link.recv(&mut buf, Instant::now()).expect("an open link"), 0, "nothing more");
}

#[test]
fn a_full_link_refuses_bytes_at_the_deadline() {
    let mut link = Child::shell("sleep 100", "deaf".into()).expect("a shell");
    let megabyte = vec![0; 1 << 20];
    let result = link.send_all(&megabyte, Instant::now() + Duration::from_millis(50));
    assert!(matches!(result, Err(TransportError::TimedOut)), "{result:?}");
    assert_eq!(link.send(b"x", Instant::now()).expect("an open link"), 0);
}

#[test]
fn a_process_that_ends_says_how() {
    let mut link = Child::shell("echo why >&2; read line; exit 4", "short".into()).expect("a shell");
    link.send_all(b"\n", soon()).expect("room");
    let error = link.recv(&mut [0; 10], soon()).expect_err("it has ended");
    let TransportError::Closed { detail: Some(detail) } = &error else { panic!("{error:?}") };
    assert!(detail.contains('4') && detail.contains("why"), "{detail}");
}

#[test]
fn faults_are_the_same_for_the_same_seed_and_as_many_as_asked_for() {
    let sent: Vec<u8> = (0..20_000).map(|i| (i % 256) as u8).collect();
    let damaged = |faults: Faults| {
        let mut link = Faulty::new(echo(), Faults { from_board_only: true, ..faults });
        link.send_all(&sent, soon()).expect("room");
        receive(&mut link, usize::MAX, QUIET)
    };
    assert_eq!(damaged(Faults::default()), sent);
    // One in a hundred, give or take.
    let some = 100..300;
    let lost = damaged(Faults { seed: 1, lose: 10_000, ..Faults::default() });
    assert!(some.contains(&(sent.len() - lost.len())), "{}", lost.len());
    let doubled = damaged(Faults { seed: 1, double: 10_000, ..Faults::default() });
    assert!(some.contains(&(doubled.len() - sent.len())), "{}", doubled.len());
    let changed = damaged(Faults { seed: 1, change: 10_000, ..Faults::default() });
    let differ = changed.iter().zip(&sent).filter(|(a, b)| a != b).count();
    assert!(changed.len() == sent.len() && some.contains(&differ), "{differ}");
    assert_eq!(lost, damaged(Faults { seed: 1, lose: 10_000, ..Faults::default() }));
    assert_ne!(lost, damaged(Faults { seed: 2, lose: 10_000, ..Faults::default() }));
}

#[test]
fn a_cut_link_is_closed_for_good() {
    let mut link = Faulty::new(echo(), Faults { cut_after: Some(10), ..Faults::default() });
    link.send_all(b"123456", soon()).expect("room");
    assert_eq!(receive(&mut link, 4, Duration::from_secs(20)), b"1234");
    assert!(matches!(link.recv(&mut [0; 10], soon()), Err(TransportError::Closed { .. })));
    assert!(matches!(link.send(b"x", soon()), Err(TransportError::Closed { .. })));
}

#[test]
fn a_delayed_link_loses_nothing() {
    let faults = Faults { seed: 3, delay: Duration::from_millis(5), ..Faults::default() };
    let mut link = Faulty::new(echo(), faults);
    link.send_all(b"hello", soon()).expect("room");
    assert_eq!(receive(&mut link, 5, Duration::from_secs(20)), b"hello");
}

/// A trace in memory.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn any_bytes_are_recorded_and_played_back() {
    let bytes: Vec<u8> = (0..=255).collect();
    let trace = Shared::default();
    let mut link = Recorder::new(echo(), Box::new(trace.clone()));
    link.send_all(&bytes, soon()).expect("room");
    assert_eq!(receive(&mut link, 256, Duration::from_secs(20)), bytes);
    drop(link);
    let trace = String::from_utf8(trace.0.lock().expect("no panic").clone()).expect("a trace is text");
    let mut replay = Replay::new(&trace, "replay".into()).expect("a readable trace");
    assert_eq!(replay.recv(&mut [0; 10], Instant::now()).expect("an open link"), 0, "the host speaks first");
    replay.send_all(&bytes, soon()).expect("as recorded");
    let mut back = [0; 256];
    let mut n = 0;
    while n < 256 {
        n += replay.recv(&mut back[n..], soon()).expect("as recorded");
    }
    assert_eq!(back[..], bytes);
    assert!(replay.is_finished());
    assert!(matches!(replay.recv(&mut back, soon()), Err(TransportError::Closed { .. })));
}
