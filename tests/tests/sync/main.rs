//! `sync`: one side becomes like the other, what is there already is left alone, and nothing goes that was not asked for.

mod mpy;
mod watch;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use mpr_tests::{Desk, Faults, Kind, Schedule, all_bytes, on};
use serde_json::{Value, json};

on!(sim, mpr_tests::Kind::SimPty, [only_differences_travel, a_dry_run_changes_nothing, trees_go_both_ways]);
on!(wasm, mpr_tests::Kind::Wasm, [only_differences_travel, a_dry_run_changes_nothing, trees_go_both_ways]);
on!(microbit, mpr_tests::Kind::Microbit, [only_differences_travel, a_dry_run_changes_nothing]);

/// The destination: a directory of its own where there are directories.
fn place(kind: Kind) -> &'static str {
    if kind == Kind::Microbit { ":" } else { ":app" }
}

/// The result of `sync`, without the fields that are the same for all.
fn sync(desk: &Desk, words: &[&str]) -> Value {
    let shown = desk.run(&[&["--json", "sync"], words].concat());
    serde_json::from_str(&shown).expect("one JSON object")
}

/// The counts of new, changed, removed and unchanged files.
fn counts(report: &Value) -> [u64; 4] {
    ["new", "changed", "removed", "unchanged"].map(|key| report[key].as_u64().expect("a count"))
}

fn only_differences_travel(kind: Kind) {
    let desk = Desk::new(kind);
    let to = place(kind);
    desk.write("src/a.py", b"a = 1\n");
    desk.write("src/b c.bin", &all_bytes(300));
    desk.write("src/empty", b"");
    assert_eq!(counts(&sync(&desk, &["src", to])), [3, 0, 0, 0]);
    assert_eq!(counts(&sync(&desk, &["src", to])), [0, 0, 0, 3]);
    // The same size, another content.
    desk.write("src/a.py", b"a = 2\n");
    let shown = desk.run(&["sync", "src", to]);
    let a = if kind == Kind::Microbit { ":a.py" } else { ":app/a.py" };
    assert_eq!(shown, format!("sync src {to}\nchanged {a}\n1 changed, 2 unchanged\n"));
    assert_eq!(desk.on_board(&a[1..]), b"a = 2\n");
    assert_eq!(desk.on_board(&a[1..].replace("a.py", "b c.bin")), all_bytes(300));
    let report = sync(&desk, &["src", to, "--delete"]);
    let dry_run = report["dry_run"].as_bool();
    assert_eq!((counts(&report), dry_run, report["entries"].clone()), ([0, 0, 0, 3], Some(false), json!([])));
}

fn a_dry_run_changes_nothing(kind: Kind) {
    let desk = Desk::new(kind);
    let to = place(kind);
    desk.write("src/a", b"one");
    desk.write("src/b", b"two");
    desk.run(&["sync", "src", to]);
    desk.write("src/a", b"changed");
    desk.write("src/c", b"new");
    fs::remove_file(desk.dir().join("src/b")).expect("it was written");
    let plan = sync(&desk, &["-n", "--delete", "src", to]);
    assert_eq!(counts(&plan), [1, 1, 1, 0]);
    assert_eq!(plan["dry_run"], true);
    let dir = &to[1..];
    assert_eq!(desk.names(dir), ["a", "b"]);
    let done = sync(&desk, &["--delete", "src", to]);
    assert_eq!(done["entries"], plan["entries"], "the plan was what was done");
    assert_eq!(desk.names(dir), ["a", "c"]);
}

