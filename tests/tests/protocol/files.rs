//! Files and directories.

use mpr_protocol::{Device, DirEntry, Error, Kind as EntryKind, Listing, ListingOptions};
use mpr_tests::{Board, Kind};

use crate::{connect, globals, on_every_board, run};

const NASTY: [&str; 6] =
    ["with space", "it's", "a \"quoted\" one", "back\\slash", "new\nline\ttab", "Grüße €😀.txt"];

fn put(device: &mut Device, path: &str, content: &[u8]) {
    let size = device
        .write_file(path, &mut &content[..], Some(content.len() as u64), &mut |_| {})
        .unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!(size, content.len() as u64);
}

fn get(device: &mut Device, path: &str) -> Vec<u8> {
    let mut content = Vec::new();
    let size =
        device.read_file(path, &mut content, &mut |_| {}).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!(size, content.len() as u64);
    content
}

fn names(device: &mut Device, dir: &str) -> Vec<String> {
    let mut names: Vec<String> =
        device.list(dir).expect("a directory").into_iter().map(|entry| entry.name).collect();
    names.sort();
    names
}

fn os_errno(error: Error) -> String {
    match error {
        Error::Os { errno, .. } => errno.name.unwrap_or_else(|| errno.number.to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn content_comes_back_as_it_went() {
    on_every_board(|kind, device| {
        let all_bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        let text = b"print('hello')\r\n# it's \"text\" \\n '''\n";
        for (name, content) in [("empty", &b""[..]), ("one", b"x"), ("all", &all_bytes), ("text.py", text)] {
            put(device, name, content);
            assert_eq!(get(device, name), content, "{kind:?} {name}");
            // Again, over the old file.
            put(device, name, &[content, b"more"].concat());
            assert_eq!(get(device, name), [content, b"more"].concat(), "{kind:?} {name}");
        }
        let sizes: Vec<(String, bool, u64)> = device
            .list("")
            .expect("a listing")
            .into_iter()
            .filter(|entry| !entry.is_dir && entry.name != "boot.py")
            .map(|DirEntry { name, is_dir, size }| (name, is_dir, size))
            .collect();
        let mut expected: Vec<(String, bool, u64)> =
            [("empty", 4), ("one", 5), ("all", 1004), ("text.py", 41)]
                .map(|(name, size)| (name.to_owned(), false, size))
                .to_vec();
        let mut sizes = sizes;
        sizes.sort();
        expected.sort();
        assert_eq!(sizes, expected, "{kind:?}: no leftovers");
    });
}

#[test]
fn large_files_come_back_as_they_went() {
    for (kind, size) in [(Kind::SimPty, 1 << 20), (Kind::Wasm, 20_000), (Kind::Microbit, 6000)] {
        let board = Board::start(kind);
        let mut device = connect(&board);
        let content: Vec<u8> =
            (0..size).map(|i: usize| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let mut seen = Vec::new();
        device
            .write_file("large", &mut &content[..], None, &mut |done| seen.push(done))
            .unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        assert_eq!(seen.last(), Some(&(size as u64)), "{kind:?}");
        assert!(seen.is_sorted(), "{kind:?}: progress goes forward");
        assert!(get(&mut device, "large") == content, "{kind:?}");
    }
}

#[test]
fn nasty_names_are_names() {
    on_every_board(|kind, device| {
        for name in NASTY {
            if kind == Kind::Microbit && !name.is_ascii() {
                // Its source reader knows no Unicode escapes.
                continue;
            }
            put(device, name, name.as_bytes());
            assert_eq!(get(device, name), name.as_bytes(), "{kind:?} {name}");
            assert!(names(device, "").contains(&name.to_owned()), "{kind:?} {name}");
            assert_eq!(device.stat(name).expect("it is there").size, name.len() as u64, "{kind:?} {name}");
            device.remove(name).unwrap_or_else(|error| panic!("{kind:?} {name}: {error}"));
            assert!(!device.exists(name).expect("an answer"), "{kind:?} {name}");
        }
    });
}

#[test]
fn what_is_missing_is_named() {
    on_every_board(|kind, device| {
        let read = |device: &mut Device| device.read_file("nope", &mut Vec::new(), &mut |_| {});
        assert_eq!(os_errno(read(device).expect_err("no file")), "ENOENT", "{kind:?}");
        assert_eq!(os_errno(device.stat("nope").expect_err("no file")), "ENOENT", "{kind:?}");
        assert_eq!(os_errno(device.remove("nope").expect_err("no file")), "ENOENT", "{kind:?}");
        assert_eq!(os_errno(device.hash("nope", "sha256").expect_err("no file")), "ENOENT", "{kind:?}");
        assert!(!device.exists("nope").expect("an answer"), "{kind:?}");
        if kind != Kind::Microbit {
            assert_eq!(os_errno(device.list("nope").expect_err("no directory")), "ENOENT", "{kind:?}");
            assert_eq!(os_errno(device.rename("nope", "new").expect_err("no file")), "ENOENT", "{kind:?}");
            let write = device.write_file("nope/file", &mut &b"x"[..], None, &mut |_| {});
            assert_eq!(os_errno(write.expect_err("no directory")), "ENOENT", "{kind:?}");
        }
    });
}

#[test]
fn directories_are_made_listed_renamed_and_removed() {
    for kind in [Kind::SimPty, Kind::Wasm] {
        let board = Board::start(kind);
        let mut device = connect(&board);
        let before = globals(&mut device);
        device.mkdir("d").expect("a new directory");
        assert_eq!(os_errno(device.mkdir("d").expect_err("it exists")), "EEXIST", "{kind:?}");
        put(&mut device, "d/file", b"x");
        device.mkdir("/d/e").expect("a new directory");
        assert_eq!(names(&mut device, "/d"), ["e", "file"]);
        assert!(device.stat("d").expect("it is there").is_dir);
        assert!(device.stat("/").expect("it is there").is_dir);
        let write = device.write_file("d", &mut &b"x"[..], None, &mut |_| {});
        assert_eq!(os_errno(write.expect_err("a directory")), "EISDIR", "{kind:?}");
        device.rename("d/file", "d/e/moved").expect("a new name");
        assert_eq!(get(&mut device, "d/e/moved"), b"x");
        assert!(device.rmdir("d").is_err(), "{kind:?}: it is not empty");
        device.chdir("d/e").expect("a directory");
        assert_eq!(device.cwd().expect("a directory"), "/d/e", "{kind:?}");
        assert_eq!(names(&mut device, ""), ["moved"]);
        device.remove("moved").expect("a file");
        device.chdir("/").expect("the root");
        device.rmdir("d/e").expect("an empty directory");
        device.rmdir("d").expect("an empty directory");
        assert!(!device.exists("d").expect("an answer"));
        assert_eq!(globals(&mut device), before, "{kind:?}");
    }
}

#[test]
fn touch_makes_a_file_and_leaves_one_alone() {
    on_every_board(|kind, device| {
        device.touch("t").unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        assert_eq!(get(device, "t"), b"", "{kind:?}");
        put(device, "t", b"content");
        device.touch("t").unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        assert_eq!(get(device, "t"), b"content", "{kind:?}");
    });
}

#[test]
fn digests_are_right_on_every_board() {
    on_every_board(|kind, device| {
        put(device, "f", b"abc");
        let hex = |bytes: Vec<u8>| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for (algorithm, digest) in [
            ("sha256", sha256),
            ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("md5", "900150983cd24fb0d6963f7d28e17f72"),
        ] {
            assert_eq!(hex(device.hash("f", algorithm).expect("a digest")), digest, "{kind:?}");
        }
        assert!(matches!(device.hash("f", "crc8"), Err(Error::Unsupported { .. })), "{kind:?}");
    });
}

/// What the micro:bit can't do is said, and names what it lacks.
#[test]
fn a_board_without_directories_says_so() {
    let board = Board::start(Kind::Microbit);
    let mut device = connect(&board);
    let lacks = |error: Error| match error {
        Error::Unsupported { lacks, .. } => lacks,
        other => panic!("{other:?}"),
    };
    assert_eq!(lacks(device.mkdir("d").expect_err("none")), "directories");
    assert_eq!(lacks(device.rmdir("d").expect_err("none")), "directories");
    assert_eq!(lacks(device.chdir("d").expect_err("none")), "directories");
    assert_eq!(lacks(device.cwd().expect_err("none")), "directories");
    assert_eq!(lacks(device.list("d").expect_err("none")), "directories");
    assert_eq!(lacks(device.rename("a", "b").expect_err("none")), "os.rename");
    assert_eq!(lacks(device.statvfs("/").expect_err("none")), "os.statvfs");
    assert_eq!(lacks(device.mounts().expect_err("none")), "os.statvfs");
    assert!(device.stat("/").expect("the root").is_dir);
    assert_eq!(device.list("/").expect("the root"), []);
}

#[test]
fn capabilities_are_what_the_boards_have() {
    on_every_board(|kind, device| {
        let c = device.capabilities().expect("an answer");
        assert_eq!(c.implementation, "micropython");
        let modern = kind != Kind::Microbit;
        assert_eq!(
            [c.stat, c.rename, c.directories, c.sha256, c.compile, c.stdout_buffer],
            [modern; 6],
            "{kind:?}"
        );
        assert_eq!(c.version >= (1, 23, 0), modern, "{kind:?}");
        assert!(c.free_memory.is_some_and(|free| free > 4000), "{kind:?}");
    });
}

#[test]
fn free_space_and_mounts_are_told() {
    let board = Board::start(Kind::SimPty);
    let mut device = connect(&board);
    let before = device.statvfs("/").expect("sizes");
    assert_eq!(before.block_size * before.blocks, 2 << 20);
    put(&mut device, "f", &vec![7; 50_000]);
    assert!(device.statvfs("/").expect("sizes").free < before.free);
    let mounts = device.mounts().expect("a list");
    assert_eq!(mounts.len(), 1);
    assert_eq!(mounts[0].path, "/");
    assert_eq!(mounts[0].size.map(|size| size.blocks), Some(before.blocks));
}

/// Filesystems written in Python may give entries without a size, and modes with permission bits.
#[test]
fn odd_filesystems_are_listed() {
    let board = Board::start(Kind::SimPty);
    let mut device = connect(&board);
    run(
        &mut device,
        "import os\n\
         class Fs:\n \
         def mount(self,ro,mkfs):pass\n \
         def umount(self):pass\n \
         def ilistdir(self,p):\n  \
         yield ('file',0o100644,0)\n  \
         yield ('dir',0o040755,0)\n \
         def stat(self,p):\n  \
         if p.endswith('dir') or p in('','/'):return (0o040755,0,0,0,0,0,0,0,0,0)\n  \
         return (0o100644,0,0,0,0,0,123,0,0,0)\n\
         os.mount(Fs(),'/odd')",
    );
    let entry = |name: &str, is_dir, size| DirEntry { name: name.into(), is_dir, size };
    assert_eq!(device.list("/odd").expect("a listing"), [entry("file", false, 123), entry("dir", true, 0)]);
    assert!(device.stat("/odd/dir").expect("a directory").is_dir);
    assert_eq!(device.stat("/odd/file").expect("a file").size, 123);
    assert!(device.list("/").expect("the root").contains(&entry("odd", true, 0)));
    assert!(device.mounts().expect("a list").iter().any(|mount| mount.path == "/"));
}

#[test]
fn a_board_without_sums_lists_the_same() {
    for kind in [Kind::SimPty, Kind::Wasm] {
        let board = Board::start(kind);
        let mut device = connect(&board);
        put(&mut device, "with space", b"123");
        device.mkdir("nested").expect("a directory");
        put(&mut device, "nested/deep", b"12345");
        let options = ListingOptions { below: true, details: true, cwd: true, ..ListingOptions::default() };
        // A directory of the WebAssembly board's own may change at any second.
        let timeless = |mut listing: Listing| {
            listing.entries.iter_mut().for_each(|entry| entry.modified = None);
            listing
        };
        let whole = timeless(device.listing("", &options).expect("a tree"));
        assert!(whole.entries.iter().any(|entry| entry.path == "with space" && entry.size == 3), "{kind:?}");
        assert!(whole.entries.iter().any(|entry| entry.path == "nested/deep" && entry.size == 5), "{kind:?}");
        run(&mut device, "import sys; sys.modules['binascii'] = type('x', (), {})");
        drop(device);
        // What a board can do is asked once per connection.
        let mut device = connect(&board);
        assert_eq!(timeless(device.listing("", &options).expect("a tree")), whole, "{kind:?}");
        assert!(!device.capabilities().expect("capabilities").crc32, "{kind:?}");
    }
}

#[test]
fn a_tree_comes_whole() {
    on_every_board(|kind, device| {
        put(device, "top", b"123");
        let mut deep = Vec::new();
        if device.capabilities().expect("capabilities").directories {
            let mut path = "nested".to_owned();
            for name in NASTY {
                device.mkdir(&path).expect("a directory");
                put(device, &format!("{path}/{name}"), name.as_bytes());
                path = format!("{path}/dir {name}");
                deep.push(name);
            }
        }
        let options = ListingOptions { below: true, sizes: true, ..ListingOptions::default() };
        for dir in ["", "/"] {
            let listing = device.listing(dir, &options).expect("a tree");
            let size = |path: &str| {
                let found = listing.entries.iter().find(|entry| entry.path == path);
                found.map(|entry| (entry.size, entry.kind))
            };
            assert_eq!(size("top"), Some((3, EntryKind::File)), "{kind:?}");
            let mut path = "nested".to_owned();
            for name in &deep {
                assert_eq!(size(&path), Some((0, EntryKind::Directory)), "{kind:?}");
                let file = Some((name.len() as u64, EntryKind::File));
                assert_eq!(size(&format!("{path}/{name}")), file, "{kind:?}");
                path = format!("{path}/dir {name}");
            }
        }
        if !deep.is_empty() {
            let missing = device.listing("missing", &options).expect_err("no directory");
            assert_eq!(os_errno(missing), "ENOENT", "{kind:?}");
            device.chdir("nested").expect("a directory");
            let options = ListingOptions { cwd: true, ..ListingOptions::default() };
            let listing = device.listing("", &options).expect("a directory");
            assert!(listing.cwd.is_some_and(|cwd| cwd.ends_with("/nested")), "{kind:?}");
            assert_eq!(listing.entries.len(), 2, "{kind:?}");
            device.chdir("..").expect("a directory");
        }
    });
}
