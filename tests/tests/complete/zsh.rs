//! zsh.

use crate::shell::{Scene, content};

/// Nothing on the terminal but what is typed and printed.
const RC: &str = "PS1='ready> '
unsetopt prompt_sp prompt_cr
unset zle_bracketed_paste
zle_highlight=(none)
autoload -Uz compinit
compinit -D -u
source <(mpr completions zsh)
";

fn zsh() -> Scene {
    Scene::start("zsh", &["-c", "cp rc .zshrc; exec zsh -i"], RC)
}

#[test]
fn commands_options_paths_and_devices() {
    let mut scene = zsh();
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
    scene.tab("mpr repl --capture ~/fol", "der/");
    scene.cancel();
}

#[test]
fn names_that_are_hard() {
    let mut scene = zsh();
    for (typed, goes_on, shown) in [
        ("mpr cat :my", "\\ file.py ", "my file.py"),
        ("mpr cat my", "\\ file.py ", "my file.py"),
        ("mpr cat \":my", " file.py\" ", "my file.py"),
        ("mpr cat ':my ", "file.py' ", "my file.py"),
        ("mpr cat :my\\ f", "ile.py ", "my file.py"),
        ("mpr cat :it", "\\'s.py ", "it's.py"),
        ("mpr cat :gr", "öße.py ", "größe.py"),
        ("mpr cat :-", "dash.py ", "-dash.py"),
        ("mpr cat :\\$", "home\\ \\\"x\\\"\\!.py ", "$home \"x\"!.py"),
    ] {
        scene.tab(typed, goes_on);
        scene.enter(&content(shown));
    }
    scene.tab("mpr cp loc", "al\\ file.py ");
    scene.tab(":l", "ib/");
    scene.enter("cp local file.py :lib/");
}

#[test]
fn what_a_command_does_is_shown() {
    let mut scene = zsh();
    scene.terminal.send("mpr soft\tdis\t");
    scene.terminal.expect("soft-reset disconnect ");
    scene.cancel();
    scene.terminal.send("mpr re\t\t");
    scene.terminal.expect("-- enter the interactive prompt");
    scene.terminal.expect("-- hard reset the device");
    scene.cancel();
}

/// Installed as a file of `$fpath`, as packages do it.
#[test]
fn as_an_autoloaded_function() {
    let rc = RC.replace(
        "autoload -Uz",
        "mkdir -p f\nmpr completions zsh > f/_mpr\nfpath=(~/f $fpath)\nautoload -Uz",
    );
    let rc = rc.replace("source <(mpr completions zsh)\n", "");
    let mut scene = Scene::start("zsh", &["-c", "cp rc .zshrc; exec zsh -i"], &rc);
    scene.tab("mpr cat :my", "\\ file.py ");
    scene.enter(&content("my file.py"));
}
