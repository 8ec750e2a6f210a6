//! zsh: the script passes the words before the cursor and the start of the one at it, without quotes, for zsh quotes what it
//! inserts.
//!
//! A line of the answer is `=` (a space may follow) or `-`, then a tab, the part of the candidate behind its last slash that is typed
//! already, a tab, and what to show.

use super::Find;

pub fn reply(asked: &[String], find: Find<'_>) -> Option<String> {
    let (current, words) = asked.split_last()?;
    let candidates = find(words, current);
    let head = current.rfind('/').map_or(0, |slash| slash + 1);
    let parts = || candidates.iter().filter_map(|candidate| Some((candidate, candidate.value.get(head..)?)));
    let width = parts().map(|(_, part)| part.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (candidate, part) in parts() {
        let mark = if candidate.ends { '=' } else { '-' };
        let shown = match candidate.about.as_str() {
            "" => part.to_owned(),
            about => format!("{part:width$}  -- {about}"),
        };
        text.push_str(&format!("{mark}\t{part}\t{shown}\n"));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::super::Shell;
    use super::super::tests::answer_to;

    #[test]
    fn only_the_last_part_of_a_path_is_a_candidate() {
        let (words, current, text) = answer_to(Shell::Zsh, &["cp", ":li b/a"], &[":li b/ab", ":li b/ac/"]);
        assert_eq!((words, current.as_str()), (vec!["cp".to_owned()], ":li b/a"));
        assert_eq!(text.as_deref(), Some("=\tab\tab\n-\tac/\tac/\n"));
    }
}
