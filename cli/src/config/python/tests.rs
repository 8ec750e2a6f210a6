use proptest::prelude::*;

use super::values::Pair;
use super::{Assignment, Program, Value, read};

/// The value of the only assignment.
fn value(text: &str) -> Result<Value, String> {
    let mut program = read(&format!("x = {text}\n"));
    assert!(program.strange.is_empty(), "{text}: {:?}", program.strange);
    assert_eq!(program.assignments.len(), 1, "{text}");
    program.assignments.remove(0).value.map_err(|strange| strange.what)
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn every_form_of_text_is_read() {
    for (source, meant) in [
        (r#""a b""#, "a b"),
        ("'it''s'", "its"),
        (r"'it\'s'", "it's"),
        ("'''two\nlines 'quoted' '''", "two\nlines 'quoted' "),
        ("\"\"\"a\"b\"\"\"", "a\"b"),
        (r"r'\n\''", r"\n\'"),
        (r"U'\u20ac\x41\101\0\t\N'", ""),
        (r"'\u20ac\x41\101\0\t\q'", "€AA\0\t\\q"),
        ("'joined \\\nline'", "joined line"),
        ("('one '\n  \"two \" # why\n  R'three')", "one two three"),
        ("''", ""),
        ("''''''", ""),
    ] {
        match value(source) {
            Ok(read) => assert_eq!(read, text(meant), "{source}"),
            Err(what) => assert!(what.contains("escape") && meant.is_empty(), "{source}: {what}"),
        }
    }
}

#[test]
fn containers_nest() {
    let pair = |key: &str, value| (Some(key.to_owned()), value);
    let Ok(Value::Dict(pairs)) = value("{'a': ['x', (1, ), ()], \"b\": {\"c\": None,}, 'd': (True), }")
    else {
        panic!("no dictionary")
    };
    let read: Vec<_> = pairs.into_iter().map(|pair| (pair.key, pair.value.expect("a literal"))).collect();
    let one = Value::Sequence(vec![Value::Number("1".into())]);
    assert_eq!(read[0], pair("a", Value::Sequence(vec![text("x"), one, Value::Sequence(vec![])])));
    assert_eq!(read[2], pair("d", Value::Bool(true)));
    let Value::Dict(inner) = &read[1].1 else { panic!("no dictionary") };
    assert_eq!((inner[0].key.as_deref(), &inner[0].value), (Some("c"), &Ok(Value::None)));
}

#[test]
fn what_is_no_literal_is_named() {
    for (source, what) in [
        ("lambda: 1", "a function"),
        ("name", "the name `name`"),
        ("os.path", "an expression"),
        ("call(1)", "a call of `call`"),
        ("'a' + 'b'", "an expression"),
        ("'a'.upper()", "an expression"),
        ("'a' if b else 'c'", "a condition"),
        ("[x for x in y]", "a comprehension"),
        ("{k: v for k, v in y}", "a comprehension"),
        ("b'a'", "a `bytes` literal"),
        ("f'a{b}'", "a formatted text"),
        ("'a' b'b'", "a `bytes` literal"),
        ("'a', 'b'", "an expression"),
        ("", "something that is no value"),
        ("$", "something that is no value"),
    ] {
        assert_eq!(value(source).expect_err(source), what, "{source}");
    }
    assert!(value(&"[".repeat(1000)).is_err());
}

#[test]
fn the_rest_of_a_dictionary_is_still_used() {
    let source = "commands = {\n 'a': 'ls',\n 'b': ['x', f(1, [2, 3]), 'y'],\n **more,\n 3: 'c',\n 'd': lambda x, y: x,\n 'e': 'df',\n}\n";
    let program = read(source);
    let [Assignment { name, value: Ok(Value::Dict(pairs)), .. }] = program.assignments.as_slice() else {
        panic!("{program:?}")
    };
    assert_eq!(name, "commands");
    let told: Vec<_> = pairs
        .iter()
        .map(|pair| match &pair.value {
            Ok(_) => (pair.place.line, pair.key.as_deref(), String::new()),
            Err(strange) => (strange.place.line, pair.key.as_deref(), strange.what.clone()),
        })
        .collect();
    let told: Vec<_> = told.iter().map(|(line, key, what)| (*line, *key, what.as_str())).collect();
    assert_eq!(
        told,
        [
            (2, Some("a"), ""),
            (3, Some("b"), "a call of `f`"),
            (4, None, "another dictionary's entries"),
            (5, None, "a key that is no text"),
            (6, Some("d"), "a function"),
            (7, Some("e"), ""),
        ]
    );
}

#[test]
fn statements_are_told_apart() {
    let program = read(
        "\"\"\"What this is.\"\"\"\r\nimport os, sys\r\nfrom a import (b,\r\n  c)\r\n\r\n@deco\r\ndef f(x):\r\n    commands = 1\r\n\
         \x20   if x: y = 2\r\n\r\nx = 1; y = '2'\r\ncommands['k'] = 'ls'\r\nif x:\r\n    commands = {}\r\nelse:\r\n    z = 1; q = 2\r\n\
         commands.update({})\r\na, b = 1, 2\r\nlast = 3",
    );
    let names: Vec<_> =
        program.assignments.iter().map(|found| (found.name.as_str(), found.key.as_deref())).collect();
    assert_eq!(names, [("x", None), ("y", None), ("commands", Some("k")), ("last", None)]);
    let told: Vec<_> = program.strange.iter().map(|found| (found.place.line, found.what.as_str())).collect();
    assert_eq!(
        told,
        [(13, "a statement with `if`"), (17, "a statement about `commands`"), (18, "a statement about `a`")]
    );
}

#[test]
fn what_does_not_end_is_told_once() {
    let Program { assignments, strange } = read("a = 'one'\nb = {'k': 'two\n}\nc = 'three'\n");
    assert_eq!(assignments.len(), 2);
    assert!(strange.is_empty(), "{strange:?}");
    let Ok(Value::Dict(pairs)) = &assignments[1].value else { panic!("{assignments:?}") };
    let told = pairs[0].value.as_ref().expect_err("it does not end");
    assert_eq!((told.what.as_str(), told.place.line, told.place.column), ("a text that does not end", 2, 11));
    let program = read("print('x");
    assert!(program.strange.iter().any(|strange| strange.what == "a text that does not end"), "{program:?}");
}

#[test]
fn the_fuzz_targets_corpus_is_survived() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/corpus/config_py");
    let mut seen = 0;
    for entry in std::fs::read_dir(corpus).expect("the corpus is there") {
        let bytes = std::fs::read(entry.expect("an entry").path()).expect("a file");
        read(&String::from_utf8_lossy(&bytes));
        seen += 1;
    }
    assert!(seen > 2);
}

/// How a value may be written.
fn written(value: &Value, style: u32) -> String {
    let parts = |values: &[Value]| -> Vec<String> {
        values.iter().enumerate().map(|(at, value)| written(value, style + at as u32)).collect()
    };
    match value {
        Value::None => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.clone(),
        Value::Text(text) => quoted(text, style),
        Value::Sequence(items) if style.is_multiple_of(2) => format!("[{}]", parts(items).join(" ,\n")),
        Value::Sequence(items) if items.is_empty() => "( )".to_owned(),
        Value::Sequence(items) => format!("({},)", parts(items).join(", # a ' comment\n")),
        Value::Dict(pairs) => {
            let pairs: Vec<_> = pairs
                .iter()
                .map(|pair| {
                    let key = quoted(pair.key.as_deref().unwrap_or_default(), style);
                    format!("{key}\n: {}", written(pair.value.as_ref().expect("a literal"), style + 1))
                })
                .collect();
            format!("{{{}}}", pairs.join(","))
        }
    }
}

/// One of the ways to write a text.
fn quoted(text: &str, style: u32) -> String {
    let escape = |c: char, quote: char| match c {
        '\\' => "\\\\".to_owned(),
        '\r' => "\\r".to_owned(),
        c if c == quote => format!("\\{c}"),
        c if style.is_multiple_of(5) => format!("\\U{:08x}", u32::from(c)),
        c => c.to_string(),
    };
    let body = |quote| text.chars().map(|c| escape(c, quote)).collect::<String>();
    match style % 4 {
        0 => format!("'''{}'''", body('\'')),
        1 => format!("\"\"\"{}\"\"\"", body('"')),
        2 => format!("'{}'", body('\'').replace('\n', "\\n")),
        _ => {
            // Two literals beside each other, cut where no escape is.
            let middle = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
            let (head, tail) = text.split_at(middle);
            format!("{} {}", quoted(head, 2), quoted(tail, 1))
        }
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        any::<u32>().prop_map(|number| Value::Number(number.to_string())),
        any::<String>().prop_map(Value::Text),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Sequence),
            prop::collection::vec((any::<String>(), inner), 0..5).prop_map(|pairs| {
                let place = super::Place { line: 1, column: 1 };
                let pair = |(key, value)| Pair { place, key: Some(key), value: Ok(value) };
                Value::Dict(pairs.into_iter().map(pair).collect())
            }),
        ]
    })
}

