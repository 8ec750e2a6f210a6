//! Generated headers: version, interned strings (qstrs), module table, root pointers; and the qstr ids for Rust.

use std::path::PathBuf;

use crate::compile::Compiler;
use crate::port::Definitions;
use crate::{Dirs, tools};

/// The version that the sources are, for the banner and `sys.version`.
const TAG: &str = "v1.23.0";
/// 2024-05-31: the release date, shown in the banner instead of the build's.
const RELEASED: &str = "1717113600";

/// Everything in `genhdr/`.
pub fn headers(dirs: &Dirs, compiler: &Compiler, definitions: &Definitions) -> Result<(), String> {
    let header = |name: &str| dirs.out.join("genhdr").join(name);
    let py = |script: &str| dirs.micropython.join("py").join(script);

    tools::run(
        "makeversionhdr.py",
        tools::python(&py("makeversionhdr.py"))
            .env("MICROPY_GIT_TAG", TAG)
            .env("MICROPY_GIT_HASH", "")
            .env("SOURCE_DATE_EPOCH", RELEASED)
            .arg(header("mpversion.h")),
    )?;

    let collected = header("qstr.i.last");
    let (program, flags) = compiler.pp_words();
    let scanned: Vec<&PathBuf> = compiler.sources.iter().filter(|s| !is_nlr(s)).collect();
    tools::run(
        "makeqstrdefs.py pp",
        tools::python(&py("makeqstrdefs.py"))
            .args(["pp"])
            .args(program)
            .arg("output")
            .arg(&collected)
            .arg("cflags")
            .args(flags)
            .args(["cxxflags", "sources"])
            .args(&scanned)
            .args(["dependencies", "changed_sources"])
            .args(&scanned),
    )?;
    for (mode, result) in [
        ("qstr", "qstrdefs.collected.h"),
        ("module", "moduledefs.collected"),
        ("root_pointer", "root_pointers.collected"),
    ] {
        let folder = header(mode);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let mut split = tools::python(&py("makeqstrdefs.py"));
        tools::run(
            "makeqstrdefs.py split",
            split.args(["split", mode]).arg(&collected).arg(&folder).arg("_"),
        )?;
        let mut cat = tools::python(&py("makeqstrdefs.py"));
        let _ = std::fs::remove_file(header(result));
        tools::run("makeqstrdefs.py cat", cat.args(["cat", mode, "_"]).arg(&folder).arg(header(result)))?;
    }

    let modules = header("moduledefs.collected");
    tools::write_if_changed(&modules, &(tools::read(&modules)? + "\n" + &definitions.registrations()))?;
    for (script, input, result) in [
        ("makemoduledefs.py", modules, "moduledefs.h"),
        ("make_root_pointers.py", header("root_pointers.collected"), "root_pointers.h"),
    ] {
        let text = tools::run(script, tools::python(&py(script)).arg(input))?;
        tools::write_if_changed(&header(result), &String::from_utf8_lossy(&text))?;
    }
    qstr_header(dirs, compiler, definitions)
}

/// `genhdr/qstrdefs.generated.h` from the core's list, the port's and what the sources use.
fn qstr_header(dirs: &Dirs, compiler: &Compiler, definitions: &Definitions) -> Result<(), String> {
    let header = |name: &str| dirs.out.join("genhdr").join(name);
    let mut text = tools::read(&dirs.micropython.join("py/qstrdefs.h"))?;
    text.push('\n');
    for name in &definitions.qstrs {
        text.push_str(&format!("Q({name})\n"));
    }
    text.push_str(&tools::read(&header("qstrdefs.collected.h"))?);
    // Quoted, so that the preprocessor evaluates the conditions around the lines but not the lines.
    let is_entry = |line: &str| line.starts_with("Q(");
    let quoted: String =
        text.lines().map(|l| if is_entry(l) { format!("\"{l}\"\n") } else { format!("{l}\n") }).collect();
    let input = dirs.out.join("qstrdefs.in.c");
    tools::write_if_changed(&input, &quoted)?;
    let evaluated = tools::run("preprocessing qstrdefs.h", compiler.preprocessor().arg(&input))?;
    let unquoted: String = String::from_utf8_lossy(&evaluated)
        .lines()
        .map(|l| {
            let entry = l.strip_prefix('"').and_then(|l| l.strip_suffix('"')).filter(|l| is_entry(l));
            format!("{}\n", entry.unwrap_or(l))
        })
        .collect();
    let preprocessed = header("qstrdefs.preprocessed.h");
    tools::write_if_changed(&preprocessed, &unquoted)?;
    let script = dirs.micropython.join("py/makeqstrdata.py");
    let generated = tools::run("makeqstrdata.py", tools::python(&script).arg(&preprocessed))?;
    tools::write_if_changed(&header("qstrdefs.generated.h"), &String::from_utf8_lossy(&generated))
}

fn is_nlr(source: &std::path::Path) -> bool {
    source.file_name().is_some_and(|n| n.to_string_lossy().starts_with("nlr"))
}

/// Names of all qstrs in the order of their ids.
///
/// `py/qstr.h` includes the generated list twice, first all `QDEF0`, then all `QDEF1`: only the preprocessor knows.
pub fn qstr_ids(dirs: &Dirs, compiler: &Compiler) -> Result<Vec<String>, String> {
    let input = dirs.out.join("qstr_ids.in.c");
    tools::write_if_changed(
        &input,
        "#define QDEF0(id, hash, len, str) QSTR_ID id\n#define QDEF1(id, hash, len, str)\n\
         #include \"genhdr/qstrdefs.generated.h\"\n#undef QDEF0\n#undef QDEF1\n\
         #define QDEF0(id, hash, len, str)\n#define QDEF1(id, hash, len, str) QSTR_ID id\n\
         #include \"genhdr/qstrdefs.generated.h\"\n",
    )?;
    let text = tools::run("listing qstr ids", compiler.preprocessor().arg("-P").arg(&input))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut words = text.split_whitespace();
    let mut ids = Vec::new();
    while let Some(word) = words.next() {
        if word == "QSTR_ID" {
            ids.push(words.next().ok_or("qstr list ends early")?.to_owned());
        }
    }
    if ids.is_empty() { Err("no qstr ids found".into()) } else { Ok(ids) }
}

/// `qstrs.rs` for Rust, and a C file that fails to compile if an id in it is wrong.
pub fn rust_consts(dirs: &Dirs, ids: &[String]) -> Result<(), String> {
    let mut rust = String::new();
    let mut check = String::from("#include \"py/obj.h\"\n");
    for (id, name) in ids.iter().enumerate() {
        rust.push_str(&format!(
            "/// The interned string of this name.\npub const {name}: Qstr = Qstr({id});\n"
        ));
        check.push_str(&format!("_Static_assert({name} == {id}, \"{name}\");\n"));
    }
    tools::write_if_changed(&dirs.out.join("qstrs.rs"), &rust)?;
    tools::write_if_changed(&dirs.out.join("qstr_check.c"), &check)
}
