//! Debian packages.

use std::path::Path;
use std::process::Command;

use crate::paths;
use crate::run::{Result, run, succeeds};

/// A package and how to see that what it brings is there, wherever it came from.
#[derive(Clone, Copy)]
pub struct Package {
    name: &'static str,
    is_there: fn() -> bool,
}

/// The littlefs binding is generated with libclang; the C virtual machine is fetched by pip and built with make.
pub const BUILD: [Package; 4] = [
    Package { name: "libclang-dev", is_there: has_libclang },
    Package { name: "gcc", is_there: || paths::program("cc").is_some() },
    Package { name: "make", is_there: || paths::program("make").is_some() },
    Package { name: "python3-pip", is_there: || python_has("pip") },
];

/// Where Debian has what most people's bash completes with.
const BASH_COMPLETION: &str = "/usr/share/bash-completion/bash_completion";

/// The stock boards, the tools that `mpr` is compared with, editors, a server of serial ports, the shells in which
/// completion is tried, what shows manual pages, a browser.
pub const TEST: [Package; 17] = [
    Package { name: "qemu-system-arm", is_there: || paths::program("qemu-system-arm").is_some() },
    Package {
        name: "firmware-microbit-micropython",
        is_there: || Path::new("/usr/share/firmware-microbit-micropython/firmware.hex").exists(),
    },
    Package { name: "nodejs", is_there: || paths::program("node").is_some() },
    Package { name: "npm", is_there: || paths::program("npm").is_some() },
    Package { name: "nano", is_there: || paths::program("nano").is_some() },
    // What works in a mounted folder, beside what any system has.
    Package { name: "vim", is_there: || paths::program("vim").is_some() },
    Package { name: "rsync", is_there: || paths::program("rsync").is_some() },
    Package { name: "fio", is_there: || paths::program("fio").is_some() },
    // What patterns of files to leave alone are compared with.
    Package { name: "git", is_there: || paths::program("git").is_some() },
    Package { name: "ser2net", is_there: || Path::new("/usr/sbin/ser2net").exists() },
    Package { name: "python3-venv", is_there: || python_has("ensurepip") },
    Package { name: "bash-completion", is_there: || Path::new(BASH_COMPLETION).exists() },
    Package { name: "zsh", is_there: || paths::program("zsh").is_some() },
    Package { name: "fish", is_there: || paths::program("fish").is_some() },
    Package { name: "mandoc", is_there: || paths::program("mandoc").is_some() },
    Package { name: "chromium", is_there: || paths::program("chromium").is_some() },
    Package { name: "groff", is_there: has_man_macros },
];

/// Debian's minimal system has groff without its macros for manuals.
fn has_man_macros() -> bool {
    succeeds(Command::new("groff").args(["-man", "-z", "/dev/null"]))
}

fn python_has(module: &str) -> bool {
    succeeds(Command::new("python3").args(["-c", &format!("import {module}")]))
}

/// Looks where the binding generator looks.
fn has_libclang() -> bool {
    if std::env::var_os("LIBCLANG_PATH").is_some() {
        return true;
    }
    let mut dirs = vec!["/usr/lib".into(), "/usr/lib64".into(), "/usr/local/lib".into()];
    dirs.extend(subfolders(Path::new("/usr/lib"), "-linux-gnu"));
    let llvm = subfolders(Path::new("/usr/lib"), "").filter(|dir| {
        let name = dir.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("llvm-")
    });
    dirs.extend(llvm.map(|dir| dir.join("lib")));
    dirs.iter().any(|dir| holds_libclang(dir))
}

fn subfolders(dir: &Path, suffix: &'static str) -> impl Iterator<Item = std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(move |path| path.to_string_lossy().ends_with(suffix))
}

fn holds_libclang(dir: &Path) -> bool {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name()).any(|name| {
        let name = name.to_string_lossy();
        name.starts_with("libclang.so")
            || (name.starts_with("libclang-") && name.contains(".so")) && !name.starts_with("libclang-cpp")
    })
}

/// Installs the packages that are missing; without the right to, the error is the command that does.
pub fn install(packages: &[Package]) -> Result {
    let missing: Vec<&str> =
        packages.iter().filter(|package| !(package.is_there)()).map(|package| package.name).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    if paths::program("apt-get").is_none() {
        return Err(format!(
            "error: this needs what these Debian packages bring; install it and try again:\n  {names}"
        ));
    }
    if !is_root() {
        return Err(format!(
            "error: Debian packages are missing; install them and try again:\n  \
             sudo apt-get install --no-install-recommends {names}"
        ));
    }
    // A new machine or container has no package lists yet.
    if !has_package_lists() {
        run(&mut apt_get(&["update", "-q"]))?;
    }
    let mut args = vec!["install", "-qq", "-y", "--no-install-recommends"];
    args.extend(&missing);
    run(&mut apt_get(&args)).or_else(|_| {
        // Old lists name packages that the archive no longer has.
        run(&mut apt_get(&["update", "-q"]))?;
        run(&mut apt_get(&args))
    })?;
    let still: Vec<&str> =
        packages.iter().filter(|package| !(package.is_there)()).map(|package| package.name).collect();
    if still.is_empty() {
        Ok(())
    } else {
        Err(format!("error: installed, but not found: {}", still.join(" ")))
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn has_package_lists() -> bool {
    let lists = std::fs::read_dir("/var/lib/apt/lists");
    lists.into_iter().flatten().flatten().any(|entry| {
        let name = entry.file_name();
        name.to_string_lossy().contains("_Packages")
    })
}

fn apt_get(args: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    // Another apt-get may hold the lock for a while.
    command.args(["-o", "DPkg::Lock::Timeout=600"]).args(args);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}
