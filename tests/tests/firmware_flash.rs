//! The board's flash: start-up scripts, formatting, what resets, kills and power cuts leave, images for other tools.
#![cfg(unix)]

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use mpr_tests::{Board, Console, Kind, python_program, sim_program};
use tempfile::TempDir;

const BLOCK: usize = 4096;
/// Exit code of a simulator whose power was cut.
const CUT: i32 = 4;

/// A flash image in a folder of its own.
struct Image {
    path: PathBuf,
    _dir: TempDir,
}

impl Image {
    fn new(contents: &[u8]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        let path = dir.path().join("flash.img");
        fs::write(&path, contents).expect("the image can be written");
        Image { path, _dir: dir }
    }

    fn blank(blocks: usize) -> Self {
        Image::new(&vec![0xff; blocks * BLOCK])
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(&self.path).expect("the image can be read")
    }

    fn start(&self, options: &[&str]) -> Child {
        let mut command = Command::new(sim_program());
        command.arg("--flash").arg(&self.path).args(options);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the simulator starts")
    }

    /// Runs code in the raw REPL of a fresh board until it ends; what it prints, or nothing if the power went first.
    fn run(&self, options: &[&str], code: &str) -> Option<String> {
        let mut child = self.start(options);
        let mut stdin = child.stdin.take().expect("piped");
        let mut stdout = child.stdout.take().expect("piped");
        // The power may go while this is sent.
        let _ = stdin.write_all(format!("\r\x01{code}\x04").as_bytes());
        let mut seen = Vec::new();
        let ends = |seen: &[u8]| {
            let start = seen.windows(2).position(|pair| pair == b"OK");
            start.map_or(0, |at| seen[at..].iter().filter(|byte| **byte == 4).count())
        };
        let mut piece = [0; 4096];
        while ends(&seen) < 2 {
            match stdout.read(&mut piece).expect("a pipe can be read") {
                0 => break,
                n => seen.extend_from_slice(&piece[..n]),
            }
        }
        let finished = ends(&seen) == 2;
        drop(stdin);
        let code = child.wait().expect("the simulator ends").code();
        if !finished {
            assert_eq!(code, Some(CUT), "{}", String::from_utf8_lossy(&seen));
            return None;
        }
        let text = String::from_utf8_lossy(&seen).replace("\r\n", "\n");
        let (_, text) = text.split_once(">OK").expect("the raw REPL answers");
        let (output, rest) = text.split_once('\x04').expect("counted");
        let (traceback, _) = rest.split_once('\x04').expect("counted");
        assert_eq!(traceback, "", "{output}");
        Some(output.to_owned())
    }

    fn output(&self, code: &str) -> String {
        self.run(&[], code).expect("nothing cuts the power")
    }
}

fn exec(console: &mut Console, code: &str) -> String {
    let (output, traceback) = console.exec(code);
    assert_eq!(String::from_utf8_lossy(&traceback), "");
    String::from_utf8_lossy(&output).replace("\r\n", "\n")
}

fn put(name: &str, text: &str) -> String {
    format!("with open({name:?}, 'w') as f: f.write({text:?})\n")
}

#[test]
fn boot_and_main_run_at_every_start() {
    let board = Board::start(Kind::SimLink);
    let mut console = board.console();
    console.enter_raw_repl();
    exec(&mut console, &(put("/boot.py", "print('boot', __name__)") + &put("/main.py", "print('main')")));
    // A soft reset of the raw REPL skips main.py, one of the friendly REPL does not.
    console.send(b"\x04");
    let text = String::from_utf8_lossy(&console.expect(b"raw REPL; CTRL-B to exit\r\n>")).into_owned();
    assert!(text.contains("soft reboot\r\nboot __main__\r\n") && !text.contains("main\r\nraw"), "{text}");
    console.send(b"\x02");
    console.expect(b">>> ");
    console.send(b"\x04");
    console.expect(b"soft reboot\r\nboot __main__\r\nmain\r\nMicroPython v");
    console.expect(b">>> ");
    console.send(b"import machine; machine.reset()\r");
    console.expect(b"boot __main__\r\nmain\r\nMicroPython v");
    console.expect(b">>> ");
}

