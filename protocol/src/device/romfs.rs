//! Partitions for read-only files: asking for them, and writing an image to one.
//!
//! The image's first bytes are written last, and everything is erased first. So whenever the link or the power goes, the board
//! finds no image and mounts nothing, or it finds a whole one. Chunks are checked before they are written, by CRC-32 or by length and
//! sum, and the board hashes at the end what it reads from the partition.

use miniz_oxide::deflate::compress_to_vec;
use sha2::{Digest, Sha256};

use super::fs::{unexpected, values};
use super::{Device, wrapper};
use crate::python::{self, Value};
use crate::romfs::{Answer, Deployed, Failure, Left, Partition, Reason, Stage, check};
use crate::{Errno, Error};

/// The largest chunk; more gains little, and progress is reported per chunk.
const CHUNK: usize = 16 << 10;
/// A board needs the literal while it grows, the literal, what it means, and a window for that.
const MEMORY_FACTOR: u64 = 8;
/// A chunk that arrives damaged is sent again so often.
const TRIES: u32 = 4;
/// So much is erased with one order where the board erases pieces, in bytes.
const ERASE: u64 = 32 << 10;
/// The code's number for a chunk that arrived damaged; the board's own are error numbers.
const DAMAGED: i64 = -100_000;
/// Level of compression: the best that costs no noticeable time.
const LEVEL: u8 = 9;
/// So much of the image is written last, in bytes, if the board writes no less than that at once: its mark and no record, so
/// that half of it is nothing.
const HEAD: usize = 4;

/// Prints nothing without ROMFS, else the number of partitions and what is known of each: size, size of a block, whether it
/// is a device, whether it is erased by pieces, the first bytes.
const QUERY: &str = "\
def _mpr():
 global _mpr
 del _mpr
 try:
  import vfs
  r=vfs.rom_ioctl
 except(ImportError,AttributeError):return
 n=r(1)
 print(n)
 for i in range(n):
  d=r(2,i)
  if isinstance(d,int)and d<0:
   print(None)
   continue
  o=hasattr(d,'ioctl')
  if o:
   b=d.ioctl(5,0)
   s=d.ioctl(4,0)*b
  else:
   s=len(d)
   try:b=r(6,i)
   except Exception:b=0
  try:h=bytes(memoryview(d)[:12])
  except TypeError:h=b''
  print((s,b,int(o),h))
_mpr()
";

