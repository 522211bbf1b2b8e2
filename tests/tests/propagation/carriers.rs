//! What contexts are read from and written into.

use std::collections::{BTreeMap, HashMap};
use std::process::Command;

use trace_core::propagation::{
    B3, CompositePropagator, Environment, Extracted, Extractor, Injector, Jaeger, Propagator, TraceContext, W3cBaggage,
    environment_name, extract, inject,
};
use trace_core::span;

use crate::{PARENT, TRACE, full_request};

fn values(carrier: &dyn Extractor, name: &str) -> Vec<Vec<u8>> {
    let mut values = Vec::new();
    carrier.values(name, &mut |value| values.push(value.to_vec()));
    values
}

#[test]
fn names_are_found_in_any_case_and_what_is_set_replaces_what_was_there() {
    fn check(mut carrier: impl Extractor + Injector, kind: &str) {
        assert_eq!(values(&carrier, "old-name"), [b"old"], "{kind}");
        carrier.set("old-name", "new");
        assert_eq!(values(&carrier, "old-name"), [b"new"], "{kind}");
        let mut names = Vec::new();
        carrier.names(&mut |name| names.push(name.to_ascii_lowercase()));
        assert_eq!(names, ["old-name"], "{kind}");
        carrier.remove("old-name");
        assert!(values(&carrier, "old-name").is_empty(), "{kind}");
    }
    let pair = || ("Old-Name".to_owned(), "old".to_owned());
    check(HashMap::from([pair()]), "a hash map");
    check(BTreeMap::from([pair()]), "a tree map");
    check(vec![pair()], "a list");
    let mut headers = http::HeaderMap::new();
    headers.insert("old-name", http::HeaderValue::from_static("old"));
    check(headers, "HTTP headers");
}

#[test]
fn http_headers_keep_their_order_and_what_is_no_text_is_broken_and_not_absent() {
    let mut headers = http::HeaderMap::new();
    headers.insert("traceparent", format!("00-{TRACE}-{PARENT}-01").parse().unwrap());
    headers.append("tracestate", "a=1".parse().unwrap());
    headers.append("tracestate", "b=2, c=3".parse().unwrap());
    let found = extract(&headers);
    assert_eq!(found.trace_state().as_str(), "a=1,b=2,c=3");
    headers.insert("traceparent", http::HeaderValue::from_bytes(b"\xff").unwrap());
    assert_eq!(extract(&headers).broken().len(), 1);
    Injector::set(&mut headers, "no token", "value");
    Injector::set(&mut headers, "name", "a\nb");
    assert_eq!(headers.get("name"), None, "what cannot stand in a header is left out");
}

#[test]
fn a_trace_state_of_another_hop_does_not_stay_beside_a_new_parent() {
    let parent = extract(&[("traceparent", format!("00-{TRACE}-{PARENT}-01"))]);
    let mut forwarded = BTreeMap::from([("Tracestate".to_owned(), "stale=1".to_owned())]);
    span("serve").parent(parent).in_scope(|| inject(&mut forwarded));
    assert_eq!(forwarded.keys().collect::<Vec<_>>(), ["traceparent"]);
    let mut manual = BTreeMap::from([("traceparent".to_owned(), "by hand".to_owned())]);
    inject(&mut manual);
    assert_eq!(manual["traceparent"], "by hand", "without a context a request stays as it is");
}

#[test]
fn a_program_is_started_with_the_context_and_finds_it() {
    let mut command = Command::new("true");
    command.env("TRACESTATE", "stale=1");
    span("start").parent(full_request()).in_scope(|| inject(&mut command));
    let set: Vec<_> = command.get_envs().filter_map(|(name, value)| Some((name.to_str()?, value?.to_str()?))).collect();
    let traceparent = format!("00-{TRACE}-{PARENT}-03");
    let expected = [("BAGGAGE", "tenant=42;p=1"), ("TRACEPARENT", &traceparent), ("TRACESTATE", "congo=t61rcWkgMzE")];
    assert_eq!(set, expected);
    let found = extract(&Environment::new(set));
    assert_eq!(found.span_context(), full_request().span_context());
    assert_eq!((found.trace_state(), found.baggage()), (full_request().trace_state(), full_request().baggage()));
    assert!(extract(&Environment::new([("TRACEPARENT", "")])).broken().is_empty(), "an empty variable is not set");
    assert_eq!(extract(&Environment::new([("TRACEPARENT", "x")])).broken().len(), 1);
    assert_eq!(environment_name("x-b3-TraceId"), "X_B3_TRACEID");
}

#[test]
fn of_several_formats_the_last_one_that_has_a_span_wins_and_broken_ones_are_told() {
    let all = CompositePropagator::new().and(TraceContext).and(B3::single()).and(Jaeger).and(W3cBaggage);
    let found = |headers: &[(&str, &str)]| {
        let mut found = Extracted::new();
        all.extract(&headers, &mut found);
        (found.span_context().map(|span| span.trace_id().to_u128()), found.broken().len(), found.trace_state().len())
    };
    let w3c = ("traceparent", "00-00000000000000000000000000000001-00f067aa0ba902b7-01");
    let (state, b3) = (("tracestate", "a=1"), ("b3", "0000000000000002-00f067aa0ba902b7-1"));
    let jaeger = ("uber-trace-id", "3:1:0:1");
    let table: [(&[(&str, &str)], _, &str); 6] = [
        (&[], (None, 0, 0), "nothing"),
        (&[w3c, state], (Some(1), 0, 1), "the first alone"),
        (&[w3c, state, b3], (Some(2), 0, 0), "the state belongs to the other trace"),
        (&[w3c, b3, jaeger], (Some(3), 0, 0), "the last"),
        (&[w3c, state, ("b3", "x")], (Some(1), 1, 1), "a broken one takes nothing away"),
        (&[w3c, ("b3", "0")], (Some(1), 0, 0), "a decision without a span says nothing of the span"),
    ];
    for (headers, expected, reason) in table {
        assert_eq!(found(headers), expected, "{reason}");
    }
    assert_eq!(all.fields(), ["traceparent", "tracestate", "b3", "uber-trace-id", "baggage"]);
}
