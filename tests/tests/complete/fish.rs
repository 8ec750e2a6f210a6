//! fish.

use crate::shell::{Scene, content};

/// Nothing on the terminal but what is typed and printed.
const RC: &str = "function fish_prompt; echo -n 'ready> '; end
function fish_greeting; end
set -g fish_autosuggestion_enabled 0
mpr completions fish | source
";

fn fish() -> Scene {
    Scene::start("fish", &["--no-config", "--init-command", "source rc", "-i"], RC)
}

/// fish draws the whole line anew when it completes.
fn tab(scene: &mut Scene, typed: &str, line: &str) {
    scene.terminal.send(format!("{typed}\t"));
    scene.terminal.expect(line);
}

#[test]
fn commands_options_paths_and_devices() {
    let mut scene = fish();
    tab(&mut scene, "mpr vers", "mpr version ");
    scene.enter("mpr 0.");
    tab(&mut scene, "mpr cp --rec", "mpr cp --recursive ");
    tab(&mut scene, "fol", "mpr cp --recursive folder/");
    tab(&mut scene, "in", "mpr cp --recursive folder/inner.py ");
    scene.cancel();
    tab(&mut scene, "mpr cat :li", "mpr cat :lib/");
    tab(&mut scene, "bl", "mpr cat :lib/blink.py ");
    scene.enter(&content("lib/blink.py"));
    tab(&mut scene, "mpr ls li", "mpr ls lib/");
    scene.enter("blink.py");
    tab(&mut scene, "mpr connect si", "mpr connect sim:");
    scene.cancel();
    tab(&mut scene, "mpr --device=si", "mpr --device=sim:");
    scene.cancel();
    tab(&mut scene, "mpr repl --capture ~/fol", "mpr repl --capture ~/folder/");
    scene.cancel();
    tab(&mut scene, "mpr re", "(hard reset the device)");
    scene.cancel();
}

#[test]
fn names_that_are_hard() {
    let mut scene = fish();
    for (typed, line, shown) in [
        ("mpr cat :my", "mpr cat :my\\ file.py ", "my file.py"),
        ("mpr cat my", "mpr cat my\\ file.py ", "my file.py"),
        ("mpr cat \":my", "mpr cat \":my file.py\" ", "my file.py"),
        ("mpr cat ':my ", "mpr cat ':my file.py' ", "my file.py"),
        ("mpr cat :my\\ f", "mpr cat :my\\ file.py ", "my file.py"),
        ("mpr cat ':it", "mpr cat ':it\\'s.py' ", "it's.py"),
        ("mpr cat :gr", "mpr cat :größe.py ", "größe.py"),
        ("mpr cat :-", "mpr cat :-dash.py ", "-dash.py"),
        ("mpr cat :\\$", "mpr cat :\\$home\\ \\\"x\\\"!.py ", "$home \"x\"!.py"),
    ] {
        tab(&mut scene, typed, line);
        scene.enter(&content(shown));
    }
    tab(&mut scene, "mpr cp loc", "mpr cp local\\ file.py ");
    tab(&mut scene, ":l", ":lib/");
    scene.enter("cp local file.py :lib/");
}
