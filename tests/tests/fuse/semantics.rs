//! What programs may rely on, as docs/SEMANTICS.md says it.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::time::{Duration, SystemTime};

use mpr_tests::{Board, Desk, Folder, Kind};
use nix::errno::Errno;

/// A desk with a mounted board; `None` where this machine can't mount.
fn desk(options: &[&str]) -> Option<(Desk, Folder)> {
    let desk = Desk::new(Kind::SimPty);
    let folder = Folder::mount(&desk.board, options)?;
    Some((desk, folder))
}

/// What the board has, as it says itself.
fn on_board(board: &Board, path: &str) -> String {
    let code = format!("print(open({path:?},'rb').read())");
    board.mpr().args(["exec", &code]).ok().text()
}

fn errno<T: std::fmt::Debug>(result: std::io::Result<T>) -> Errno {
    Errno::from_raw(result.expect_err("it is refused").raw_os_error().expect("by the system"))
}

#[test]
fn what_close_has_accepted_is_on_the_board() {
    let Some((desk, folder)) = desk(&[]) else { return };
    fs::write(folder.join("a.txt"), "one").expect("it is written");
    assert_eq!(on_board(&desk.board, "a.txt"), "b'one'\n");
    let mut file = File::create(folder.join("a.txt")).expect("it opens");
    file.write_all(b"two").expect("it takes bytes");
    file.sync_all().expect("it is on the board");
    assert_eq!(on_board(&desk.board, "a.txt"), "b'two'\n");
    drop(file);
}

#[test]
fn what_a_program_on_the_board_wrote_is_seen_at_the_next_open() {
    let Some((desk, folder)) = desk(&[]) else { return };
    fs::write(folder.join("a.txt"), "one").expect("it is written");
    desk.run(&["exec", "f=open('a.txt','w');f.write('two');f.close();import os;os.mkdir('new')"]);
    assert_eq!(fs::read_to_string(folder.join("a.txt")).expect("it is read"), "two");
    assert!(folder.join("new").is_dir());
    desk.run(&["exec", "import os;os.remove('a.txt');os.rmdir('new')"]);
    assert_eq!(fs::read_dir(folder.path()).expect("it is listed").count(), 0);
}

#[test]
fn files_are_changed_anywhere() {
    let Some((_desk, folder)) = desk(&[]) else { return };
    let path = folder.join("data");
    let mut model: Vec<u8> = (0..100_000u32).map(|n| (n * 7 + n / 256) as u8).collect();
    fs::write(&path, &model).expect("it is written");
    let file = OpenOptions::new().read(true).write(true).open(&path).expect("it opens");
    file.write_all_at(b"changed", 50_000).expect("it is changed");
    model[50_000..50_007].copy_from_slice(b"changed");
    file.write_all_at(b"behind the end", 100_100).expect("it grows");
    model.resize(100_100, 0);
    model.extend_from_slice(b"behind the end");
    drop(file);
    assert_eq!(fs::read(&path).expect("it is read"), model);
    let mut file = OpenOptions::new().append(true).open(&path).expect("it opens");
    file.write_all(b"appended").expect("it grows");
    drop(file);
    model.extend_from_slice(b"appended");
    let file = OpenOptions::new().write(true).open(&path).expect("it opens");
    file.set_len(70_000).expect("it is cut");
    drop(file);
    model.truncate(70_000);
    assert_eq!(fs::read(&path).expect("it is read"), model);
    let mut file = File::open(&path).expect("it opens");
    file.seek(SeekFrom::End(-5)).expect("it has an end");
    let mut end = Vec::new();
    file.read_to_end(&mut end).expect("it is read");
    assert_eq!(end, model[model.len() - 5..]);
}

#[test]
fn a_file_is_made_only_if_it_is_new() {
    let Some((_desk, folder)) = desk(&[]) else { return };
    let new = || OpenOptions::new().write(true).create_new(true).open(folder.join("a"));
    drop(new().expect("it is new"));
    assert_eq!(errno(new()), Errno::EEXIST);
    assert_eq!(errno(File::open(folder.join("b"))), Errno::ENOENT);
    assert_eq!(errno(File::create(folder.join("no/a"))), Errno::ENOENT);
    assert_eq!(errno(File::create(folder.join("a/b"))), Errno::ENOTDIR);
}

