//! A client: a stream over its socket.
//!
//! - `prompt`: passwords, and who has the prompt.
//! - `sending`: frames for the client.

mod prompt;
mod sending;

use core::cell::{Cell, UnsafeCell};
use core::ffi::c_void;

use micropython_sys::ffi;
use micropython_sys::object::{Base, FullType, Slot, StreamProtocol, Type, stream as event};
use micropython_sys::qstr::{
    MP_QSTR_Connection, MP_QSTR_close, MP_QSTR_idle, MP_QSTR_notify, MP_QSTR_read, MP_QSTR_settle,
    MP_QSTR_state, MP_QSTR_write,
};
use mpr_extmod::webrepl::frame::{self, PONG};
use mpr_extmod::webrepl::{Event, NO_WEBSOCKET, Session};

use super::is_stock;
use super::transfer::Transfer;
use crate::errno;
use crate::hal::hal;
use crate::modules::socket;
use crate::mp::{self, Args, Error, Native, Obj, Result};
use crate::{console, dupterm, native_dict, native_fn, native_make_new};

/// Bytes of input that wait for the program, and as many with quirks.
const RING: usize = 1024;
const STOCK_RING: usize = 255;
/// Bytes that are taken from the socket at once; stock boards handle files in such pieces.
const PIECE: usize = 512;
/// So many pieces are taken in at once, so that other clients and the program get their turn.
const TURN: usize = 16;

/// A client.
#[repr(C)]
pub struct Connection {
    base: Base,
    socket: Cell<Obj>,
    stock: bool,
    /// There are as many clients as there may be: it is only told so.
    full: bool,
    /// Called with the connection when it begins to wait for the prompt; its [`settle`] is to be called from then on.
    hook: Obj,
    /// Something of it is under way; callbacks may run meanwhile.
    busy: Cell<bool>,
    /// A frame is half sent.
    sending: Cell<bool>,
    /// A ping is to be sent behind that frame.
    ping_due: Cell<bool>,
    /// By the board's clock: when something came the last time, and until when the prompt is waited for (0: not at all).
    heard: Cell<u64>,
    waits_until: Cell<u64>,
    session: UnsafeCell<Session>,
    ring: [Cell<u8>; RING],
    first: Cell<usize>,
    count: Cell<usize>,
    /// The file that is put or got.
    pub(super) transfer: Transfer,
}

// SAFETY: `Base` first, `TYPE` is its type.
unsafe impl Native for Connection {
    const TYPE: &'static Type = TYPE.as_type();
}

native_fn!(CLOSE_FN, 1..=1, |args: &[Obj]| {
    connection(args[0])?.close();
    Ok(Obj::NONE)
});
native_fn!(IDLE, 1..=1, |args: &[Obj]| {
    let seconds = (hal().ticks_us() - connection(args[0])?.heard.get()) / 1_000_000;
    Ok(Obj::small_int(isize::try_from(seconds).unwrap_or(isize::MAX)))
});
native_fn!(NOTIFY, 1..=2, notify);
native_fn!(SETTLE, 1..=1, |args: &[Obj]| {
    Ok(if connection(args[0])?.settle() { Obj::TRUE } else { Obj::FALSE })
});
native_fn!(STATE, 1..=1, state);

native_dict!(LOCALS, {
    MP_QSTR_close: Obj::from_static(&CLOSE_FN),
    MP_QSTR_idle: Obj::from_static(&IDLE),
    MP_QSTR_notify: Obj::from_static(&NOTIFY),
    MP_QSTR_read: Obj::from_ptr(&raw const ffi::mp_stream_read_obj),
    MP_QSTR_settle: Obj::from_static(&SETTLE),
    MP_QSTR_state: Obj::from_static(&STATE),
    MP_QSTR_write: Obj::from_ptr(&raw const ffi::mp_stream_write_obj),
});

native_make_new!(make_new, new);

static PROTOCOL: StreamProtocol =
    StreamProtocol { read: Some(read), write: Some(write), ioctl: Some(ioctl), is_text: 0 };

/// The type.
pub static TYPE: FullType<3> = FullType::new(
    MP_QSTR_Connection,
    0,
    [
        (Slot::MakeNew, make_new as *const c_void),
        (Slot::Protocol, (&raw const PROTOCOL).cast()),
        (Slot::LocalsDict, (&raw const LOCALS).cast()),
    ],
);

fn connection(object: Obj) -> Result<&'static Connection> {
    mp::native(object)
}

/// Whether the object is a client.
pub fn is_connection(object: Obj) -> bool {
    connection(object).is_ok()
}

/// Takes in what has come from a client. False: the object is none.
pub fn pump(object: Obj) -> bool {
    connection(object).map(Connection::pump).is_ok()
}

