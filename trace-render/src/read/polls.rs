//! The polls of a line of JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use trace_core::{PollSegment, PollsData};

#[derive(Deserialize)]
pub(super) struct PollsLine {
    count: u64,
    busy_ns: u64,
    /// Without it, nothing of another span was polled inside.
    #[serde(default)]
    self_busy_ns: Option<u64>,
    #[serde(default)]
    longest_ns: Option<u64>,
    #[serde(default)]
    longest_start_ns: u64,
    #[serde(default)]
    longest_thread: u32,
    #[serde(default)]
    pub(super) threads: BTreeMap<u32, String>,
    #[serde(default)]
    merged: bool,
    #[serde(default)]
    incomplete: bool,
    #[serde(default)]
    segments: Vec<SegmentLine>,
}

/// `[start, duration, thread]` or `[start, duration, thread, wake-up]`.
struct SegmentLine {
    start: u64,
    duration: u64,
    thread: u32,
    woken: Option<u64>,
}

impl PollsLine {
    /// The polls of a span that started then.
    pub(super) fn data(&self, start_unix_nanos: u64) -> PollsData {
        let segment = |start: u64, duration: u64, thread: u32, woken: Option<u64>| {
            let start = start_unix_nanos.saturating_add(start);
            let mut segment = PollSegment::new(start, Duration::from_nanos(duration));
            segment.thread = (thread != 0).then_some(thread);
            segment.woken_unix_nanos = woken.map(|woken| start_unix_nanos.saturating_add(woken));
            segment
        };
        let mut polls = PollsData::default();
        polls.count = self.count;
        polls.busy = Duration::from_nanos(self.busy_ns);
        polls.self_busy = Duration::from_nanos(self.self_busy_ns.unwrap_or(self.busy_ns));
        polls.longest = self.longest_ns.map(|nanos| segment(self.longest_start_ns, nanos, self.longest_thread, None));
        let segments = self.segments.iter();
        polls.segments = segments.map(|of| segment(of.start, of.duration, of.thread, of.woken)).collect();
        polls.segments.sort_by_key(|segment| segment.start_unix_nanos);
        polls.is_merged = self.merged;
        polls.is_incomplete = self.incomplete;
        polls
    }
}

impl<'de> Deserialize<'de> for SegmentLine {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Numbers;
        impl<'de> Visitor<'de> for Numbers {
            type Value = SegmentLine;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a poll as [start, duration, thread] or [start, duration, thread, wake-up]")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut numbers: S) -> Result<SegmentLine, S::Error> {
                let mut next = |place| numbers.next_element()?.ok_or_else(|| S::Error::invalid_length(place, &self));
                let (start, duration, thread) = (next(0)?, next(1)?, next(2)?);
                let thread = u32::try_from(thread).map_err(|_| S::Error::custom("no thread has so large a number"))?;
                Ok(SegmentLine { start, duration, thread, woken: numbers.next_element()? })
            }
        }
        from.deserialize_seq(Numbers)
    }
}
