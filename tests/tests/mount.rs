//! Folders of this machine on the board.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use mpr_tests::{Board, BoardOptions, Faults, Kind, Mpr, Outcome, Schedule, paste};
use nix::sys::signal::Signal;
use tempfile::TempDir;

/// Our firmware, a stock one with other modules and a link of its own, and ours over networks.
const KINDS: [Kind; 5] = [Kind::SimPty, Kind::Wasm, Kind::SimWs, Kind::SimWsStock, Kind::SimRfc2217];

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    for (name, content) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a name in a folder")).expect("a folder can be made");
        fs::write(path, content).expect("a file can be made");
    }
    dir
}

/// `mpr mount FOLDER`, to be followed by more.
fn mounted(board: &Board, folder: &Path) -> Mpr {
    board.mpr().arg("mount").arg(folder)
}

/// Runs a program on the board with the folder mounted; gives what it printed.
fn run(board: &Board, folder: &Path, program: &str) -> String {
    let outcome = mounted(board, folder).args(["exec", program]).ok();
    after_mount(&outcome)
}

fn after_mount(outcome: &Outcome) -> String {
    let text = outcome.text();
    let (first, rest) = text.split_once('\n').expect("a line about the mount");
    assert!(first.starts_with("Local directory ") && first.contains(" is mounted at /"), "{outcome}");
    rest.to_owned()
}

#[test]
fn a_module_is_imported() {
    let source = "import helper\nvalue = helper.twice(21)\nfrom pack import inner\n";
    let files: &[(&str, &[u8])] = &[
        ("module.py", source.as_bytes()),
        ("helper.py", b"def twice(x):\n    return 2 * x\n"),
        ("pack/__init__.py", b""),
        ("pack/inner.py", b"name = __name__\n"),
    ];
    for kind in KINDS {
        let (board, dir) = (Board::start(kind), folder(files));
        let out =
            run(&board, dir.path(), "import os, module\nprint(os.getcwd(), module.value, module.inner.name)");
        assert_eq!(out, "/remote 42 pack.inner\n", "{kind:?}");
    }
}

#[test]
fn the_words_are_mpremotes() {
    let (board, dir) = (Board::start(Kind::SimPty), folder(&[]));
    let outcome = board.mpr().dir(dir.path()).args(["mount", ".", "exec", "print(1)"]).ok();
    assert_eq!(outcome.text(), "Local directory . is mounted at /remote\n1\n");
    let outcome = board.mpr().dir(dir.path()).args(["mount", "-l", ".", "eval", "1", "umount"]).ok();
    assert_eq!(outcome.text(), "Local directory . is mounted at /remote\n1\n");
}

#[test]
fn a_missing_folder_is_an_error_before_the_board_is_spoken_to() {
    let dir = folder(&[("file", b"")]);
    let mpr = || mpr_tests::mpr().dir(dir.path()).args(["connect", "sim:-"]);
    mpr()
        .args(["mount", "nowhere", "exec", "print(1)"])
        .fails(2, &["mount: `nowhere`: No such file or directory", "hint: "]);
    mpr().args(["mount", "file", "exec", "print(1)"]).fails(2, &["mount: `file` is not a directory"]);
}

const MODES: &str = r#"
def text(name, mode='r'):
    with open(name, mode) as f:
        return f.read()
with open('a', 'w') as f:
    print(f.write('one\n'), f.write(b'two\n'), f.tell())
print(repr(text('a')), text('a', 'rb'))
with open('a', 'a') as f:
    f.write('three\n')
print(repr(text('a')))
with open('a', 'r+') as f:
    print(f.read(4), end='')
    f.write('TWO')
    f.seek(0)
    print(f.readlines())
with open('a', 'w+b') as f:
    f.write(bytes(range(256)))
    f.seek(250)
    print(f.read())
    f.seek(-3, 2)
    print(f.tell(), f.read(1))
    f.seek(-1, 1)
    print(f.read(1))
with open('b', 'x') as f:
    f.write('new')
for mode in ('x', 'q', 'rw', ''):
    try:
        open('b', mode)
    except OSError as e:
        print(mode, e.errno)
try:
    open('no', 'r')
except OSError as e:
    print(e.errno)
f = open('b')
try:
    f.write('x')
except OSError as e:
    print(e.errno)
f.close()
f.close()
try:
    f.read()
    print('read a closed file')
except OSError as e:
    print(e.errno)
f = open('c', 'wb')
try:
    f.read()
except OSError as e:
    print(e.errno)
