//! What the agent is asked, and how its answers read. Numbers are little-endian.

use crate::python;

/// Kinds of answers. The second byte is the request's number, the third counts its answers.
pub(crate) const HELLO: u8 = b'H';
pub(crate) const DATA: u8 = b'D';
pub(crate) const DEFLATED_DATA: u8 = b'Z';
/// A file can't be written; its status follows.
pub(crate) const WARNING: u8 = b'W';
pub(crate) const DONE: u8 = b'E';
pub(crate) const FAILED: u8 = b'X';
pub(super) const REFUSED_FRAME: u8 = b'N';
pub(super) const SYNCHRONISED: u8 = b'S';

/// No size, or: whatever the size.
pub(crate) const ANY_SIZE: u32 = u32::MAX;
/// For a [`look`] without a digest.
pub(crate) const NO_DIGEST: u32 = u32::MAX - 1;

/// Ends the agent.
pub(crate) fn quit(id: u8) -> [u8; 2] {
    [b'Q', id]
}

/// How much heap is free.
pub(crate) fn heap(id: u8) -> [u8; 2] {
    [b'H', id]
}

fn path(path: &str, out: &mut Vec<u8>) {
    // No filesystem of a board's takes longer ones; what is cut off here does not exist there.
    let bytes = &path.as_bytes()[..path.len().min(usize::from(u16::MAX))];
    out.extend_from_slice(&(bytes.len() as u16).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// What is at these paths; with the first `length` bytes of the SHA-256 of a file that has the size.
pub(crate) fn look<'a>(id: u8, length: u8, paths: impl ExactSizeIterator<Item = (&'a str, u32)>) -> Vec<u8> {
    let mut out = vec![b'L', id, length];
    out.extend_from_slice(&(paths.len() as u16).to_le_bytes());
    for (name, size) in paths {
        path(name, &mut out);
        out.extend_from_slice(&size.to_le_bytes());
    }
    out
}

/// A CRC-32 for each block of so many bytes of a file.
pub(crate) fn blocks(id: u8, name: &str, size: u32) -> Vec<u8> {
    let mut out = vec![b'B', id];
    path(name, &mut out);
    out.extend_from_slice(&size.to_le_bytes());
    out
}

/// A part of a file, in answers of `step` bytes; deflated with this window, or 0.
pub(crate) fn get(id: u8, name: &str, at: u32, len: u32, step: u16, wbits: u8) -> Vec<u8> {
    let mut out = vec![b'G', id];
    path(name, &mut out);
    out.extend_from_slice(&at.to_le_bytes());
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(&step.to_le_bytes());
    out.push(wbits);
    out
}

/// Begins to put files; [`directory`], [`file`] and what belongs to it, and [`PUT_END`] follow.
pub(crate) fn put(id: u8) -> [u8; 2] {
    [b'P', id]
}

/// Ends what [`put`] began.
pub(crate) const PUT_END: &[u8] = b"E";

/// Makes a directory unless it is there.
pub(crate) fn directory(name: &str) -> Vec<u8> {
    let mut out = vec![b'M'];
    path(name, &mut out);
    out
}

/// Begins a file of this size, or [`ANY_SIZE`]. Parts follow, then [`file_end`] or [`FILE_ABANDONED`].
pub(crate) fn file(name: &str, size: u32) -> Vec<u8> {
    let mut out = vec![b'F'];
    path(name, &mut out);
    out.extend_from_slice(&size.to_le_bytes());
    out
}

/// Goes on with a file whose first part is on the board already.
pub(crate) fn file_again(name: &str, size: u32) -> Vec<u8> {
    let mut out = file(name, size);
    out[0] = b'A';
    out
}

/// The largest part of a file.
pub(crate) const LARGEST_PART: usize = 0xffff;

/// In front of so many bytes of content.
pub(crate) fn part(len: u16) -> [u8; 3] {
    let [low, high] = len.to_le_bytes();
    [b'd', low, high]
}

