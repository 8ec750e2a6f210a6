//! bash, alone and with bash-completion.

use crate::shell::{Scene, content};

const PLAIN: &str = "PS1='ready> '\nbind 'set enable-bracketed-paste off'\nsource <(mpr completions bash)\n";

fn bash(rc: &str) -> Scene {
    Scene::start("bash", &["--noprofile", "--rcfile", "rc", "-i"], rc)
}

#[test]
fn commands_options_paths_and_devices() {
    let mut scene = bash(PLAIN);
    scene.tab("mpr vers", "ion ");
    scene.enter("mpr 0.");
    scene.tab("mpr cp --rec", "ursive ");
    scene.tab("fol", "der/");
    scene.tab("in", "ner.py ");
    scene.cancel();
    scene.tab("mpr cat :li", "b/");
    scene.tab("bl", "ink.py ");
    scene.enter(&content("lib/blink.py"));
    scene.tab("mpr ls li", "b/");
    scene.enter("blink.py");
    scene.tab("mpr connect si", "m:");
    scene.cancel();
    scene.tab("mpr --device=si", "m:");
    scene.cancel();
}

/// `:` and `=` end words in bash, quotes and spaces are the shell's, and an exclamation mark is history.
#[test]
fn names_that_are_hard() {
    let mut scene = bash(PLAIN);
    let name = "$home \"x\"!.py";
    for (typed, goes_on, shown) in [
        ("mpr cat :my", "\\ file.py ", "my file.py"),
        ("mpr cat my", "\\ file.py ", "my file.py"),
        ("mpr cat \":my", " file.py\" ", "my file.py"),
        ("mpr cat ':my ", "file.py' ", "my file.py"),
        ("mpr cat :my\\ f", "ile.py ", "my file.py"),
        ("mpr cat :it", "\\'s.py ", "it's.py"),
        ("mpr cat ':it", "'\\''s.py' ", "it's.py"),
        ("mpr cat :gr", "öße.py ", "größe.py"),
        ("mpr cat :-", "dash.py ", "-dash.py"),
        ("mpr cat :\\$", "home\\ \\\"x\\\"\\!.py ", name),
        ("mpr cat \":\\$h", "ome \\\"x\\\"\"'!'\".py\" ", name),
    ] {
        scene.tab(typed, goes_on);
        scene.enter(&content(shown));
    }
    scene.tab("mpr cp loc", "al\\ file.py ");
    scene.tab(":l", "ib/");
    scene.enter("cp local file.py :lib/");
}

#[test]
fn with_bash_completion_too() {
    let rc = format!("source /usr/share/bash-completion/bash_completion\n{PLAIN}");
    let mut scene = bash(&rc);
    scene.tab("mpr cat :my", "\\ file.py ");
    scene.enter(&content("my file.py"));
    scene.tab("nohup mpr cat :li", "b/");
    scene.cancel();
    scene.tab("mpr --device=si", "m:");
    scene.cancel();
}

#[test]
fn the_board_is_the_one_on_the_line() {
    let mut scene = bash(PLAIN);
    let address = scene.board.address().to_owned();
    scene.tab(&format!("unset MPR_DEVICE; mpr connect {address} cat :li"), "b/");
    scene.cancel();
}
