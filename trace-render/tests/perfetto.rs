//! Perfetto JSON: in a lane, any two spans are nested or apart, and nothing is lost.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

#[path = "../../trace-core/tests/common/mod.rs"]
mod common;

use std::collections::HashMap;

use common::{Random, checkout, ending, span, trace};
use serde_json::Value as Json;
use trace_core::{Outcome, Status};
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
