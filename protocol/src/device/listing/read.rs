//! Reads what [`code`](super::code) makes the board print.

use super::code::{SHARED_AT_MOST, SHARED_NONE, Ways};
use super::{HalfDigest, Kind, Listing, ListingEntry, ListingOptions};
use crate::Errno;

/// Seconds from 1970 to 2000, where most boards' clocks begin.
const TO_2000: i64 = 946_684_800;

/// What is told beyond names and kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fields {
    /// The current directory, in front of all.
    pub cwd: bool,
    pub sizes: bool,
    /// Times, the year from which they count, and which files are none.
    pub details: bool,
    pub digests: bool,
    /// The content of the directories that are named.
    pub below: bool,
}

impl Fields {
    pub fn of(options: &ListingOptions, ways: &Ways) -> Self {
        Fields {
            cwd: options.cwd && ways.getcwd,
            sizes: options.sizes || options.details || options.digests_up_to.is_some(),
            details: options.details,
            digests: options.digests_up_to.is_some() && ways.sha256,
            below: options.below,
        }
    }
}

/// The records, if the sum of them is right. Line ends only showed that the board was at work.
pub(super) fn intact(out: &[u8], crc32: bool) -> Option<Vec<String>> {
    let bytes = out.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let text = String::from_utf8(bytes).ok().filter(|text| text.is_ascii())?;
    let mut pieces = text.split('\t');
    let sum: u32 = pieces.next_back()?.parse().ok()?;
    let mut records: Vec<String> = Vec::new();
    for piece in pieces {
        let (shared, own) = (piece.get(..2)?.as_bytes(), &piece[2..]);
        let before = records.last().map_or("", String::as_str);
        let (start, end) = (shared_length(shared[0])?, shared_length(shared[1])?);
        let at = before.len().checked_sub(end).filter(|at| start <= *at)?;
        records.push([&before[..start], own, &before[at..]].concat());
    }
    let computed = match crc32 {
        true => {
            let mut hasher = crc32fast::Hasher::new();
            records.iter().for_each(|record| hasher.update(record.as_bytes()));
            hasher.finalize()
        }
        false => {
            let bytes = records.iter().flat_map(|record| record.bytes());
            bytes.fold(0, |sum: u32, byte| sum.wrapping_add(byte.into())) & 0xfff_ffff
        }
    };
    (sum == computed).then_some(records)
}

fn shared_length(character: u8) -> Option<usize> {
    let length = character.checked_sub(SHARED_NONE)?;
    (length <= SHARED_AT_MOST).then_some(length.into())
}

/// Reads the records of a listing that is intact.
pub(super) fn read(records: &[String], fields: &Fields) -> Option<Listing> {
    let mut records = records.iter().map(String::as_str);
    let mut listing = Listing::default();
    if fields.cwd {
        listing.cwd = Some(plain(records.next()?)?);
    }
    let epoch = match fields.details {
        true => records.next()?.parse().ok()?,
        false => 0,
    };
    // The directories whose content is still to come, each as what stands in front of the names in it.
    let mut open = vec![String::new()];
    while let Some(dir) = open.pop() {
        loop {
            let record = records.next()?;
            if record == "." {
                break;
            }
            if let Some(errno) = record.strip_prefix("../") {
                let errno = Errno::new(errno.parse().ok()?, None);
                listing.unreadable.push((dir.trim_end_matches('/').to_owned(), errno));
                break;
            }
            let entry = entry(&dir, record, fields, epoch)?;
            if fields.below && entry.kind == Kind::Directory {
                open.push(format!("{}/", entry.path));
            }
            listing.entries.push(entry);
        }
    }
    records.next().is_none().then_some(listing)
}

/// A name in this directory, and what follows it.
fn entry(dir: &str, record: &str, fields: &Fields, epoch: i64) -> Option<ListingEntry> {
    let mut parts = record.split('/');
    let path = format!("{dir}{}", safe(parts.next()?)?);
    let mut entry = ListingEntry { path, kind: Kind::File, size: 0, modified: None, digest: None };
    match parts.next() {
        Some("") => entry.kind = Kind::Directory,
        Some("@") => entry.kind = Kind::Mount,
        Some("-") if fields.sizes => entry.kind = Kind::Other,
        Some(size) if fields.sizes => entry.size = u64::try_from(size.parse::<i64>().ok()?.max(0)).ok()?,
        None if !fields.sizes => {}
        _ => return None,
    }
    if fields.details {
        entry.modified = since_1970(parts.next()?.parse().ok()?, epoch);
    }
    let may_be_hashed = fields.digests && matches!(entry.kind, Kind::File | Kind::Other);
    match parts.next() {
        None | Some("") => {}
        Some(digest) if may_be_hashed => entry.digest = Some(half_digest(digest)?),
        Some(_) => return None,
    }
    parts.next().is_none().then_some(entry)
}