/// Without places, which depend on how it is written.
fn without_places(value: &Value) -> Value {
    match value {
        Value::Sequence(items) => Value::Sequence(items.iter().map(without_places).collect()),
        Value::Dict(pairs) => {
            let place = super::Place { line: 1, column: 1 };
            let strip = |pair: &Pair| Pair {
                place,
                key: pair.key.clone(),
                value: pair.value.clone().map(|value| without_places(&value)),
            };
            Value::Dict(pairs.iter().map(strip).collect())
        }
        value => value.clone(),
    }
}

proptest! {
    #[test]
    fn written_values_are_read_back(value in any_value(), style in 0_u32..100) {
        let program = read(&format!("first = 1\nx = {}\nlast = 2\n", written(&value, style)));
        prop_assert!(program.strange.is_empty(), "{:?}", program.strange);
        prop_assert_eq!(program.assignments.len(), 3);
        let read = program.assignments[1].value.as_ref().map(without_places);
        prop_assert_eq!(read, Ok(value));
    }

    #[test]
    fn any_text_is_read_to_its_end(text in "(commands|x| = |\\{|\\}|\\[|\\]|\\(|\\)|'|\"|'''|:|,|\\\\|\n| |#|f|b|for|;|é){0,40}") {
        read(&text);
    }
}
