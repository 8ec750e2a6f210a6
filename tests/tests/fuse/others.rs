//! Other commands on a board that is mounted: they go through the mount.

use std::fs;
use std::sync::mpsc::channel;

use mpr_tests::{Board, Desk, Folder, Kind, PATIENCE, contents, eventually};
use nix::errno::Errno;
use nix::sys::signal::Signal;

fn desk(options: &[&str]) -> Option<(Desk, Folder)> {
    let desk = Desk::new(Kind::SimPty);
    let folder = Folder::mount(&desk.board, options)?;
    Some((desk, folder))
}

#[test]
fn commands_work_as_if_the_port_were_free() {
    let Some((desk, folder)) = desk(&[]) else { return };
    fs::write(folder.join("main.py"), "x = 41\n").expect("it is written");
    assert_eq!(desk.run(&["exec", "from main import x;print(x+1)"]), "42\n");
    assert_eq!(desk.run(&["eval", "6*7"]), "42\n");
    desk.write("big", &vec![7; 200_000]);
    desk.run(&["cp", "big", ":"]);
    assert_eq!(fs::read(folder.join("big")).expect("it is read"), vec![7; 200_000]);
    desk.write("prog.py", b"import os\nos.rename('big', 'small')\nprint('done')\n");
    assert_eq!(desk.run(&["run", "prog.py"]), "done\n");
    assert!(!folder.join("big").exists() && folder.join("small").exists());
    desk.run(&["soft-reset"]);
    fs::remove_file(folder.join("small")).expect("it is removed");
    assert_eq!(desk.run(&["fs", "ls", ":"]).lines().skip(1).collect::<Vec<_>>().len(), 1);
    desk.mpr().args(["exec", "raise ValueError('no')"]).fails(1, &["ValueError: no"]);
    desk.write("src/module.py", b"word = 'mounted'\n");
    assert_eq!(
        desk.run(&["mount", "src", "exec", "import module;print(module.word)"]).lines().last(),
        Some("mounted")
    );
}

#[test]
fn files_are_had_while_the_prompt_is_open() {
    let Some((desk, folder)) = desk(&[]) else { return };
    let mut terminal = desk.mpr().arg("repl").terminal();
    terminal.expect(">>> ");
    terminal.send("x = 123\r");
    terminal.expect("x = 123\r\n>>> ");
    for n in 0..5 {
        let name = format!("file{n}.py");
        fs::write(folder.join(&name), format!("y = {n}\n")).expect("it is written");
        terminal.send(format!("from file{n} import y; print('got', y, x)\r"));
        // What the prompt knew is still there, and the files' work does not show.
        terminal.expect(&format!("got {n} 123\r\n>>> "));
    }
    let shown = terminal.text();
    assert!(!shown.contains("raw REPL"), "{shown}");
    terminal.send("open('made', 'w').write('by the prompt')\r");
    terminal.expect("13\r\n>>> ");
    assert_eq!(fs::read_to_string(folder.join("made")).unwrap_or_default(), "");
    terminal.send("f = open('made', 'w'); f.write('by the prompt'); f.close()\r");
    terminal.expect("13\r\n>>> ");
    assert_eq!(fs::read_to_string(folder.join("made")).expect("it is read"), "by the prompt");
    terminal.send("\x1d");
    terminal.ends_sane(0);
}

#[test]
fn what_is_typed_is_not_disturbed() {
    let Some((desk, folder)) = desk(&["--busy-timeout", "1"]) else { return };
    let mut terminal = desk.mpr().arg("repl").terminal();
    terminal.expect(">>> ");
    terminal.send("print('half");
    terminal.expect("print('half");
    // Half a line stands there, so files wait, and then say so; names are known from before.
    assert_eq!(fs::read_dir(folder.path()).expect("it is listed").count(), 0);
    let refused = fs::create_dir(folder.join("d")).expect_err("the board is busy");
    assert_eq!(refused.raw_os_error(), Some(Errno::EBUSY as i32));
    terminal.send(" and half')\r");
    terminal.expect("\r\nhalf and half\r\n>>> ");
    fs::write(folder.join("a"), "x").expect("it is written");
    terminal.send("\x1d");
    terminal.ends_sane(0);
}

#[test]
fn files_wait_for_a_program_and_say_so() {
    let Some((desk, mut folder)) = desk(&["--busy-timeout", "1"]) else { return };
    fs::write(folder.join("a"), "x").expect("it is written");
    desk.run(&["exec", "--no-follow", "import time\nwhile True: time.sleep(1)"]);
    // Names and sizes are known from before.
    assert_eq!(fs::metadata(folder.join("a")).expect("it is there").len(), 1);
    let refused = fs::create_dir(folder.join("d")).expect_err("the board is busy");
    assert_eq!(refused.raw_os_error(), Some(Errno::EBUSY as i32));
    folder.running().wait_for_stderr("a program runs on the device");
    desk.run(&["exec", "pass"]);
    fs::create_dir(folder.join("d")).expect("the program was stopped");
    assert_eq!(fs::read_to_string(folder.join("a")).expect("it is read"), "x");
}

