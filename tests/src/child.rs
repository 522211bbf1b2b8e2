//! Scenarios that need a process of their own: each test starts its own binary again, for itself alone.

use std::io::Write as _;
use std::process::{Command, Output};
use std::sync::Once;
use std::time::Duration;

/// Set in a child to the name of the test it is for.
const SCENARIO: &str = "TRACE_TEST_SCENARIO";
/// What a child prints when its scenario is over.
const DONE: &str = "the scenario is done";
/// A child that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(20);

/// A child process that is about to run.
#[derive(Debug)]
#[must_use = "a scenario begins with `run`"]
pub struct Child {
    command: Command,
}

impl Default for Child {
    fn default() -> Self {
        Self::new()
    }
}

/// Runs `scenario` in a process of its own. Call it in a test, with nothing before or after it.
///
/// # Panics
///
/// If the child fails; with its output.
pub fn in_child<F: FnOnce()>(scenario: F) {
    Child::new().run(scenario);
}

impl Child {
    /// A child without variables that concern tracing.
    ///
    /// # Panics
    ///
    /// If the test's own binary is not found.
    pub fn new() -> Self {
        let mut command = Command::new(std::env::current_exe().expect("a test has a binary"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OTEL_") || name.starts_with("TRACE_")) {
            command.env_remove(name);
        }
        Self { command }
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs the scenario, which must not fail. In the child this does not return.
    ///
    /// # Panics
    ///
    /// If the child fails; with its output.
    pub fn run<F: FnOnce()>(self, scenario: F) -> Output {
        let output = self.run_to_any_end(scenario);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && text.contains(DONE),
            "{}\n{text}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }

    /// Runs the scenario, which may end its process in any way.
    ///
    /// # Panics
    ///
    /// If there is no child to be had.
    pub fn run_to_any_end<F: FnOnce()>(mut self, scenario: F) -> Output {
        let name = test_name::<F>();
        if std::env::var(SCENARIO).is_ok_and(|wanted| wanted == name) {
            watch();
            scenario();
            let mut stdout = std::io::stdout().lock();
            writeln!(stdout, "{DONE}").expect("a child can write to its parent");
            drop(stdout);
            std::process::exit(0);
        }
        self.command.args([name, "--exact", "--nocapture", "--test-threads=1"]).env(SCENARIO, name);
        self.command.output().expect("a test can start its own binary")
    }
}

/// The test that a closure stands in, from the closure's type: `binary::module::test::{{closure}}`.
fn test_name<F>() -> &'static str {
    let name = std::any::type_name::<F>();
    let name = name.split_once("::").map_or(name, |(_, name)| name);
    name.split_once("::{{closure}}").map_or(name, |(name, _)| name)
}

/// Ends the process if it hangs.
fn watch() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        std::thread::spawn(|| {
            std::thread::park_timeout(LIMIT);
            eprintln!("the scenario hangs");
            std::process::abort();
        });
    });
}
