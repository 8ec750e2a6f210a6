//! `df`: shows how full the device's filesystems are.

use clap::Args;
use mpr_protocol::Mount;
use serde::Serialize;

use super::Run;
use crate::failure::Failure;
use crate::session::Session;

/// Arguments of `df`.
#[derive(Debug, Args)]
pub struct Df {}

#[derive(Serialize)]
struct Report {
    filesystems: Vec<Usage>,
}

/// A filesystem with its sizes in bytes.
#[derive(Debug, Serialize)]
struct Usage {
    filesystem: String,
    size: u64,
    used: u64,
    avail: u64,
    use_percent: u64,
    mounted_on: String,
}

impl Run for Df {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let printer = session.printer();
        let mounts = session.device()?.mounts().map_err(|error| Failure::device("df", error))?;
        let filesystems: Vec<Usage> = mounts.into_iter().filter_map(usage).collect();
        printer.line(&row(["filesystem", "size", "used", "avail", "use%", "mounted on"]))?;
        for usage in &filesystems {
            printer.line(&row([
                &usage.filesystem,
                &usage.size.to_string(),
                &usage.used.to_string(),
                &usage.avail.to_string(),
                &usage.use_percent.to_string(),
                &usage.mounted_on,
            ]))?;
        }
        printer.json("df", &Report { filesystems })
    }
}

/// A filesystem without a size is none that fills up.
fn usage(mount: Mount) -> Option<Usage> {
    let size = mount.size?;
    let total = size.block_size.saturating_mul(size.blocks);
    let avail = size.block_size.saturating_mul(size.free);
    let used = total.saturating_sub(avail);
    // In 128 bits, so that no size overflows.
    let percent = (u128::from(used) * 100).checked_div(u128::from(total))?;
    Some(Usage {
        filesystem: mount.filesystem,
        size: total,
        used,
        avail,
        use_percent: u64::try_from(percent).unwrap_or(100),
        mounted_on: mount.path,
    })
}

/// A line with columns as wide as mpremote's. What fills its column is kept apart from its neighbour.
fn row(cells: [&str; 6]) -> String {
    let [filesystem, size, used, avail, percent, mounted_on] = cells;
    let mut line = format!("{filesystem:<10}");
    for (cell, width) in [(size, 9), (used, 9), (avail, 9), (percent, 5)] {
        if cell.len() >= width && !line.ends_with(' ') {
            line.push(' ');
        }
        line += &format!("{cell:>width$}");
    }
    line + " " + mounted_on
}

#[cfg(test)]
mod tests {
    use mpr_protocol::StatVfs;

    use super::*;

    #[test]
    fn rows_are_those_of_mpremote() {
        assert_eq!(
            row(["filesystem", "size", "used", "avail", "use%", "mounted on"]),
            "filesystem     size     used    avail use% mounted on"
        );
        assert_eq!(
            row(["<VfsLfs2>", "2097152", "8192", "2088960", "0", "/"]),
            "<VfsLfs2>   2097152     8192  2088960    0 /"
        );
        assert_eq!(
            row(["<a long name>", "123456789", "1234567890", "1", "100", "/sd"]),
            "<a long name> 123456789 1234567890        1  100 /sd"
        );
    }

    #[test]
    fn usage_is_rounded_down_and_empty_filesystems_are_left_out() {
        let mount = |size| Mount { path: "/".into(), filesystem: "x".into(), size };
        let stat = |blocks, free| Some(StatVfs { block_size: 512, blocks, free });
        let usage_of = |blocks, free| usage(mount(stat(blocks, free))).map(|u| (u.used, u.use_percent));
        assert_eq!(usage_of(3, 1), Some((1024, 66)));
        assert_eq!(usage_of(0, 0), None);
        assert!(usage(mount(None)).is_none());
    }
}
