//! What the keys do that are not the board's.

/// What a typed byte means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// It goes to the board.
    Type,
    /// It ends the prompt.
    Quit,
    /// It types the code that was given.
    InjectCode,
    /// It runs the file that was given.
    InjectFile,
}

/// Restarts the interpreter, at the friendly prompt.
pub const CTRL_D: u8 = 0x04;

const CTRL_J: u8 = 0x0a;
const CTRL_K: u8 = 0x0b;
const CTRL_X: u8 = 0x18;
const CTRL_RIGHT_BRACKET: u8 = 0x1d;

/// Tells what a typed byte means. Ctrl-J and Ctrl-K are the board's unless there is something to inject.
pub fn classify(byte: u8, has_code: bool, has_file: bool) -> Key {
    match byte {
        CTRL_RIGHT_BRACKET | CTRL_X => Key::Quit,
        CTRL_J if has_code => Key::InjectCode,
        CTRL_K if has_file => Key::InjectFile,
        _ => Key::Type,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        assert_eq!(classify(0x1d, false, false), Key::Quit);
        assert_eq!(classify(0x18, false, false), Key::Quit);
        assert_eq!((classify(0x0a, true, false), classify(0x0a, false, true)), (Key::InjectCode, Key::Type));
        assert_eq!((classify(0x0b, false, true), classify(0x0b, true, false)), (Key::InjectFile, Key::Type));
        for byte in [3, 4, 5, b'a', b'\r', 0x1b, 0xc3] {
            assert_eq!(classify(byte, true, true), Key::Type);
        }
    }
}
