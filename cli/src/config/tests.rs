use super::{Config, Macro, Origin, Unbound, mpremote, native};
use crate::failure::{Failure, Kind};
use crate::session::Target;

fn toml(text: &str) -> Result<Config, Failure> {
    let mut config = Config::default();
    native::read(text.as_bytes(), "config.toml", &mut config).map(|_| config)
}

fn python(text: &str) -> Config {
    let mut config = Config::default();
    mpremote::read(text.as_bytes(), "config.py", &mut config);
    config
}

fn macro_of(signature: &str) -> Macro {
    let origin = Origin { file: "f".into(), line: 1, column: 1 };
    Macro::new(signature, vec!["ls".into()], None, origin).expect("a macro")
}

#[test]
fn all_keys_are_read() {
    let config = toml(
        "device = 'lab'\nauto_soft_reset = true\n[devices]\nlab = 'id:e660'\nbox = { address = 'tcp://box:2323' }\n\
         old = { serial = 'a b' }\n'lab 2' = '/dev/ttyACM1'\n[macros]\nll = 'ls  :lib'\n'set n=1' = ['exec', 'print(n)']\n\
         [macros.deploy]\ncommand = 'cp main.py :'\nhelp = 'copy'\n",
    )
    .expect("a configuration");
    assert_eq!(config.device, Some(Target::Name("lab".into())));
    assert!(config.auto_soft_reset);
    let devices: Vec<_> =
        config.devices.iter().map(|(name, alias)| (name.as_str(), alias.address.to_string())).collect();
    let expected =
        [("box", "tcp://box:2323"), ("lab", "id:e660"), ("lab 2", "/dev/ttyACM1"), ("old", "id:a b")];
    assert_eq!(devices, expected.map(|(name, address)| (name, address.to_owned())));
    assert_eq!(config.macros["ll"].words, ["ls", ":lib"]);
    assert_eq!(config.macros["set"].words, ["exec", "print(n)"]);
    assert_eq!(config.macros["set"].signature(), "set n=1");
    assert_eq!(config.macros["deploy"].help.as_deref(), Some("copy"));
    assert_eq!(config.macros["deploy"].origin.line, 11);
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, place, what) in [
        ("device = 3", "line 1, column 10", "`device` wants a string, and is an integer"),
        ("x = 1\ndevice = \n", "line 2, column 10", "expected"),
        ("[macros]\nä = 'ls", "line 2, column ", ""),
        ("auto_soft_reset = 'yes'", "line 1, column 19", "`true` or `false`"),
        ("macros = 'ls'", "line 1, column 10", "wants a table"),
        ("[macros]\nx = [1]", "line 2, column 6", "`x` wants a string, and is an integer"),
        ("[macros]\nx = {help = 'h'}", "line 2, column 5", "wants a `command`"),
        ("[macros]\n'-x' = 'ls'", "line 2, column 1", "`-x` cannot be a macro's name"),
        ("[macros]\n'' = 'ls'", "line 2, column 1", "wants a name"),
        ("[macros]\n'x a-b' = 'ls'", "line 2, column 1", "no name in Python"),
        ("[macros]\n'x a a=1' = 'ls'", "line 2, column 1", "two parameters"),
        ("[macros]\n'x a' = 'ls'\nx = 'df'", "", "two macros `x`"),
        ("[macros]\nx = 'ls'\nx = 'df'", "line 3, column 1", "duplicate"),
        ("[devices]\nx = 'foo://x'", "line 2, column 5", "`foo://` is not a kind of device"),
        ("[devices]\nx = 'list'", "line 2, column 5", "no device"),
        ("[devices]\nx = {}", "line 2, column 5", "wants an `address`"),
        ("[devices]\nx = {address = 'auto', serial = '1'}", "line 2, column ", "one of"),
        ("[devices]\nauto = 'sim:'", "line 2, column 1", "cannot be a device's name"),
        ("[devices]\n'a:b' = 'sim:'", "line 2, column 1", "cannot be a device's name"),
        ("device = 'list'", "line 1, column 10", "no device"),
    ] {
        let failure = toml(text).expect_err(text);
        assert_eq!(failure.kind, Kind::Usage);
        let start = format!("configuration: `config.toml`, {place}");
        assert!(failure.message.starts_with(&start) && failure.message.contains(what), "{text}: {failure:?}");
        assert!(failure.hint.is_some());
    }
    let mut config = Config::default();
    let failure = native::read(b"a = 1\nb = '\xff'", "config.toml", &mut config).expect_err("not UTF-8");
    assert!(failure.message.contains("line 2, column 6: the file is not UTF-8"), "{failure:?}");
}

