//! The speed of a UART: when each byte is through the wire.

use std::time::{Duration, Instant};

/// Bits that a byte takes on the wire: start bit, 8 data bits, stop bit.
const BITS_PER_BYTE: u64 = 10;
/// Bytes that travel between two looks at the clock: one frame of a common UART's hardware FIFO.
const PIECE: usize = 16;

/// One direction of a wire of a given speed. Bytes leave one after the other; a sleep that lasts too long is made up for
/// by the ones that follow, so that the mean speed is right.
pub struct Wire {
    byte_time: Duration,
    free_at: Instant,
}

impl Wire {
    pub fn new(baud: u32) -> Self {
        let byte_time = Duration::from_nanos(BITS_PER_BYTE * 1_000_000_000 / u64::from(baud));
        Self { byte_time, free_at: Instant::now() }
    }

    /// Passes bytes on in small pieces, each when its last bit would have arrived.
    pub fn pace<E>(
        &mut self,
        bytes: &[u8],
        mut arrived: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let now = Instant::now();
        if self.free_at < now {
            self.free_at = now;
        }
        for piece in bytes.chunks(PIECE) {
            self.free_at += self.byte_time * piece.len() as u32;
            let early = self.free_at.saturating_duration_since(Instant::now());
            if !early.is_zero() {
                std::thread::sleep(early);
            }
            arrived(piece)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_arrives_once_and_not_before_its_time() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut wire = Wire::new(115_200);
        let start = Instant::now();
        let mut got = Vec::new();
        wire.pace(&bytes, |piece| {
            got.extend_from_slice(piece);
            let due = Duration::from_nanos(got.len() as u64 * 86_805);
            assert!(start.elapsed() >= due, "{} bytes before {due:?}", got.len());
            Ok::<(), ()>(())
        })
        .expect("nothing fails here");
        assert_eq!(got, bytes);
    }
}
