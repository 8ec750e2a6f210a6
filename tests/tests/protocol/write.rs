//! Writes are whole or not at all.

use std::io::{self, Read};

use mpr_protocol::{ConnectOptions, Device, Error};
use mpr_tests::{Board, BoardOptions, Faults, Kind, Schedule};

use crate::{connect, connect_with, impatient, run};

fn put(device: &mut Device, path: &str, content: &[u8]) -> Result<u64, Error> {
    device.write_file(path, &mut &content[..], Some(content.len() as u64), &mut |_| {})
}

fn get(device: &mut Device, path: &str) -> Vec<u8> {
    let mut content = Vec::new();
    device.read_file(path, &mut content, &mut |_| {}).expect("a file");
    content
}

fn has_part(device: &mut Device) -> bool {
    device.list("").expect("a listing").iter().any(|entry| entry.name.ends_with(".part"))
}

#[test]
fn a_full_flash_is_told_and_nothing_is_left() {
    for (kind, size) in [(Kind::SimPty, 300_000), (Kind::Microbit, 60_000)] {
        let options = BoardOptions { flash_size: Some("128K".into()), ..BoardOptions::default() };
        let board = Board::with(kind, options);
        let mut device = connect(&board);
        put(&mut device, "small", b"old").expect("room for three bytes");
        let error = put(&mut device, "big", &vec![b'x'; size]).expect_err("too much");
        assert!(matches!(&error, Error::NoSpace { path } if path == "big"), "{kind:?}: {error:?}");
        let names: Vec<String> =
            device.list("").expect("a listing").into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["small"], "{kind:?}");
        put(&mut device, "big", &vec![b'x'; 1000]).expect("room again");
    }
}

#[test]
fn the_old_file_is_whole_when_the_new_one_does_not_fit() {
    let options = BoardOptions { flash_size: Some("128K".into()), ..BoardOptions::default() };
    let board = Board::with(Kind::SimPty, options);
    let mut device = connect(&board);
    put(&mut device, "f", b"old").expect("room");
    let error = put(&mut device, "f", &vec![b'x'; 300_000]).expect_err("too much");
    assert!(matches!(error, Error::NoSpace { .. }), "{error:?}");
    assert_eq!(get(&mut device, "f"), b"old");
    assert!(!has_part(&mut device));
}

#[test]
fn a_source_that_changes_is_told_and_the_old_file_is_whole() {
    for kind in [Kind::SimPty, Kind::Wasm] {
        let board = Board::start(kind);
        let mut device = connect(&board);
        put(&mut device, "f", b"old").expect("room");
        for announced in [99, 101] {
            let result = device.write_file("f", &mut &[b'x'; 100][..], Some(announced), &mut |_| {});
            let error = result.expect_err("a changed source");
            assert!(
                matches!(error, Error::SourceChanged { expected, .. } if expected == announced),
                "{error:?}"
            );
            assert_eq!(get(&mut device, "f"), b"old", "{kind:?}");
            assert!(!has_part(&mut device), "{kind:?}");
        }
    }
}

#[test]
fn a_source_that_fails_is_told_and_the_old_file_is_whole() {
    struct Failing(usize);
    impl Read for Failing {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::Error::other("the disk is gone"));
            }
            let n = self.0.min(buf.len());
            buf[..n].fill(b'x');
            self.0 -= n;
            Ok(n)
        }
    }
    let board = Board::start(Kind::SimPty);
    let mut device = connect(&board);
    put(&mut device, "f", b"old").expect("room");
    let error = device.write_file("f", &mut Failing(50_000), None, &mut |_| {}).expect_err("a bad source");
    assert!(matches!(&error, Error::LocalIo { source } if source.to_string().contains("disk")), "{error:?}");
    assert_eq!(get(&mut device, "f"), b"old");
    assert!(!has_part(&mut device));
}

