//! Polls that took long, by thread: what others may have waited behind.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::id::{SpanId, TraceId};

/// From which length on a poll may have held others up, unless told otherwise.
pub const DEFAULT_LONG_POLL: Duration = Duration::from_millis(10);

/// How many long polls are remembered of each thread.
const REMEMBERED: usize = 256;

/// A poll that took at least the threshold. Times are ticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LongPoll {
    pub(crate) trace: TraceId,
    pub(crate) span: SpanId,
    /// The span's name when it was polled.
    pub(crate) name: Cow<'static, str>,
    pub(crate) thread: u32,
    pub(crate) start: u64,
    pub(crate) end: u64,
}

/// The newest long polls of every thread.
#[derive(Debug, Default)]
pub(crate) struct LongPolls {
    by_thread: HashMap<u32, VecDeque<LongPoll>>,
}

impl LongPolls {
    pub(crate) fn add(&mut self, poll: LongPoll) {
        let polls = self.by_thread.entry(poll.thread).or_default();
        if polls.len() == REMEMBERED {
            polls.pop_front();
        }
        polls.push_back(poll);
    }

    /// Those that overlap a time, in order of their ends.
    pub(crate) fn overlapping(&self, start: u64, end: u64) -> Vec<LongPoll> {
        let overlaps = |poll: &&LongPoll| poll.start < end && poll.end > start;
        let mut found: Vec<LongPoll> = self.by_thread.values().flatten().filter(overlaps).cloned().collect();
        found.sort_by_key(|poll| poll.end);
        found
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_thread.is_empty()
    }
}
