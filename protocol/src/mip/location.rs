//! Where manifests and files come from.

use std::fmt;
use std::path::{Path, PathBuf};

use super::urls;

/// The branch or tag that stands for a project's default branch.
const DEFAULT_REFERENCE: &str = "HEAD";

/// A place that something can be fetched from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Location {
    /// An `http:` or `https:` address.
    Url(String),
    /// A file in a project on a known host.
    Hosted(Hosted),
    /// A file on this machine.
    Local(PathBuf),
}

/// A host of projects that has a short way of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Host {
    /// `github:`
    GitHub,
    /// `gitlab:`, whose projects may lie in groups of groups.
    GitLab,
    /// `codeberg:`
    Codeberg,
}

/// A file in a project on a known host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hosted {
    host: Host,
    /// The parts of the project's name and of the path in it.
    parts: Vec<String>,
    /// How many of them are the project's name.
    project: usize,
    /// Whether that number is known. On GitLab `a/b/c` may be `c` in the project `a/b`, or the project `a/b/c`.
    known: bool,
    reference: Option<String>,
}

impl Host {
    const ALL: [Host; 3] = [Host::GitHub, Host::GitLab, Host::Codeberg];

    fn prefix(self) -> &'static str {
        match self {
            Host::GitHub => "github:",
            Host::GitLab => "gitlab:",
            Host::Codeberg => "codeberg:",
        }
    }

    /// The host that an address starts with, and the rest of the address.
    pub(super) fn strip(text: &str) -> Option<(Host, &str)> {
        Host::ALL.into_iter().find_map(|host| Some((host, text.strip_prefix(host.prefix())?)))
    }
}

impl Hosted {
    /// Reads `ORG/REPO[/PATH]`, on GitLab also `GROUP/../PROJECT/-/PATH`.
    pub(super) fn parse(host: Host, text: &str, reference: Option<&str>) -> Result<Hosted, &'static str> {
        let trimmed = text.strip_suffix('/').unwrap_or(text);
        let parted = match host {
            Host::GitLab => trimmed.split_once("/-/").or_else(|| Some((trimmed.strip_suffix("/-")?, ""))),
            Host::GitHub | Host::Codeberg => None,
        };
        let (project, path) = parted.unwrap_or((trimmed, ""));
        let parts = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
        let mut all = parts(project);
        if all.len() < 2 {
            return Err("an organisation and a repository are wanted, as in `github:org/repo`");
        }
        let length = if parted.is_some() { all.len() } else { 2 };
        if !path.is_empty() {
            all.extend(parts(path));
        }
        if all.iter().any(|part| matches!(part.as_str(), "" | "." | "..")) {
            return Err("a part of it is empty, `.` or `..`");
        }
        if text.contains('\\') || text.chars().any(char::is_control) {
            return Err("it has a backslash or a control character");
        }
        if let Some(reference) = reference {
            check_reference(reference)?;
        }
        let known = parted.is_some() || host != Host::GitLab;
        Ok(Hosted { host, parts: all, project: length, known, reference: reference.map(str::to_owned) })
    }

    /// The organisation and repository, or the groups and the project, with `/` between them.
    pub fn project(&self) -> String {
        self.parts[..self.project].join("/")
    }

    /// The path in the project.
    pub fn path(&self) -> String {
        self.parts[self.project..].join("/")
    }

    /// The branch, tag or commit; `None` means the project's default branch.
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    fn url(&self) -> String {
        let project = urls::escape_path(&self.project());
        let path = urls::escape_path(&self.path());
        let reference = self.reference.as_deref().unwrap_or(DEFAULT_REFERENCE);
        match self.host {
            Host::GitHub => {
                format!("https://raw.githubusercontent.com/{project}/{}/{path}", urls::escape_path(reference))
            }
            Host::GitLab => {
                format!("https://gitlab.com/{project}/-/raw/{}/{path}", urls::escape_path(reference))
            }
            Host::Codeberg => format!(
                "https://codeberg.org/api/v1/repos/{project}/raw/{path}?ref={}",
                urls::escape_value(reference)
            ),
        }
    }

    /// Every way to read it, the most likely one first.
    fn readings(&self) -> Vec<Hosted> {
        if self.known {
            return vec![self.clone()];
        }
        (self.project..self.parts.len())
            .map(|project| Hosted { project, known: true, ..self.clone() })
            .collect()
    }

    /// The file that a manifest here means by a path.
    fn relative(&self, reference: &str) -> Result<Hosted, &'static str> {
        let mut parts = self.parts.clone();
        let keep = if reference.starts_with('/') { self.project } else { parts.len() - 1 };
        parts.truncate(keep.max(self.project));
        for part in reference.split('/') {
            match part {
                "" | "." => {}
                ".." if parts.len() == self.project => return Err("it climbs out of the repository"),
                ".." => drop(parts.pop()),
                part => parts.push(part.to_owned()),
            }
        }
        if parts.len() == self.project {
            return Err("it names no file");
        }
        Ok(Hosted { parts, ..self.clone() })
    }

    /// The same file at this project's branch or tag, if it is a file of this project. Other projects have other tags.
    fn with_reference_of(self, base: &Hosted) -> Hosted {
        let same = self.host == base.host
            && (self.project == base.project || !self.known)
            && self.parts.len() > base.project
            && self.parts.iter().zip(&base.parts[..base.project]).all(|(a, b)| a.eq_ignore_ascii_case(b));
        match same && self.reference.is_none() {
            true => {
                Hosted { project: base.project, known: base.known, reference: base.reference.clone(), ..self }
            }
            false => self,
        }
    }
}

