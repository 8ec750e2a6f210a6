//! The small matcher against the crate `regex`, which has the same order of preference.

use mpr_extmod::regex::{CompileError, Program, Unit, compile, max_words};
use proptest::collection::vec;
use proptest::prelude::*;

type Spans = Option<Vec<Option<(usize, usize)>>>;

fn program(pattern: &[u8], unit: Unit) -> Result<Vec<u32>, CompileError> {
    let mut code = vec![0; max_words(pattern.len())];
    let len = compile(pattern, unit, &mut code)?;
    code.truncate(len);
    Ok(code)
}

fn run(code: &[u32], text: &[u8], start: usize, anchored: bool, unit: Unit) -> Spans {
    let program = Program::new(code);
    let mut scratch = vec![0xdead_beef; program.scratch_words()];
    let mut positions = vec![0; 2 * program.groups()];
    program.run(text, start, anchored, unit, &mut scratch, &mut positions).then(|| {
        let span = |pair: &[u32]| (pair[1] != u32::MAX).then(|| (pair[0] as usize, pair[1] as usize));
        positions.chunks(2).map(span).collect()
    })
}

fn search(pattern: &str, text: &str) -> Spans {
    run(&program(pattern.as_bytes(), Unit::Char).unwrap(), text.as_bytes(), 0, false, Unit::Char)
}

fn others_search(pattern: &str, text: &str, anchored: bool) -> Spans {
    // Classes are ASCII's here, `.` is any character, `$` the very end.
    let pattern = pattern.replace(r"\d", "[0-9]").replace(r"\W", "[^0-9A-Za-z_]").replace(r"\s", "[ \t\n]");
    let pattern = if anchored { format!(r"\A(?:{pattern})") } else { pattern };
    let regex = regex::RegexBuilder::new(&pattern).dot_matches_new_line(true).build().unwrap();
    let found = regex.captures(text)?;
    Some((0..found.len()).map(|i| found.get(i).map(|group| (group.start(), group.end()))).collect())
}

/// Expressions of the dialect.
fn expression() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        4 => "[abc]",
        1 => prop_oneof![
            Just("."), Just("\u{e9}"), Just("^"), Just("$"), Just("()"), Just("[ab]"), Just("[^a]"), Just("[a-c\u{e9}]"),
            Just(r"\d"), Just(r"\W"), Just(r"[^\s1-3]"), Just(r"\.")
        ].prop_map(str::to_owned),
    ];
    atom.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|parts| parts.concat()),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(?:{a}|{b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}|{b}|)")),
            inner.clone().prop_map(|a| format!("({a})")),
            (inner, prop_oneof![Just("*"), Just("+"), Just("?"), Just("*?"), Just("+?"), Just("??")])
                .prop_map(|(a, quantifier)| format!("(?:{a}){quantifier}")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn finds_what_others_find(pattern in expression(), text in "[abc1. \u{e9}]{0,12}", anchored: bool) {
        let code = program(pattern.as_bytes(), Unit::Char).unwrap();
        let found = run(&code, text.as_bytes(), 0, anchored, Unit::Char);
        prop_assert_eq!(found, others_search(&pattern, &text, anchored));
    }

    #[test]
    fn any_pattern_is_refused_or_runs(pattern in "[a(?:)|*+^$.\\[\\]\\\\dW{}\u{e9}-]{0,20}", text in "[ab\u{e9}]{0,8}") {
        for unit in [Unit::Char, Unit::Byte] {
            if let Ok(code) = program(pattern.as_bytes(), unit) {
                run(&code, text.as_bytes(), 0, false, unit);
            }
        }
    }

    #[test]
    fn any_bytes_are_a_text(pattern in vec(any::<u8>(), 0..12), text in vec(any::<u8>(), 0..12)) {
        for unit in [Unit::Char, Unit::Byte] {
            if let Ok(code) = program(&pattern, unit) {
                run(&code, &text, 0, false, unit);
            }
        }
    }
}

#[test]
fn spans_of_groups() {
    assert_eq!(search("a(b)?(c)", "xac"), Some(vec![Some((1, 3)), None, Some((2, 3))]));
    assert_eq!(
        search("((a)|(b))*", "ab"),
        Some(vec![Some((0, 2)), Some((1, 2)), Some((0, 1)), Some((1, 2))])
    );
    assert_eq!(search("(ab|a)(c|bcd)", "abcd"), Some(vec![Some((0, 3)), Some((0, 2)), Some((2, 3))]));
    assert_eq!(search("(a*)*", "b"), Some(vec![Some((0, 0)), Some((0, 0))]));
}