#[test]
fn unknown_keys_are_no_error() {
    let config =
        toml("devcie = 'x'\n[commands]\na = 'ls'\n[macros]\nx = {command = 'ls', hepl = ''}\nother.y = 1");
    let failure = config.expect_err("a table without a command");
    assert!(failure.message.contains("`other` wants a `command`"), "{failure:?}");
    let config =
        toml("devcie = 'x'\n[commands]\na = 'ls'\n[macros]\nx = {command = 'ls', hepl = ''}\n[zzz]\n");
    let mut warnings = config.expect("a configuration").warnings;
    warnings.sort();
    assert_eq!(
        warnings,
        [
            "`config.toml`, line 1, column 1: unknown key `devcie`; did you mean `device`?",
            "`config.toml`, line 2, column 2: unknown key `commands`; did you mean `macros`?",
            "`config.toml`, line 5, column 22: unknown key `hepl`; did you mean `help`?",
            "`config.toml`, line 6, column 2: unknown key `zzz`",
        ]
    );
    let config = toml("[devices]\nls = 'sim:'").expect("a configuration");
    assert!(config.warnings[0].contains("`ls` hides this device"), "{:?}", config.warnings);
}

#[test]
fn mpremotes_file_is_read() {
    let config = python(
        "import os\ncommands = {\n  'c33': 'connect id:334D',\n  'double x=4 y': {'command': 'eval x*y', 'help': 'multiply'},\n\
         \x20 't': ('mount', '.', \"exec\", 'import ' 'test'),\n  'bad': os.path,\n  'worse': ['a', 1],\n  'help': {'help': 'h'},\n  'x a-b': 'ls',\n}\n\
         commands['late'] = 'ls'\nauto_soft_reset = True\n",
    );
    assert!(config.auto_soft_reset);
    let names: Vec<_> = config.macros.keys().map(String::as_str).collect();
    assert_eq!(names, ["c33", "double", "late", "t"]);
    assert_eq!(config.macros["t"].words, ["mount", ".", "exec", "import test"]);
    assert_eq!(config.macros["double"].signature(), "double x=4 y");
    assert_eq!(config.macros["double"].help.as_deref(), Some("multiply"));
    assert_eq!(config.macros["late"].origin.to_string(), "`config.py`, line 11, column 1");
    assert_eq!(
        config.warnings,
        [
            "`config.py`, line 6, column 10: command `bad` is left out: an expression cannot be read",
            "`config.py`, line 7, column 3: command `worse` is left out: a list with something other than texts",
            "`config.py`, line 8, column 3: command `help` is left out: a dictionary without \"command\"",
            "`config.py`, line 9, column 3: command `x` is left out: the parameter `a-b` of macro `x` is no name in Python",
        ]
    );
}

#[test]
fn the_last_of_two_holds_in_python() {
    let config = python(
        "commands = {'a': 'ls'}\ncommands = {'b': 'ls', 'b x': 'df'}\nauto_soft_reset = 1\nauto_soft_reset = False",
    );
    assert_eq!(config.macros.len(), 1);
    assert_eq!(config.macros["b"].words, ["df"]);
    assert!(!config.auto_soft_reset);
    let config =
        python("commands = 3\nauto_soft_reset = 'x'\nauto_soft_reset = f()\ncommands = dict()\n\"open");
    assert_eq!(config.warnings.len(), 5, "{:?}", config.warnings);
}

#[test]
fn arguments_are_bound_in_the_order_of_the_parameters() {
    let bound = |signature: &str, words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        macro_of(signature).bind(&words).map(|(values, used)| (values.join(";"), used))
    };
    let ok = |text: &str, used| Ok((text.to_owned(), used));
    assert_eq!(bound("m", &["x"]), ok("", 0));
    assert_eq!(bound("m a", &["1", "ls"]), ok("a=1", 1));
    assert_eq!(bound("m a b=2", &["1", "3", "ls"]), ok("a=1;b=3", 2));
    assert_eq!(bound("m a b=2", &["a=1", "b=c=d"]), ok("a=1;b=c=d", 2));
    assert_eq!(bound("m a=1 b=2", &["b=3"]), ok("a=1;b=3", 1));
    assert_eq!(bound("m a=1 b=2", &["+", "ls"]), ok("a=1;b=2", 0));
    assert_eq!(bound("m a=x=y", &[]), ok("a=x=y", 0));
    assert_eq!(bound("m a", &["-1"]), ok("a=-1", 1));
    assert_eq!(bound("m a=1", &["--json"]), ok("a=1", 0));
    for words in [&[][..], &["+"], &["b=1"], &["--json"]] {
        assert_eq!(bound("m a", words), Err(Unbound::Missing("a".into())), "{words:?}");
    }
}