#[test]
fn a_soft_reset_closes_files_and_a_hard_reset_keeps_what_was_closed() {
    let board = Board::start(Kind::SimLink);
    let mut console = board.console();
    console.enter_raw_repl();
    exec(&mut console, "held = open('/soft', 'w')\nheld.write('s' * 5000)\nimport os, vfs");
    console.send(b"\x04");
    console.expect(b"raw REPL; CTRL-B to exit\r\n>");
    assert_eq!(exec(&mut console, "print(open('/soft').read() == 's' * 5000)"), "True\n");
    exec(
        &mut console,
        "f = open('/closed', 'w')\nf.write('c' * 5000)\nf.close()\nheld = open('/hard', 'w')\nheld.write('h' * 5000)",
    );
    console.send(b"import machine; machine.reset()\x04");
    console.expect(b">>> ");
    console.enter_raw_repl();
    let check = "import os\nprint(open('/closed').read() == 'c' * 5000, open('/hard').read(), os.listdir())";
    assert_eq!(exec(&mut console, check), "True  ['closed', 'hard', 'soft']\n");
}

#[test]
fn a_soft_reset_closes_files_on_devices_written_in_python() {
    // The device keeps its contents in the flash.
    let helpers = include_str!("../firmware/helpers/files.py");
    let board = Board::start(Kind::SimLink);
    let mut console = board.console();
    for (kind, name) in [("VfsLfs2", "/lfs.img"), ("VfsFat", "/fat.img")] {
        console.enter_raw_repl();
        let device = format!(
            "{helpers}
class Disk:
    def __init__(self, name):
        self.f = open(name, 'r+b')
    def readblocks(self, n, buf, off=0):
        self.f.seek(n * 512 + off)
        self.f.readinto(buf)
    def writeblocks(self, n, buf, off=0):
        self.f.seek(n * 512 + off)
        self.f.write(buf)
    def ioctl(self, op, arg):
        if op == 3: self.f.flush()
        return {{4: 64, 5: 512}}.get(op, 0)
"
        );
        exec(
            &mut console,
            &format!(
                "{device}
put({name:?}, bytes(32768))
vfs.{kind}.mkfs(Disk({name:?}))
vfs.mount(vfs.{kind}(Disk({name:?})), '/d')
held = open('/d/f', 'w')
held.write('d' * 2000)"
            ),
        );
        console.send(b"\x04");
        console.expect(b"raw REPL; CTRL-B to exit\r\n>");
        let check = format!(
            "{device}\nvfs.mount(vfs.{kind}(Disk({name:?})), '/d')\nprint(get('/d/f') == 'd' * 2000)\nvfs.umount('/d')"
        );
        assert_eq!(exec(&mut console, &check), "True\n", "{kind}");
    }
}

#[test]
fn a_hard_reset_in_the_middle_of_an_operation_starts_cleanly() {
    let helpers = include_str!("../firmware/helpers/files.py");
    let board = Board::start(Kind::SimLink);
    let mut console = board.console();
    console.enter_raw_repl();
    for kind in ["VfsLfs2", "VfsFat"] {
        for call in ["readblocks", "writeblocks"] {
            exec(
                &mut console,
                &format!(
                    "{helpers}
put('/kept', 'k' * 3000)
class Resets(Ram):
    armed = False
    def {call}(self, *args):
        if self.armed:
            import machine
            machine.reset()
        super().{call}(*args)
bdev = Resets(96)
vfs.{kind}.mkfs(bdev)
vfs.mount(vfs.{kind}(bdev), '/d')
f = open('/d/f', 'w')
f.write('d' * 2000)
g = open('/kept', 'a')
g.write('not closed' * 100)"
                ),
            );
            console.send(b"bdev.armed = True\nput('/d/g', 'e' * 2000)\nget('/d/f')\x04");
            console.expect(b"MicroPython v");
            console.expect(b">>> ");
            console.enter_raw_repl();
            let check = format!(
                "{helpers}
bdev = Ram(96)
vfs.{kind}.mkfs(bdev)
vfs.mount(vfs.{kind}(bdev), '/d')
put('/d/f', 'again')
print(get('/d/f'), get('/kept') == 'k' * 3000, len(vfs.mount()))
vfs.umount('/d')"
            );
            assert_eq!(exec(&mut console, &check), "again True 2\n", "{kind} {call}");
        }
    }
}

#[test]
fn a_killed_board_loses_nothing_that_was_closed() {
    let mut board = Board::start(Kind::SimTcp);
    let flash = board.flash();
    let mut console = board.console();
    console.enter_raw_repl();
    let code =
        "n = 0\nwhile True:\n with open('/%d' % n, 'w') as f: f.write(str(n) * 500)\n n += 1\n print(n)\n";
    console.send(code.as_bytes());
    console.send(b"\x04");
    console.expect(b"\r\n40\r\n");
    board.kill();
    let image = Image::new(&fs::read(flash).expect("the image is there"));
    let check = "print(all(open('/%d' % n).read() == str(n) * 500 for n in range(40)))";
    assert_eq!(image.output(check), "True\n");
}

