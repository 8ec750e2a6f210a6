//! Packages for boards, as MicroPython's `mip` knows them: finding out what to install, without IO.
//!
//! The way of an installation:
//!
//! 1. [`Package::parse`] reads what the user named.
//! 2. [`Resolver`] walks the packages and what they depend on. It says which manifest it needs next
//!    ([`Resolver::poll`]), takes its content ([`Resolver::answer`]), and gives the [`Plan`] in the end.
//! 3. The caller fetches the plan's files, and [`PlannedFile::check`] compares them with what the index promised.
//! 4. [`Installation`] puts them on a board: all of them, or none.
//!
//! Fetching is the caller's part, from [`Location::url`] or [`Location::local`].

mod error;
mod hash;
mod install;
mod location;
mod manifest;
mod package;
mod path;
mod plan;
mod resolver;
mod urls;

pub use error::Error;
pub use hash::HashPrefix;
pub use install::{BoardFacts, Failure, Installation, Remains, Upload};
pub use location::{Host, Hosted, Location};
pub use manifest::Manifest;
pub use package::Package;
pub use path::PathFault;
pub use plan::{Plan, PlannedFile, PlannedPackage, Step};
pub use resolver::{MpyFormat, Request, Resolver, Settings};

/// The index of the MicroPython project.
pub const DEFAULT_INDEX: &str = "https://micropython.org/pi/v2";
