//! The filesystems of a board: which path belongs to which.

use mpr_protocol::{Device, Error};

/// Where a filesystem begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Its absolute path.
    pub path: String,
    /// Bytes free, where the board says.
    pub free: Option<u64>,
    /// Bytes in a block; 1 where that is not known.
    pub block: u64,
    /// It is FAT, which keeps fewer names.
    pub fat: bool,
    /// It is a folder of this machine.
    pub host: bool,
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filesystems {
    points: Vec<Point>,
    /// The board has directories, and so absolute paths.
    pub directories: bool,
    /// The current directory; `/` on a board without.
    pub cwd: String,
}

impl Filesystems {
    /// Asks the board.
    pub fn ask(device: &mut Device) -> Result<Self, Error> {
        let directories = device.capabilities()?.directories;
        let cwd = match device.capabilities()?.getcwd {
            true => device.cwd()?,
            false => "/".to_owned(),
        };
        let mounts = match device.mounts() {
            Ok(mounts) => mounts,
            Err(Error::Unsupported { .. }) => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut points: Vec<Point> =
            device.mounted().iter().map(|mounted| Point { host: true, ..Point::new(&mounted.at) }).collect();
        for mount in mounts {
            if points.iter().any(|point| point.path == mount.path) {
                continue;
            }
            // Sizes of nothing are those of the place above all filesystems.
            let size = mount.size.filter(|size| size.blocks > 0);
            if mount.path == "/" && mount.filesystem.is_empty() && size.is_none() {
                continue;
            }
            points.push(Point {
                free: size.map(|size| size.block_size.saturating_mul(size.free)),
                block: size.map_or(1, |size| size.block_size.max(1)),
                fat: mount.filesystem.to_ascii_lowercase().contains("fat"),
                ..Point::new(&mount.path)
            });
        }
        Ok(Filesystems { points, directories, cwd })
    }

    /// Whether a filesystem other than the root's begins at this absolute path.
    pub fn begins_at(&self, path: &str) -> bool {
        path != "/" && self.points.iter().any(|point| point.path == path)
    }

    /// The absolute paths where filesystems other than the root's begin.
    pub fn mount_points(&self) -> Vec<String> {
        self.points.iter().filter(|point| point.path != "/").map(|point| point.path.clone()).collect()
    }

    /// The filesystem that holds this absolute path.
    pub fn of(&self, path: &str) -> Option<&Point> {
        let holds = |point: &&Point| is_below(path, &point.path);
        self.points.iter().filter(holds).max_by_key(|point| point.path.len())
    }

    /// The directory that holds a board's files: the root, or the current filesystem where the root is none.
    pub fn top(&self) -> String {
        if !self.directories || self.of("/").is_some() || self.points.is_empty() {
            return "/".to_owned();
        }
        self.of(&self.cwd).map_or_else(|| "/".to_owned(), |point| point.path.clone())
    }

    /// An absolute path as the board gets it: boards without directories know names only.
    pub fn on_board<'p>(&self, path: &'p str) -> &'p str {
        match self.directories {
            true => path,
            false => path.trim_start_matches('/'),
        }
    }
}

impl Point {
    fn new(path: &str) -> Self {
        Point { path: path.to_owned(), free: None, block: 1, fat: false, host: false }
    }
}

/// Whether an absolute path is this directory or below it.
pub fn is_below(path: &str, directory: &str) -> bool {
    let directory = directory.trim_end_matches('/');
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_filesystem_holds_a_path() {
        let points = ["/", "/sd", "/sd/deep"].map(Point::new).to_vec();
        let all = Filesystems { points, directories: true, cwd: "/".into() };
        let of = |path| all.of(path).map(|point| point.path.as_str());
        assert_eq!(of("/a"), Some("/"));
        assert_eq!(of("/sdx"), Some("/"));
        assert_eq!(of("/sd/a"), Some("/sd"));
        assert_eq!(of("/sd/deep/a"), Some("/sd/deep"));
        assert!(all.begins_at("/sd") && !all.begins_at("/") && !all.begins_at("/sd/a"));
        assert_eq!(all.top(), "/");
    }

    #[test]
    fn a_root_that_is_no_filesystem_is_not_the_top() {
        let points = ["/flash", "/sd"].map(Point::new).to_vec();
        let all = Filesystems { points, directories: true, cwd: "/flash/lib".into() };
        assert_eq!(all.top(), "/flash");
        let none = Filesystems { directories: true, cwd: "/".into(), ..Filesystems::default() };
        assert_eq!(none.top(), "/");
    }
}
