//! `mip install` and the board: all files or none, whatever happens in the middle.

use std::time::{Duration, Instant};

use mpr_tests::{
    Board, BoardOptions, Desk, Faults, Kind, Mpr, Outcome, PATIENCE, Reply, Running, Schedule, Web,
};
use nix::sys::signal::Signal;

/// Prints every file of the board with its digest, and every directory.
const SNAPSHOT: &str = "
import os, hashlib, binascii
def walk(path):
    for entry in sorted(os.ilistdir(path or '/')):
        at = path + '/' + entry[0]
        if entry[1] & 0x4000:
            print(at + '/')
            walk(at)
        else:
            with open(at, 'rb') as f:
                print(at, binascii.hexlify(hashlib.sha256(f.read()).digest()).decode())
walk('')
";

/// A board with an old version of a package in `/lib`, and a server with a new one.
struct Update {
    desk: Desk,
    web: Web,
    before: String,
}

/// Files of the new version: path, and whether the old version has it.
const FILES: [(&str, bool); 4] = [("a.py", true), ("sub/b.py", true), ("new/c.py", false), ("d.py", true)];

/// The size of each new file, in bytes.
const SIZE: usize = 3000;

impl Update {
    fn on(kind: Kind) -> Update {
        Update::with(kind, BoardOptions::default(), SIZE)
    }

