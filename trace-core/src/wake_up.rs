//! What is known of the wake-up that led to a poll.

use crate::id::SpanId;

/// When the waker of a future was called first after its poll before, and by whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WakeUp {
    /// The tick; zero where that is not known.
    pub(crate) at: u64,
    /// The span that was current where it was called, if that is one of the same trace.
    pub(crate) by: Option<SpanId>,
}

impl WakeUp {
    /// Nothing is known of it.
    pub(crate) const UNKNOWN: Self = Self { at: 0, by: None };
}
