//! The user's configuration: macros, names of devices, defaults, and mpremote's own file.

use std::fs;
use std::process::Command;

use mpr_tests::{Board, Desk, Kind, Machine, Mpr, UsbPort, mpr, python_program};
use serde_json::json;

/// Writes our configuration into the home of this command line.
fn configured(mpr: Mpr, text: &str) -> Mpr {
    place(&mpr, "mpr/config.toml", text);
    mpr
}

fn place(mpr: &Mpr, name: &str, text: &str) {
    let path = mpr.home().join("config").join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
    fs::write(path, text).expect("a file can be written");
}

#[test]
fn macros_run_with_their_arguments() {
    let board = Board::start(Kind::SimPty);
    let config = "[macros]\nput = 'touch :made'\nll = 'ls --no-verbose'\n'add a b=2' = ['exec', 'print(a + b)']\n\
                  both = 'put + ll + add 40'\nls = 'ls --no-verbose :'\n";
    let run = |words: &[&str]| configured(board.mpr(), config).args(words).ok().stdout();
    assert_eq!(run(&["both"]), "touch :made\n           0 made\n42\r\n");
    assert_eq!(run(&["add", "1", "b=5", "add", "'x'", "'y'"]), "6\r\nxy\r\n");
    assert_eq!(run(&["ls"]), "           0 made\n", "a macro may cover a command");
    assert_eq!(run(&["fs", "ls"]), "ls :\n           0 made\n");
}

#[test]
fn a_fault_in_a_macro_means_that_nothing_happens() {
    let board = Board::start(Kind::SimPty);
    let config = "[macros]\ndeploy = 'touch :made + df ls --jsn'\n'm a b=1' = 'touch :made'\nloop = 'touch :made + loop'\n";
    let fails = |words: &[&str], texts: &[&str]| {
        let outcome = configured(board.mpr(), config).args(words).fails(2, texts);
        assert!(outcome.stdout.is_empty(), "{outcome}");
    };
    fails(
        &["touch", ":made", "+", "deploy"],
        &["error: ls: unknown option `--jsn`", "in the macro `deploy`: `", "line 2, column 1"],
    );
    fails(&["touch", ":made", "+", "m"], &["command `m`: missing argument a", "signature is: m a b=1"]);
    fails(&["m", "1", "c=1"], &["command `m`: unexpected argument `c`"]);
    fails(&["loop"], &["the macro `loop` calls itself: loop -> loop"]);
    fails(&["deplyo"], &["hint: did you mean `mpr deploy`?"]);
    assert_eq!(board.mpr().args(["ls", "--no-verbose"]).ok().stdout(), "");
}

#[test]
fn devices_have_names() {
    let (one, two) = (Board::start(Kind::SimPty), Board::start(Kind::SimTcp));
    for (board, name) in [(&one, "one"), (&two, "two")] {
        board.mpr().args(["exec", &format!("who = '{name}'")]).ok();
    }
    let config = format!(
        "device = 'one'\n[devices]\none = '{}'\n'the two' = {{ address = '{}' }}\n",
        one.address(),
        two.address()
    );
    let who = |environment: &[(&str, &str)], words: &[&str]| {
        let start =
            environment.iter().fold(configured(mpr(), &config), |mpr, (name, value)| mpr.env(name, value));
        start.args(words).args(["eval", "who"]).ok().stdout()
    };
    assert_eq!(who(&[], &[]), "one\r\n");
    assert_eq!(who(&[], &["connect", "the two"]), "two\r\n");
    assert_eq!(who(&[], &["the two"]), "two\r\n");
    assert_eq!(who(&[], &["--device", "the two"]), "two\r\n");
    // The order of precedence.
    assert_eq!(who(&[("MPR_DEVICE", "the two")], &[]), "two\r\n");
    assert_eq!(who(&[("MPR_DEVICE", "the two")], &["-d", "one"]), "one\r\n");
    assert_eq!(who(&[("MPR_DEVICE", "one")], &["-d", "one", "the two"]), "two\r\n");
    assert_eq!(who(&[], &["the two", "eval", "1", "disconnect"]), "1\r\none\r\n");
    // A slip in a name, and advice that uses the name.
    let outcome = configured(mpr(), &config).args(["connect", "thetwo", "eval", "1"]).run();
    outcome.expect_failure(3, "thetwo");
    outcome.expect_stderr("hint: did you mean `mpr connect 'the two'`?");
    let outcome = configured(mpr(), &config).args(["connect", "the two", "ls", ":nope"]).run();
    outcome.expect_failure(1, ":nope");
    outcome.expect_stderr("`mpr connect 'the two' ls ");
}

