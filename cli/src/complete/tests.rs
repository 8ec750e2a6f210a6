//! Command lines and what may follow them, with names from tables.

use mpr_protocol::PortInfo;
use proptest::prelude::*;

use super::sources::Name;
use super::*;

/// A machine and a board with a few files each.
#[derive(Default)]
struct Tables {
    asked: Vec<(Board, String)>,
}

fn names(listed: &[&str]) -> Vec<Name> {
    listed
        .iter()
        .map(|name| Name { name: name.trim_end_matches('/').to_owned(), is_dir: name.ends_with('/') })
        .collect()
}

impl Sources for Tables {
    fn board(&mut self, board: &Board, dir: &str) -> Vec<Name> {
        self.asked.push((board.clone(), dir.to_owned()));
        match dir {
            "" => names(&["main.py", "lib/", "my lib/", "-x", "+", ":odd", ".hidden", "a\nb"]),
            "lib" | "/lib" => names(&["b.py", "a.py", "sub/"]),
            "/" => names(&["flash/"]),
            _ => Vec::new(),
        }
    }

    fn host(&mut self, dir: &str) -> Vec<Name> {
        match dir {
            "" => names(&["main.py", "src/", "-r", ":x", "it's"]),
            "src/" => names(&["one.py", "two/"]),
            _ => Vec::new(),
        }
    }

    fn ports(&mut self) -> Vec<PortInfo> {
        vec![PortInfo {
            path: "/dev/ttyACM0".into(),
            serial: Some("e660".into()),
            vid: 0x2e8a,
            pid: 5,
            manufacturer: Some("MicroPython".into()),
            product: Some("Board".into()),
            usb: true,
        }]
    }
}

fn words(line: &[&str]) -> (Vec<String>, String) {
    let (current, words) = line.split_last().expect("a line has a word at the cursor");
    (words.iter().map(|word| (*word).to_owned()).collect(), (*current).to_owned())
}

fn candidates(line: &[&str]) -> Vec<Candidate> {
    let (words, current) = words(line);
    complete(&words, &current, Vocabulary::COMMAND_LINE, &Config::default(), &mut Tables::default())
}

/// The values; one that goes on has a `…` behind it.
fn values(line: &[&str]) -> Vec<String> {
    let shown = |c: Candidate| format!("{}{}", c.value, if c.ends { "" } else { "…" });
    candidates(line).into_iter().map(shown).collect()
}

/// The board that a line's path is on, and the directory that is asked for.
fn asked(line: &[&str]) -> (Board, String) {
    let (words, current) = words(line);
    let mut tables = Tables::default();
    complete(&words, &current, Vocabulary::COMMAND_LINE, &Config::default(), &mut tables);
    tables.asked.pop().unwrap_or_else(|| panic!("{line:?}: no board was asked"))
}

#[test]
fn commands_stand_where_a_chain_takes_one() {
    for line in [
        &["df"][..],
        &["connect", "sim:", "df"],
        &["--json", "df"],
        &["ls", ":lib", "+", "df"],
        &["exec", "x=1", "df"],
        &["a0", "df"],
        &["eval", "1", "--json", "df"],
        &["fs", "ls", "+", "df"],
        &["disconnect", "df"],
        &["mount", "src", "df"],
        &["--", "df"],
        &["mip", "install", "x", "+", "df"],
    ] {
        assert_eq!(values(line), ["df"], "{line:?}");
    }
    assert_eq!(values(&["co"]), ["completions", "config", "connect"]);
    assert_eq!(values(&["help", "so"]), ["soft-reset"]);
    assert_eq!(values(&["fs", "r"]), ["rm", "rmdir"]);
    assert_eq!(values(&["fs", "-r", "r"]), ["rm", "rmdir"]);
    assert_eq!(values(&["a"]), ["a0"], "only of ports that are there");
    assert_eq!(values(&["res"]), ["reset", "restore"], "what help hides is not offered");
}

#[test]
fn words_that_make_no_sense_have_no_candidates() {
    for line in [
        &["lss", ""][..],
        &["fs", "lss", ""],
        &["fs", "connect", ""],
        &["--bogus", ""],
        &["ls", "--bogus", ""],
        &["cp", "--device", "+", ""],
        &["exec", ""],
        &["sleep", ""],
        &["run", "main.py", "--", ""],
        &["ls", "--trace=x", "--timeout", ""],
    ] {
        assert_eq!(values(line), [""; 0], "{line:?}");
    }
}

