//! Programs that people use in folders, in a mounted one. What they leave is then compared with what the board has, and with
//! what a fresh mount shows.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use mpr_tests::{BoardOptions, Desk, Faults, Folder, Kind, Schedule, Terminal, contents, system_program};

/// A board whose directory `work` is worked in.
struct Place {
    desk: Desk,
    folder: Folder,
}

impl Place {
    /// `None` where this machine can't mount.
    fn new(kind: Kind) -> Option<Place> {
        Place::with(kind, BoardOptions { flash_size: Some("4M".to_owned()), ..BoardOptions::default() })
    }

    fn with(kind: Kind, options: BoardOptions) -> Option<Place> {
        let desk = Desk::with(kind, options);
        let folder = Folder::mount(&desk.board, &[])?;
        fs::create_dir(folder.join("work")).expect("it is made");
        Some(Place { desk, folder })
    }

    /// Runs a script of the shell in the directory; what it prints.
    #[track_caller]
    fn sh(&self, script: &str) -> String {
        self.run(Command::new("sh").args(["-ec", script]))
    }

    #[track_caller]
    fn run(&self, command: &mut Command) -> String {
        let output = self.output(command);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {}\n{text}\n{said}", output.status);
        text
    }

    fn output(&self, command: &mut Command) -> Output {
        command
            .current_dir(self.folder.join("work"))
            .env("HOME", self.desk.dir())
            .env("LC_ALL", "C.UTF-8")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .expect("it starts")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.join("work").join(name), text).expect("it is written");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join("work").join(name)).expect("it is read")
    }

    /// Compares three views: this mount's, the board's own, and a fresh mount's.
    #[track_caller]
    fn ends_on_board(mut self) {
        let seen = contents(&self.folder.join("work"));
        assert!(!seen.is_empty());
        self.desk.run(&["cp", "-r", ":work", "copy"]);
        assert_eq!(names(&contents(&self.desk.dir().join("copy"))), names(&seen));
        assert!(contents(&self.desk.dir().join("copy")) == seen, "the board has other contents");
        self.folder.unmount();
        let fresh = Folder::mount(&self.desk.board, &[]).expect("it was mounted before");
        assert!(contents(&fresh.join("work")) == seen, "a fresh mount shows other contents");
    }
}

fn names(contents: &[(String, Option<Vec<u8>>)]) -> Vec<(&str, Option<usize>)> {
    contents.iter().map(|(name, bytes)| (name.as_str(), bytes.as_ref().map(Vec::len))).collect()
}

/// A tree on this machine, of some files with names that need care.
fn tree(dir: &Path) {
    for n in 0..12 {
        let path = dir.join(format!("tree/part {}/n\u{e4}me_{n}.py", n % 3));
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("it is made");
        fs::write(path, format!("value = {n}\n").repeat(n * 40)).expect("it is written");
    }
    fs::create_dir_all(dir.join("tree/empty")).expect("it is made");
}

#[test]
fn vim_saves_in_all_its_ways() {
    let Some(place) = Place::new(Kind::SimPty) else { return };
    for (name, copy) in [("renamed.py", "no"), ("in_place.py", "yes"), ("as_it_likes.py", "auto")] {
        place.write(name, "first\nsecond\nthird\n");
        place.run(
            Command::new(system_program("vim"))
                .args(["-N", "-u", "NONE", "-es", "--cmd"])
                .arg(format!(
                    "set backup writebackup swapfile undofile backupskip= backupcopy={copy} nofsync"
                ))
                .args(["-c", "%s/second/2nd/", "-c", "w", "-c", "normal Gofourth", "-c", "wq", name]),
        );
        assert_eq!(place.read(name), "first\n2nd\nthird\nfourth\n");
        assert_eq!(place.read(&format!("{name}~")), "first\n2nd\nthird\n");
    }
    place.ends_on_board();
}

