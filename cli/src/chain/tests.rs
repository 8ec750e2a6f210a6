//! Command lines and what they are parsed into.

use super::*;
use crate::failure::Kind;

fn words(line: &[&str]) -> Vec<String> {
    line.iter().map(|word| (*word).to_owned()).collect()
}

fn chain(line: &[&str]) -> Chain {
    match parse(&words(line), &Config::default()) {
        Ok(Parsed::Chain(chain)) => chain,
        other => panic!("{line:?}: {other:?}"),
    }
}

/// The commands of a line, as their `Debug` text.
fn commands(line: &[&str]) -> Vec<String> {
    chain(line).commands.iter().map(|command| format!("{command:?}")).collect()
}

fn names(line: &[&str]) -> Vec<String> {
    commands(line).iter().map(|text| text.split([' ', '(']).next().unwrap_or_default().to_owned()).collect()
}

fn failure(line: &[&str]) -> Failure {
    match parse(&words(line), &Config::default()) {
        Err(failure) => {
            assert_eq!(failure.kind, Kind::Usage, "{line:?}");
            failure
        }
        other => panic!("{line:?}: {other:?}"),
    }
}

fn text(advice: &str) -> Option<crate::hints::Advice> {
    Some(advice.into())
}

fn help(line: &[&str]) -> String {
    match parse(&words(line), &Config::default()) {
        Ok(Parsed::Help(text)) => text,
        other => panic!("{line:?}: {other:?}"),
    }
}

#[test]
fn no_words_are_no_commands() {
    assert!(commands(&[]).is_empty());
    assert!(commands(&["+", "+"]).is_empty());
}

#[test]
fn a_command_takes_its_words_and_the_next_word_is_the_next_command() {
    assert_eq!(names(&["connect", "sim:", "exec", "x=1", "eval", "x"]), ["Connect", "Exec", "Eval"]);
    assert_eq!(names(&["sleep", "10", "df", "version"]), ["Sleep", "Df", "Version"]);
    assert_eq!(
        names(&["disconnect", "resume", "soft-reset", "repl"]),
        ["Disconnect", "Resume", "SoftReset", "Repl"]
    );
}

#[test]
fn plus_ends_a_command_that_takes_any_number_of_words() {
    assert_eq!(names(&["ls", "eval", "x"]), ["Ls"]);
    assert_eq!(names(&["ls", "+", "eval", "x"]), ["Ls", "Eval"]);
    assert_eq!(names(&["cp", "a", "b", ":", "+", "rm", ":a", "+", "ls"]), ["Cp", "Rm", "Ls"]);
    assert_eq!(names(&["exec", "x", "+", "+", "exec", "y"]), ["Exec", "Exec"]);
}

