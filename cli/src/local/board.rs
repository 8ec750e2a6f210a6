//! Paths on the board.

/// A name in a directory. An empty directory is the current one.
pub fn join(directory: &str, name: &str) -> String {
    let directory = if directory.is_empty() { "." } else { directory.trim_end_matches('/') };
    format!("{directory}/{}", name.trim_matches('/'))
}

/// The last part of a path; empty for a path that ends in a slash.
pub fn basename(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The path without slashes at its end; the root stays.
pub fn trim(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" if path.starts_with('/') => "/",
        path => path,
    }
}

/// The path as a board gets it. `./x` is `x`, which a board without directories understands, too.
pub fn plain(path: &str) -> &str {
    let mut path = path;
    while let Some(rest) = path.strip_prefix("./").filter(|rest| !rest.is_empty()) {
        path = rest.trim_start_matches('/');
    }
    path
}

/// The path from the root on, for this current directory, without `.` and `..`.
pub fn absolute(cwd: &str, path: &str) -> String {
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{cwd}/{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining() {
        for (directory, name, path) in [
            ("", "a", "./a"),
            ("/", "a", "/a"),
            ("lib", "a", "lib/a"),
            ("lib/", "a/", "lib/a"),
            (".", "a", "./a"),
        ] {
            assert_eq!(join(directory, name), path);
        }
    }

    #[test]
    fn plain_paths() {
        for (path, plainer) in
            [("./a", "a"), ("././a", "a"), ("./", "./"), (".a", ".a"), ("/a", "/a"), ("", "")]
        {
            assert_eq!(plain(path), plainer);
        }
    }

    #[test]
    fn trimming() {
        for (path, trimmed) in [("", ""), ("/", "/"), ("//", "/"), ("a/", "a"), ("/a//", "/a")] {
            assert_eq!(trim(path), trimmed);
        }
        assert_eq!((basename("a/b"), basename("b"), basename("/")), ("b", "b", ""));
    }

    #[test]
    fn absolute_paths() {
        for (cwd, path, whole) in [
            ("/", "a", "/a"),
            ("/lib", "a/./b", "/lib/a/b"),
            ("/lib", "../x", "/x"),
            ("/", "../..", "/"),
            ("/lib", "/a//b/", "/a/b"),
            ("/lib", "", "/lib"),
        ] {
            assert_eq!(absolute(cwd, path), whole);
        }
    }
}