#[test]
fn a_device_has_a_name_by_its_serial_number() {
    let board = Board::start(Kind::SimPty);
    let port = UsbPort {
        name: "ttyACM7",
        serial: "e66 one",
        vid: 0x2e8a,
        pid: 5,
        manufacturer: "MicroPython",
        product: "Board",
        device: board.address().into(),
    };
    let machine = Machine::with(&[port]);
    let config = "[devices]\nlab = 'id:e66 one'\ndoor = { serial = 'e66 one' }\n";
    for name in ["lab", "door"] {
        let outcome = configured(mpr(), config).on(&machine).args([name, "eval", "6 * 7"]).ok();
        assert_eq!(outcome.stdout(), "42\r\n");
    }
}

#[test]
fn a_soft_reset_comes_when_it_is_configured() {
    for kind in [Kind::SimPty, Kind::Microbit, Kind::Wasm] {
        let board = Board::start(kind);
        let there = "print('kept' in globals())";
        let run = |config: &str, words: &[&str]| configured(board.mpr(), config).args(words).ok().text();
        let on = "auto_soft_reset = true";
        let keep = || board.mpr().args(["exec", "kept = 1"]).ok();
        keep();
        assert_eq!(run("auto_soft_reset = false", &["exec", there]), "True\n", "{kind:?}");
        assert_eq!(run(on, &["exec", there]), "False\n", "{kind:?}");
        // Once for a connection.
        assert_eq!(run(on, &["exec", "kept = 1", "exec", there]), "True\n", "{kind:?}");
        assert_eq!(run(on, &["resume", "exec", there]), "True\n", "{kind:?}");
        let address = board.address();
        let again = ["resume", "exec", there, "disconnect", "connect", address, "exec", there];
        assert_eq!(run(on, &again), "True\nFalse\n", "{kind:?}");
        keep();
        assert_eq!(run(on, &["soft-reset", "exec", there]), "False\n", "{kind:?}");
    }
}

#[test]
fn the_prompt_is_entered_without_a_soft_reset() {
    let board = Board::start(Kind::SimPty);
    board.mpr().args(["exec", "kept = 6 * 7"]).ok();
    let mut terminal = configured(board.mpr(), "auto_soft_reset = true").terminal();
    terminal.expect("Ctrl-]");
    terminal.send("kept\r");
    terminal.expect("42");
    terminal.send("\x1d");
    terminal.ends_sane(0);
}

#[test]
fn a_broken_file_stops_everything() {
    let board = Board::start(Kind::SimPty);
    let config = "[macros]\nll = 'ls'\n\n[devices\n";
    let outcome = configured(board.mpr(), config).args(["touch", ":made"]).run();
    let file = outcome.stderr();
    outcome.expect_code(2);
    assert!(file.contains("config/mpr/config.toml`, line 4, column 9: "), "{outcome}");
    assert!(file.contains("hint: `mpr --no-config COMMAND`") && outcome.stdout.is_empty(), "{outcome}");
    assert_eq!(board.mpr().args(["ls", "--no-verbose"]).ok().stdout(), "");
    let start = configured(mpr(), config);
    let words = ["connect", board.address(), "eval", "1"];
    assert_eq!(start.clone().arg("--no-config").args(words).ok().stdout(), "1\r\n");
    assert_eq!(start.clone().env("MPR_CONFIG", "").args(words).ok().stdout(), "1\r\n");
    assert_eq!(start.clone().args(["--config", ""]).args(words).ok().stdout(), "1\r\n");
    // A folder where the file should be.
    let folder = mpr();
    fs::create_dir_all(folder.home().join("config/mpr/config.toml")).expect("a folder can be made");
    folder.args(["version"]).run().expect_code(2);
}

