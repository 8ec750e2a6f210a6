//! `mip install` from a web server of the test's own: packages, addresses, and everything that a network can do wrong.

use std::net::TcpListener;

use mpr_tests::{Desk, Index, Kind, Mpr, Outcome, Reply, Web, mpr, on};

/// A board and an index.
struct Shop {
    desk: Desk,
    index: Index,
}

impl Shop {
    fn new() -> Shop {
        Shop::on(Kind::Sim)
    }

    fn on(kind: Kind) -> Shop {
        Shop { desk: Desk::new(kind), index: Index::start() }
    }

    fn web(&self) -> &Web {
        &self.index.web
    }

    /// `mip install --target /lib --index INDEX WORDS`.
    fn install(&self, words: &[&str]) -> Mpr {
        let index = self.index.url();
        let options = ["mip", "install", "--target", "/lib", "--index", &index];
        self.desk.mpr().args(options).args(words)
    }

    /// A failed installation that changed nothing: the board has no `/lib` as before.
    #[track_caller]
    fn refused(&self, words: &[&str], object: &str) -> Outcome {
        let outcome = self.install(words).run();
        outcome.expect_failure(1, object);
        outcome.expect_stderr("nothing on the board was changed");
        assert_eq!(self.desk.names("/"), Vec::<String>::new());
        outcome
    }

    fn on_board(&self, name: &str) -> String {
        String::from_utf8(self.desk.on_board(name)).expect("the test's files are text")
    }
}

fn dependencies(kind: Kind) {
    let shop = Shop::on(kind);
    shop.index.add("6", "web", "1.2.0", &[("web/__init__.py", b"import util\n")], &[("util", "latest")]);
    shop.index.add("6", "util", "0.3", &[("util.py", b"print('util')\n"), ("data/x.txt", b"")], &[]);
    let outcome = shop.install(&["web", "util"]).ok();
    let index = shop.index.url();
    let expected = format!(
        "Install web\nInstalling web (latest) from {index} to /lib\nInstalling: /lib/web/__init__.py\n\
         Installing util (latest) from {index} to /lib\nInstalling: /lib/util.py\nInstalling: /lib/data/x.txt\n\
         Done\nInstall util\nDone\n"
    );
    assert_eq!(outcome.text(), expected);
    assert_eq!(outcome.stderr(), "");
    assert_eq!(shop.on_board("/lib/web/__init__.py"), "import util\n");
    assert_eq!(shop.on_board("/lib/data/x.txt"), "");
    assert_eq!(shop.desk.names("/lib"), ["data/", "util.py", "web/"]);
    assert_eq!(shop.desk.run(&["exec", "import sys; sys.path.append('/lib'); import web"]), "util\n");
}

fn unchanged_files(kind: Kind) {
    let shop = Shop::on(kind);
    let places = shop.index.add("6", "a", "1", &[("a.py", b"one\n"), ("b.py", b"two\n")], &[]);
    shop.install(&["a"]).ok();
    let places_2 = shop.index.add("6", "a", "2", &[("a.py", b"one\n"), ("b.py", b"three\n")], &[]);
    let before = shop.web().requests().len();
    let text = shop.install(&["a"]).ok().text();
    let index = shop.index.url();
    assert_eq!(
        text,
        format!(
            "Install a\nInstalling a (latest) from {index} to /lib\nExists: /lib/a.py\nInstalling: /lib/b.py\nDone\n"
        )
    );
    assert_eq!(shop.on_board("/lib/b.py"), "three\n");
    let requests = &shop.web().requests()[before..];
    assert!(requests.contains(&places_2[1]) && !requests.contains(&places[0]), "{requests:?}");
    assert_eq!(shop.desk.names("/lib"), ["a.py", "b.py"]);
}

on!(sim, mpr_tests::Kind::Sim, [dependencies, unchanged_files]);
on!(wasm, mpr_tests::Kind::Wasm, [dependencies, unchanged_files]);

#[test]
fn a_board_without_rename_is_told_so() {
    let shop = Shop::on(Kind::Microbit);
    shop.index.add("py", "a", "1", &[("a.py", b"one\n")], &[]);
    shop.index.add("6", "a", "1", &[("a.py", b"one\n")], &[]);
    let outcome = shop.install(&["a"]).run();
    outcome.expect_code(1);
    outcome.expect_stderr("os.rename");
    outcome.expect_stderr("everything on the board is as it was");
}

