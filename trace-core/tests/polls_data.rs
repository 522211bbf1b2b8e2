//! Traces from elsewhere whose polls are known tell the same as those recorded here.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod common;

use std::time::Duration;

use common::{MS, ending, id, polls, span};
use trace_core::{CriticalWork, Dropped, Hop, Outcome, SpanId, Status, Trace};

fn ms(nanos: Duration) -> u64 {
    nanos.as_nanos() as u64 / MS
}

#[test]
fn who_waited_behind_whom_is_worked_out_with_names_and_threads() {
    let trace = Trace::from_spans_with_polls(
        id(),
        [
            (span(1, 0, "root", 0, 100), None),
            (span(2, 1, "noisy", 0, 60), polls(&[(5, 46, 1, 0)])),
            (span(3, 1, "db", 2, 60), polls(&[(2, 1, 1, 0), (51, 1, 1, 10)])),
            (span(4, 1, "elsewhere", 2, 60), polls(&[(2, 1, 2, 0), (51, 1, 2, 10)])),
        ],
    );
    let blocked = trace.find("db").unwrap().blocked_behind();
    assert_eq!(blocked.len(), 1);
    assert_eq!((&*blocked[0].name, ms(blocked[0].up_to), ms(blocked[0].poll)), ("noisy", 41, 46));
    assert!(!blocked[0].is_exact, "there were two threads");
    assert_eq!(trace.find("elsewhere").unwrap().blocked_behind(), [], "on another thread");
    assert!(trace.to_string().contains("up to 41.0 ms behind noisy"), "{trace}");
}

#[test]
fn on_one_thread_with_a_known_wake_up_the_wait_is_exact() {
    let trace = Trace::from_spans_with_polls(
        id(),
        [
            (span(2, 0, "noisy", 0, 60), polls(&[(5, 46, 1, 0)])),
            (span(3, 0, "db", 2, 60), polls(&[(2, 1, 1, 0), (51, 1, 1, 10)])),
        ],
    );
    let blocked = trace.find("db").unwrap().blocked_behind();
    assert_eq!((ms(blocked[0].up_to), blocked[0].is_exact), (41, true));
}

#[test]
fn a_cancelled_span_tells_where_it_waited() {
    let gone = |of| ending(of, Outcome::Cancelled, Status::Unset);
    let trace = Trace::from_spans_with_polls(
        id(),
        [
            (span(1, 0, "root", 0, 100), polls(&[(0, 5, 1, 0), (50, 10, 1, 0)])),
            (gone(span(2, 1, "fetch", 1, 54)), polls(&[(1, 2, 1, 0)])),
            (gone(span(3, 2, "connect", 2, 53)), polls(&[(2, 1, 1, 0)])),
        ],
    );
    let cancellation = trace.find("fetch").unwrap().cancellation().unwrap();
    assert_eq!(cancellation.dropped, Dropped::InParentsPoll);
    assert_eq!(cancellation.waiting_in.unwrap().name, "connect");
}

#[test]
fn a_hop_is_proven_by_the_poll_it_happened_in_or_by_who_woke_it() {
    // The root starts `second` in its second poll. When it was woken and by whom (0 is nobody's poll), and the last poll of
    // `first`: its start and thread.
    for (woken, by, last_of_first, expected, reason) in [
        (0, 0, (40, 1), Hop::Proven, "both happened in the same poll of the root"),
        (31, 2, (30, 1), Hop::Proven, "the last poll of the first woke the root"),
        (31, 4, (30, 1), Hop::Proven, "a span inside of the first did, in its last poll"),
        (31, 4, (30, 2), Hop::Proven, "on whatever thread"),
        (0, 0, (30, 1), Hop::Possible, "nobody knows who woke it"),
        (31, 0, (30, 1), Hop::Possible, "it was woken at the right time, and nobody knows by whom"),
        (31, 5, (30, 1), Hop::Possible, "it was woken at the right time by somebody else"),
        (33, 0, (30, 1), Hop::Possible, "right after the last poll, perhaps by the runtime, perhaps by a timer"),
        (39, 0, (30, 1), Hop::Possible, "long after the last poll: the runtime may have been slow"),
        (20, 2, (30, 1), Hop::Possible, "by a poll of the first before its last"),
        (20, 0, (2, 1), Hop::Refuted, "the first ended in an earlier poll of the root, which was woken after that"),
        (4, 0, (2, 1), Hop::Possible, "the first ended in that earlier poll, and it was woken in that as well"),
        (20, 0, (2, 2), Hop::Possible, "it ended at that time on another thread, so in no poll of the root"),
    ] {
        let mut root = polls(&[(0, 5, 1, 0), (40, 5, 1, woken), (95, 5, 1, 0)]).unwrap();
        root.segments[1].woken_by = SpanId::from_u64(by);
        let (start, thread) = last_of_first;
        let trace = Trace::from_spans_with_polls(
            id(),
            [
                (span(1, 0, "root", 0, 100), Some(root)),
                (span(2, 1, "first", 1, start + 1), polls(&[(1, 0, 1, 0), (start, 2, thread, 0)])),
                (span(3, 1, "second", 43, 50), polls(&[(43, 50, 1, 0)])),
                (span(4, 2, "inside of the first", 1, 40), polls(&[(30, 2, thread, 0)])),
                (span(5, 1, "somebody else", 1, 90), None),
            ],
        );
        let path = trace.critical_path();
        let second = trace.find("second").unwrap().span_id();
        let hop = path.iter().find(|piece| piece.span_id == second).unwrap();
        assert_eq!((hop.hop, hop.what), (expected, CriticalWork::Busy), "{reason}");
        assert_eq!(path.iter().map(|piece| ms(piece.duration)).sum::<u64>(), 100);
    }
}

