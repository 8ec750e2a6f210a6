//! Modules compiled for the board.

use std::path::Path;
use std::thread;

use mpr_protocol::mip::BoardFacts;
use mpr_protocol::romfs::Compiled;

use super::wanted::Wanted;
use crate::failure::Failure;
use crate::local::compiler::{Asker, Compilation, Compiler, describe};
use crate::session::Session;

const ASKER: Asker = Asker { command: "sync", without: "without `--mpy` modules go as they are" };

/// A board's start looks for these as they are.
const SOURCES: [&str; 2] = ["boot.py", "main.py"];

/// The compiler, and what the board takes.
#[derive(Debug)]
pub struct Modules {
    compiler: Compiler,
    board: Compiled,
}

impl Modules {
    /// Looks for the compiler, and asks the board.
    pub fn prepare(session: &mut Session<'_>) -> Result<Self, Failure> {
        let compiler = Compiler::find(ASKER)?.ok_or_else(|| ASKER.missing())?;
        let facts = BoardFacts::ask(session.device()?).map_err(|error| Failure::device("sync", error))?;
        match Compiled::of_board(facts.mpy) {
            Some(board) => Ok(Modules { compiler, board }),
            None => Err(Failure::refused("sync: the device takes no compiled modules").hint(ASKER.without)),
        }
    }

    /// Puts `NAME.mpy` in the place of each `NAME.py`, so that the board gets the one and loses the other. The same source always
    /// gives the same bytes.
    pub fn compile(&self, wanted: &mut Wanted) -> Result<(), Failure> {
        let sources: Vec<String> =
            wanted.files.keys().filter(|path| module(path).is_some()).cloned().collect();
        // A module that was compiled by hand is taken as it is.
        let (done, sources): (Vec<String>, Vec<String>) = sources
            .into_iter()
            .partition(|path| module(path).is_some_and(|module| wanted.files.contains_key(&module)));
        for path in done {
            wanted.replace(&path);
        }
        let results = self.compile_all(&sources, wanted);
        for (path, result) in sources.into_iter().zip(results) {
            let Some(module) = module(&path) else { continue };
            match result {
                Ok(content) => {
                    self.check(&path, &content)?;
                    wanted.make(module, &content)?;
                    wanted.replace(&path);
                }
                Err(failure) => wanted.give_up(&path, &[&path, &module], failure),
            }
        }
        Ok(())
    }

    /// All modules, several at a time.
    fn compile_all(&self, sources: &[String], wanted: &Wanted) -> Vec<Result<Vec<u8>, Failure>> {
        let compile = |path: &String| {
            let how = Compilation { name: Some(path), processor: self.board.processor };
            self.compiler.compile(&wanted.files[path], how)
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let share = sources.len().div_ceil(threads).max(1);
        thread::scope(|scope| {
            let workers: Vec<_> = sources
                .chunks(share)
                .map(|share| scope.spawn(move || share.iter().map(compile).collect::<Vec<_>>()))
                .collect();
            workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
        })
    }

    /// Whether the board runs what this compiler makes.
    fn check(&self, path: &str, content: &[u8]) -> Result<(), Failure> {
        match Compiled::of_module(content) {
            Some(is) if is.fits(self.board) => Ok(()),
            is => {
                let made = is.map_or("no module".to_owned(), describe);
                Err(Failure::refused(format!(
                    "sync: the device can't run what `mpy-cross` makes of `{path}`"
                ))
                .cause(format!("it is compiled for {made}, the device takes {}", describe(self.board)))
                .hint(format!("an `mpy-cross` of the device's version compiles for it; {}", ASKER.without)))
            }
        }
    }
}

/// The name of a compiled module, for sources that are compiled.
fn module(path: &str) -> Option<String> {
    let name = Path::new(path).file_name()?.to_str()?;
    match SOURCES.contains(&name) {
        true => None,
        false => path.strip_suffix(".py").map(|stem| format!("{stem}.mpy")),
    }
}

#[cfg(test)]
mod tests {
    use super::module;

    #[test]
    fn which_files_are_compiled() {
        assert_eq!(module("lib/a.py").as_deref(), Some("lib/a.mpy"));
        for path in ["main.py", "lib/boot.py", "a.mpy", "py", "data.py.txt"] {
            assert_eq!(module(path), None, "{path}");
        }
    }
}