#[test]
fn versions_and_formats_choose_the_manifest() {
    let shop = Shop::new();
    for format in ["6", "py"] {
        shop.index.add(format, "a", "1.0", &[("a.py", b"one\n")], &[]);
        shop.index.add(format, "a", "2.0", &[("a.py", b"two\n")], &[]);
    }
    let asked = |words: &[&str], path: &str| {
        let before = shop.web().requests().len();
        shop.install(words).ok();
        assert_eq!(shop.web().requests()[before], format!("/pi/package/{path}.json"), "{words:?}");
    };
    asked(&["a@1.0"], "6/a/1.0");
    assert_eq!(shop.on_board("/lib/a.py"), "one\n");
    asked(&["a"], "6/a/latest");
    assert_eq!(shop.on_board("/lib/a.py"), "two\n");
    asked(&["--no-mpy", "a@1.0"], "py/a/1.0");
    asked(&["--no-mpy", "-m", "a"], "6/a/latest");
    asked(&["--no-mpy", "--mpy", "a@latest"], "6/a/latest");
    asked(&["-m", "--no-mpy", "a"], "py/a/latest");
    let outcome = shop.install(&["a@3.0"]).run();
    outcome.expect_failure(1, &shop.web().url("/pi/package/6/a/3.0.json"));
    outcome.expect_stderr("Package not found");
    assert_eq!(shop.on_board("/lib/a.py"), "two\n");
}

#[test]
fn the_boards_own_lib_is_the_default_target() {
    let shop = Shop::new();
    shop.index.add("6", "a", "1", &[("a.py", b"")], &[]);
    let install = |words: &[&str]| {
        shop.desk
            .mpr()
            .args(["mip", "install", "--index", &format!("{}/", shop.index.url()), "a"])
            .args(words)
    };
    install(&[]).ok().expect_stdout("Installing: /lib/a.py\n");
    for (target, path) in [("/x/y/", "/x/y/a.py"), ("/", "/a.py"), (":z", "z/a.py"), (".", "./a.py")] {
        install(&["--target", target]).ok().expect_stdout(&format!(": {path}\n"));
        assert_eq!(shop.on_board(path), "", "{target}");
    }
    assert_eq!(shop.desk.names("/"), ["a.py", "lib/", "x/", "z/"]);
    let moved = "import sys; sys.path[:] = ['', '/rom/lib', '/flash']";
    let outcome = shop.desk.mpr().args(["exec", moved, "mip", "install", "a"]).run();
    outcome.expect_code(1);
    outcome.expect_stderr("Unable to find lib dir in sys.path, use --target to override");
}

