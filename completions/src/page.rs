//! A manual page as roff.

use clap::Command;
use clap_mangen::Man;
use mpr_cli::manual::{List, Page};

/// The date at the foot of each page: that of the version.
const DATE: &str = "2026-11-25";

/// What each exit status means, for `mpr` as a whole.
const EXIT_STATUS: [(&str, &str); 6] = [
    ("0", "Done, also when the reader of the output has gone."),
    ("1", "The board said no: an exception, a missing file on it."),
    ("2", "Wrong words, a wrong configuration, or a wrong file on this machine."),
    ("3", "No board, a busy one, a lost one, one that does not answer."),
    ("n", "A program on the board ended with sys.exit(n)."),
    ("130", "Stopped by Ctrl-C; 143 by SIGTERM, 129 by SIGHUP."),
];

/// The variables that `mpr` looks at.
const ENVIRONMENT: [(&str, &str); 4] = [
    ("MPR_DEVICE", "The device that commands use when neither `connect` nor `--device` names one."),
    ("MPR_SIM", "The program of the simulated board; else it is found beside mpr or on PATH."),
    (
        "MPR_COMPLETE_WAIT",
        "How many seconds the TAB key waits for a board's file names at most (1); 0 never asks a board.",
    ),
    ("VISUAL, EDITOR", "The editor that `mpr edit` starts."),
];

/// The page about all of `mpr`.
pub fn overview(page: &Page, lists: &[List]) -> String {
    let mut text = start(page);
    text += &section("Synopsis");
    text += "\\fBmpr\\fR [\\fIOPTIONS\\fR] [\\fICOMMAND\\fR [\\fIARGUMENTS\\fR]] \
             [[\\fB+\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]]...\n";
    text += &section("Description");
    text += &paragraph(
        "Copies files to and from MicroPython boards, runs programs on them, and is their prompt. Commands follow each other; `+` ends one \
         that takes any number of paths. Paths on the device start with a colon. Without a command that does something, the interactive \
         prompt follows. The whole line is checked before anything happens.",
    );
    for (title, words) in lists {
        text += &section(title);
        text += &terms(words.iter().map(|(word, about)| (word.as_str(), about.as_str())));
    }
    text += &options(&page.grammar);
    text += &section("Environment");
    text += &terms(ENVIRONMENT.into_iter());
    text += &section("Exit status");
    text += &terms(EXIT_STATUS.into_iter());
    text += &section("See also");
    text += &paragraph("Every command has a page of its own: `man mpr-cp`. `mpr help` is shorter.");
    text
}

/// The page about one command.
pub fn command(page: &Page) -> String {
    let mut text = start(page);
    text += &section("Synopsis");
    text += &paragraph(&usage(&page.grammar));
    text += &section("Description");
    text += &paragraph(&sentence(&page.about));
    text += &options(&page.grammar);
    if let Some(more) = page.grammar.get_after_help() {
        text += &section("More");
        text += ".nf\n";
        for line in more.to_string().lines() {
            text += &escaped(line);
            text.push('\n');
        }
        text += ".fi\n";
    }
    text += &section("See also");
    text += "\\fBmpr\\fR(1)\n";
    text
}

fn start(page: &Page) -> String {
    let name = escaped(&page.name);
    format!(
        ".\\\" Written by `cargo xtask completions`.\n.ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n.TH {} 1 {DATE} \"mpr {}\"\n.SH NAME\n{name} \\- {}\n",
        page.name,
        env!("CARGO_PKG_VERSION"),
        escaped(&page.about)
    )
}

/// How the command is written, as its help says it.
fn usage(grammar: &Command) -> String {
    let usage = grammar.clone().render_usage().to_string();
    usage.trim_start_matches("Usage:").trim().to_owned()
}

fn options(grammar: &Command) -> String {
    let mut bytes = Vec::new();
    Man::new(grammar.clone()).render_options_section(&mut bytes).expect("memory takes every byte");
    let text = String::from_utf8(bytes).expect("a page is text");
    // It defines the apostrophe again; the page's start has it.
    text.lines().filter(|line| !line.contains(".ds Aq")).map(|line| format!("{line}\n")).collect()
}

fn section(title: &str) -> String {
    format!(
        ".SH {}\n",
        if title.contains(' ') { format!("\"{}\"", title.to_uppercase()) } else { title.to_uppercase() }
    )
}

fn terms<'a>(terms: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    terms.map(|(term, about)| format!(".TP\n\\fB{}\\fR\n{}\n", escaped(term), escaped(about))).collect()
}

fn paragraph(text: &str) -> String {
    format!("{}\n", escaped(text))
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// Text of which roff shows every character.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\e"),
            '-' => out.push_str("\\-"),
            '\'' => out.push_str("\\*(Aq"),
            '`' => out.push_str("\\(ga"),
            '~' => out.push_str("\\(ti"),
            '^' => out.push_str("\\(ha"),
            letter => out.push(letter),
        }
    }
    // A dot at the start of a line would be a request.
    if out.starts_with('.') { format!("\\&{out}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_shown_as_it_is() {
        assert_eq!(escaped(r".a\b-c 'd'"), r"\&.a\eb\-c \*(Aqd\*(Aq");
        assert_eq!(sentence("copy files"), "Copy files.");
        assert_eq!(section("See also"), ".SH \"SEE ALSO\"\n");
    }
}
