//! A wrapper around a user's program that tells its status and marks the end of its output.
//!
//! The raw REPL says nothing about `SystemExit`, and does not escape output. So the program goes to the board as a bytes
//! literal inside a function that compiles it under the name `<stdin>` and runs it in the same globals; line numbers and
//! names in tracebacks stay right. At its end the function prints `\x04`, a token and the argument of a `SystemExit` that
//! means failure. A `SystemExit` without argument, or with 0 or None, passes through, because it may be a soft reset.
//!
//! A program that was damaged on the way (its length or the sum of its bytes differs) does not run, and is sent again.
//!
//! The cost is the source in RAM once more, so a board that is short of it gets a large program as it is; there `SystemExit`
//! counts as a normal end.

use crate::python;
use crate::{SystemExit, Traceback};

/// The wrapper's function; it removes its own name before the program starts.
const NAME: &str = "_mpr";

/// The status of a program that did not start.
const NOT_STARTED: &[u8] = b"-";

/// How a board runs source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By `compile`, under the name `<stdin>`.
    Compile,
    /// By `exec` alone (the micro:bit), under the name `<string>`.
    Exec,
}

/// What a text is to a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Any number of statements.
    Program,
    /// One statement, as at the board's own prompt: the value of an expression is shown, and kept in `_`.
    Statement,
}

/// The wrapped program as code for the raw REPL.
pub(super) fn wrap(code: &[u8], token: &[u8], way: Way, mode: Mode) -> Vec<u8> {
    let start = match (way, mode) {
        (Way::Compile, Mode::Program) => "c=b.compile(c,'<stdin>','exec');r='';b.exec(c,g)",
        (Way::Compile, Mode::Statement) => "c=b.compile(c,'<stdin>','single');r='';b.exec(c,g)",
        (Way::Exec, Mode::Program) => "r='';b.exec(c,g)",
        // What is no expression is a syntax error before anything of it runs.
        (Way::Exec, Mode::Statement) => {
            "r=''\n  \
             try:v=b.eval(c,g)\n  \
             except b.SyntaxError:b.exec(c,g);v=None\n  \
             if v is not None:b.print(b.repr(v));g['_']=v"
        }
    };
    let check = damage_check(code);
    let head = format!(
        "def _mpr(c,g):\n \
         import builtins as b\n \
         del g['_mpr'];r='-'\n \
         try:\n  \
         {check}\n  \
         {start}\n \
         except b.SystemExit as e:\n  \
         if not e.args or e.args[0]in(None,0):raise\n  \
         r=b.repr(e.args[0])\n \
         finally:b.print(end='\\x04"
    );
    let mut out = head.into_bytes();
    out.extend_from_slice(token);
    out.extend_from_slice(b"'+r)\n_mpr(");
    python::dense_bytes_literal(code, &mut out);
    out.extend_from_slice(b",globals())\n");
    out
}

/// A statement that raises when `c` is not this code. Any single fault shows, and most others.
fn damage_check(code: &[u8]) -> String {
    let sum: u64 = code.iter().map(|b| u64::from(*b)).sum();
    format!("if len(c)!={} or sum(c)!={sum}:raise ValueError('{DAMAGED}')", code.len())
}

/// What code of ours says when it did not arrive whole.
pub(super) const DAMAGED: &str = "mpr: damaged";

/// A snippet of ours that runs only when it arrives whole.
pub(super) fn guard(code: &str) -> String {
    guarded(code, "")
}

/// The same for statements that work on names of their own: they run with globals that go when they end.
pub(super) fn guard_apart(code: &str) -> String {
    guarded(code, ",{}")
}

/// Every byte of this goes in front of each snippet. What is damaged meets a name that nobody has.
fn guarded(code: &str, globals: &str) -> String {
    let sum: u64 = code.bytes().map(u64::from).sum();
    let mut out =
        format!("(lambda c:exec(c{globals})if(len(c),sum(c))==({},{sum})else _mpr_damaged)(", code.len());
    // A snippet is ASCII, and so is its literal.
    let mut literal = Vec::new();
    python::dense_bytes_literal(code.as_bytes(), &mut literal);
    out.push_str(&String::from_utf8_lossy(&literal));
    out.push_str(")\n");
    out
}

/// Statements as the body of a function that leaves nothing behind, for a board that has no room for them twice.
pub(super) fn as_function(code: &str) -> String {
    let mut out = format!("def {NAME}():\n global {NAME}\n del {NAME}\n");
    for line in code.lines() {
        out.push_str(&format!(" {line}\n"));
    }
    out.push_str(&format!("{NAME}()\n"));
    out
}

