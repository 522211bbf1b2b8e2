//! Perfetto JSON: in a lane, any two spans are nested or apart, and nothing is lost.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

#[path = "../../trace-core/tests/common/mod.rs"]
mod common;

use std::collections::HashMap;

use common::{MS, Random, START, checkout, ending, evil, id, polls, span, trace};
use serde_json::Value as Json;
use trace_core::{Link, Outcome, SpanContext, SpanId, Status, Trace, TraceFlags};
use trace_render::TraceExt as _;

fn events(text: &str) -> Vec<Json> {
    let file: Json = serde_json::from_str(text).unwrap();
    file["traceEvents"].as_array().unwrap().clone()
}

/// Follows each lane's stack: every end belongs to the innermost open span, times never go back.
fn check(events: &[Json], spans: usize) {
    let mut lanes: HashMap<String, (Vec<&Json>, f64)> = HashMap::new();
    let mut begun = 0;
    for event in events.iter().filter(|event| event["ph"] == "b" || event["ph"] == "e") {
        let (stack, last) = lanes.entry(format!("{} {}", event["pid"], event["id2"])).or_default();
        let at = event["ts"].as_f64().unwrap();
        assert!(at >= *last, "times in a lane go forward");
        *last = at;
        if event["ph"] == "b" {
            begun += 1;
            stack.push(event);
        } else {
            let open = stack.pop().expect("an end has a begin");
            assert_eq!(open["name"], event["name"]);
        }
    }
    assert_eq!(begun, spans);
}

#[test]
fn in_a_lane_spans_are_nested_or_apart_whatever_the_trace() {
    for seed in 0..400 {
        let mut random = Random(seed);
        let count = random.below(60) as u64;
        let spans = (1..=count).map(|number| {
            let parent = random.below(number as usize) as u64;
            span(number, parent, &format!("s{number}"), random.below(40) as u64, random.below(30) as u64)
        });
        let trace = trace(spans.collect::<Vec<_>>());
        check(&events(&trace.to_perfetto_json()), trace.len());
    }
}

#[test]
fn nanoseconds_are_kept_and_an_open_span_has_no_end() {
    let mut early = span(1, 0, "root", 0, 10);
    early.end_unix_nanos = Some(early.start_unix_nanos + 1_234_567);
    let open = ending(span(2, 1, "open", 1, 0), Outcome::Open, Status::Unset);
    let text = trace([early, open]).to_perfetto_json();
    assert!(text.contains("\"ts\":1234.567"), "{text}");
    let ends: Vec<_> = events(&text).into_iter().filter(|event| event["ph"] == "e").collect();
    assert_eq!(ends.len(), 1);
}

/// The members of a trace event as the format's documentation has them, by phase; and that arrows have two ends, each in a
/// slice of its thread.
fn check_format(text: &str) -> Vec<Json> {
    let file: Json = serde_json::from_str(text).unwrap();
    assert!(file["displayTimeUnit"] == "ns" && file["traceEvents"].is_array());
    let events = events(text);
    let place = |event: &Json| (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap());
    let time = |event: &Json, member: &str| (event[member].as_f64().unwrap() * 1000.0).round() as i64;
    let is_in_a_slice = |event: &Json| {
        events
            .iter()
            .filter(|slice| slice["ph"] == "X" && place(slice) == place(event))
            .any(|slice| (time(slice, "ts")..=time(slice, "ts") + time(slice, "dur")).contains(&time(event, "ts")))
    };
    let mut arrows: HashMap<u64, Vec<&Json>> = HashMap::new();
    for event in &events {
        assert!(event["name"].is_string(), "{event}");
        let _ = place(event);
        let phase = event["ph"].as_str().unwrap();
        if phase != "M" {
            assert!(event["cat"].is_string() && time(event, "ts") >= 0, "{event}");
        }
        match phase {
            "M" => assert!(event["args"]["name"].is_string(), "{event}"),
            "X" => assert!(time(event, "dur") >= 0, "{event}"),
            "b" | "e" | "n" => assert!(event["id2"]["local"].as_str().unwrap().starts_with("0x"), "{event}"),
            "i" => assert!(event["s"] == "t" && is_in_a_slice(event), "{event}"),
            "s" | "f" => {
                assert!(is_in_a_slice(event), "an arrow without a slice is not drawn: {event}");
                assert_eq!(event["bp"] == "e", phase == "f", "{event}");
                arrows.entry(event["id"].as_u64().unwrap()).or_default().push(event);
            }
            _ => panic!("a phase that the format does not have: {event}"),
        }
    }
    for ends in arrows.values() {
        let [start, end] = ends[..] else { panic!("an arrow has two ends: {ends:?}") };
        assert_eq!((&start["ph"], &end["ph"]), (&"s".into(), &"f".into()));
        assert_eq!((&start["name"], &start["cat"]), (&end["name"], &end["cat"]));
        assert!(time(start, "ts") <= time(end, "ts"), "an arrow goes forward: {start} {end}");
    }
    events
}

