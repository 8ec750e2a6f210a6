//! Boards that restart, go away and come back; lines that damage; a mount that is killed.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use mpr_tests::{BoardOptions, Desk, Faults, Folder, Kind, Schedule, contents, eventually};
use nix::errno::Errno;

fn noise(len: u32, seed: u32) -> Vec<u8> {
    (0..len).map(|n| (n.wrapping_mul(2_654_435_761).wrapping_add(seed * 7919) >> 13) as u8).collect()
}

#[test]
fn a_board_that_goes_away_fails_at_once_and_is_back_when_it_is() {
    let desk = Desk::new(Kind::SimLink);
    let Some(mut folder) = Folder::mount(&desk.board, &["--cache-ttl", "0"]) else { return };
    fs::write(folder.join("a"), "before").expect("it is written");
    desk.board.link().cut();
    folder.running().wait_for_stderr("is away");
    let refused = fs::read_dir(folder.path()).map(drop).expect_err("the board is away");
    assert_eq!(refused.raw_os_error(), Some(Errno::EIO as i32));
    let refused = fs::write(folder.join("a"), "lost").expect_err("the board is away");
    assert_eq!(refused.raw_os_error(), Some(Errno::EIO as i32));
    desk.board.link().restore();
    folder.running().wait_for_stderr("tty` is back\n");
    assert_eq!(fs::read_to_string(folder.join("a")).expect("it is read"), "before");
    fs::write(folder.join("a"), "after").expect("it is written");
    assert_eq!(desk.run(&["exec", "print(open('a').read())"]), "after\n");
}

#[test]
fn an_open_file_outlives_a_board_that_was_away() {
    let desk = Desk::new(Kind::SimLink);
    let Some(mut folder) = Folder::mount(&desk.board, &[]) else { return };
    let mut file = File::create(folder.join("a")).expect("it opens");
    file.write_all(b"first").expect("it takes bytes");
    desk.board.link().cut();
    folder.running().wait_for_stderr("is away");
    file.write_all(b" second").expect("it takes bytes here");
    assert_eq!(file.sync_all().expect_err("the board is away").raw_os_error(), Some(Errno::EIO as i32));
    desk.board.link().restore();
    folder.running().wait_for_stderr("tty` is back\n");
    file.write_all(b" third").expect("it takes bytes");
    file.sync_all().expect("the board has all of it");
    drop(file);
    assert_eq!(desk.run(&["exec", "print(open('a').read())"]), "first second third\n");
}