/// A time on a clock that starts at the beginning of this year. A filesystem without times says 0.
fn since_1970(time: i64, epoch: i64) -> Option<u64> {
    let since_1970 = match epoch {
        1970 => time,
        2000 => time.checked_add(TO_2000)?,
        _ => return None,
    };
    u64::try_from(since_1970).ok().filter(|_| time != 0)
}

/// A name that leads nowhere else, whatever the board says.
fn safe(shown: &str) -> Option<String> {
    plain(shown).filter(|name| !matches!(&**name, "" | "." | "..") && !name.contains(['/', '\0']))
}

/// The text of which Python shows the bytes like this, without the quotes.
fn plain(shown: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(shown.len());
    let mut rest = shown.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match (byte, byte == b'\\') {
            (byte, false) => byte,
            (_, true) => match rest.next()? {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'x' => {
                    let digits = [rest.next()?, rest.next()?];
                    u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
                }
                quoted @ (b'\\' | b'\'' | b'"') => quoted,
                _ => return None,
            },
        });
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// 16 bytes in base64 without padding, with `-` for the slash.
fn half_digest(text: &str) -> Option<HalfDigest> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";
    if text.len() != 22 {
        return None;
    }
    let (mut digest, mut bits, mut held, mut at) = ([0; 16], 0u32, 0, 0);
    for c in text.bytes() {
        let digit = DIGITS.iter().position(|digit| *digit == c)?;
        bits = bits << 6 | u32::try_from(digit).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            *digest.get_mut(at)? = (bits >> held).to_le_bytes()[0];
            at += 1;
        }
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fuzz;
    use super::*;
    use crate::python::bytes_literal;

    const NAMES: Fields = Fields { cwd: false, sizes: false, details: false, digests: false, below: true };

    fn records(text: &str) -> Vec<String> {
        text.split('\t').map(str::to_owned).collect()
    }

    fn shown(listing: &Listing) -> Vec<(&str, Kind, u64, Option<u64>)> {
        listing.entries.iter().map(|e| (&*e.path, e.kind, e.size, e.modified)).collect()
    }

    #[test]
    fn names_become_a_tree() {
        let fields = Fields { cwd: true, ..NAMES };
        let text = "/a/b\tx\tlib/\tsd/@\te f/\t.\ty\\xc3\\xa9\t.\tit's\t../5";
        let listing = read(&records(text), &fields);
        let listing = listing.expect("well-formed");
        assert_eq!(listing.cwd.as_deref(), Some("/a/b"));
        let file = |path| (path, Kind::File, 0, None);
        let directory = |path| (path, Kind::Directory, 0, None);
        assert_eq!(
            shown(&listing),
            [
                file("x"),
                directory("lib"),
                ("sd", Kind::Mount, 0, None),
                directory("e f"),
                file("e f/y\u{e9}"),
                file("lib/it's"),
            ]
        );
        assert_eq!(listing.unreadable, [("lib".to_owned(), Errno::new(5, None))]);
        for wrong in
            ["", "x", "x//\t.", ".\tx", "x\t.\t.", "x\t..", "../x", "\\q\t.", "\\x4\t.", "x/5\t.", "x/\t."]
        {
            assert_eq!(read(&records(wrong), &NAMES), None, "{wrong}");
        }
    }

    #[test]
    fn fields_follow_names() {
        let all = Fields { cwd: false, sizes: true, details: true, digests: true, below: false };
        let text = "2000\ta/5/7/AAECAwQFBgcICQoLDA0ODw\tb/-1/0\td//8\tnull/-/9/\t.";
        let listing = read(&records(text), &all).expect("well-formed");
        assert_eq!(
            shown(&listing),
            [
                ("a", Kind::File, 5, Some(946_684_807)),
                ("b", Kind::File, 0, None),
                ("d", Kind::Directory, 0, Some(946_684_808)),
                ("null", Kind::Other, 0, Some(946_684_809)),
            ]
        );
        let digest = Some([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        assert_eq!(listing.entries[0].digest, digest);
        for (epoch, modified) in [("0", None), ("1970", Some(7))] {
            let listing = read(&records(&format!("{epoch}\ta/5/7\t.")), &all).expect("well-formed");
            assert_eq!(listing.entries[0].modified, modified);
        }
        for wrong in ["a/x\t.", "a/-/6\t.", "a\t.", "a/5/6\t."] {
            assert_eq!(read(&records(wrong), &Fields { sizes: true, ..NAMES }), None, "{wrong}");
        }
    }

    #[test]
    fn records_share_what_they_have_in_common() {
        let sum = crc32fast::hash(b"module_1.py/12module_2.py/12.");
        let out = format!("00module_1.py/12\t7620\r\n\t00.\t{sum}");
        assert_eq!(intact(out.as_bytes(), true), None, "the sum is another's");
        let out = format!("00module_1.py/12\t762\r\n\t00.\t{sum}");
        assert_eq!(intact(out.as_bytes(), true), Some(records("module_1.py/12\tmodule_2.py/12\t.")));
        for wrong in ["00ab\t21c\t0", "00ab\t03c\t0", "0\t0", "", "00.\t", "/0a\t0", "\u{e9}\t0"] {
            assert_eq!(intact(wrong.as_bytes(), true), None, "{wrong}");
        }
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_refused() {
        for name in ["\\x2e\\x2e", "\\x2e", "a\\x2fb", "a\\x00b"] {
            assert_eq!(read(&records(&format!("{name}\t.")), &NAMES), None, "{name}");
            assert_eq!(read(&records(&format!("{name}/\t.\t.")), &NAMES), None, "{name}");
        }
    }

    #[test]
    fn the_fuzz_targets_corpus_is_survived() {
        let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/corpus/listing");
        for entry in std::fs::read_dir(corpus).expect("the corpus is there") {
            fuzz::listing(&std::fs::read(entry.expect("an entry").path()).expect("a file"));
        }
    }

    /// A directory as a model of the board has it.
    #[derive(Debug, Clone)]
    enum Node {
        File(u64),
        Directory(Vec<(String, Node)>),
    }

    fn nodes() -> impl Strategy<Value = Vec<(String, Node)>> {
        let name = "[^/\0]{1,8}".prop_filter("a name", |name| !matches!(&**name, "." | ".."));
        let leaf = (0..100_000_u64).prop_map(Node::File);
        let node = leaf.prop_recursive(3, 20, 5, {
            let name = name.clone();
            move |inner| proptest::collection::vec((name.clone(), inner), 0..5).prop_map(Node::Directory)
        });
        proptest::collection::vec((name, node), 0..5)
    }

    /// The records that the board makes for it, and what is to be read from them.
    fn told(nodes: &[(String, Node)]) -> (Vec<String>, Vec<(String, Option<u64>)>) {
        let (mut records, mut entries) = (Vec::new(), Vec::new());
        let mut open = vec![(String::new(), nodes)];
        while let Some((above, nodes)) = open.pop() {
            for (name, node) in nodes {
                let literal = bytes_literal(name.as_bytes());
                let shown = &literal[2..literal.len() - 1];
                let path = format!("{above}{name}");
                match node {
                    Node::File(size) => {
                        records.push(format!("{shown}/{size}"));
                        entries.push((path, Some(*size)));
                    }
                    Node::Directory(below) => {
                        records.push(format!("{shown}/"));
                        open.push((format!("{path}/"), below));
                        entries.push((path, None));
                    }
                }
            }
            records.push(".".to_owned());
        }
        (records, entries)
    }

    /// What the board prints for records.
    fn sent(records: &[String]) -> Vec<u8> {
        let (mut out, mut sum) = (Vec::new(), crc32fast::Hasher::new());
        let mut before: &[u8] = &[];
        for record in records.iter().map(String::as_bytes) {
            let most = before.len().min(record.len()).min(SHARED_AT_MOST.into());
            let start = (0..most).take_while(|at| before[*at] == record[*at]).count();
            let most = most.min(before.len() - start).min(record.len() - start);
            let end =
                (1..=most).take_while(|at| before[before.len() - at] == record[record.len() - at]).count();
            out.extend([start, end].map(|n| SHARED_NONE + u8::try_from(n).expect("it is at most 70")));
            out.extend_from_slice(&record[start..record.len() - end]);
            out.push(b'\t');
            sum.update(record);
            before = record;
        }
        out.extend(sum.finalize().to_string().bytes());
        out
    }

    proptest! {
        #[test]
        fn any_tree_survives(nodes in nodes(), at: prop::sample::Index, byte in 0_u8..0x80) {
            let (records, entries) = told(&nodes);
            let mut out = sent(&records);
            prop_assert_eq!(intact(&out, true), Some(records.clone()));
            let listing = read(&records, &Fields { sizes: true, ..NAMES }).expect("well-formed");
            let is: Vec<_> = listing
                .entries
                .into_iter()
                .map(|entry| (entry.path, (entry.kind == Kind::File).then_some(entry.size)))
                .collect();
            prop_assert_eq!(is, entries);
            // What gets through with a byte lost or changed is the same all the same.
            let at = at.index(out.len());
            out[at] = byte;
            prop_assert!(intact(&out, true).is_none_or(|got| got == records));
            out.remove(at);
            prop_assert!(intact(&out, true).is_none_or(|got| got == records));
        }

        #[test]
        fn nothing_makes_it_panic(data in proptest::collection::vec(
            prop_oneof![Just(b'/'), Just(b'.'), Just(b'\\'), Just(b'-'), Just(b'0'), Just(b'\t'), any::<u8>()], 0..80)) {
            fuzz::listing(&data);
        }
    }
}
