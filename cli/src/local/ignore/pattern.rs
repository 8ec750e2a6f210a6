//! One line of a file like `.gitignore`.

/// A pattern for paths below a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
    /// Matches the path from the folder on, else the name alone.
    anchored: bool,
    directories_only: bool,
    exception: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Char(char),
    /// `?`: one character of a name.
    One,
    /// `*`: any part of a name.
    Star,
    /// `**/`: any number of folders.
    Folders,
    /// `**` at the end: all that is left.
    Inside,
    /// `[a-z]`: one of these characters.
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Pattern {
    /// Reads a line; `None` for one without a pattern, and for one that matches nothing.
    pub fn parse(line: &str) -> Option<Self> {
        let line = trimmed(line.strip_suffix('\r').unwrap_or(line));
        if line.starts_with('#') {
            return None;
        }
        let (exception, line) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let (directories_only, line) = match line.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let anchored = line.contains('/');
        let line = line.strip_prefix('/').unwrap_or(line);
        if line.is_empty() {
            return None;
        }
        Some(Pattern { parts: parts(line)?, anchored, directories_only, exception })
    }

    /// Whether it takes paths out of what is ignored.
    pub fn is_exception(&self) -> bool {
        self.exception
    }

    /// Whether a path below the folder is meant.
    pub fn matches(&self, path: &str, is_dir: bool) -> bool {
        if self.directories_only && !is_dir {
            return false;
        }
        let text = if self.anchored { path } else { path.rsplit('/').next().unwrap_or(path) };
        let text: Vec<char> = text.chars().collect();
        let mut dead = vec![false; (self.parts.len() + 1) * (text.len() + 1)];
        matches(&self.parts, &text, (0, 0), &mut dead)
    }
}

/// Without the spaces at the end, unless a backslash keeps one.
fn trimmed(line: &str) -> &str {
    let end = line.trim_end_matches([' ', '\t']);
    let backslashes = end.len() - end.trim_end_matches('\\').len();
    match backslashes % 2 == 1 && end.len() < line.len() {
        true => &line[..=end.len()],
        false => end,
    }
}

/// `None` for an open class or a backslash at the end: such a pattern matches nothing.
fn parts(text: &str) -> Option<Vec<Part>> {
    let chars: Vec<char> = text.chars().collect();
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let starts_name = at == 0 || chars[at - 1] == '/';
        let rest = &chars[at..];
        at += 1;
        match c {
            '*' if starts_name && rest.starts_with(&['*', '*']) => {
                let stars = rest.iter().take_while(|c| **c == '*').count();
                let part = match rest.get(stars) {
                    Some('/') => Part::Folders,
                    None => Part::Inside,
                    _ => Part::Star,
                };
                at += stars - 1 + usize::from(part == Part::Folders);
                parts.push(part);
            }
            '*' => parts.push(Part::Star),
            '?' => parts.push(Part::One),
            '\\' => {
                parts.push(Part::Char(*chars.get(at)?));
                at += 1;
            }
            '[' => {
                let (class, used) = class(&chars[at..])?;
                parts.push(class);
                at += used;
            }
            c => parts.push(Part::Char(c)),
        }
    }
    Some(parts)
}

/// Reads a class behind its bracket. Returns how many characters it takes, too.
fn class(chars: &[char]) -> Option<(Part, usize)> {
    let negated = matches!(chars.first()?, '!' | '^');
    let mut at = usize::from(negated);
    let first = at;
    let mut ranges: Vec<(char, char)> = Vec::new();
    let one = |at: &mut usize| -> Option<char> {
        if *chars.get(*at)? == '\\' {
            *at += 1;
        }
        *at += 1;
        chars.get(*at - 1).copied()
    };
    loop {
        if *chars.get(at)? == ']' && at > first {
            return Some((Part::Class { negated, ranges }, at + 1));
        }
        let low = one(&mut at)?;
        let is_range = chars.get(at) == Some(&'-') && chars.get(at + 1).is_some_and(|c| *c != ']');
        let high = match is_range {
            true => {
                at += 1;
                one(&mut at)?
            }
            false => low,
        };
        ranges.push((low, high));
    }
}

/// Whether the parts from one place on match the text from another on. `dead` marks pairs of places that don't, so that
/// no pair is tried twice.
fn matches(parts: &[Part], text: &[char], at: (usize, usize), dead: &mut [bool]) -> bool {
    let (part, place) = at;
    let index = part * (text.len() + 1) + place;
    if dead[index] {
        return false;
    }
    let mut go = |part, place| matches(parts, text, (part, place), dead);
    let next = text.get(place).copied();
    let in_name = next.filter(|c| *c != '/');
    let found = match parts.get(part) {
        None => next.is_none(),
        Some(Part::Char(c)) => next == Some(*c) && go(part + 1, place + 1),
        Some(Part::One) => in_name.is_some() && go(part + 1, place + 1),
        Some(Part::Star) => go(part + 1, place) || (in_name.is_some() && go(part, place + 1)),
        Some(Part::Inside) => next.is_some(),
        Some(Part::Folders) => {
            let slash = text[place..].iter().position(|c| *c == '/');
            go(part + 1, place) || slash.is_some_and(|slash| go(part, place + slash + 1))
        }
        Some(Part::Class { negated, ranges }) => {
            // The lower end counts even where the range is empty, as for git.
            let within = |c| ranges.iter().any(|(low, high)| c == *low || (*low..=*high).contains(&c));
            in_name.is_some_and(|c| within(c) != *negated) && go(part + 1, place + 1)
        }
    };
    dead[index] |= !found;
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_without_a_pattern() {
        for line in ["", "   ", "#x", "/", "!", "[ab", "a\\"] {
            assert_eq!(Pattern::parse(line), None, "{line:?}");
        }
    }

    #[test]
    fn matching() {
        for (pattern, path, matched) in [
            ("*.py", "lib/a.py", true),
            ("*.py", "a.pyc", false),
            ("/*.py", "lib/a.py", false),
            ("lib/*.py", "lib/a.py", true),
            ("lib/*.py", "lib/x/a.py", false),
            ("lib/**", "lib/x/a.py", true),
            ("lib/**", "lib", false),
            ("**/a.py", "lib/x/a.py", true),
            ("**/a.py", "a.py", true),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("a/**/b", "a/xb", false),
            ("\\#x", "#x", true),
            ("\\!x", "!x", true),
            ("x\\ ", "x ", true),
            ("x  ", "x", true),
            ("[!a-c]x", "dx", true),
            ("[!a-c]x", "bx", false),
            ("[]-]", "-", true),
            ("é?", "éü", true),
            ("a b", "x/a b", true),
            ("*******************a", &"a".repeat(200), true),
            ("*a*a*a*a*a*a*a*a*a*a*a*b", &"a".repeat(200), false),
        ] {
            let parsed = Pattern::parse(pattern).expect(pattern);
            assert_eq!(parsed.matches(path, false), matched, "{pattern} {path}");
        }
    }
}