fn trees_go_both_ways(kind: Kind) {
    let desk = Desk::new(kind);
    desk.write("src/lib/deep/é 'x'.py", b"x");
    desk.write("src/main.py", &all_bytes(5000));
    fs::create_dir(desk.dir().join("src/void")).expect("a folder can be made");
    desk.run(&["sync", "src", ":a/b"]);
    assert_eq!(desk.names("a/b"), ["lib/", "main.py", "void/"]);
    desk.run(&["sync", ":a/b", "back"]);
    assert_eq!(desk.read("back/lib/deep/é 'x'.py"), b"x");
    assert_eq!(desk.read("back/main.py"), all_bytes(5000));
    assert!(desk.dir().join("back/void").is_dir());
    let again = sync(&desk, &[":a/b", "back"]);
    assert_eq!((counts(&again), again["directories"].as_u64()), ([0, 0, 0, 2], Some(0)));
}

#[test]
fn only_the_destination_loses_files_and_only_when_asked() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("old/outside", b"x");
    desk.write("old/app/keep.py", b"x");
    desk.write("old/app/gone/deep/x", b"x");
    desk.write("old/app/log/a.log", b"x");
    desk.write("old/app/log/b.txt", b"x");
    desk.run(&["sync", "old", ":"]);
    desk.write("src/keep.py", b"x");
    assert_eq!(counts(&sync(&desk, &["src", ":app"])), [0, 0, 0, 1]);
    assert_eq!(desk.names("app"), ["gone/", "keep.py", "log/"]);
    let shown = desk.run(&["sync", "--delete", "--exclude", "*.log", "src", ":app"]);
    assert_eq!(
        shown,
        "sync src :app\nremoved :app/log/b.txt\nremoved :app/gone/deep/x\nremoved :app/gone/deep\nremoved :app/gone\n\
         4 removed, 1 unchanged\n"
    );
    assert_eq!(
        (desk.names(""), desk.names("app")),
        (vec!["app/".into(), "outside".into()], vec!["keep.py".into(), "log/".into()])
    );
    assert_eq!(desk.names("app/log"), ["a.log"]);
}

#[test]
fn this_machine_loses_files_only_by_an_option_of_its_own() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("src/a", b"a");
    desk.run(&["sync", "src", ":app"]);
    for path in ["dst/a", "dst/extra/x", "dst/.git/config", "dst/own.log", "elsewhere/file"] {
        desk.write(path, b"mine");
    }
    desk.write("dst/.mprignore", b"*.log\n");
    symlink("../elsewhere", desk.dir().join("dst/link")).expect("a link can be made");
    desk.mpr().args(["sync", "--delete", ":app", "dst"]).run().expect_failure(2, "dst");
    desk.mpr().args(["sync", "--delete-local", "src", ":app"]).run().expect_failure(2, "--delete-local");
    assert_eq!(counts(&sync(&desk, &[":app", "dst"])), [0, 1, 0, 0]);
    assert_eq!(desk.read("dst/extra/x"), b"mine");
    let shown = desk.run(&["sync", "--delete-local", ":app", "dst"]);
    assert_eq!(
        shown,
        "sync :app dst\nremoved dst/link\nremoved dst/extra/x\nremoved dst/extra\n3 removed, 1 unchanged\n"
    );
    assert_eq!(desk.read("dst/.git/config"), b"mine");
    assert_eq!(desk.read("dst/own.log"), b"mine");
    assert_eq!(desk.read("elsewhere/file"), b"mine", "a link is removed, not what it leads to");
    // A board that lost its files takes none with it.
    desk.run(&["rm", "-r", ":app"]);
    desk.run(&["mkdir", ":app"]);
    desk.mpr().args(["sync", "--delete-local", ":app", "dst"]).run().expect_failure(1, ":app");
    desk.mpr().args(["sync", "--delete-local", ":none", "dst"]).run().expect_failure(1, ":none");
    assert_eq!(desk.read("dst/a"), b"a");
}

