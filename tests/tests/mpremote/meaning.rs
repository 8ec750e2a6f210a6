//! What mpremote's messages mean, in `mpr`'s words.

/// mpremote's last line and `mpr`'s first; `{}` is the same object in both, `*` is what only `mpr` says.
const SAME: [(&str, &str); 24] = [
    ("", ""),
    ("mpremote: cp: destination is not a directory", "error: cp: destination is not a directory: *"),
    ("mpremote: cp: destination does not exist", "error: cp: destination does not exist: *"),
    ("mpremote: cp: missing destination path", "error: cp: missing destination path"),
    (
        "mpremote: cp: -r not specified; omitting directory",
        "error: cp: -r not specified; omitting directory *",
    ),
    ("mpremote: cp: {}: {}: {}.", "error: cp: *: {}"),
    ("mpremote: cp: {}: {}.", "error: cp: `:{}`: {}"),
    ("mpremote: cp: {}: {}.", "error: cp: `:{}/`: {}"),
    ("mpremote: cp: No such file or directory: {}.", "error: cp: *: {}"),
    ("mpremote: cp: Is a directory: {}.", "error: cp: destination is not a directory: *"),
    ("mpremote: {}: {}: {}.", "error: {}: `:{}`: {}"),
    ("mpremote: tree: '{}' is not a directory", "error: tree: `:{}` is not a directory"),
    ("mpremote: rm -r not permitted on /remote directory", "error: rm -r: *, mounted at `:/remote`"),
    ("mpremote: could not read file '{}'", "error: could not read file `{}`"),
    ("mpremote: no device with serial number {}", "error: no device with serial number `{}`"),
    ("mpremote: no device found", "error: no device found"),
    ("mpremote: failed to access {} (it may be in use by another program)", "error: failed to access `{}`"),
    ("mpremote: {}: '{}' is not a command", "error: {}: '{}' is not a command"),
    ("mpremote: '{}' is not a command", "error: `{}` is not a command"),
    ("mpremote: '{}' is not a command", "error: unknown option `{}`"),
    ("{}: error: the following arguments are required: *", "error: *: missing *"),
    ("{}: error: unrecognized arguments: {}", "error: *: unknown option `{2}`"),
    (
        "sleep: error: argument ms: invalid float value: '{}'",
        "error: sleep: `{}` is not a number of milliseconds",
    ),
    ("mpremote: romfs build: source path not given", "error: romfs build: source path not given"),
];

/// Whether the tools' last and first lines say the same.
pub fn is_same(theirs: &str, ours: &str) -> bool {
    SAME.iter().any(|(pattern, said)| {
        let mut found = Vec::new();
        takes(pattern, theirs, &mut found) && {
            let mut objects = found.iter();
            let mut said = (*said).to_owned();
            while let Some(at) = said.find("{}") {
                said.replace_range(at..at + 2, objects.next().map_or("", String::as_str));
            }
            if let Some(second) = found.get(1) {
                said = said.replace("{2}", second);
            }
            takes(&said, ours, &mut Vec::new())
        }
    })
}

/// Whether the pattern takes the whole text; `found` gets what each `{}` took.
fn takes(pattern: &str, text: &str, found: &mut Vec<String>) -> bool {
    let hole = [pattern.find("{}").map(|at| (at, 2)), pattern.find('*').map(|at| (at, 1))];
    let Some((at, length)) = hole.into_iter().flatten().min() else { return pattern == text };
    let Some(rest) = text.strip_prefix(&pattern[..at]) else { return false };
    let behind = &pattern[at + length..];
    rest.char_indices().map(|(end, _)| end).chain([rest.len()]).any(|end| {
        let mark = found.len();
        if length == 2 {
            found.push(rest[..end].to_owned());
        }
        let fits = takes(behind, &rest[end..], found);
        if !fits {
            found.truncate(mark);
        }
        fits
    })
}

#[test]
fn messages_are_told_apart() {
    assert!(is_same(
        "mpremote: rm: a b: No such file or directory.",
        "error: rm: `:a b`: No such file or directory"
    ));
    assert!(!is_same(
        "mpremote: rm: a: No such file or directory.",
        "error: rm: `:b`: No such file or directory"
    ));
    assert!(!is_same("mpremote: rm: a: Is a directory.", "error: rm: `:a`: No such file or directory"));
    assert!(is_same("fs: error: unrecognized arguments: -x", "error: ls: unknown option `-x`"));
    assert!(!is_same("fs: error: unrecognized arguments: -x", "error: ls: unknown option `-y`"));
    assert!(!is_same("", "error: anything") && !is_same("mpremote: no device found", ""));
}
