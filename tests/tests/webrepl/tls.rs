//! `wss://`: a board behind a gateway that speaks TLS.

use std::fs;

use mpr_tests::{Board, Gate, Kind, all_bytes};

use super::mpr_at;

#[test]
fn a_gateway_is_trusted_by_its_certificate_or_not_at_all() {
    let board = Board::start(Kind::SimWs);
    let (gate, certificate) = Gate::tls(board.address());
    let address = format!("wss://127.0.0.1:{}", gate.port());
    let dir = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, content: &[u8]| {
        fs::write(dir.path().join(name), content).expect("a file can be written");
    };
    write("ca.pem", certificate.as_bytes());
    write("empty.pem", b"");
    let content = all_bytes(50_000);
    write("data", &content);
    let mpr = || mpr_at(&address).dir(dir.path());
    mpr().args(["ls"]).fails(3, &[&address, "TLS: ", "--ca FILE", "--insecure"]);
    mpr().args(["--ca", "missing.pem", "ls"]).fails(2, &["missing.pem"]);
    mpr().args(["--ca", "empty.pem", "ls"]).fails(2, &["empty.pem", "no certificate"]);
    assert_eq!(mpr().args(["--ca", "ca.pem", "exec", "print(6*7)"]).ok().text(), "42\n");
    mpr().args(["--insecure", "cp", "data", ":"]).ok();
    assert!(mpr().args(["--insecure", "cat", ":data"]).ok().stdout == content);
    // Another certificate of the same name.
    let (other, _) = Gate::tls(board.address());
    let address = format!("wss://127.0.0.1:{}", other.port());
    mpr_at(&address).dir(dir.path()).args(["--ca", "ca.pem", "ls"]).fails(3, &["TLS: "]);
    // What speaks no TLS.
    let plain = board.address().replace("ws://", "wss://");
    mpr_at(&plain).args(["--insecure", "--timeout", "5", "ls"]).fails(3, &[&plain]);
}
