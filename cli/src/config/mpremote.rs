//! mpremote's `config.py`: `commands`, a dictionary, and `auto_soft_reset`.

use std::rc::Rc;

use super::python::{self, Assignment, Place, Strange, Value};
use super::{Config, Macro, Origin};

/// Adds what the file says and the configuration does not say yet. What is not understood becomes a warning.
pub fn read(bytes: &[u8], shown: &str, config: &mut Config) {
    let mut reader = Reader { file: shown.into(), config, macros: Vec::new(), auto_soft_reset: None };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => {
            reader.warn(Place { line: 1, column: 1 }, "the file is not UTF-8 text; what is not may be wrong");
            String::from_utf8_lossy(bytes)
        }
    };
    let program = python::read(&text);
    for assignment in program.assignments {
        match assignment.name.as_str() {
            "commands" => reader.commands(assignment),
            "auto_soft_reset" if assignment.key.is_none() => reader.auto_soft_reset(assignment),
            _ => {}
        }
    }
    for Strange { place, what } in program.strange {
        reader.warn(place, &format!("{what} is not understood, and left out"));
    }
    let Reader { macros, auto_soft_reset, config, .. } = reader;
    for found in macros {
        config.macros.entry(found.name.clone()).or_insert(found);
    }
    config.auto_soft_reset |= auto_soft_reset.unwrap_or(false);
}

struct Reader<'a> {
    file: Rc<str>,
    config: &'a mut Config,
    /// In their order; the last of those with the same name.
    macros: Vec<Macro>,
    auto_soft_reset: Option<bool>,
}

impl Reader<'_> {
    fn origin(&self, place: Place) -> Origin {
        Origin { file: self.file.clone(), line: place.line, column: place.column }
    }

    fn warn(&mut self, place: Place, what: &str) {
        let origin = self.origin(place);
        self.config.warn(&origin, what);
    }

    fn auto_soft_reset(&mut self, assignment: Assignment) {
        match assignment.value {
            Ok(Value::Bool(on)) => self.auto_soft_reset = Some(on),
            Ok(Value::Number(number)) if number == "0" || number == "1" => {
                self.auto_soft_reset = Some(number == "1");
            }
            Ok(_) => self.warn(assignment.place, "`auto_soft_reset` is left out: it wants `True` or `False`"),
            Err(strange) => {
                self.warn(strange.place, &format!("`auto_soft_reset` is left out: {}", unread(&strange)));
            }
        }
    }

    /// `commands = {...}` or `commands[signature] = ...`.
    fn commands(&mut self, assignment: Assignment) {
        match (assignment.key, assignment.value) {
            (Some(key), value) => self.command(assignment.place, Some(key), value),
            (None, Ok(Value::Dict(pairs))) => {
                // A later dictionary takes the place of an earlier one.
                self.macros.clear();
                for pair in pairs {
                    self.command(pair.place, pair.key, pair.value);
                }
            }
            (None, Ok(_)) => self.warn(assignment.place, "`commands` is left out: it wants a dictionary"),
            (None, Err(strange)) => {
                self.warn(strange.place, &format!("`commands` is left out: {}", unread(&strange)));
            }
        }
    }

    fn command(&mut self, place: Place, key: Option<String>, value: Result<Value, Strange>) {
        let name = match &key {
            Some(key) => format!("command `{}`", key.split_whitespace().next().unwrap_or_default()),
            None => "an entry".to_owned(),
        };
        let read = match value {
            Ok(value) => words_and_help(value).map_err(|what| (place, what)),
            Err(strange) => Err((strange.place, unread(&strange))),
        };
        let found = read.and_then(|(words, help)| {
            let origin = self.origin(place);
            Macro::new(key.as_deref().unwrap_or_default(), words, help.as_deref(), origin)
                .map_err(|what| (place, what))
        });
        match found {
            Ok(found) => {
                self.macros.retain(|known| known.name != found.name);
                self.macros.push(found);
            }
            Err((place, what)) => self.warn(place, &format!("{name} is left out: {what}")),
        }
    }
}

fn unread(strange: &Strange) -> String {
    format!("{} cannot be read", strange.what)
}

/// What a command stands for, and its help.
fn words_and_help(value: Value) -> Result<(Vec<String>, Option<String>), String> {
    let Value::Dict(pairs) = value else { return Ok((words(value)?, None)) };
    let (mut command, mut help) = (None, None);
    for pair in pairs {
        let value = pair.value.map_err(|strange| unread(&strange))?;
        match (pair.key.as_deref(), value) {
            (Some("command"), value) => command = Some(words(value)?),
            (Some("help"), Value::Text(text)) => help = Some(text),
            (Some("help"), _) => return Err("a help that is no text".to_owned()),
            _ => {}
        }
    }
    Ok((command.ok_or("a dictionary without \"command\"")?, help))
}

fn words(value: Value) -> Result<Vec<String>, String> {
    match value {
        Value::Text(text) => Ok(text.split_whitespace().map(str::to_owned).collect()),
        Value::Sequence(items) => items
            .into_iter()
            .map(|item| match item {
                Value::Text(text) => Ok(text),
                _ => Err("a list with something other than texts".to_owned()),
            })
            .collect(),
        _ => Err("a value that is neither text, list nor dictionary".to_owned()),
    }
}