#[test]
fn options_are_those_of_the_command() {
    assert_eq!(values(&["cp", "--r"]), ["--recursive"]);
    assert_eq!(values(&["cp", "a", "b", "--f"]), ["--force"]);
    assert_eq!(values(&["ls", "--no-v"]), ["--no-verbose"]);
    assert_eq!(values(&["mount", "--no"]), ["--no-overlay"], "what help hides wants its whole prefix");
    assert_eq!(values(&["mount", "--no-u"]), ["--no-unsafe-links"]);
    assert_eq!(values(&["--ver"]), ["--verbose", "--version"]);
    assert_eq!(values(&["fs", "--q"]), ["--quiet"]);
    assert_eq!(values(&["df", "--he"]), ["--help"]);
    assert!(candidates(&["repl", "--cap"])[0].about.contains("Save a copy"));
}

#[test]
fn values_of_options_are_completed_in_both_spellings() {
    assert_eq!(values(&["ls", "--device", "aut"]), ["auto"]);
    assert_eq!(values(&["ls", "-d", "aut"]), ["auto"]);
    assert_eq!(values(&["--device=aut"]), ["--device=auto"]);
    assert_eq!(values(&["ls", "--device=sim"]), ["--device=sim:…"]);
    assert_eq!(values(&["repl", "--capture", "m"]), ["main.py"]);
    assert_eq!(values(&["repl", "--capture=src/o"]), ["--capture=src/one.py"]);
    assert_eq!(values(&["mip", "install", "x", "--target", "l"]), ["lib/…"]);
    assert_eq!(values(&["ls", "--json=x"]), [""; 0]);
}

#[test]
fn paths_on_the_board() {
    assert_eq!(values(&["cp", ":li"]), [":lib/…"]);
    assert_eq!(values(&["ls", "li"]), ["lib/…"]);
    assert_eq!(values(&["ls", ""]), ["lib/…", "my lib/…"], "directories only");
    assert_eq!(values(&["cat", ""]), [":+", ":-x", "::odd", "lib/…", "main.py", "my lib/…"]);
    assert_eq!(values(&["cat", "--", "-"]), ["-x"]);
    assert_eq!(values(&["cat", ":-"]), [":-x"]);
    assert_eq!(values(&["rm", ":lib/"]), [":lib/a.py", ":lib/b.py", ":lib/sub/…"]);
    assert_eq!(values(&["rm", "main.py", "/lib/a"]), ["/lib/a.py"]);
    assert_eq!(values(&["cat", "/"]), ["/flash/…"]);
    assert_eq!(values(&["cat", "."]), [".hidden"]);
    assert_eq!(values(&["sha256sum", "m"]), ["main.py", "my lib/…"]);
    assert_eq!(values(&["mount", "src", ":l"]), [":lib/…"]);
    assert_eq!(values(&["umount", ":my"]), [":my lib/…"]);
    assert_eq!(values(&["edit", "main"]), ["main.py"]);
}

#[test]
fn a_place_that_must_show_its_colon_is_offered_one_beside_the_next_command() {
    let offered = values(&["umount", ""]);
    assert_eq!(offered[0], ":…");
    assert!(offered.contains(&"repl".to_owned()));
    assert_eq!(values(&["mount", "src", "re"]), ["repl", "reset", "restore"]);
}

#[test]
fn paths_of_this_machine() {
    assert_eq!(values(&["cp", "m"]), ["main.py"]);
    assert_eq!(values(&["cp", ""]), ["./-r", "./:x", "it's", "main.py", "src/…", ":…"]);
    assert_eq!(values(&["mount", ""]), ["src/…", ":…"]);
    assert_eq!(values(&["mount", ":l"]), [":lib/…"]);
    assert_eq!(values(&["mount", ":lib", "s"]), ["src/…"]);
    assert_eq!(values(&["umount", "src/t"]), ["src/two/…"]);
    assert_eq!(values(&["run", "src/"]), ["src/one.py", "src/two/…"]);
    assert_eq!(values(&["run", ".."]), ["../…"]);
    assert_eq!(values(&["mip", "install", "gi"]), ["github:…", "gitlab:…"]);
    assert_eq!(values(&["connect", "sim:m"]), ["sim:main.py"]);
}