#[test]
fn renames_replace() {
    let Some((desk, folder)) = desk(&[]) else { return };
    fs::write(folder.join("a"), "new").expect("it is written");
    fs::write(folder.join("b"), "old").expect("it is written");
    fs::rename(folder.join("a"), folder.join("b")).expect("it replaces");
    assert_eq!(on_board(&desk.board, "b"), "b'new'\n");
    for dir in ["d", "e", "full"] {
        fs::create_dir(folder.join(dir)).expect("it is made");
    }
    fs::write(folder.join("full/x"), "x").expect("it is written");
    fs::rename(folder.join("d"), folder.join("e")).expect("it replaces an empty directory");
    assert_eq!(errno(fs::rename(folder.join("e"), folder.join("full"))), Errno::ENOTEMPTY);
    assert_eq!(errno(fs::rename(folder.join("e"), folder.join("b"))), Errno::ENOTDIR);
    assert_eq!(errno(fs::rename(folder.join("b"), folder.join("e"))), Errno::EISDIR);
    assert_eq!(errno(fs::rename(folder.join("full"), folder.join("full/in"))), Errno::EINVAL);
    fs::rename(folder.join("full"), folder.join("e/deep")).expect("it moves with all in it");
    assert_eq!(fs::read_to_string(folder.join("e/deep/x")).expect("it is there"), "x");
    assert_eq!(
        desk.run(&["exec", "import os;print(os.listdir('e'),os.listdir('e/deep'))"]),
        "['deep'] ['x']\n"
    );
}

/// A second filesystem in the board's memory, which lasts until the board restarts.
const SECOND: &str = "
import vfs
class Blocks:
    data = bytearray(32 * 512)
    def readblocks(self, n, buf): buf[:] = self.data[n * 512 : n * 512 + len(buf)]
    def writeblocks(self, n, buf): self.data[n * 512 : n * 512 + len(buf)] = buf
    def ioctl(self, op, arg):
        if op in (4, 5): return 32 if op == 4 else 512
vfs.VfsFat.mkfs(Blocks())
vfs.mount(vfs.VfsFat(Blocks()), '/second')
";

#[test]
fn a_rename_to_another_filesystem_is_refused_and_loses_nothing() {
    let desk = Desk::new(Kind::SimPty);
    desk.run(&["exec", SECOND]);
    let Some(folder) = Folder::mount(&desk.board, &[]) else { return };
    fs::write(folder.join("a"), "here").expect("it is written");
    fs::write(folder.join("second/a"), "there").expect("it is written");
    assert_eq!(errno(fs::rename(folder.join("a"), folder.join("second/a"))), Errno::EXDEV);
    assert_eq!(on_board(&desk.board, "/second/a"), "b'there'\n");
    assert_eq!(on_board(&desk.board, "/a"), "b'here'\n");
    // In the other one, which does not replace by itself, renames replace, too.
    fs::write(folder.join("second/b"), "new").expect("it is written");
    fs::rename(folder.join("second/b"), folder.join("second/a")).expect("it replaces");
    assert_eq!(on_board(&desk.board, "/second/a"), "b'new'\n");
}

#[test]
fn a_file_that_is_written_can_be_renamed_and_removed() {
    let Some((desk, folder)) = desk(&[]) else { return };
    let mut file = File::create(folder.join("tmp")).expect("it opens");
    file.write_all(b"before").expect("it takes bytes");
    fs::rename(folder.join("tmp"), folder.join("final")).expect("it is renamed");
    file.write_all(b" and after").expect("it takes bytes");
    drop(file);
    assert_eq!(on_board(&desk.board, "final"), "b'before and after'\n");
    let mut file = OpenOptions::new().read(true).write(true).open(folder.join("final")).expect("it opens");
    fs::remove_file(folder.join("final")).expect("it is removed");
    let mut text = String::new();
    file.read_to_string(&mut text).expect("those who have it open keep it");
    assert_eq!(text, "before and after");
    file.write_all(b"!").expect("they may even write");
    drop(file);
    assert_eq!(desk.run(&["exec", "import os;print(os.listdir())"]), "[]\n");
}

