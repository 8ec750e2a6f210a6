//! Folders that the board lost by a restart at its prompt.

use std::time::{Duration, Instant};

use mpr_protocol::Device;

use super::output::Console;
use crate::failure::Failure;

/// How long the friendly prompt may take after the raw REPL.
const PATIENCE: Duration = Duration::from_secs(1);

const PROMPT: &[u8] = b">>> ";

/// Mounts again what the board's restart took away. Trouble is shown, and the prompt goes on.
///
/// # Errors
/// When nothing can be shown.
pub fn run(device: &mut Device, console: &mut Console<'_>) -> Result<(), Failure> {
    let result = device.remount();
    if let Err(error) = device.leave_raw_repl() {
        return console.show(format!("\r\nError: {error}\r\n").as_bytes());
    }
    skip_prompt(device);
    let text = match result {
        Ok(false) => return Ok(()),
        Ok(true) => device
            .mounted()
            .iter()
            .map(|mounted| {
                let folder = mounted.folder.display().to_string();
                format!("Remount local directory {}/ at {}\n", folder.trim_end_matches('/'), mounted.at)
            })
            .collect(),
        Err(error) => format!("Error: {error}\n"),
    };
    console.show(format!("\n{text}>>> ").replace('\n', "\r\n").as_bytes())
}

/// Reads the banner and the prompt that follow the raw REPL. What stood on the terminal before still does.
pub fn skip_prompt(device: &mut Device) {
    let deadline = Instant::now() + PATIENCE;
    let mut seen = Vec::new();
    let mut buffer = [0; 256];
    while !seen.ends_with(PROMPT) {
        match device.transport_mut().recv(&mut buffer, deadline) {
            // A link that has gone shows at the next turn.
            Ok(0) | Err(_) => return,
            Ok(n) => seen.extend_from_slice(&buffer[..n]),
        }
    }
}