#[test]
fn vim_is_used_on_a_terminal() {
    let Some(place) = Place::new(Kind::SimPty) else { return };
    place.write("main.py", "print('one')\n");
    let mut vim = Command::new(system_program("vim"));
    vim.args(["-u", "NONE", "main.py"]).current_dir(place.folder.join("work")).env("TERM", "xterm");
    let home = Arc::new(tempfile::tempdir().expect("a temporary folder"));
    vim.env("HOME", home.path());
    let mut terminal = Terminal::start(vim, home);
    terminal.expect("print('one')");
    terminal.send("oprint('two')\x1b:wq\r");
    terminal.ends_sane(0);
    assert_eq!(place.read("main.py"), "print('one')\nprint('two')\n");
    assert_eq!(place.desk.run(&["exec", "exec(open('work/main.py').read())"]), "one\ntwo\n");
    place.ends_on_board();
}

#[test]
fn nano_is_used_on_a_terminal() {
    let Some(place) = Place::new(Kind::SimPty) else { return };
    place.write("notes.txt", "old line\n");
    let mut nano = Command::new(system_program("nano"));
    nano.args(["--ignorercfiles", "--backup", "notes.txt"])
        .current_dir(place.folder.join("work"))
        .env("TERM", "xterm");
    let home = Arc::new(tempfile::tempdir().expect("a temporary folder"));
    nano.env("HOME", home.path());
    let mut terminal = Terminal::start(nano, home);
    terminal.expect("old line");
    terminal.send("new line\r");
    terminal.expect("new line");
    terminal.send("\x0f");
    terminal.expect("notes.txt");
    terminal.send("\r");
    terminal.expect("Wrote 2 lines");
    terminal.send("\x18");
    terminal.ends_sane(0);
    assert_eq!(place.read("notes.txt"), "new line\nold line\n");
    assert_eq!(place.read("notes.txt~"), "old line\n");
    place.ends_on_board();
}

