//! What the command line asks for.

use crate::case::Case;
use crate::measure::Effort;
use crate::peer::Peer;

/// How many rounds are measured if nothing else is said.
pub const DEFAULT_ROUNDS: u32 = 12;

/// What one run measures.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The rows.
    pub cases: Vec<Case>,
    /// The columns.
    pub peers: Vec<Peer>,
    /// How often each row is measured with each column.
    pub rounds: u32,
    /// How much each child process does.
    pub effort: Effort,
}

/// What this process is for.
#[derive(Debug, Clone)]
pub enum Role {
    /// Start children, collect what they say, print the table.
    Parent(Plan),
    /// Measure one case with one candidate on one processor and print one line.
    Child {
        /// The row.
        case: Case,
        /// The column.
        peer: Peer,
        /// How much to do.
        effort: Effort,
        /// Where the tracing thread runs.
        core: usize,
    },
}

/// Why the command line could not be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseRoleError {
    /// There is no such option.
    Unknown {
        /// The argument.
        found: String,
    },
    /// The option's value is missing or wrong.
    Value {
        /// The option.
        option: String,
        /// What stood after it.
        found: String,
    },
}

impl std::fmt::Display for ParseRoleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown { found } => {
                write!(f, "unknown argument {found:?}; there are --case 1,4 --only floor,otel --rounds 20 --quick")
            }
            Self::Value { option, found } => write!(f, "{option} does not take {found:?}"),
        }
    }
}

impl std::error::Error for ParseRoleError {}

impl Role {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    ///
    /// If an option or its value is not known.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, ParseRoleError> {
        let mut plan =
            Plan { cases: Case::ALL.to_vec(), peers: Peer::ALL.to_vec(), rounds: DEFAULT_ROUNDS, effort: Effort::Full };
        let (mut child, mut benched) = (None, false);
        let mut arguments = arguments.into_iter();
        while let Some(option) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_default();
            match option.as_str() {
                // What `cargo bench` adds, and `cargo test` does not.
                "--bench" => benched = true,
                "--quick" => (plan.effort, plan.rounds) = (Effort::Quick, 1),
                "--case" => plan.cases = list(&option, &value(), Case::from_id)?,
                "--only" => plan.peers = list(&option, &value(), Peer::from_id)?,
                "--rounds" => plan.rounds = one(&option, &value(), |text| text.parse().ok())?,
                "--child" => child = Some(one(&option, &value(), |text| text.parse().ok())?),
                _ => return Err(ParseRoleError::Unknown { found: option }),
            }
        }
        let (Some(core), [case], [peer]) = (child, &plan.cases[..], &plan.peers[..]) else {
            if !benched {
                (plan.effort, plan.rounds) = (Effort::Quick, 1);
            }
            return Ok(Self::Parent(plan));
        };
        Ok(Self::Child { case: *case, peer: *peer, effort: plan.effort, core })
    }

    /// The arguments that make a process a child.
    pub fn child_arguments(case: Case, peer: &Peer, effort: Effort, core: usize) -> Vec<String> {
        let mut arguments = ["--case", case.id(), "--only", peer.id].map(str::to_owned).to_vec();
        if effort == Effort::Quick {
            arguments.push("--quick".to_owned());
        }
        arguments.extend(["--child".to_owned(), core.to_string()]);
        arguments
    }
}

fn list<T>(option: &str, text: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, ParseRoleError> {
    text.split(',').map(|item| one(option, item, &read)).collect()
}

fn one<T>(option: &str, text: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, ParseRoleError> {
    read(text).ok_or_else(|| ParseRoleError::Value { option: option.to_owned(), found: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_finds_its_case_in_its_arguments() {
        let arguments = Role::child_arguments(Case::Poll, &Peer::ALL[0], Effort::Quick, 1);
        let Ok(Role::Child { case, peer, effort, core }) = Role::parse(arguments) else {
            panic!("not a child");
        };
        assert_eq!((case, peer.id, effort, core), (Case::Poll, "floor", Effort::Quick, 1));
    }

    #[test]
    fn an_unknown_case_is_refused() {
        let arguments = ["--case", "77"].map(str::to_owned);
        assert!(Role::parse(arguments).is_err());
    }
}