f.close()
"#;

#[test]
fn files_open_in_every_mode() {
    for kind in KINDS {
        let (board, dir) = (Board::start(kind), folder(&[]));
        let out = run(&board, dir.path(), MODES);
        let expected = "4 4 8\n'one\\ntwo\\n' b'one\\ntwo\\n'\n'one\\ntwo\\nthree\\n'\none\n['one\\n', 'TWO\\n', 'three\\n']\n\
             b'\\xfa\\xfb\\xfc\\xfd\\xfe\\xff'\n253 b'\\xfd'\nb'\\xfd'\nx 17\nq 22\nrw 22\n 22\n2\n9\n9\n9\n";
        assert_eq!(out, expected, "{kind:?}");
        assert_eq!(fs::read(dir.path().join("a")).unwrap(), (0..=255).collect::<Vec<u8>>(), "{kind:?}");
        assert_eq!(fs::read(dir.path().join("b")).unwrap(), b"new");
    }
}

const READING: &str = r#"
import array
f = open('text')
n = 0
while True:
    line = f.readline()
    if not line:
        break
    assert line == 'line %d: h\xe9llo \u20ac\n' % n, (n, line)
    n += 1
print(n, f.tell())
assert n == sum(1 for line in open('text'))
f.seek(0)
assert len(f.read(10000)) == 10000 and f.tell() > 10000
f.seek(0)
print(next(f), end='')
print(repr(f.readline(3)))
f = open('data', 'rb')
whole = f.read()
assert whole == bytes(i * 7 & 255 for i in range(20000))
for start in (0, 8191, 8192, 12345, 19990, 20000, 30000):
    f.seek(start)
    assert f.tell() == start
    assert f.read(100) == whole[start:start + 100], start
f.seek(0)
b = bytearray(9000)
print(f.readinto(b), b == whole[:9000])
print(f.readinto(memoryview(b)[10:20]), bytes(b[10:20]) == whole[9000:9010])
a = array.array('H', [0] * 8000)
f.seek(100)
print(f.readinto(a), bytes(a) == whole[100:16100])
print(f.readinto(b), b[:3900] == whole[16100:])
print(f.readinto(b), f.read(), f.read(5), f.readline())
a = array.array('I', [1, 2, 3])
with open('out', 'wb') as f:
    print(f.write(a), f.write(memoryview(b)[:5000]), f.write(b), f.tell())
print(len(open('out', 'rb').read()))
"#;

#[test]
fn reading_is_like_a_local_file() {
    let text: String = (0..1500).map(|n| format!("line {n}: h\u{e9}llo \u{20ac}\n")).collect();
    let data: Vec<u8> = (0..20000u32).map(|n| (n * 7) as u8).collect();
    for kind in KINDS {
        let (board, dir) = (Board::start(kind), folder(&[("text", text.as_bytes()), ("data", &data)]));
        let out = run(&board, dir.path(), READING);
        let expected = format!(
            "1500 {}\nline 0: h\u{e9}llo \u{20ac}\n'lin'\n9000 True\n10 True\n16000 True\n3900 True\n0 b'' b'' b''\n\
             12 5000 9000 14012\n14012\n",
            text.len()
        );
        assert_eq!(out, expected, "{kind:?}");
    }
}

const DIRECTORIES: &str = r#"
import os
def fails(f, *args):
    try:
        f(*args)
    except OSError as e:
        return e.errno
print(os.listdir())
print(list(os.ilistdir('/remote')))
os.mkdir('new')
print(fails(os.mkdir, 'new'), fails(os.rmdir, 'full'), fails(os.remove, 'none'), fails(os.chdir, 'one'))
os.rename('one', 'new/two')
os.chdir('new')
print(os.getcwd(), os.listdir(), os.stat('two')[0] == 0x8000, os.stat('two')[6], os.stat('..')[0] == 0x4000)
os.chdir('/remote')
os.remove('new/two')
os.rmdir('new')
print(os.listdir(), fails(os.stat, 'new'), fails(os.stat, '/remote/full/none'), len(os.statvfs('/remote')))
print(os.listdir('full') == sorted("it's \"%d\" \n\\ \u20ac" % i for i in range(300)))
open("full/it's \"7\" \n\\ \u20ac").close()
"#;