#[test]
fn directories_go_only_when_they_are_empty() {
    let Some((_desk, folder)) = desk(&[]) else { return };
    fs::create_dir_all(folder.join("a/b")).expect("they are made");
    assert_eq!(errno(fs::create_dir(folder.join("a"))), Errno::EEXIST);
    assert_eq!(errno(fs::remove_dir(folder.join("a"))), Errno::ENOTEMPTY);
    assert_eq!(errno(fs::remove_file(folder.join("a"))), Errno::EISDIR);
    fs::write(folder.join("f"), "").expect("it is written");
    assert_eq!(errno(fs::remove_dir(folder.join("f"))), Errno::ENOTDIR);
    fs::remove_dir(folder.join("a/b")).expect("it is empty");
    fs::remove_dir(folder.join("a")).expect("it is empty");
}

#[test]
fn what_a_board_has_not_is_refused() {
    let Some((_desk, folder)) = desk(&[]) else { return };
    fs::write(folder.join("a"), "x").expect("it is written");
    assert_eq!(errno(std::os::unix::fs::symlink("a", folder.join("l"))), Errno::EOPNOTSUPP);
    assert_eq!(errno(fs::hard_link(folder.join("a"), folder.join("l"))), Errno::EOPNOTSUPP);
    let fifo = nix::unistd::mkfifo(&folder.join("p"), nix::sys::stat::Mode::S_IRWXU);
    assert_eq!(fifo, Err(Errno::EOPNOTSUPP));
    assert_eq!(errno(fs::write(folder.join("x".repeat(251).as_str()), "")), Errno::ENAMETOOLONG);
    fs::write(folder.join("x".repeat(250).as_str()), "").expect("the longest name");
    let not_utf8 = std::os::unix::ffi::OsStrExt::from_bytes(b"a\xff");
    let not_utf8: &std::ffi::OsStr = not_utf8;
    assert_eq!(errno(fs::write(folder.path().join(not_utf8), "")), Errno::EINVAL);
}

#[test]
fn modes_are_taken_and_mean_nothing() {
    let Some((_desk, folder)) = desk(&[]) else { return };
    fs::write(folder.join("a"), "x").expect("it is written");
    fs::set_permissions(folder.join("a"), fs::Permissions::from_mode(0o755)).expect("it is accepted");
    assert_eq!(fs::metadata(folder.join("a")).expect("it is there").mode() & 0o777, 0o644);
    drop(folder);
    let Some((_desk, folder)) = self::desk(&["--strict-modes", "--umask", "077"]) else { return };
    fs::write(folder.join("a"), "x").expect("it is written");
    assert_eq!(fs::metadata(folder.join("a")).expect("it is there").mode() & 0o777, 0o600);
    let refused = fs::set_permissions(folder.join("a"), fs::Permissions::from_mode(0o755));
    assert_eq!(errno(refused), Errno::EOPNOTSUPP);
}

#[test]
fn times_stay_as_they_were_set() {
    let Some((_desk, folder)) = desk(&["--cache-ttl", "0"]) else { return };
    let path = folder.join("a");
    fs::write(&path, "x").expect("it is written");
    let modified = || fs::metadata(&path).expect("it is there").modified().expect("it has a time");
    // An editor that looks again must not find another time than when it wrote.
    let written = modified();
    assert!(written.elapsed().expect("it is past") < Duration::from_secs(60));
    assert_eq!(modified(), written);
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    File::options().write(true).open(&path).expect("it opens").set_modified(then).expect("it is accepted");
    assert_eq!(modified(), then);
    assert_eq!(modified(), then);
}