#[test]
fn a_blank_flash_is_formatted_and_strange_contents_too() {
    let noise: Vec<u8> = (0..16 * BLOCK).map(|i| (i * 7 + i / 251) as u8).collect();
    for contents in [vec![0xff; 16 * BLOCK], vec![0; 16 * BLOCK], noise] {
        let image = Image::new(&contents);
        assert_eq!(image.output("import os; print(os.listdir(), os.statvfs('/')[2:4])"), "[] (16, 14)\n");
        image.output(&put("/f", "kept"));
        assert_eq!(image.output("print(open('/f').read())"), "kept\n");
    }
}

#[test]
fn a_broken_filesystem_is_left_for_its_owner() {
    let image = Image::blank(16);
    image.output(&put("/f", "kept"));
    let mut bytes = image.bytes();
    // Both superblocks lose their check sums, not their names.
    for block in [0, BLOCK] {
        for byte in &mut bytes[block + 20..block + 200] {
            *byte ^= 0x55;
        }
    }
    let broken = Image::new(&bytes);
    assert_eq!(broken.output("import vfs; print(vfs.mount())"), "[]\n");
    assert_eq!(broken.bytes(), bytes, "nothing may be written");
    // Its owner can still make a new one.
    broken.output(
        "import vfs; vfs.VfsLfs2.mkfs(vfs.Flash()); vfs.mount(vfs.Flash(), '/')\nopen('/new', 'w').close()",
    );
    assert_eq!(broken.output("import os; print(os.listdir())"), "['new']\n");
}

#[test]
fn the_first_start_survives_a_power_cut_at_every_write() {
    for n in 1.. {
        let image = Image::blank(8);
        let done = image.run(&["--power-cut", &n.to_string()], "import os; print(os.listdir())");
        assert_eq!(image.output("import os; print(os.listdir())"), "[]\n", "cut at write {n}");
        image.output(&put("/f", "works"));
        assert_eq!(image.output("print(open('/f').read())"), "works\n", "cut at write {n}");
        if done.is_some() {
            assert!(n > 4);
            break;
        }
    }
}

#[test]
fn files_survive_a_power_cut_at_every_write() {
    let base = Image::blank(24);
    base.output(&format!(
        "import os\nos.mkdir('/d')\n{}{}{}{}",
        put("/keep", &"k".repeat(9000)),
        put("/d/small", "small"),
        put("/config", &"old".repeat(1000)),
        put("/gone", "gone"),
    ));
    let contents = base.bytes();
    let change = format!(
        "import os\n{}os.rename('/config.part', '/config')\nos.remove('/gone')\nos.mkdir('/d/e')\n{}\
         with open('/d/small', 'a') as f: f.write('+')\nos.rename('/d/small', '/d/e/small')\n",
        put("/config.part", &"new".repeat(3000)),
        put("/d/e/f", "f"),
    );
    let check = "
import os
def get(path):
    try: return open(path).read()
    except OSError as e: return e.errno
assert get('/keep') == 'k' * 9000
config = get('/config')
assert config in ('old' * 1000, 'new' * 3000)
if config[0] == 'n': assert get('/config.part') == 2
else: assert get('/gone') == 'gone'
assert get('/gone') in ('gone', 2)
small = get('/d/small') if get('/d/small') != 2 else get('/d/e/small')
assert small in ('small', 'small+'), small
both = sum(n in os.listdir(d) for n, d in (('small', '/d'), ('small', '/d/e')) if d == '/d' or 'e' in os.listdir('/d'))
assert both == 1
with open('/after', 'w') as f: f.write('a' * 9000)
assert get('/after') == 'a' * 9000
os.remove('/after')
print('ok')
";
    for n in 1.. {
        let image = Image::new(&contents);
        let done = image.run(&["--power-cut", &n.to_string()], &change);
        assert_eq!(image.output(check), "ok\n", "cut at write {n}");
        if done.is_some() {
            assert!(n > 20, "{n}");
            break;
        }
    }
}

