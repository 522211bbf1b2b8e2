//! The candidates, each in the way its own documentation shows.

mod emit;
mod fastrace;
mod floor;
mod opentelemetry;
mod opentelemetry_exporter;
mod ours;
mod tracing;

use crate::candidate::{Candidate, Mode};
use crate::case::Case;
use crate::measure::{Effort, measure};
use crate::sample::Sample;

/// One column of the table.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// How it is chosen on the command line.
    pub id: &'static str,
    /// What stands above the column.
    pub title: &'static str,
    /// Whether it has what the case needs.
    pub supports: fn(Case) -> bool,
    /// Measures it, in this process.
    pub measure: fn(Case, Effort, usize) -> Sample,
}

impl Peer {
    /// All columns. The first is what the others are compared with.
    pub const ALL: [Self; 8] = [
        Self { measure: measure_floor, ..Self::new::<floor::Span>("floor", "floor") },
        Self::new::<ours::Spans>("ours", "trace-core"),
        Self::new::<ours::Traces>("ours-traces", "trace-core, whole traces"),
        Self::new::<fastrace::Fastrace>("fastrace", "fastrace"),
        Self::new::<tracing::Bare>("tracing", "tracing, bare"),
        Self::new::<tracing::WithOpenTelemetry>("tracing-otel", "tracing + otel"),
        Self { measure: measure_opentelemetry, ..Self::new::<opentelemetry::Sdk>("otel", "opentelemetry") },
        Self::new::<emit::Emit>("emit", "emit"),
    ];

    const fn new<C: Candidate>(id: &'static str, title: &'static str) -> Self {
        Self { id, title, supports: supports::<C>, measure: measure::<C> }
    }

    /// The peer of this name.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|peer| peer.id == id)
    }
}

fn supports<C: Candidate>(case: Case) -> bool {
    let needs_times = matches!(case.mode(), Mode::TimedPolls | Mode::TimedWakes);
    C::supports(case) && (C::times_polls() || !needs_times)
}

/// The floor of an operation that leaves no span is not a span, and what is measured as a difference has none of its
/// own: a poll has to read the context, a task to record a span.
fn measure_floor(case: Case, effort: Effort, core: usize) -> Sample {
    match (case, case.mode()) {
        (Case::Stopped, _) => measure::<floor::Store>(case, effort, core),
        (Case::Poll, _) => measure::<floor::Context>(Case::Current, effort, core),
        // Two readings of the clock and a record, as for a span.
        (Case::Spawned | Case::TimedPoll | Case::WokenPoll, _) => measure::<floor::Span>(Case::Child, effort, core),
        (_, Mode::Sampled | Mode::TimedPolls | Mode::TimedWakes) => measure::<floor::Span>(case, effort, core),
        (_, Mode::Unsampled) => measure::<floor::Context>(case, effort, core),
        (_, Mode::Off | Mode::Held) => measure::<floor::Switch>(case, effort, core),
    }
}

/// Without a provider the tracer is of another type.
fn measure_opentelemetry(case: Case, effort: Effort, core: usize) -> Sample {
    match case.mode() {
        Mode::Off => measure::<opentelemetry::Global>(case, effort, core),
        _ => measure::<opentelemetry::Sdk>(case, effort, core),
    }
}