#[test]
fn a_reset_board_goes_on() {
    let desk = Desk::new(Kind::SimPty);
    let Some(folder) = Folder::mount(&desk.board, &[]) else { return };
    fs::write(folder.join("a"), "x").expect("it is written");
    desk.run(&["reset"]);
    fs::write(folder.join("b"), "y").expect("it is written");
    // One that resets by itself, when nobody looks.
    desk.run(&["exec", "--no-follow", "import time,machine\ntime.sleep(1)\nmachine.reset()"]);
    eventually("the board", || {
        File::create(folder.join("c"))
            .and_then(|mut file| file.write_all(b"z").and_then(|()| file.sync_all()))
            .is_ok()
    });
    let names: Vec<String> = contents(folder.path()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn a_line_that_damages_does_no_harm() {
    let desk = Desk::new(Kind::SimLink);
    let Some(folder) = Folder::mount(&desk.board, &["--cache-ttl", "0"]) else { return };
    let faults = Faults { lose: 1e-4, double: 1e-4, corrupt: 1e-4, ..Faults::default() };
    desk.board.link().set(Schedule::both(7, &faults));
    let mut written = Vec::new();
    for n in 0..20 {
        let content = noise(200 + n * 500, n);
        let name = format!("file{n}");
        // A name operation may fail on such a line; what is told to have worked has.
        let written_whole = File::create(folder.join(&name))
            .and_then(|mut file| file.write_all(&content).and_then(|()| file.sync_all()));
        if written_whole.is_ok() {
            written.push((name, Some(content)));
        }
    }
    desk.board.link().heal();
    assert!(written.len() >= 10, "only {} files were written", written.len());
    let there = contents(folder.path());
    for file in &written {
        assert!(there.contains(file), "{} differs", file.0);
    }
}

#[test]
fn what_close_has_accepted_survives_a_mount_that_is_killed() {
    for round in 0..4u32 {
        let desk = Desk::new(Kind::SimPty);
        let Some(mut folder) = Folder::mount(&desk.board, &[]) else { return };
        let mut accepted: Vec<Vec<u8>> = (0..5).map(|n| noise(3000, n)).collect();
        for (n, content) in accepted.iter().enumerate() {
            fs::write(folder.join(&format!("f{n}")), content).expect("it is written");
        }
        let root = folder.path().to_owned();
        let (told, heard) = std::sync::mpsc::channel();
        // 200 small writes, each of which is accepted or not.
        let writer = std::thread::spawn(move || {
            for n in 0..200u32 {
                let file = (n * 7 + round) as usize % 5;
                let (at, bytes) = (u64::from(n * 13 % 2900), noise(64, n + 100));
                let path = root.join(format!("f{file}"));
                let done = OpenOptions::new()
                    .write(true)
                    .open(path)
                    .and_then(|open| open.write_all_at(&bytes, at).and_then(|()| open.sync_all()));
                if told.send((file, at, bytes, done.is_ok())).is_err() || done.is_err() {
                    break;
                }
            }
        });
        for _ in 0..(20 + round * 15) {
            let (file, at, bytes, done) = heard.recv().expect("it writes");
            assert!(done, "nothing has happened yet");
            accepted[file][at as usize..at as usize + bytes.len()].copy_from_slice(&bytes);
        }
        folder.kill();
        // What came through before the end, and the one in the middle of which it came.
        let mut in_doubt = None;
        while let Ok((file, at, bytes, done)) = heard.recv_timeout(Duration::from_secs(20)) {
            let mut changed = accepted[file].clone();
            changed[at as usize..at as usize + bytes.len()].copy_from_slice(&bytes);
            match done {
                true => accepted[file] = changed,
                false => in_doubt = Some((file, changed)),
            }
        }
        writer.join().expect("it ends");
        drop(folder);
        let folder = Folder::mount(&desk.board, &[]).expect("it was mounted before");
        let there = contents(folder.path());
        for (n, content) in accepted.iter().enumerate() {
            let found = there.iter().find(|(name, _)| *name == format!("f{n}")).expect("it is there");
            let found = found.1.as_ref().expect("it is a file");
            let may_be = in_doubt.as_ref().filter(|(file, _)| *file == n).map(|(_, changed)| changed);
            assert!(found == content || Some(found) == may_be, "f{n} is neither old nor new");
        }
        let others = there.iter().filter(|(name, _)| !name.starts_with('f')).count();
        assert_eq!(others, 0, "{:?}", there.iter().map(|(name, _)| name).collect::<Vec<_>>());
    }
}

#[test]
fn a_full_flash_keeps_what_there_was() {
    let options = BoardOptions { flash_size: Some("128K".to_owned()), ..BoardOptions::default() };
    let desk = Desk::with(Kind::SimPty, options);
    let Some(folder) = Folder::mount(&desk.board, &[]) else { return };
    let mut kept = Vec::new();
    let mut full = 0;
    for n in 0..40 {
        let (name, content) = (format!("f{n}"), noise(9000, n));
        let mut file = File::create(folder.join(&name)).expect("it opens");
        file.write_all(&content).expect("it waits here");
        match file.sync_all() {
            Ok(()) => kept.push((name, Some(content))),
            Err(error) => {
                assert_eq!(error.raw_os_error(), Some(Errno::ENOSPC as i32));
                full += 1;
            }
        }
    }
    assert!(full > 0 && kept.len() > 5, "{} kept, {full} refused", kept.len());
    kept.sort();
    // A file that did not fit goes when the kernel has let go of it, a moment later.
    let count = || fs::read_dir(folder.path()).expect("a folder can be read").count();
    eventually("the end of those that did not fit", || count() == kept.len());
    let there = contents(folder.path());
    let names = |files: &[(String, Option<Vec<u8>>)]| -> Vec<(String, usize)> {
        files.iter().map(|(name, content)| (name.clone(), content.as_ref().map_or(0, Vec::len))).collect()
    };
    assert_eq!(names(&there), names(&kept));
    assert!(there == kept);
}

#[test]
fn a_slow_line_is_only_slow() {
    let desk = Desk::new(Kind::SimUart { baud: 115_200 });
    let Some(folder) = Folder::mount(&desk.board, &[]) else { return };
    let content = noise(20_000, 1);
    fs::write(folder.join("a"), &content).expect("it is written");
    let file = OpenOptions::new().write(true).open(folder.join("a")).expect("it opens");
    file.write_all_at(b"changed", 10_000).expect("it takes bytes");
    file.sync_all().expect("the board has it");
    let mut changed = content;
    changed[10_000..10_007].copy_from_slice(b"changed");
    assert_eq!(fs::read(folder.join("a")).expect("it is read"), changed);
    desk.run(&["exec", "import os;os.rename('a','b')"]);
    assert_eq!(fs::read(folder.join("b")).expect("it is read"), changed);
}
