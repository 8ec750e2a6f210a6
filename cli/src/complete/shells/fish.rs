//! fish: the script passes the line up to the cursor. A line of the answer is a candidate, a tab, and what it is; fish quotes what
//! it inserts, and puts a space behind it unless it ends in a slash or the like.

use super::Find;
use super::line::{Dialect, split};

pub fn reply(asked: &[String], find: Find<'_>) -> Option<String> {
    let [line] = asked else { return None };
    let line = split(line, Dialect::Fish)?;
    let candidates = find(&line.words, &line.current);
    Some(candidates.iter().map(|candidate| format!("{}\t{}\n", candidate.value, candidate.about)).collect())
}

#[cfg(test)]
mod tests {
    use super::super::Shell;
    use super::super::tests::answer_to;

    #[test]
    fn candidates_are_whole_words() {
        let (words, current, text) = answer_to(Shell::Fish, &[r"mpr cp ':my\' l"], &[":my' lib/"]);
        assert_eq!((words, current.as_str()), (vec!["cp".to_owned()], ":my' l"));
        assert_eq!(text.as_deref(), Some(":my' lib/\t\n"));
    }
}
