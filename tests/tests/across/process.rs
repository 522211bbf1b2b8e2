//! Processes that a test starts, listens to, and stops by their ids.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::http_receiver::PATIENCE;

/// A process that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// Set for a program that another test starts.
const STARTED: &str = "ACROSS_STARTED";

/// A process while it runs. It is killed if it is dropped before its end.
pub(crate) struct Process {
    child: Child,
    lines: mpsc::Receiver<String>,
}

/// A command without variables that concern tracing.
pub(crate) fn clean(mut command: Command) -> Command {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OTEL_") || name.starts_with("TRACE_")) {
        command.env_remove(name);
    }
    command
}

/// The program of this name: a test that is ignored, and starts with [`begin`].
pub(crate) fn program(name: &str) -> Command {
    let mut command = clean(Command::new(std::env::current_exe().unwrap()));
    command.args([name, "--exact", "--ignored", "--nocapture", "--test-threads=1"]).env(STARTED, "yes");
    command
}

/// The begin of a program: ends it if it hangs. False if nobody has started it for its purpose.
pub(crate) fn begin() -> bool {
    let is_started = std::env::var_os(STARTED).is_some();
    if is_started {
        // The harness has begun a line.
        println!();
        thread::spawn(|| {
            thread::sleep(LIMIT);
            eprintln!("the program hangs");
            std::process::abort();
        });
    }
    is_started
}

impl Process {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    /// The rest of the next line that begins like this.
    pub(crate) fn says(&self, beginning: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let line = self.lines.recv_timeout(until.saturating_duration_since(Instant::now()));
            let line = line.unwrap_or_else(|error| panic!("it does not say {beginning:?}: {error}"));
            if let Some(rest) = line.strip_prefix(beginning) {
                return rest.to_owned();
            }
        }
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        let id = self.child.id().to_string();
        // Every shell can, also where there is no program for it.
        assert!(Command::new("sh").args(["-c", "kill -TERM \"$0\"", &id]).status().unwrap().success());
    }

    /// Sends SIGKILL, and waits for the end.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end, which must be a good one; the lines that it has said.
    pub(crate) fn end(mut self) -> Vec<String> {
        let (until, mut lines) = (Instant::now() + LIMIT, Vec::new());
        // Its output ends with it.
        while let Ok(line) = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            lines.push(line);
        }
        assert!(Instant::now() < until, "it does not end: {lines:#?}");
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {lines:#?}");
        lines
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