#[test]
fn directories_are_listed_and_changed() {
    for kind in KINDS {
        let (board, dir) = (Board::start(kind), folder(&[("one", b"12345"), ("sub/x", b"")]));
        fs::create_dir(dir.path().join("full")).unwrap();
        for i in 0..300 {
            fs::write(dir.path().join("full").join(format!("it's \"{i}\" \n\\ \u{20ac}")), "").unwrap();
        }
        let out = run(&board, dir.path(), DIRECTORIES);
        let expected = "['full', 'one', 'sub']\n[('full', 16384, 0, 0), ('one', 32768, 0, 5), ('sub', 16384, 0, 0)]\n\
             17 39 2 20\n/remote/new ['two'] True 5 True\n['full', 'sub'] 2 2 10\nTrue\n";
        assert_eq!(out, expected, "{kind:?}");
    }
}

#[test]
fn times_are_in_the_boards_epoch() {
    for kind in KINDS {
        let (board, dir) = (Board::start(kind), folder(&[("file", b"")]));
        let program = "import os, time\nprint(time.gmtime(os.stat('file')[8])[0] >= 2025)";
        assert_eq!(run(&board, dir.path(), program), "True\n", "{kind:?}");
    }
}

#[test]
fn several_folders_are_mounted() {
    for kind in KINDS {
        let board = Board::start(kind);
        let (one, two) = (folder(&[("name", b"one")]), folder(&[("name", b"two")]));
        let program =
            "f, g = open('/remote/name'), open('/app/name')\nprint(f.read(), g.read(), open('name').read())";
        let mpr = mounted(&board, one.path()).arg("mount").arg(two.path()).args([":/app", "exec", program]);
        let outcome = mpr.args(["umount", ":/app", "exec", "print(open('/remote/name').read())"]).ok();
        assert!(outcome.text().ends_with("one two two\none\n"), "{kind:?}: {outcome}");
        let again = mounted(&board, one.path()).arg("mount").arg(two.path()).args(["exec", "print(1)"]);
        again.fails(1, &["something is mounted at `:/remote` already", "hint: "]);
    }
}

#[test]
fn umount_takes_the_folder_away() {
    let (board, dir) = (Board::start(Kind::SimPty), folder(&[("file", b"")]));
    let program = "import os\nprint(os.getcwd(), os.listdir(), [k for k in globals() if 'mpr' in k])";
    let outcome = mounted(&board, dir.path()).args(["umount", "exec", program]).ok();
    assert!(after_mount(&outcome).starts_with("/ ["), "{outcome}");
    assert!(!outcome.text().contains("file") && outcome.text().contains(" []\n"), "{outcome}");
    // Leaving does the same.
    mounted(&board, dir.path()).args(["exec", "pass"]).ok();
    let outcome = board.mpr().args(["exec", program]).ok();
    assert!(!outcome.text().contains("file") && outcome.text().contains(" []\n"), "{outcome}");
    board.mpr().args(["umount"]).fails(1, &["nothing is mounted at `:/remote`", "hint: "]);
}

