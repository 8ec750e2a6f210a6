//! Images of ROMFS, MicroPython's read-only filesystem: finding files and listing directories.
//!
//! An image is a sequence of records: kind, length (both as big-endian groups of 7 bits, the last without its top bit),
//! then so many bytes. The image itself is a record of the kind that its first three bytes `d2 cd 31` spell. Records of
//! unknown kinds are passed over, as the format's description in MicroPython's `extmod/vfs_rom.c` (1.25) asks for.
//!
//! Nothing here trusts the bytes: a record that reaches beyond what holds it ends the reading there.

/// The first bytes of every image.
pub const MAGIC: [u8; 3] = [0xd2, 0xcd, 0x31];

/// Content of a file, here.
const VERBATIM: u64 = 2;
/// Content of a file, elsewhere: its length, and its offset from the start of the image's records.
const POINTER: u64 = 3;
/// A directory: the length of its name, the name, then records.
const DIRECTORY: u64 = 4;
/// A file: the length of its name, the name, then records.
const FILE: u64 = 5;

/// An image, whole within the memory that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image<'a> {
    records: &'a [u8],
    /// Bytes of the memory before the records.
    header: usize,
}

/// A file or a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node<'a> {
    /// A file's content.
    File(&'a [u8]),
    /// What a directory holds.
    Directory(Directory<'a>),
}

/// The records of a directory, from some place on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directory<'a> {
    image: Image<'a>,
    records: &'a [u8],
}

/// A member of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The name; any bytes.
    pub name: &'a [u8],
    /// What it is.
    pub node: Node<'a>,
}

/// Takes a number off the front. `None`: it does not end, or is larger than any length can be.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    loop {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value = value.checked_mul(128)? | u64::from(first & 0x7f);
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
}

/// Takes so many bytes off the front.
fn piece<'a>(bytes: &mut &'a [u8], len: u64) -> Option<&'a [u8]> {
    let (piece, rest) = bytes.split_at_checked(usize::try_from(len).ok()?)?;
    *bytes = rest;
    Some(piece)
}

/// Takes a record off the front.
fn record<'a>(bytes: &mut &'a [u8]) -> Option<(u64, &'a [u8])> {
    let kind = number(bytes)?;
    let len = number(bytes)?;
    Some((kind, piece(bytes, len)?))
}

impl<'a> Image<'a> {
    /// The image that some memory starts with. `None`: it starts with something else, or the image is cut short.
    pub fn parse(memory: &'a [u8]) -> Option<Self> {
        let mut rest = memory.strip_prefix(&MAGIC)?;
        let len = number(&mut rest)?;
        let header = memory.len() - rest.len();
        Some(Image { records: piece(&mut rest, len)?, header })
    }

    /// Bytes of the whole image.
    pub fn size(self) -> usize {
        self.header + self.records.len()
    }

    /// Bytes of the image's records.
    pub fn records_size(self) -> usize {
        self.records.len()
    }

    /// The directory that everything is in.
    pub fn root(self) -> Directory<'a> {
        Directory { image: self, records: self.records }
    }

    /// What is at a path; names are between slashes. Of several entries with one name the first counts.
    pub fn find(self, path: &[u8]) -> Option<Node<'a>> {
        let mut node = Node::Directory(self.root());
        for name in path.split(|c| *c == b'/').filter(|name| !name.is_empty()) {
            let Node::Directory(mut directory) = node else { return None };
            node = directory.find(|entry| entry.name == name)?.node;
        }
        Some(node)
    }

    /// The content of a file, from the records behind its name.
    fn content(self, mut records: &'a [u8]) -> Option<&'a [u8]> {
        loop {
            match record(&mut records)? {
                (VERBATIM, content) => return Some(content),
                (POINTER, mut place) => {
                    let len = number(&mut place)?;
                    let mut rest = self.records.get(usize::try_from(number(&mut place)?).ok()?..)?;
                    return piece(&mut rest, len);
                }
                _ => {}
            }
        }
    }
}

impl Directory<'_> {
    /// How far from the start of the image's records the next one is, and how far the last one ends.
    pub fn range(self) -> core::ops::Range<usize> {
        let start = self.records.as_ptr().addr() - self.image.records.as_ptr().addr();
        start..start + self.records.len()
    }
}

impl<'a> Directory<'a> {
    /// The directory whose records are at this place of the image, as [`Directory::range`] gave it.
    pub fn at(image: Image<'a>, range: core::ops::Range<usize>) -> Option<Self> {
        Some(Directory { image, records: image.records.get(range)? })
    }
}

impl<'a> Iterator for Directory<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            // What is damaged has no end that could be found: nothing behind it is read.
            let damaged = &self.records[..0];
            let Some((kind, mut body)) = record(&mut self.records) else {
                self.records = damaged;
                return None;
            };
            if kind != DIRECTORY && kind != FILE {
                continue;
            }
            let name = number(&mut body).and_then(|len| piece(&mut body, len));
            let (Some(name), image) = (name, self.image) else { continue };
            if name.is_empty() || name.contains(&b'/') {
                continue; // No path leads there.
            }
            if kind == DIRECTORY {
                return Some(Entry { name, node: Node::Directory(Directory { image, records: body }) });
            }
            if let Some(content) = image.content(body) {
                return Some(Entry { name, node: Node::File(content) });
            }
        }
    }
}