#[test]
fn images_are_exchanged_with_stock_tools() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("devices/lfs_image.py");
    let stock = |args: &[&str], image: &Image| {
        let mut command = Command::new(python_program());
        let output = command.arg(&script).arg(args[0]).arg(&image.path).args(&args[1..]).output();
        let output = output.expect("Python starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    for version in ["0x00020000", "0x00020001"] {
        let image = Image::new(b"");
        stock(&["make", "4096", "64", version], &image);
        let seen = image.output(
            "import os
print(os.listdir(), os.listdir('/a folder'), os.stat('/small')[6:9], os.stat('/empty')[6:])
print(open('/small').read(), open('/a folder/ümlaut').read() == 'x' * 1000)
print(open('/a folder/deep/large', 'rb').read() == bytes(range(256)) * 40)",
        );
        assert_eq!(
            seen,
            "['a folder', 'empty', 'small'] ['deep', '\\xfcmlaut'] (10, 1700000000, 1700000000) (0, 0, 0, 0)\n\
             small file True\nTrue\n"
        );
        let time = image.output(
            "import os
with open('/small', 'w') as f: f.write('changed')
os.remove('/empty')
os.remove('/a folder/ümlaut')
os.mkdir('/from board')
with open('/from board/é', 'w') as f: f.write('board' * 2000)
print(os.stat('/from board/é')[8])",
        );
        stock(&["check", "4096", time.trim()], &image);
    }
}

#[test]
fn a_large_file_goes_in_and_out() {
    let board = Board::start(Kind::SimTcp);
    let mut console = board.console();
    console.enter_raw_repl();
    let code = "
import os
piece = bytes(range(256)) * 16
with open('/large', 'wb') as f:
    for i in range(256):
        f.write(bytes([i]) + piece[1:])
print(os.stat('/large')[6])
buf = bytearray(4096)
with open('/large', 'rb') as f:
    good = 0
    for i in range(256):
        good += f.readinto(buf) == 4096 and buf[0] == i and buf[1:] == piece[1:]
    print(good, f.read())
    f.seek(200 * 4096)
    print(f.read(2))
os.rename('/large', '/moved')
print(os.stat('/moved')[6])
os.remove('/moved')
print(os.statvfs('/')[3] > 500)
";
    assert_eq!(exec(&mut console, code), "1048576\n256 b''\nb'\\xc8\\x01'\n1048576\nTrue\n");
}

#[test]
fn the_flash_object_is_a_block_device() {
    let image = Image::blank(32);
    let code = "
import vfs, os
f = vfs.Flash()
assert [f.ioctl(n, 0) for n in (1, 2, 3, 4, 5)] == [0, 0, 0, 32, 4096] and f.ioctl(9, 0) is None
vfs.umount('/')
def fails(g, *args):
    try: g(*args)
    except OSError as e: assert e.errno == 22
    else: assert False, args
buf = bytearray(8192)
f.writeblocks(30, bytes(range(256)) * 32)
f.readblocks(30, buf)
assert buf == bytes(range(256)) * 32
f.readblocks(30, memoryview(buf)[:10], 4090)
assert buf[:10] == bytes((250, 251, 252, 253, 254, 255, 0, 1, 2, 3))
assert f.ioctl(6, 31) == 0
f.writeblocks(31, b'piece', 100)
f.readblocks(31, memoryview(buf)[:4096])
assert buf[99:106] == b'\\xffpiece\\xff'
fails(f.readblocks, 31, buf, 1)
fails(f.readblocks, 32, bytearray(1))
fails(f.readblocks, -1, bytearray(1))
fails(f.readblocks, 0, bytearray(1), -1)
fails(f.writeblocks, 31, bytes(8192))
fails(f.writeblocks, 0, bytes(100))
assert f.ioctl(6, 32) == -22 and f.ioctl(6, -1) == -22
for start, length in ((1, -1), (0, 100), (32 * 4096 + 4096, -1), (0, 33 * 4096), (4096, 32 * 4096)):
    fails(vfs.Flash, start, length)

# Two filesystems on parts of it.
a, b = vfs.Flash(len=16 * 4096), vfs.Flash(start=16 * 4096)
assert a.ioctl(4, 0) == b.ioctl(4, 0) == 16
vfs.VfsLfs2.mkfs(a), vfs.VfsFat.mkfs(b)
vfs.mount(a, '/a'), vfs.mount(b, '/b')
for d in '/a/', '/b/':
    with open(d + 'f', 'w') as f: f.write(d * 3000)
vfs.umount('/a'), vfs.umount('/b')
vfs.mount(vfs.VfsLfs2(a), '/a', readonly=True), vfs.mount(vfs.VfsFat(b), '/b', readonly=True)
print(vfs.mount())
for d in '/a/', '/b/':
    assert open(d + 'f').read() == d * 3000
    try: open(d + 'f', 'w')
    except OSError as e: assert e.errno == 30
    else: assert False
";
    assert_eq!(image.output(code), "[(<VfsLfs2>, '/a'), (<VfsFat>, '/b')]\n");
}
