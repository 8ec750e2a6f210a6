//! Random operations in a mounted folder and in a plain one: the same answers, the same trees, and again after a fresh mount.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use mpr_tests::{BoardOptions, Desk, Faults, Folder, Kind, Schedule, contents};
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};

/// Operations of one case, and how many cases there are: 20,000 operations in all. `MPR_MODEL_TIMES=10` makes ten times as many.
const OPERATIONS: usize = 500;
const CASES: u32 = 16;
/// Those of a mount that asks the board each time are slower.
const SLOW_CASES: u32 = 4;

/// Slots for files that stay open.
const SLOTS: usize = 3;

#[derive(Debug, Clone)]
enum Operation {
    Write(String, Vec<u8>),
    New(String, Vec<u8>),
    Append(String, Vec<u8>),
    WriteAt(String, u16, Vec<u8>),
    Truncate(String, u16),
    Read(String),
    Look(String),
    List(String),
    MakeDir(String),
    RemoveDir(String),
    Remove(String),
    Rename(String, String),
    Open(usize, String),
    Create(usize, String),
    SlotWrite(usize, u16, Vec<u8>),
    SlotRead(usize, u16, u16),
    SlotResize(usize, u16),
    SlotSync(usize),
    Close(usize),
}

/// Few names, so that they meet.
fn path() -> impl Strategy<Value = String> {
    let part = || prop::sample::select(vec!["a", "b", "ü c", "d"]);
    prop_oneof![
        4 => part().prop_map(str::to_owned),
        3 => (part(), part()).prop_map(|(a, b)| format!("{a}/{b}")),
        1 => (part(), part(), part()).prop_map(|(a, b, c)| format!("{a}/{b}/{c}")),
    ]
}

/// Short and long, some of one byte's repetitions as deflate likes them.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..40),
        1 => (any::<u8>(), 0..20_000usize).prop_map(|(byte, len)| vec![byte; len]),
        1 => (any::<u32>(), 1..12_000u32).prop_map(|(seed, len)| {
            (0..len).map(|n| (n.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 15) as u8).collect()
        }),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation::*;
    let slot = || 0..SLOTS;
    let at = || 0..25_000u16;
    prop_oneof![
        3 => (path(), bytes()).prop_map(|(path, bytes)| Write(path, bytes)),
        1 => (path(), bytes()).prop_map(|(path, bytes)| New(path, bytes)),
        1 => (path(), bytes()).prop_map(|(path, bytes)| Append(path, bytes)),
        2 => (path(), at(), bytes()).prop_map(|(path, at, bytes)| WriteAt(path, at, bytes)),
        1 => (path(), at()).prop_map(|(path, at)| Truncate(path, at)),
        3 => path().prop_map(Read),
        2 => path().prop_map(Look),
        1 => path().prop_map(List),
        3 => path().prop_map(MakeDir),
        1 => path().prop_map(RemoveDir),
        1 => path().prop_map(Remove),
        3 => (path(), path()).prop_map(|(from, to)| Rename(from, to)),
        2 => (slot(), path()).prop_map(|(slot, path)| Open(slot, path)),
        1 => (slot(), path()).prop_map(|(slot, path)| Create(slot, path)),
        3 => (slot(), at(), bytes()).prop_map(|(slot, at, bytes)| SlotWrite(slot, at, bytes)),
        2 => (slot(), at(), at()).prop_map(|(slot, at, len)| SlotRead(slot, at, len)),
        1 => (slot(), at()).prop_map(|(slot, at)| SlotResize(slot, at)),
        1 => slot().prop_map(SlotSync),
        2 => slot().prop_map(Close),
    ]
}

/// A folder, and the files that are open in it.
struct Place {
    root: PathBuf,
    open: HashMap<usize, File>,
}

impl Place {
    fn new(root: &Path) -> Place {
        Place { root: root.to_owned(), open: HashMap::new() }
    }

    /// Does it; what it came to, in words.
    fn apply(&mut self, operation: &Operation) -> Result<String, Option<i32>> {
        self.attempt(operation).map_err(|error| error.raw_os_error())
    }