fn check_reference(reference: &str) -> Result<(), &'static str> {
    if reference.is_empty() {
        return Err("there is nothing after `@`");
    }
    if reference.split('/').any(|part| matches!(part, "" | "." | ".."))
        || reference.chars().any(char::is_control)
    {
        return Err("what follows `@` is no branch, tag or commit");
    }
    Ok(())
}

impl Location {
    /// An address with a scheme; `None` when the text has none.
    pub(super) fn parse_absolute(
        text: &str,
        reference: Option<&str>,
    ) -> Option<Result<Location, &'static str>> {
        if urls::is_http(text) {
            return Some(check_url(text).map(|()| Location::Url(text.to_owned())));
        }
        if let Some((host, rest)) = Host::strip(text) {
            return Some(Hosted::parse(host, rest, reference).map(Location::Hosted));
        }
        urls::scheme(text).map(|_| Err("known are http:, https:, github:, gitlab: and codeberg:"))
    }

    /// What an address in a manifest at this place means. A manifest from the network never reaches a file on this
    /// machine.
    pub(super) fn resolve(&self, reference: &str) -> Result<Location, &'static str> {
        if reference.is_empty() {
            return Err("it is empty");
        }
        match Location::parse_absolute(reference, None) {
            Some(Ok(Location::Hosted(hosted))) => Ok(Location::Hosted(match self {
                Location::Hosted(base) => hosted.with_reference_of(base),
                _ => hosted,
            })),
            Some(other) => other,
            None if reference.contains('\\') => {
                Err("parts of an address are separated by `/`, not by a backslash")
            }
            None if reference.chars().any(char::is_control) => Err("it has a control character"),
            None => match self {
                Location::Url(base) => Ok(Location::Url(urls::resolve(base, reference))),
                Location::Hosted(base) => base.relative(reference).map(Location::Hosted),
                Location::Local(base) => {
                    Ok(Location::Local(base.parent().unwrap_or(Path::new("")).join(reference)))
                }
            },
        }
    }

    /// The same place with a name added to its path.
    pub(super) fn append(self, name: &str) -> Location {
        match self {
            Location::Url(url) => Location::Url(urls::append(&url, name)),
            Location::Hosted(mut hosted) => {
                hosted.parts.push(name.to_owned());
                Location::Hosted(hosted)
            }
            Location::Local(path) => Location::Local(path.join(name)),
        }
    }

    /// Every way to read it; several only for a GitLab path whose project is not clear. The first that exists counts.
    pub fn readings(&self) -> Vec<Location> {
        match self {
            Location::Hosted(hosted) => hosted.readings().into_iter().map(Location::Hosted).collect(),
            other => vec![other.clone()],
        }
    }

    /// The address to fetch it from; `None` for a file on this machine.
    pub fn url(&self) -> Option<String> {
        match self {
            Location::Url(url) => Some(urls::escape(url.split('#').next().unwrap_or_default())),
            Location::Hosted(hosted) => Some(hosted.url()),
            Location::Local(_) => None,
        }
    }

    /// The file on this machine; `None` for everything else.
    pub fn local(&self) -> Option<&Path> {
        match self {
            Location::Local(path) => Some(path),
            _ => None,
        }
    }

    /// The last part of its path, as a file's name; `None` when it has none that a file can have.
    pub(super) fn file_name(&self) -> Option<String> {
        let name = match self {
            Location::Url(url) => urls::unescape(urls::split(url).1.rsplit('/').next()?)?,
            Location::Hosted(hosted) => hosted.parts.last()?.clone(),
            Location::Local(path) => path.file_name()?.to_str()?.to_owned(),
        };
        (!name.is_empty() && !name.contains('/')).then_some(name)
    }

    /// The file name's extension.
    pub(super) fn extension(&self) -> Option<String> {
        self.file_name()?.rsplit_once('.').map(|(_, extension)| extension.to_owned())
    }
}

