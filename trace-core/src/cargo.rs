//! What travels with a context and is seldom read: the trace state and the baggage.

use std::sync::Arc;

use crate::baggage::{Baggage, NO_BAGGAGE};
use crate::id::TraceId;
use crate::trace_state::{NO_TRACE_STATE, TraceState};

/// What travels with a context, shared by all spans that it passes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cargo {
    /// The trace whose state it is: another trace that begins inside has none.
    pub(crate) trace: Option<TraceId>,
    pub(crate) state: TraceState,
    pub(crate) mark: Mark,
    pub(crate) baggage: Baggage,
}

/// What B3 and Jaeger say of a sampling decision beyond yes and no.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Nothing.
    #[default]
    None,
    /// Somebody is debugging: everybody should record the trace.
    Debug,
    /// The caller leaves the decision to us.
    Deferred,
}

/// [`Cargo`], or nothing for an empty one.
pub(crate) type SharedCargo = Option<Arc<Cargo>>;

impl Cargo {
    /// The cargo to share; nothing for an empty one.
    pub(crate) fn share(self) -> SharedCargo {
        let is_empty = self.state.is_empty() && self.mark == Mark::None && self.baggage.is_empty();
        (!is_empty).then(|| Arc::new(self))
    }
}

/// The state of this trace.
pub(crate) fn state_of(cargo: &SharedCargo, trace: Option<TraceId>) -> &TraceState {
    let of_it = cargo.as_deref().filter(|cargo| trace.is_some() && cargo.trace == trace);
    of_it.map_or(&NO_TRACE_STATE, |cargo| &cargo.state)
}

/// The mark of this trace.
pub(crate) fn mark_of(cargo: &SharedCargo, trace: Option<TraceId>) -> Mark {
    let of_it = cargo.as_deref().filter(|cargo| trace.is_some() && cargo.trace == trace);
    of_it.map_or(Mark::None, |cargo| cargo.mark)
}

pub(crate) fn baggage_of(cargo: &SharedCargo) -> &Baggage {
    cargo.as_deref().map_or(&NO_BAGGAGE, |cargo| &cargo.baggage)
}
