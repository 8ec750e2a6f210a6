//! Macros: words that stand for several others, with mpremote's rules for their arguments.

use super::Origin;

/// The word that ends a command's arguments.
const END: &str = "+";

/// A macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Macro {
    /// The word it is called by.
    pub name: String,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// What it stands for.
    pub words: Vec<String>,
    /// What it does, for people.
    pub help: Option<String>,
    /// Where it is defined.
    pub origin: Origin,
}

/// A parameter: a name in Python on the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The name.
    pub name: String,
    /// Its value where a call gives none.
    pub default: Option<String>,
}

/// Why a call does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unbound {
    /// This parameter has neither a value nor a default.
    Missing(String),
}

impl Macro {
    /// A macro from its name and parameters as one text: `name arg arg2=default`.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub fn new(
        signature: &str,
        words: Vec<String>,
        help: Option<&str>,
        origin: Origin,
    ) -> Result<Macro, String> {
        let mut parts = signature.split_whitespace();
        let name = parts.next().ok_or("a macro wants a name")?;
        if name.starts_with('-') || name == END {
            return Err(format!("`{name}` cannot be a macro's name"));
        }
        let mut parameters: Vec<Parameter> = Vec::new();
        for part in parts {
            let (parameter, default) = match part.split_once('=') {
                Some((parameter, default)) => (parameter, Some(default.to_owned())),
                None => (part, None),
            };
            if !is_identifier(parameter) {
                return Err(format!("the parameter `{parameter}` of macro `{name}` is no name in Python"));
            }
            if parameters.iter().any(|known| known.name == parameter) {
                return Err(format!("macro `{name}` has two parameters `{parameter}`"));
            }
            parameters.push(Parameter { name: parameter.to_owned(), default });
        }
        let help = help.map(str::trim).filter(|help| !help.is_empty()).map(str::to_owned);
        Ok(Macro { name: name.to_owned(), parameters, words, help, origin })
    }

    /// The name and the parameters, as they are defined.
    pub fn signature(&self) -> String {
        let mut text = self.name.clone();
        for parameter in &self.parameters {
            text.push(' ');
            text.push_str(&parameter.name);
            if let Some(default) = &parameter.default {
                text.push('=');
                text.push_str(default);
            }
        }
        text
    }

    /// What it stands for, as one line.
    pub fn expansion(&self) -> String {
        let words: Vec<String> = self.words.iter().map(|word| crate::hints::shell_word(word)).collect();
        words.join(" ")
    }

    /// Takes the arguments of a call from the front of `words`: one by one in the order of the parameters, or as
    /// `name=value`. Returns `name=value` for every parameter, and how many words were used.
    ///
    /// # Errors
    /// When a parameter stays without a value.
    pub fn bind(&self, words: &[String]) -> Result<(Vec<String>, usize), Unbound> {
        let mut used = 0;
        let mut values = Vec::new();
        for Parameter { name, default } in &self.parameters {
            // An option is no value, and neither is what ends the arguments.
            let word = words.get(used).filter(|word| *word != END && !word.starts_with("--"));
            let value = match word {
                Some(word) => match word.split_once('=') {
                    None => Some(word.as_str()),
                    Some((given, value)) if given == name => Some(value),
                    Some(_) => None,
                },
                None => None,
            };
            used += usize::from(value.is_some());
            let value = value.or(default.as_deref()).ok_or_else(|| Unbound::Missing(name.clone()))?;
            values.push(format!("{name}={value}"));
        }
        Ok((values, used))
    }
}

fn is_identifier(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
}
