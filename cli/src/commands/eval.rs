//! `eval`: evaluates an expression and prints the result.

use clap::Args;
use serde::Serialize;

use super::Run;
use super::exec::Follow;
use crate::failure::Failure;
use crate::session::Session;

/// Arguments of `eval`.
#[derive(Debug, Args)]
pub struct Eval {
    /// Expression; its value is printed as `print` does it
    #[arg(value_name = "EXPR")]
    expression: String,
}

/// Bytes from the board as JSON: text where they are text.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bytes<'a> {
    /// Valid UTF-8.
    Text(&'a str),
    /// Anything else, in hexadecimal digits.
    Hex(String),
}

impl<'a> Bytes<'a> {
    /// Text if they are.
    pub fn new(bytes: &'a [u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Bytes::Text(text),
            Err(_) => Bytes::Hex(hex(bytes)),
        }
    }
}

/// Two hexadecimal digits per byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Serialize)]
struct Value<'a> {
    expression: &'a str,
    #[serde(flatten)]
    value: Bytes<'a>,
}

impl Run for Eval {
    fn run(&self, session: &mut Session<'_>) -> Result<(), Failure> {
        let printer = session.printer();
        if printer.is_json() {
            let watchdog = session.watchdog("eval")?;
            let value = session.device()?.eval(&self.expression);
            let value = value.map_err(|error| session.program_failure("eval", error, watchdog.as_ref()))?;
            return printer.json("eval", &Value { expression: &self.expression, value: Bytes::new(&value) });
        }
        let code = format!("print({})", self.expression);
        Follow::default().run("eval", code.as_bytes(), session)
    }
}
