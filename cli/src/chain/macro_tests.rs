use super::*;
use crate::config::{Alias, Macro, Origin};

fn origin(line: usize) -> Origin {
    Origin { file: "config.toml".into(), line, column: 1 }
}

/// A configuration with these macros, one per line, and a device `lab`.
fn config(macros: &[(&str, &[&str])]) -> Config {
    let mut config = Config::default();
    for (at, (signature, words)) in macros.iter().enumerate() {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let found = Macro::new(signature, words, Some("what it does"), origin(at + 1)).expect("a macro");
        config.macros.insert(found.name.clone(), found);
    }
    let address = "id:1234".parse().expect("an address");
    config.devices.insert("lab".to_owned(), Alias { address, password: None, origin: origin(99) });
    config
}

fn parsed(line: &[&str], config: &Config) -> Result<Parsed, Failure> {
    let words: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
    parse(&words, config)
}

/// The commands of a line, as the debugger shows them.
#[track_caller]
fn commands_of(line: &[&str], config: &Config) -> Vec<String> {
    match parsed(line, config) {
        Ok(Parsed::Chain(chain)) => chain.commands.iter().map(|command| format!("{command:?}")).collect(),
        other => panic!("{line:?}: {other:?}"),
    }
}

#[track_caller]
fn failure_of(line: &[&str], config: &Config) -> Failure {
    match parsed(line, config) {
        Err(failure) => failure,
        other => panic!("{line:?}: {other:?}"),
    }
}

/// A line with macros does what the line without them does.
#[track_caller]
fn same(line: &[&str], plain: &[&str], config: &Config) {
    assert_eq!(commands_of(line, config), commands_of(plain, &Config::default()), "{line:?}");
}

#[test]
fn macros_stand_for_their_words() {
    let config = config(&[
        ("ll", &["ls", ":lib"]),
        ("deploy", &["cp", "main.py", ":", "+", "ll", "+", "reset"]),
        ("show n=1 text", &["exec", "print(n, text)"]),
        ("outer a", &["show", "n=2"]),
        ("nothing", &[]),
        ("verbose", &["--verbose"]),
    ]);
    same(&["ll"], &["ls", ":lib"], &config);
    same(&["ll", "/"], &["ls", ":lib", "/"], &config);
    same(
        &["deploy", "eval", "1"],
        &["cp", "main.py", ":", "+", "ls", ":lib", "+", "reset", "eval", "1"],
        &config,
    );
    same(
        &["show", "3", "'x'", "ll"],
        &["exec", "n=3;text='x'", "exec", "print(n, text)", "ls", ":lib"],
        &config,
    );
    same(&["show", "text=4", "+", "df"], &["exec", "n=1;text=4", "exec", "print(n, text)", "df"], &config);
    // A macro at the front of another: all arguments are set at once.
    same(&["outer", "0", "text=5"], &["exec", "a=0;n=2;text=5", "exec", "print(n, text)"], &config);
    same(&["nothing", "df"], &["df"], &config);
    same(&["nothing"], &[], &config);
    same(&["verbose", "df"], &["--verbose", "df"], &config);
    same(&["lab", "df"], &["connect", "lab", "df"], &config);
}

#[test]
fn arguments_that_do_not_fit_are_refused() {
    let config = config(&[("m a b=2", &["exec", "print(a)"]), ("in", &["df", "m"])]);
    for (line, message) in [
        (&["m"][..], "command `m`: missing argument a"),
        (&["m", "+", "1"], "command `m`: missing argument a"),
        (&["m", "b=1"], "command `m`: missing argument a"),
        (&["m", "1", "2", "c=3"], "command `m`: unexpected argument `c`"),
    ] {
        let failure = failure_of(line, &config);
        assert_eq!((failure.message.as_str(), failure.kind), (message, crate::failure::Kind::Usage));
        assert!(failure.causes.contains(&"signature is: m a b=2".to_owned()), "{failure:?}");
        assert!(failure.hint.is_some());
    }
    let failure = failure_of(&["in"], &config);
    assert!(failure.causes.iter().any(|cause| cause.contains("in the macro `in`")), "{failure:?}");
}

#[test]
fn a_macro_may_cover_a_command_and_use_it() {
    let covering =
        config(&[("ls", &["ls", "--no-verbose"]), ("a", &["b", "x"]), ("b", &["a"]), ("fs", &["fs", "ls"])]);
    same(&["ls", ":lib"], &["ls", "--no-verbose", ":lib"], &covering);
    same(&["fs", ":lib"], &["fs", "ls", ":lib"], &covering);
    // Through another macro as well.
    let through = config(&[("ls", &["dir"]), ("dir", &["ls", "-v"])]);
    same(&["ls"], &["ls", "-v"], &through);
    assert_eq!(failure_of(&["dir"], &through).message, "the macro `dir` calls itself: dir -> ls -> dir");
    // The arguments of a macro are set by the real `exec`.
    let exec = config(&[("exec", &["eval", "1"]), ("m a", &["eval", "a"])]);
    same(&["m", "1"], &["exec", "a=1", "eval", "a"], &exec);
    // Neither is a command.
    let failure = failure_of(&["a"], &covering);
    assert_eq!(failure.message, "the macro `a` calls itself: a -> b -> a");
}

