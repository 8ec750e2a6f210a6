//! A board with a folder of files for each tool.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use mpr_tests::{Desk, Index, Kind, Machine, UsbPort, python_program};

use crate::lines::Line;
use crate::meaning;

/// Prints a line for everything on the board.
const BOARD_FILES: &str = "\
import os
def w(p):
 for e in os.ilistdir(p):
  q=p+e[0]
  if p=='/'and e[0]in('dev','proc','home','tmp','rom'):continue
  if e[1]&61440==16384:
   print(q+'/');w(q+'/')
  else:
   with open(q,'rb')as f:print(q,f.read())
w('/')
del w
";

/// The same for a board without directories.
const FLAT_FILES: &str = "\
import os
for n in os.listdir():
 with open(n,'rb')as f:print('/'+n,f.read())
";

/// So much of a file's content shows which one it is.
const SHOWN: usize = 60;

/// For `edit`: an editor that changes what it knows.
const EDITOR: &str = "sed -i s/hi/ho/";

/// After this many seconds mpremote is taken to wait for ever; it ends with exit code 124 then.
const HANG_SECONDS: &str = "20";

/// How a line ended.
struct Ended {
    /// Exit code, what was printed, and the one line that says why.
    code: i32,
    out: String,
    message: String,
}

struct Side {
    desk: Desk,
    machine: Machine,
}

impl Side {
    fn new(kind: Kind) -> Side {
        let desk = Desk::new(kind);
        let files: [(&str, &[u8]); 18] = [
            ("a.py", b"print('hi')\n"),
            ("b.bin", &[0, 3, 4, 0xff, b'\n', 24]),
            ("big.txt", &[b'x'; 2048]),
            ("dir/c.txt", b"c"),
            ("dir/sub/d.txt", b"d"),
            ("empty.txt", b""),
            ("exit3.py", b"import sys\nsys.exit(3)\n"),
            ("fail.py", b"print('a')\n1/0\n"),
            ("flat/one.py", b"one = 1\n"),
            ("flat/two.py", b"two = 2\n"),
            ("it's.py", b"print('quoted')\n"),
            ("mod.py", b"value = 42\n"),
            ("nothing/here", b""),
            ("package/package.json", br#"{"urls": [["p.py", "p.py"]], "version": "1"}"#),
            ("package/p.py", b"p = 1\n"),
            ("single/file.txt", b"single"),
            ("with space.py", b"print('space')\n"),
            ("../secret", b"not for the board"),
        ];
        for (name, content) in files {
            desk.write(&format!("host/{name}"), content);
        }
        fs::remove_file(desk.dir().join("host/nothing/here")).expect("a file can be removed");
        let port = UsbPort {
            name: "ttyACM1",
            serial: "SERIAL1",
            vid: 0x2e8a,
            pid: 0x0005,
            manufacturer: "MicroPython",
            product: "Board in FS mode",
            device: desk.board.address().into(),
        };
        Side { machine: Machine::with(&[port]), desk }
    }

    fn folder(&self) -> std::path::PathBuf {
        self.desk.dir().join("host")
    }

    /// Names of the tests' making become the same on both sides.
    fn neutral(&self, text: &[u8]) -> String {
        String::from_utf8_lossy(text)
            .replace("\r\n", "\n")
            .replace(self.desk.board.address(), "{board}")
            .replace(&*self.desk.dir().to_string_lossy(), "{folder}")
    }

    /// Everything on the board and in the folder, with its content.
    fn files(&self) -> Vec<String> {
        // A board that is just restarting does not answer at once.
        let program = if self.desk.board.kind() == Kind::Microbit { FLAT_FILES } else { BOARD_FILES };
        let outcome =
            (0..3).map(|_| self.desk.mpr().args(["exec", program]).run()).find(|o| o.status.success());
        let text = outcome.expect("the board's files can be listed").text();
        let mut files: Vec<String> = text.lines().map(|line| format!("board {line}")).collect();
        walk(&self.folder(), "", &mut files);
        files.sort();
        files
    }
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder can be read").flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            files.push(format!("host {name}/"));
            walk(&entry.path(), &format!("{name}/"), files);
        } else {
            let content = fs::read(entry.path()).expect("a file can be read");
            files.push(format!("host {name} {}", content.escape_ascii()));
        }
    }
}

pub struct Pair {
    ours: Side,
    theirs: Side,
    index: Index,
}

