//! Images from trees, byte for byte as MicroPython's own tool makes them.

use mpr_extmod::romfs::MAGIC;

/// A record that is a file's content.
const VERBATIM: u64 = 2;
/// A record that is a directory: its name, then its members.
const DIRECTORY: u64 = 4;
/// A record that is a file: its name, then its content.
const FILE: u64 = 5;

/// A member of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A file.
    File {
        /// Its name, without a slash.
        name: String,
        /// Its content.
        content: Vec<u8>,
    },
    /// A directory.
    Directory {
        /// Its name, without a slash.
        name: String,
        /// What is in it.
        members: Vec<Entry>,
    },
}

/// The image that holds these entries, in their order. Its size is even.
#[must_use]
pub fn build(entries: &[Entry]) -> Vec<u8> {
    let mut records = Vec::new();
    for entry in entries {
        append(entry, &mut records);
    }
    let mut length = number(records.len() as u64);
    if !(MAGIC.len() + length.len() + records.len()).is_multiple_of(2) {
        // A leading group of zero bits changes no number.
        length.insert(0, 0x80);
    }
    [&MAGIC[..], &length, &records].concat()
}

/// Appends the record of an entry.
fn append(entry: &Entry, out: &mut Vec<u8>) {
    let (kind, name, body) = match entry {
        Entry::File { name, content } => {
            let mut body = Vec::with_capacity(content.len() + 8);
            record(VERBATIM, &[content], &mut body);
            (FILE, name, body)
        }
        Entry::Directory { name, members } => {
            let mut body = Vec::new();
            for member in members {
                append(member, &mut body);
            }
            (DIRECTORY, name, body)
        }
    };
    record(kind, &[&number(name.len() as u64), name.as_bytes(), &body], out);
}

/// Appends a record whose body is these pieces.
fn record(kind: u64, pieces: &[&[u8]], out: &mut Vec<u8>) {
    let len: usize = pieces.iter().map(|piece| piece.len()).sum();
    out.extend(number(kind));
    out.extend(number(len as u64));
    for piece in pieces {
        out.extend_from_slice(piece);
    }
}

/// A number in groups of seven bits, the highest first; all but the last have the top bit set.
fn number(mut value: u64) -> Vec<u8> {
    let low = |value: u64| (value & 0x7f) as u8;
    let mut bytes = vec![low(value)];
    while value > 0x7f {
        value >>= 7;
        bytes.push(low(value) | 0x80);
    }
    bytes.reverse();
    bytes
}

#[cfg(test)]
mod tests {
    use mpr_extmod::romfs::{Directory, Image, Node};
    use proptest::prelude::*;

    use super::*;

    fn file(name: &str, content: &[u8]) -> Entry {
        Entry::File { name: name.to_owned(), content: content.to_owned() }
    }

    #[test]
    fn an_image_is_byte_for_byte_that_of_mpremote() {
        // Made by `mpremote romfs build` (1.30) from the same tree.
        let tree = [
            file("empty", b""),
            Entry::Directory { name: "lib".into(), members: vec![file("n.py", b"y=6\n")] },
            file("m.py", b"x=5\n"),
            Entry::Directory { name: "nodir".into(), members: vec![] },
        ];
        let expected =
            b"\xd2\xcd\x31\x32\x05\x08\x05empty\x02\x00\x04\x11\x03lib\x05\x0b\x04n.py\x02\x04y=6\n\
            \x05\x0b\x04m.py\x02\x04x=5\n\x04\x06\x05nodir";
        assert_eq!(build(&tree), expected);
    }

    #[test]
    fn the_size_is_even_and_long_numbers_have_several_bytes() {
        assert_eq!(build(&[]), b"\xd2\xcd\x31\x00");
        for len in [0, 1, 2, 100, 127, 128, 129, 16_383, 16_384, 70_000] {
            let image = build(&[file("a", &vec![7; len])]);
            assert_eq!(image.len() % 2, 0, "{len}");
            let node = Image::parse(&image).and_then(|image| image.find(b"a"));
            assert!(matches!(node, Some(Node::File(content)) if content.len() == len), "{len}");
        }
    }

    /// The tree that an image holds.
    fn read(directory: Directory<'_>) -> Vec<Entry> {
        directory
            .map(|entry| {
                let name = String::from_utf8_lossy(entry.name).into_owned();
                match entry.node {
                    Node::File(content) => Entry::File { name, content: content.to_owned() },
                    Node::Directory(inner) => Entry::Directory { name, members: read(inner) },
                }
            })
            .collect()
    }

    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        let name = "[a-zA-Z0-9._ 'é日]{1,20}";
        let leaf = (name, prop::collection::vec(any::<u8>(), 0..300))
            .prop_map(|(name, content)| Entry::File { name, content });
        let node = leaf.prop_recursive(4, 40, 6, move |inner| {
            (name, prop::collection::vec(inner, 0..6))
                .prop_map(|(name, members)| Entry::Directory { name, members })
        });
        prop::collection::vec(node, 0..6)
    }

    proptest! {
        #[test]
        fn what_is_built_is_what_is_read(entries in entries()) {
            let image = build(&entries);
            prop_assert_eq!(image.len() % 2, 0);
            let parsed = Image::parse(&image).expect("an image");
            prop_assert_eq!(parsed.size(), image.len());
            prop_assert_eq!(read(parsed.root()), entries);
        }
    }
}
