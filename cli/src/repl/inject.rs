//! A program that was started from within the prompt, in the raw REPL.

const END_OF_PART: u8 = 0x04;

/// Brings the friendly prompt back after the program.
pub const LEAVE_RAW: &[u8] = b"\r\x02";

/// Follows the program's output to its end: what it prints, its traceback, the raw prompt.
#[derive(Debug, Default)]
pub struct Injected {
    parts_ended: u8,
    over: bool,
}

impl Injected {
    /// Takes bytes from the board. Returns what is to be shown of them, and how many belong to the program.
    pub fn feed(&mut self, bytes: &[u8]) -> (Vec<u8>, usize) {
        let mut shown = Vec::with_capacity(bytes.len());
        for (at, &byte) in bytes.iter().enumerate() {
            match byte {
                END_OF_PART if self.parts_ended < 2 => self.parts_ended += 1,
                b'>' if self.parts_ended == 2 => {
                    self.over = true;
                    return (shown, at + 1);
                }
                _ => shown.push(byte),
            }
        }
        (shown, bytes.len())
    }

    /// Whether the raw prompt has come.
    pub fn is_over(&self) -> bool {
        self.over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_split_shows_the_same() {
        let all = b"out > 1\r\n\x04Traceback\r\n\x04>\r\nbanner";
        for cut in 0..all.len() {
            let mut injected = Injected::default();
            let (mut shown, used) = injected.feed(&all[..cut]);
            if !injected.is_over() {
                assert_eq!(used, cut);
                let (more, used) = injected.feed(&all[cut..]);
                shown.extend(more);
                assert_eq!(&all[cut + used..], b"\r\nbanner");
            }
            assert!(injected.is_over());
            assert_eq!(shown, b"out > 1\r\nTraceback\r\n");
        }
    }
}