#[test]
fn a_hop_is_possible_at_most_where_polls_are_missing() {
    for (root_is_whole, first_is_whole, expected) in
        [(true, true, Hop::Proven), (false, true, Hop::Possible), (true, false, Hop::Possible)]
    {
        let with = |of: &[(u64, u64, u32, u64)], is_whole: bool, is_lost: bool| {
            let mut polls = polls(of).unwrap();
            (polls.is_incomplete, polls.is_merged) = (!is_whole && is_lost, !is_whole && !is_lost);
            Some(polls)
        };
        for is_lost in [true, false] {
            let trace = Trace::from_spans_with_polls(
                id(),
                [
                    (span(1, 0, "root", 0, 100), with(&[(0, 5, 1, 0), (40, 5, 1, 20)], root_is_whole, is_lost)),
                    (span(2, 1, "first", 1, 41), with(&[(40, 2, 1, 0)], first_is_whole, is_lost)),
                    (span(3, 1, "second", 43, 57), polls(&[(43, 57, 1, 0)])),
                ],
            );
            let second = trace.find("second").unwrap().span_id();
            let path = trace.critical_path();
            let hop = path.iter().find(|piece| piece.span_id == second).unwrap().hop;
            assert_eq!(hop, expected, "root {root_is_whole}, first {first_is_whole}, lost {is_lost}");
        }
    }
}

#[test]
fn a_hop_from_a_sync_span_is_proven_if_it_ran_in_that_poll_and_on_that_thread() {
    for (thread, end, expected) in [
        (Some(1), 42, Hop::Proven),
        (Some(2), 42, Hop::Possible),
        (None, 42, Hop::Possible),
        (Some(1), 4, Hop::Refuted),
        (Some(1), 30, Hop::Possible),
    ] {
        let mut first = span(2, 1, "sync", 1, end - 1);
        first.thread = thread;
        let trace = Trace::from_spans_with_polls(
            id(),
            [
                (span(1, 0, "root", 0, 100), polls(&[(0, 5, 1, 0), (40, 5, 1, 20)])),
                (first, None),
                (span(3, 1, "second", 43, 57), polls(&[(43, 57, 1, 0)])),
            ],
        );
        assert_eq!(trace.find("sync").unwrap().thread(), thread);
        let second = trace.find("second").unwrap().span_id();
        let path = trace.critical_path();
        let hop = path.iter().find(|piece| piece.span_id == second).unwrap().hop;
        assert_eq!(hop, expected, "on thread {thread:?}, until {end}");
    }
}

#[test]
fn what_a_trace_tells_of_polls_makes_the_same_trace_again() {
    let spans =
        || [(span(1, 0, "root", 0, 100), polls(&[(0, 5, 1, 0), (40, 5, 2, 30)])), (span(2, 1, "a", 1, 9), None)];
    let trace = Trace::from_spans_with_polls(id(), spans());
    let read: Vec<_> = trace.spans().map(|span| (span.to_data(), span.polls().map(|polls| polls.to_data()))).collect();
    assert_eq!(read.iter().map(|(_, polls)| polls.clone()).collect::<Vec<_>>(), spans().map(|(_, polls)| polls));
    assert_eq!(trace.root().unwrap().polls().unwrap().count(), 2);
}