#[test]
fn another_file_can_be_named() {
    let start = configured(mpr(), "[macros]\nusual = 'version'\n");
    place(&start, "mpremote/config.py", "commands = {'theirs': 'version'}\n");
    let home = start.home().to_owned();
    fs::write(home.join("my own.toml"), "[macros]\nmine = 'version'\n").expect("a file can be written");
    fs::write(home.join("other.py"), "commands = {'snake': 'version'}\n").expect("a file can be written");
    let knows = |mpr: &Mpr, word: &str| mpr.clone().arg(word).run().status.success();
    let knows_of = |mpr: Mpr| ["usual", "theirs", "mine", "snake"].map(|word| knows(&mpr, word));
    assert_eq!(knows_of(start.clone()), [true, true, false, false]);
    assert_eq!(knows_of(start.clone().args(["--config", "my own.toml"])), [false, false, true, false]);
    assert_eq!(knows_of(start.clone().env("MPR_CONFIG", "my own.toml")), [false, false, true, false]);
    assert_eq!(knows_of(start.clone().arg("--config=other.py")), [false, false, false, true]);
    let both = start.clone().env("MPR_CONFIG", "my own.toml").arg("--config=other.py");
    assert_eq!(knows_of(both), [false, false, false, true]);
    let off = start.clone().env("MPR_CONFIG", "my own.toml").arg("--no-config");
    assert_eq!(knows_of(off), [false; 4]);
    place(&start, "mpr/config.toml", "mpremote = false\n");
    assert_eq!(knows_of(start.clone()), [false; 4]);
    start.clone().args(["--config", "missing.toml", "version"]).run().expect_failure(2, "missing.toml");
    let late = start.args(["version", "--config", "my own.toml"]).run();
    late.expect_failure(2, "--config");
}

#[test]
fn what_is_not_understood_is_told_and_the_rest_is_used() {
    let start = configured(mpr(), "colour = 1\n[macros]\nfirst = 'version'\n");
    let python = "commands = {\n  'first': 'df',\n  'second': 'version',\n  'third': lambda: 1,\n}\nimport os\nos.x()\n";
    place(&start, "mpremote/config.py", python);
    for word in ["first", "second"] {
        let outcome = start.clone().arg(word).ok();
        assert!(outcome.stdout().starts_with("mpr "), "{outcome}");
        let stderr = outcome.stderr();
        let warnings: Vec<&str> = stderr.lines().collect();
        assert_eq!(warnings.len(), 3, "{outcome}");
        assert!(warnings.iter().all(|line| line.starts_with("warning: configuration: `")), "{outcome}");
        outcome.expect_stderr("mpr/config.toml`, line 1, column 1: unknown key `colour`");
        outcome.expect_stderr("config.py`, line 4, column 12: command `third` is left out: a function");
        outcome.expect_stderr("config.py`, line 7, column 1: ");
    }
    assert!(start.clone().args(["-q", "second"]).ok().stderr.is_empty());
    start.arg("third").fails(2, &["command `third` is left out", "error: `third` is not a command"]);
}