#[test]
fn nothing_is_written_through_a_link_of_this_machine() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("src/lib/a", b"new");
    desk.write("src/b", b"new");
    desk.run(&["sync", "src", ":"]);
    desk.write("elsewhere/a", b"mine");
    desk.write("dst/x", b"x");
    symlink("../elsewhere", desk.dir().join("dst/lib")).expect("a link can be made");
    let outcome = desk.mpr().args(["sync", ":", "dst"]).run();
    outcome.expect_failure(1, "dst/lib");
    assert_eq!((desk.read("elsewhere/a"), desk.read("dst/b")), (b"mine".to_vec(), b"new".to_vec()));
}

#[test]
fn ignored_files_stay_where_they_are() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("src/.mprignore", b"/secret.py\n*.txt\n!keep.txt\n");
    desk.write("src/lib/.mprignore", b"draft*\n");
    for path in [
        "secret.py",
        "lib/secret.py",
        "a.txt",
        "keep.txt",
        "lib/draft1.py",
        "lib/final.py",
        "draft.py",
        ".git/config",
        "__pycache__/x.pyc",
        ".DS_Store",
        "x.py~",
        "docs/a.md",
    ] {
        desk.write(&format!("src/{path}"), b"x");
    }
    desk.run(&["sync", "--exclude", "docs/", "src", ":"]);
    assert_eq!(desk.names(""), ["draft.py", "keep.txt", "lib/"]);
    assert_eq!(desk.names("lib"), ["final.py", "secret.py"]);
    // What the board has of its own under such names stays there.
    desk.write("board/a.txt", b"the board's");
    desk.run(&["cp", "board/a.txt", ":", "+", "sync", "--delete", "src", ":"]);
    assert_eq!(desk.on_board("a.txt"), b"the board's");
}

#[test]
fn a_path_that_changes_its_kind_needs_delete() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("one/thing/a", b"x");
    desk.write("one/other", b"x");
    desk.run(&["sync", "one", ":"]);
    desk.write("two/thing", b"a file now");
    desk.write("two/other/b", b"a directory now");
    desk.write("two/rest", b"x");
    let outcome = desk.mpr().args(["sync", "two", ":"]).run();
    outcome.expect_code(1);
    outcome.expect_stderr("`:thing` is a directory where a file must be");
    outcome.expect_stderr("`:other` is a file where a directory must be");
    outcome.expect_stdout("new :rest\n1 new, 2 failed, 0 unchanged\n");
    assert_eq!(desk.on_board("thing/a"), b"x");
    desk.run(&["sync", "--delete", "two", ":"]);
    assert_eq!(desk.on_board("thing"), b"a file now");
    assert_eq!(desk.on_board("other/b"), b"a directory now");
}

/// Mounts a FAT filesystem in RAM at /sd.
const SD: &str = "
import vfs
class D:
 def __init__(s):s.b=bytearray(131072)
 def readblocks(s,n,b):b[:]=memoryview(s.b)[n*512:n*512+len(b)]
 def writeblocks(s,n,b):s.b[n*512:n*512+len(b)]=b
 def ioctl(s,o,a):return{4:256,5:512}.get(o,0)
d=D()
vfs.VfsFat.mkfs(d)
vfs.mount(vfs.VfsFat(d),'/sd')
open('/sd/data','w').close()
";

#[test]
fn other_filesystems_are_left_alone() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("src/a", b"x");
    desk.run(&["exec", SD]);
    let shown = desk.run(&["sync", "--delete", "src", ":/"]);
    assert_eq!(shown, "sync src :/\nskipped :/sd (another filesystem)\nnew :/a\n1 new, 0 unchanged\n");
    assert_eq!(desk.names("/sd"), ["data"]);
    let down = desk.run(&["sync", ":", "dst"]);
    assert_eq!(down, "sync : dst\nskipped :sd (another filesystem)\nnew dst/a\n1 new, 0 unchanged\n");
    desk.write("src/sd/mine", b"x");
    desk.mpr().args(["sync", "src", ":"]).run().expect_failure(1, ":sd");
    assert_eq!(desk.names("/sd"), ["data"]);
    // By its name it is a directory as any other.
    desk.run(&["sync", "--delete", "src/sd", ":/sd"]);
    assert_eq!(desk.names("/sd"), ["mine"]);
    let mounted = desk.mpr().args(["mount", "src", "sync", "--delete", "dst", ":/remote"]).run();
    mounted.expect_failure(1, ":/remote");
    assert_eq!(desk.read("src/sd/mine"), b"x");
}

