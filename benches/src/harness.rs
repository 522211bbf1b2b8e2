//! The rounds: one child process per (case, candidate, round), candidates interleaved, processors taken in turn.
//!
//! What makes the figures comparable: in each round every candidate measures the same case one after the other, so
//! that a machine whose speed changes changes it for all. The thread that traces is pinned; what a library starts in
//! the background runs on the other processors. Times on that thread are those of blocks of about a hundred
//! operations between two readings of the raw counter; a block in which the thread was interrupted for a time slice
//! is left out and counted. Processor time is that of the whole process, the final flush included, per span that the
//! exporter has read.

use std::error::Error;
use std::process::{Command, Stdio};
use std::{env, io};

use crate::case::Case;
use crate::machine;
use crate::measure::Effort;
use crate::peer::Peer;
use crate::plan::{Plan, Role};
use crate::report::Report;
use crate::sample::Sample;

/// Measures a plan.
///
/// # Errors
///
/// If a child process cannot be started, fails, or prints something that is not a result.
pub fn run(plan: &Plan) -> Result<Report, Box<dyn Error>> {
    let cores = machine::cores();
    let mut report = Report::new(plan);
    for round in 0..plan.rounds {
        let core = cores.get(round as usize % cores.len().max(1)).copied().unwrap_or(0);
        for case in &plan.cases {
            if round >= case.rounds(plan.rounds) {
                continue;
            }
            for peer in plan.peers.iter().filter(|peer| (peer.supports)(*case)) {
                report.add(*case, peer, start_child(*case, peer, plan.effort, core)?);
            }
        }
    }
    Ok(report)
}

fn start_child(case: Case, peer: &Peer, effort: Effort, core: usize) -> Result<Sample, Box<dyn Error>> {
    let output = Command::new(env::current_exe()?)
        .args(Role::child_arguments(case, peer, effort, core))
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        let message = format!("case {} of {} ended with {}", case.id(), peer.id, output.status);
        return Err(io::Error::other(message).into());
    }
    Ok(String::from_utf8(output.stdout)?.parse()?)
}
