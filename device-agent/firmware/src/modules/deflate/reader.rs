//! The decompressing direction.

use micropython_sys::ffi;
use mpr_extmod::deflate::{self, Checksum, Format, Header, Inflate, Trailer};

use crate::errno::{EAGAIN, EINVAL};
use crate::mp::{self, Error, Result, Stream};

/// Window of a raw stream that says nothing else.
const RAW_WBITS: u8 = 8;

/// Where in the container the reader is.
#[derive(Clone, Copy)]
enum Stage {
    Header(Header),
    Data,
    Trailer(Trailer),
    Done,
    Failed,
}

/// A decompressor on Python's heap: plain data and the pointer to its window, which the collector finds here.
pub struct Reader {
    window: *mut u8,
    wbits: u8,
    stage: Stage,
    sum: Checksum,
    inflate: Inflate,
}

const _: () = assert!(!core::mem::needs_drop::<Reader>(), "the collector runs no destructor");

impl Reader {
    /// A reader of this format, or of whichever the data tells. `wbits` 0: a window as large as the format says.
    pub fn on_heap(format: Option<Format>, wbits: u8) -> Result<*mut Self> {
        let reader = Self {
            window: core::ptr::null_mut(),
            wbits,
            stage: Stage::Header(Header::new(format)),
            sum: Checksum::new(Format::Raw),
            inflate: Inflate::new(),
        };
        let memory = mp::bytes_on_heap(size_of::<Self>())?.cast::<Self>();
        // SAFETY: fresh memory of the right size; the heap aligns to two words.
        unsafe { memory.write(reader) };
        // SAFETY: just written.
        let reader = unsafe { &mut *memory };
        if format == Some(Format::Raw) {
            reader.begin(Format::Raw, RAW_WBITS)?;
        }
        Ok(memory)
    }

    /// Starts with the data behind the header.
    fn begin(&mut self, format: Format, wbits: u8) -> Result<()> {
        if self.wbits == 0 {
            self.wbits = wbits;
        }
        self.window = mp::bytes_on_heap(1 << self.wbits)?;
        self.sum = Checksum::new(format);
        self.stage = Stage::Data;
        Ok(())
    }

    /// Decompresses into `out`; 0 at the end. Takes no byte of `stream` beyond the end of the container.
    pub fn read(&mut self, stream: Stream, out: &mut [u8]) -> Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            match self.stage {
                Stage::Header(header) => self.header(stream, header)?,
                Stage::Data => match self.data(stream, out)? {
                    0 => self.stage = Stage::Trailer(Trailer::default()),
                    n => return Ok(n),
                },
                Stage::Trailer(trailer) => self.trailer(stream, trailer)?,
                Stage::Done => return Ok(0),
                Stage::Failed => return Err(Error::Os(EINVAL)),
            }
        }
    }

    fn header(&mut self, stream: Stream, mut header: Header) -> Result<()> {
        match header.push(next(stream)?) {
            Ok(None) => self.stage = Stage::Header(header),
            Ok(Some((format, wbits))) => self.begin(format, wbits)?,
            Err(_) => return Err(self.fail()),
        }
        Ok(())
    }

    fn trailer(&mut self, stream: Stream, mut trailer: Trailer) -> Result<()> {
        if trailer.is_done(&self.sum) {
            self.stage = Stage::Done;
            return Ok(());
        }
        if trailer.push(&self.sum, next(stream)?).is_err() {
            return Err(self.fail());
        }
        self.stage = Stage::Trailer(trailer);
        Ok(())
    }

    fn data(&mut self, stream: Stream, out: &mut [u8]) -> Result<usize> {
        // SAFETY: allocated with this size, referred to by this reader only.
        let window = unsafe { core::slice::from_raw_parts_mut(self.window, 1 << self.wbits) };
        let mut failed = None;
        let result =
            self.inflate.read(window, out, || next(stream).inspect_err(|&error| failed = Some(error)));
        match (result, failed) {
            (Err(deflate::Error::Invalid), _) => Err(self.fail()),
            (Err(deflate::Error::Io(error)), _) => Err(error),
            // The end and an empty buffer will be there again on the next call. Any other error must not get lost.
            (Ok(_), Some(error)) if !is_end(error) && error.errno() != Some(EAGAIN) => Err(error),
            (Ok(n), _) => {
                self.sum.update(&out[..n]);
                Ok(n)
            }
        }
    }

    fn fail(&mut self) -> Error {
        self.stage = Stage::Failed;
        Error::Os(EINVAL)
    }
}

fn next(stream: Stream) -> Result<u8> {
    stream.read_byte()?.ok_or_else(end)
}

/// The stream ended where data should be.
fn end() -> Error {
    // SAFETY: a static of the core.
    Error::Message(unsafe { &ffi::mp_type_EOFError }, "")
}

fn is_end(error: Error) -> bool {
    matches!(error, Error::Message(typ, _) if core::ptr::eq(typ, &raw const ffi::mp_type_EOFError))
}
