use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;

fn small() -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), false);
    writer.directory("lib", None).unwrap();
    writer.file("lib/a.py", 3, Some(7), &mut &b"abc"[..]).unwrap();
    writer.file("b", 0, None, &mut &b""[..]).unwrap();
    writer.finish().unwrap()
}

fn check(bytes: &[u8]) -> Result<Contents, ArchiveError> {
    Archive::open(Cursor::new(bytes)).unwrap().check()
}

fn refused(bytes: &[u8]) -> Vec<Problem> {
    match check(bytes) {
        Err(ArchiveError::Refused(objections)) => objections.iter().map(|o| o.problem).collect(),
        other => panic!("{other:?}"),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An archive of one member whose header is made by hand.
fn member(name: &[u8], kind: tar::EntryType, content: &[u8]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    append(&mut builder, name, kind, content);
    builder.into_inner().unwrap()
}

fn append(builder: &mut tar::Builder<Vec<u8>>, name: &[u8], kind: tar::EntryType, content: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    if kind.is_gnu_sparse() {
        header.as_gnu_mut().unwrap().set_real_size(0);
    }
    header.set_cksum();
    builder.append(&header, content).unwrap();
}

#[test]
fn names_stay_inside() {
    for (name, path) in
        [("a", "a"), ("./a/b/", "a/b"), ("a//b/./c", "a/b/c"), ("./", ""), (".", ""), ("..a/b..", "..a/b..")]
    {
        assert_eq!(member_path(name.as_bytes()).as_deref(), Ok(path), "{name}");
    }
    for (name, fault) in [
        (&b""[..], NameFault::Empty),
        (b"/a", NameFault::Absolute),
        (b"..", NameFault::Climbs),
        (b"a/../b", NameFault::Climbs),
        (b"./..", NameFault::Climbs),
        (b"\xff", NameFault::NotText),
        (b"a\0b", NameFault::Zero),
        (&[b'x'; 256], NameFault::TooLong),
    ] {
        assert_eq!(member_path(name), Err(fault), "{}", name.escape_ascii());
    }
    assert_eq!(fat_fault("lib/a b.py"), None);
    for name in ["a:b", "a?/b", "dir./x", "a ", "a\nb", "back\\slash"] {
        assert_eq!(fat_fault(name), Some(NameFault::Fat), "{name}");
    }
}

#[test]
fn what_is_written_is_read() {
    let long = format!("{}/{}", "d".repeat(150), "ü".repeat(120));
    let scope = vec!["lib".to_owned(), "x".repeat(90)];
    let mut writer = Writer::new(Vec::new(), false);
    writer.scope(&scope).unwrap();
    writer.directory("empty", Some(1)).unwrap();
    writer.file("new\nline \\ \u{1f40d}", 5, Some(u64::MAX), &mut &b"12345 more"[..]).unwrap();
    writer.file(&long, 1000, None, &mut &[7; 1000][..]).unwrap();
    let plain = writer.finish().unwrap();
    let mut packed = Writer::new(Vec::new(), true);
    packed.directory("d", None).unwrap();
    assert_eq!(check(&packed.finish().unwrap()).unwrap().directories, ["d"]);
    for bytes in [plain.clone(), gzip(&plain)] {
        let contents = check(&bytes).unwrap();
        assert_eq!(contents.directories, [&long[..150], "empty"]);
        assert_eq!(contents.scope.as_ref(), Some(&scope));
        let sizes: Vec<(&str, u64)> = contents.files.iter().map(|(p, m)| (p.as_str(), m.size)).collect();
        assert_eq!(sizes, [(&long[..], 1000), ("new\nline \\ \u{1f40d}", 5)]);
        fuzz::check(&bytes);
    }
    let mut unfinished = Vec::new();
    let mut writer = Writer::new(&mut unfinished, false);
    writer.file("a", 3, None, &mut &b"123"[..]).unwrap();
    drop(writer);
    assert!(check(&unfinished).is_err(), "an archive without its end");
    let mut short = Writer::new(Vec::new(), false);
    assert!(short.file("a", 4, None, &mut &b"123"[..]).is_err());
}

#[test]
fn every_cut_shows() {
    let whole = small();
    let end = whole.len() - 1024;
    assert!(check(&whole).is_ok());
    assert!(check(&whole[..end + 512]).is_ok(), "one zero block is an end");
    for at in (0..end + 512).step_by(7) {
        assert!(matches!(check(&whole[..at]), Err(ArchiveError::Damaged(_))), "{at}");
    }
    let packed = gzip(&whole);
    for at in 0..packed.len() {
        assert!(matches!(check(&packed[..at]), Err(ArchiveError::Damaged(_))), "{at}");
    }
    // A changed byte of the compressed content shows at the latest at its end.
    for at in 10..packed.len() {
        let mut changed = packed.clone();
        changed[at] ^= 0x10;
        assert!(check(&changed).is_err() || check(&changed).ok() == check(&whole).ok(), "{at}");
    }
}

#[test]
fn a_damaged_header_shows() {
    for at in (0..512).filter(|at| *at != 0) {
        let mut changed = small();
        changed[at] ^= 1;
        assert!(check(&changed).is_err(), "{at}");
    }
    assert!(check(b"hello").is_err());
    assert!(check(&[b'x'; 2048]).is_err());
}

#[test]
fn what_does_not_belong_on_a_board_is_refused() {
    use tar::EntryType;
    for (kind, problem) in [
        (EntryType::Symlink, Problem::Link),
        (EntryType::Link, Problem::Link),
        (EntryType::Char, Problem::Special),
        (EntryType::Block, Problem::Special),
        (EntryType::Fifo, Problem::Special),
        (EntryType::new(b'Z'), Problem::Special),
        (EntryType::GNUSparse, Problem::Sparse),
    ] {
        assert_eq!(refused(&member(b"a", kind, b"")), [problem], "{kind:?}");
    }
    for (name, fault) in [(&b"/etc/x"[..], NameFault::Absolute), (b"a/../../x", NameFault::Climbs)] {
        assert_eq!(refused(&member(name, EntryType::Regular, b"1")), [Problem::Name(fault)]);
        assert_eq!(refused(&member(name, EntryType::Directory, b"")), [Problem::Name(fault)]);
    }
    for (first, second, problem) in [
        (&b"a"[..], &b"./a"[..], Problem::Duplicate),
        (b"a", b"a/b", Problem::FileAndDirectory),
        (b"a/b", b"a", Problem::FileAndDirectory),
    ] {
        let mut builder = tar::Builder::new(Vec::new());
        append(&mut builder, first, EntryType::Regular, b"1");
        append(&mut builder, second, EntryType::Regular, b"2");
        assert_eq!(refused(&builder.into_inner().unwrap()), [problem]);
    }
}

#[test]
fn pax_records_are_understood_or_refused() {
    let with = |records: &[(&str, &[u8])]| {
        let mut builder = tar::Builder::new(Vec::new());
        builder.append_pax_extensions(records.iter().copied()).unwrap();
        append(&mut builder, b"short", tar::EntryType::Regular, b"12");
        builder.into_inner().unwrap()
    };
    let long = "p".repeat(200);
    let contents = check(&with(&[("path", long.as_bytes()), ("mtime", b"1.5")])).unwrap();
    assert_eq!(contents.files.keys().collect::<Vec<_>>(), [&long]);
    assert_eq!(refused(&with(&[("path", b"../x")])), [Problem::Name(NameFault::Climbs)]);
    assert_eq!(refused(&with(&[("GNU.sparse.major", b"1")])), [Problem::Sparse]);
    assert!(check(&with(&[("path", b"a"), ("path", b"b")])).is_err());
}

#[test]
fn the_fuzz_targets_corpus_is_survived() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz/corpus/archive");
    let mut count = 0;
    for entry in fs::read_dir(corpus).unwrap() {
        fuzz::check(&fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0);
}

proptest! {
    #[test]
    fn any_bytes_are_checked(bytes: Vec<u8>) {
        fuzz::check(&bytes);
    }

    #[test]
    fn any_damage_is_survived(at in 0..3000_usize, value: u8, fix: bool) {
        let mut bytes = small();
        let at = at % bytes.len();
        bytes[at] = value;
        if fix {
            // A header whose checksum agrees gets further.
            let block = at / 512 * 512;
            let sum: u32 = (0..512).map(|i| u32::from(if (148..156).contains(&i) { b' ' } else { bytes[block + i] })).sum();
            bytes[block + 148..block + 155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        }
        fuzz::check(&bytes);
    }

    #[test]
    fn any_files_come_back(files in proptest::collection::btree_map("[a-zé .]{1,9}x(/[a-z]{1,120}y){0,2}", proptest::collection::vec(any::<u8>(), 0..700), 0..6)) {
        let mut writer = Writer::new(Vec::new(), false);
        for (path, content) in &files {
            writer.file(path, content.len() as u64, None, &mut &content[..]).unwrap();
        }
        let bytes = writer.finish().unwrap();
        fuzz::check(&bytes);
        let mut archive = Archive::open(Cursor::new(&bytes)).unwrap();
        match archive.check() {
            Ok(contents) => {
                prop_assert_eq!(contents.files.len(), files.len());
                archive.each_file::<ArchiveError>(&mut |path, from| {
                    let mut content = Vec::new();
                    from.read_to_end(&mut content).map_err(ArchiveError::Io)?;
                    assert_eq!(&content, &files[path]);
                    Ok(())
                }).unwrap();
            }
            // One file's path was another's directory.
            Err(error) => prop_assert!(matches!(error, ArchiveError::Refused(_)), "{error:?}"),
        }
    }
}
