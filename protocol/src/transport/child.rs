//! A process whose standard input and output are the board's console.

#[cfg(unix)]
pub use unix::Child;

/// What kind of process it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChildKind {
    /// A user's command.
    Command,
    /// The simulated board; it exits with status 3 when its flash image, named here, is in use.
    Sim {
        /// The image's path, or `memory`.
        flash: String,
    },
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io::{self, ErrorKind, Read};
    use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
    use std::os::unix::process::CommandExt;
    use std::process::{self, Command, ExitStatus, Stdio};
    use std::time::{Duration, Instant};

    use nix::poll::PollFlags;
    use nix::sys::signal::{Signal, killpg};
    use nix::unistd::Pid;

    use super::super::{Transport, TransportError, fd};
    use super::ChildKind;

    /// How long a process may take to end by itself once its input is closed, and again once it is asked to.
    const GRACE: Duration = Duration::from_millis(500);

    /// So much of what the process said on standard error is kept for the error message.
    const LAST_WORDS: usize = 2048;

    /// The simulated board's status for "the flash image is in use".
    const STATUS_BUSY: i32 = 3;

    /// A process in a group of its own (a terminal's Ctrl-C does not reach it). It is ended and reaped on drop: its input
    /// is closed, then it is asked to end, then killed.
    #[derive(Debug)]
    pub struct Child {
        process: process::Child,
        stdin: Option<File>,
        stdout: File,
        stderr: Option<File>,
        words: Vec<u8>,
        kind: ChildKind,
        name: String,
    }

    impl Child {
        /// Starts the process; its standard streams are set here.
        ///
        /// # Errors
        /// The operating system's.
        pub fn spawn(mut command: Command, kind: ChildKind, name: String) -> io::Result<Child> {
            let mut process = command
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .process_group(0)
                .spawn()?;
            let stdin = process.stdin.take().map(|pipe| File::from(OwnedFd::from(pipe)));
            let stdout = process.stdout.take().map(|pipe| File::from(OwnedFd::from(pipe)));
            let stderr = process.stderr.take().map(|pipe| File::from(OwnedFd::from(pipe)));
            let (Some(stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
                return Err(io::Error::new(ErrorKind::BrokenPipe, "the process has no standard streams"));
            };
            for file in [&stdin, &stdout, &stderr] {
                fd::set_nonblocking(file)?;
            }
            let (stdin, stderr) = (Some(stdin), Some(stderr));
            Ok(Child { process, stdin, stdout, stderr, words: Vec::new(), kind, name })
        }

        /// Starts a command line as the shell reads it.
        ///
        /// # Errors
        /// The operating system's.
        pub fn shell(command_line: &str, name: String) -> io::Result<Child> {
            let mut command = Command::new("/bin/sh");
            command.arg("-c").arg(command_line);
            Child::spawn(command, ChildKind::Command, name)
        }

        /// Takes what waits on standard error; an unread pipe would stop the process one day.
        fn listen(&mut self) {
            let mut buf = [0; 1024];
            while let Some(mut file) = self.stderr.as_ref() {
                match file.read(&mut buf) {
                    Ok(0) => self.stderr = None,
                    Ok(n) => {
                        self.words.extend_from_slice(&buf[..n]);
                        let old = self.words.len().saturating_sub(LAST_WORDS);
                        self.words.drain(..old);
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => self.stderr = None,
                }
            }
        }

        fn exit_status(&mut self, patience: Duration) -> Option<ExitStatus> {
            let deadline = Instant::now() + patience;
            loop {
                match self.process.try_wait() {
                    Ok(Some(status)) => return Some(status),
                    Err(_) => return None,
                    Ok(None) if Instant::now() >= deadline => return None,
                    Ok(None) => std::thread::sleep(Duration::from_millis(1)),
                }
            }
        }

        /// Says why the console ended.
        fn explain(&mut self, error: TransportError) -> TransportError {
            let TransportError::Closed { .. } = error else { return error };
            let status = self.exit_status(GRACE);
            self.listen();
            if let (ChildKind::Sim { flash }, Some(STATUS_BUSY)) = (&self.kind, status.and_then(|s| s.code()))
            {
                return TransportError::InUse { what: flash.clone() };
            }
            let words = String::from_utf8_lossy(&self.words);
            let words = words.trim();
            let status = status.map_or("its output ended".to_owned(), |s| format!("the process ended ({s})"));
            let detail = if words.is_empty() { status } else { format!("{status}: {words}") };
            TransportError::Closed { detail: Some(detail) }
        }

        fn signal(&self, signal: Signal) {
            // A pid that does not fit can't be a process group; a group that is gone needs no signal.
            if let Ok(pid) = i32::try_from(self.process.id()) {
                let _ = killpg(Pid::from_raw(pid), signal);
            }
        }
    }

    impl Transport for Child {
        fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<usize, TransportError> {
            let result = match &self.stdin {
                Some(stdin) => fd::send(stdin, bytes, deadline),
                None => Err(TransportError::Closed { detail: None }),
            };
            self.listen();
            result.map_err(|error| self.explain(error))
        }

        fn recv(&mut self, buf: &mut [u8], deadline: Instant) -> Result<usize, TransportError> {
            loop {
                match fd::read_now(&self.stdout, buf) {
                    Ok(Some(n)) => return Ok(n),
                    Err(error) => return Err(self.explain(error)),
                    Ok(None) => {}
                }
                let mut fds = vec![self.stdout.as_fd()];
                fds.extend(self.stderr.as_ref().map(|file| file.as_fd()));
                let ready = fd::wait(&fds, PollFlags::POLLIN, deadline)?;
                self.listen();
                if !ready {
                    return Ok(0);
                }
            }
        }

        fn name(&self) -> &str {
            &self.name
        }

        fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
            Some(self.stdout.as_fd())
        }
    }

    impl Drop for Child {
        fn drop(&mut self) {
            self.stdin = None;
            if self.exit_status(GRACE).is_none() {
                self.signal(Signal::SIGTERM);
                if self.exit_status(GRACE).is_none() {
                    self.signal(Signal::SIGKILL);
                    // Reaps it; there is nobody to tell about a failure.
                    let _ = self.process.wait();
                }
            }
            // A shell may have left others behind in the group.
            self.signal(Signal::SIGKILL);
        }
    }
}
