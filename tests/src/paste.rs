//! A paste of 10 KB into a board's prompt, compared byte for byte.

use crate::Terminal;

/// Defines on the board what sums the pasted bytes, so that their order counts.
pub const SUM: &str = "s=0\ndef a(t):\n global s\n for b in t:s=(s*31+b)%65521";

/// Pastes at the prompt of a board that has run [`SUM`].
///
/// # Panics
/// When the board got, or the terminal shows, anything else.
pub fn arrives(terminal: &mut Terminal) {
    let printable: Vec<u8> = (b' '..=b'~').filter(|byte| !matches!(byte, b'\'' | b'\\')).collect();
    let (mut lines, mut sum, mut size) = (Vec::new(), 0, 0);
    while size < 10_240 {
        let text: Vec<u8> = (0..50).map(|n| printable[(lines.len() * 7 + n * n) % printable.len()]).collect();
        sum = text.iter().fold(sum, |sum, byte| (sum * 31 + u32::from(*byte)) % 65_521);
        let line = format!("a(b'{}')", String::from_utf8_lossy(&text));
        size += line.len() + 1;
        lines.push(line);
    }
    terminal.send(lines.iter().map(|line| format!("{line}\r")).collect::<String>());
    for line in &lines {
        terminal.expect(line);
        terminal.expect(">>> ");
    }
    terminal.send("print('sum', s)\r");
    terminal.expect(&format!("\nsum {sum}"));
    terminal.expect(">>> ");
}
