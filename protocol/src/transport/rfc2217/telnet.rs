//! Telnet with the COM port option, the client's side: bytes in, bytes out, no IO.
//!
//! RFC 854 has the commands, RFC 856 (binary), 858 (suppress go-ahead) and 857 (echo) the options, RFC 2217 the COM
//! port option.

/// "Interpret as command": what follows is no data. As data it is sent twice.
const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
/// Begins a subnegotiation, which `IAC SE` ends.
const SB: u8 = 250;
const SE: u8 = 240;

const BINARY: u8 = 0;
const ECHO: u8 = 1;
const SUPPRESS_GO_AHEAD: u8 = 3;
const COM_PORT: u8 = 44;

/// What the server answers to a command of the COM port option is this much higher than the command.
const ANSWER: u8 = 100;
/// The commands that either side may give.
const SIGNATURE: u8 = 0;
const FLOW_SUSPEND: u8 = 8;
const FLOW_RESUME: u8 = 9;

/// More than any subnegotiation that means something; what is beyond is dropped.
const SUBNEGOTIATION_LIMIT: usize = 256;

/// A command of the COM port option to the server, by its number in RFC 2217.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Bits per second.
    SetBaudRate(u32),
    /// 8 data bits.
    SetDataSize,
    /// No parity.
    SetParity,
    /// 1 stop bit.
    SetStopSize,
    /// One of the values of SET-CONTROL.
    SetControl(Control),
    /// Forget what waits in both directions.
    PurgeData,
}

/// Values of SET-CONTROL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Control {
    /// No flow control.
    FlowOff = 1,
    /// Raise DTR.
    DtrOn = 8,
    /// Raise RTS.
    RtsOn = 11,
}

impl Command {
    const fn number(self) -> u8 {
        match self {
            Command::SetBaudRate(_) => 1,
            Command::SetDataSize => 2,
            Command::SetParity => 3,
            Command::SetStopSize => 4,
            Command::SetControl(_) => 5,
            Command::PurgeData => 12,
        }
    }
}

/// What both sides do about an option, as far as it is settled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Setting {
    /// Never spoken of.
    #[default]
    Unknown,
    /// Asked for, not answered.
    Asked,
    /// In force.
    On,
    /// Refused, or given up.
    Off,
}

/// Where the bytes that come stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Data,
    /// After a carriage return outside binary mode: a NUL that pads it is no data.
    Return,
    Command,
    /// After one of WILL, WONT, DO, DONT.
    Option(u8),
    Subnegotiation,
    /// After an IAC in a subnegotiation.
    SubnegotiationCommand,
}

/// The state of a connection.
#[derive(Debug, Default)]
pub struct Telnet {
    state: State,
    /// Settings of what we do, and of what the server does.
    ours: Options,
    theirs: Options,
    subnegotiation: Vec<u8>,
    /// Bytes for the server that are no data.
    replies: Vec<u8>,
    /// The rate that the server says the port has.
    baud: Option<u32>,
    suspended: bool,
}

#[derive(Debug, Default)]
struct Options {
    binary: Setting,
    echo: Setting,
    suppress_go_ahead: Setting,
    com_port: Setting,
}

impl Options {
    /// The setting of an option that this side may have in force.
    fn get(&mut self, option: u8) -> Option<&mut Setting> {
        match option {
            BINARY => Some(&mut self.binary),
            ECHO => Some(&mut self.echo),
            SUPPRESS_GO_AHEAD => Some(&mut self.suppress_go_ahead),
            COM_PORT => Some(&mut self.com_port),
            _ => None,
        }
    }
}

impl Telnet {
    /// A connection that begins: asks for what the client needs.
    pub fn new() -> Self {
        let mut telnet = Telnet::default();
        for option in [BINARY, SUPPRESS_GO_AHEAD, COM_PORT] {
            telnet.ask(WILL, option);
        }
        for option in [BINARY, SUPPRESS_GO_AHEAD] {
            telnet.ask(DO, option);
        }
        telnet
    }

    /// Whether the server takes commands of the COM port option; `None` while it has not answered.
    pub fn has_com_port(&self) -> Option<bool> {
        match self.ours.com_port {
            Setting::On => Some(true),
            Setting::Off => Some(false),
            Setting::Asked | Setting::Unknown => None,
        }
    }

    /// Bits per second that the server says the port has, once it has answered.
    pub fn baud(&self) -> Option<u32> {
        self.baud
    }

    /// Whether the server wants no data for now.
    pub fn is_suspended(&self) -> bool {
        self.suspended
    }

