//! What the tail sampler decided: a trace that comes in parts, or late, is asked of once.

use std::collections::{HashMap, VecDeque};

use crate::id::TraceId;

/// How many tail decisions are remembered for what comes late.
const REMEMBERED_DECISIONS: usize = 8192;

/// The tail sampler's newest answers.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    known: HashMap<TraceId, bool>,
    order: VecDeque<TraceId>,
}

impl Decisions {
    /// What was decided of this trace, or is now.
    pub(crate) fn of(&mut self, id: TraceId, decide: impl FnOnce() -> bool) -> bool {
        if let Some(&keep) = self.known.get(&id) {
            return keep;
        }
        let keep = decide();
        if self.order.len() == REMEMBERED_DECISIONS
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(id);
        self.known.insert(id, keep);
        keep
    }
}