    fn with(kind: Kind, options: BoardOptions, size: usize) -> Update {
        let desk = Desk::with(kind, options);
        desk.run(&["exec", "import os; 'lib' in os.listdir('/') or os.mkdir('/lib'); os.mkdir('/lib/sub')"]);
        for (path, _) in FILES.iter().filter(|(_, old)| *old) {
            desk.run(&["exec", &format!("with open('/lib/{path}', 'w') as f: f.write('old {path}')")]);
        }
        let before = snapshot(&desk.board);
        let web = Web::start();
        let urls = FILES.map(|(path, _)| format!(r#"["{path}", "{path}"]"#)).join(", ");
        web.content("/package.json", format!(r#"{{"urls": [{urls}]}}"#));
        for (path, _) in FILES {
            web.content(&format!("/{path}"), content(path, size));
        }
        Update { desk, web, before }
    }

    fn install(&self) -> Mpr {
        self.desk.mpr().args(["mip", "install", "--target", "/lib", &self.web.url("/package.json")])
    }

    /// Everything on the board is as it was.
    #[track_caller]
    fn is_as_before(&self, outcome: &Outcome) {
        assert_eq!(snapshot(&self.desk.board), self.before, "{outcome}");
    }

    /// The new version is there, whole, and nothing else.
    #[track_caller]
    fn is_new(&self) {
        for (path, _) in FILES {
            assert_eq!(self.desk.on_board(&format!("/lib/{path}")), content(path, SIZE), "{path}");
        }
        assert_eq!(self.desk.names("/lib"), ["a.py", "d.py", "new/", "sub/"]);
    }
}

fn content(path: &str, size: usize) -> Vec<u8> {
    format!("# new {path}\n").into_bytes().into_iter().cycle().take(size).collect()
}

fn snapshot(board: &Board) -> String {
    board.mpr().args(["exec", SNAPSHOT]).ok().text()
}

#[test]
fn an_update_replaces_all_files() {
    for kind in [Kind::Sim, Kind::SimPty] {
        let update = Update::on(kind);
        update.install().ok();
        update.is_new();
    }
}

#[test]
fn a_target_that_has_no_room_is_known_early() {
    let options = BoardOptions { flash_size: Some("128K".into()), ..BoardOptions::default() };
    let update = Update::with(Kind::SimPty, options, 40_000);
    let outcome = update.install().run();
    outcome.expect_failure(1, ":/lib");
    outcome.expect_stderr("No space left on device");
    outcome.expect_stderr("160000 bytes are needed at least");
    outcome.expect_stderr("everything on the board is as it was");
    assert!(!outcome.stdout().contains("Installing: "), "{outcome}");
    update.is_as_before(&outcome);
}

#[test]
fn a_board_that_is_full_in_the_middle_is_as_before() {
    let options = BoardOptions { flash_size: Some("128K".into()), ..BoardOptions::default() };
    let update = Update::with(Kind::SimPty, options, SIZE);
    // Room for some of the files, and more than all of them by their bytes: each takes whole blocks.
    let fill = "
import os
def free():
    s = os.statvfs('/')
    return s[0] * s[3]
n = 0
while free() > 40000:
    with open('/fill%d' % n, 'w') as f: f.write('x' * 4000)
    n += 1
";
    update.desk.run(&["exec", fill]);
    let many = |size: usize| {
        let urls: Vec<String> = (0..12).map(|n| format!(r#"["m{n}.py", "m{n}.py"]"#)).collect();
        update.web.content(
            "/many/package.json",
            format!(r#"{{"urls": [["a.py", "../a.py"], {}]}}"#, urls.join(", ")),
        );
        for n in 0..12 {
            update.web.content(&format!("/many/m{n}.py"), content("m", size));
        }
        let address = update.web.url("/many/package.json");
        update.desk.mpr().args(["mip", "install", "--target", "/lib", &address])
    };
    let before = snapshot(&update.desk.board);
    let outcome = many(1400).run();
    outcome.expect_code(1);
    outcome.expect_stderr("No space left on device");
    outcome.expect_stderr("everything on the board is as it was");
    outcome.expect_stdout("Installing: /lib/m0.py");
    assert!(!outcome.stdout().contains("Done"), "{outcome}");
    assert_eq!(snapshot(&update.desk.board), before, "{outcome}");
    update.install().ok();
    assert_eq!(update.desk.on_board("/lib/a.py"), content("a.py", SIZE));
}

#[test]
fn control_c_while_a_server_is_silent() {
    for path in ["/package.json", "/new/c.py"] {
        let update = Update::on(Kind::SimPty);
        update.web.set(path, Reply::Silence);
        let mut running = update.install().spawn();
        update.web.wait_for_request(path);
        running.signal(Signal::SIGINT);
        let outcome = running.wait();
        outcome.expect_code(130);
        outcome.expect_stderr("nothing on the board was changed");
        update.is_as_before(&outcome);
    }
}

/// A line so slow that something can happen in the middle of a file.
fn slow() -> BoardOptions {
    let faults = Faults { baud: Some(57_600), ..Faults::default() };
    BoardOptions { schedule: Schedule::both(1, &faults), ..BoardOptions::default() }
}

#[test]
fn control_c_while_files_are_written() {
    let update = Update::with(Kind::SimLink, slow(), SIZE);
    let mut running = update.install().spawn();
    running.wait_for_stdout("Installing: /lib/sub/b.py");
    running.signal(Signal::SIGINT);
    let outcome = running.wait();
    outcome.expect_code(130);
    outcome.expect_stderr("everything on the board is as it was");
    update.is_as_before(&outcome);
    update.install().ok();
    update.is_new();
}

#[test]
fn a_link_that_is_cut_leaves_the_old_files() {
    let update = Update::with(Kind::SimLink, slow(), SIZE);
    let running = update.install().spawn();
    running.wait_for_stdout("Installing: /lib/new/c.py");
    update.desk.board.link().cut();
    let outcome = running.wait();
    outcome.expect_code(3);
    outcome.expect_stderr("new ones may be left in `:/lib/mip.tmp`");
    update.desk.board.link().restore();
    for (path, _) in FILES.iter().filter(|(_, old)| *old) {
        assert_eq!(update.desk.on_board(&format!("/lib/{path}")), format!("old {path}").into_bytes());
    }
    update.install().ok();
    update.is_new();
}

#[test]
fn a_board_that_loses_power_keeps_the_old_files() {
    let mut update = Update::on(Kind::SimPty);
    update.web.content("/d.py", content("d.py", 400_000));
    let running = update.install().spawn();
    running.wait_for_stdout("Installing: /lib/d.py");
    update.desk.board.kill();
    let outcome = running.wait();
    outcome.expect_code(3);
    let address = format!("sim:{}", update.desk.board.flash().display());
    let again = |words: &[&str]| mpr_tests::mpr().args(["connect", &address]).args(words).ok();
    for (path, _) in FILES.iter().filter(|(_, old)| *old) {
        assert_eq!(again(&["cat", &format!(":/lib/{path}")]).text(), format!("old {path}"));
    }
    update.web.content("/d.py", content("d.py", SIZE));
    again(&["mip", "install", "--target", "/lib", &update.web.url("/package.json")]);
    let listing = again(&["ls", ":/lib"]).text();
    assert!(!listing.contains("mip.tmp"), "{listing}");
    assert_eq!(again(&["cat", ":/lib/d.py"]).stdout, content("d.py", SIZE));
}

#[test]
fn a_file_in_the_way_of_a_directory_undoes_everything() {
    let update = Update::on(Kind::Sim);
    update.desk.run(&["exec", "open('/lib/new', 'w').close()"]);
    let before = snapshot(&update.desk.board);
    let outcome = update.install().run();
    outcome.expect_code(1);
    outcome.expect_stderr("everything on the board is as it was");
    assert_eq!(snapshot(&update.desk.board), before, "{outcome}");
}

#[test]
fn a_directory_in_the_way_of_a_file_is_found_before_anything_is_written() {
    let update = Update::on(Kind::Sim);
    update.desk.run(&["exec", "import os; os.remove('/lib/d.py'); os.mkdir('/lib/d.py')"]);
    let before = snapshot(&update.desk.board);
    let outcome = update.install().run();
    outcome.expect_failure(1, ":/lib/d.py");
    outcome.expect_stderr("Is a directory");
    assert_eq!(snapshot(&update.desk.board), before, "{outcome}");
}

/// The moves that a board does for a journal, one by one, as code.
fn moves() -> Vec<String> {
    let mut moves = vec!["os.mkdir('/lib/new')".to_owned()];
    for (number, (path, old)) in FILES.iter().enumerate() {
        if *old {
            moves.push(format!("os.rename('/lib/{path}', '/lib/mip.tmp/o{number}')"));
        }
        moves.push(format!("os.rename('/lib/mip.tmp/n{number}', '/lib/{path}')"));
    }
    moves
}

/// Brings the board to the state in which the power goes away after so many moves.
fn cut_after(update: &Update, count: usize) {
    let mut code = "import os\nos.mkdir('/lib/mip.tmp')\n".to_owned();
    let mut journal = "d /lib/new\\n".to_owned();
    for (number, (path, _)) in FILES.iter().enumerate() {
        code += &format!("with open('/lib/mip.tmp/n{number}', 'w') as f: f.write('half an update')\n");
        journal += &format!("f /lib/{path}\\n");
    }
    code += &format!("with open('/lib/mip.tmp/j', 'w') as f: f.write('{journal}')\n");
    code += &moves()[..count].join("\n");
    update.desk.run(&["exec", &code]);
}

#[test]
fn moves_that_were_cut_are_undone_by_the_next_installation() {
    for count in 0..=moves().len() {
        let update = Update::on(Kind::SimPty);
        cut_after(&update, count);
        // It repairs the board, and fails afterwards, so that everything must be as it was before the cut.
        update.desk.write("p/package.json", br#"{"urls": [["sub/b.py/x.py", "x.py"]]}"#);
        update.desk.write("p/x.py", b"");
        let outcome = update.desk.mpr().args(["mip", "install", "--target", "/lib", "p/"]).run();
        outcome.expect_code(1);
        assert_eq!(snapshot(&update.desk.board), update.before, "after {count} moves: {outcome}");
    }
}

#[test]
fn files_of_the_user_are_not_removed() {
    let update = Update::on(Kind::SimPty);
    update
        .desk
        .run(&["exec", "import os; os.mkdir('/lib/mip.tmp'); open('/lib/mip.tmp/notes.txt', 'w').close()"]);
    let before = snapshot(&update.desk.board);
    let outcome = update.install().run();
    outcome.expect_failure(1, ":/lib/mip.tmp");
    assert_eq!(snapshot(&update.desk.board), before, "{outcome}");
}

/// Mounts `/real` as `/slow` through code that leaves a mark in the flash before each move, and takes its time.
const SLOW: &str = "
import os, time
class Slow:
    def mount(self, readonly, mkfs): pass
    def umount(self): pass
    def at(self, path): return '/real' + path.rstrip('/')
    def stat(self, path): return os.stat(self.at(path))
    def statvfs(self, path): return os.statvfs('/real')
    def ilistdir(self, path): return os.ilistdir(self.at(path))
    def open(self, path, mode): return open(self.at(path), mode)
    def mkdir(self, path): os.mkdir(self.at(path))
    def rmdir(self, path): os.rmdir(self.at(path))
    def remove(self, path): os.remove(self.at(path))
    def rename(self, old, new):
        if '.part' not in old:
            with open('/moves', 'w') as f: f.write('it moves' * 100)
            time.sleep(0.3)
        os.rename(self.at(old), self.at(new))
os.mkdir('/real')
os.mount(Slow(), '/slow')
with open('/slow/a.py', 'w') as f: f.write('old a.py')
";

/// Starts an installation on the slow filesystem, and returns when the board moves files.
fn moving(update: &Update) -> Running {
    update.desk.run(&["exec", SLOW]);
    let address = update.web.url("/package.json");
    let running = update.desk.mpr().args(["mip", "install", "--target", "/slow", &address]).spawn();
    let start = Instant::now();
    let mark = b"it moves".repeat(100);
    let flash = || std::fs::read(update.desk.board.flash()).unwrap_or_default();
    while !flash().windows(mark.len()).any(|bytes| bytes == mark) {
        assert!(start.elapsed() < PATIENCE, "the board moves nothing");
        std::thread::sleep(Duration::from_millis(5));
    }
    running
}

#[track_caller]
fn has_moved(update: &Update) {
    for (path, _) in FILES {
        assert_eq!(update.desk.on_board(&format!("/real/{path}")), content(path, SIZE), "{path}");
    }
    assert_eq!(update.desk.names("/real"), ["a.py", "d.py", "new/", "sub/"]);
}

#[test]
fn control_c_comes_too_late_when_files_are_moving() {
    let update = Update::on(Kind::SimPty);
    let mut running = moving(&update);
    running.signal(Signal::SIGINT);
    let outcome = running.wait();
    outcome.expect_code(130);
    outcome.expect_stdout("Done");
    has_moved(&update);
}

#[test]
fn a_board_moves_files_without_help() {
    let update = Update::on(Kind::SimLink);
    let running = moving(&update);
    update.desk.board.link().cut();
    let outcome = running.wait();
    outcome.expect_code(3);
    outcome.expect_stderr("the board was moving the new files from `:/slow/mip.tmp`");
    update.desk.board.link().restore();
    // Time for the moves; the next command would interrupt a board that still accepts that.
    has_moved(&update);
}

#[test]
fn a_line_that_damages_bytes_delivers_whole_files() {
    let faults = Faults { corrupt: 0.0002, ..Faults::default() };
    let update = Update::on(Kind::SimLink);
    update.desk.board.link().set(Schedule::both(7, &faults));
    let outcome = update.install().run();
    update.desk.board.link().heal();
    if outcome.status.code() != Some(0) {
        for (path, _) in FILES.iter().filter(|(_, old)| *old) {
            let content = update.desk.on_board(&format!("/lib/{path}"));
            assert_eq!(content, format!("old {path}").into_bytes(), "{outcome}");
        }
        update.install().ok();
    }
    update.is_new();
}