/// So many bytes of the file that is to be replaced.
pub(crate) fn old_part(len: u16, at: u32) -> Vec<u8> {
    [&[b'c'][..], &len.to_le_bytes(), &at.to_le_bytes()].concat()
}

/// The file's SHA-256: it takes its place if that is right.
pub(crate) fn file_end(sha256: &[u8; 32]) -> Vec<u8> {
    [&b"e"[..], sha256].concat()
}

/// The file does not take its place.
pub(crate) const FILE_ABANDONED: &[u8] = b"x";

/// What became of a file or directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Status {
    /// It is in its place.
    Done,
    /// The SHA-256 of what the board has written differs.
    Differs,
    /// It was abandoned as asked.
    Abandoned,
    /// An exception: its number if it is an `OSError` with one, and how Python shows it.
    Trouble(Trouble),
}

/// Numbers of the agent's own, which no board gives.
pub(crate) const IS_DIRECTORY: i32 = -3;
pub(crate) const NO_ROOM: i32 = -4;

/// An exception on the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub errno: i32,
    pub text: String,
}

impl Trouble {
    /// Reads what is behind an answer's head.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Trouble> {
        let (errno, text) = bytes.split_first_chunk()?;
        Some(Trouble { errno: i32::from_le_bytes(*errno), text: String::from_utf8_lossy(text).into_owned() })
    }
}

impl Status {
    /// Reads what is behind an answer's head.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Status> {
        let trouble = Trouble::parse(bytes)?;
        Some(match (trouble.errno, trouble.text.as_str()) {
            (0, "") => Status::Done,
            (-1, _) => Status::Differs,
            (-2, _) => Status::Abandoned,
            _ => Status::Trouble(trouble),
        })
    }
}

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum There {
    Nothing,
    File { size: u32, digest: Option<Vec<u8>> },
    Directory,
}

/// What the agent says about itself and the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct About {
    pub version: i64,
    /// The largest payload of a frame, in bytes.
    pub payload: usize,
    /// The window for inflating as a power of two; 0: the board does not inflate.
    pub wbits: u8,
    /// The board deflates, too.
    pub deflates: bool,
    /// Bytes of heap that were free when it started.
    pub memory: u64,
    /// `sys.platform`.
    pub platform: String,
}

impl About {
    /// Reads what is behind the head of a [`HELLO`] that ends with this token.
    pub(crate) fn parse(bytes: &[u8], token: &[u8]) -> Option<About> {
        let text = std::str::from_utf8(bytes.strip_suffix(token)?).ok()?;
        let told = python::parse(text)?;
        let [version, payload, wbits, packs, memory, platform] = told.seq()? else { return None };
        Some(About {
            version: version.int()?,
            payload: usize::try_from(payload.int()?)
                .ok()
                .filter(|n| (16..=mpr_wire::MAX_PAYLOAD).contains(n))?,
            wbits: u8::try_from(wbits.int()?).ok().filter(|n| matches!(n, 0 | 9..=15))?,
            deflates: packs.int()? == 2,
            memory: u64::try_from(memory.int()?).ok()?,
            platform: platform.str()?.to_owned(),
        })
    }
}

/// Reads what [`look`] brought for the sizes that it was asked with.
pub(crate) fn there(mut bytes: &[u8], length: u8, sizes: impl Iterator<Item = u32>) -> Option<Vec<There>> {
    let mut take = |n: usize| {
        let (taken, rest) = bytes.split_at_checked(n)?;
        bytes = rest;
        Some(taken)
    };
    let mut all = Vec::new();
    for asked in sizes {
        all.push(match take(1)?[0] {
            0 => There::Nothing,
            2 => There::Directory,
            _ => {
                let size = u32::from_le_bytes(take(4)?.try_into().ok()?);
                let has_digest = asked == ANY_SIZE || asked == size;
                let digest = if has_digest { Some(take(usize::from(length))?.to_vec()) } else { None };
                There::File { size, digest }
            }
        });
    }
    bytes.is_empty().then_some(all)
}
