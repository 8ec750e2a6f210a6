//! Where the C source comes from: `MICROPYTHON_DIR`, or a pinned download kept in the target folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools;

/// The PyPI package whose source archive carries MicroPython's core.
const PACKAGE: &str = "mpy-cross-v6.3==1.1.1";
/// Its archive's name and SHA-256.
const ARCHIVE: &str = "mpy_cross_v6_3-1.1.1.tar.gz";
const SHA256: &str = "55414c358f5844c784e76d3b253cbd7af5f243ddd4c0b47a26d3875d628df300";
/// Folder of MicroPython inside the archive.
const INSIDE: &str = "mpy_cross_v6_3-1.1.1/micropython";

/// Unpacks an archive after comparing its hash; arguments: archive, SHA-256, destination.
const UNPACK: &str = "
import hashlib, sys, tarfile
archive, expected, destination = sys.argv[1:]
with open(archive, 'rb') as f:
    actual = hashlib.sha256(f.read()).hexdigest()
if actual != expected:
    sys.exit('%s has SHA-256 %s, expected %s' % (archive, actual, expected))
with tarfile.open(archive) as tar:
    tar.extractall(destination)
";

/// The source tree to build from; downloads it once per target folder.
pub fn locate(out: &Path) -> Result<PathBuf, String> {
    println!("cargo:rerun-if-env-changed=MICROPYTHON_DIR");
    if let Ok(dir) = std::env::var("MICROPYTHON_DIR") {
        let dir = PathBuf::from(dir);
        return if dir.join("py/mpstate.h").is_file() {
            Ok(dir)
        } else {
            Err(format!("MICROPYTHON_DIR: `{}` has no py/mpstate.h", dir.display()))
        };
    }
    // OUT_DIR is TARGET/PROFILE/build/NAME-HASH/out: the download serves every profile.
    let target = out.ancestors().nth(4).unwrap_or(out);
    let cache = target.join("micropython-1.23.0");
    let tree = cache.join(INSIDE);
    if tree.join("py/mpstate.h").is_file() {
        return Ok(tree);
    }
    let part = target.join(format!("micropython-1.23.0.part{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&part);
    std::fs::create_dir_all(&part).map_err(|e| format!("{}: {e}", part.display()))?;
    let fetched = fetch(&part);
    let placed = fetched.and_then(|()| match std::fs::rename(&part, &cache) {
        Ok(()) => Ok(()),
        // Another build was faster, or an incomplete folder is in the way.
        Err(_) if tree.join("py/mpstate.h").is_file() => Ok(()),
        Err(e) => Err(format!("{}: {e}", cache.display())),
    });
    let _ = std::fs::remove_dir_all(&part);
    placed.map(|()| tree)
}

fn fetch(into: &Path) -> Result<(), String> {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    tools::run(
        "fetching MicroPython's source",
        Command::new(&python)
            .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"])
            .args(["--no-binary", ":all:", "--dest"])
            .arg(into)
            .arg(PACKAGE),
    )
    .map_err(|e| {
        format!(
            "{e}\nMicroPython's C source is not here. Either connect to a network and build again (pip downloads \
             {PACKAGE} once), or set MICROPYTHON_DIR to a MicroPython 1.23 source tree."
        )
    })?;
    tools::run(
        "unpacking MicroPython's source",
        Command::new(&python).args(["-c", UNPACK]).arg(into.join(ARCHIVE)).arg(SHA256).arg(into),
    )?;
    Ok(())
}
