//! Words that stand for several others.

/// A short name for a serial port, and the prefix of the port's path.
const PORTS: &[(char, &str)] = &[('a', "/dev/ttyACM"), ('u', "/dev/ttyUSB"), ('c', "COM")];

/// The highest number of a port shortcut.
const HIGHEST: u8 = b'3';

/// What a word at a command's place stands for, if it is no command itself.
pub fn expand(word: &str) -> Option<Vec<String>> {
    port(word).map(|path| vec!["connect".to_owned(), path])
}

/// The path for `a0` to `a3`, `u0` to `u3`, `c0` to `c3`.
fn port(word: &str) -> Option<String> {
    let [letter, digit @ b'0'..=HIGHEST] = word.as_bytes() else { return None };
    let (_, prefix) = PORTS.iter().find(|(known, _)| *known == char::from(*letter))?;
    Some(format!("{prefix}{}", char::from(*digit)))
}

/// The words that [`expand`] knows.
pub fn port_words() -> impl Iterator<Item = String> {
    PORTS
        .iter()
        .flat_map(|(letter, _)| (b'0'..=HIGHEST).map(move |digit| format!("{letter}{}", char::from(digit))))
}

/// The shortcuts with what they stand for, for help.
pub fn shortcuts() -> impl Iterator<Item = (String, String)> {
    PORTS.iter().map(|(letter, prefix)| {
        (format!("{letter}0..{letter}3"), format!("connect to serial port {prefix}0..{prefix}3"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_shortcuts() {
        for (word, path) in [("a0", "/dev/ttyACM0"), ("u3", "/dev/ttyUSB3"), ("c1", "COM1")] {
            assert_eq!(expand(word), Some(vec!["connect".to_owned(), path.to_owned()]));
        }
        for word in ["a4", "b0", "a", "a00", "ls"] {
            assert_eq!(expand(word), None, "{word}");
        }
    }
}
