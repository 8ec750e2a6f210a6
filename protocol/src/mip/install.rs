//! Putting files on a board: all of them, or none.

use super::path::{STAGING, below, clean_target, directories_of};
use crate::device::Presence;
use crate::{Device, Error};

/// What a board says that decides where packages come from and go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardFacts {
    /// `sys.implementation._mpy`, 0 where there is none; see [`super::MpyFormat::of_board`].
    pub mpy: u32,
    /// The first directory of `sys.path` that ends in `/lib` and does not start with `/rom`.
    pub lib: Option<String>,
}

impl BoardFacts {
    /// Asks the board.
    ///
    /// # Errors
    /// As [`Device::exec`].
    pub fn ask(device: &mut Device) -> Result<BoardFacts, Error> {
        let facts = device.package_facts()?;
        let lib = facts.path.into_iter().find(|path| path.ends_with("/lib") && !path.starts_with("/rom"));
        Ok(BoardFacts { mpy: facts.mpy, lib })
    }
}

/// A file that is to be on the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Where.
    pub path: String,
    /// Its content.
    pub content: Vec<u8>,
}

/// What a failed installation left on the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remains {
    /// Everything is as it was.
    Nothing,
    /// The old files are all in place; new ones may wait in this directory. The next installation to the same target
    /// removes them.
    Temporary(String),
    /// The link ended while the board moved the new files to their places, which it does by itself. They may all be
    /// in place, or none.
    Moving(String),
}

/// A failed installation.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Failure {
    /// Why.
    #[source]
    pub error: Error,
    /// What is on the board now.
    pub remains: Remains,
    /// Bytes needed and bytes free, when that was clear before anything was written.
    pub shortage: Option<(u64, u64)>,
}

impl Failure {
    fn untouched(error: Error) -> Failure {
        Failure { error, remains: Remains::Nothing, shortage: None }
    }
}

/// An installation below one directory of a board.
///
/// New files are written to the directory `mip.tmp` in the target, each verified, while the old ones stay. Then the
/// board moves them to their places, in one step that it finishes or undoes without help. A power cut in the middle
/// of that step is repaired at the start of the next installation to the same target.
#[derive(Debug)]
pub struct Installation<'a> {
    device: &'a mut Device,
    target: String,
    staging: String,
}

impl<'a> Installation<'a> {
    /// An installation below `target`, the directory that [`super::Settings`] has.
    pub fn new(device: &'a mut Device, target: &str) -> Self {
        let target = if target.is_empty() { String::new() } else { clean_target(target) };
        let staging = below(&target, STAGING);
        Installation { device, target, staging }
    }

    /// The SHA-256 of the files at these paths; `None` where there is no file.
    ///
    /// # Errors
    /// Those of [`Device::hash`], and [`Error::Os`] with `EISDIR` where there is a directory.
    pub fn digests(&mut self, paths: &[&str]) -> Result<Vec<Option<[u8; 32]>>, Error> {
        let presence = self.device.presence(paths)?;
        let digest = |(presence, path): (Presence, &&str)| match presence {
            Presence::Absent => Ok(None),
            Presence::File(digest) => Ok(Some(digest)),
            Presence::Directory => Err(Error::Os {
                errno: crate::Errno::new(21, Some("EISDIR")),
                path: (*path).to_owned(),
                op: "open",
            }),
        };
        presence.into_iter().zip(paths).map(digest).collect()
    }

    /// Puts these files in their places. `progress` hears the number of the file that is written, and the bytes of it
    /// so far.
    ///
    /// # Errors
    /// [`Failure`], with what is on the board afterwards.
    pub fn install(
        &mut self,
        files: &[Upload],
        progress: &mut dyn FnMut(usize, u64),
    ) -> Result<(), Box<Failure>> {
        if files.is_empty() {
            return Ok(());
        }
        let untouched = |error| Box::new(Failure::untouched(error));
        if !self.device.capabilities().map_err(untouched)?.rename {
            let what = "installing several files as one";
            return Err(untouched(Error::Unsupported { what, lacks: "os.rename" }));
        }
        let mut made = Vec::new();
        self.write_all(files, &mut made, progress).map_err(|failure| {
            let remains = self.give_up(&failure.error, &made);
            Box::new(Failure { remains, ..*failure })
        })?;
        self.device.move_staged(&self.staging).or_else(|error| {
            // The journal goes when the moves are for good; whatever cut the answer came too late then.
            match self.device.exists(&below(&self.staging, "j")) {
                Ok(false) => {
                    // What is left are the old files.
                    let _ = self.device.unstage(&self.staging, &[]);
                    Ok(())
                }
                Ok(true) => {
                    let remains = self.give_up(&error, &made);
                    Err(Box::new(Failure { error, remains, shortage: None }))
                }
                Err(_) => {
                    let remains = Remains::Moving(self.staging.clone());
                    Err(Box::new(Failure { error, remains, shortage: None }))
                }
            }
        })
    }

