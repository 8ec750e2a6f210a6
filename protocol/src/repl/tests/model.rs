//! The board's side of the raw REPL, after `shared/runtime/pyexec.c`: as little as the machine can notice. What the machine
//! does with real boards is tested in the end-to-end suites.

/// What a board knows of raw paste.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paste {
    /// Known, with a window of so many bytes.
    Window(u16),
    /// Known and off.
    Off,
    /// From before raw paste.
    Old,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Friendly,
    /// The friendly prompt's own paste mode.
    Paste,
    Raw,
    RawPaste {
        left: u16,
    },
    /// Code is refused; the host's end is awaited.
    Refusing,
    /// A program runs and takes no notice of input except Ctrl-C.
    Busy,
}

#[derive(Debug)]
pub(super) struct Model {
    pub(super) paste: Paste,
    /// What the program prints when code was sent, as it is on the wire.
    pub(super) output: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    /// The program waits after its output until Ctrl-C comes.
    pub(super) endless: bool,
    /// Raw paste gives up after so many bytes of code.
    pub(super) refuse_after: Option<usize>,
    /// The program restarts the interpreter at its end.
    pub(super) soft_resets: bool,
    /// The program restarts the board at its end.
    pub(super) restarts: bool,
    /// So many end marks in raw mode get lost.
    pub(super) lose_ends: u32,
    /// A byte of the window comes twice, so often.
    pub(super) double_windows: u32,
    mode: Mode,
    pub(super) code: Vec<u8>,
    pub(super) programs: Vec<Vec<u8>>,
    /// The most bytes that came in before the board could have read them.
    pub(super) overrun: bool,
    wire: Vec<u8>,
    /// What a program that does not read has in its input.
    unread: Vec<u8>,
}

const BANNER: &[u8] = b"raw REPL; CTRL-B to exit\r\n>";

impl Model {
    pub(super) fn new(paste: Paste) -> Self {
        Model {
            paste,
            output: Vec::new(),
            stderr: Vec::new(),
            endless: false,
            refuse_after: None,
            soft_resets: false,
            restarts: false,
            lose_ends: 0,
            double_windows: 0,
            mode: Mode::Friendly,
            code: Vec::new(),
            programs: Vec::new(),
            overrun: false,
            wire: Vec::new(),
            unread: Vec::new(),
        }
    }

    /// A program runs already and prints this.
    pub(super) fn busy(mut self, printing: &[u8]) -> Self {
        self.mode = Mode::Busy;
        self.wire.extend_from_slice(printing);
        self
    }

    pub(super) fn in_raw_mode(&self) -> bool {
        self.mode == Mode::Raw
    }

    pub(super) fn transmit(&mut self, most: usize) -> Vec<u8> {
        let n = most.min(self.wire.len());
        self.wire.drain(..n).collect()
    }

    /// The endless program prints this and ends; the REPL reads what it left.
    pub(super) fn end_program(&mut self, output: &[u8]) {
        self.say(output);
        self.say(b"\x04\x04>");
        self.mode = Mode::Raw;
        let unread = std::mem::take(&mut self.unread);
        self.receive(&unread);
    }

    fn say(&mut self, bytes: &[u8]) {
        self.wire.extend_from_slice(bytes);
    }

    pub(super) fn receive(&mut self, bytes: &[u8]) {
        if let (Mode::RawPaste { left }, Paste::Window(window)) = (self.mode, self.paste) {
            // Two windows are granted at most: the one being read and the next. The end mark comes on top.
            let granted = usize::from(left) + usize::from(window);
            self.overrun |= bytes.len() > granted + 1;
        }
        for &byte in bytes {
            self.take(byte);
        }
    }