#[test]
fn options_stand_before_between_and_after_positional_words() {
    let copies = [["cp", "-r", "a", ":b"], ["cp", "a", "-r", ":b"], ["cp", "a", ":b", "-r"]];
    for line in copies {
        let text = &commands(&line)[0];
        assert!(text.contains("recursive: true") && text.contains(r#"paths: ["a", ":b"]"#), "{text}");
    }
    for line in [&["exec", "--no-follow", "x", "ls"], &["exec", "x", "--no-follow", "ls"]] {
        assert_eq!(names(line), ["Exec", "Ls"]);
        assert!(commands(line)[0].contains("no_follow: true"));
    }
}

#[test]
fn short_options_may_stand_together_and_long_ones_be_cut_short() {
    let text = &commands(&["rm", "-rf", ":a"])[0];
    assert!(text.contains("recursive: true") && text.contains("force: true"), "{text}");
    assert!(commands(&["rm", "--recur", ":a"])[0].contains("recursive: true"));
    assert!(failure(&["rm", "--no-", ":a"]).message.contains("could be"));
    assert!(commands(&["repl", "--capture=x"])[0].contains(r#"capture: Some("x")"#));
    assert!(commands(&["repl", "--inject-code", "-x"])[0].contains(r#"inject_code: Some("-x")"#));
}

#[test]
fn the_last_of_two_opposites_holds() {
    assert!(commands(&["exec", "--no-follow", "--follow", "x"])[0].contains("no_follow: false"));
    assert!(commands(&["exec", "--follow", "--no-follow", "x"])[0].contains("no_follow: true"));
    let text = &commands(&["rm", "-r", "--no-recursive", ":a"])[0];
    assert!(text.contains("recursive: false"), "{text}");
}

#[test]
fn numbers_and_texts_with_spaces_are_no_options() {
    assert!(commands(&["eval", "-1"])[0].contains(r#"expression: "-1""#));
    assert!(commands(&["eval", "- 1"])[0].contains(r#"expression: "- 1""#));
    assert!(commands(&["eval", "--", "-x"])[0].contains(r#"expression: "-x""#));
    assert_eq!(names(&["eval", "--", "-x", "ls"]), ["Eval", "Ls"]);
    assert!(failure(&["eval", "-x"]).message.contains("unknown option `-x`"));
}

#[test]
fn fs_takes_options_before_its_command_too() {
    assert_eq!(commands(&["fs", "ls"]), commands(&["ls"]));
    assert_eq!(commands(&["fs", "-r", "cp", "a", ":b"]), commands(&["cp", "-r", "a", ":b"]));
    assert_eq!(commands(&["fs", "tree", "-h", "lib"]), commands(&["tree", "--human", "lib"]));
    assert_eq!(names(&["fs", "ls", "--json", "+", "fs", "cat", "x"]), ["Ls", "Cat"]);
    assert!(commands(&["fs", "md5sum", "x"])[0].contains(r#"name: "md5sum""#));
    assert!(failure(&["fs", "foo", "x"]).message.contains("`foo` is not a file command"));
    assert!(failure(&["fs", "exec", "x"]).message.contains("`exec` is not a file command"));
    assert!(failure(&["fs"]).message.contains("missing argument CMD"));
    assert!(failure(&["fs", "cat"]).message.contains("missing argument PATH"));
}

#[test]
fn run_hands_on_what_follows_two_dashes() {
    let text = &commands(&["run", "a.py", "--", "-v", "x y", "ls"])[0];
    assert!(text.contains(r#"file: "a.py", args: ["-v", "x y", "ls"]"#), "{text}");
    assert_eq!(names(&["run", "a.py", "--", "1", "+", "ls"]), ["RunFile", "Ls"]);
    assert_eq!(names(&["run", "--no-follow", "-", "ls"]), ["RunFile", "Ls"]);
}

#[test]
fn port_shortcuts_connect() {
    assert_eq!(commands(&["a0", "ls"]), commands(&["connect", "/dev/ttyACM0", "ls"]));
    assert_eq!(commands(&["u3"]), commands(&["connect", "/dev/ttyUSB3"]));
    assert!(failure(&["a4"]).message.contains("`a4` is not a command"));
}

#[test]
fn global_options_stand_anywhere() {
    for line in [
        &["--device", "sim:", "--json", "ls"][..],
        &["ls", "--json", "-dsim:"],
        &["--json", "connect", "sim:-", "--device=sim:", "ls"],
        &["ls", "+", "--json", "-d", "sim:"],
    ] {
        let globals = chain(line).globals.anywhere;
        assert!(globals.json, "{line:?}");
        assert_eq!(
            globals.device.map(|target| format!("{target:?}")),
            Some("Board(Sim(UserData))".to_owned())
        );
    }
    assert!(chain(&["-v", "ls"]).globals.verbose);
    assert!(chain(&["connect", "sim:", "-q", "-v", "ls"]).globals.verbose);
    let verbose_ls = chain(&["ls", "-v"]);
    assert!(!verbose_ls.globals.verbose, "behind a file command -v is the command's own");
    assert_eq!(
        chain(&["--timeout", "1.5", "df"]).globals.anywhere.timeout.map(|t| t.as_millis()),
        Some(1500)
    );
}

#[test]
fn a_typo_anywhere_stops_everything() {
    assert_eq!(failure(&["exec", "x", "rn", "y"]).message, "`rn` is not a command");
    assert_eq!(failure(&["exce", "x"]).hint, text("did you mean `mpr exec`?"));
    assert_eq!(failure(&["ls", "--jsn"]).hint, text("did you mean `--json`?"));
    assert_eq!(failure(&["--jsn", "ls"]).message, "unknown option `--jsn`");
    assert_eq!(failure(&["main.py"]).hint, text("`mpr run main.py` runs a program"));
    assert_eq!(failure(&["sleep", "abc"]).message, "sleep: `abc` is not a number of milliseconds");
    assert_eq!(failure(&["sleep", "-1"]).message, "sleep: `-1` is not a number of milliseconds");
    assert_eq!(failure(&["exec"]).message, "exec: missing argument CODE");
    assert_eq!(failure(&["exec", "+", "ls"]).message, "exec: missing argument CODE");
    assert_eq!(failure(&["cp"]).message, "cp: missing destination path");
    assert_eq!(failure(&["cp", "a"]).message, "cp: missing destination path");
    assert_eq!(failure(&["repl", "--capture"]).message, "repl: `--capture` wants a value after it");
    assert_eq!(failure(&["repl", "--capture", "+"]).message, "repl: `--capture` wants a value after it");
    assert_eq!(failure(&["exec", "--follow=1", "x"]).message, "exec: `--follow` takes no value");
    assert_eq!(failure(&["connect", "foo://x"]).message, "connect: `foo://` is not a kind of device");
    assert_eq!(failure(&["--timeout", "0", "ls"]).message, "--timeout: not a number of seconds above 0");
    assert_eq!(failure(&["sha512sum", "x"]).message, "sha512sum: there is no digest `sha512` here");
}

#[test]
fn help_wins_over_everything_around_it() {
    assert!(help(&["--help"]).contains("File commands:"));
    assert!(help(&["-h"]).contains("File commands:"));
    assert!(help(&["exec", "x", "ls", "--help"]).contains("mpr ls"));
    assert!(help(&["cp", "--help"]).contains("--recursive"));
    assert!(!help(&["cat", "--help"]).contains("--recursive"), "an option without meaning is not shown");
    assert!(help(&["fs", "--help"]).contains("sha256sum"));
    assert_eq!(names(&["help", "ls"]), ["Help"]);
    assert!(failure(&["help", "nonsense"]).message.contains("`nonsense` is not a command"));
}

#[test]
fn an_option_may_be_said_twice() {
    assert_eq!(names(&["ls", "--no-verbose", "--no-verbose"]), ["Ls"]);
    assert_eq!(names(&["cp", "-rf", "-r", "a", ":b"]), ["Cp"]);
    assert!(commands(&["repl", "--capture", "a", "--capture=b"])[0].contains("Some(\"b\")"));
}

#[test]
fn version_is_a_command_and_an_option() {
    for line in [&["version"][..], &["--version"], &["--json", "--version"], &["--version", "--json"]] {
        assert_eq!(names(line), ["Version"], "{line:?}");
    }
    assert_eq!(names(&["eval", "1", "--version"]), ["Eval", "Version"]);
}

#[test]
fn grammars_hold_together() {
    for name in commands::names().filter(|name| *name != fs::NAME) {
        let entry = commands::find(name).unwrap_or_else(|| panic!("{name} has no entry"));
        let grammar = grammar(name, entry);
        // The words of a command are handed to clap by the long names of its options.
        for arg in grammar.get_arguments().filter(|arg| arg.get_short().is_some()) {
            assert!(arg.get_long().is_some(), "{name}: {:?} has no long name", arg.get_id());
        }
        grammar.debug_assert();
    }
}

#[test]
fn the_place_of_a_mount_shows_its_colon() {
    assert_eq!(names(&["mount", ".", "exec", "x"]), ["Mount", "Exec"]);
    assert_eq!(names(&["mount", ".", ":/app", "ls"]), ["Mount", "Ls"]);
    assert_eq!(names(&["mount", "a", "mount", "b", ":/b", "umount", "umount", ":/b"]).len(), 4);
    assert!(commands(&["mount", "-l", ".", ":app"])[0].contains("Some(\":app\")"));
    assert_eq!(names(&["mount", ":", "board", "ls"]), ["Mount", "Ls"]);
    assert_eq!(names(&["umount", "./board", "ls"]), ["Umount", "Ls"]);
    assert_eq!(names(&["umount", "ls"]), ["Umount", "Ls"]);
    assert_eq!(failure(&["mount", "a", "./b"]).message, "`./b` is not a command");
    assert!(failure(&["mount"]).message.contains("missing argument PATH"));
}

mod any_words {
    use proptest::prelude::*;

    use super::*;

    /// Words that mean something somewhere, and words that don't.
    fn word() -> impl Strategy<Value = String> {
        let known: Vec<String> = commands::names()
            .chain(["+", "--", "-", "", ":", ":a", "a0", "sim:", "list", "-1", "- 1", "10"])
            .chain([
                "-r", "-rf", "-f", "-v", "-h", "-d", "-dsim:", "-q", "-x", "--json", "--device", "--help",
            ])
            .chain(["--no-follow", "--capture", "--capture=x", "--no-", "--=", "--version", "--timeout=1"])
            .map(str::to_owned)
            .collect();
        prop_oneof![9 => proptest::sample::select(known), 1 => any::<String>()]
    }

    proptest! {
        #[test]
        fn are_parsed_or_refused(line in proptest::collection::vec(word(), 0..8)) {
            if let Err(failure) = parse(&line, &Config::default()) {
                prop_assert_eq!(failure.kind, Kind::Usage);
                prop_assert!(!failure.message.is_empty() && failure.hint.is_some(), "{:?}", failure);
            }
        }

        #[test]
        fn of_one_command_are_all_accounted_for(line in proptest::collection::vec(word(), 0..8)) {
            let entry = commands::find("exec").expect("exec is a command");
            if let Ok((taken, _)) = take("exec", &grammar("exec", entry), &line) {
                prop_assert!(taken.used <= line.len());
                prop_assert!(taken.positional.len() <= 1);
            }
        }
    }
}
