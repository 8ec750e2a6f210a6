use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

fn settings() -> Settings {
    Settings::new("http://index/", "/lib/", MpyFormat::Version(6)).expect("is an address")
}

/// Resolves with manifests from a table of addresses; counts how often each one is asked for.
fn resolve(words: &[&str], manifests: &[(&str, &str)]) -> Result<(Plan, Vec<String>), Error> {
    let table: HashMap<&str, &str> = manifests.iter().copied().collect();
    let packages: Vec<Package> = words.iter().map(|word| Package::parse(word)).collect::<Result<_, _>>()?;
    let mut resolver = Resolver::new(settings(), &packages)?;
    let mut asked = Vec::new();
    while let Some(request) = resolver.poll()? {
        assert_eq!(resolver.poll().as_ref().ok(), Some(&Some(request.clone())), "asks until it is answered");
        let found = request.candidates.iter().find_map(|at| {
            let address = at.url().unwrap_or_else(|| at.to_string());
            Some((at, address.clone(), table.get(address.as_str())?))
        });
        let (at, address, content) = found.unwrap_or_else(|| panic!("none of {:?}", request.candidates));
        asked.push(address);
        resolver.answer(content.as_bytes(), at)?;
    }
    Ok((resolver.finish()?, asked))
}

/// The plan as lines: what a user sees, in this order.
fn told(plan: &Plan) -> Vec<String> {
    let line = |step: &Step| match step {
        Step::Begin(at) => format!("begin {at}"),
        Step::Package(at) => plan.packages[*at].package.to_string(),
        Step::File(at) => {
            let file = &plan.files[*at];
            format!("{} < {}", file.path, file.candidates[0].url().unwrap_or(file.candidates[0].to_string()))
        }
        Step::End(at) => format!("end {at}"),
    };
    plan.steps.iter().map(line).collect()
}

const A: &str = "http://index/package/6/a/latest.json";
const B: &str = "http://index/package/6/b/latest.json";
const C: &str = "http://index/package/6/c/latest.json";