/// Devices that never end, files that can't be opened, links: a board of a process has them beside what is synchronised.
#[test]
fn what_is_no_file_on_the_board_is_left_alone() {
    let desk = Desk::new(Kind::Wasm);
    desk.write("src/a", b"a");
    desk.write("src/lib/b", b"b");
    assert_eq!(
        desk.run(&["sync", "src", ":"]),
        "sync src :\nmkdir :lib\nnew :a\nnew :lib/b\n2 new, 0 unchanged\n"
    );
    desk.write("src/a", b"b");
    assert_eq!(desk.run(&["sync", "src", ":"]), "sync src :\nchanged :a\n1 changed, 1 unchanged\n");
    let all = desk.run(&["sync", "-n", "--delete", "src", ":"]);
    assert!(all.contains("skipped :dev/null (neither a file nor a directory)\n"), "{all}");
    assert!(all.contains("removed :home/web_user\n") && !all.contains("removed :dev\n"), "{all}");
    let some = desk.run(&["sync", "-n", "--delete", "--exclude", "/[dhpt]*/", "src", ":"]);
    assert_eq!(some, "sync src :\n2 unchanged (nothing was done)\n");
    desk.write("src/dev/null", b"mine");
    let outcome = desk.mpr().args(["sync", "--delete", "--exclude", "/[hpt]*/", "src", ":"]).run();
    outcome.expect_failure(1, ":dev/null");
    outcome.expect_stderr("`:dev/null` is neither a file nor a directory");
    let down = desk.mpr().args(["sync", ":dev", "dst"]).run();
    down.expect_code(0);
    down.expect_stdout("skipped :dev/random (neither a file nor a directory)\n");
    assert_eq!(fs::read_dir(desk.dir().join("dst")).expect("it was made").count(), 0);
}

/// A filesystem with a directory that can't be listed and one that goes away meanwhile, in memory.
const FAULTY: &str = "
import io,vfs
class FS:
    files={}
    def mount(self,r,m):pass
    def umount(self):pass
    def chdir(self,p):pass
    def stat(self,p):
        p=p.strip('/')
        if p in('','bad','gone'):return(16384,)+(0,)*9
        if p in self.files:return(32768,0,0,0,0,0,len(self.files[p]),0,0,0)
        raise OSError(2)
    def statvfs(self,p):return(512,512,99,99,99,0,0,0,0,99)
    def ilistdir(self,p):
        p=p.strip('/')
        if p:raise OSError({'bad':5}.get(p,2))
        return iter([('bad',16384,0),('gone',16384,0)]+[(n,32768,0,len(c))for n,c in self.files.items()])
    def remove(self,p):del self.files[p.strip('/')]
    def rename(self,a,b):self.files[b.strip('/')]=self.files.pop(a.strip('/'))
    def open(self,p,m):
        p=p.strip('/')
        if 'w'in m:self.files[p]=b''
        elif p not in self.files:raise OSError(2)
        return File(self.files,p)
class File(io.IOBase):
    def __init__(self,files,p):self.files=files;self.p=p;self.at=0
    def write(self,b):self.files[self.p]+=bytes(b);return len(b)
    def readinto(self,b):
        c=self.files[self.p][self.at:self.at+len(b)];b[:len(c)]=c;self.at+=len(c);return len(c)
    def close(self):pass
    def __enter__(self):return self
    def __exit__(self,*a):pass
vfs.mount(FS(),'/x')
";

