//! Running code: exec, eval, run, resets, chains, on every firmware and over every transport.

use mpr_tests::{Board, BoardOptions, Desk, Kind, Port, mpr, on};

on!(sim, mpr_tests::Kind::SimPty, [exec_and_eval, run_files, a_chain_shares_the_board, soft_reset_forgets]);
on!(
    sim_tcp,
    mpr_tests::Kind::SimTcp,
    [exec_and_eval, run_files, a_chain_shares_the_board, soft_reset_forgets]
);
on!(sim_uart, mpr_tests::Kind::SimUart { baud: 115_200 }, [exec_and_eval, run_files, soft_reset_forgets]);
on!(sim_ws, mpr_tests::Kind::SimWs, [exec_and_eval, run_files, a_chain_shares_the_board, soft_reset_forgets]);
on!(
    sim_ws_stock,
    mpr_tests::Kind::SimWsStock,
    [exec_and_eval, run_files, a_chain_shares_the_board, soft_reset_forgets]
);
on!(
    sim_rfc2217,
    mpr_tests::Kind::SimRfc2217,
    [exec_and_eval, run_files, a_chain_shares_the_board, soft_reset_forgets]
);
on!(
    microbit,
    mpr_tests::Kind::Microbit,
    [exec_and_eval, run_files, a_chain_shares_the_board, soft_reset_forgets]
);
on!(wasm, mpr_tests::Kind::Wasm, [exec_and_eval, run_files, a_chain_shares_the_board, soft_reset_forgets]);

fn exec_and_eval(kind: Kind) {
    let desk = Desk::new(kind);
    assert_eq!(desk.run(&["exec", "print('a', 1 + 1)"]), "a 2\n");
    assert_eq!(desk.run(&["eval", "'a' * 3"]), "aaa\n");
    assert_eq!(desk.run(&["exec", "for i in range(3):\n    print(i)"]), "0\n1\n2\n");
    desk.mpr().args(["eval", "1 +"]).fails(1, &["SyntaxError"]);
    desk.mpr().args(["exec", "if"]).fails(1, &["SyntaxError"]);
    assert_eq!(desk.run(&["exec", "print('Gr\u{fc}\u{df}e')"]), "Gr\u{fc}\u{df}e\n");
}

fn run_files(kind: Kind) {
    let desk = Desk::new(kind);
    // Longer than any window or buffer on the way.
    let comment = format!("# {}\n", "x".repeat(70)).repeat(30);
    desk.write("prog.py", format!("{comment}print('ran')\n").as_bytes());
    assert_eq!(desk.run(&["run", "prog.py"]), "ran\n");
    let piped = desk.mpr().args(["run", "-"]).stdin("print('piped')\n").ok();
    assert_eq!(piped.text(), "piped\n");
}

fn a_chain_shares_the_board(kind: Kind) {
    let desk = Desk::new(kind);
    desk.write("file", b"content");
    let words = ["exec", "x = 5", "eval", "x", "cp", "file", ":remote", "+", "cat", ":remote"];
    assert_eq!(desk.run(&words), "5\ncp file :remote\ncontent");
}

fn soft_reset_forgets(kind: Kind) {
    let desk = Desk::new(kind);
    desk.run(&["exec", "x = 5"]);
    assert_eq!(desk.run(&["eval", "x"]), "5\n", "a new connection keeps the board's state");
    desk.mpr().args(["soft-reset", "eval", "x"]).fails(1, &["NameError"]);
}

#[test]
fn programs_get_their_arguments() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("args.py", b"import sys\nprint(sys.argv)\n");
    let output = desk.run(&["run", "args.py", "--", "one", "two words", "-x"]);
    assert!(output.contains("'one', 'two words', '-x']"), "{output}");
}

#[test]
fn a_program_may_be_left_running() {
    for kind in Kind::FIRMWARES {
        let desk = Desk::new(kind);
        desk.run(&["exec", "--no-follow", "x = 5\nwhile True: print('.')"]);
        assert_eq!(desk.run(&["eval", "x"]), "5\n", "{kind:?}");
    }
}

#[test]
fn a_hard_reset_runs_boot_and_main() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("boot.py", b"booted = 'booted'\n");
    desk.write("main.py", b"ran = booted + ' and ran'\n");
    desk.run(&["cp", "boot.py", "main.py", ":"]);
    assert_eq!(desk.run(&["reset", "eval", "ran"]), "booted and ran\n");
}

#[test]
fn the_simulated_board_keeps_its_files_between_commands() {
    let desk = Desk::new(Kind::Sim);
    desk.write("file", b"content");
    desk.run(&["cp", "file", ":remote"]);
    assert_eq!(desk.on_board("remote"), b"content");
    // `sim:` does so in the user's data folder, `sim:-` nowhere.
    let home = mpr();
    for (address, expected) in [("sim:", "kept\n"), ("sim:-", "gone\n")] {
        let write = "f = open('x', 'w'); f.write('kept'); f.close()";
        let read = "import os\nprint('kept' if 'x' in os.listdir() else 'gone')";
        home.clone().args(["connect", address, "exec", write]).ok();
        let outcome = home.clone().args(["connect", address, "exec", read]).ok();
        assert_eq!(outcome.text(), expected, "{address}");
    }
}

#[test]
fn a_stock_board_can_be_a_child_process() {
    let folder =
        mpr_tests::target_dir().join("devices/node_modules/@micropython/micropython-webassembly-pyscript");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/devices/wasm/board.mjs");
    let address = format!("exec:node '{script}' '{}'", folder.display());
    let outcome = mpr().args(["connect", &address, "exec", "print(6*7)"]).ok();
    assert_eq!(outcome.text(), "42\n");
}

#[test]
fn stock_boards_are_reached_over_tcp() {
    for kind in [Kind::Microbit, Kind::Wasm, Kind::SimLink] {
        let board = Board::with(kind, BoardOptions { port: Port::Tcp, ..BoardOptions::default() });
        let outcome = board.mpr().args(["exec", "print(6*7)"]).ok();
        assert_eq!(outcome.text(), "42\n", "{kind:?}");
    }
}

#[test]
fn the_environment_and_an_option_name_the_device() {
    let board = Board::start(Kind::SimPty);
    let outcome = mpr().env("MPR_DEVICE", board.address()).args(["exec", "print(1)"]).ok();
    assert_eq!(outcome.text(), "1\n");
    let option =
        mpr().env("MPR_DEVICE", "/dev/ttyNOPE").args(["--device", board.address(), "exec", "print(2)"]);
    assert_eq!(option.ok().text(), "2\n");
}
