//! What a misspelt word may have meant.

/// The word most like this one, if one is like enough.
pub fn nearest<S: AsRef<str>>(word: &str, known: impl IntoIterator<Item = S>) -> Option<String> {
    const ALIKE: f64 = 0.8;
    known
        .into_iter()
        .map(|name| (score(word, name.as_ref()), name))
        .filter(|(score, _)| *score >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name.as_ref().to_owned())
}

/// Words that differ by one slip are alike, however short; else those with a common start.
fn score(word: &str, name: &str) -> f64 {
    let slips = strsim::osa_distance(word, name);
    match slips {
        0 | 1 if name.len() > 2 => 2.0 - 0.1 * slips as f64,
        _ => strsim::jaro_winkler(word, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_understood() {
        let known = ["cat", "connect", "cp", "eval", "exec", "ls", "mkdir", "rm", "rmdir", "run", "sleep"];
        for (word, meant) in
            [("exce", "exec"), ("conect", "connect"), ("mkdri", "mkdir"), ("evla", "eval"), ("rn", "run")]
        {
            assert_eq!(nearest(word, known).as_deref(), Some(meant), "{word}");
        }
        assert_eq!(nearest("frobnicate", known), None);
        assert_eq!(nearest("", known), None);
    }
}