#[test]
fn a_macro_that_calls_itself_names_the_way() {
    let config = config(&[
        ("tail", &["df", "tail"]),
        ("one", &["df", "+", "two"]),
        ("two", &["three", "x"]),
        ("three", &["sleep", "1", "one"]),
        ("ls", &["df", "ls"]),
    ]);
    for (word, path) in [("tail", "tail -> tail"), ("one", "one -> two -> three -> one"), ("ls", "ls -> ls")]
    {
        let failure = failure_of(&["df", word], &config);
        assert_eq!(failure.message, format!("the macro `{word}` calls itself: {path}"));
    }
    // Twice in a row is no circle.
    same(&["tail2", "tail2"], &["df", "df"], &self::config(&[("tail2", &["df"])]));
}

#[test]
fn macros_that_multiply_are_stopped() {
    let mut config = config(&[("m12", &["df"])]);
    for at in 0..12 {
        let (name, next) = (format!("m{at}"), format!("m{}", at + 1));
        let words = vec![next.clone(), "+".to_owned(), next];
        let found = Macro::new(&name, words, None, origin(1)).expect("a macro");
        config.macros.insert(name, found);
    }
    assert!(failure_of(&["m0"], &config).message.contains("more than 1000"));
    assert_eq!(commands_of(&["m6"], &config).len(), 64);
}

#[test]
fn a_fault_inside_names_its_macro() {
    let config = config(&[
        ("deploy", &["exec", "1", "df", "ls", "--jsn"]),
        ("outer", &["df", "deploy"]),
        ("typo", &["exce", "1"]),
    ]);
    let failure = failure_of(&["outer"], &config);
    assert_eq!(failure.message, "ls: unknown option `--jsn`");
    let causes = [
        "in the macro `deploy`: `config.toml`, line 1, column 1",
        "in the macro `outer`: `config.toml`, line 2, column 1",
    ];
    assert_eq!(failure.causes, causes);
    assert_eq!(failure_of(&["typo"], &config).causes.len(), 1);
    // What follows a macro is not its fault.
    assert!(failure_of(&["df", "typ"], &config).causes.is_empty());
    assert!(
        failure_of(&["df", "deplyo"], &config)
            .hint
            .is_some_and(|hint| hint == "did you mean `mpr deploy`?".into())
    );
}

#[test]
fn help_knows_macros_and_devices() {
    let config = config(&[("deploy n=1", &["exec", "print(n)"])]);
    for line in [&["--help"][..], &["df", "deploy", "--help"], &["help", "deploy"], &["deploy", "--help"]] {
        match parsed(line, &config) {
            Ok(Parsed::Help(text)) => {
                assert!(text.contains("deploy n=1") && text.contains("what it does"), "{text}");
            }
            other => panic!("{line:?}: {other:?}"),
        }
    }
    assert!(parsed(&["help", "lab"], &config).is_err());
    match parsed(&["-h"], &config) {
        Ok(Parsed::Help(text)) => assert!(text.contains("lab          connect to id:1234"), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_configuration_is_chosen_in_front() {
    let choice = |line: &[&str]| {
        let words: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
        super::choice(&words)
    };
    let named = |file: &str| Ok(Choice::Named(file.into()));
    assert_eq!(choice(&["--config", "a b", "ls"]), named("a b"));
    assert_eq!(choice(&["-q", "--config=x", "ls"]), named("x"));
    assert_eq!(choice(&["--no-config", "--config=x"]), named("x"));
    assert_eq!(choice(&["--config=x", "--no-config"]), Ok(Choice::Off));
    assert_eq!(choice(&["--config="]), Ok(Choice::Off));
    assert_eq!(choice(&["ls", "--config", "x"]), Ok(Choice::Usual));
    assert!(choice(&["--config"]).is_err());
    let none = Config::default();
    for line in [&["ls", "--config", "x"][..], &["ls", "+", "--config=x"], &["df", "--no-config"]] {
        let failure = failure_of(line, &none);
        assert!(failure.hint == Some(CONFIG_FIRST.into()), "{failure:?}");
    }
    assert_eq!(commands_of(&["--config", "x", "df"], &none).len(), 1);
}

mod any_macros {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 5] = ["a", "b", "ls", "exec", "m"];

    fn word() -> impl Strategy<Value = &'static str> {
        let mut words = NAMES.to_vec();
        words.extend(["+", "df", "x=1", "1", "--json", "-v", "lab", "", "--", "fs", "--help"]);
        proptest::sample::select(words)
    }

    proptest! {
        #[test]
        fn end(
            bodies in proptest::collection::vec(proptest::collection::vec(word(), 0..5), 5),
            parameters in proptest::collection::vec(proptest::sample::select(vec!["", " x", " x=1", " x y=2"]), 5),
            line in proptest::collection::vec(word(), 0..6),
        ) {
            let signatures: Vec<String> =
                NAMES.iter().zip(&parameters).map(|(name, parameters)| format!("{name}{parameters}")).collect();
            let macros: Vec<(&str, &[&str])> =
                signatures.iter().map(String::as_str).zip(bodies.iter().map(Vec::as_slice)).collect();
            if let Err(failure) = parsed(&line, &config(&macros)) {
                prop_assert_eq!(failure.kind, crate::failure::Kind::Usage);
                prop_assert!(!failure.message.is_empty() && failure.hint.is_some(), "{:?}", failure);
            }
        }
    }
}