    /// Writes the new files and the journal to the staging directory.
    fn write_all(
        &mut self,
        files: &[Upload],
        made: &mut Vec<String>,
        progress: &mut dyn FnMut(usize, u64),
    ) -> Result<(), Box<Failure>> {
        let plain = |error| Box::new(Failure::untouched(error));
        let above: Vec<&str> = directories_of(&self.staging).filter(|path| !is_relative_part(path)).collect();
        let directories = directories(files, &above);
        let prepared = self.device.stage(&self.staging, &above, &directories).map_err(plain)?;
        *made = prepared.made;
        self.check_space(files)?;
        for (number, file) in files.iter().enumerate() {
            let path = below(&self.staging, &format!("n{number}"));
            let length = Some(file.content.len() as u64);
            let mut heard = |done| progress(number, done);
            let written = self.device.write_file(&path, &mut &file.content[..], length, &mut heard);
            written.map_err(|error| plain(named(error, &path, &file.path)))?;
        }
        let journal = below(&self.staging, "j");
        let lines = prepared.missing.iter().map(|path| format!("d {path}\n"));
        let lines: String = lines.chain(files.iter().map(|file| format!("f {}\n", file.path))).collect();
        let written = self.device.write_file(&journal, &mut lines.as_bytes(), None, &mut |_| {});
        written.map(|_| ()).map_err(plain)
    }

    /// Fails early when the content alone is more than what is free. Filesystems need more than that, and some say
    /// nothing.
    fn check_space(&mut self, files: &[Upload]) -> Result<(), Box<Failure>> {
        let place = if self.target.is_empty() { "/" } else { &self.target };
        let Ok(size) = self.device.statvfs(place) else { return Ok(()) };
        let free = size.block_size.saturating_mul(size.free);
        let needed: u64 = files.iter().map(|file| file.content.len() as u64).sum();
        match size.blocks > 0 && needed > free {
            true => Err(Box::new(Failure {
                shortage: Some((needed, free)),
                ..Failure::untouched(Error::NoSpace { path: place.to_owned() })
            })),
            false => Ok(()),
        }
    }

    /// Removes what was written, if the board still answers.
    fn give_up(&mut self, error: &Error, made: &[String]) -> Remains {
        let gone = matches!(error, Error::Lost { .. });
        match !gone && self.device.unstage(&self.staging, made).is_ok() {
            true => Remains::Nothing,
            false => Remains::Temporary(self.staging.clone()),
        }
    }
}

/// The directories of these files below the target, each after the one that holds it.
fn directories<'f>(files: &'f [Upload], above: &[&str]) -> Vec<&'f str> {
    let mut all = Vec::new();
    for directory in files.iter().flat_map(|file| directories_of(&file.path)) {
        if !all.contains(&directory) && !above.contains(&directory) && !is_relative_part(directory) {
            all.push(directory);
        }
    }
    all
}

/// Whether a path is only dots, as at the start of `../lib`: there is nothing to make.
fn is_relative_part(path: &str) -> bool {
    path.split('/').all(|part| matches!(part, "" | "." | ".."))
}

/// An error at a temporary file is one at the file that it becomes.
fn named(error: Error, temporary: &str, path: &str) -> Error {
    let is = |other: &str| other == temporary;
    match error {
        Error::NoSpace { path: at } if is(&at) => Error::NoSpace { path: path.to_owned() },
        Error::Os { errno, path: at, op } if is(&at) => Error::Os { errno, path: path.to_owned(), op },
        Error::Verify { path: at, detail } if is(&at) => Error::Verify { path: path.to_owned(), detail },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_made_from_the_outside_in() {
        let upload = |path: &str| Upload { path: path.to_owned(), content: Vec::new() };
        let files =
            [upload("/lib/a/b/c.py"), upload("/lib/a/d.py"), upload("/lib/e.py"), upload("/lib/f/g.py")];
        assert_eq!(directories(&files, &["/lib"]), ["/lib/a", "/lib/a/b", "/lib/f"]);
        assert_eq!(directories(&[upload("../x/y.py"), upload("./z.py")], &[]), ["../x"]);
    }
}