#[test]
fn the_configuration_is_shown() {
    let start = configured(
        mpr(),
        "device = 'lab'\n[devices]\nlab = 'sim:-'\n[macros]\n'm a=1' = ['exec', 'print(a)']\n",
    );
    let text = start.clone().arg("config").ok().stdout();
    assert!(text.contains("config/mpr/config.toml (mpr): read\n"), "{text}");
    assert!(text.contains("config/mpremote/config.py (mpremote): not there"), "{text}");
    assert!(
        text.contains("device: lab\nmacro m a=1: exec 'print(a)' (") && text.contains("device lab: sim:- ("),
        "{text}"
    );
    let shown = start.clone().args(["config", "--json"]).ok().stdout();
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("an object");
    assert_eq!(shown["macros"][0]["command"], json!(["exec", "print(a)"]));
    assert_eq!(shown["devices"][0]["address"], "sim:-");
    assert_eq!(shown["files"][1]["read"], false);
    let help = start.arg("help").ok().stdout();
    assert!(help.contains("Macros:\n  m a=1 ") && help.contains("Devices:\n  lab "), "{help}");
    assert_eq!(mpr().args(["--no-config", "config"]).ok().stdout(), "no configuration is read\n");
}

/// The example of docs/CONFIG.md.
#[test]
fn the_documented_example_works() {
    let page = include_str!("../../docs/CONFIG.md");
    let example =
        page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let desk = Desk::new(Kind::SimPty);
    desk.write("src/main.py", b"print('hi')\n");
    desk.write("led.py", b"def blink(pin, times):\n    print('pin', pin, times)\n");
    let run = |words: &[&str]| configured(desk.mpr(), example).args(words).ok();
    run(&["mkdir", ":lib", "+", "cp", "led.py", ":lib/"]);
    let outcome = run(&["ll", "+", "blink", "5", "2", "blink", "pin='x'", "deploy", "ls", "+", "free"]);
    assert!(outcome.stderr.is_empty(), "{outcome}");
    assert!(outcome.stdout().contains("led.py\npin 2 5\r\npin x 3\r\n"), "{outcome}");
    assert!(outcome.stdout().contains(" main.py\n"), "{outcome}");
    assert_eq!(configured(mpr(), example).args(["scratch", "eval", "1"]).ok().stdout(), "1\r\n");
}

/// Files of mpremote's documentation and of its users do with both what they say.
#[test]
fn mpremotes_file_means_the_same_to_both() {
    let config = r#"
"""My commands."""
commands = {
    'double x=4': 'eval x*2',
    "add a b=1": {"command": "eval a+b", "help": "add " 'two'},
    "both": ["exec", "print('a b')", "double", '5'],
    'mk': ('touch', ":f 1"), "lsq": """fs
        ls  --no-verbose""",
    "ls": "lsq",
    r'raw\n': 'eval 1', u"esc\x61pe": ["eval", "'\N{BULLET}'" if False else "2"],
    'tail': "exec print(1)",
    'nest p=3 q': 'add q',
}
commands["late"] = "eval 'late'"
"#;
    let (ours, theirs) = (Board::start(Kind::SimPty), Board::start(Kind::SimPty));
    let start = mpr();
    place(&start, "mpremote/config.py", config);
    let lines: [&[&str]; 18] = [
        &["double"],
        &["double", "7"],
        &["double", "x=8"],
        &["double", "9", "double", "4", "+", "add", "1"],
        &["add", "1", "2"],
        &["add", "a=1", "b=5"],
        &["add"],
        &["add", "b=1"],
        &["add", "1", "2", "c=3"],
        &["both"],
        &["mk", "+", "ls"],
        &["lsq"],
        &["raw\\n"],
        &["nest", "q=1"],
        &["nest", "1", "2", "b=3"],
        &["late"],
        &["tail", "late"],
        &["resume", "ls"],
    ];
    for line in lines {
        let by_us = start.clone().args(["connect", ours.address()]).args(line).run();
        let by_them = Command::new(python_program())
            .args(["-m", "mpremote", "connect", theirs.address()])
            .args(line)
            .env("XDG_CONFIG_HOME", start.home().join("config"))
            .output()
            .expect("mpremote runs");
        assert_eq!(by_us.status.success(), by_them.status.success(), "{line:?}: {by_us}\n{by_them:?}");
        let printed = String::from_utf8_lossy(&by_them.stdout).replace("\r\n", "\n");
        match by_us.status.success() {
            true => assert_eq!(by_us.text(), printed, "{line:?}: {by_us}"),
            // mpremote tells it on stdout.
            false => {
                let line = printed.lines().next().unwrap_or_default();
                let reason = line.split(';').next().unwrap_or_default();
                let missing = reason.split(" missing ").nth(1).map(|rest| format!("missing {rest}"));
                let wrong = reason.split(" given ").nth(1).map(|_| "unexpected argument `c`".to_owned());
                by_us.expect_stderr(&missing.or(wrong).expect("a reason"));
            }
        }
    }
    // mpremote forgets the defaults of a macro before `+`, and takes what an earlier call has set.
    let line = ["-q", "connect", ours.address(), "double", "9", "double", "+", "double"];
    assert_eq!(start.clone().args(line).ok().text(), "18\n8\n8\n");
    let shown = start.args(["-q", "help"]).ok().stdout();
    assert!(shown.contains("  add a b=1    add two\n"), "{shown}");
}

