//! Where a program's output goes.

use std::io;

/// Receives what code on the board prints, as it comes, byte for byte.
pub trait Output {
    /// Takes some bytes. An error stops the program on the board and ends the operation with
    /// [`crate::Error::Output`].
    ///
    /// # Errors
    /// Whatever the place behind it refuses with, such as a broken pipe.
    fn stdout(&mut self, bytes: &[u8]) -> io::Result<()>;
}

impl Output for Vec<u8> {
    fn stdout(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}

/// Throws output away.
#[derive(Debug, Clone, Copy, Default)]
pub struct Discard;

impl Output for Discard {
    fn stdout(&mut self, _bytes: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// Writes output to a writer and flushes it each time.
#[derive(Debug)]
pub struct Writer<W>(pub W);

impl<W: io::Write> Output for Writer<W> {
    fn stdout(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)?;
        self.0.flush()
    }
}
