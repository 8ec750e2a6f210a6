//! The C compiler: which files, which flags.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Dirs, tools};

/// Files of `shared/` that the port uses, beside everything in `py/`.
const SHARED: &[&str] =
    &["readline/readline.c", "runtime/pyexec.c", "runtime/stdout_helpers.c", "runtime/sys_stdio_mphal.c"];

/// How well a file is optimised: non-local returns must stay small and simple, the interpreter loop and the
/// collector run hot, the rest follows the target.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speed {
    Small,
    Hot,
    Normal,
}

pub struct Compiler {
    /// All C sources.
    pub sources: Vec<PathBuf>,
    /// Flags that change what the preprocessor sees.
    pub cpp_flags: Vec<String>,
    /// The compiler's path, for preprocessing.
    cc: PathBuf,
    target_flags: Vec<String>,
    normal: &'static str,
}

impl Compiler {
    pub fn new(dirs: &Dirs) -> Result<Self, String> {
        let arm = tools::env("CARGO_CFG_TARGET_ARCH")? == "arm";
        let bare = tools::env("CARGO_CFG_TARGET_OS")? == "none";
        let mut sources = Vec::new();
        for folder in [dirs.micropython.join("py"), dirs.glue.clone()] {
            let entries = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
            let files = entries.filter_map(|entry| entry.ok().map(|e| e.path()));
            sources.extend(files.filter(|path| path.extension().is_some_and(|e| e == "c")));
        }
        sources.sort();
        let shared = dirs.micropython.join("shared");
        sources.extend(SHARED.iter().map(|file| shared.join(file)));
        sources.push(shared.join(if arm {
            "runtime/gchelper_native.c"
        } else {
            "runtime/gchelper_generic.c"
        }));

        let include = |path: &Path| format!("-I{}", path.display());
        let cpp_flags =
            vec![include(&dirs.port), include(&dirs.out), include(&dirs.micropython), "-DNDEBUG".into()];
        let tool = cc::Build::new().get_compiler();
        let target_flags = tool
            .args()
            .iter()
            .map(|a| a.to_string_lossy().into_owned())
            .filter(|a| a.starts_with("-m"))
            .collect();
        Ok(Self {
            sources,
            cpp_flags,
            cc: tool.path().to_owned(),
            target_flags,
            normal: if bare { "s" } else { "2" },
        })
    }

    /// `cc -E` with the flags of the build.
    pub fn preprocessor(&self) -> Command {
        let mut command = Command::new(&self.cc);
        command.arg("-E").args(&self.target_flags).args(&self.cpp_flags);
        command
    }

    /// The words that `makeqstrdefs.py` wants: the program, then its flags.
    pub fn pp_words(&self) -> (Vec<String>, Vec<String>) {
        let program = vec![self.cc.to_string_lossy().into_owned(), "-E".into()];
        let flags = self.target_flags.iter().chain(&self.cpp_flags).cloned();
        (program, flags.chain(["-DNO_QSTR".to_owned()]).collect())
    }

    /// Compiles everything into `libmicropython.a`.
    pub fn library(&self, dirs: &Dirs) -> Result<(), String> {
        let generated = [dirs.out.join("frozen_content.c"), dirs.out.join("qstr_check.c")];
        let mut objects = Vec::new();
        for (speed, level) in [(Speed::Small, "s"), (Speed::Hot, "3"), (Speed::Normal, self.normal)] {
            let mut build = self.base(level);
            build.files(self.sources.iter().filter(|source| speed_of(source) == speed));
            if speed == Speed::Normal {
                build.files(&generated);
            }
            objects.extend(build.try_compile_intermediates().map_err(|e| format!("C compiler: {e}"))?);
        }
        if tools::env("CARGO_CFG_TARGET_ARCH")? == "arm" {
            let mut build = self.base("s");
            build.file(dirs.micropython.join("shared/runtime/gchelper_thumb2.s"));
            objects.extend(build.try_compile_intermediates().map_err(|e| format!("assembler: {e}"))?);
        }
        let mut archive = cc::Build::new();
        archive.objects(objects);
        archive.try_compile("micropython").map_err(|e| format!("archiver: {e}"))?;
        if tools::env("CARGO_CFG_TARGET_OS")? == "linux" {
            println!("cargo:rustc-link-lib=m");
        }
        Ok(())
    }

    fn base(&self, level: &str) -> cc::Build {
        let mut build = cc::Build::new();
        for flag in &self.cpp_flags {
            build.flag(flag);
        }
        build
            .opt_level_str(level)
            .debug(false)
            .warnings(false)
            .flag("-std=gnu11")
            .flag("-fno-stack-protector");
        build
    }
}

fn speed_of(source: &Path) -> Speed {
    match source.file_name().and_then(|n| n.to_str()).unwrap_or_default() {
        name if name.starts_with("nlr") => Speed::Small,
        "vm.c" | "gc.c" => Speed::Hot,
        _ => Speed::Normal,
    }
}
