//! Installs what building and testing need, once; quick when all is there.

mod debian;
mod node;
mod python;
mod suites;

use crate::run::Result;

/// What building needs.
pub fn build() -> Result {
    debian::install(&debian::BUILD)
}

/// What building and testing need.
pub fn all() -> Result {
    let packages: Vec<_> = debian::BUILD.iter().chain(&debian::TEST).copied().collect();
    debian::install(&packages)?;
    node::install()?;
    python::install()?;
    suites::install()
}

/// What measuring needs beside that.
pub fn for_bench() -> Result {
    python::install_for_bench()
}
