//! The polls of a line of JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use trace_core::{PollSegment, PollsData, SpanId};

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
    longest_woken_ns: Option<u64>,
    #[serde(default)]
    longest_woken_by: Option<String>,
    #[serde(default)]
    pub(super) threads: BTreeMap<u32, String>,
    #[serde(default)]
    merged: bool,
    #[serde(default)]
    incomplete: bool,
    #[serde(default)]
    segments: Vec<SegmentLine>,
}

/// `[start, duration, thread]`, `[start, duration, thread, wake-up]` or that and the id of the span that woke it.
struct SegmentLine {
    start: u64,
    duration: u64,
    thread: u32,
    woken: Option<u64>,
    woken_by: Option<SpanId>,
}

impl PollsLine {
    /// The polls of a span that started then.
    pub(super) fn data(&self, start_unix_nanos: u64) -> PollsData {
        let segment = |start: u64, duration: u64, thread: u32| {
            let start = start_unix_nanos.saturating_add(start);
            let mut segment = PollSegment::new(start, Duration::from_nanos(duration));
            segment.thread = (thread != 0).then_some(thread);
            segment
        };
        let of_line = |line: &SegmentLine| {
            let mut segment = segment(line.start, line.duration, line.thread);
            segment.woken_unix_nanos = line.woken.map(|woken| start_unix_nanos.saturating_add(woken));
            segment.woken_by = line.woken_by;
            segment
        };
        let mut polls = PollsData::default();
        polls.count = self.count;
        polls.busy = Duration::from_nanos(self.busy_ns);
        polls.self_busy = Duration::from_nanos(self.self_busy_ns.unwrap_or(self.busy_ns));
        polls.longest = self.longest_ns.map(|nanos| {
            let mut longest = segment(self.longest_start_ns, nanos, self.longest_thread);
            longest.woken_unix_nanos = self.longest_woken_ns.map(|woken| start_unix_nanos.saturating_add(woken));
            longest.woken_by = self.longest_woken_by.as_ref().and_then(|id| id.parse().ok());
            longest
        });
        polls.segments = self.segments.iter().map(of_line).collect();
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
                f.write_str("a poll as [start, duration, thread], and perhaps its wake-up and who woke it")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut numbers: S) -> Result<SegmentLine, S::Error> {
                let mut next = |place| numbers.next_element()?.ok_or_else(|| S::Error::invalid_length(place, &self));
                let (start, duration, thread) = (next(0)?, next(1)?, next(2)?);
                let thread = u32::try_from(thread).map_err(|_| S::Error::custom("no thread has so large a number"))?;
                let woken = numbers.next_element()?;
                let woken_by = match numbers.next_element::<String>()? {
                    Some(id) => Some(id.parse().map_err(S::Error::custom)?),
                    None => None,
                };
                Ok(SegmentLine { start, duration, thread, woken, woken_by })
            }
        }
        from.deserialize_seq(Numbers)
    }
}
