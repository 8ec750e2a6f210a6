//! What the kernel remembers of names and attributes, and that it has to ask again.

use std::ffi::OsString;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use fuser::{INodeNo, Notifier};

use crate::tree::Ino;

/// Forgetting a name may have to wait for an operation in the same directory, which may wait for the board; nobody waits longer for
/// that than this.
const PATIENCE: Duration = Duration::from_millis(100);

/// A node of which the kernel may know what is out of date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outdated {
    pub ino: Ino,
    /// For a file: where it is, or was, and its name. For a directory the attributes will do: the kernel asks for them on the way to what
    /// is in it, and looks anew for what turns out to be gone.
    pub name: Option<(Ino, String)>,
}

/// Tells the kernel.
#[derive(Debug)]
pub(crate) struct Kernel {
    notifier: Notifier,
    names: Sender<Batch>,
}

type Batch = (Vec<(Ino, String)>, Sender<()>);

impl Kernel {
    /// Starts the thread that waits where the kernel does.
    pub fn start(notifier: Notifier) -> std::io::Result<Kernel> {
        let (names, batches) = channel();
        let thread = notifier.clone();
        std::thread::Builder::new().name("names".into()).spawn(move || forget_names(&thread, &batches))?;
        Ok(Kernel { notifier, names })
    }

    /// Makes the kernel ask again for the attributes of these at once, and soon for names of files.
    pub fn tell(&self, nodes: Vec<Outdated>) {
        self.send(nodes);
    }

    /// The same, and waits until names are forgotten, too, unless somebody works in their directories.
    pub fn tell_and_wait(&self, nodes: Vec<Outdated>) {
        let _ = self.send(nodes).recv_timeout(PATIENCE);
    }

    fn send(&self, nodes: Vec<Outdated>) -> Receiver<()> {
        let mut names = Vec::new();
        for node in nodes {
            // Attributes only: contents are the next open's business, and would wait for reads. What fails is of a mount that ends.
            let _ = self.notifier.inval_inode(INodeNo(node.ino), -1, 0);
            names.extend(node.name);
        }
        let (done, receiver) = channel();
        let _ = self.names.send((names, done));
        receiver
    }
}

fn forget_names(notifier: &Notifier, batches: &Receiver<Batch>) {
    for (names, done) in batches {
        for (parent, name) in names {
            let _ = notifier.inval_entry(INodeNo(parent), &OsString::from(name));
        }
        let _ = done.send(());
    }
}