    fn attempt(&mut self, operation: &Operation) -> io::Result<String> {
        use Operation::*;
        let at = |path: &str| self.root.join(path);
        let done = |()| String::new();
        match operation {
            Write(path, bytes) => fs::write(at(path), bytes).map(done),
            New(path, bytes) => {
                let file = OpenOptions::new().write(true).create_new(true).open(at(path))?;
                file.write_all_at(bytes, 0).map(done)
            }
            Append(path, bytes) => {
                let mut file = OpenOptions::new().append(true).open(at(path))?;
                io::Write::write_all(&mut file, bytes).map(done)
            }
            WriteAt(path, offset, bytes) => {
                let file = OpenOptions::new().write(true).open(at(path))?;
                file.write_all_at(bytes, u64::from(*offset)).map(done)
            }
            Truncate(path, size) => {
                nix::unistd::truncate(&at(path), i64::from(*size)).map(done).map_err(io::Error::from)
            }
            Read(path) => fs::read(at(path)).map(|bytes| told(&bytes)),
            Look(path) => fs::symlink_metadata(at(path)).map(|data| match data.is_dir() {
                true => "directory".to_owned(),
                false => data.len().to_string(),
            }),
            List(path) => {
                let mut names: Vec<_> =
                    fs::read_dir(at(path))?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>()?;
                names.sort();
                Ok(format!("{names:?}"))
            }
            MakeDir(path) => fs::create_dir(at(path)).map(done),
            RemoveDir(path) => fs::remove_dir(at(path)).map(done),
            Remove(path) => fs::remove_file(at(path)).map(done),
            Rename(from, to) => fs::rename(at(from), at(to)).map(done),
            Open(slot, path) => {
                let file = OpenOptions::new().read(true).write(true).open(at(path))?;
                self.open.insert(*slot, file);
                Ok(String::new())
            }
            Create(slot, path) => {
                let file =
                    OpenOptions::new().read(true).write(true).create(true).truncate(true).open(at(path))?;
                self.open.insert(*slot, file);
                Ok(String::new())
            }
            Close(slot) => {
                self.open.remove(slot);
                Ok(String::new())
            }
            SlotWrite(slot, offset, bytes) => match self.open.get(slot) {
                Some(file) => file.write_all_at(bytes, u64::from(*offset)).map(done),
                None => Ok(String::new()),
            },
            SlotRead(slot, offset, len) => match self.open.get(slot) {
                Some(file) => {
                    let mut bytes = vec![0; usize::from(*len)];
                    let mut count = 0;
                    while count < bytes.len() {
                        match file.read_at(&mut bytes[count..], u64::from(*offset) + count as u64)? {
                            0 => break,
                            n => count += n,
                        }
                    }
                    Ok(told(&bytes[..count]))
                }
                None => Ok(String::new()),
            },
            SlotResize(slot, size) => match self.open.get(slot) {
                Some(file) => file.set_len(u64::from(*size)).map(done),
                None => Ok(String::new()),
            },
            SlotSync(slot) => match self.open.get(slot) {
                Some(file) => file.sync_all().map(done),
                None => Ok(String::new()),
            },
        }
    }
}

fn told(bytes: &[u8]) -> String {
    format!("{} bytes, {:?}..., {:08x}", bytes.len(), &bytes[..bytes.len().min(16)], sum(bytes))
}

fn sum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(1, |sum: u32, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)))
}

fn empty(folder: &Path) {
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("an entry can be read").path();
        match path.is_dir() {
            true => fs::remove_dir_all(path),
            false => fs::remove_file(path),
        }
        .expect("it can be removed");
    }
}

/// One case on a board of its own.
fn compare(operations: &[Operation], board: &Start, options: &[&str]) -> Result<(), TestCaseError> {
    let desk = board();
    // Some boards have directories of their own in the root.
    desk.run(&["mkdir", ":model"]);
    let mount = |options: &[&str]| Folder::mount_path(&desk.board, ":model", options);
    let Some(mut folder) = mount(options) else { return Ok(()) };
    let plain = tempfile::tempdir().expect("a temporary folder can be made");
    let (mut ours, mut theirs) = (Place::new(folder.path()), Place::new(plain.path()));
    for (n, operation) in operations.iter().enumerate() {
        let (here, there) = (ours.apply(operation), theirs.apply(operation));
        prop_assert_eq!(here, there, "operation {}: {:?}", n, operation);
    }
    drop(ours);
    drop(theirs);
    prop_assert!(contents(folder.path()) == contents(plain.path()), "the trees differ");
    folder.unmount();
    let again = mount(&[]).expect("it was mounted before");
    prop_assert!(contents(again.path()) == contents(plain.path()), "the trees differ after a fresh mount");
    empty(again.path());
    Ok(())
}

/// Starts a board.
type Start = dyn Fn() -> Desk;

fn run(options: &[&str], cases: u32) {
    run_on(&|| Desk::new(Kind::SimPty), OPERATIONS, options, cases);
}

fn run_on(board: &Start, operations: usize, options: &[&str], cases: u32) {
    let times: Option<u32> = std::env::var("MPR_MODEL_TIMES").ok().and_then(|times| times.parse().ok());
    let config = Config {
        cases: cases * times.unwrap_or(1),
        max_shrink_iters: 100,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/fuse/model.seeds"))),
        ..Config::default()
    };
    let operations = prop::collection::vec(operation(), operations);
    let outcome = TestRunner::new(config).run(&operations, |operations| compare(&operations, board, options));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn a_mounted_folder_is_as_a_plain_one() {
    run(&[], CASES);
}

#[test]
fn a_mounted_folder_is_as_a_plain_one_second_half() {
    run(&[], CASES);
}

#[test]
fn a_mounted_folder_that_asks_each_time_is_as_a_plain_one() {
    run(&["--cache-ttl", "0"], SLOW_CASES);
}

#[test]
fn a_mounted_folder_that_asks_each_time_is_as_a_plain_one_second_half() {
    run(&["--cache-ttl", "0"], SLOW_CASES);
}

/// Fewer operations, on boards that are reached in other ways.
const FEW: usize = 300;

#[test]
fn a_folder_on_a_slow_line_is_as_a_plain_one() {
    let start = || {
        let wire = Faults { baud: Some(115_200), ..Faults::default() };
        let options = BoardOptions { schedule: Schedule::both(0, &wire), ..BoardOptions::default() };
        Desk::with(Kind::SimLink, options)
    };
    run_on(&start, FEW, &[], 1);
}

#[test]
fn a_folder_over_webrepl_is_as_a_plain_one() {
    run_on(&|| Desk::new(Kind::SimWs), FEW, &[], 1);
}

#[test]
fn a_folder_over_a_stock_boards_webrepl_is_as_a_plain_one() {
    run_on(&|| Desk::new(Kind::SimWsStock), FEW, &[], 1);
}

#[test]
fn a_folder_of_a_stock_board_is_as_a_plain_one() {
    run_on(&|| Desk::new(Kind::Wasm), FEW, &[], 1);
}
