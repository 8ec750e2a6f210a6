//! Who has the prompt: passwords, and clients that wait for it.

use mpr_extmod::webrepl::frame::TEXT;
use mpr_extmod::webrepl::{ASK, DENIED, FILES_ONLY, RESPONSE_MAX, Session, WELCOME, response};

use super::{Connection, PIECE, holder};
use crate::hal::hal;
use crate::modules::socket;
use crate::modules::webrepl::guard;
use crate::{dupterm, mp};

/// Who has the prompt is asked by a ping when somebody else wants it, and loses it when nothing comes for so long.
const GRACE_US: u64 = 3_000_000;
/// Tells clients that nothing is lost, however fast they send.
const NOTE: &[u8] = b"WebREPL-Flow: pushes-back\r\n";

impl Connection {
    /// A websocket is asked for.
    pub(super) fn opened(&self) {
        let mut out = [0; RESPONSE_MAX];
        let note = if self.stock { &[][..] } else { NOTE };
        let len = self.with_session(|session| response(session.key(), note, &mut out));
        self.send(&out[..len]);
        // The end right behind the answer says that somebody else is here. Whoever is no client keeps the console.
        let taken = match self.stock {
            true => dupterm::stream().is_some(),
            false => self.full || dupterm::stream().is_some() && holder().is_none(),
        };
        if taken {
            return self.close();
        }
        self.say(TEXT, ASK);
        if self.stock && !self.is_closed() {
            dupterm::set(self.object());
        }
    }

    /// A password was given.
    pub(super) fn login(&self) {
        match self.with_session(|session| guard::check(session.password())) {
            guard::Verdict::Right if dupterm::stream().is_none() || self.has_prompt() => self.admit(),
            guard::Verdict::Right => match holder() {
                Some(holder) if !self.stock => self.wait_for(holder),
                _ => self.say_bye(),
            },
            guard::Verdict::Wrong => {
                self.say(TEXT, DENIED);
                self.close();
            }
            guard::Verdict::TooSoon(seconds) => {
                let mut text = *b"\r\nAccess denied: try again in 000 s\r\n";
                let digits = [seconds / 100 % 10, seconds / 10 % 10, seconds % 10];
                for (place, digit) in text[30..33].iter_mut().zip(digits) {
                    *place = b'0' + digit as u8;
                }
                self.say(TEXT, &text);
                self.close();
            }
        }
    }

    /// Lets it in, with the prompt.
    fn admit(&self) {
        self.with_session(Session::admit);
        self.say(TEXT, WELCOME);
        if !self.is_closed() {
            dupterm::set(self.object());
        }
    }

    /// Another client has the prompt, or had it and vanished without a word: it is asked which.
    fn wait_for(&self, holder: &Connection) {
        holder.ping();
        self.waits_until.set(hal().ticks_us() + GRACE_US);
        if self.hook.is_none() || mp::call(self.hook, &[self.object()]).is_err() {
            // Nobody will look again.
            self.waits_until.set(0);
            self.say_bye();
        }
    }

    /// Looks what has become of the wait for the prompt. True: it is over.
    pub(super) fn settle(&self) -> bool {
        let until = self.waits_until.get();
        if until == 0 || self.is_closed() {
            return true;
        }
        let holder = holder();
        if let Some(holder) = holder {
            let lives = holder.heard.get() + GRACE_US > until;
            let late = hal().ticks_us() >= until;
            if !lives && !late {
                return false;
            }
            // An answer that is behind input that the program does not read, or behind output, can't have come. A client that takes
            // no output is dropped anyway.
            if !lives && !holder.ping_due.get() && holder.room() > 0 {
                holder.close();
            }
        }
        self.waits_until.set(0);
        let mut early = [0; PIECE];
        let mut count = 0;
        while let (Some(place), Some(byte)) = (early.get_mut(count), self.pop()) {
            *place = byte;
            count += 1;
        }
        match dupterm::stream() {
            None => self.admit(),
            Some(_) => {
                self.with_session(Session::admit);
                self.say(TEXT, FILES_ONLY);
            }
        }
        if !self.busy.replace(true) {
            self.handle(&mut early[..count]);
            self.busy.set(false);
        }
        self.pump();
        if !self.is_closed() {
            socket::again(self.socket.get());
        }
        true
    }
}
