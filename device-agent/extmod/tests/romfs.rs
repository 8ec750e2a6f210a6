//! ROMFS images: what the format's description says, on images put together by hand and on random trees.

use mpr_extmod::romfs::{Directory, Image, MAGIC, Node};
use proptest::prelude::*;

fn number(mut value: usize) -> Vec<u8> {
    let mut bytes = vec![(value & 0x7f) as u8];
    while value > 0x7f {
        value >>= 7;
        bytes.insert(0, 0x80 | (value & 0x7f) as u8);
    }
    bytes
}

fn record(kind: usize, body: &[u8]) -> Vec<u8> {
    [number(kind), number(body.len()), body.to_vec()].concat()
}

fn named(kind: usize, name: &[u8], records: &[u8]) -> Vec<u8> {
    record(kind, &[number(name.len()), name.to_vec(), records.to_vec()].concat())
}

fn image(records: &[u8]) -> Vec<u8> {
    [MAGIC.to_vec(), number(records.len()), records.to_vec()].concat()
}

fn file(name: &[u8], content: &[u8]) -> Vec<u8> {
    named(5, name, &record(2, content))
}

#[test]
fn files_and_directories_are_found() {
    let inner = [file(b"b.py", b"two"), named(4, b"empty", b"")].concat();
    let bytes = image(&[file(b"a.py", b"one"), named(4, b"lib", &inner)].concat());
    let image = Image::parse(&bytes).expect("an image");
    let content = |path: &[u8]| match image.find(path) {
        Some(Node::File(content)) => Some(content),
        _ => None,
    };
    assert_eq!(content(b"a.py"), Some(&b"one"[..]));
    assert_eq!(content(b"/a.py"), Some(&b"one"[..]));
    assert_eq!(content(b"/lib/b.py"), Some(&b"two"[..]));
    for missing in [&b"b.py"[..], b"a.py/x", b"lib/a.py", b"li", b"libb"] {
        assert_eq!(image.find(missing), None, "{}", missing.escape_ascii());
    }
    assert!(matches!(image.find(b"/lib/empty"), Some(Node::Directory(d)) if d.count() == 0));
    assert_eq!(image.size(), bytes.len());
}

#[test]
fn content_may_lie_elsewhere_and_unknown_records_are_passed_over() {
    let data = record(2, b"shared data");
    let pointer = |len, offset| record(3, &[number(len), number(offset)].concat());
    let far = named(5, b"far", &[record(9, b"a hash"), pointer(4, 2 + 7)].concat());
    let outside = named(5, b"outside", &pointer(1, 100_000));
    let bytes = image(&[record(1, b"\0\0"), data, far, outside, file(b"last", b"x")].concat());
    let image = Image::parse(&bytes).expect("an image");
    // The padding takes four bytes, the data's own head two.
    assert_eq!(image.find(b"far"), Some(Node::File(b"red ")));
    assert_eq!(image.find(b"outside"), None);
    let names: Vec<_> = image.root().map(|entry| entry.name.to_vec()).collect();
    assert_eq!(names, [&b"far"[..], b"last"]);
}

#[test]
fn what_is_no_whole_image_is_none() {
    let bytes = image(&file(b"a", b"content"));
    for len in 0..bytes.len() {
        assert_eq!(Image::parse(&bytes[..len]), None, "{len}");
    }
    assert!(
        Image::parse(&[&bytes[..], b"\xff\xff"].concat()).is_some_and(|image| image.size() == bytes.len())
    );
    assert_eq!(Image::parse(&[0xff; 64]), None);
    // A length beyond any memory.
    assert_eq!(Image::parse(b"\xd2\xcd\x31\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), None);
}

/// A tree: a directory's members, by names that differ.
#[derive(Clone, Debug)]
enum Tree {
    File(Vec<u8>),
    Directory(std::collections::BTreeMap<String, Tree>),
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop::collection::vec(any::<u8>(), 0..200).prop_map(Tree::File);
    let node = leaf.prop_recursive(4, 40, 6, |inner| {
        prop::collection::btree_map("[a-zA-Z0-9._é]{1,12}", inner, 0..6).prop_map(Tree::Directory)
    });
    prop::collection::btree_map("[a-z]{1,8}", node, 0..6).prop_map(Tree::Directory)
}

fn encode(name: &str, tree: &Tree) -> Vec<u8> {
    match tree {
        Tree::File(content) => file(name.as_bytes(), content),
        Tree::Directory(members) => named(4, name.as_bytes(), &encode_members(members)),
    }
}

fn encode_members(members: &std::collections::BTreeMap<String, Tree>) -> Vec<u8> {
    members.iter().flat_map(|(name, tree)| encode(name, tree)).collect()
}

fn check(image: Image<'_>, path: &str, directory: Directory<'_>, tree: &Tree) {
    let Tree::Directory(members) = tree else { panic!("{path} is a file") };
    let names: Vec<_> = directory.map(|entry| String::from_utf8_lossy(entry.name).into_owned()).collect();
    assert_eq!(names, members.keys().cloned().collect::<Vec<_>>());
    for (name, member) in members {
        let path = format!("{path}/{name}");
        match (image.find(path.as_bytes()), member) {
            (Some(Node::File(found)), Tree::File(content)) => assert_eq!(found, content),
            (Some(Node::Directory(found)), Tree::Directory(_)) => check(image, &path, found, member),
            (found, _) => panic!("{path}: {found:?}"),
        }
    }
}

proptest! {
    #[test]
    fn a_tree_is_read_as_it_was_written(tree in tree()) {
        let Tree::Directory(members) = &tree else { unreachable!() };
        let bytes = image(&encode_members(members));
        let image = Image::parse(&bytes).expect("an image");
        check(image, "", image.root(), &tree);
    }

    #[test]
    fn damage_ends_nothing_but_the_reading(tree in tree(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let Tree::Directory(members) = &tree else { unreachable!() };
        let mut bytes = image(&encode_members(members));
        let at = at.index(bytes.len());
        bytes[at] = byte;
        fuzz::romfs(&bytes);
    }
}

#[path = "../../../tests/fuzz/shared/extmod.rs"]
#[allow(dead_code)]
mod fuzz;