/// Writes the partition's bytes to a hash or sum: `m` is the partition, `u` takes a piece. An empty line now and then shows that the
/// board is at work.
const FEED: &str = " try:
  m=memoryview(d)
  g=lambda o,n:m[o:o+n]
 except TypeError:
  q=bytearray(B)
  def g(o,n):
   d.readblocks(o//B,q)
   return memoryview(q)[:n]
 o=0
 while o<N:
  n=min(B,N-o)
  u(g(o,n))
  o+=n
  if o//B%16<1:print()
";

impl Device {
    /// The board's partitions for read-only files.
    ///
    /// # Errors
    /// As [`Device::exec`].
    pub fn romfs_partitions(&mut self) -> Result<Answer, Error> {
        let out = self.call("asking for ROMFS partitions", QUERY)?;
        let answer = values(&out)?;
        if answer.is_empty() {
            return Ok(Answer::NotEnabled);
        }
        let partition = |(id, value): (usize, &Value)| match value {
            Value::None => Some(None),
            value => partition(u32::try_from(id).ok()?, value).map(Some),
        };
        let partitions: Option<Vec<_>> = answer[1..].iter().enumerate().map(partition).collect();
        partitions.map(Answer::Partitions).ok_or_else(|| unexpected("ROMFS partitions", &out))
    }

    /// Writes an image to a partition and makes sure that it is there; `progress` hears the bytes so far of each stage. A file system
    /// mounted at `/rom` is unmounted. The board mounts the image when it starts.
    ///
    /// # Errors
    /// [`Failure`] says what is in the partition then. The same call again does everything anew.
    pub fn romfs_deploy(
        &mut self,
        partition: &Partition,
        image: &[u8],
        progress: &mut dyn FnMut(Stage, u64),
    ) -> Result<Deployed, Failure> {
        let unchanged = |reason| Failure { reason, left: Left::Unchanged };
        let size = image.len() as u64;
        if check(image).is_none() {
            return Err(unchanged(Reason::Invalid));
        }
        if size > partition.size {
            return Err(unchanged(Reason::TooBig { image: size, partition: partition.size }));
        }
        // Only what begins alike is worth a look.
        let head = &partition.head[..partition.head.len().min(image.len())];
        if !head.is_empty()
            && image.starts_with(head)
            && self.romfs_holds(partition, image).map_err(|error| unchanged(Reason::Device(error)))?
        {
            return Ok(Deployed { written: false, size });
        }
        let mut left = Left::Unchanged;
        let result = self.write_partition(partition, image, progress, &mut left);
        if result.is_err() {
            self.attempt("forgetting a function", "try:del _mpr\nexcept NameError:pass\n");
        }
        result.map_err(|reason| Failure { reason, left })?;
        progress(Stage::Verifying, 0);
        left = Left::Unverified;
        let holds = self.romfs_holds(partition, image);
        let holds = holds.map_err(|error| Failure { reason: Reason::Device(error), left })?;
        progress(Stage::Verifying, size);
        if !holds {
            // An image that is not what was sent must not be mounted.
            let erased = self.prepare(partition, 0, partition.block_size.min(partition.size));
            let left = if erased.is_ok() { Left::NoImage } else { Left::Unverified };
            return Err(Failure { reason: Reason::Differs, left });
        }
        Ok(Deployed { written: true, size })
    }

    /// Erases and writes everything. `left` says all the time what is in the partition.
    fn write_partition(
        &mut self,
        partition: &Partition,
        image: &[u8],
        progress: &mut dyn FnMut(Stage, u64),
        left: &mut Left,
    ) -> Result<(), Reason> {
        let size = image.len() as u64;
        let capabilities = self.capabilities().map_err(Reason::Device)?.clone();
        let umount = "def _mpr():\n global _mpr\n del _mpr\n import vfs\n \
                      try:vfs.umount('/rom')\n except OSError:pass\n_mpr()\n";
        self.call("unmounting the old files", umount).map_err(Reason::Device)?;
        *left = Left::NoImage;
        progress(Stage::Preparing, 0);
        let mut unit = 1;
        let step = match partition.by_pieces || partition.is_device {
            true => ERASE.next_multiple_of(partition.block_size.max(1)),
            false => size,
        };
        let mut offset = 0;
        while offset < size {
            let len = step.min(size - offset);
            unit = unit.max(self.prepare(partition, offset, len)?);
            offset += len;
            progress(Stage::Preparing, offset);
        }
        let free = capabilities.free_memory.unwrap_or(CHUNK as u64) / MEMORY_FACTOR;
        let unit = usize::try_from(unit).unwrap_or(CHUNK);
        let chunk = usize::try_from(free).unwrap_or(CHUNK).min(CHUNK) / unit * unit;
        let mut writer = Writer {
            id: partition.id,
            unit,
            chunk: chunk.max(unit),
            crc32: capabilities.crc32,
            deflate: capabilities.deflate,
        };
        self.call("preparing to write", &writer.begin(partition)).map_err(Reason::Device)?;
        progress(Stage::Writing, 0);
        let head = HEAD.next_multiple_of(unit).min(writer.chunk).min(image.len());
        let mut done = head;
        while done < image.len() {
            let len = writer.chunk.min(image.len() - done);
            match self.send_piece(&writer, done, &image[done..done + len]) {
                Err(Reason::Device(Error::Exception(t)))
                    if t.exception == "MemoryError" && writer.chunk > writer.unit =>
                {
                    writer.chunk = (writer.chunk / 2 / unit * unit).max(unit);
                }
                Err(reason) => return Err(reason),
                Ok(()) => {
                    done += len;
                    progress(Stage::Writing, (done - head) as u64);
                }
            }
        }
        *left = Left::Unverified;
        self.send_piece(&writer, 0, &image[..head])?;
        progress(Stage::Writing, size);
        let complete = match partition.is_device {
            true => String::new(),
            false => format!(" import vfs\n print(vfs.rom_ioctl(5,{}))\n", partition.id),
        };
        let complete = format!("def _mpr():\n global _mpr\n del _mpr\n{complete}_mpr()\n");
        let out = self.call_at_length("completing the image", &complete).map_err(Reason::Device)?;
        accepted(&out, "completing the image").map(|_| ())
    }

    /// Erases; gives the number of bytes that must be written at once.
    fn prepare(&mut self, partition: &Partition, offset: u64, len: u64) -> Result<u64, Reason> {
        let (id, block) = (partition.id, partition.block_size.max(1));
        let order = if partition.is_device {
            let (first, end) = (offset / block, (offset + len).div_ceil(block));
            format!(
                " d=vfs.rom_ioctl(2,{id})\n \
                 for b in range({first},{end}):\n  \
                 e=d.ioctl(6,b)\n  \
                 if e:\n   \
                 print(e)\n   \
                 return\n  \
                 print()\n \
                 print({})\n",
                block.min(4096)
            )
        } else if partition.by_pieces {
            format!(" print(vfs.rom_ioctl(3,{id},{offset},{}))\n", len.next_multiple_of(block))
        } else {
            format!(" print(vfs.rom_ioctl(3,{id},{len}))\n")
        };
        let code = format!("def _mpr():\n global _mpr\n del _mpr\n import vfs\n{order}_mpr()\n");
        let out = self.call_at_length("erasing the partition", &code).map_err(Reason::Device)?;
        let unit = accepted(&out, "erasing the partition")?;
        Ok(u64::try_from(unit).unwrap_or(1).max(1))
    }

    fn send_piece(&mut self, writer: &Writer, offset: usize, bytes: &[u8]) -> Result<(), Reason> {
        let during = "writing the image";
        for n in 0..TRIES {
            // A line that damages bytes may only carry seven bits.
            let code = writer.piece(offset, bytes, n >= TRIES / 2);
            let mut out = Vec::new();
            let ended = self.enter_raw_repl().and_then(|()| self.execute(code, during, &mut out));
            let ended = ended.map_err(Reason::Device)?;
            if !ended.stderr.is_empty() {
                let traceback = crate::Traceback::parse(&ended.stderr);
                if wrapper::is_damage(&traceback) {
                    continue;
                }
                return Err(Reason::Device(Error::Exception(traceback)));
            }
            match values(&out).map_err(Reason::Device)?[..] {
                [Value::Int(DAMAGED)] => {}
                _ => return accepted(&out, during).map(|_| ()),
            }
        }
        Err(Reason::Differs)
    }

    /// Whether the partition holds this image, by the best check that the board has.
    fn romfs_holds(&mut self, partition: &Partition, image: &[u8]) -> Result<bool, Error> {
        let capabilities = self.capabilities()?.clone();
        let (init, result) = match (capabilities.sha256, capabilities.crc32) {
            (true, _) => (" import hashlib\n h=hashlib.sha256()\n u=h.update\n", "h.digest()"),
            (_, true) => {
                (" from binascii import crc32\n h=[0]\n def u(b):h[0]=crc32(b,h[0])\n", "h[0]&0xffffffff")
            }
            _ => (" h=[0]\n def u(b):h[0]+=sum(b)\n", "h[0]"),
        };
        let expected = match (capabilities.sha256, capabilities.crc32) {
            (true, _) => Value::Bytes(Sha256::digest(image).to_vec()),
            (_, true) => Value::Int(crc32fast::hash(image).into()),
            _ => Value::Int(image.iter().map(|byte| i64::from(*byte)).sum()),
        };
        let code = format!(
            "def _mpr():\n global _mpr\n del _mpr\n import vfs\n d=vfs.rom_ioctl(2,{})\n B={}\n N={}\n{init}{FEED} \
             print({result})\n_mpr()\n",
            partition.id,
            partition.block_size.clamp(1, 4096),
            image.len()
        );
        let out = self.call_at_length("verifying the image", &code)?;
        match &values(out.trim_ascii())?[..] {
            [value] => Ok(*value == expected),
            _ => Err(unexpected("the digest of a partition", &out)),
        }
    }
}

/// How chunks get to the partition. During the transfer the board's globals hold one function, `_mpr`.
struct Writer {
    id: u32,
    /// Offsets and lengths are multiples of it.
    unit: usize,
    chunk: usize,
    crc32: bool,
    deflate: bool,
}

impl Writer {
    /// Defines the function: it takes an offset, the number of bytes, the window of compressed ones (a power of two, 0: they
    /// aren't), the sum that must come out, and the bytes.
    fn begin(&self, partition: &Partition) -> String {
        let id = self.id;
        let (import, check) = match self.crc32 {
            true => (" from binascii import crc32\n", "crc32(d)"),
            false => ("", "(len(d),sum(d))"),
        };
        let inflate = match self.deflate {
            true => (
                " from io import BytesIO\n from deflate import DeflateIO,RAW\n",
                "  if z:d=DeflateIO(BytesIO(d),RAW,z).read(n)\n",
            ),
            false => ("", ""),
        };
        let write = match partition.is_device {
            false => format!("  return vfs.rom_ioctl(4,{id},o,d)\n"),
            true => format!(
                "  d=memoryview(d)\n  \
                 while len(d):\n   \
                 n={block}-o%{block}\n   \
                 v.writeblocks(o//{block},d[:n],o%{block})\n   \
                 o+=n\n   \
                 d=d[n:]\n  \
                 return 0\n",
                block = partition.block_size
            ),
        };
        format!(
            "def _mpr():\n global _mpr\n import vfs\n{import}{} v=vfs.rom_ioctl(2,{id})\n \
             def w(o,n,z,c,d):\n  \
             if {check}!=c:return {DAMAGED}\n\
             {}{write} \
             _mpr=w\n\
             _mpr()\n",
            inflate.0, inflate.1
        )
    }

    fn piece(&self, offset: usize, bytes: &[u8], ascii: bool) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        bytes.resize(bytes.len().next_multiple_of(self.unit), 0);
        let packed = if self.deflate { packed(&bytes) } else { None };
        let (window, sent) = packed.as_ref().map_or((0, &bytes), |(window, packed)| (*window, packed));
        let sum: u64 = sent.iter().map(|byte| u64::from(*byte)).sum();
        let check = match self.crc32 {
            true => crc32fast::hash(sent).to_string(),
            false => format!("({},{sum})", sent.len()),
        };
        let mut code = format!("print(_mpr({offset},{},{window},{check},", bytes.len()).into_bytes();
        match ascii {
            true => code.extend_from_slice(python::bytes_literal(sent).as_bytes()),
            false => python::dense_bytes_literal(sent, &mut code),
        }
        code.extend_from_slice(b"))\n");
        code
    }
}