#[test]
fn the_shell_knows_macros_and_devices() {
    let (one, two) = (Board::start(Kind::SimPty), Board::start(Kind::SimPty));
    let config = format!(
        "[devices]\ntwo = '{}'\n[macros]\nls = 'ls --no-verbose'\n'twice x' = 'eval x*2'\n",
        two.address()
    );
    two.mpr().args(["touch", ":here"]).ok();
    let lines = "twice 21\nls\ntwo\nls\n";
    let outcome = configured(one.mpr(), &config).arg("shell").stdin(lines).ok();
    assert_eq!(outcome.stdout(), "42\r\n           0 here\n");
    let start = configured(one.mpr(), &config).arg("shell");
    start.clone().stdin("twice\n").fails(2, &["command `twice`: missing argument x"]);
    start.clone().stdin("--config x version\n").fails(2, &["the shell has its configuration"]);
    let help = start.stdin("help\n").ok().stdout();
    assert!(help.contains("Macros:\n  ls           ls --no-verbose\n  twice x "), "{help}");
}

#[test]
fn macros_and_devices_are_completed() {
    let board = Board::start(Kind::SimPty);
    board.mpr().args(["touch", ":some.py"]).ok();
    let config = format!(
        "device = 'lab1'\n[devices]\nlab1 = '{}'\n[macros]\nlabel = 'cat'\n'show n=1' = 'cat'\n",
        board.address()
    );
    let complete = |words: &[&str]| -> Vec<String> {
        let start = configured(mpr(), &config).env("MPR_COMPLETE_WAIT", "60");
        let outcome = start.args(["complete", "--shell", "zsh", "--"]).args(words).ok();
        assert_eq!(outcome.stderr(), "", "{words:?}");
        let value = |line: &str| line.split('\t').nth(1).expect("a mark and a value").to_owned();
        outcome.stdout().lines().map(value).collect()
    };
    assert_eq!(complete(&["lab"]), ["label", "lab1"]);
    assert_eq!(complete(&["connect", "la"]), ["lab1"]);
    assert_eq!(complete(&["help", "lab"]), ["label"]);
    // Behind a macro its last command goes on, on the device that the configuration names.
    for line in
        [&["label", "so"][..], &["lab1", "label", "so"], &["show", "3", "so"], &["cat", "-d", "lab1", "so"]]
    {
        assert_eq!(complete(line), ["some.py"], "{line:?}");
    }
    let broken = configured(mpr(), "x = ").args(["complete", "--shell", "zsh", "--", "vers"]).ok();
    assert!(broken.stdout().contains("version") && broken.stderr.is_empty(), "{broken}");
}
