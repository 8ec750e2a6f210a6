//! `config.toml`.

use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

use mpr_protocol::Address;
use mpr_protocol::transport::Password;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Alias, Config, Macro, Origin, Secret, WITHOUT};
use crate::chain::nearest;
use crate::failure::Failure;
use crate::session::Target;

/// The keys of the file.
const KEYS: [&str; 5] = ["auto_soft_reset", "device", "devices", "macros", "mpremote"];

/// The keys of a macro's table.
const MACRO_KEYS: [&str; 2] = ["command", "help"];

/// The keys of a device's table.
const DEVICE_KEYS: [&str; 4] = ["address", "password", "password_file", "serial"];

/// Takes over what the file says. Returns whether mpremote's file is wanted as well.
///
/// # Errors
/// For the first thing that is wrong, with its place.
pub fn read(bytes: &[u8], shown: &str, config: &mut Config) -> Result<bool, Failure> {
    let mut reader = Reader { text: "", file: shown.into(), config };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
            let end = valid.len();
            let reader = Reader { text: &valid, ..reader };
            return Err(reader.wrong(&(end..end), "the file is not UTF-8 text"));
        }
    };
    reader.text = text.strip_prefix('\u{feff}').unwrap_or(text);
    reader.file()
}

struct Reader<'a> {
    text: &'a str,
    file: Rc<str>,
    config: &'a mut Config,
}

type Value<'a> = Spanned<DeValue<'a>>;

impl<'a> Reader<'a> {
    fn origin(&self, span: &Range<usize>) -> Origin {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        Origin {
            file: self.file.clone(),
            line: 1 + before.matches('\n').count(),
            column: 1 + before[start..].chars().count(),
        }
    }

    fn wrong(&self, span: &Range<usize>, what: impl std::fmt::Display) -> Failure {
        Failure::usage(format!("configuration: {}: {what}", self.origin(span))).hint(WITHOUT)
    }

