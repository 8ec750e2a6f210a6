//! The board at the other end, which may go away and come back.

use std::time::{Duration, Instant};

use mpr_protocol::{Device, Error};

use crate::errno::is_of_link;

/// Opens the link to the board, each time anew.
pub type Connect = Box<dyn FnMut() -> Result<Device, Error> + Send>;

/// A board that could not be reached is not tried again sooner.
const RETRY: Duration = Duration::from_millis(500);

/// While nobody needs the board, it is looked at this often.
const LOOK: Duration = Duration::from_millis(250);

/// The way to the board.
pub(crate) struct Line {
    connect: Connect,
    device: Option<Device>,
    tried: Option<Instant>,
    looked: Instant,
    /// The board was away or restarted since this was last asked.
    renewed: bool,
    why: Option<String>,
}

impl Line {
    /// With a board that is connected.
    pub fn new(device: Device, connect: Connect) -> Self {
        let looked = Instant::now();
        Line { connect, device: Some(device), tried: None, looked, renewed: false, why: None }
    }

    /// Does something on the board. If the link fails, it is opened again and the same is done once more, so only what may be done
    /// twice belongs here. A board that is away fails at once.
    pub fn run<T>(&mut self, mut work: impl FnMut(&mut Device) -> Result<T, Error>) -> Result<T, Error> {
        let first = match self.reach().and_then(&mut work) {
            Err(error) if is_of_link(&error) && self.device.is_some() => error,
            done => return done,
        };
        self.lost(&first);
        // Once at once: a port that was opened anew is a second chance, not a wait.
        self.tried = None;
        let again = self.reach().and_then(work);
        if let Err(error) = &again
            && is_of_link(error)
        {
            self.lost(error);
        }
        again
    }

    /// The board, connected now if it was not.
    fn reach(&mut self) -> Result<&mut Device, Error> {
        if self.device.is_none() {
            if self.tried.is_some_and(|tried| tried.elapsed() < RETRY) {
                return Err(Error::Lost { during: "the mount".to_owned(), cause: self.why.clone() });
            }
            self.tried = Some(Instant::now());
            let device = (self.connect)().and_then(|mut device| device.enter_raw_repl().map(|()| device));
            match device {
                Ok(device) => {
                    self.device = Some(device);
                    self.renewed = true;
                    self.why = None;
                }
                Err(error) => {
                    self.tried = Some(Instant::now());
                    self.why = Some(error.to_string());
                    return Err(error);
                }
            }
        }
        self.device.as_mut().ok_or(Error::NoDevice)
    }

    fn lost(&mut self, error: &Error) {
        self.device = None;
        self.why = Some(error.to_string());
        self.renewed = true;
    }

    /// For idle moments: notices that the board has gone or was restarted, and looks for one that is away.
    pub fn look(&mut self) {
        if self.looked.elapsed() < LOOK {
            return;
        }
        self.looked = Instant::now();
        match &mut self.device {
            Some(device) => match device.notice() {
                Ok(false) => {}
                Ok(true) => self.renewed = true,
                Err(error) => self.lost(&error),
            },
            None => {
                // What it failed by is kept for whoever asks.
                let _ = self.reach();
            }
        }
    }

    /// Whether what is known of the board may be out of date; says so once.
    pub fn take_renewed(&mut self) -> bool {
        std::mem::take(&mut self.renewed)
    }

    /// Why the board is away, if it is.
    pub fn trouble(&self) -> Option<&str> {
        match self.device {
            Some(_) => None,
            None => Some(self.why.as_deref().unwrap_or("not connected")),
        }
    }

    /// The connected board, if it is there.
    pub fn device(&mut self) -> Option<&mut Device> {
        self.device.as_mut()
    }

    /// Leaves the board at its prompt and closes the link.
    pub fn close(self) -> Result<(), Error> {
        self.device.map_or(Ok(()), Device::close)
    }
}