#[test]
fn files_are_back_when_a_program_has_ended() {
    let Some((desk, folder)) = desk(&[]) else { return };
    desk.run(&[
        "exec",
        "--no-follow",
        "import time\ntime.sleep(2)\nf=open('late','w');f.write('z');f.close()",
    ]);
    // It waits for the end.
    eventually("the program's file", || {
        fs::read_to_string(folder.join("late")).is_ok_and(|text| text == "z")
    });
}

#[test]
fn two_at_once_are_told_so() {
    let Some((desk, _folder)) = desk(&[]) else { return };
    let mut terminal = desk.mpr().arg("repl").terminal();
    terminal.expect(">>> ");
    desk.mpr().args(["exec", "pass"]).run().expect_failure(3, desk.board.address());
    terminal.send("\x1d");
    terminal.ends_sane(0);
    desk.run(&["exec", "pass"]);
}

#[test]
fn a_board_is_mounted_once() {
    let Some((desk, mut folder)) = desk(&[]) else { return };
    let second = desk.mpr().args(["mount", ":", "second"]).run();
    second.expect_failure(3, desk.board.address());
    assert!(!desk.dir().join("second").exists());
    folder.unmount();
    desk.run(&["exec", "pass"]);
}

#[test]
fn a_visitor_that_is_killed_does_no_harm() {
    let Some((desk, folder)) = desk(&["--busy-timeout", "2"]) else { return };
    let mut running = desk.mpr().args(["exec", "print('begun')\nwhile True: pass"]).spawn();
    running.wait_for_stdout("begun");
    running.process().kill();
    drop(running);
    desk.run(&["exec", "print('stopped')"]);
    fs::write(folder.join("a"), "x").expect("it is written");
    assert!(is_at_prompt(&desk.board));
}

#[test]
fn what_a_command_changes_shows_at_once() {
    let Some((desk, folder)) = desk(&["--cache-ttl", "600"]) else { return };
    for (name, content) in
        [("gone/inner/a", "1"), ("turned", "file"), ("dir/b", "2"), ("same", "old"), ("kept", "x")]
    {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("it is made");
        fs::write(path, content).expect("it is written");
    }
    let open = fs::File::open(folder.join("kept")).expect("it is opened");
    for round in 0..3 {
        // The system knows all of it now.
        assert!(!contents(folder.path()).is_empty());
        desk.run(&[
            "exec",
            &format!(
                "import os\ndef w(n,t):\n f=open(n,'w');f.write(t);f.close()\n\
                 def rm(n):\n for k in os.listdir(n):\n  try: os.remove(n+'/'+k)\n  except OSError: rm(n+'/'+k)\n os.rmdir(n)\n\
                 if {round}==0:\n rm('gone');os.remove('turned');os.mkdir('turned');w('turned/new','3');rm('dir');w('dir','4')\n\
                 if {round}==1:\n os.mkdir('gone');w('gone/inner','5');rm('turned');w('turned','again');os.remove('dir');os.mkdir('dir')\n\
                 if {round}==2:\n os.rename('gone','dir/gone')\n\
                 w('same','round {round}');os.remove('kept');w('kept','{round}')"
            ),
        ]);
        let text = |name: &str| fs::read_to_string(folder.join(name)).map_err(|error| error.raw_os_error());
        let missing = Err(Some(Errno::ENOENT as i32));
        assert_eq!(text("same"), Ok(format!("round {round}")));
        assert_eq!(text("kept"), Ok(round.to_string()));
        match round {
            0 => {
                assert_eq!(text("gone/inner/a"), missing);
                assert_eq!((text("turned/new"), text("dir")), (Ok("3".into()), Ok("4".into())));
            }
            1 => {
                assert_eq!((text("gone/inner"), text("turned")), (Ok("5".into()), Ok("again".into())));
                assert_eq!(text("dir/b"), missing);
                // A name that was gone and is made here.
                fs::write(folder.join("dir/b"), "6").expect("it is written");
            }
            _ => {
                assert_eq!(text("gone/inner"), missing);
                assert_eq!((text("dir/gone/inner"), text("dir/b")), (Ok("5".into()), Ok("6".into())));
            }
        }
    }
    drop(open);
}

#[test]
fn names_and_sizes_that_are_known_cost_nothing() {
    let Some((_desk, mut folder)) = desk(&["--cache-ttl", "600"]) else { return };
    fs::create_dir(folder.join("d")).expect("it is made");
    fs::write(folder.join("d/a"), "four").expect("it is written");
    assert_eq!(contents(folder.path()).len(), 2);
    // Reading has made its time of access unknown.
    assert!(fs::metadata(folder.join("d/a")).is_ok());
    // Who serves the folder is not asked, so may sleep.
    folder.running().signal(Signal::SIGSTOP);
    let (path, (sender, receiver)) = (folder.join("d/a"), channel());
    std::thread::spawn(move || sender.send(fs::metadata(path).map(|metadata| metadata.len())));
    let answer = receiver.recv_timeout(PATIENCE);
    folder.running().signal(Signal::SIGCONT);
    assert_eq!(answer.expect("it is answered").expect("it is there"), 4);
}

fn is_at_prompt(board: &Board) -> bool {
    board.mpr().args(["eval", "1"]).ok().text() == "1\n"
}