/// As the user would write it, without a branch or tag.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Url(url) => f.write_str(url),
            Location::Hosted(hosted) if hosted.known && hosted.project > 2 => {
                write!(f, "{}{}/-/{}", hosted.host.prefix(), hosted.project(), hosted.path())
            }
            Location::Hosted(hosted) => write!(f, "{}{}", hosted.host.prefix(), hosted.parts.join("/")),
            Location::Local(path) => write!(f, "{}", path.display()),
        }
    }
}

fn check_url(url: &str) -> Result<(), &'static str> {
    let (authority, _, _) = urls::split(url);
    let host = authority.split_once("://").map_or("", |(_, host)| host);
    if host.is_empty() || host.ends_with('@') {
        return Err("there is no host in it");
    }
    if url.chars().any(|c| c.is_control() || c == '\\')
        || host.chars().any(|c| c.is_whitespace() || !c.is_ascii())
    {
        return Err("a character in it is not allowed in an address");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str, reference: Option<&str>) -> Location {
        Location::parse_absolute(text, reference).expect("has a scheme").expect("is an address")
    }

    fn urls_of(text: &str, reference: Option<&str>) -> Vec<String> {
        at(text, reference).readings().iter().filter_map(Location::url).collect()
    }

    #[test]
    fn projects_become_addresses() {
        for (text, reference, url) in [
            ("github:o/r/p.json", None, "https://raw.githubusercontent.com/o/r/HEAD/p.json"),
            ("github:o/r/a/b.py", Some("v1.0"), "https://raw.githubusercontent.com/o/r/v1.0/a/b.py"),
            ("github:o/r/a.py", Some("feature/x"), "https://raw.githubusercontent.com/o/r/feature/x/a.py"),
            ("gitlab:o/r/a.py", Some("v1"), "https://gitlab.com/o/r/-/raw/v1/a.py"),
            ("gitlab:g/s/p/-/d/a.py", Some("v1"), "https://gitlab.com/g/s/p/-/raw/v1/d/a.py"),
            ("codeberg:o/r/a b.py", None, "https://codeberg.org/api/v1/repos/o/r/raw/a%20b.py?ref=HEAD"),
            ("codeberg:o/r/a.py", Some("a&b"), "https://codeberg.org/api/v1/repos/o/r/raw/a.py?ref=a%26b"),
            ("http://h/x y#z", None, "http://h/x%20y"),
        ] {
            assert_eq!(urls_of(text, reference), [url], "{text}");
        }
    }

    #[test]
    fn a_gitlab_project_may_be_deeper() {
        assert_eq!(
            urls_of("gitlab:g/s/p/package.json", None),
            [
                "https://gitlab.com/g/s/-/raw/HEAD/p/package.json",
                "https://gitlab.com/g/s/p/-/raw/HEAD/package.json",
            ]
        );
        assert_eq!(at("gitlab:g/s/p/package.json", None).to_string(), "gitlab:g/s/p/package.json");
        assert_eq!(at("gitlab:g/s/p/-/package.json", None).to_string(), "gitlab:g/s/p/-/package.json");
    }

    #[test]
    fn addresses_without_sense() {
        for text in [
            "github:",
            "github:o",
            "github:o/",
            "github:o//r",
            "github:o/../r",
            "github:o/r/..",
            "github:o\\r/x",
            "github:o/r/a\nb",
            "gitlab:o/-/x",
            "http://",
            "https:///x",
            "http://user@/x",
            "http://h\\x",
            "http://a b/",
            "ftp://h/x",
            "file:///etc/passwd",
            "bitbucket:o/r",
            "http://h\n/x",
        ] {
            assert!(Location::parse_absolute(text, None).is_some_and(|parsed| parsed.is_err()), "{text}");
        }
        for reference in ["", "..", "a/../b", "/a", "a//b", "a\n"] {
            assert!(Hosted::parse(Host::GitHub, "o/r", Some(reference)).is_err(), "{reference}");
        }
        assert!(Location::parse_absolute("a/b.json", None).is_none());
        assert!(Location::parse_absolute("C:/b.json", None).is_none());
    }

    #[test]
    fn a_manifest_refers_to_its_neighbours() {
        for (base, reference, found) in [
            ("http://h/a/package.json", "b/c.py", "http://h/a/b/c.py"),
            ("http://h/a/package.json", "../c.py", "http://h/c.py"),
            ("http://h/a/package.json", "https://i/c.py", "https://i/c.py"),
            ("http://h/a/package.json", "github:o/r/c.py", "github:o/r/c.py"),
            ("github:o/r/a/package.json", "b/c.py", "github:o/r/a/b/c.py"),
            ("github:o/r/a/package.json", "../c.py", "github:o/r/c.py"),
            ("github:o/r/a/package.json", "/c.py", "github:o/r/c.py"),
        ] {
            assert_eq!(
                at(base, None).resolve(reference).map(|l| l.to_string()).as_deref(),
                Ok(found),
                "{reference}"
            );
        }
        let local = Location::Local("dir/package.json".into());
        assert_eq!(local.resolve("../c.py"), Ok(Location::Local("dir/../c.py".into())));
        assert_eq!(
            Location::Local("package.json".into()).resolve("c.py"),
            Ok(Location::Local("c.py".into()))
        );
        let hosted = at("github:o/r/a/package.json", None);
        for reference in ["../../x", "..", "", "a\\b", "ftp://x", "file:///etc/passwd", "a\0"] {
            assert!(hosted.resolve(reference).is_err(), "{reference}");
        }
    }

    #[test]
    fn a_tag_holds_for_its_own_project_only() {
        let base = at("github:Org/Repo/package.json", Some("v2"));
        let url = |reference: &str| base.resolve(reference).unwrap().url().unwrap();
        assert_eq!(url("x.py"), "https://raw.githubusercontent.com/Org/Repo/v2/x.py");
        assert_eq!(url("github:org/repo/x.py"), "https://raw.githubusercontent.com/org/repo/v2/x.py");
        assert_eq!(url("github:org/other/x.py"), "https://raw.githubusercontent.com/org/other/HEAD/x.py");
        assert_eq!(url("gitlab:org/repo/x.py"), "https://gitlab.com/org/repo/-/raw/HEAD/x.py");
        let base = at("gitlab:g/s/p/-/package.json", Some("v2"));
        let found = base.resolve("gitlab:g/s/p/x.py").unwrap();
        assert_eq!(found.readings().len(), 1);
        assert_eq!(found.url().unwrap(), "https://gitlab.com/g/s/p/-/raw/v2/x.py");
        assert_eq!(base.resolve("gitlab:g/s/q/x.py").unwrap().readings().len(), 2);
    }

    #[test]
    fn names_of_files() {
        for (text, name) in [
            ("http://h/a/b%20c.py?x#y", Some("b c.py")),
            ("http://h/a/", None),
            ("http://h", None),
            ("http://h/a%2Fb.py", None),
            ("github:o/r/x.mpy", Some("x.mpy")),
        ] {
            assert_eq!(at(text, None).file_name().as_deref(), name, "{text}");
        }
    }

    proptest! {
        /// Whatever a manifest from the network says, nothing of this machine is read, and what stands on a host stays
        /// in its project.
        #[test]
        fn the_network_does_not_reach_this_machine(reference in "(github:|gitlab:|file:)?[a-c./:\\\\]{0,12}") {
            for base in [at("http://h/a/package.json", None), at("github:o/r/d/package.json", Some("v1"))] {
                if let Ok(found) = base.resolve(&reference) {
                    prop_assert!(found.local().is_none());
                    for reading in found.readings() {
                        let url = reading.url().expect("not local");
                        prop_assert!(url.starts_with("http"), "{}", url);
                        let path = urls::split(&url).1;
                        prop_assert!(!path.split('/').any(|part| part == ".."), "{}", url);
                    }
                }
            }
        }
    }
}
