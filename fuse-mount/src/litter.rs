//! Names of files that editors, desktops and file managers leave behind. They stay on this machine.

/// Whether a file of this name is no one's content: swap and lock files, desktop databases, probes.
pub(crate) fn is_litter(name: &str) -> bool {
    const WHOLE: [&str; 9] = [
        ".DS_Store",
        ".Spotlight-V100",
        ".TemporaryItems",
        ".Trashes",
        ".directory",
        ".fseventsd",
        ".localized",
        // What vim makes to see whether it can.
        "4913",
        "Thumbs.db",
    ];
    WHOLE.contains(&name)
        || ["._", ".Trash-", ".fuse_hidden", ".nfs0", ".#"].iter().any(|start| name.starts_with(start))
        || name.starts_with(".~lock.") && name.ends_with('#')
        || is_vim_swap(name)
}

/// `.NAME.swp`, and `.swo`, `.swn`, ... when there are several.
fn is_vim_swap(name: &str) -> bool {
    let ending = name.strip_prefix('.').and_then(|rest| rest.rsplit_once('.'));
    match ending.map(|(_, ending)| ending.as_bytes()) {
        Some([b's', b'w', last]) => last.is_ascii_lowercase(),
        Some([b's', b'w', b'p', b'x']) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_litter;

    #[test]
    fn litter_and_content_are_told_apart() {
        for name in [
            "._main.py",
            ".DS_Store",
            ".main.py.swp",
            ".main.py.swo",
            "4913",
            ".~lock.a b.ods#",
            ".#x",
            ".a.swpx",
        ] {
            assert!(is_litter(name), "{name}");
        }
        for name in
            ["main.py", ".gitignore", "a.swp", "49130", ".main.py.AbCdEf", "main.py~", ".swift", ".lock"]
        {
            assert!(!is_litter(name), "{name}");
        }
    }
}