#[test]
fn packages_of_this_machine() {
    let shop = Shop::new();
    shop.desk.write(
        "p/package.json",
        br#"{"urls": [["m/a.py", "src/a.py"], ["b.py", "../b.py"]], "deps": [["../q/", ""]]}"#,
    );
    shop.desk.write("p/src/a.py", b"a\n");
    shop.desk.write("b.py", b"b\n");
    shop.desk.write("q/package.json", br#"{"urls": [["c.py", "c.mpy"]]}"#);
    shop.desk.write("q/c.mpy", b"c\n");
    for words in [["p/package.json"], ["./p"], ["p/"]] {
        let text = shop.install(&words).ok().text();
        let state = if words == ["p/package.json"] { "Installing" } else { "Exists" };
        let lines = ["m/a.py", "b.py", "c.py"].map(|name| format!("{state}: /lib/{name}\n")).concat();
        assert_eq!(text, format!("Install {}\n{lines}Done\n", words[0]));
    }
    assert_eq!(shop.on_board("/lib/c.py"), "c\n");
    let text = shop.install(&["p/src/a.py", "q/c.mpy"]).ok().text();
    assert_eq!(
        text,
        "Install p/src/a.py\nInstalling: /lib/a.py\nDone\nInstall q/c.mpy\nInstalling: /lib/c.mpy\nDone\n"
    );
    assert_eq!(shop.on_board("/lib/a.py"), "a\n");
    let outcome = shop.install(&["missing.json"]).run();
    outcome.expect_failure(2, "missing.json");
    outcome.expect_stderr("nothing on the board was changed");
    shop.desk.write("r/package.json", br#"{"urls": [["a.py", "gone.py"]]}"#);
    shop.install(&["r/"]).run().expect_failure(2, "r/gone.py");
}

#[test]
fn packages_by_their_address() {
    let shop = Shop::new();
    let web = shop.web();
    web.content("/d/package.json", r#"{"urls": [["a.py", "src/a.py"], ["b.py", "../b.py"]]}"#);
    web.content("/d/src/a.py", "a\n");
    web.set("/b.py", Reply::Redirect("/elsewhere/b".into()));
    web.content("/elsewhere/b", "b\n");
    let text = shop.install(&[&web.url("/d")]).ok().text();
    let address = web.url("/d");
    assert_eq!(
        text,
        format!(
            "Install {address}\nInstalling {address}/package.json to /lib\nInstalling: /lib/a.py\nInstalling: /lib/b.py\nDone\n"
        )
    );
    assert_eq!(shop.on_board("/lib/b.py"), "b\n");
    web.content("/x%20y.py?k=1", "x\n");
    let address = web.url("/x%20y.py?k=1");
    let text = shop.install(&[&address]).ok().text();
    assert_eq!(
        text,
        format!("Install {address}\nDownloading {address} to /lib\nInstalling: /lib/x y.py\nDone\n")
    );
    assert_eq!(shop.on_board("/lib/x y.py"), "x\n");
}

#[test]
fn what_does_not_exist() {
    let shop = Shop::new();
    let outcome = shop.refused(&["nope"], &shop.web().url("/pi/package/6/nope/latest.json"));
    outcome.expect_stderr("Package not found");
    let index = shop.index.url();
    assert_eq!(outcome.text(), format!("Install nope\nInstalling nope (latest) from {index} to /lib\n"));
    let places = shop.index.add("6", "a", "1", &[("a.py", b"one\n"), ("b.py", b"two\n")], &[]);
    shop.web().set(&places[1], Reply::Status(404));
    shop.refused(&["a"], &shop.web().url(&places[1])).expect_stderr("File not found");
    shop.index.add("6", "c", "1", &[("c.py", b"c\n")], &[("gone", "latest")]);
    shop.refused(&["c"], &shop.web().url("/pi/package/6/gone/latest.json"));
}

#[test]
fn a_server_in_trouble() {
    let shop = Shop::new();
    let places = shop.index.add("6", "a", "1", &[("a.py", b"one\n")], &[]);
    for status in [403, 418, 500, 503] {
        shop.web().set(&places[0], Reply::Status(status));
        let outcome = shop.refused(&["a"], &shop.web().url(&places[0]));
        outcome.expect_stderr(&format!("Error {status} requesting"));
    }
    let asked = |status| {
        shop.web().set(&places[0], Reply::Status(status));
        let before = shop.web().requests().len();
        shop.refused(&["a"], &shop.web().url(&places[0]));
        shop.web().requests().len() - before - 1
    };
    assert_eq!((asked(403), asked(502)), (1, 3));
    shop.web().set(&places[0], Reply::After(2, 503, b"one\n".to_vec()));
    shop.install(&["a"]).ok();
    assert_eq!(shop.on_board("/lib/a.py"), "one\n");
}

#[test]
fn a_silent_server() {
    let shop = Shop::new();
    let manifest = shop.index.manifest("6", "a", "latest");
    for reply in [Reply::Silence, Reply::Stall(br#"{"urls": []}"#.to_vec())] {
        shop.web().set(&manifest, reply);
        let outcome = shop.refused(&["--timeout", "4", "a"], &shop.web().url(&manifest));
        outcome.expect_stderr("no answer for 4 s");
    }
}

#[test]
fn downloads_that_end_too_early() {
    let shop = Shop::new();
    let places = shop.index.add("6", "a", "1", &[("a.py", b"one\n")], &[]);
    for reply in [Reply::Half(b"one\n".to_vec()), Reply::Half(Vec::new()), Reply::Nothing] {
        shop.web().set(&places[0], reply);
        shop.refused(&["a"], &shop.web().url(&places[0]));
    }
    let manifest = shop.index.manifest("6", "a", "latest");
    shop.web().set(&manifest, Reply::Half(br#"{"urls": [["a.py", "a.py"]]}"#.to_vec()));
    shop.refused(&["a"], &shop.web().url(&manifest));
}

#[test]
fn nobody_listens() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
    let address = format!("http://{}/x.py", listener.local_addr().expect("it has an address"));
    drop(listener);
    let shop = Shop::new();
    shop.refused(&[&address], &address).expect_stderr("refused");
}

#[test]
fn damaged_files_are_found() {
    let shop = Shop::new();
    let places = shop.index.add("6", "a", "1", &[("a.py", b"one\n"), ("b.py", b"two\n")], &[]);
    shop.web().content(&places[1], "tWo\n");
    shop.refused(&["a"], &shop.web().url(&places[1])).expect_stderr("SHA-256");
}

#[test]
fn more_than_any_board_holds() {
    let shop = Shop::new();
    shop.web().set("/huge.py", Reply::Endless(20 << 20));
    shop.refused(&[&shop.web().url("/huge.py")], &shop.web().url("/huge.py"));
}

#[test]
fn manifests_that_make_no_sense() {
    let shop = Shop::new();
    let address = shop.web().url("/p/package.json");
    for (manifest, text) in [
        ("<html>\n", "line 1, column 1"),
        ("{\n  \"urls\": [\n    [\"a.py\"]\n  ]\n}", "line 3, column 12"),
        ("", "line 1, column 0"),
        (r#"{"v": 2}"#, "format 2"),
        (r#"{"hashes": [["a.py", "xyz"]]}"#, "xyz"),
        (r#"{"deps": [["a b", ""]]}"#, "names in the index"),
    ] {
        shop.web().content("/p/package.json", manifest);
        let outcome = shop.install(&[&address]).run();
        outcome.expect_failure(1, &address);
        outcome.expect_stderr(text);
    }
}

#[test]
fn nothing_leaves_the_target() {
    let shop = Shop::new();
    let address = shop.web().url("/p/package.json");
    for path in ["../x.py", "/x.py", "a/../../x.py", "a\\\\..\\\\x.py", "a/..", "mip.tmp/n0", ""] {
        shop.web().content("/p/package.json", format!(r#"{{"urls": [["{path}", "x.py"]]}}"#));
        shop.refused(&[&address], &address);
    }
    for source in ["file:///etc/passwd", "C:\\\\x", "ftp://h/x"] {
        shop.web().content("/p/package.json", format!(r#"{{"urls": [["x.py", "{source}"]]}}"#));
        shop.refused(&[&address], &address);
    }
    // A manifest from the network means its neighbours, not files of this machine.
    shop.desk.write("q/package.json", b"{}");
    shop.web().content("/p/package.json", r#"{"deps": [["./q/package.json", ""]]}"#);
    shop.refused(&[&address], &shop.web().url("/p/q/package.json"));
}

#[test]
fn packages_that_need_each_other() {
    let shop = Shop::new();
    shop.index.add("6", "a", "1", &[("a.py", b"a\n")], &[("b", "latest")]);
    shop.index.add("6", "b", "1", &[("b.py", b"b\n")], &[("a", "latest")]);
    let outcome = shop.install(&["a"]).ok();
    outcome.expect_stderr("note: these packages need each other: a -> b -> a");
    assert_eq!(shop.desk.names("/lib"), ["a.py", "b.py"]);
    let manifests = shop.web().requests().into_iter().filter(|path| path.ends_with(".json")).count();
    assert_eq!(manifests, 2);
}

#[test]
fn packages_that_do_not_fit_together() {
    let shop = Shop::new();
    shop.index.add("6", "a", "1.0", &[], &[]);
    shop.index.add("6", "a", "2.0", &[], &[]);
    shop.index.add("6", "b", "1", &[], &[("a", "1.0")]);
    shop.refused(&["a@2.0", "b"], "a").expect_stderr("two versions");
    shop.index.add("6", "c", "1", &[("x", b"")], &[]);
    shop.index.add("6", "d", "1", &[("x/y.py", b"")], &[]);
    shop.refused(&["c", "d"], "/lib/x");
    shop.index.add("6", "e", "1", &[("x", b"other")], &[]);
    let outcome = shop.install(&["c", "e"]).ok();
    outcome.expect_stderr("note: `c` and `e` both bring `:/lib/x`; `e` wins");
    assert_eq!(shop.on_board("/lib/x"), "other");
}

#[test]
fn proxies_of_the_environment() {
    let shop = Shop::new();
    let proxy = Web::start();
    shop.index.add("6", "a", "1", &[("a.py", b"one\n")], &[]);
    let host = shop.web().url("").trim_start_matches("http://").to_owned();
    shop.install(&["a"]).env("HTTP_PROXY", proxy.url("")).ok();
    assert!(
        !proxy.tunnels().is_empty() && proxy.tunnels().iter().all(|to| *to == host),
        "{:?}",
        proxy.tunnels()
    );
    let used = proxy.tunnels().len();
    shop.install(&["a"]).env("ALL_PROXY", proxy.url("")).env("NO_PROXY", "localhost, 127.0.0.1").ok();
    shop.install(&["a"]).env("HTTPS_PROXY", proxy.url("")).ok();
    assert_eq!(proxy.tunnels().len(), used);
    let outcome = shop.install(&["a"]).env("HTTP_PROXY", "ftp://user:secret@host").run();
    outcome.expect_failure(2, "HTTP_PROXY");
    assert!(!outcome.stderr().contains("secret"), "{outcome}");
}

#[test]
fn encrypted_addresses() {
    let shop = Shop::new();
    let (web, certificate) = Web::start_tls();
    shop.desk.write("trusted.pem", certificate.as_bytes());
    web.content("/x.py", "x\n");
    let install = |path: &str| {
        shop.install(&[&web.url(path)]).env("SSL_CERT_FILE", shop.desk.dir().join("trusted.pem"))
    };
    shop.refused(&[&web.url("/x.py")], &web.url("/x.py")).expect_stderr("certificate");
    // What begins encrypted stays so.
    shop.web().content("/y.py", "y\n");
    web.set("/y.py", Reply::Redirect(shop.web().url("/y.py")));
    let outcome = install("/y.py").run();
    outcome.expect_failure(1, &web.url("/y.py"));
    outcome.expect_stderr("without encryption");
    assert_eq!(shop.desk.names("/"), Vec::<String>::new());
    install("/x.py").ok();
    assert_eq!(shop.on_board("/lib/x.py"), "x\n");
    let proxy = Web::start();
    install("/x.py").env("HTTPS_PROXY", proxy.url("")).ok().expect_stdout("Exists");
    assert!(!proxy.tunnels().is_empty());
}

#[test]
fn results_as_json() {
    let shop = Shop::new();
    shop.index.add("6", "a", "1.5", &[("a.py", b"one\n")], &[]);
    let index = shop.index.url();
    let digest = "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806";
    for state in
        [format!(r#""state":"installed","size":4,"sha256":"{digest}""#), r#""state":"exists""#.to_owned()]
    {
        let outcome = shop.install(&["--json", "a"]).ok();
        let expected = format!(
            "{{\"schema\":1,\"command\":\"mip install\",\"index\":\"{index}\",\"target\":\":/lib\",\
             \"packages\":[{{\"name\":\"a\",\"version\":\"1.5\"}}],\
             \"files\":[{{\"path\":\":/lib/a.py\",\"package\":\"a\",{state}}}]}}\n"
        );
        assert_eq!(outcome.text(), expected);
    }
    let outcome = shop.install(&["--quiet", "a"]).ok();
    assert_eq!((outcome.text().as_str(), outcome.stderr().as_str()), ("", ""));
}

#[test]
fn it_stands_in_a_chain() {
    let shop = Shop::new();
    shop.index.add("6", "a", "1", &[("a.py", b"print('hi')\n")], &[]);
    let text = shop.install(&["a", "+", "exec", "import a"]).ok().text();
    assert!(text.ends_with("Done\nhi\n"), "{text}");
}

#[test]
fn wrong_words_need_no_board() {
    let board = Desk::new(Kind::Sim);
    for (words, object) in [
        (&["mip", "instal", "a"][..], "mpr mip install"),
        (&["mip", "install", "ftp://h/x"], "ftp://h/x"),
        (&["mip", "install", "a", "github:o"], "github:o"),
        (&["mip", "install", "a@1", "a@2"], "a"),
        (&["mip", "install", "x.json@v1"], "x.json@v1"),
        (&["mip", "install", "--index", "here", "a"], "here"),
    ] {
        mpr().args(["--device", "/dev/no-such-port"]).args(words).run().expect_failure(2, object);
        let outcome = board.mpr().args(["exec", "print('ran')"]).args(words).run();
        outcome.expect_failure(2, object);
        assert_eq!(outcome.text(), "", "{words:?}");
    }
    mpr().args(["mip", "install"]).fails(2, &["error: mip: ", "PACKAGE"]);
    mpr().args(["mip"]).fails(2, &["error: mip: "]);
}