    fn file(&mut self) -> Result<bool, Failure> {
        let table = DeTable::parse(self.text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            self.wrong(&span, error.message().trim().replace('\n', ", "))
        })?;
        let mut reads_mpremote = true;
        let mut default = None;
        for (key, value) in table.get_ref() {
            match key.get_ref().as_ref() {
                "auto_soft_reset" => self.config.auto_soft_reset = self.bool("auto_soft_reset", value)?,
                "mpremote" => reads_mpremote = self.bool("mpremote", value)?,
                "device" => default = Some(value),
                "devices" => {
                    for (name, value) in self.table("devices", value)? {
                        self.device(name, value)?;
                    }
                }
                "macros" => {
                    for (signature, value) in self.table("macros", value)? {
                        self.command(signature, value)?;
                    }
                }
                unknown => self.unknown_key(unknown, &key.span(), &KEYS),
            }
        }
        if let Some(value) = default {
            self.config.device = Some(self.default_device(value)?);
        }
        Ok(reads_mpremote)
    }

    /// A key that means nothing. It may belong to another version of the tool, so it is no error.
    fn unknown_key(&mut self, key: &str, span: &Range<usize>, known: &[&'static str]) {
        let near = match key {
            "commands" | "aliases" if known == KEYS => Some("macros".to_owned()),
            key => nearest::nearest(key, known),
        };
        let what = match near {
            Some(near) => format!("unknown key `{key}`; did you mean `{near}`?"),
            None => format!("unknown key `{key}`"),
        };
        let origin = self.origin(span);
        self.config.warn(&origin, &what);
    }

    fn bool(&self, key: &str, value: &Value<'_>) -> Result<bool, Failure> {
        let expected = || self.unexpected(key, "`true` or `false`", value);
        value.get_ref().as_bool().ok_or_else(expected)
    }

    fn string<'v>(&self, key: &str, value: &'v Value<'_>) -> Result<&'v str, Failure> {
        value.get_ref().as_str().ok_or_else(|| self.unexpected(key, "a string", value))
    }

    fn table<'v, 'i>(&self, key: &str, value: &'v Value<'i>) -> Result<&'v DeTable<'i>, Failure> {
        value.get_ref().as_table().ok_or_else(|| self.unexpected(key, "a table", value))
    }

    fn unexpected(&self, key: &str, wanted: &str, value: &Value<'_>) -> Failure {
        let found = value.get_ref().type_str();
        let article = if found.starts_with(['a', 'i']) { "an" } else { "a" };
        self.wrong(&value.span(), format_args!("`{key}` wants {wanted}, and is {article} {found}"))
    }

    fn address(&self, text: &str, value: &Value<'_>) -> Result<Address, Failure> {
        match Target::parse(text) {
            Ok(Target::Board(address)) => Ok(address),
            Ok(Target::Name(port)) => Ok(Address::Serial(port)),
            Ok(Target::List) => Err(self.wrong(&value.span(), "`list` is no device")),
            Err(error) => Err(self.wrong(&value.span(), error)),
        }
    }

    fn default_device(&self, value: &Value<'_>) -> Result<Target, Failure> {
        match Target::parse(self.string("device", value)?) {
            Ok(Target::List) => Err(self.wrong(&value.span(), "`list` is no device")),
            Ok(target) => Ok(target),
            Err(error) => Err(self.wrong(&value.span(), error)),
        }
    }

    fn device(
        &mut self,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Value<'_>,
    ) -> Result<(), Failure> {
        let (name, span) = (name.get_ref().as_ref(), name.span());
        if !matches!(Target::parse(name), Ok(Target::Name(_))) || name.starts_with('-') || name == "+" {
            return Err(self.wrong(&span, format_args!("`{name}` cannot be a device's name")));
        }
        let mut password = None;
        let address = match value.get_ref() {
            DeValue::String(text) => self.address(text, value)?,
            DeValue::Table(table) => {
                let mut address = None;
                for (key, value) in table {
                    address = match key.get_ref().as_ref() {
                        "address" | "serial" if address.is_some() => {
                            return Err(self.wrong(&key.span(), "a device has one of `address` and `serial`"));
                        }
                        "address" => Some(self.address(self.string("address", value)?, value)?),
                        "password" | "password_file" if password.is_some() => {
                            return Err(
                                self.wrong(&key.span(), "a device has one of `password` and `password_file`")
                            );
                        }
                        "password" => {
                            password = Some(Secret::Here(Password::new(self.string("password", value)?)));
                            continue;
                        }
                        "password_file" => {
                            let file = self.string("password_file", value)?;
                            // As seen from the configuration's own folder.
                            let folder = Path::new(&*self.file).parent().unwrap_or(Path::new(""));
                            password = Some(Secret::File(folder.join(file)));
                            continue;
                        }
                        "serial" => Some(Address::Id(self.string("serial", value)?.to_owned())),
                        unknown => {
                            self.unknown_key(unknown, &key.span(), &DEVICE_KEYS);
                            continue;
                        }
                    };
                }
                address.ok_or_else(|| {
                    self.wrong(&value.span(), format_args!("the device `{name}` wants an `address`"))
                })?
            }
            _ => return Err(self.unexpected(name, "a string or a table with `address`", value)),
        };
        let origin = self.origin(&span);
        if crate::commands::names().any(|command| command == name) {
            let what = format!("the command `{name}` hides this device; `connect {name}` still names it");
            self.config.warn(&origin, &what);
        }
        self.config.devices.insert(name.to_owned(), Alias { address, password, origin });
        Ok(())
    }

    fn command(
        &mut self,
        signature: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Value<'_>,
    ) -> Result<(), Failure> {
        let (text, span) = (signature.get_ref().as_ref(), signature.span());
        let (mut words, mut help) = (None, None);
        match value.get_ref() {
            DeValue::Table(table) => {
                for (key, value) in table {
                    match key.get_ref().as_ref() {
                        "command" => words = Some(self.words("command", value)?),
                        "help" => help = Some(self.string("help", value)?),
                        unknown => self.unknown_key(unknown, &key.span(), &MACRO_KEYS),
                    }
                }
            }
            _ => words = Some(self.words(text, value)?),
        }
        let words = words
            .ok_or_else(|| self.wrong(&value.span(), format_args!("the macro `{text}` wants a `command`")))?;
        let found =
            Macro::new(text, words, help, self.origin(&span)).map_err(|what| self.wrong(&span, what))?;
        if let Some(other) = self.config.macros.get(&found.name) {
            let what =
                format!("there are two macros `{}`; the other is in line {}", found.name, other.origin.line);
            return Err(self.wrong(&span, what));
        }
        self.config.macros.insert(found.name.clone(), found);
        Ok(())
    }

    /// Words from a string with spaces between them, or from a list.
    fn words(&self, key: &str, value: &Value<'_>) -> Result<Vec<String>, Failure> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text.split_whitespace().map(str::to_owned).collect()),
            DeValue::Array(items) => {
                items.iter().map(|item| self.string(key, item).map(str::to_owned)).collect()
            }
            _ => Err(self.unexpected(key, "a string or a list of strings", value)),
        }
    }
}
