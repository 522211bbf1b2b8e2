//! Perfetto JSON: in a lane, any two spans are nested or apart, and nothing is lost.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

#[path = "../../trace-core/tests/common/mod.rs"]
mod common;

use std::collections::HashMap;

use common::{MS, Random, START, checkout, ending, evil, id, polls, span, trace, with};
use serde_json::Value as Json;
use trace_core::{Link, Outcome, Resource, SpanContext, SpanId, Status, Trace, TraceFlags, Value};
use trace_render::{Html, Perfetto, TraceExt as _};

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
    let begins_a_slice = |event: &Json| {
        let same = |slice: &Json, member: &str| slice[member] == event[member];
        let members = ["pid", "tid", "cat", "ts"];
        events.iter().any(|slice| slice["ph"] == "X" && members.iter().all(|member| same(slice, member)))
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
                assert!(begins_a_slice(event), "an arrow without a slice is not drawn: {event}");
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
    let expected = [("wake", 2, 39_000.0), ("spawn", 1, 0.0), ("link", 2, 39_000.0)];
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

/// Values of every type, numbers that a double does not hold among them.
fn values() -> Trace {
    let mut all = ending(span(1, 9, "values", 3, 5), Outcome::Ok, Status::Ok);
    let values: [Value; 13] = [
        true.into(),
        i64::MAX.into(),
        i64::MIN.into(),
        ((1_i64 << 53) - 1).into(),
        0.1.into(),
        (-0.0).into(),
        f64::NAN.into(),
        f64::NEG_INFINITY.into(),
        vec![1_u8, 254].into(),
        vec!["a", "b\"c"].into(),
        vec![1_i64, i64::MAX].into(),
        vec![1.5, f64::INFINITY].into(),
        Vec::<bool>::new().into(),
    ];
    for (number, value) in values.into_iter().enumerate() {
        all = with(all, format!("value {number}"), value);
    }
    trace([with(all, "span_id", "an attribute with the name of ours")])
}

/// Spans of two services beside each other, polled on three threads each.
fn random_parts(seed: u64) -> [Trace; 2] {
    let mut random = Random(seed);
    [("front", 1..=8), ("back", 9..=20)].map(|(service, numbers)| {
        let spans = numbers.map(|number| {
            let parent = random.below(number as usize) as u64;
            let (from, lasts) = (random.below(40) as u64, 1 + random.below(30) as u64);
            let mut of = span(number, parent, &format!("s{number}"), from, lasts);
            if number % 3 == 0 {
                let to = SpanId::from_u64(1 + random.below(20) as u64).unwrap();
                of.links.push(Link::new(SpanContext::new(id(), to, TraceFlags::SAMPLED)));
                of.events.push(trace_core::Event::new("happened", START + (from + random.below(9) as u64) * MS));
            }
            let (mut at, count) = (from, random.below(5));
            let of_span = std::iter::from_fn(|| {
                at += random.below(6) as u64;
                let lasts = random.below(4) as u64;
                let (start, woken) = (at, at.saturating_sub(random.below(5) as u64));
                at += lasts;
                Some((start, lasts, 1 + random.below(3) as u32, woken))
            });
            let of_span: Vec<_> = of_span.take(count).collect();
            (of, if of_span.is_empty() { None } else { polls(&of_span) })
        });
        let spans: Vec<_> = spans.collect();
        let trace = Trace::from_spans_with_polls(id(), spans);
        trace.resource_of_spans(Resource::new().attribute("service.name", service))
    })
}

/// What the page is made of and what the file is, for the page's own way of making it: the tests of the viewer read this file.
#[test]
fn the_page_makes_the_same_file() {
    let mut cases = vec![vec![checkout()], vec![evil()], vec![trace([])], vec![tasks()], vec![values()]];
    cases.extend((0..6).map(|seed| random_parts(seed).into()));
    let mut vectors = String::from("[");
    let mut arrows = 0;
    for traces in &cases {
        let page = Html::new().render_all(traces);
        let (_, data) = page.split_once("id=\"trace-data\">").unwrap();
        let data: Json = serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap();
        let file = Perfetto::new().render_all(traces);
        arrows += check_format(&file).iter().filter(|event| event["ph"] == "s").count();
        let file: Json = serde_json::from_str(&file).unwrap();
        let separator = if vectors.len() == 1 { "\n" } else { ",\n" };
        vectors += &format!("{separator}{}", serde_json::json!({ "data": data, "perfetto": file }));
    }
    assert!(arrows > 30, "{arrows} arrows");
    vectors.push_str("\n]\n");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/perfetto.json");
    if std::env::var_os("TRACE_BLESS").is_some() {
        std::fs::write(path, &vectors).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap();
    assert!(vectors == expected, "if it is meant: TRACE_BLESS=1 cargo test -p trace-render --test perfetto");
}
