//! Lines of earlier runs, in a file that only the user may read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use rustyline::history::FileHistory;
use rustyline::{Editor, Helper};

use crate::failure::strerror;

/// A file of lines.
#[derive(Debug)]
pub struct History(PathBuf);

impl History {
    /// The file for this name, in the platform's folder for state. Its folder is made.
    ///
    /// # Errors
    /// Why there can't be one.
    pub fn open(name: &str) -> Result<Self, String> {
        let places = etcetera::choose_base_strategy().map_err(|error| error.to_string())?;
        let folder = places.state_dir().unwrap_or_else(|| places.data_dir()).join("mpr");
        let shown = |error: io::Error| format!("`{}`: {}", folder.display(), strerror(&error));
        make_folder(&folder).map_err(shown)?;
        Ok(History(folder.join(format!("{name}_history"))))
    }

    /// Reads the lines. Those that can't be read are not there.
    pub fn load<H: Helper>(&self, editor: &mut Editor<H, FileHistory>) {
        let _ = editor.load_history(&self.0);
    }

    /// Adds what is new. Other runs may add theirs at the same time.
    pub fn append<H: Helper>(&self, editor: &mut Editor<H, FileHistory>) {
        // A full disk costs the history, not the session.
        let _ = editor.append_history(&self.0);
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