#[test]
fn a_read_only_folder_stays_as_it_is() {
    let program = r#"
import os
def fails(f, *args):
    try:
        f(*args)
    except OSError as e:
        return e.errno
print([fails(open, 'new', mode) for mode in ('w', 'a', 'x')], fails(open, 'file', 'r+'))
print(fails(os.mkdir, 'd'), fails(os.rmdir, 'sub'), fails(os.remove, 'file'), fails(os.rename, 'file', 'f'))
print(open('file').read())
"#;
    for kind in KINDS {
        let (board, dir) = (Board::start(kind), folder(&[("file", b"content"), ("sub/x", b"")]));
        let outcome = board.mpr().args(["mount", "--read-only"]).arg(dir.path()).args(["exec", program]).ok();
        assert_eq!(after_mount(&outcome), "[30, 30, 30] 30\n30 30 30 30\ncontent\n", "{kind:?}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}

#[test]
fn nothing_outside_the_folder_is_reached() {
    let program = r#"
import os
for path in ('../secret', '/remote/../secret', 'sub/../../secret', 'out', 'out_dir/secret', '..'):
    for f in (open, os.stat, os.remove, os.listdir, lambda p: open(p, 'w')):
        try:
            f(path)
            print('reached', path, f)
        except OSError as e:
            if e.errno != 1 and not (f is os.remove and path == 'out'):
                print(path, f, e.errno)
print('done')
"#;
    for kind in KINDS {
        let board = Board::start(kind);
        let dir = folder(&[("in/sub/x", b""), ("secret", b"secret"), ("in-secret/secret", b"")]);
        let root = dir.path().join("in");
        std::os::unix::fs::symlink("../in-secret", root.join("out_dir")).unwrap();
        std::os::unix::fs::symlink("../secret", root.join("out")).unwrap();
        let program = program.replace("os.remove, os.listdir", "os.listdir");
        let outcome = mounted(&board, &root).args(["exec", &program]).ok();
        assert_eq!(after_mount(&outcome), "done\n", "{kind:?}");
        outcome.expect_stderr("access to `../secret` denied");
        assert_eq!(fs::read(dir.path().join("secret")).unwrap(), b"secret");
        let trusted =
            board.mpr().args(["mount", "-l"]).arg(&root).args(["exec", "print(open('out').read())"]).ok();
        assert_eq!(after_mount(&trusted), "secret\n");
        assert_eq!(trusted.stderr(), "");
    }
}

#[test]
fn the_program_gets_an_error_when_the_host_goes() {
    let program = r#"
import time
print('started')
time.sleep_ms(500)
start = time.ticks_ms()
try:
    open('file')
    result = 'opened'
except OSError as e:
    result = e.errno
took = time.ticks_diff(time.ticks_ms(), start)
f = open('/result', 'w')
f.write('%s %s' % (result, took < 5000))
f.close()
"#;
    let (board, dir) = (Board::start(Kind::SimPty), folder(&[("file", b"")]));
    let mut running = mounted(&board, dir.path()).args(["exec", program]).spawn();
    running.wait_for_stdout("started");
    running.signal(Signal::SIGKILL);
    let start = Instant::now();
    // Nobody interrupts the board meanwhile.
    std::thread::sleep(Duration::from_secs(5));
    let mut console = board.console();
    console.send(b"\r\x01");
    console.expect(b"raw REPL; CTRL-B to exit\r\n>");
    let (output, _) = console.exec("print(open('/result').read())");
    assert_eq!(String::from_utf8_lossy(&output).trim(), "110 True", "after {:?}", start.elapsed());
}

#[test]
fn a_cut_in_the_middle_of_an_answer_ends_the_call() {
    let content: Vec<u8> = std::iter::repeat_with({
        let mut noise = 1u32;
        move || {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (noise >> 24) as u8
        }
    })
    .take(60_000)
    .collect();
    let dir = folder(&[("file", &content)]);
    let paced = Faults { baud: Some(115_200), ..Faults::default() };
    let schedule = Schedule { to_board: paced.clone(), from_board: paced, ..Schedule::default() };
    let board = Board::with(Kind::SimLink, BoardOptions { schedule, ..BoardOptions::default() });
    let program = "try:\n open('file','rb').read()\n r=0\nexcept OSError as e:\n r=e.errno\nf=open('/result','w')\nf.write(str(r))\nf.close()";
    let running = mounted(&board, dir.path()).args(["exec", program]).spawn();
    running.wait_for_stdout("mounted at");
    let (sent, _) = board.link().traffic();
    board.link().wait_until_sent(sent + 15_000);
    board.link().cut();
    let outcome = running.wait();
    assert_eq!(outcome.status.code(), Some(3), "{outcome}");
    std::thread::sleep(Duration::from_secs(5));
    board.link().restore();
    let mut console = board.console();
    console.send(b"\r\x01");
    console.expect(b"raw REPL; CTRL-B to exit\r\n>");
    let (output, _) = console.exec("print(open('/result').read())");
    assert_eq!(String::from_utf8_lossy(&output).trim(), "110");
}

#[test]
fn a_damaged_line_is_repaired() {
    let text: String = (0..400).map(|n| format!("line {n}\n")).collect();
    let dir = folder(&[("file", text.as_bytes())]);
    for seed in 1..=3 {
        let board = Board::start(Kind::SimLink);
        let damage = Faults { corrupt: 0.0005, ..Faults::default() };
        let program = "for i in range(4):\n with open('file') as f: print(sum(1 for _ in f))\nwith open('copy','w') as f:\n f.write(open('file').read())\n";
        let running = mounted(&board, dir.path()).args(["sleep", "300", "exec", program]).spawn();
        running.wait_for_stdout("mounted at");
        board.link().set(Schedule { to_board: damage.clone(), seed, ..Schedule::default() });
        let outcome = running.wait();
        assert!(outcome.status.success(), "seed {seed}: {outcome:?}");
        assert_eq!(after_mount(&outcome), "400\n400\n400\n400\n", "seed {seed}");
        assert_eq!(fs::read(dir.path().join("copy")).unwrap(), text.as_bytes(), "seed {seed}");
    }
}

#[test]
fn a_slow_line_that_drops_loses_nothing() {
    let content: Vec<u8> = (0..30_000u32).map(|n| ((n * n) >> 7) as u8).collect();
    let (board, dir) = (Board::start(Kind::SimUart { baud: 115_200 }), folder(&[("data", &content)]));
    let program = "f=open('data','rb')\ng=open('copy','wb')\nwhile g.write(f.read(1000)): pass\ng.close()\nimport os\nprint(os.stat('copy')[6])";
    assert_eq!(run(&board, dir.path(), program), "30000\n");
    assert_eq!(fs::read(dir.path().join("copy")).unwrap(), content);
}

#[test]
fn output_with_the_introducer_passes() {
    // The token is in the hook's code; the program hears it from a call of its own that nobody else answers.
    let program = r#"
import sys
out = sys.stdout.buffer
heard = []
ask = _mpr_fs.index
def spy(self, request):
    return ask(self, request, b'', lambda b: (heard.append(b), out.write(b))[1])
_mpr_fs.index = spy
open('file').close()
_mpr_fs.index = ask
token = heard[0][:-1].encode()
for tail in (b'', b'R', b'A', b'E', b'R\x10\x00', b'R\x10\x00abc', b'R\xff\xff', b'RRRRRRRRRRRRRRRRRRRRRRRR'):
    out.write(b'<' + token + tail + b'>')
    open('file').close()
out.write(b'[' + bytes(range(256)) + token)
"#;
    for kind in KINDS {
        let (board, dir) = (Board::start(kind), folder(&[("file", b"")]));
        let outcome = mounted(&board, dir.path()).args(["exec", program]).ok();
        let out = &outcome.stdout[outcome.stdout.iter().position(|b| *b == b'\n').unwrap() + 1..];
        let token = &out[1..6];
        assert_eq!(token[0], 0x10);
        let tails: [&[u8]; 8] =
            [b"", b"R", b"A", b"E", b"R\x10\0", b"R\x10\0abc", b"R\xff\xff", b"RRRRRRRRRRRRRRRRRRRRRRRR"];
        let mut expected = Vec::new();
        for tail in tails {
            expected.extend([b"<", token, tail, b">"].concat());
        }
        expected.push(b'[');
        expected.extend(0..=255u8);
        expected.extend(token);
        assert_eq!(out.escape_ascii().to_string(), expected.escape_ascii().to_string(), "{kind:?}");
    }
}

#[test]
fn a_soft_reset_keeps_the_folder() {
    for kind in KINDS {
        let (board, dir) = (Board::start(kind), folder(&[("file", b"here")]));
        let read = "import os\nprint(os.getcwd(), open('file').read())";
        let outcome = mounted(&board, dir.path()).args(["exec", "x=1", "soft-reset", "exec", read]).ok();
        assert_eq!(after_mount(&outcome), "/remote here\n", "{kind:?}");
        let outcome = mounted(&board, dir.path())
            .args(["exec", "raise SystemExit", "exec", read, "eval", "'x' in globals()"])
            .ok();
        assert_eq!(after_mount(&outcome), "/remote here\nFalse\n", "{kind:?}");
    }
}

#[test]
fn a_hard_reset_keeps_the_folder() {
    let (board, dir) = (Board::start(Kind::SimPty), folder(&[("file", b"here")]));
    let outcome = mounted(&board, dir.path()).args(["reset", "exec", "print(open('file').read())"]).ok();
    assert_eq!(after_mount(&outcome), "here\n");
}

#[test]
fn ctrl_d_in_the_prompt_keeps_the_folder() {
    for kind in KINDS {
        let (board, dir) = (Board::start(kind), folder(&[("file", b"here")]));
        let mut terminal = board.mpr().dir(dir.path()).args(["mount", "."]).terminal();
        terminal.expect("Local directory . is mounted at /remote");
        terminal.expect("Use Ctrl-] or Ctrl-x to exit this shell");
        terminal.expect(">>> ");
        for _ in 0..2 {
            terminal.send("print(open('file').read())\r");
            terminal.expect("\nhere");
            terminal.expect(">>> ");
            terminal.send("\x04");
            terminal.expect("MPY: soft reboot");
            terminal.expect("Remount local directory ./ at /remote");
            terminal.expect(">>> ");
        }
        terminal.send("print(open('file').read())\r");
        terminal.expect("\nhere");
        terminal.send("\x1d");
        terminal.ends_sane(0);
    }
}

#[test]
fn machine_reset_in_the_prompt_keeps_the_folder() {
    // Over WebREPL the restart closes the connection.
    for kind in [Kind::SimPty, Kind::SimWs, Kind::SimWsStock] {
        let (board, dir) = (Board::start(kind), folder(&[("file", b"here")]));
        let mut terminal = board.mpr().dir(dir.path()).args(["mount", "."]).terminal();
        terminal.expect("Use Ctrl-] or Ctrl-x to exit this shell");
        terminal.expect(">>> ");
        for _ in 0..2 {
            terminal.send("import machine; machine.reset()\r");
            terminal.expect("Remount local directory ./ at /remote");
            terminal.expect(">>> ");
            terminal.send("print(open('file').read())\r");
            terminal.expect("\nhere");
            terminal.expect(">>> ");
        }
        terminal.send("\x1d");
        terminal.ends_sane(0);
    }
}

#[test]
fn the_prompt_takes_a_paste_of_10_kb_and_a_new_window_size() {
    for kind in KINDS {
        let (board, dir) = (Board::start(kind), folder(&[("file", b"here")]));
        let mut terminal =
            board.mpr().dir(dir.path()).args(["mount", ".", "exec", paste::SUM, "repl"]).terminal();
        terminal.expect("Use Ctrl-] or Ctrl-x to exit this shell");
        terminal.expect(">>> ");
        terminal.resize(10, 30);
        paste::arrives(&mut terminal);
        terminal.resize(50, 200);
        terminal.send("print(open('file').read())\r");
        terminal.expect("\nhere");
        terminal.send("\x1d");
        terminal.ends_sane(0);
    }
}

#[test]
fn ctrl_c_stops_a_program_that_reads() {
    for kind in KINDS {
        let (board, dir) = (Board::start(kind), folder(&[("file", &[b'x'; 40_000])]));
        let mut terminal = board.mpr().arg("mount").arg(dir.path()).terminal();
        terminal.expect("Use Ctrl-] or Ctrl-x to exit this shell");
        terminal.expect(">>> ");
        terminal.send("while 1: n = len(open('file').read()); print('round', n)\r\r");
        for _ in 0..3 {
            terminal.expect("round 40000");
        }
        terminal.send("\x03");
        terminal.expect("KeyboardInterrupt");
        terminal.expect(">>> ");
        terminal.send("print(6 * len(open('file').read()))\r");
        terminal.expect("240000");
        terminal.send("\x1d");
        terminal.ends_sane(0);
    }
}

#[test]
fn ctrl_c_stops_mpr_and_the_program() {
    let (board, dir) = (Board::start(Kind::SimPty), folder(&[("file", &[b'x'; 40_000])]));
    let program = "while 1:\n n = len(open('file').read())\n print('round')";
    let mut running = mounted(&board, dir.path()).args(["exec", program]).spawn();
    running.wait_for_stdout("round");
    running.signal(Signal::SIGINT);
    let outcome = running.wait();
    assert_eq!(outcome.status.code(), Some(130), "{outcome}");
    let outcome = board.mpr().args(["exec", "import os\nprint(os.getcwd())"]).ok();
    assert_eq!(outcome.text(), "/\n");
}

#[test]
fn the_hook_takes_less_than_3_kb() {
    let (board, dir) = (Board::start(Kind::SimPty), folder(&[]));
    let free = "import gc\ngc.collect()\nprint(gc.mem_free())";
    let words = ["exec", free, "exec", free, "exec", free];
    let outcome = board.mpr().args(words).arg("mount").arg(dir.path()).args(words).ok();
    let text = outcome.text();
    let numbers: Vec<i64> = text.lines().filter_map(|line| line.parse().ok()).collect();
    let (before, after) = numbers.split_at(3);
    // Old words on the stack keep garbage of the last execution alive now and then: the most that is free tells.
    let cost = before.iter().max().expect("three") - after.iter().max().expect("three");
    assert!((1..3072).contains(&cost), "{cost} bytes of {numbers:?}");
}

#[test]
fn file_commands_see_the_folder() {
    let (board, dir) = (Board::start(Kind::SimPty), folder(&[("file", b"here\n"), ("sub/x", b"")]));
    let outcome = mounted(&board, dir.path()).args(["cat", ":/remote/file", "+", "ls", ":/remote"]).ok();
    assert!(after_mount(&outcome).starts_with("here\nls :/remote\n"), "{outcome}");
    assert!(outcome.text().contains("           5 file\n") && outcome.text().contains("sub/\n"), "{outcome}");
}