/// `Connection(socket, [full, [hook]])`: the socket must not block. `full`: there is no place for another client. `hook` is
/// called with the connection when it begins to wait for the prompt.
fn new(args: Args<'_>) -> Result {
    let [socket, full, hook] = args.take([mp::POSITIONAL; 3])?;
    let full = full.map_or(Ok(false), mp::truthy)?;
    let socket = socket.ok_or(Error::typ("a socket is needed"))?;
    socket::socket(socket)?;
    let stock = is_stock();
    let connection = mp::alloc(Connection {
        base: mp::base::<Connection>(),
        socket: Cell::new(socket),
        stock,
        full,
        hook: hook.unwrap_or(Obj::NONE),
        busy: Cell::new(false),
        sending: Cell::new(false),
        ping_due: Cell::new(false),
        heard: Cell::new(hal().ticks_us()),
        waits_until: Cell::new(0),
        session: UnsafeCell::new(Session::new(stock)),
        ring: [const { Cell::new(0) }; RING],
        first: Cell::new(0),
        count: Cell::new(0),
        transfer: Transfer::default(),
    })?;
    Ok(Obj::from_ptr(connection))
}

/// `connection.notify([socket])`: takes in what has come. False: not before the program has read.
fn notify(args: &[Obj]) -> Result {
    let connection = connection(args[0])?;
    connection.pump();
    // With quirks nothing waits for room: what does not fit is lost.
    let full = connection.room() == 0 && !connection.stock;
    Ok(if full || connection.is_closed() { Obj::FALSE } else { Obj::TRUE })
}

/// `connection.state()`: 0 before the password and while it waits for the prompt, 1 behind that, 2 at the end, 3 with the prompt.
fn state(args: &[Obj]) -> Result {
    let connection = connection(args[0])?;
    let state = match connection.is_closed() {
        true => 2,
        false if !connection.is_open() => 0,
        false if connection.has_prompt() => 3,
        false => 1,
    };
    Ok(Obj::small_int(state))
}

/// The client that has the prompt.
fn holder() -> Option<&'static Connection> {
    dupterm::stream().and_then(|stream| connection(stream).ok())
}

impl Connection {
    fn object(&self) -> Obj {
        Obj::from_ptr(core::ptr::from_ref(self))
    }

    /// Whether it has the quirks of stock boards.
    pub(super) fn is_stock(&self) -> bool {
        self.stock
    }

    fn is_closed(&self) -> bool {
        self.socket.get().is_null()
    }

    /// The session. What is done with it must not call into the core.
    fn with_session<T>(&self, work: impl FnOnce(&mut Session) -> T) -> T {
        // SAFETY: the one place that makes a reference; it ends before anything else can run.
        work(unsafe { &mut *self.session.get() })
    }

    fn is_open(&self) -> bool {
        self.with_session(|session| session.is_open())
    }

    /// Whether its bytes are those of the console.
    fn has_prompt(&self) -> bool {
        dupterm::stream() == Some(self.object())
    }

    fn waits(&self) -> bool {
        self.waits_until.get() != 0
    }

    /// The file that is got has ended.
    pub(super) fn end_get(&self) {
        self.with_session(Session::end_get);
    }

    /// How much more the ring takes.
    fn room(&self) -> usize {
        let size = if self.stock { STOCK_RING } else { RING };
        size.saturating_sub(self.count.get())
    }

    /// Input for the program; what does not fit is lost.
    fn push(&self, byte: u8) {
        if self.room() > 0 {
            self.ring[(self.first.get() + self.count.get()) % RING].set(byte);
            self.count.set(self.count.get() + 1);
        }
    }

    fn pop(&self) -> Option<u8> {
        let (first, count) = (self.first.get(), self.count.get());
        if count == 0 {
            return None;
        }
        self.first.set((first + 1) % RING);
        self.count.set(count - 1);
        if count == RING / 2 && !self.is_closed() {
            // It may have been full.
            socket::again(self.socket.get());
        }
        Some(self.ring[first].get())
    }

    /// Ends the connection, and its part in the console.
    pub(super) fn close(&self) {
        let socket = self.socket.replace(Obj::NULL);
        if socket.is_null() {
            return;
        }
        self.transfer.abandon();
        self.waits_until.set(0);
        if self.has_prompt() {
            dupterm::set(Obj::NULL);
            // The last words of a client, such as the way out of the raw REPL.
            while let Some(byte) = self.pop() {
                console::add_input(byte);
            }
            hal().wake();
        }
        if let Ok(socket) = socket::socket(socket) {
            socket.close();
        }
    }

