//! The links: every address, and what is said when there is nothing behind it.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::sync::Mutex;

use mpr_protocol::transport::{self, Recorder, Replay};
use mpr_protocol::{Address, ConnectOptions, Device, Error};
use mpr_tests::{Board, Kind, sim_program};

use crate::{connect, run};

fn open(address: &str) -> Result<Device, Error> {
    Device::connect(&address.parse::<Address>().expect("an address"), &ConnectOptions::default())
}

fn prints_one(device: &mut Device) {
    assert_eq!(run(device, "print(1)"), "1\n");
}

#[test]
fn a_board_is_reached_by_every_kind_of_link() {
    for kind in [Kind::SimPty, Kind::SimTcp, Kind::SimUart { baud: 921_600 }, Kind::SimLink] {
        let board = Board::start(kind);
        let mut device = connect(&board);
        assert_eq!(device.name(), board.address());
        prints_one(&mut device);
        device.close().expect("it closes");
        prints_one(&mut connect(&board));
    }
    let mut device = open(&format!("exec:{} --stdio", sim_program().display())).expect("a process");
    prints_one(&mut device);
}

/// `MPR_SIM` names the program for `sim:`; the tests of this file share the environment.
static ENVIRONMENT: Mutex<()> = Mutex::new(());

#[test]
fn the_simulated_board_keeps_its_flash_in_a_file_and_shares_it_with_nobody() {
    let _lock = ENVIRONMENT.lock().expect("no test has failed in here");
    let folder = tempfile::tempdir().expect("a folder");
    let flash = folder.path().join("a flash.img");
    let address = format!("sim:{}", flash.display());
    // The program is found beside the test's folder or by the variable that the test command sets.
    if std::env::var_os("MPR_SIM").is_none() {
        let beside = std::env::current_exe().expect("a path").with_file_name("mpr-sim");
        if !beside.exists() {
            symlink(sim_program(), beside).expect("a link can be made");
        }
    }
    let mut first = open(&address).expect("a process");
    first.write_file("f", &mut &b"kept"[..], None, &mut |_| {}).expect("room");
    let mut second = open(&address).expect("a process");
    let error = second.enter_raw_repl().expect_err("the flash is in use");
    assert!(matches!(&error, Error::Busy { port } if *port == flash.display().to_string()), "{error:?}");
    first.close().expect("it closes");
    let mut third = open(&address).expect("a process");
    let mut content = Vec::new();
    third.read_file("f", &mut content, &mut |_| {}).expect("the file is there");
    assert_eq!(content, b"kept");
    // In memory nothing is kept, and nobody is in the way.
    let (mut a, mut b) = (open("sim:-").expect("a process"), open("sim:-").expect("a process"));
    prints_one(&mut a);
    prints_one(&mut b);
}

#[test]
fn what_is_not_there_is_told() {
    let error = open("/dev/no-such-port").expect_err("no port");
    assert!(matches!(&error, Error::NotFound { port } if port == "/dev/no-such-port"), "{error:?}");
    // Nothing listens on a port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let error = open(&format!("tcp://127.0.0.1:{port}")).expect_err("nobody listens");
    assert!(matches!(error, Error::Open { .. }), "{error:?}");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "x").expect("a file");
    let error = open(&file.display().to_string()).expect_err("no terminal");
    assert!(matches!(error, Error::Open { .. }), "{error:?}");
}

#[test]
fn a_port_has_one_user() {
    let board = Board::start(Kind::SimPty);
    let mut device = connect(&board);
    prints_one(&mut device);
    let error = open(board.address()).expect_err("it is in use");
    assert!(matches!(&error, Error::Busy { port } if port == board.address()), "{error:?}");
    device.close().expect("it closes");
    prints_one(&mut connect(&board));
}

#[test]
fn the_last_words_of_a_process_are_told() {
    for (command, words) in [
        ("echo last words >&2; exit 5", "last words"),
        ("exit 7", "7"),
        ("no-such-command-anywhere", "not found"),
    ] {
        let mut device = open(&format!("exec:{command}")).expect("a shell");
        let error = device.enter_raw_repl().expect_err("no board");
        let Error::Lost { during, cause } = &error else { panic!("{error:?}") };
        assert_eq!(during, "entering the raw REPL");
        assert!(cause.as_deref().is_some_and(|cause| cause.contains(words)), "{command}: {cause:?}");
    }
}

#[test]
fn a_process_is_gone_when_its_device_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let pid_file = folder.path().join("pid");
    // Deaf to the end of its input and to a request to end.
    let command =
        format!("exec:trap '' TERM HUP; echo $$ >{}; while :; do sleep 1; done", pid_file.display());
    let options = ConnectOptions { interrupt: Default::default(), ..crate::impatient() };
    let mut device = Device::connect(&command.parse().expect("an address"), &options).expect("a shell");
    assert!(matches!(device.enter_raw_repl(), Err(Error::Timeout { received: 0, .. })));
    let pid = fs::read_to_string(&pid_file).expect("it has started").trim().to_owned();
    drop(device);
    let status = Command::new("kill").args(["-0", &pid]).output().expect("kill can be run").status;
    assert!(!status.success(), "process {pid} is still there");
}

/// A recorded session plays back: the same requests get the same answers.
#[test]
fn a_session_is_recorded_and_played_back() {
    let board = Board::start(Kind::SimPty);
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace");
    let options = ConnectOptions { trace: Some(trace.clone()), ..ConnectOptions::default() };
    let mut device =
        Device::connect(&board.address().parse().expect("an address"), &options).expect("a board");
    device = device.with_seed(7);
    device.mkdir("d\n\x7fé").expect("a new directory");
    assert_eq!(run(&mut device, "print(1)"), "1\n");
    let listed = device.list("").expect("a listing");
    device.close().expect("it closes");
    let trace = fs::read_to_string(&trace).expect("a trace");
    assert!(trace.lines().any(|line| line.contains(r" > \x03\r\x01")), "{trace}");
    assert!(trace.lines().any(|line| line.contains(" < ")), "{trace}");
    let replay = Replay::new(&trace, "replay".into()).expect("a readable trace");
    let device = Device::from_transport(Box::new(replay), "replay".into(), &ConnectOptions::default());
    let mut device = device.with_seed(7);
    device.mkdir("d\n\x7fé").expect("as before");
    assert_eq!(run(&mut device, "print(1)"), "1\n");
    assert_eq!(device.list("").expect("as before"), listed);
    device.close().expect("as before");
    // Anything else is refused.
    let replay = Replay::new(&trace, "replay".into()).expect("a readable trace");
    let device = Device::from_transport(Box::new(replay), "replay".into(), &ConnectOptions::default());
    let mut device = device.with_seed(7);
    assert!(matches!(device.mkdir("other"), Err(Error::Lost { .. })));
    assert!(matches!(Replay::new("no trace", "replay".into()), Err(transport::TraceError::Line(1))));
}

#[test]
fn a_recorder_notes_errors() {
    let board = Board::start(Kind::SimPty);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("trace");
    let link = transport::open(&board.address().parse().expect("an address"), &ConnectOptions::default())
        .expect("a link");
    let recorder = Recorder::create(link, &file).expect("a trace");
    let mut device = Device::from_transport(Box::new(recorder), "x".into(), &ConnectOptions::default());
    prints_one(&mut device);
    drop(board);
    assert!(device.list("").is_err());
    drop(device);
    let trace = fs::read_to_string(&file).expect("a trace");
    assert!(trace.lines().last().is_some_and(|line| line.contains(" ! ")), "{trace}");
}
