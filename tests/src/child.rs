//! Child processes that never outlive the test.

use std::io::{self, BufRead, BufReader};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// A child in a process group of its own. The group is killed and the child reaped when this is dropped; if the thread
/// that started it dies first, even by SIGKILL, the kernel kills the child.
#[derive(Debug)]
pub struct Process {
    child: Child,
    status: Option<ExitStatus>,
}

impl Process {
    /// pyserial's server in front of a serial port, and the TCP port that it serves.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn rfc2217(port: &str) -> (Process, u16) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/devices/rfc2217/server.py");
        let mut command = Command::new(crate::python_program());
        command.args([script, port]).stdout(Stdio::piped());
        let mut process = Process::spawn(&mut command);
        let mut line = String::new();
        let stdout = process.child().stdout.take().expect("stdout is a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("the server tells its port");
        (process, line.trim().parse().expect("a port"))
    }

    /// Starts `command`.
    ///
    /// # Panics
    /// When the program can't be started.
    pub fn spawn(command: &mut Command) -> Process {
        command.process_group(0);
        dies_with_its_parent(command);
        Process::start(command)
    }

    /// Starts `command` as the leader of a new session whose controlling terminal is its stdin.
    pub(crate) fn spawn_on_terminal(command: &mut Command) -> Process {
        dies_with_its_parent(command);
        takes_stdin_as_terminal(command);
        Process::start(command)
    }

    fn start(command: &mut Command) -> Process {
        let child = command.spawn().unwrap_or_else(|error| panic!("could not start {command:?}: {error}"));
        Process { child, status: None }
    }

    /// The child, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id fits i32"))
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.try_wait().is_none()
    }

    fn try_wait(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = self.child.try_wait().expect("the child can be waited for");
        }
        self.status
    }

    /// Waits for the end, at most `limit`; `None` when it still runs then.
    pub fn wait_for(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.try_wait() {
                return Some(status);
            }
            if Instant::now() >= deadline {
                return None;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Sends a signal to the child alone, if it still runs.
    pub fn signal(&mut self, signal: Signal) {
        if self.is_running() {
            kill(self.pid(), signal).expect("a running child takes a signal");
        }
    }

    /// Stops the child (SIGSTOP) and returns when it has stopped: the signal alone would let it run on for a moment.
    ///
    /// # Panics
    /// When it does not run.
    pub fn stop(&mut self) {
        assert!(self.is_running(), "only what runs can be stopped");
        kill(self.pid(), Signal::SIGSTOP).expect("a running child takes a signal");
        let stopped = waitpid(self.pid(), Some(WaitPidFlag::WUNTRACED));
        assert!(matches!(stopped, Ok(WaitStatus::Stopped(..))), "the child did not stop: {stopped:?}");
    }

    /// Kills the group and reaps the child; says how it ended.
    pub fn kill(&mut self) -> ExitStatus {
        // The group may be gone already: then there is nothing to kill.
        let _ = killpg(self.pid(), Signal::SIGKILL);
        match self.status {
            Some(status) => status,
            None => self.child.wait().unwrap_or(ExitStatus::from_raw(9)),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn dies_with_its_parent(command: &mut Command) {
    let hook = || nix::sys::prctl::set_pdeathsig(Signal::SIGKILL).map_err(io::Error::from);
    // SAFETY: between fork and exec the hook makes one system call and touches no memory of other threads.
    unsafe { command.pre_exec(hook) };
}

#[cfg(not(target_os = "linux"))]
fn dies_with_its_parent(_command: &mut Command) {}

#[allow(unsafe_code)]
fn takes_stdin_as_terminal(command: &mut Command) {
    let hook = || {
        nix::unistd::setsid()?;
        // SAFETY: the request takes an integer, no pointer; stdin is the terminal's slave by now.
        let result = unsafe { nix::libc::ioctl(0, nix::libc::TIOCSCTTY, 0) };
        nix::errno::Errno::result(result).map_err(io::Error::from)?;
        Ok(())
    };
    // SAFETY: between fork and exec the hook makes two system calls and touches no memory of other threads.
    unsafe { command.pre_exec(hook) };
}
