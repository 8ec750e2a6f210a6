//! A folder of this machine, told as it is read, and made into an image.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mpr_protocol::romfs::{self, Entry};

use super::Compile;
use crate::failure::{Failure, Kind};
use crate::local::compiler::{Asker, Compilation, Compiler};
use crate::printer::Printer;
use crate::session::Session;
use crate::signals::Signals;

const ASKER: Asker = Asker { command: "romfs", without: "with `--no-mpy` modules stay as they are" };

/// An image and what is in it.
pub struct Built {
    /// The image.
    pub image: Vec<u8>,
    /// Files in it.
    pub files: usize,
    /// Those that were compiled.
    pub compiled: usize,
}

/// What is shared while a folder is read.
struct Reader<'a> {
    printer: &'a Printer,
    signals: &'a Signals,
    compiler: Option<Compiler>,
    /// The folders that lead to the present one, so that a link to one of them shows.
    above: Vec<PathBuf>,
    files: usize,
    compiled: usize,
}

/// Makes the image of a folder. Says what it does in mpremote's words.
pub fn build(path: &str, compile: Compile, session: &Session<'_>) -> Result<Built, Failure> {
    let printer = session.printer();
    let folder = if path.ends_with('/') { path.to_owned() } else { format!("{path}/") };
    // Before anything is said: what is missing is one line.
    match fs::metadata(&folder) {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => return Err(no_folder(path)),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Err(no_folder(path)),
        Err(error) => return Err(Failure::local("romfs", path, &error)),
    }
    let compiler = match compile {
        Compile::Never => None,
        Compile::Always => Some(Compiler::find(ASKER)?.ok_or_else(|| ASKER.missing())?),
        Compile::IfPossible => Compiler::find(ASKER)?,
    };
    let lacks_compiler = compile == Compile::IfPossible && compiler.is_none();
    let mut reader =
        Reader { printer, signals: session.signals(), compiler, above: Vec::new(), files: 0, compiled: 0 };
    printer.headline(&format!("Building romfs filesystem, source directory: {folder}"))?;
    printer.headline("/")?;
    let mut sources = false;
    let entries = reader.read(&folder, "", &mut sources)?;
    if lacks_compiler && sources {
        printer.note("note: modules are not compiled, for `mpy-cross` is not installed; `--no-mpy` says that this is meant");
    }
    Ok(Built { image: romfs::build(&entries), files: reader.files, compiled: reader.compiled })
}

fn no_folder(path: &str) -> Failure {
    Failure::usage(format!("romfs: `{path}` is not a folder"))
        .hint("`mpr romfs deploy FILE.romfs` takes an image, whose name ends in .romfs or .img")
}

impl Reader<'_> {
    /// The entries of a folder, whose name ends in a slash, in mpremote's order. `sources`: there are modules to compile.
    fn read(&mut self, folder: &str, indent: &str, sources: &mut bool) -> Result<Vec<Entry>, Failure> {
        let local = |path: &str| {
            let path = path.to_owned();
            move |error: io::Error| Failure::local("romfs", &path, &error)
        };
        let real = fs::canonicalize(folder).map_err(local(folder))?;
        if self.above.contains(&real) {
            return Err(Failure::usage(format!("romfs: `{folder}` leads back to a folder that it is in")));
        }
        self.above.push(real);
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(local(folder))? {
            let name = entry.map_err(local(folder))?.file_name().into_string();
            let name = name.map_err(|name| {
                Failure::usage(format!("romfs: `{folder}{}`: the name is not UTF-8", name.to_string_lossy()))
            })?;
            names.push(name);
        }
        // In the order of characters, which is that of their bytes.
        names.sort();
        let last = names.last().cloned();
        let mut entries = Vec::with_capacity(names.len());
        for name in names {
            if self.signals.received().is_some() {
                return Err(Failure::new(Kind::Interrupted(2), "interrupted"));
            }
            let path = format!("{folder}{name}");
            let is_last = last.as_ref() == Some(&name);
            let branch = format!("{indent}{}", if is_last { "\\--" } else { "|--" });
            let metadata = fs::metadata(&path).map_err(local(&path))?;
            if metadata.is_dir() {
                self.printer.headline(&format!("{branch} {name}/"))?;
                let indent = format!("{indent}{}", if is_last { "    " } else { "|   " });
                let members = self.read(&format!("{path}/"), &indent, sources)?;
                entries.push(Entry::Directory { name, members });
            } else if metadata.is_file() {
                entries.push(self.file(name, &path, &branch, sources)?);
            } else {
                return Err(Failure::usage(format!("romfs: `{path}` is neither a file nor a folder")));
            }
        }
        self.above.pop();
        Ok(entries)
    }

    fn file(&mut self, name: String, path: &str, branch: &str, sources: &mut bool) -> Result<Entry, Failure> {
        self.files += 1;
        // A module that was compiled by hand takes the place of what would be compiled here.
        let module = name.strip_suffix(".py").map(|stem| format!("{stem}.mpy"));
        let module = module.filter(|module| !Path::new(path).with_file_name(module).is_file());
        *sources |= module.is_some();
        if let (Some(compiler), Some(module)) = (&self.compiler, module) {
            self.printer.headline(&format!("{branch} {name} -> .mpy"))?;
            self.compiled += 1;
            return Ok(Entry::File {
                name: module,
                content: compiler.compile(Path::new(path), Compilation::default())?,
            });
        }
        self.printer.headline(&format!("{branch} {name}"))?;
        let content = fs::read(path).map_err(|error| Failure::local("romfs", path, &error))?;
        Ok(Entry::File { name, content })
    }
}