#[test]
fn an_interrupted_write_leaves_the_old_file_and_nothing_else() {
    let board = Board::start(Kind::SimPty);
    let options = ConnectOptions::default();
    let mut device = connect_with(&board, &options);
    put(&mut device, "f", b"old").expect("room");
    let flag = options.interrupt.clone();
    let content = mpr_tests::all_bytes(200_000);
    let result = device.write_file("f", &mut &content[..], None, &mut |done| {
        if done > 50_000 && done < 150_000 {
            flag.raise();
        }
    });
    assert!(matches!(result, Err(Error::Interrupted)), "{result:?}");
    options.interrupt.take();
    assert_eq!(get(&mut device, "f"), b"old");
    assert!(!has_part(&mut device));
    assert_eq!(run(&mut device, "print('_mpr' in globals())"), "False\n");
}

/// Wherever the link is cut, the old file is whole, and the next write succeeds.
#[test]
fn a_cut_link_leaves_the_old_file_and_a_rerun_goes_on() {
    let board = Board::start(Kind::SimLink);
    let content: Vec<u8> = (0..30_000).map(|i| (i % 251) as u8).collect();
    for cut_after in [10, 500, 1500, 3000, 10_000, 25_000, 31_500, 32_000] {
        let mut device = connect(&board);
        put(&mut device, "f", b"old").expect("room");
        device.close().expect("it closes");
        let to_board = Faults { cut_after: Some(cut_after), ..Faults::default() };
        board.link().set(Schedule { to_board, ..Schedule::default() });
        let mut device = connect_with(&board, &impatient());
        let result = put(&mut device, "f", &content);
        drop(device);
        // Whatever was still under way when the client left meets no fault.
        board.link().cut();
        board.link().heal();
        board.link().restore();
        let mut device = connect(&board);
        match result {
            Ok(_) => assert_eq!(get(&mut device, "f"), content, "{cut_after}"),
            Err(Error::Lost { .. }) => {
                let now = get(&mut device, "f");
                assert!(now == b"old" || now == content, "{cut_after}: {} bytes", now.len());
            }
            Err(other) => panic!("{cut_after}: {other:?}"),
        }
        put(&mut device, "f", &content).expect("a rerun");
        assert_eq!(get(&mut device, "f"), content);
        assert!(!has_part(&mut device), "{cut_after}");
    }
}

/// FAT refuses to rename over a file.
#[test]
fn a_filesystem_that_does_not_replace_is_written_as_well() {
    let board = Board::start(Kind::SimPty);
    let mut device = connect(&board);
    run(
        &mut device,
        "import os\n\
         class Ram:\n \
         def __init__(self):self.d=bytearray(512*200)\n \
         def readblocks(self,n,b):b[:]=self.d[n*512:n*512+len(b)]\n \
         def writeblocks(self,n,b):self.d[n*512:n*512+len(b)]=b\n \
         def ioctl(self,op,a):\n  \
         if op==4:return 200\n  \
         if op==5:return 512\n  \
         return 0\n\
         os.VfsFat.mkfs(r:=Ram())\nos.mount(os.VfsFat(r),'/fat')",
    );
    for content in [&b"one"[..], b"two and more", b""] {
        put(&mut device, "/fat/file.txt", content).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(get(&mut device, "/fat/file.txt"), content);
        assert_eq!(device.list("/fat").expect("a listing").len(), 1);
    }
    let mounts = device.mounts().expect("a list");
    assert!(mounts.iter().any(|mount| mount.path == "/fat"), "{mounts:?}");
}

/// What the agent takes on the board beside its code and the window does not grow with what is sent.
#[test]
fn the_agent_is_small_while_it_works() {
    let board = Board::start(Kind::SimPty);
    let mut device = connect(&board);
    let taken = |device: &mut Device| {
        let (heap, window) = device.agent_heap().expect("an answer").expect("an agent");
        heap - window
    };
    let text: Vec<u8> =
        (0..9000).flat_map(|i| format!("def function_{i}(value): return {i}\n").into_bytes()).collect();
    let before = taken(&mut device);
    put(&mut device, "text", &text).expect("room for it");
    let after = taken(&mut device);
    assert!(before < 5_700 && after < 6_300, "{before} bytes, then {after}");
    assert_eq!(get(&mut device, "text"), text);
}
