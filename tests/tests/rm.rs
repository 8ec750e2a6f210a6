//! `rm -r` goes neither past a mount point nor into a folder of this machine.

use mpr_tests::{Desk, Kind};

/// A filesystem of this class in RAM at `/ram`, with a file in it.
fn ram_disk(class: &str) -> String {
    format!(
        "import os
class Ram:
 def __init__(s):s.d=bytearray(51200)
 def readblocks(s,n,b,o=0):
  a=n*512+o
  b[:]=s.d[a:a+len(b)]
 def writeblocks(s,n,b,o=0):
  a=n*512+o
  s.d[a:a+len(b)]=b
 def ioctl(s,o,a):return {{4:100,5:512,6:0}}.get(o)
r=Ram()
os.{class}.mkfs(r)
os.mount(os.{class}(r),'/ram')
os.mkdir('/ram/d')
open('/ram/d/kept','w').close()"
    )
}

#[test]
fn another_filesystem_is_left_alone() {
    for class in ["VfsLfs2", "VfsFat"] {
        let desk = Desk::new(Kind::SimPty);
        desk.write("dir/c.txt", b"c");
        desk.run(&["exec", &ram_disk(class)]);
        for path in [":", "/", ":/"] {
            desk.run(&["cp", "-r", "dir", ":/"]);
            let prefix = if path == ":" { "./" } else { "/" };
            let text = desk.run(&["rm", "-rv", path]);
            assert!(text.contains(&format!("skipped: '{prefix}ram' (vfs mountpoint)\n")), "{class}: {text}");
            assert!(text.contains(&format!("removed directory: '{prefix}dir'\n")), "{class}: {text}");
            assert_eq!(desk.names("/"), ["ram/"], "{class}");
            assert_eq!(desk.names("/ram/d"), ["kept"], "{class}");
        }
        // Named itself, it is emptied; the place stays.
        let text = desk.run(&["rm", "-rv", ":/ram"]);
        assert_eq!(
            text,
            "rm :/ram\nremoved: '/ram/d/kept'\nremoved directory: '/ram/d'\nskipped: '/ram' (vfs mountpoint)\n",
            "{class}"
        );
        assert_eq!(desk.names("/ram"), Vec::<String>::new(), "{class}");
    }
}

#[test]
fn what_was_skipped_is_in_the_json() {
    let desk = Desk::new(Kind::SimPty);
    desk.run(&["exec", &ram_disk("VfsLfs2")]);
    let text = desk.run(&["--json", "rm", "-r", ":"]);
    assert_eq!(
        text,
        "{\"schema\":1,\"command\":\"rm\",\"path\":\":\",\"removed\":[],\"skipped\":[\":./ram\"]}\n"
    );
}

#[test]
fn folders_of_this_machine_are_left_alone() {
    let desk = Desk::new(Kind::SimPty);
    desk.write("here/sub/file", b"kept");
    desk.write("here/top", b"kept");
    for path in [":", ".", "sub", ":/remote", "/remote/sub", "sub/.."] {
        let outcome = desk.mpr().args(["mount", "here", "rm", "-r", path]).run();
        outcome.expect_failure(1, &format!(":{}", path.trim_start_matches(':')));
        outcome.expect_stderr("is in a folder of this machine, mounted at `:/remote`");
    }
    desk.run(&["cp", "-r", "here", ":copy"]);
    let text = desk.run(&["mount", "here", "mount", "here", ":/app", "rm", "-rv", "/"]);
    assert!(text.contains("skipped: '/remote' (vfs mountpoint)\n"), "{text}");
    assert!(text.contains("skipped: '/app' (vfs mountpoint)\n"), "{text}");
    assert!(text.contains("removed directory: '/copy'\n"), "{text}");
    assert_eq!((desk.read("here/sub/file"), desk.read("here/top")), (b"kept".to_vec(), b"kept".to_vec()));
    assert_eq!(desk.names("/"), Vec::<String>::new());
    // A name that only begins like the folder's is none of it; single files are the user's word.
    desk.run(&["cp", "-r", "here", ":/remote2"]);
    desk.run(&["mount", "here", "rm", "-r", "/remote2", "/remote/top"]);
    assert_eq!(desk.names("/"), Vec::<String>::new());
    assert!(!desk.dir().join("here/top").exists());
}
