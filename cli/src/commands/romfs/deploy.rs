//! `romfs deploy`: writes an image to a partition.

use std::path::Path;

use mpr_protocol::Error;
use mpr_protocol::mip::BoardFacts;
use mpr_protocol::romfs::{self, Answer, Compiled, Left, Misfit, Partition, Reason, Stage};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Compile, query, refused, tree};
use crate::commands::Run;
use crate::commands::eval::hex;
use crate::failure::Failure;
use crate::local::compiler;
use crate::progress::Progress;
use crate::session::Session;

/// `romfs deploy`.
#[derive(Debug)]
pub struct Deploy {
    /// A folder, or an image.
    pub path: String,
    /// The partition's number.
    pub partition: u32,
    /// Whether modules of a folder are compiled.
    pub compile: Compile,
}

#[derive(Serialize)]
struct Report<'a> {
    source: &'a str,
    partition: u32,
    size: u64,
    sha256: String,
    /// False if the partition held the image already.
    written: bool,
}

impl Run for Deploy {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let printer = session.printer();
        let image = self.image(session)?;
        printer.headline(&format!("Image size is {} bytes", image.len()))?;
        let partition = self.find(session)?;
        printer.headline(&query::headline(&partition))?;
        if romfs::check(&image).is_none() {
            return Err(self.failure(Reason::Invalid, Left::Unchanged));
        }
        self.check_modules(&image, session)?;
        let (size, mut stage) = (image.len() as u64, None);
        let progress = Progress::new(printer, "", size);
        let mut heard = |now: Stage, done: u64| {
            if stage != Some(now) {
                stage = Some(now);
                progress.name(match now {
                    Stage::Preparing => "preparing",
                    Stage::Writing => "writing",
                    Stage::Verifying => "verifying",
                });
            }
            progress.at(done);
        };
        let deployed = session.device()?.romfs_deploy(&partition, &image, &mut heard);
        drop(progress);
        let deployed = deployed.map_err(|failed| self.failure(failed.reason, failed.left))?;
        if !deployed.written {
            printer.note("note: the partition holds this image already");
        }
        printer.headline("ROMFS image deployed")?;
        let report = Report {
            source: &self.path,
            partition: self.partition,
            size: deployed.size,
            sha256: hex(&Sha256::digest(&image)),
            written: deployed.written,
        };
        printer.json("romfs deploy", &report)
    }
}

impl Deploy {
    /// The image: a file by its name, else that of a folder.
    fn image(&self, session: &Session<'_>) -> Result<Vec<u8>, Failure> {
        let is_image = [".img", ".romfs"].iter().any(|end| self.path.ends_with(end));
        if is_image && !Path::new(&self.path).is_dir() {
            return std::fs::read(&self.path)
                .map_err(|error| Failure::local("romfs deploy", &self.path, &error));
        }
        tree::build(&self.path, self.compile, session).map(|built| built.image)
    }

    fn find(&self, session: &mut Session<'_>) -> Result<Partition, Failure> {
        let answer =
            session.device()?.romfs_partitions().map_err(|error| Failure::device("romfs deploy", error))?;
        let Answer::Partitions(partitions) = answer else {
            return Err(refused("ROMFS is not enabled on this device")
                .hint("firmware from MicroPython 1.25 on may have it; `{mpr} romfs query` asks for it"));
        };
        let number = usize::try_from(self.partition).unwrap_or(usize::MAX);
        partitions.into_iter().nth(number).flatten().ok_or_else(|| {
            refused(format!("ROMFS{} partition not found on device", self.partition))
                .hint("`{mpr} romfs query` lists the partitions")
        })
    }

    /// Makes sure that the board takes the compiled modules of the image.
    fn check_modules(&self, image: &[u8], session: &mut Session<'_>) -> Result<(), Failure> {
        // The board need not be asked about modules that are not there.
        if romfs::misfit(image, 0).is_none() {
            return Ok(());
        }
        let device = session.device()?;
        let mpy = BoardFacts::ask(device).map_err(|error| Failure::device("romfs deploy", error))?.mpy;
        match romfs::misfit(image, mpy) {
            None => Ok(()),
            Some(Misfit { path, is }) => {
                let board = Compiled::of_board(mpy).map_or("none".to_owned(), compiler::describe);
                let failure = match is {
                    None => refused(format!("`{path}` in the image is not a compiled module")),
                    Some(is) => refused(format!("the device can't run `{path}` of the image")).cause(
                        format!("it is compiled for {}, the device takes {board}", compiler::describe(is)),
                    ),
                };
                Err(failure
                    .cause(said(Left::Unchanged))
                    .hint("an `mpy-cross` of the device's version compiles for it; `--no-mpy` leaves modules as they are"))
            }
        }
    }

    fn failure(&self, reason: Reason, left: Left) -> Failure {
        let failure = match reason {
            Reason::Invalid => Failure::usage(format!("romfs: `{}`: Invalid ROMFS image", self.path))
                .hint("`mpr romfs build FOLDER` makes an image"),
            Reason::TooBig { image, partition } => refused("ROMFS image is too big for the target partition")
                .cause(format!("the image has {image} bytes, the partition {partition}")),
            Reason::Device(error) => {
                let interrupted = matches!(error, Error::Interrupted);
                let failure = Failure::device("romfs deploy", error);
                return match (left, interrupted) {
                    (Left::Unchanged, _) | (_, true) => failure.cause(said(left)),
                    _ => Failure { hint: None, ..failure }.cause(said(left)).hint(AGAIN),
                };
            }
            reason => refused(reason).hint(AGAIN),
        };
        failure.cause(said(left))
    }
}

/// What helps when a deployment was cut.
const AGAIN: &str = "run the command again, which does all of it anew";

fn said(left: Left) -> &'static str {
    match left {
        Left::Unchanged => "the partition is as it was",
        Left::NoImage => "the partition holds no image now: the device has no files at `/rom` when it starts",
        Left::Unverified => "the partition may hold the whole image or none; it was not verified",
    }
}