impl Pair {
    pub fn new(kind: Kind) -> Pair {
        let index = Index::start();
        for format in ["6", "py"] {
            index.add(
                format,
                "a",
                "1.0",
                &[("a.py", b"a = 1\n"), ("sub/x.py", b"x = 1\n")],
                &[("b", "latest")],
            );
            index.add(format, "b", "2.0", &[("b.py", b"b = 2\n")], &[]);
        }
        index.web.content("/d/package.json", r#"{"urls": [["w.py", "src/w.py"]], "version": "3"}"#);
        index.web.content("/d/src/w.py", "w = 1\n");
        index.web.content("/bad/package.json", "<html>");
        index.web.content("/half/package.json", r#"{"urls": [["w.py", "gone.py"]]}"#);
        // What mpremote does on a usual board is what `mpr` does on every board.
        Pair { ours: Side::new(kind), theirs: Side::new(Kind::SimPty), index }
    }

    /// Runs a line by both. Where they differ: what each did, and whether their files differ now.
    pub fn run(&self, line: &Line) -> (Vec<String>, bool) {
        let ((ours, our_files), (theirs, their_files)) = std::thread::scope(|scope| {
            let ours = scope.spawn(|| (self.run_ours(line), self.ours.files()));
            let theirs = self.run_theirs(line);
            if line.text.contains("reset") || line.text.contains("bootloader") {
                // mpremote leaves before the board does it, a tenth of a second later.
                std::thread::sleep(Duration::from_millis(500));
            }
            let theirs = (theirs, self.theirs.files());
            (ours.join().expect("the thread with mpr"), theirs)
        });
        let same = ours.code == theirs.code
            && (line.any_output || ours.out == theirs.out)
            && meaning::is_same(&theirs.message, &ours.message)
            && our_files == their_files;
        if same {
            return (Vec::new(), false);
        }
        let mut found = Vec::new();
        for (tool, ended, files, others) in
            [("mpremote", &theirs, &their_files, &our_files), ("mpr", &ours, &our_files, &their_files)]
        {
            found.push(format!("{tool}: exit {}", ended.code));
            if ours.out != theirs.out && !line.any_output {
                found.extend(ended.out.lines().map(|text| format!("  out {}", visible(text))));
            }
            if !ended.message.is_empty() {
                found.push(format!("  err {}", ended.message));
            }
            let alone = files.iter().filter(|file| !others.contains(file));
            found.extend(alone.map(|file| format!("  has {}", file.chars().take(SHOWN).collect::<String>())));
        }
        (found, our_files != their_files)
    }

    fn words(&self, line: &Line, side: &Side) -> Vec<String> {
        let (web, index) = (self.index.web.url(""), self.index.url());
        let places = [("{board}", side.desk.board.address()), ("{web}", &web), ("{index}", &index)];
        let mut words = Vec::new();
        if !line.bare {
            words.extend(["connect".to_owned(), side.desk.board.address().to_owned()]);
        }
        words.extend(line.words(&places));
        words
    }

    fn neutral(&self, side: &Side, text: &[u8]) -> String {
        side.neutral(text).replace(&self.index.url(), "{index}").replace(&self.index.web.url(""), "{web}")
    }

    fn run_ours(&self, line: &Line) -> Ended {
        let side = &self.ours;
        let mut mpr = side.desk.board.mpr();
        if line.bare {
            mpr = mpr_tests::mpr().on(&side.machine);
        } else {
            mpr = mpr_tests::mpr().dir(mpr.home());
        }
        let outcome = mpr.dir(side.folder()).env("EDITOR", EDITOR).args(self.words(line, side)).run();
        let errors = self.neutral(side, &outcome.stderr);
        // A traceback says at its end what it is about; so does everything of mpremote's.
        let message = if errors.starts_with("Traceback") {
            errors.lines().last()
        } else {
            errors.lines().find(|l| l.starts_with("error: "))
        };
        Ended {
            code: outcome.status.code().expect("an exit code"),
            out: self.neutral(side, &outcome.stdout),
            message: message.unwrap_or_default().to_owned(),
        }
    }

    fn run_theirs(&self, line: &Line) -> Ended {
        let side = &self.theirs;
        let home = side.desk.dir();
        let mut command = Command::new("timeout");
        command.arg(HANG_SECONDS);
        if line.bare {
            command.args(side.machine.prefix());
        }
        let output = command
            .arg(python_program())
            .args(["-m", "mpremote"])
            .args(self.words(line, side))
            .current_dir(side.folder())
            .stdin(Stdio::null())
            .env("HOME", home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env_remove("VISUAL")
            .env("EDITOR", EDITOR)
            .output()
            .expect("mpremote runs");
        let errors = self.neutral(side, &output.stderr);
        Ended {
            code: output.status.code().expect("an exit code"),
            out: self.neutral(side, &output.stdout),
            message: errors.lines().last().unwrap_or_default().to_owned(),
        }
    }
}

/// A line with its control characters shown.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}
