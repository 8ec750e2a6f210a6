//! Tar archives of a board's files, checked as a whole before a board sees anything of them.
//!
//! - [`Writer`] makes them: GNU headers, names of any length, the same bytes for the same files.
//! - [`Archive`] reads them: ustar, GNU and pax, plain or compressed by gzip. [`Archive::check`] goes through all of it and
//!   gives its [`Contents`], or says why it can't be restored; [`Archive::each_file`] then hands out the content.
//! - [`member_path`] says which names stay inside the directory that they are restored to.

pub mod fuzz;
mod names;
mod read;
mod write;

#[cfg(test)]
mod tests;

pub use names::{NameFault, fat_fault, member_path};
pub use read::{Archive, ArchiveError, Contents, Member, Objection, Problem};
pub use write::Writer;

/// What the comment of a global header begins with, in which an archive of some paths names them.
const SCOPE: &str = "mpr-paths:";