    /// Takes the bytes that the server must get before any more data.
    pub fn take_replies(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.replies)
    }

    /// Asks the server to do something with its port.
    pub fn command(&mut self, command: Command) {
        let baud;
        let value: &[u8] = match command {
            Command::SetBaudRate(rate) => {
                baud = rate.to_be_bytes();
                &baud
            }
            Command::SetDataSize => &[8],
            Command::SetParity | Command::SetStopSize => &[1],
            Command::SetControl(control) => &[control as u8],
            Command::PurgeData => &[3],
        };
        self.subnegotiate(command.number(), value);
    }

    /// Appends data as the server must get it.
    pub fn encode(&self, data: &[u8], out: &mut Vec<u8>) {
        for &byte in data {
            out.push(byte);
            match byte {
                IAC => out.push(IAC),
                b'\r' if self.ours.binary != Setting::On => out.push(0),
                _ => {}
            }
        }
    }

    /// Reads what the server sent; appends its data.
    pub fn decode(&mut self, bytes: &[u8], data: &mut Vec<u8>) {
        for &byte in bytes {
            self.state = self.step(byte, data);
        }
    }

    fn step(&mut self, byte: u8, data: &mut Vec<u8>) -> State {
        match (self.state, byte) {
            (State::Return, 0) => State::Data,
            (State::Data | State::Return, IAC) => State::Command,
            (State::Data | State::Return, byte) => {
                data.push(byte);
                match byte == b'\r' && self.theirs.binary != Setting::On {
                    true => State::Return,
                    false => State::Data,
                }
            }
            (State::Command, IAC) => {
                data.push(IAC);
                State::Data
            }
            (State::Command, SB) => {
                self.subnegotiation.clear();
                State::Subnegotiation
            }
            (State::Command, verb @ (WILL | WONT | DO | DONT)) => State::Option(verb),
            // NOP, go-ahead, break and the like mean nothing to a client.
            (State::Command, _) => State::Data,
            (State::Option(verb), option) => {
                self.negotiate(verb, option);
                State::Data
            }
            (State::Subnegotiation, IAC) => State::SubnegotiationCommand,
            (State::Subnegotiation, byte) | (State::SubnegotiationCommand, byte @ IAC) => {
                if self.subnegotiation.len() < SUBNEGOTIATION_LIMIT {
                    self.subnegotiation.push(byte);
                }
                State::Subnegotiation
            }
            (State::SubnegotiationCommand, SE) => {
                self.subnegotiated();
                State::Data
            }
            // An end that is none: the server has lost its way; data is the best guess.
            (State::SubnegotiationCommand, _) => State::Data,
        }
    }

    fn ask(&mut self, verb: u8, option: u8) {
        let side = if verb == WILL { &mut self.ours } else { &mut self.theirs };
        if let Some(setting) = side.get(option) {
            *setting = Setting::Asked;
        }
        self.replies.extend([IAC, verb, option]);
    }

    /// The server wants, offers, refuses or ends an option. An answer is due only where a setting changes, so that two
    /// sides never answer each other's answers for ever.
    fn negotiate(&mut self, verb: u8, option: u8) {
        let (side, yes, no) = match verb {
            DO | DONT => (&mut self.ours, WILL, WONT),
            _ => (&mut self.theirs, DO, DONT),
        };
        // We never echo, and the port is the server's.
        let wanted = match verb {
            DO => option != ECHO,
            WILL => option != COM_PORT,
            _ => false,
        };
        let on = matches!(verb, DO | WILL) && wanted;
        let Some(setting) = side.get(option) else {
            if matches!(verb, DO | WILL) {
                self.replies.extend([IAC, no, option]);
            }
            return;
        };
        let before = std::mem::replace(setting, if on { Setting::On } else { Setting::Off });
        let reply = match (before, on) {
            (Setting::Asked, _) | (Setting::On, true) => None,
            (_, true) => Some(yes),
            (Setting::On, false) => Some(no),
            (_, false) => matches!(verb, DO | WILL).then_some(no),
        };
        self.replies.extend(reply.into_iter().flat_map(|verb| [IAC, verb, option]));
    }

    fn subnegotiated(&mut self) {
        let (command, value) = match &self.subnegotiation[..] {
            [COM_PORT, command, value @ ..] => (*command, value),
            _ => return,
        };
        const BAUD_RATE: u8 = ANSWER + 1;
        const SIGNATURE_ASKED: u8 = ANSWER + SIGNATURE;
        const SUSPEND: u8 = ANSWER + FLOW_SUSPEND;
        const RESUME: u8 = ANSWER + FLOW_RESUME;
        match (command, value) {
            (BAUD_RATE, &[a, b, c, d]) => self.baud = Some(u32::from_be_bytes([a, b, c, d])),
            (SUSPEND, _) => self.suspended = true,
            (RESUME, _) => self.suspended = false,
            (SIGNATURE_ASKED, []) => self.subnegotiate(SIGNATURE, b"mpr"),
            _ => {}
        }
    }

    fn subnegotiate(&mut self, command: u8, value: &[u8]) {
        self.replies.extend([IAC, SB, COM_PORT, command]);
        for &byte in value {
            self.replies.push(byte);
            if byte == IAC {
                self.replies.push(IAC);
            }
        }
        self.replies.extend([IAC, SE]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A connection on which the server has agreed to everything.
    fn settled() -> Telnet {
        let mut telnet = Telnet::new();
        assert_eq!(
            telnet.take_replies(),
            [IAC, WILL, 0, IAC, WILL, 3, IAC, WILL, 44, IAC, DO, 0, IAC, DO, 3]
        );
        let agreed = [IAC, DO, 0, IAC, DO, 3, IAC, DO, 44, IAC, WILL, 0, IAC, WILL, 3];
        assert_eq!(data(&mut telnet, &agreed), b"");
        assert_eq!(telnet.has_com_port(), Some(true));
        assert_eq!(telnet.take_replies(), b"", "an answer needs no answer");
        telnet
    }

    fn data(telnet: &mut Telnet, bytes: &[u8]) -> Vec<u8> {
        let mut data = Vec::new();
        telnet.decode(bytes, &mut data);
        data
    }

    #[test]
    fn options_of_the_server_are_answered_once() {
        let mut telnet = settled();
        data(&mut telnet, &[IAC, WILL, ECHO, IAC, WILL, ECHO, IAC, DO, ECHO, IAC, DO, 31, IAC, DONT, 31]);
        assert_eq!(telnet.take_replies(), [IAC, DO, ECHO, IAC, WONT, ECHO, IAC, WONT, 31]);
        data(&mut telnet, &[IAC, WONT, ECHO, IAC, WONT, ECHO]);
        assert_eq!(telnet.take_replies(), [IAC, DONT, ECHO]);
    }

    #[test]
    fn a_server_without_com_ports_is_known() {
        let mut telnet = Telnet::new();
        assert_eq!(telnet.has_com_port(), None);
        data(&mut telnet, &[IAC, DONT, COM_PORT]);
        assert_eq!(telnet.has_com_port(), Some(false));
    }

    #[test]
    fn commands_are_those_of_the_rfc() {
        let mut telnet = settled();
        telnet.command(Command::SetBaudRate(115_200));
        telnet.command(Command::SetControl(Control::RtsOn));
        telnet.command(Command::SetBaudRate(0xff));
        assert_eq!(
            telnet.take_replies(),
            [
                &[IAC, SB, 44, 1, 0, 1, 0xc2, 0, IAC, SE][..],
                &[IAC, SB, 44, 5, 11, IAC, SE],
                &[IAC, SB, 44, 1, 0, 0, 0, IAC, IAC, IAC, SE]
            ]
            .concat()
        );
    }

    #[test]
    fn answers_of_the_server_are_read() {
        let mut telnet = settled();
        let answer = [b'a', IAC, SB, 44, 101, 0, 1, 0xc2, 0, IAC, SE, b'b'];
        assert_eq!(data(&mut telnet, &answer), b"ab");
        assert_eq!(telnet.baud(), Some(115_200));
        data(&mut telnet, &[IAC, SB, 44, 108, IAC, SE]);
        assert!(telnet.is_suspended());
        data(&mut telnet, &[IAC, SB, 44, 109, IAC, SE, IAC, SB, 44, 100, IAC, SE]);
        assert!(!telnet.is_suspended());
        assert_eq!(telnet.take_replies(), [&[IAC, SB, 44, 0][..], b"mpr", &[IAC, SE]].concat());
    }

    #[test]
    fn outside_binary_mode_a_return_is_padded() {
        let mut telnet = Telnet::new();
        data(&mut telnet, &[IAC, DONT, 0, IAC, WONT, 0]);
        let mut out = Vec::new();
        telnet.encode(b"\r\x03", &mut out);
        assert_eq!(out, b"\r\0\x03");
        assert_eq!(data(&mut telnet, b"a\r\0b\r\n\0"), b"a\rb\r\n\0");
    }

    #[test]
    fn the_fuzz_targets_corpus_is_survived() {
        let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/corpus/rfc2217");
        for entry in std::fs::read_dir(corpus).expect("the corpus is there") {
            let case = std::fs::read(entry.expect("an entry").path()).expect("a file");
            super::super::fuzz::server(&case);
        }
    }

    proptest! {
        #[test]
        fn data_passes_both_ways(sent: Vec<u8>, cut in 0_usize..100) {
            let mut telnet = settled();
            let mut wire = Vec::new();
            telnet.encode(&sent, &mut wire);
            let cut = cut.min(wire.len());
            let mut got = data(&mut telnet, &wire[..cut]);
            got.extend(data(&mut telnet, &wire[cut..]));
            prop_assert_eq!(got, sent);
        }

        #[test]
        fn nothing_from_a_server_does_harm(case in proptest::collection::vec(
            prop_oneof![Just(IAC), Just(SB), Just(SE), Just(COM_PORT), Just(DO), Just(WILL), any::<u8>()], 0..200)) {
            super::super::fuzz::server(&case);
        }
    }
}
