//! ROMFS: images of read-only files, and the partitions of boards that hold them (MicroPython 1.25 and later).
//!
//! - [`build`] makes an image from a tree; [`check`] tells whether bytes are one.
//! - [`Compiled`]: for which boards a compiled module is; [`misfit`] looks through an image.
//! - [`Partition`]: where an image can go; [`crate::Device::romfs_partitions`] asks for them and [`crate::Device::romfs_deploy`] writes one.

mod build;
mod compiled;
mod types;

pub use build::{Entry, build};
pub use compiled::{Compiled, Misfit, misfit};
pub use types::{Answer, Deployed, Failure, Left, Partition, Reason, Stage};

use mpr_extmod::romfs::Image;

/// The size in bytes of the image that these bytes start with; `None` if they are none, or not a whole one.
pub fn check(bytes: &[u8]) -> Option<usize> {
    Image::parse(bytes).map(Image::size)
}
