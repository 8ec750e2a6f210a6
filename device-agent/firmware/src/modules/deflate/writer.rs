//! The compressing direction.

use mpr_extmod::deflate::{Checksum, Compress, Format, Memory, Sizes, write_header, write_trailer};

use crate::errno::EINVAL;
use crate::mp::{self, Error, Result, Stream};

/// Window if the program asks for none.
const DEFAULT_WBITS: u8 = 8;

/// A compressor on Python's heap: plain data and the pointers to its memory, which the collector finds here.
pub struct Writer {
    data: *mut u8,
    heads: *mut u16,
    chain: *mut u16,
    sizes: Sizes,
    sum: Checksum,
    compress: Compress,
    failed: bool,
}

const _: () = assert!(!core::mem::needs_drop::<Writer>(), "the collector runs no destructor");

impl Writer {
    /// A writer; sends the header of its format. `wbits` 0: a window of 256 bytes.
    pub fn on_heap(format: Format, wbits: u8, stream: Stream) -> Result<*mut Self> {
        let wbits = if wbits == 0 { DEFAULT_WBITS } else { wbits };
        let sizes = Sizes::new(wbits);
        let writer = Self {
            data: mp::bytes_on_heap(sizes.data)?,
            heads: mp::bytes_on_heap(2 * sizes.heads)?.cast(),
            chain: mp::bytes_on_heap(2 * sizes.chain)?.cast(),
            sizes,
            sum: Checksum::new(format),
            compress: Compress::new(wbits),
            failed: false,
        };
        let memory = mp::bytes_on_heap(size_of::<Self>())?.cast::<Self>();
        // SAFETY: fresh memory of the right size; the heap aligns to two words.
        unsafe { memory.write(writer) };
        let (header, len) = write_header(format, wbits);
        stream.write_all(&header[..len])?;
        Ok(memory)
    }

    fn run(
        &mut self,
        operation: impl FnOnce(&mut Compress, &mut Memory<'_>, &mut Checksum) -> Result<()>,
    ) -> Result<()> {
        if self.failed {
            return Err(Error::Os(EINVAL));
        }
        // SAFETY: allocated with these sizes, referred to by this writer only.
        let mut memory = unsafe {
            Memory {
                data: core::slice::from_raw_parts_mut(self.data, self.sizes.data),
                heads: core::slice::from_raw_parts_mut(self.heads, self.sizes.heads),
                chain: core::slice::from_raw_parts_mut(self.chain, self.sizes.chain),
            }
        };
        let result = operation(&mut self.compress, &mut memory, &mut self.sum);
        // A part of the stream is missing then.
        self.failed = result.is_err();
        result
    }

    /// Compresses `data`, all of it.
    pub fn write(&mut self, stream: Stream, data: &[u8]) -> Result<usize> {
        self.run(|compress, memory, sum| {
            sum.update(data);
            compress.write(memory, data, |bytes| stream.write_all(bytes))
        })?;
        Ok(data.len())
    }

    /// Ends the compressed stream.
    pub fn finish(&mut self, stream: Stream) -> Result<()> {
        self.run(|compress, memory, sum| {
            compress.finish(memory, |bytes| stream.write_all(bytes))?;
            let (trailer, len) = write_trailer(sum);
            stream.write_all(&trailer[..len])
        })
    }
}