/// Whether a traceback says that the code did not run because it did not arrive whole, or because a Ctrl-C that was meant for
/// what ran before came late. A snippet that is whole raises none of these.
pub(super) fn is_damage(traceback: &Traceback) -> bool {
    match traceback.exception.as_str() {
        "SyntaxError" | "IndentationError" | "NameError" => true,
        "ValueError" => traceback.message == DAMAGED,
        // The guard's own frames are two.
        "KeyboardInterrupt" => traceback.text.matches("  File ").count() <= 2,
        _ => false,
    }
}

/// Whether a traceback says that guarded code did not start for lack of memory.
pub(super) fn had_no_room(traceback: &Traceback) -> bool {
    // A frame of the snippet's says what it is in; where it could not be read there is only a line.
    let ran = |line: &str| line.starts_with("  File \"<string>\"") && line.contains(", in ");
    traceback.exception == "MemoryError" && !traceback.text.lines().any(ran)
}

/// Whether a traceback says for certain that a program could not be read beside its wrapper for lack of memory, so that nothing of it ran. One
/// that lacks frames, for which there may have been no memory either, says nothing.
pub(super) fn was_unread(traceback: &Traceback) -> bool {
    let mut frames = traceback.text.lines().filter(|line| line.starts_with("  File ")).rev();
    let innermost = frames.next().unwrap_or_default();
    traceback.exception == "MemoryError"
        && innermost.starts_with("  File \"<string>\"")
        && !innermost.contains(", in ")
        && frames.next().is_some_and(|frame| frame.ends_with(&format!(", in {NAME}")))
}

/// Whether a wrapped program did not start because it was damaged. Without a status, the wrapper itself did not run; what a
/// program contains can't be a syntax error of the wrapper's.
pub(super) fn was_damaged(status: Option<&[u8]>, stderr: &[u8]) -> bool {
    let traceback = Traceback::parse(stderr);
    match status {
        Some(status) => {
            status == NOT_STARTED
                && (traceback.message == DAMAGED || traceback.exception == "KeyboardInterrupt")
        }
        None => runs_wrapper_only(&traceback) && is_damage(&traceback),
    }
}

/// What a status means: nothing, or the argument of `SystemExit` as Python shows it.
pub(super) fn exit_status(status: &[u8]) -> Option<SystemExit> {
    let text = String::from_utf8_lossy(status);
    let value = match text.trim() {
        "" | "-" => return None,
        "True" => "1",
        other => other,
    };
    Some(match (value.parse::<i64>(), python::parse(value)) {
        // The lowest 32 bits, as far as a host's exit status goes at all.
        (Ok(code), _) => SystemExit { code: (code & 0xffff_ffff) as i32, message: None },
        (_, Some(python::Value::Str(message))) => SystemExit { code: 1, message: Some(message) },
        _ => SystemExit { code: 1, message: Some(value.to_owned()) },
    })
}

/// The traceback without the wrapper's frames, which come first, and with the program under its usual name.
pub(super) fn trim(stderr: &[u8], way: Way) -> Vec<u8> {
    let marker = format!(", in {NAME}\r\n").into_bytes();
    let mut lines = stderr.split_inclusive(|b| *b == b'\n');
    let (first, module) = (lines.next(), lines.next());
    let mut lines = lines.peekable();
    let (Some(first), Some(_), Some(true)) =
        (first, module, lines.peek().map(|line| line.ends_with(&marker)))
    else {
        return stderr.to_vec();
    };
    let mut out = first.to_vec();
    // Old boards name the function once for each `try` that the exception passes.
    for line in lines.skip_while(|line| line.ends_with(&marker)) {
        match line.strip_prefix(b"  File \"<string>\"") {
            Some(rest) if way == Way::Exec => out.extend([&b"  File \"<stdin>\""[..], rest].concat()),
            _ => out.extend_from_slice(line),
        }
    }
    out
}

/// Whether the program did not start for a reason of the wrapper's: the board has no `compile`, or too little memory. A
/// syntax error is the program's own.
pub(super) fn failed_itself(status: Option<&[u8]>, stderr: &[u8]) -> Option<Traceback> {
    let traceback = Traceback::parse(stderr);
    let before_the_program = match status {
        Some(status) => status == NOT_STARTED,
        // The board could not even read the wrapper.
        None => runs_wrapper_only(&traceback),
    };
    let causes = ["MemoryError", "ImportError", "NameError", "AttributeError", "TypeError"];
    (before_the_program && causes.contains(&traceback.exception.as_str())).then_some(traceback)
}

