//! A folder of this machine on the board.

use std::path::Path;

use mpr_protocol::Error;
use mpr_protocol::mount::{Denied, FolderOptions};

use super::Mount;
use crate::commands::fs::board_path;
use crate::failure::Failure;
use crate::session::Session;

/// Where a folder goes that has no other place.
const DEFAULT_PLACE: &str = "/remote";

impl Mount {
    /// Shows the folder on the board.
    pub(super) fn show_folder(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let folder = Path::new(&self.path);
        // Before the board is spoken to.
        match folder.metadata() {
            Ok(data) if data.is_dir() => {}
            Ok(_) => return Err(Failure::usage(format!("mount: `{}` is not a directory", self.path))),
            Err(error) => return Err(Failure::local("mount", &self.path, &error)),
        }
        let place = match &self.place {
            None => DEFAULT_PLACE.to_owned(),
            Some(place) => absolute(board_path(place)),
        };
        if place == "/" {
            return Err(Failure::usage("mount: `:/` is the device's own filesystem")
                .hint("`mpr mount PATH :/NAME` mounts beside it"));
        }
        let options = FolderOptions { read_only: self.read_only, unsafe_links: self.unsafe_links };
        let shown = place.clone();
        let denied = Denied(Box::new(move |path| {
            // The board's own doing, in the middle of whatever it prints.
            eprint!(
                "mount: `:{shown}`: access to `{}` denied: it leads out of the folder\r\n",
                path.escape_debug()
            );
        }));
        session
            .device()?
            .mount(folder, &place, &options, denied)
            .map_err(|error| self.explain(&place, error))?;
        session.printer().headline(&format!("Local directory {} is mounted at {place}", self.path))?;
        Ok(())
    }

    fn explain(&self, place: &str, error: Error) -> Failure {
        match error {
            Error::LocalIo { source } => Failure::local("mount", &self.path, &source),
            // What MicroPython says of a place that is taken.
            Error::Exception(traceback)
                if traceback.errno.as_ref().is_some_and(|errno| errno.is("EPERM")) =>
            {
                Failure::refused(format!("mount: something is mounted at `:{place}` already"))
                    .hint(format!("`{} umount :{place}` takes it away", crate::hints::MPR))
            }
            error => Failure::device("mount", error),
        }
    }
}

/// Takes folders away from the board: the one at `place`, else all that were mounted here, else the usual place.
pub(super) fn take_away(place: Option<&str>, session: &mut Session<'_>) -> Result<(), Failure> {
    let device = session.device()?;
    let named = absolute(place.map_or(DEFAULT_PLACE, board_path));
    let result = match place {
        None if !device.mounted().is_empty() => device.umount_all(),
        _ => device.umount(&named),
    };
    result.map_err(|error| match error {
        // What MicroPython says of a place where nothing is mounted.
        Error::Exception(traceback) if traceback.errno.as_ref().is_some_and(|errno| errno.is("EINVAL")) => {
            Failure::refused(format!("umount: nothing is mounted at `:{named}`"))
                .hint(format!("`{} df` lists what is mounted", crate::hints::MPR))
        }
        error => Failure::device("umount", error),
    })
}

/// A place for the board: with a slash in front and none at the end.
fn absolute(place: &str) -> String {
    format!("/{}", place.trim_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::absolute;

    #[test]
    fn places_are_absolute() {
        assert_eq!(absolute("/app/"), "/app");
        assert_eq!(absolute("app"), "/app");
        assert_eq!(absolute("/"), "/");
    }
}
