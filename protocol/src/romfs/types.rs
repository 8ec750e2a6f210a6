//! What operations on partitions take and give.

use crate::{Errno, Error};

/// A partition for an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its number, from 0.
    pub id: u32,
    /// Its size in bytes.
    pub size: u64,
    /// What is erased at once, in bytes; the whole size where the board does not tell.
    pub block_size: u64,
    /// The board has a block device there, not memory that `vfs.rom_ioctl` writes.
    pub is_device: bool,
    /// The board erases pieces of it, not only its start.
    pub by_pieces: bool,
    /// The first 12 bytes, fewer where they can't be read.
    pub head: Vec<u8>,
}

/// What a board says of its partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The firmware has no ROMFS.
    NotEnabled,
    /// Its partitions by number; `None` for one that the board counts but does not give.
    Partitions(Vec<Option<Partition>>),
}

/// What is done with a partition, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Erasing.
    Preparing,
    /// Sending the image.
    Writing,
    /// Reading it back on the board.
    Verifying,
}

/// A deployment that succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deployed {
    /// Whether anything had to be written: a partition that holds the image already is left alone.
    pub written: bool,
    /// Bytes of the image.
    pub size: u64,
}

/// Why a deployment failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The bytes are no image.
    #[error("not a ROMFS image")]
    Invalid,
    /// The image has more bytes than the partition.
    #[error("the image has {image} bytes, the partition {partition}")]
    TooBig {
        /// Bytes of the image.
        image: u64,
        /// Bytes of the partition.
        partition: u64,
    },
    /// The board refused an operation.
    #[error("the board refused {operation}: {errno}")]
    Refused {
        /// The operation, such as `erasing`.
        operation: &'static str,
        /// The board's number.
        errno: Errno,
    },
    /// The partition holds something else than what was sent.
    #[error("the partition does not hold what was sent")]
    Differs,
    /// The link or the board failed.
    #[error("{0}")]
    Device(#[source] Error),
}

/// What a failed deployment left in the partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// What was there before.
    Unchanged,
    /// Nothing that a board mounts: the image's first bytes are written last.
    NoImage,
    /// Perhaps the whole image, which was not verified; perhaps no image.
    Unverified,
}

/// A failed deployment.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct Failure {
    /// Why.
    #[source]
    pub reason: Reason,
    /// What is in the partition now.
    pub left: Left,
}