/// Whether no frame belongs to a program.
fn runs_wrapper_only(traceback: &Traceback) -> bool {
    let is_frame = |line: &&str| line.starts_with("  File ") && !line.ends_with(&format!(", in {NAME}"));
    traceback.text.lines().filter(is_frame).count() <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_wrappers_frames_go() {
        let wrapped = b"Traceback (most recent call last):\r\n  File \"<stdin>\", line 9, in <module>\r\n  File \"<stdin>\", line 4, in _mpr\r\n  File \"<stdin>\", line 3, in _mpr\r\n  File \"<string>\", line 2, in <module>\r\nValueError: x\r\n";
        let plain = b"Traceback (most recent call last):\r\n  File \"<stdin>\", line 2, in <module>\r\nValueError: x\r\n";
        assert_eq!(trim(wrapped, Way::Exec), plain);
        assert_eq!(trim(plain, Way::Compile), plain);
        assert_eq!(trim(b"", Way::Compile), b"");
    }

    #[test]
    fn a_program_that_did_not_start_is_told_from_one_that_failed() {
        let memory = b"MemoryError: \r\n";
        assert!(failed_itself(Some(b"-"), memory).is_some());
        assert!(failed_itself(None, memory).is_some());
        assert!(failed_itself(Some(b""), memory).is_none());
        let syntax = b"Traceback (most recent call last):\r\n  File \"<stdin>\", line 1\r\nSyntaxError: invalid syntax\r\n";
        assert!(failed_itself(Some(b"-"), syntax).is_none());
        assert_eq!(exit_status(b"-"), None);
    }

    #[test]
    fn a_snippet_that_could_not_be_read_is_told_from_one_that_ran() {
        let guard = "Traceback (most recent call last):\r\n  File \"<stdin>\", line 1, in <module>\r\n  File \"<stdin>\", line 1, in <lambda>\r\n";
        let unread = format!("{guard}  File \"<string>\", line 17\r\nMemoryError: parser\r\n");
        let ran = format!("{guard}  File \"<string>\", line 17, in <module>\r\nMemoryError: \r\n");
        assert!(had_no_room(&Traceback::parse(unread.as_bytes())));
        assert!(had_no_room(&Traceback::parse(format!("{guard}MemoryError: \r\n").as_bytes())));
        assert!(!had_no_room(&Traceback::parse(ran.as_bytes())));
    }

    #[test]
    fn a_program_that_could_not_be_read_is_told_from_one_that_ran() {
        let unread = |frames: &str, exception: &str| {
            let text = format!("Traceback (most recent call last):\r\n{frames}{exception}: \r\n");
            was_unread(&Traceback::parse(text.as_bytes()))
        };
        let wrapper = "  File \"<stdin>\", line 11, in <module>\r\n  File \"<stdin>\", line 6, in _mpr\r\n";
        let program = "  File \"<string>\", line 2, in <module>\r\n";
        let reading = "  File \"<string>\", line 1\r\n";
        assert!(unread(&format!("{wrapper}{reading}"), "MemoryError"));
        assert!(!unread(&format!("{wrapper}{reading}"), "SyntaxError"));
        assert!(!unread(&format!("{wrapper}{program}"), "MemoryError"));
        // What the program reads itself.
        assert!(!unread(&format!("{wrapper}{program}{reading}"), "MemoryError"));
        assert!(!unread(reading, "MemoryError"));
        assert!(!unread("", "MemoryError"));
    }

    #[test]
    fn a_damaged_wrapper_is_told_from_a_program_that_fails() {
        let outer = b"Traceback (most recent call last):\r\n  File \"<stdin>\", line 4\r\nSyntaxError: invalid syntax\r\n";
        assert!(was_damaged(None, outer));
        assert!(!was_damaged(Some(b"-"), outer));
        assert!(was_damaged(Some(b"-"), b"ValueError: mpr: damaged\r\n"));
        assert!(!was_damaged(Some(b""), b"ValueError: mpr: damaged\r\n"));
        assert!(!was_damaged(None, b"MemoryError: \r\n"));
        // A Ctrl-C that came late.
        assert!(was_damaged(None, b"KeyboardInterrupt: \r\n"));
        assert!(was_damaged(Some(b"-"), b"KeyboardInterrupt: \r\n"));
        assert!(!was_damaged(Some(b""), b"KeyboardInterrupt: \r\n"));
    }

    #[test]
    fn a_status_is_a_number_or_a_message() {
        assert_eq!(exit_status(b""), None);
        assert_eq!(exit_status(b"3"), Some(SystemExit { code: 3, message: None }));
        assert_eq!(exit_status(b"-1"), Some(SystemExit { code: -1, message: None }));
        assert_eq!(exit_status(b"True"), Some(SystemExit { code: 1, message: None }));
        assert_eq!(exit_status(b"'it\\'s'"), Some(SystemExit { code: 1, message: Some("it's".into()) }));
        assert_eq!(exit_status(b"(1, 2)"), Some(SystemExit { code: 1, message: Some("(1, 2)".into()) }));
    }
}
