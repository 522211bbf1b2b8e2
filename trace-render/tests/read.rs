//! Reading spans from files: all of it comes back, and what is wrong is told with its place.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

#[path = "../../trace-core/tests/common/mod.rs"]
mod common;

use common::{START, checkout, ending, evil, span, trace};
use trace_core::{Cancellation, Dropped, Link, Outcome, SpanContext, SpanKind, Status, Trace, Value};
use trace_render::read::read;

#[test]
fn json_lines_come_back_as_they_were_written() {
    let mut values = span(1, 0, "values", 0, 5);
    for (key, value) in [
        ("int", Value::from(i64::MAX)),
        ("double", Value::from(1.0)),
        ("nan", Value::from(f64::NEG_INFINITY)),
        ("bytes", Value::from(vec![0_u8, 1, 255])),
        ("empty", Value::from(Vec::<i64>::new())),
        ("list", Value::from(vec!["a", "b"])),
        ("flags", Value::from(vec![true, false])),
    ] {
        values.attributes.push((key, value).into());
    }
    let mut linked = span(1, 0, "linked", 0, 5);
    linked.links.push(
        Link::new(SpanContext::new(linked.trace_id, linked.span_id, linked.flags))
            .trace_state("rojo=1".parse().unwrap()),
    );
    let linked = trace([linked]).trace_state_of_spans("congo=t61rcWkgMzE".parse().unwrap());
    for written in [checkout(), evil(), trace([values]), linked] {
        let read = read(&written.to_json_lines()).unwrap();
        let data = |trace: &Trace| trace.spans().map(|span| span.to_data()).collect::<Vec<_>>();
        assert_eq!(read.len(), 1);
        assert_eq!(data(&read[0]), data(&written));
        assert_eq!(read[0].resource(), written.resource());
        assert_eq!(read[0].trace_state(), written.trace_state());
    }
}

#[test]
fn how_a_span_was_given_up_comes_back_from_a_file() {
    for how in [Dropped::InParentsPoll, Dropped::WithParent, Dropped::FromOutside, Dropped::Unknown] {
        let mut gone = ending(span(2, 1, "fetch", 1, 4), Outcome::Cancelled, Status::Unset);
        gone.cancellation = Some(Cancellation::new(how));
        let written = trace([span(1, 0, "root", 0, 9), gone]);
        let read = read(&written.to_json_lines()).unwrap();
        assert_eq!(read[0].find("fetch").unwrap().cancellation().unwrap().dropped, how);
    }
}

#[test]
fn a_place_in_the_source_comes_back_under_the_names_that_spans_over_otlp_have() {
    #[trace_core::traced]
    fn call() {}

    let captured = trace_core::capture(call);
    let written = captured.trace().unwrap();
    let read = read(&written.to_json_lines()).unwrap();
    let (span, callsite) = (read[0].root().unwrap(), written.root().unwrap().callsite());
    assert_eq!(span.attribute("code.file.path"), Some(&Value::from(callsite.file())));
    assert_eq!(span.attribute("code.line.number"), Some(&Value::from(callsite.line())));
    assert_eq!(span.attribute("code.module.name"), Some(&Value::from(callsite.module())));
    assert!(!callsite.module().is_empty());
}

const OTLP: &str = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
"scopeSpans":[{"scope":{"name":"lib"},"spans":[{"traceId":"4BF92F3577B34DA6A3CE929D0E0E4736","spanId":"00f067aa0ba902b7",
"parentSpanId":"","name":"GET /","kind":2,"startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000005000000",
"attributes":[{"key":"http.status","value":{"intValue":"500"}},{"key":"ratio","value":{"doubleValue":0.5}}],
"status":{"code":2,"message":"broken"}}]}]}]}
"#;

#[test]
fn otlp_json_is_read_with_ids_in_any_case_and_numbers_as_text() {
    let traces = read(&OTLP.repeat(2)).unwrap();
    let span = traces[0].spans().next().unwrap();
    assert_eq!((span.name(), span.kind(), span.outcome()), ("GET /", SpanKind::Server, Outcome::Error));
    assert_eq!(span.attribute("http.status"), Some(&Value::I64(500)));
    assert_eq!((span.parent_id(), span.start_unix_nanos()), (None, START));
    assert_eq!(traces[0].resource().service_name(), Some("shop"));
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_column() {
    let good = trace([span(1, 0, "a", 0, 1)]).to_json_lines();
    let second = |line: &str| format!("{good}{line}\n");
    for (text, line, column, message) in [
        (String::new(), 1, 1, "there is no span in it"),
        ("{\"a\": 1}".to_owned(), 1, 1, "neither a span"),
        ("hello".to_owned(), 1, 1, "expected value"),
        (second("{\"trace_id\": \"4bf9\"}"), 2, 20, "trace id \"4bf9\""),
        (second(&good.trim_end()[..40]), 2, 40, "EOF"),
        (good.replace("\"internal\"", "\"sideways\""), 1, 0, "unknown variant `sideways`"),
        (good.replace("\"start_unix_nano\":\"17", "\"start_unix_nano\":\"x7"), 1, 0, "is no number of nanoseconds"),
        (OTLP.replace("\"name\":\"GET /\"", "\"name\":7"), 3, 26, "expected a string"),
    ] {
        let error = read(&text).unwrap_err();
        assert_eq!(error.line(), line, "{error}");
        assert!(column == 0 || error.column() == column, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
}