    /// Takes in what has come, as far as there is room.
    fn pump(&self) {
        if self.busy.replace(true) {
            return;
        }
        let mut piece = [0; PIECE];
        let mut turns = 0;
        while !self.is_closed() && !self.waits() {
            if turns == TURN {
                socket::again(self.socket.get());
                break;
            }
            turns += 1;
            let most = if self.stock { PIECE } else { self.room().min(PIECE) };
            if most == 0 {
                break;
            }
            match self.receive(&mut piece[..most]) {
                Ok(0) => self.close(),
                Ok(count) => {
                    self.heard.set(hal().ticks_us());
                    self.handle(&mut piece[..count]);
                }
                Err(errno::EAGAIN) => break,
                Err(_) => self.close(),
            }
        }
        self.busy.set(false);
    }

    fn receive(&self, buffer: &mut [u8]) -> core::result::Result<usize, i32> {
        let socket = socket::socket(self.socket.get()).and_then(socket::Socket::id);
        match (socket, hal().network()) {
            (Ok(id), Some(network)) => network.receive(id, buffer).map(|(count, _)| count),
            _ => Err(errno::EBADF),
        }
    }

    fn handle(&self, mut input: &mut [u8]) {
        while !input.is_empty() && !self.is_closed() {
            let (used, event) = self.with_session(|session| session.take(input));
            let (done, rest) = input.split_at_mut(used);
            input = rest;
            match event {
                None => {}
                // Who has no prompt was told so.
                Some(Event::Input(_)) if !self.stock && !self.has_prompt() => {}
                Some(Event::Input(bytes)) => {
                    for &byte in &done[bytes] {
                        if !console::interrupt_on(byte) {
                            self.push(byte);
                        }
                    }
                    // Whoever is about to wait for input has looked before this came.
                    hal().wake();
                }
                Some(Event::Opened) => self.opened(),
                Some(Event::Password) => {
                    self.login();
                    if self.waits() {
                        // The ring is free until there is a prompt.
                        return input.iter().for_each(|&byte| self.push(byte));
                    }
                }
                Some(Event::Request(request)) => self.begin(&request),
                Some(Event::Data { bytes, left }) => self.data(&done[bytes], left),
                Some(Event::Block) => self.block(),
                Some(Event::Ping) if self.stock => {}
                Some(Event::Ping) => {
                    let mut pong = [0; frame::MOST_CONTROL];
                    let len = self.with_session(|session| {
                        pong[..session.ping().len()].copy_from_slice(session.ping());
                        session.ping().len()
                    });
                    self.say(PONG, &pong[..len]);
                }
                Some(Event::Bye) => self.say_bye(),
                Some(Event::Broken { http }) => {
                    if http {
                        self.send(NO_WEBSOCKET);
                    }
                    self.close();
                }
            }
        }
    }
}

unsafe extern "C" fn read(this: Obj, data: *mut u8, len: usize, errcode: *mut i32) -> usize {
    let count = connection(this).and_then(|connection| {
        // SAFETY: the caller's buffer.
        let buffer = if len == 0 { &mut [] } else { unsafe { core::slice::from_raw_parts_mut(data, len) } };
        if connection.count.get() == 0 {
            connection.pump();
            if !connection.is_closed() {
                socket::again(connection.socket.get());
            }
        }
        let mut count = 0;
        for place in buffer {
            let Some(byte) = connection.pop() else { break };
            *place = byte;
            count += 1;
        }
        match count {
            0 if len > 0 && !connection.is_closed() => Err(Error::Os(errno::EAGAIN)),
            count => Ok(count),
        }
    });
    // SAFETY: the caller's pointer; no destructors here.
    unsafe { mp::finish_stream(count, errcode) }
}

unsafe extern "C" fn write(this: Obj, data: *const u8, len: usize, errcode: *mut i32) -> usize {
    let count = connection(this).and_then(|connection| {
        // SAFETY: the caller's data.
        connection.print(if len == 0 { &[] } else { unsafe { core::slice::from_raw_parts(data, len) } })
    });
    // SAFETY: the caller's pointer; no destructors here.
    unsafe { mp::finish_stream(count, errcode) }
}

unsafe extern "C" fn ioctl(this: Obj, request: usize, argument: usize, errcode: *mut i32) -> usize {
    let answer = connection(this).and_then(|connection| match request {
        event::POLL => {
            connection.pump();
            if connection.count.get() == 0 && !connection.is_closed() {
                socket::again(connection.socket.get());
            }
            let readable = if connection.count.get() > 0 { event::POLL_RD } else { 0 };
            Ok((readable | event::POLL_WR) & argument)
        }
        event::CLOSE => {
            connection.close();
            Ok(0)
        }
        event::FLUSH => Ok(0),
        _ => Err(Error::Os(errno::EINVAL)),
    });
    // SAFETY: the caller's pointer; no destructors here.
    unsafe { mp::finish_stream(answer, errcode) }
}
