//! The port's definitions file: native modules and the interned strings that Rust code names.

use std::path::Path;

use crate::tools;

/// What `port/definitions.txt` says.
///
/// A line is `module NAME` (a builtin module written in Rust; its object is the symbol `mp_module_NAME`, and a file
/// `NAME.py` may extend it), or a list of interned strings separated by spaces. `#` starts a comment.
pub struct Definitions {
    pub modules: Vec<String>,
    pub qstrs: Vec<String>,
}

impl Definitions {
    pub fn read(port: &Path) -> Result<Self, String> {
        let mut definitions = Self { modules: Vec::new(), qstrs: Vec::new() };
        for line in tools::read(&port.join("definitions.txt"))?.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace().map(str::to_owned);
            match words.next() {
                Some(first) if first == "module" => {
                    let name = words.next().ok_or("definitions.txt: `module` without a name")?;
                    definitions.qstrs.push(name.clone());
                    definitions.modules.push(name);
                }
                Some(first) => definitions.qstrs.extend(std::iter::once(first).chain(words)),
                None => {}
            }
        }
        Ok(definitions)
    }

    /// Registration lines as the C sources would have them.
    pub fn registrations(&self) -> String {
        let line = |name| format!("MP_REGISTER_EXTENSIBLE_MODULE(MP_QSTR_{name}, mp_module_{name});\n");
        self.modules.iter().map(line).collect()
    }
}