#[test]
fn a_full_board_says_so_and_keeps_what_it_had() {
    let Some((desk, folder)) = desk(&[]) else { return };
    fs::write(folder.join("a"), "old").expect("it is written");
    let mut file = File::create(folder.join("a")).expect("it opens");
    let noise: Vec<u8> = (0..3_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    file.write_all(&noise).expect("it waits here");
    assert_eq!(errno(file.sync_all()), Errno::ENOSPC);
    drop(file);
    assert_eq!(on_board(&desk.board, "a"), "b'old'\n");
    assert_eq!(fs::read_to_string(folder.join("a")).expect("it is read"), "old");
    let mut file = File::create(folder.join("new")).expect("it opens");
    file.write_all(&noise).expect("it waits here");
    assert_eq!(errno(file.sync_all()), Errno::ENOSPC);
    drop(file);
    assert!(!folder.join("new").exists());
    assert_eq!(desk.run(&["exec", "import os;print(os.listdir())"]), "['a']\n");
}

#[test]
fn litter_stays_here() {
    let Some((desk, mut folder)) = desk(&[]) else { return };
    fs::write(folder.join("main.py"), "x").expect("it is written");
    for name in [".main.py.swp", "4913", "._main.py", ".DS_Store"] {
        fs::write(folder.join(name), name).expect("it is written");
        assert_eq!(fs::read_to_string(folder.join(name)).expect("it is read"), name);
    }
    fs::create_dir(folder.join(".Trash-0")).expect("it is made");
    fs::write(folder.join(".Trash-0/x"), "x").expect("it is written");
    assert_eq!(fs::read_dir(folder.path()).expect("it is listed").count(), 6);
    assert_eq!(desk.run(&["exec", "import os;print(os.listdir())"]), "['main.py']\n");
    assert_eq!(errno(fs::rename(folder.join("main.py"), folder.join("4913"))), Errno::EXDEV);
    folder.unmount();
    let Some(folder) = Folder::mount(&desk.board, &["--no-overlay"]) else { return };
    fs::write(folder.join("4913"), "x").expect("it is written");
    assert_eq!(desk.run(&["exec", "import os;print(sorted(os.listdir()))"]), "['4913', 'main.py']\n");
}

#[test]
fn what_is_excluded_is_not_there() {
    let desk = Desk::new(Kind::SimPty);
    desk.run(&[
        "exec",
        "import os;os.mkdir('lib');open('lib/a.mpy','w').close();open('boot.py','w').close()",
    ]);
    let Some(folder) = Folder::mount(&desk.board, &["--exclude", "*.mpy", "--exclude=/boot.py"]) else {
        return;
    };
    assert_eq!(fs::read_dir(folder.join("lib")).expect("it is listed").count(), 0);
    assert!(!folder.join("boot.py").exists());
    assert_eq!(errno(fs::write(folder.join("lib/b.mpy"), "")), Errno::EPERM);
    fs::write(folder.join("lib/boot.py"), "").expect("only that in the root is meant");
}

#[test]
fn a_mount_that_is_only_read_changes_nothing() {
    let desk = Desk::new(Kind::SimPty);
    desk.run(&["exec", "f=open('a','w');f.write('x');f.close()"]);
    let Some(folder) = Folder::mount(&desk.board, &["--read-only"]) else { return };
    assert_eq!(fs::read_to_string(folder.join("a")).expect("it is read"), "x");
    assert_eq!(errno(fs::write(folder.join("a"), "y")), Errno::EROFS);
    assert_eq!(errno(fs::remove_file(folder.join("a"))), Errno::EROFS);
    assert_eq!(errno(fs::create_dir(folder.join("d"))), Errno::EROFS);
}

#[test]
fn the_space_is_the_boards() {
    let Some((desk, folder)) = desk(&[]) else { return };
    let told = desk.run(&["exec", "import os;s=os.statvfs('/');print(s[0]*s[2])"]);
    let space = nix::sys::statvfs::statvfs(folder.path()).expect("it is told");
    assert_eq!((space.fragment_size() * space.blocks()).to_string(), told.trim());
    assert_eq!(space.name_max(), 250);
}

#[test]
fn a_directory_of_the_board_can_be_the_root() {
    let desk = Desk::new(Kind::SimPty);
    desk.run(&["exec", "import os;os.mkdir('lib');open('lib/a','w').close();open('b','w').close()"]);
    let Some(folder) = Folder::mount_path(&desk.board, ":lib", &[]) else { return };
    assert!(folder.join("a").exists());
    assert!(!folder.join("b").exists());
    fs::write(folder.join("c"), "x").expect("it is written");
    assert_eq!(on_board(&desk.board, "lib/c"), "b'x'\n");
}