#[test]
fn devices() {
    assert_eq!(values(&["connect", "/dev/"]), ["/dev/ttyACM0"]);
    assert_eq!(values(&["connect", "id"]), ["id:e660"]);
    assert_eq!(values(&["connect", "port:"]), ["port:/dev/ttyACM0"]);
    assert_eq!(values(&["connect", "sim:-"]), ["sim:-", "sim:-r"]);
    assert_eq!(candidates(&["connect", "/dev/tty"])[0].about, "MicroPython Board");
}

#[test]
fn the_board_is_the_one_that_the_line_names() {
    let named = |name: &str| Board::Named(name.to_owned());
    assert_eq!(asked(&["cp", ":lib/x"]), (Board::Default, "lib".into()));
    assert_eq!(asked(&["connect", "sim:x", "cp", ":"]), (named("sim:x"), String::new()));
    assert_eq!(asked(&["connect", "A", "ls", "+", "connect", "B", "ls", "/"]).0, named("B"));
    assert_eq!(asked(&["connect", "A", "disconnect", "ls", ""]).0, Board::Default);
    assert_eq!(asked(&["--device", "A", "ls", ""]).0, named("A"));
    assert_eq!(asked(&["ls", "-dA", ""]).0, named("A"));
    assert_eq!(asked(&["--device", "A", "connect", "B", "ls", ""]).0, named("B"));
    assert_eq!(asked(&["--device=A", "connect", "B", "disconnect", "ls", ""]).0, named("A"));
    assert_eq!(asked(&["a0", "cat", "/lib//"]), (named("/dev/ttyACM0"), "/lib".into()));
    assert_eq!(asked(&["fs", "--device=A", "rm", "-r", "x", ":l"]).0, named("A"));
}

#[test]
fn every_value_of_every_command_has_a_meaning() {
    let all = commands::names().filter_map(|name| Some((name, commands::find(name)?)));
    let mut grammars: Vec<Command> = all.map(|(name, entry)| chain::grammar(name, entry)).collect();
    grammars.push(fs::word_grammar());
    for grammar in grammars {
        let name = grammar.get_name();
        let is_file = commands::find(name).is_some_and(|entry| entry.group == Group::Files);
        for arg in
            grammar.get_arguments().filter(|arg| arg.is_positional() || arg.get_action().takes_values())
        {
            let value = arg.get_value_names().map_or(arg.get_id().as_str(), |names| &names[0]);
            let known = Meaning::of(name, is_file, value).is_some();
            assert!(known, "complete/meaning.rs does not say what {value} of `{name}` is");
        }
    }
}

/// Words as they occur, and others.
fn any_word() -> impl Strategy<Value = String> {
    let known = [
        "connect",
        "sim:",
        "cp",
        "fs",
        "ls",
        "-r",
        "--device",
        "-d",
        "--device=x",
        "+",
        "--",
        ":lib/",
        "a0",
        "mip",
        "install",
        "run",
        "mount",
        "-",
        ":",
        "",
        "--json",
        "help",
        "é",
    ];
    prop_oneof![4 => prop::sample::select(known.map(str::to_owned).to_vec()), 1 => "\\PC{0,6}"]
}

proptest! {
    #[test]
    fn candidates_go_on_from_what_is_typed(words in prop::collection::vec(any_word(), 0..7), current in any_word()) {
        for candidate in complete(&words, &current, Vocabulary::COMMAND_LINE, &Config::default(), &mut Tables::default()) {
            prop_assert!(candidate.value.starts_with(&current));
        }
    }

    #[test]
    fn a_finished_candidate_is_a_word_that_the_chain_takes(words in prop::collection::vec(any_word(), 0..5)) {
        let told = |line: &[String]| chain::parse(line, &Config::default()).map_or_else(|failure| failure.message, |_| String::new());
        let before = told(&words);
        let finished = complete(&words, "", Vocabulary::COMMAND_LINE, &Config::default(), &mut Tables::default()).into_iter().filter(|candidate| candidate.ends);
        for candidate in finished {
            let line: Vec<String> = words.iter().chain([&candidate.value]).cloned().collect();
            let text = told(&line);
            let refused = format!("`{}` is not", candidate.value);
            prop_assert!(text == before || !text.contains(&refused), "{line:?}: {text}");
        }
    }
}