/// The bytes compressed, and the window that they need as a power of two; `None` when it does not pay.
fn packed(bytes: &[u8]) -> Option<(u32, Vec<u8>)> {
    // No reference goes farther back than the bytes are long.
    let window = bytes.len().next_power_of_two().trailing_zeros().max(8);
    let packed = compress_to_vec(bytes, LEVEL);
    (window <= 15 && packed.len() + packed.len() / 16 < bytes.len()).then_some((window, packed))
}

fn partition(id: u32, value: &Value) -> Option<Partition> {
    let [size, block, is_device, head] = value.seq()? else { return None };
    let size = u64::try_from(size.int()?).ok()?;
    let block = u64::try_from(block.int()?).ok().filter(|block| *block > 0);
    let is_device = is_device.int()? != 0;
    Some(Partition {
        id,
        size,
        block_size: block.unwrap_or(size),
        is_device,
        by_pieces: !is_device && block.is_some_and(|block| block < size),
        head: head.bytes()?.to_vec(),
    })
}

/// The number that an operation of the board's gave, unless it says that it failed.
fn accepted(out: &[u8], operation: &'static str) -> Result<i64, Reason> {
    match &values(out.trim_ascii()).map_err(Reason::Device)?[..] {
        [Value::Int(n)] if *n < 0 => {
            let number = i32::try_from(-n).unwrap_or(i32::MAX);
            Err(Reason::Refused { operation, errno: Errno::new(number, None) })
        }
        [Value::Int(n)] => Ok(*n),
        [] | [Value::None] => Ok(0),
        _ => Err(Reason::Device(unexpected("the outcome of an operation", out))),
    }
}
