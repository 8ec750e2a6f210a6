//! `romfs query`: what the device's partitions hold.

use mpr_protocol::romfs::{Answer, Partition};
use serde::Serialize;

use super::refused;
use crate::commands::Run;
use crate::commands::eval::hex;
use crate::failure::Failure;
use crate::session::Session;

/// `romfs query`.
#[derive(Debug)]
pub struct Query {}

#[derive(Serialize)]
struct Report {
    enabled: bool,
    partitions: Vec<Row>,
}

/// A partition; sizes in bytes.
#[derive(Serialize)]
struct Row {
    partition: u32,
    size: u64,
    block_size: u64,
    /// Bytes of the image in it, without its head; null if there is none.
    image_size: Option<u64>,
    /// Its first bytes.
    head: String,
}

impl Run for Query {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let printer = session.printer();
        let answer =
            session.device()?.romfs_partitions().map_err(|error| Failure::device("romfs query", error))?;
        let partitions = match answer {
            Answer::NotEnabled => {
                printer.line("ROMFS is not enabled on this device")?;
                return printer.json("romfs query", &Report { enabled: false, partitions: Vec::new() });
            }
            Answer::Partitions(partitions) => partitions,
        };
        if partitions.is_empty() {
            printer.line("No ROMFS partitions available")?;
        }
        let mut rows = Vec::with_capacity(partitions.len());
        for (number, partition) in partitions.iter().enumerate() {
            let Some(partition) = partition else {
                return Err(refused(format!("ROMFS{number} partition not found on device")));
            };
            printer.line(&headline(partition))?;
            let bytes: Vec<String> = partition.head.iter().map(|byte| format!("{byte:02x}")).collect();
            printer.line(&format!("  Raw contents: {} ...", bytes.join(":")))?;
            let image_size = image_size(&partition.head);
            match image_size {
                None => printer.line("  Not a valid ROMFS")?,
                Some(size) => printer.line(&format!("  ROMFS image size: {size}"))?,
            }
            rows.push(Row {
                partition: partition.id,
                size: partition.size,
                block_size: partition.block_size,
                image_size,
                head: hex(&partition.head),
            });
        }
        printer.json("romfs query", &Report { enabled: true, partitions: rows })
    }
}

/// What mpremote says of a partition.
pub fn headline(partition: &Partition) -> String {
    let Partition { id, size, block_size, .. } = partition;
    let blocks = size.checked_div(*block_size).unwrap_or(0);
    format!("ROMFS{id} partition has size {size} bytes ({blocks} blocks of {block_size} bytes each)")
}

/// The number behind the mark that an image starts with.
fn image_size(head: &[u8]) -> Option<u64> {
    let rest = head.strip_prefix(b"\xd2\xcd\x31")?;
    let mut size = 0;
    for byte in rest {
        size = size << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_images() {
        assert_eq!(image_size(b"\xd2\xcd\x31\x32\x05"), Some(50));
        assert_eq!(image_size(b"\xd2\xcd\x31\x80\x81\x00\x05"), Some(128));
        assert_eq!(image_size(b"\xd2\xcd"), None);
        assert_eq!(image_size(&[0xff; 12]), None);
    }
}