#[test]
fn every_event_has_the_members_that_the_format_asks_for() {
    for trace in [checkout(), evil(), trace([]), tasks()] {
        check_format(&trace.to_perfetto_json());
    }
}

/// A root that starts a task, which another thread polls; a third span is linked to it.
fn tasks() -> Trace {
    let mut later = span(3, 1, "later", 70, 20);
    let cause = SpanContext::new(id(), SpanId::from_u64(2).unwrap(), TraceFlags::SAMPLED);
    later.links.push(Link::new(cause));
    later.events.push(trace_core::Event::new("retry", START + 72 * MS));
    Trace::from_spans_with_polls(
        id(),
        [
            (span(1, 0, "root", 0, 100), polls(&[(0, 5, 1, 0), (52, 3, 1, 40), (70, 10, 1, 0)])),
            (span(2, 1, "task", 2, 40), polls(&[(6, 4, 2, 0), (39, 3, 2, 20)])),
            (later, polls(&[(71, 5, 1, 0)])),
        ],
    )
}

#[test]
fn arrows_tell_who_started_linked_and_woke_whom() {
    let events = check_format(&tasks().to_perfetto_json());
    let arrows = |phase: &str| -> Vec<(String, u64, f64)> {
        let of_phase = events.iter().filter(|event| event["ph"] == phase);
        let what = |event: &Json| event["name"].as_str().unwrap().to_owned();
        of_phase.map(|event| (what(event), event["tid"].as_u64().unwrap(), event["ts"].as_f64().unwrap())).collect()
    };
    let expected = [("wake", 2, 40_000.0), ("spawn", 1, 2_000.0), ("link", 2, 42_000.0)];
    assert_eq!(arrows("s"), expected.map(|(what, thread, at)| (what.to_owned(), thread, at)));
    let expected = [("wake", 1, 52_000.0), ("spawn", 2, 6_000.0), ("link", 1, 71_000.0)];
    assert_eq!(arrows("f"), expected.map(|(what, thread, at)| (what.to_owned(), thread, at)));
    // `later` was polled where it was made, and nobody was in a poll when the task was woken at 20 ms.
    assert_eq!(arrows("i"), [("retry".to_owned(), 1, 72_000.0)]);
}

#[test]
fn a_service_is_a_process_and_outcomes_are_arguments() {
    let events = events(&checkout().to_perfetto_json());
    assert_eq!(events[0]["args"]["name"], "shop");
    let charge = events.iter().find(|event| event["name"] == "charge").unwrap();
    assert_eq!(charge["args"]["outcome"], "error");
    assert_eq!(charge["args"]["card"], "visa 42");
}

#[test]
fn mermaid_has_a_line_for_each_span_and_no_syntax_of_a_name() {
    let text = trace([span(1, 0, "a:b;c#d\nsection evil", 0, 5)]).to_mermaid();
    assert!(text.starts_with("gantt\n"));
    assert_eq!(text.lines().count(), 6, "{text}");
    assert!(text.contains("a꞉b,c_d\\nsection evil (5.0 ms) :s0, 0, 5000"), "{text}");
}
