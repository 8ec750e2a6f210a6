//! The console's outside: standard input and output, a pseudo terminal, TCP, or nobody.

mod nobody;
mod pty;
mod stdio;
mod tcp;

use std::io;

use crate::options::{Failure, Options};

/// A way in and out for the console's bytes. Reading and writing happen on different threads.
pub trait Link: Send + Sync {
    /// Waits for bytes. 0: no more will ever come.
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize>;
    /// Writes all bytes, waiting as long as somebody listens; without a listener they are dropped.
    fn write(&self, bytes: &[u8]) -> io::Result<()>;
    /// After the input's end: returns when the output has no reader any more either.
    fn wait_for_hangup(&self);
}

/// Opens the console that the options ask for, and says where it is.
pub fn open(options: &Options) -> Result<Box<dyn Link>, Failure> {
    if options.pty {
        Ok(Box::new(pty::Pty::open(options.link.as_deref())?))
    } else if let Some(port) = options.tcp {
        Ok(Box::new(tcp::Tcp::open(port)?))
    } else if options.webrepl.is_some() && !options.stdio {
        Ok(Box::new(nobody::Nobody))
    } else {
        Ok(Box::new(stdio::Stdio::open()?))
    }
}