#[test]
fn git_keeps_a_history() {
    let Some(place) = Place::new(Kind::SimPty) else { return };
    tree(&place.folder.join("work"));
    place.sh("git init -q -b main . && git config user.name N && git config user.email n@example.org
         git config gc.auto 0
         git add . && git commit -q -m first");
    assert_eq!(place.sh("git status --porcelain"), "");
    place.sh("echo 'value = 99' >> 'tree/part 1/n\u{e4}me_4.py'; rm 'tree/part 2/n\u{e4}me_5.py'; echo new > new.py");
    assert_eq!(
        place.sh("git -c core.quotepath=off status --porcelain"),
        " M \"tree/part 1/n\u{e4}me_4.py\"\n D \"tree/part 2/n\u{e4}me_5.py\"\n?? new.py\n"
    );
    assert!(place.sh("git diff").contains("+value = 99"));
    place.sh("git checkout -q -b side && git add -A && git commit -q -m second && git checkout -q main");
    assert!(!place.read("tree/part 1/n\u{e4}me_4.py").contains("99"));
    assert!(!place.folder.join("work/new.py").exists());
    place.sh("git merge -q side && git gc -q && git fsck --strict && git reset -q --hard HEAD~1");
    assert_eq!(place.sh("git status --porcelain && git log --oneline | wc -l"), "1\n");
    place.ends_on_board();
}

#[test]
fn rsync_copies_and_sees_what_is_there() {
    let Some(place) = Place::new(Kind::SimPty) else { return };
    let source = tempfile::tempdir().expect("a temporary folder");
    tree(source.path());
    // Modes mean nothing on a board, so plain `-a` would set them each time.
    let from = source.path().display();
    place.sh(&format!(
        "rsync -a {from}/tree/ whole/ && rsync -a --inplace {from}/tree/ whole/ && diff -r {from}/tree whole"
    ));
    for (way, into) in
        [("-a", "plain"), ("-a --inplace", "inplace"), ("-a --checksum --delay-updates", "late")]
    {
        let rsync =
            format!("rsync {way} --no-perms --no-owner --no-group --itemize-changes {from}/tree/ {into}/");
        assert!(place.sh(&rsync).lines().count() > 12);
        assert_eq!(place.sh(&rsync), "", "{way}: it is all there");
        fs::write(source.path().join("tree/part 0/n\u{e4}me_3.py"), format!("{way}\n").repeat(500))
            .expect("it is written");
        fs::remove_file(source.path().join("tree/part 0/n\u{e4}me_6.py")).expect("it is removed");
        let told = place.sh(&format!("{rsync} --delete"));
        assert!(told.contains("*deleting") && told.contains("me_3.py"), "{way}: {told}");
        assert!(contents(&place.folder.join("work").join(into)) == contents(&source.path().join("tree")));
        tree(source.path());
    }
    place.ends_on_board();
}

#[test]
fn the_shells_programs_work() {
    let Some(place) = Place::new(Kind::SimPty) else { return };
    let source = tempfile::tempdir().expect("a temporary folder");
    tree(source.path());
    let from = source.path().display();
    let told = place.sh(&format!(
        "cp -r {from}/tree copied
         cp -a {from}/tree kept
         tar cf {from}/all.tar -C {from} tree && tar xf {from}/all.tar && diff -r tree copied && diff -r tree kept
         cat tree/*/* > joined && split -b 1000 joined piece_ && cat piece_* | cmp - joined
         find . -type f -exec md5sum {{}} + > {from}/sums && md5sum --quiet -c {from}/sums
         sed -i 's/value/worth/' tree/*/*.py && grep -rl worth tree | wc -l
         find . -type d | wc -l
         dd if=joined of=joined bs=1 seek=5 count=3 conv=notrunc status=none
         truncate -s 5000 joined && stat -c %s joined
         du -s --apparent-size -B1 kept | cut -f1
         mv copied/'part 0' moved && rm -r copied && test ! -e copied
         install -D -m 600 {from}/sums etc/sums && touch -d '2020-02-02 02:02:02 UTC' etc/sums && date -u -r etc/sums +%F
         echo appended >> etc/sums && tail -n 1 etc/sums
         sort -o etc/sums etc/sums && tee etc/both < etc/sums > /dev/null && cmp etc/both etc/sums"
    ));
    let size: u64 = contents(&place.folder.join("work/kept"))
        .iter()
        .filter_map(|(_, bytes)| Some(bytes.as_ref()?.len() as u64))
        .sum();
    // Directories have no size.
    assert_eq!(told, format!("11\n16\n5000\n{size}\n2020-02-02\nappended\n"));
    place.ends_on_board();
}

#[test]
fn python_keeps_databases() {
    let Some(place) = Place::new(Kind::SimPty) else { return };
    let told = place.run(Command::new("python3").args([
        "-c",
        r"
import dbm.dumb, os, shelve, sqlite3, tempfile, zipfile
shelf = shelve.Shelf(dbm.dumb.open('shelf', 'c'))
for n in range(50):
    shelf[str(n)] = {'n': n, 'text': 'x' * n}
shelf.close()
shelf = shelve.Shelf(dbm.dumb.open('shelf'))
print(sum(shelf[key]['n'] for key in shelf))
shelf.close()
for mode in 'OFF', 'MEMORY', 'DELETE', 'TRUNCATE':
    base = sqlite3.connect(mode + '.db')
    base.execute('pragma journal_mode=' + mode)
    base.execute('create table t (n integer primary key, text)')
    with base:
        base.executemany('insert into t (text) values (?)', [('row %d' % n,) for n in range(300)])
    with base:
        base.execute('update t set text = upper(text) where n % 3 = 0')
        base.execute('delete from t where n % 5 = 0')
    base.close()
    base = sqlite3.connect(mode + '.db')
    print(base.execute('pragma integrity_check').fetchone()[0], base.execute('select count(*) from t').fetchone()[0])
    base.close()
with zipfile.ZipFile('all.zip', 'w') as archive:
    archive.write('OFF.db')
with zipfile.ZipFile('all.zip', 'a') as archive:
    archive.writestr('more', 'text')
print(zipfile.ZipFile('all.zip').testzip(), len(zipfile.ZipFile('all.zip').namelist()))
with tempfile.NamedTemporaryFile(dir='.', delete=False) as file:
    file.write(b'whole')
os.replace(file.name, 'replaced')
",
    ]));
    assert_eq!(told, format!("1225\n{}None 2\n", "ok 240\n".repeat(4)));
    place.ends_on_board();
}

/// What an editor, a shell and a copy do, on a board that is reached in another way.
#[track_caller]
fn some_of_it(place: Place) {
    let source = tempfile::tempdir().expect("a temporary folder");
    let from = source.path().display();
    fs::create_dir_all(source.path().join("tree/dir")).expect("it is made");
    for n in 0..4 {
        let text = format!("value = {n}\n").repeat(30 * n);
        fs::write(source.path().join(format!("tree/dir/part {n}.py")), text).expect("it is written");
    }
    place.write("main.py", "first\nsecond\n");
    let save = "set backup writebackup backupskip= backupcopy=no";
    place.run(Command::new(system_program("vim")).args(["-N", "-u", "NONE", "-es", "--cmd", save]).args([
        "-c",
        "%s/second/2nd/",
        "-c",
        "wq",
        "main.py",
    ]));
    assert_eq!(place.read("main.py"), "first\n2nd\n");
    place.sh(&format!(
        "cp -r {from}/tree . && diff -r tree {from}/tree
         rsync -a --no-perms --no-owner --no-group {from}/tree/ synced/ && diff -r tree synced
         find . -type f -exec md5sum {{}} + > {from}/sums && md5sum --quiet -c {from}/sums
         sed -i 's/value/worth/' tree/dir/*.py
         mv tree/dir/'part 2.py' tree/moved && rm -r synced/dir && rmdir synced"
    ));
    place.ends_on_board();
}

#[test]
fn some_of_it_on_a_slow_line() {
    let wire = Faults { baud: Some(115_200), ..Faults::default() };
    let options = BoardOptions { schedule: Schedule::both(0, &wire), ..BoardOptions::default() };
    if let Some(place) = Place::with(Kind::SimLink, options) {
        some_of_it(place);
    }
}

#[test]
fn some_of_it_over_webrepl() {
    for kind in [Kind::SimWs, Kind::SimWsStock] {
        if let Some(place) = Place::with(kind, BoardOptions::default()) {
            some_of_it(place);
        }
    }
}

#[test]
fn some_of_it_on_a_stock_board() {
    if let Some(place) = Place::with(Kind::Wasm, BoardOptions::default()) {
        some_of_it(place);
    }
}

#[test]
fn a_board_without_directories_is_read() {
    let desk = Desk::new(Kind::Microbit);
    desk.write("main.py", b"from microbit import *\n");
    desk.write("data", &[7; 1500]);
    desk.run(&["cp", "main.py", "data", ":"]);
    let Some(folder) = Folder::mount(&desk.board, &[]) else { return };
    let script = "cp -r . \"$1\" && cmp data \"$1\"/data && grep -c microbit main.py && ! touch main.py 2>/dev/null && ! rm -f data 2>/dev/null";
    let copy = desk.dir().join("copy");
    let output = Command::new("sh")
        .args(["-ec", script, "sh"])
        .arg(&copy)
        .current_dir(folder.path())
        .output()
        .expect("it starts");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        contents(&copy),
        [
            ("data".to_owned(), Some(vec![7; 1500])),
            ("main.py".to_owned(), Some(b"from microbit import *\n".to_vec()))
        ]
    );
}
