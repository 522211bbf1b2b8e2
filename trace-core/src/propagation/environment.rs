//! Environment variables as carriers: from a program to one that it starts.

use std::collections::BTreeMap;
use std::process::Command;

use crate::propagation::carrier::{Extractor, Injector};

/// The variable that carries a header, as
/// [OpenTelemetry's environment carriers](https://opentelemetry.io/docs/specs/otel/context/env-carriers/) name it: letters in
/// upper case, and everything else but digits an underscore. `traceparent` becomes `TRACEPARENT`.
#[must_use]
pub fn environment_name(header: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' };
    header.chars().map(letter).collect()
}

/// Environment variables, as they were when this was made: the context of whoever started this program.
///
/// ```no_run
/// use trace_core::propagation::{Environment, extract};
///
/// let work = trace_core::span("nightly job").parent(extract(&Environment::of_process()));
/// work.in_scope(|| println!("working"));
/// ```
///
/// In the other direction, [`inject`](crate::propagation::inject) writes into a [`std::process::Command`]:
///
/// ```
/// use trace_core::propagation::inject;
///
/// let mut command = std::process::Command::new("convert");
/// inject(&mut command);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<String, Vec<u8>>,
}

impl Environment {
    /// The variables of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let variables = std::env::vars_os();
        Self::new(variables.map(|(name, value)| (name.to_string_lossy().into_owned(), value.into_encoded_bytes())))
    }

    /// These variables.
    pub fn new<N: Into<String>, V: Into<Vec<u8>>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        Self { variables: variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }
}

/// A variable that is empty counts as not set.
impl Extractor for Environment {
    fn values(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        if let Some(value) = self.variables.get(&environment_name(name)).filter(|value| !value.is_empty()) {
            visit(value);
        }
    }

    fn names(&self, visit: &mut dyn FnMut(&str)) {
        self.variables.keys().for_each(|name| visit(name));
    }
}

/// The environment of the program that it starts. What this program was started with must not reach it by inheritance:
/// [`remove`](Injector::remove) takes it out.
impl Injector for Command {
    fn set(&mut self, name: &str, value: &str) {
        self.env(environment_name(name), value);
    }

    fn remove(&mut self, name: &str) {
        self.env_remove(environment_name(name));
    }
}