    fn take(&mut self, byte: u8) {
        match (self.mode, byte) {
            (Mode::Busy, 3) => {
                self.mode = Mode::Friendly;
                self.say(b"Traceback (most recent call last):\r\nKeyboardInterrupt: \r\n>>> ");
            }
            (Mode::Busy, _) => self.unread.push(byte),
            (Mode::Friendly, 1) => {
                self.mode = Mode::Raw;
                self.code.clear();
                self.say(BANNER);
            }
            (Mode::Friendly, 5) => {
                self.mode = Mode::Paste;
                self.code.clear();
                self.say(b"\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== ");
            }
            (Mode::Paste, 3) => {
                self.mode = Mode::Friendly;
                self.say(b"\r\n>>> ");
            }
            (Mode::Paste, 4) => {
                // What was pasted starts with the rest of the request, which is no Python.
                let pasted = std::mem::take(&mut self.code);
                if !pasted.contains(&1) {
                    self.programs.push(pasted);
                }
                self.mode = Mode::Friendly;
                self.say(b"\r\nTraceback (most recent call last):\r\nSyntaxError: invalid syntax\r\n>>> ");
            }
            (Mode::Paste, _) => {
                self.code.push(byte);
                self.say(&[byte]);
            }
            (Mode::Friendly, 3 | b'\r') => self.say(b"\r\n>>> "),
            (Mode::Friendly, _) => self.say(&[byte]),
            (Mode::Raw, 1) if self.code == b"\x05A" && self.paste != Paste::Old => {
                self.code.clear();
                match self.paste {
                    Paste::Window(window) => {
                        self.mode = Mode::RawPaste { left: window };
                        let [low, high] = window.to_le_bytes();
                        if self.double_windows > 0 {
                            self.double_windows -= 1;
                            self.say(&[b'R', 1, low, low, high, 1]);
                        } else {
                            self.say(&[b'R', 1, low, high, 1]);
                        }
                    }
                    _ => self.say(b"R\x00"),
                }
            }
            (Mode::Raw, 1) => {
                self.code.clear();
                self.say(BANNER);
            }
            (Mode::Raw, 2) => {
                self.mode = Mode::Friendly;
                self.say(b"\r\nMicroPython\r\n>>> ");
            }
            (Mode::Raw, 3) => self.code.clear(),
            (Mode::Raw, 4) if self.lose_ends > 0 => self.lose_ends -= 1,
            (Mode::Raw, 4) if self.code.is_empty() => {
                self.say(b"OK\r\nMPY: soft reboot\r\nboot\r\n");
                self.say(BANNER);
            }
            (Mode::Raw, 4) => {
                self.say(b"OK");
                self.run();
            }
            (Mode::Raw, _) => self.code.push(byte),
            (Mode::RawPaste { .. }, 3 | 4) => {
                self.say(b"\x04");
                self.mode = Mode::Raw;
                if byte == 4 {
                    self.run();
                } else {
                    self.say(b"\x04Traceback (most recent call last):\r\nKeyboardInterrupt: \r\n\x04>");
                }
            }
            (Mode::RawPaste { left }, _) => {
                self.code.push(byte);
                let Paste::Window(window) = self.paste else { unreachable!("raw paste is on") };
                let mut left = left - 1;
                if left == 0 {
                    left = window;
                    self.say(b"\x01");
                }
                self.mode = Mode::RawPaste { left };
                if self.refuse_after == Some(self.code.len()) {
                    self.say(b"\x04");
                    self.mode = Mode::Refusing;
                }
            }
            (Mode::Refusing, 3 | 4) => {
                self.mode = Mode::Raw;
                self.code.clear();
                self.say(b"\x04Traceback (most recent call last):\r\nSyntaxError: invalid syntax\r\n\x04>");
            }
            (Mode::Refusing, _) => {}
        }
    }

    fn run(&mut self) {
        // The word by which the machine makes sure of the board's attention.
        if let Some(word) = self.code.strip_prefix(b"print(").and_then(|rest| rest.strip_suffix(b",end='')"))
        {
            let word = word.to_vec();
            self.code.clear();
            self.mode = Mode::Raw;
            self.say(&word);
            self.say(b"\x04\x04>");
            return;
        }
        self.programs.push(std::mem::take(&mut self.code));
        let (output, stderr) = (self.output.clone(), self.stderr.clone());
        self.say(&output);
        if self.endless {
            self.mode = Mode::Busy;
            return;
        }
        if self.restarts {
            self.mode = Mode::Friendly;
            return;
        }
        self.mode = Mode::Raw;
        self.say(b"\x04");
        self.say(&stderr);
        self.say(b"\x04");
        if self.soft_resets {
            self.say(b"MPY: soft reboot\r\nboot\r\n");
            self.say(BANNER);
        } else {
            self.say(b">");
        }
    }
}
