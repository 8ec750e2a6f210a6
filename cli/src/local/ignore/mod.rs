//! Which files are left alone: patterns with the rules of `.gitignore`.
//!
//! The last pattern that matches decides. Patterns of the command line count more than those in files, files in deeper folders
//! more than those above, and the defaults least. What is in an ignored folder is ignored, too.

mod pattern;

use std::fs;
use std::io;
use std::path::Path;

pub use pattern::Pattern;

/// The file with patterns for its folder and all below.
pub const FILE: &str = ".mprignore";

/// What version control, editors, Python and operating systems leave behind, and names that a copy uses for itself.
const LITTER: &[&str] = &[
    FILE,
    ".git/",
    ".hg/",
    ".svn/",
    ".idea/",
    ".vscode/",
    ".venv/",
    "__pycache__/",
    ".mypy_cache/",
    ".pytest_cache/",
    ".ruff_cache/",
    "*.pyc",
    "*~",
    ".*.sw?",
    "*.part",
    ".DS_Store",
    "._*",
    ".Spotlight-V100/",
    ".Trashes/",
    ".fseventsd/",
    "Thumbs.db",
    "desktop.ini",
    "System Volume Information/",
];

/// Patterns for a folder and all below.
#[derive(Debug, Clone, Default)]
pub struct Ignore {
    /// Of the command line.
    given: Vec<Pattern>,
    /// Of files: the folder of each, below the root, and its patterns.
    files: Vec<(String, Vec<Pattern>)>,
    defaults: Vec<Pattern>,
}

impl Ignore {
    /// The defaults, and these patterns of the command line.
    pub fn new(given: &[String]) -> Self {
        let parse = |text: &str| Pattern::parse(text);
        Ignore {
            given: given.iter().filter_map(|text| parse(text)).collect(),
            files: Vec::new(),
            defaults: LITTER.iter().filter_map(|text| parse(text)).collect(),
        }
    }

    /// These patterns only.
    pub fn only(given: &[String]) -> Self {
        Ignore { defaults: Vec::new(), ..Ignore::new(given) }
    }

    /// Reads the patterns in a folder, `relative` to the root, if it has some.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn enter(&mut self, folder: &Path, relative: &str) -> io::Result<()> {
        match fs::read_to_string(folder.join(FILE)) {
            Ok(text) => {
                self.add(relative, &text);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Adds the text of a file with patterns for the folder `relative`.
    fn add(&mut self, relative: &str, text: &str) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let patterns = text.lines().filter_map(Pattern::parse).collect();
        self.files.push((relative.to_owned(), patterns));
    }

    /// Whether a path below the root is ignored, by itself or because of a folder above it.
    pub fn ignores(&self, path: &str, is_dir: bool) -> bool {
        let above = path.match_indices('/').map(|(at, _)| (&path[..at], true));
        above.chain([(path, is_dir)]).any(|(path, is_dir)| self.ignores_itself(path, is_dir))
    }

    /// The same, when all folders above are known not to be ignored.
    pub fn ignores_itself(&self, path: &str, is_dir: bool) -> bool {
        let mut files: Vec<_> = self.files.iter().filter(|(folder, _)| is_below(path, folder)).collect();
        files.sort_by_key(|(folder, _)| folder.len());
        let groups = std::iter::once(("", &self.given))
            .chain(files.into_iter().rev().map(|(folder, patterns)| (&**folder, patterns)))
            .chain([("", &self.defaults)]);
        for (folder, patterns) in groups {
            let relative = path[folder.len()..].trim_start_matches('/');
            if let Some(pattern) = patterns.iter().rev().find(|pattern| pattern.matches(relative, is_dir)) {
                return !pattern.is_exception();
            }
        }
        false
    }
}

/// Whether a path is below a folder. The root is the empty path.
pub fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_nearest_word_counts() {
        let mut ignore = Ignore::new(&["*.log".to_owned()]);
        ignore.add("", "!keep.log\n/build\n# a comment\n!__pycache__/\n");
        ignore.add("lib", "!/build\n*.txt\n");
        for (path, is_dir, ignored) in [
            ("a.log", false, true),
            ("keep.log", false, true),
            ("build", true, true),
            ("build/x.py", false, true),
            ("lib/build", true, false),
            ("lib/deep/a.txt", false, true),
            ("a.txt", false, false),
            ("library/a.txt", false, false),
            (".git", true, true),
            (".git", false, false),
            ("x/.git/config", false, true),
            ("__pycache__/a", false, false),
            ("lib/a.py", false, false),
            ("main.py.part", false, true),
        ] {
            assert_eq!(ignore.ignores(path, is_dir), ignored, "{path}");
        }
    }

    /// What git makes of the same patterns.
    fn git_ignores(root: &Path, patterns: &str, deeper: &str, paths: &[String]) -> Vec<bool> {
        fs::write(root.join(".gitignore"), patterns).unwrap();
        fs::create_dir_all(root.join("a")).unwrap();
        fs::write(root.join("a/.gitignore"), deeper).unwrap();
        let list = root.join(".git/list");
        fs::write(&list, paths.join("\0")).unwrap();
        let output = Command::new("git")
            .args(["-c", "core.excludesFile=/dev/null", "check-ignore", "--no-index", "-z", "--stdin"])
            .current_dir(root)
            .stdin(fs::File::open(list).unwrap())
            .output()
            .expect("git is installed");
        let ignored: Vec<&str> = std::str::from_utf8(&output.stdout).unwrap().split('\0').collect();
        paths.iter().map(|path| ignored.contains(&path.as_str())).collect()
    }

    fn repository() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let made = Command::new("git").args(["init", "-q"]).current_dir(folder.path()).status().unwrap();
        assert!(made.success());
        folder
    }

    /// Patterns of which git's documentation tells the meaning: `**` is a part of its own.
    fn any_pattern() -> impl Strategy<Value = String> {
        let part = r"(\*\*|(\*?([ab?]|\[[!^]?[a-c]-?[a-c]?\]|\\[ab*])){1,3}\*?)";
        prop::string::string_regex(&format!("!?/?{part}(/{part}){{0,2}}/?")).expect("a regular expression")
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]
        #[test]
        fn patterns_mean_what_git_takes_them_for(
            patterns in prop::collection::vec(any_pattern(), 1..4),
            deeper in any_pattern(),
            paths in prop::collection::vec("[abc]{1,2}(/[abc]{1,2}){0,3}", 1..12),
        ) {
            let folder = repository();
            let patterns = patterns.join("\n");
            let ours = Ignore {
                given: Vec::new(),
                files: vec![
                    (String::new(), patterns.lines().filter_map(Pattern::parse).collect()),
                    ("a".to_owned(), deeper.lines().filter_map(Pattern::parse).collect()),
                ],
                defaults: Vec::new(),
            };
            let theirs = git_ignores(folder.path(), &patterns, &deeper, &paths);
            for (path, theirs) in paths.iter().zip(theirs) {
                // git looks whether a path is a folder.
                let is_dir = path == "a";
                prop_assert_eq!(ours.ignores(path, is_dir), theirs, "{:?} {:?}: `{}`", patterns, deeper, path);
            }
        }
    }
}
