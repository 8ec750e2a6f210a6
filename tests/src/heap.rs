//! What the agent takes on a board.

use mpr_protocol::{Address, ConnectOptions, Device, Error};

use crate::python_source;

/// Bytes of heap that the agent takes on a board once a text of so many bytes was copied there and back (none for 0), and those of the
/// window that it inflates with among them; `None` if it does not run there.
///
/// # Errors
/// What went wrong on the way.
pub fn agent_heap_behind(address: &Address, bytes: usize) -> Result<Option<(u64, u64)>, Error> {
    let mut device = Device::connect(address, &ConnectOptions::default())?;
    if bytes > 0 {
        let text = python_source(bytes);
        device.write_file("heap.txt", &mut &text[..], Some(bytes as u64), &mut |_| {})?;
        device.read_file("heap.txt", &mut std::io::sink(), &mut |_| {})?;
    }
    let heap = device.agent_heap()?;
    device.close()?;
    Ok(heap)
}