#[test]
fn a_package_comes_before_what_it_needs_and_each_once() {
    let (plan, asked) = resolve(
        &["a", "c"],
        &[
            (A, r#"{"hashes": [["a.mpy", "0123abcd"]], "deps": [["b", "latest"], ["c", "latest"]]}"#),
            (B, r#"{"urls": [["b/x.py", "x.py"]], "deps": [["c", "latest"]]}"#),
            (C, r#"{"hashes": [["c.mpy", "ffffffff"]]}"#),
        ],
    )
    .unwrap();
    assert_eq!(
        told(&plan),
        [
            "begin 0",
            "a",
            "/lib/a.mpy < http://index/file/01/0123abcd",
            "b",
            "/lib/b/x.py < http://index/package/6/b/x.py",
            "c",
            "/lib/c.mpy < http://index/file/ff/ffffffff",
            "end 0",
            "begin 1",
            "end 1",
        ]
    );
    assert_eq!(asked, [A, B, C]);
    assert_eq!(plan.cycles, Vec::<Vec<String>>::new());
}

#[test]
fn a_cycle_is_found_and_ends() {
    let (plan, asked) = resolve(
        &["a"],
        &[
            (A, r#"{"deps": [["b", "latest"]]}"#),
            (B, r#"{"deps": [["c", "latest"], ["b", "latest"]]}"#),
            (C, r#"{"deps": [["a", "latest"]]}"#),
        ],
    )
    .unwrap();
    assert_eq!(asked, [A, B, C]);
    assert_eq!(plan.cycles, [vec!["a", "b", "c", "a"], vec!["b", "b"]]);
}

#[test]
fn formats_of_the_board() {
    assert_eq!(MpyFormat::of_board(0), MpyFormat::Source);
    assert_eq!(MpyFormat::of_board(0x2e06), MpyFormat::Version(6));
    assert_eq!(MpyFormat::of_board(0x2e00), MpyFormat::Source);
    let settings = Settings::new("http://i", "", MpyFormat::Source).unwrap();
    assert_eq!(
        settings.manifest_of("a", Some("1.0")),
        Location::Url("http://i/package/py/a/1.0.json".into())
    );
    for index in ["", "i", "./i", "ftp://i", "github:o/r", "http://"] {
        assert!(matches!(Settings::new(index, "", MpyFormat::Source), Err(Error::Address { .. })), "{index}");
    }
}

#[test]
fn one_version_of_a_package() {
    let a1 = "http://index/package/6/a/1.0.json";
    let needs = |version: &str| format!(r#"{{"deps": [["a", "{version}"]]}}"#);
    // The command line's version holds for those who want the latest, in any order.
    let table = [(a1, r#"{"version": "1.0"}"#), (B, &needs("latest"))];
    for words in [["b", "a@1.0"], ["a@1.0", "b"]] {
        let (_, asked) = resolve(&words, &table).unwrap();
        assert!(asked.iter().any(|at| at == a1) && asked.len() == 2, "{asked:?}");
    }
    // The latest one is the one that is asked for by its number.
    assert!(resolve(&["a", "b"], &[(A, r#"{"version": "2.0"}"#), (B, &needs("2.0"))]).is_ok());
    let conflict = resolve(&["a", "b"], &[(A, r#"{"version": "2.0"}"#), (B, &needs("1.0"))]);
    let expected = Error::Versions {
        name: "a".into(),
        first: "2.0".into(),
        first_by: "the command line".into(),
        second: "1.0".into(),
        second_by: "`b`".into(),
    };
    assert_eq!(conflict.unwrap_err(), expected);
    assert!(matches!(resolve(&["a@1", "a@2"], &[]), Err(Error::Versions { .. })));
    assert!(matches!(
        resolve(&["a@2.0", "b"], &[("http://index/package/6/a/2.0.json", "{}"), (B, &needs("1.0"))]),
        Err(Error::Versions { .. })
    ));
}

#[test]
fn a_tag_reaches_the_projects_own_files_only() {
    let manifest = r#"{"urls": [["x.py", "x.py"], ["y.py", "github:o/r/y.py"], ["z.py", "github:o/q/z.py"]],
        "deps": [["github:o/p", null], ["github:o/s", "v9"]]}"#;
    let raw = "https://raw.githubusercontent.com";
    let (p, s) = (format!("{raw}/o/p/HEAD/package.json"), format!("{raw}/o/s/v9/package.json"));
    let (plan, _) = resolve(
        &["github:o/r@v2"],
        &[(&format!("{raw}/o/r/v2/package.json"), manifest), (&p, "{}"), (&s, "{}")],
    )
    .unwrap();
    assert_eq!(
        told(&plan),
        [
            "begin 0".to_owned(),
            "github:o/r/package.json".to_owned(),
            format!("/lib/x.py < {raw}/o/r/v2/x.py"),
            format!("/lib/y.py < {raw}/o/r/v2/y.py"),
            format!("/lib/z.py < {raw}/o/q/HEAD/z.py"),
            "github:o/p/package.json".to_owned(),
            "github:o/s/package.json".to_owned(),
            "end 0".to_owned(),
        ]
    );
}

#[test]
fn a_project_in_groups_is_found_by_trying() {
    let found = "https://gitlab.com/g/s/p/-/raw/v1/package.json";
    let (plan, asked) =
        resolve(&["gitlab:g/s/p@v1"], &[(found, r#"{"urls": [["x.py", "src/x.py"]]}"#)]).unwrap();
    assert_eq!(asked, [found]);
    assert_eq!(plan.files[0].candidates.len(), 1);
    assert_eq!(told(&plan)[2], "/lib/x.py < https://gitlab.com/g/s/p/-/raw/v1/src/x.py");
}

#[test]
fn single_files_are_packages() {
    let (plan, _) = resolve(&["d/x.py", "http://h/y%20z.mpy"], &[]).unwrap();
    assert_eq!(
        told(&plan),
        [
            "begin 0",
            "d/x.py",
            "/lib/x.py < d/x.py",
            "end 0",
            "begin 1",
            "http://h/y%20z.mpy",
            "/lib/y z.mpy < http://h/y%20z.mpy",
            "end 1"
        ]
    );
}

#[test]
fn the_last_package_wins_a_file_and_it_is_said() {
    let one = r#"{"urls": [["x.py", "http://h/1.py"], ["y.py", "http://h/y.py"]], "deps": [["b", ""]]}"#;
    let two = r#"{"urls": [["x.py", "http://h/2.py"], ["./y.py", "http://h/y.py"]]}"#;
    let (plan, _) = resolve(&["a"], &[(A, one), (B, two)]).unwrap();
    assert_eq!(
        told(&plan),
        ["begin 0", "a", "b", "/lib/x.py < http://h/2.py", "/lib/y.py < http://h/y.py", "end 0"]
    );
    assert_eq!(plan.overridden, [("/lib/x.py".to_owned(), "a".to_owned(), "b".to_owned())]);
}

#[test]
fn a_file_is_no_directory() {
    let one = r#"{"urls": [["x", "http://h/1.py"]], "deps": [["b", ""]]}"#;
    let two = r#"{"urls": [["x/y.py", "http://h/2.py"]]}"#;
    let expected = Error::Clash { file: "/lib/x".into(), first: "a".into(), second: "b".into() };
    assert_eq!(resolve(&["a"], &[(A, one), (B, two)]).unwrap_err(), expected);
}

#[test]
fn manifests_that_reach_out_are_refused() {
    for (manifest, kind) in [
        (r#"{"urls": [["../x.py", "x.py"]]}"#, "Path"),
        (r#"{"hashes": [["/x.py", "0123abcd"]]}"#, "Path"),
        (r#"{"urls": [["x.py", "file:///etc/passwd"]]}"#, "Address"),
        (r#"{"urls": [["x.py", "C:\\x.py"]]}"#, "Address"),
        (r#"{"deps": [["../../etc name", ""]]}"#, "ok"),
        (r#"{"deps": [["a b", ""]]}"#, "Address"),
        (r#"{"deps": [["github:o", ""]]}"#, "Address"),
        ("{", "Manifest"),
    ] {
        let result =
            resolve(&["a"], &[(A, manifest), ("http://index/package/etc%20name/package.json", "{}")]);
        let found = match result {
            Ok(_) => "ok",
            Err(Error::Path { .. }) => "Path",
            Err(Error::Address { .. }) => "Address",
            Err(Error::Manifest { .. }) => "Manifest",
            Err(other) => panic!("{other}"),
        };
        assert_eq!(found, kind, "{manifest}");
    }
}

#[test]
fn endless_dependencies_end() {
    let mut resolver = Resolver::new(settings(), &[Package::parse("p0").unwrap()]).unwrap();
    let mut number = 0;
    let error = loop {
        match resolver.poll() {
            Ok(Some(request)) => {
                number += 1;
                let manifest = format!(r#"{{"deps": [["p{number}", ""]]}}"#);
                resolver.answer(manifest.as_bytes(), &request.candidates[0]).unwrap();
            }
            Ok(None) => panic!("it ended"),
            Err(error) => break error,
        }
    };
    assert_eq!(error, Error::TooManyPackages { limit: MOST_PACKAGES });
}

proptest! {
    /// Any graph of dependencies is walked to its end, each package once, and everything reachable is in the plan.
    #[test]
    fn any_graph_is_walked(edges in proptest::collection::vec((0u8..8, 0u8..8), 0..24)) {
        let manifest = |package: u8| {
            let deps = edges.iter().filter(|(from, _)| *from == package).map(|(_, to)| format!(r#"["p{to}", ""]"#));
            format!(r#"{{"urls": [["{package}.py", "x"]], "deps": [{}]}}"#, deps.collect::<Vec<_>>().join(","))
        };
        let addresses: Vec<_> = (0..8).map(|p| format!("http://index/package/6/p{p}/latest.json")).collect();
        let contents: Vec<_> = (0..8).map(manifest).collect();
        let table: Vec<_> = addresses.iter().map(String::as_str).zip(contents.iter().map(String::as_str)).collect();
        let (plan, mut asked) = resolve(&["p0"], &table).unwrap();
        let mut reachable = vec![0u8];
        for at in 0.. {
            let Some(from) = reachable.get(at).copied() else { break };
            for (_, to) in edges.iter().filter(|(edge, _)| *edge == from) {
                if !reachable.contains(to) {
                    reachable.push(*to);
                }
            }
        }
        prop_assert_eq!(plan.files.len(), reachable.len());
        prop_assert_eq!(asked.len(), reachable.len());
        asked.sort();
        asked.dedup();
        prop_assert_eq!(asked.len(), reachable.len());
    }
}
