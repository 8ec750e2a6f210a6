//! `romfs build`: makes an image of a folder.

use std::io::Write;
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Compile, tree};
use crate::commands::Run;
use crate::commands::eval::hex;
use crate::failure::Failure;
use crate::local::Destination;
use crate::session::Session;

/// `romfs build`.
#[derive(Debug)]
pub struct Build {
    /// The folder.
    pub path: String,
    /// The image; beside the folder otherwise.
    pub output: Option<String>,
    /// Whether modules are compiled.
    pub compile: Compile,
}

#[derive(Serialize)]
struct Report<'a> {
    source: &'a str,
    output: &'a str,
    size: usize,
    sha256: String,
    files: usize,
    compiled: usize,
}

impl Run for Build {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let output = match &self.output {
            Some(output) => output.clone(),
            None => default_output(&self.path)?,
        };
        let built = tree::build(&self.path, self.compile, session)?;
        let printer = session.printer();
        printer.headline(&format!("Writing {} bytes to output file {output}", built.image.len()))?;
        let written = Destination::create(Path::new(&output)).and_then(|mut destination| {
            destination.write_all(&built.image)?;
            destination.commit()
        });
        written.map_err(|error| Failure::local("romfs build", &output, &error))?;
        let report = Report {
            source: &self.path,
            output: &output,
            size: built.image.len(),
            sha256: hex(&Sha256::digest(&built.image)),
            files: built.files,
            compiled: built.compiled,
        };
        printer.json("romfs build", &report)
    }
}

/// Beside the folder.
fn default_output(path: &str) -> Result<String, Failure> {
    match Path::new(path).file_name() {
        Some(_) => Ok(format!("{}.romfs", path.trim_end_matches('/').trim_end_matches("/."))),
        None => Err(Failure::usage(format!("romfs build: `{path}` has no name that the image could have"))
            .hint("`mpr romfs build --output NAME.romfs FOLDER` names the image")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_is_beside_the_folder() {
        for (folder, image) in [("tree", "tree.romfs"), ("a/tree/", "a/tree.romfs"), ("/t", "/t.romfs")] {
            assert_eq!(default_output(folder).as_deref(), Ok(image));
        }
        for folder in [".", "..", "/", "a/.."] {
            assert!(default_output(folder).is_err(), "{folder}");
        }
    }
}