#[test]
fn a_search_goes_on_behind_its_start() {
    let code = program(b"^a|b$|c", Unit::Byte).unwrap();
    let span = |text: &str, start, anchored| {
        run(&code, text.as_bytes(), start, anchored, Unit::Byte).map(|spans| spans[0].unwrap())
    };
    assert_eq!(span("aab", 0, false), Some((0, 1)));
    assert_eq!(span("aab", 1, false), Some((2, 3)));
    assert_eq!(span("aab", 3, false), None);
    assert_eq!(span("aaca", 1, true), None);
    assert_eq!(span("aaca", 2, true), Some((2, 3)));
}

#[test]
fn signs_that_stand_for_themselves() {
    for (pattern, text) in [
        ("a{2}", "a{2}"),
        ("]", "]"),
        ("}", "}"),
        ("#", "#"),
        (r"\.", "."),
        (r"\n", "n"),
        (r"\1", "1"),
        ("[[]", "["),
        ("[]]", "]"),
        ("[^]]", "a"),
        ("[a-]", "-"),
        ("[-a]", "-"),
        ("[a-c-e]", "-"),
        (r"[\d-z]", "-"),
        (r"[\]]", "]"),
        ("[a&&b]", "&"),
        ("[a~~b]", "~"),
        ("[.]", "."),
        ("[$]", "$"),
        ("[a^]", "^"),
        (r"[\-]", "-"),
        ("\0", "\0"),
        ("[:alpha:]", ":"),
        (r"\\", "\\"),
        ("-", "-"),
    ] {
        assert_eq!(search(pattern, text), Some(vec![Some((0, text.len()))]), "{pattern}");
    }
    for (pattern, text) in
        [("[a-c-e]", "d"), ("[c-a]", "b"), ("[.]", "a"), (r"\d", "d"), ("[^^]", "^"), (r"[a\-z]", "b")]
    {
        assert_eq!(search(pattern, text), None, "{pattern}");
    }
}

#[test]
fn what_is_no_expression() {
    for pattern in [
        "a**", "a++", "a???", "*a", "+", "?", "(*)", "a|*", "^*", "$+", "(?", "(", ")", "a)", "(a", "[",
        "[a", "[]", "[^]", "[a-", "\\", "[\\", "(?P<x>a)", "(?i)a", "(?=a)", "(?!a)", "(?#a)", "(?:",
        r"[a-\d]",
    ] {
        assert_eq!(program(pattern.as_bytes(), Unit::Char), Err(CompileError::Syntax), "{pattern}");
    }
    let deep = "(".repeat(100) + &")".repeat(100);
    assert_eq!(program(deep.as_bytes(), Unit::Char), Err(CompileError::TooComplex));
    assert!(program("a".repeat(13_000).as_bytes(), Unit::Byte).is_ok());
    assert_eq!(program("a".repeat(14_000).as_bytes(), Unit::Byte), Err(CompileError::TooComplex));
    let wide = "()".repeat(2000);
    assert_eq!(program(wide.as_bytes(), Unit::Char), Err(CompileError::TooComplex));
}

#[test]
fn bytes_and_characters() {
    let text = "\u{e9}\u{e8}".as_bytes();
    let span = |pattern: &str, unit| {
        run(&program(pattern.as_bytes(), unit).unwrap(), text, 0, false, unit).map(|spans| spans[0].unwrap())
    };
    assert_eq!(span(".", Unit::Char), Some((0, 2)));
    assert_eq!(span(".", Unit::Byte), Some((0, 1)));
    assert_eq!(span("[\u{e8}]", Unit::Char), Some((2, 4)));
    assert_eq!(span("\u{e8}", Unit::Byte), Some((2, 4)));
    assert_eq!(span("[^\u{e9}]", Unit::Char), Some((2, 4)));
}

#[test]
fn evil_expressions_take_no_longer() {
    // A backtracking matcher would need 2 to the power of 5000 steps.
    let text = "a".repeat(5000);
    assert_eq!(search("(a+)+b", &text), None);
    assert_eq!(search("(a|a)*b", &text), None);
    assert_eq!(search("(?:a?)*(?:a?)*(?:a?)*b", &text), None);
}