#[test]
fn what_can_not_be_listed_on_the_board_is_in_nobodys_way() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("src/a", b"a");
    desk.run(&["exec", FAULTY]);
    let notes = "skipped :/x/gone (No such file or directory)\nskipped :/x/bad (Input/output error)\n";
    let first = desk.run(&["sync", "src", ":/x"]);
    assert_eq!(first, format!("sync src :/x\n{notes}new :/x/a\n1 new, 0 unchanged\n"));
    let again = desk.run(&["sync", "src", ":/x"]);
    assert_eq!(again, format!("sync src :/x\n{notes}1 unchanged\n"));
    // Only who would have to remove what is in it fails, and what is gone needs no removal.
    let outcome = desk.mpr().args(["sync", "--delete", "src", ":/x"]).run();
    outcome.expect_failure(1, ":/x/bad");
    outcome.expect_stderr("`:/x/bad`: Input/output error");
    outcome.expect_stdout("1 failed, 1 unchanged\n");
    assert_eq!(
        desk.run(&["sync", "--delete", "--exclude", "bad", "src", ":/x"]).lines().last(),
        Some("1 unchanged")
    );
}

#[test]
fn names_that_differ_in_case_only() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("src/Main.py", b"first");
    desk.write("src/lib/x", b"x");
    desk.run(&["exec", SD, "sync", "--delete", "src", ":/sd"]);
    // On FAT the other spelling is the same file.
    fs::rename(desk.dir().join("src/Main.py"), desk.dir().join("src/main.py")).expect("it was written");
    assert_eq!(counts(&sync(&desk, &["--delete", "src", ":/sd"])), [0, 0, 0, 2]);
    desk.write("src/main.py", b"second");
    assert_eq!(counts(&sync(&desk, &["--delete", "src", ":/sd"])), [0, 1, 0, 1]);
    assert_eq!(desk.on_board("/sd/main.py"), b"second");
    desk.write("src/MAIN.py", b"third");
    let outcome = desk.mpr().args(["sync", "src", ":/sd"]).run();
    outcome.expect_failure(1, "main.py");
    // On littlefs there are two.
    assert_eq!(counts(&sync(&desk, &["src", ":"])), [3, 0, 0, 0]);
    assert_eq!(desk.on_board("MAIN.py"), b"third");
}

#[test]
fn what_can_not_be_read_is_named_and_the_rest_goes_on() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("src/a", b"a");
    desk.write("src/broken", b"was fine");
    desk.write("src/dir/x", b"x");
    desk.run(&["sync", "src", ":"]);
    fs::remove_file(desk.dir().join("src/broken")).expect("it was written");
    fs::remove_dir_all(desk.dir().join("src/dir")).expect("it was written");
    symlink("nowhere", desk.dir().join("src/broken")).expect("a link can be made");
    symlink(".", desk.dir().join("src/dir")).expect("a link can be made");
    desk.write("src/z", b"z");
    let long = "n".repeat(252);
    desk.write(&format!("src/{long}"), b"too long a name for the board");
    let outcome = desk.mpr().args(["sync", "--delete", "src", ":"]).run();
    outcome.expect_code(1);
    for text in
        ["`src/broken`: No such file or directory", "`src/dir` leads back to a folder above it", &long]
    {
        outcome.expect_stderr(text);
    }
    outcome.expect_stdout("new :z\n1 new, 3 failed, 1 unchanged\n");
    // Nobody knows that these are gone, so they stay.
    assert_eq!(desk.names(""), ["a", "broken", "dir/", "z"]);
    assert_eq!(desk.on_board("dir/x"), b"x");
}

