//! Compiled modules (.mpy): for which boards they are.
//!
//! A module starts with `M`, the version of the format, and a byte with the version of native code (2 bits), the
//! processor (4 bits) and a flag; a board says the same in `sys.implementation._mpy` (MicroPython's `py/persistentcode.c`).

use mpr_extmod::romfs::{Directory, Image, Node};

/// Bytes of a module's head.
const HEAD: usize = 4;

/// Processors with ARM's Thumb instructions, each of which runs the code of those before it: ARMv6-M to ARMv7E-M.
const THUMB: std::ops::RangeInclusive<u8> = 4..=8;

/// What a compiled module says of itself, or a board of what it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compiled {
    /// The version of the format; 6 since MicroPython 1.19.
    pub version: u8,
    /// The version of native code, which counts only where there is some.
    pub native: u8,
    /// The processor by MicroPython's number; 0 is none: byte code.
    pub processor: u8,
}

/// A compiled module that a board does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Its path in the image.
    pub path: String,
    /// What it is; `None` if it is no compiled module at all.
    pub is: Option<Compiled>,
}

impl Compiled {
    /// What a module says by its first bytes.
    #[must_use]
    pub fn of_module(bytes: &[u8]) -> Option<Compiled> {
        match bytes.get(..HEAD)? {
            [b'M', version, flags, _] => {
                Some(Compiled { version: *version, native: flags & 3, processor: flags >> 2 & 0x0f })
            }
            _ => None,
        }
    }

    /// What a board says by `sys.implementation._mpy`; `None`: it takes no compiled modules.
    #[must_use]
    pub fn of_board(mpy: u32) -> Option<Compiled> {
        let [version, flags, ..] = mpy.to_le_bytes();
        (version != 0).then_some(Compiled { version, native: flags & 3, processor: flags >> 2 & 0x0f })
    }

    /// Whether this module runs on that board.
    #[must_use]
    pub fn fits(self, board: Compiled) -> bool {
        let runs = match self.processor {
            0 => return self.version == board.version,
            processor if THUMB.contains(&processor) && THUMB.contains(&board.processor) => {
                processor <= board.processor
            }
            processor => processor == board.processor,
        };
        runs && (self.version, self.native) == (board.version, board.native)
    }
}

/// The first compiled module in an image that a board with this `sys.implementation._mpy` does not take.
#[must_use]
pub fn misfit(image: &[u8], mpy: u32) -> Option<Misfit> {
    let board = Compiled::of_board(mpy);
    search(Image::parse(image)?.root(), String::new(), board)
}

fn search(directory: Directory<'_>, path: String, board: Option<Compiled>) -> Option<Misfit> {
    for entry in directory {
        let path = format!("{path}/{}", String::from_utf8_lossy(entry.name));
        match entry.node {
            Node::Directory(inner) => {
                if let Some(found) = search(inner, path, board) {
                    return Some(found);
                }
            }
            Node::File(content) if path.ends_with(".mpy") => {
                let is = Compiled::of_module(content);
                if !is.zip(board).is_some_and(|(is, board)| is.fits(board)) {
                    return Some(Misfit { path, is });
                }
            }
            Node::File(_) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::romfs::{Entry, build};

    /// MicroPython 1.23 on a 64-bit host, and with native code of the third version on ARMv7E-M.
    const HOST: u32 = 6;
    const THUMB_BOARD: u32 = 6 | (3 | 6 << 2) << 8;

    fn image(head: &[u8]) -> Vec<u8> {
        let module = Entry::File { name: "m.mpy".into(), content: head.to_owned() };
        build(&[Entry::Directory { name: "lib".into(), members: vec![module] }])
    }

    #[test]
    fn byte_code_needs_the_version_only() {
        assert_eq!(misfit(&image(b"M\x06\x00\x1f"), HOST), None);
        assert_eq!(misfit(&image(b"M\x06\x00\x1f"), THUMB_BOARD), None);
        // A later version of native code, and none of it inside.
        assert_eq!(misfit(&image(b"M\x06\x02\x1f"), THUMB_BOARD), None);
        let found = misfit(&image(b"M\x05\x00\x1f"), HOST).expect("it is too old");
        assert_eq!((found.path.as_str(), found.is.map(|is| is.version)), ("/lib/m.mpy", Some(5)));
        assert!(misfit(&image(b"M\x06\x00\x1f"), 0).is_some(), "a board without compiled modules");
    }

    #[test]
    fn native_code_needs_the_processor() {
        let native = |version: u8, processor: u8| [b'M', 6, version | processor << 2, 31];
        for (processor, fits) in [(4, true), (5, true), (6, true), (7, false), (3, false), (10, false)] {
            assert_eq!(misfit(&image(&native(3, processor)), THUMB_BOARD).is_none(), fits, "{processor}");
        }
        assert!(misfit(&image(&native(2, 6)), THUMB_BOARD).is_some());
        assert!(misfit(&image(&native(3, 6)), HOST).is_some());
    }

    #[test]
    fn what_is_no_module_is_told() {
        for content in [&b""[..], b"M\x06", b"print(1)\n"] {
            assert_eq!(misfit(&image(content), HOST), Some(Misfit { path: "/lib/m.mpy".into(), is: None }));
        }
        let source = build(&[Entry::File { name: "m.py".into(), content: b"x".to_vec() }]);
        assert_eq!(misfit(&source, 0), None);
    }
}