#[test]
fn compressed_copies_are_kept_up_to_date() {
    let desk = Desk::new(Kind::SimPty);
    let page = all_bytes(200).repeat(20);
    desk.write("src/www/index.html", &page);
    desk.write("src/www/own.css", b"css");
    desk.write("src/www/own.css.gz", b"made by hand");
    desk.write("src/main.py", b"x");
    let sync_all = ["--gzip", "www/*", "--delete", "src", ":"];
    assert_eq!(counts(&sync(&desk, &sync_all)), [5, 0, 0, 0]);
    assert_eq!(desk.names("www"), ["index.html", "index.html.gz", "own.css", "own.css.gz"]);
    assert_eq!(desk.on_board("www/own.css.gz"), b"made by hand");
    fs::write(desk.dir().join("i.gz"), desk.on_board("www/index.html.gz")).expect("a file can be written");
    let unpacked = Command::new("gzip").args(["-dc", "i.gz"]).current_dir(desk.dir()).output();
    assert_eq!(unpacked.expect("gzip runs").stdout, page);
    assert_eq!(counts(&sync(&desk, &sync_all)), [0, 0, 0, 5]);
    desk.write("src/www/index.html", b"short now");
    assert_eq!(counts(&sync(&desk, &sync_all)), [0, 2, 0, 3]);
    assert_eq!(counts(&sync(&desk, &["--delete", "src", ":"])), [0, 0, 1, 4]);
}

#[test]
fn a_board_without_room_is_told_before_anything_happens() {
    let options = mpr_tests::BoardOptions { flash_size: Some("64K".into()), ..Default::default() };
    let desk = Desk::with(Kind::SimPty, options);
    desk.write("src/a", b"small");
    desk.write("src/large", &all_bytes(100_000));
    desk.mpr().args(["sync", "src", ":"]).fails(1, &["No space left on device", "nothing was changed"]);
    assert!(desk.names("").is_empty());
}

#[test]
fn words_that_make_no_sense() {
    let desk = Desk::new(Kind::Sim);
    desk.write("a", b"x");
    desk.write("d/x", b"x");
    desk.mpr().args(["sync", "a", ":"]).run().expect_failure(2, "a");
    desk.mpr().args(["sync", "none", ":"]).run().expect_failure(2, "none");
    desk.mpr().args(["sync", "d", "e"]).run().expect_failure(2, "e");
    desk.mpr().args(["sync", ":d", ":e"]).run().expect_failure(2, ":e");
    desk.mpr().args(["sync", "--gzip", "*", ":d", "e"]).run().expect_failure(2, "--gzip");
    desk.run(&["cp", "a", ":f"]);
    desk.mpr().args(["sync", "d", ":f"]).run().expect_failure(1, ":f");
}

fn a_cut_costs_nothing(kind: Kind, span: u64) {
    let desk = Desk::new(kind);
    for n in 0..6 {
        desk.write(&format!("old/f{n}"), b"old");
        desk.write(&format!("new/f{n}"), &all_bytes(700 + n));
    }
    let mut cut = 0;
    for at in (1..=4).map(|part| span * part / 4) {
        desk.run(&["sync", "--delete", "old", ":"]);
        let to_board = Faults { cut_after: Some(at), ..Faults::default() };
        desk.board.link().set(Schedule { to_board, ..Schedule::default() });
        let outcome = desk.mpr().args(["--timeout", "5", "sync", "new", ":"]).run();
        desk.board.link().heal();
        desk.board.link().restore();
        cut += i32::from(outcome.status.code() == Some(3));
        for n in 0..6 {
            let content = desk.on_board(&format!("f{n}"));
            assert!(content == b"old" || content == all_bytes(700 + n), "cut after {at}: {outcome}");
        }
        desk.run(&["sync", "new", ":"]);
        assert_eq!(desk.names(""), ["f0", "f1", "f2", "f3", "f4", "f5"], "a leftover");
        assert_eq!(counts(&sync(&desk, &["new", ":"])), [0, 0, 0, 6]);
    }
    assert!(cut > 0, "no sync was cut");
}

#[test]
fn a_cable_pulled_in_the_middle_costs_nothing() {
    a_cut_costs_nothing(Kind::SimLink, 9000);
}
