//! Limits, redaction, resource and the rules for statuses, as a capture shows them.

#![cfg(test)]

use trace_core::{
    Capture, NewEvent, Outcome, Redaction, Redactor, Resource, SpanLimits, Status, Trace, Value, capture, current_span,
    in_scope, span, start_span,
};

#[test]
fn the_first_attributes_are_kept_and_the_rest_is_counted() {
    let captured = Capture::new().limits(SpanLimits::new().attributes(2)).run(|| {
        in_scope("span", || (0..5_i64).for_each(|n| current_span().set_attribute(format!("key{n}"), n)));
    });
    let trace = captured.trace().unwrap();
    let span = trace.root().unwrap().to_data();
    assert_eq!(span.attributes.iter().map(|attribute| attribute.key.as_str()).collect::<Vec<_>>(), ["key0", "key1"]);
    assert_eq!((span.dropped.attributes, captured.stats.over_limits), (3, 3));
}

#[test]
fn a_key_that_is_there_takes_a_new_value_over_the_limit() {
    let captured = Capture::new().limits(SpanLimits::new().attributes(1)).run(|| {
        in_scope("span", || (0..5).for_each(|n| current_span().set_attribute("key", n)));
    });
    assert_eq!(captured.trace().unwrap().root().unwrap().attribute("key"), Some(&Value::I64(4)));
    assert_eq!(captured.stats.over_limits, 0);
}

#[test]
fn events_and_their_attributes_have_limits_of_their_own() {
    let limits = SpanLimits::new().events(1).attributes_per_event(1).value_length(3);
    let captured = Capture::new().limits(limits).run(|| {
        in_scope("span", || {
            current_span().add_event(NewEvent::new("first").attribute("a", "abcdef").attribute("b", 2));
            current_span().add_event("second");
        });
    });
    let span = captured.trace().unwrap().root().unwrap().to_data();
    assert_eq!((span.events.len(), span.dropped.events, span.events[0].dropped_attributes), (1, 1, 1));
    assert_eq!(span.events[0].attributes[0].value, Value::from("abc"));
}

#[test]
fn a_redaction_sees_whole_values_of_spans_and_events_before_anybody_else() {
    let redactor = Redactor::new(|attribute| match attribute.key.as_str() {
        "password" => Redaction::Remove,
        "email" => Redaction::Replace("***".into()),
        _ => Redaction::Keep,
    });
    let captured = Capture::new().redact(redactor).run(|| {
        in_scope("span", || {
            current_span().set_attribute("password", "secret");
            current_span().set_attribute("email", "a@b.c");
            current_span().add_event(NewEvent::new("event").attribute("password", "secret"));
            let so_far = trace_core::current_trace();
            assert!(so_far.is_none_or(|trace| trace.spans().all(|span| span.attribute("password").is_none())));
        });
    });
    let span = captured.trace().unwrap().root().unwrap().to_data();
    assert_eq!((span.attribute("password"), span.attribute("email")), (None, Some(&Value::from("***"))));
    assert!(span.events[0].attributes.is_empty());
    assert_eq!(captured.stats.redacted, 2);
}

#[test]
fn what_a_guard_or_a_builder_gets_where_it_is_made_is_redacted_and_limited_as_all_else() {
    fn spans() {
        let _root = span("root").attribute("secret", 1).attribute("number", 2).enter();
        span("builder").attribute("secret", 3).attribute("number", 4).in_scope(|| ());
        let _guard = start_span("guard").attribute("secret", 5).attribute("number", 6);
        start_span("other").attribute("secret", 7).add_event("event");
    }
    let attributes = |trace: &Trace, name: &str| {
        let span = trace.find(name).unwrap();
        span.attributes().iter().map(|attribute| attribute.value.as_i64()).collect::<Vec<_>>()
    };

    let redactor = Redactor::new(|attribute| match attribute.key.as_str() {
        "secret" => Redaction::Remove,
        _ => Redaction::Keep,
    });
    let captured = Capture::new().redact(redactor).run(spans);
    let trace = captured.trace().unwrap();
    let kept = ["root", "builder", "guard", "other"].map(|name| attributes(trace, name));
    assert_eq!(kept, [vec![Some(2)], vec![Some(4)], vec![Some(6)], vec![]]);
    assert_eq!(captured.stats.redacted, 4);

    let captured = Capture::new().limits(SpanLimits::new().attributes(1)).run(spans);
    let trace = captured.trace().unwrap();
    let kept = ["root", "builder", "guard", "other"].map(|name| attributes(trace, name));
    assert_eq!(kept, [1, 3, 5, 7].map(|first| vec![Some(first)]));
    assert_eq!(captured.stats.over_limits, 3);
}

#[test]
fn the_resource_is_that_of_the_capture() {
    let resource = Resource::new().attribute("service.name", "test");
    let captured = Capture::new().resource(resource).run(|| in_scope("span", || {}));
    let trace = captured.trace().unwrap();
    assert_eq!(trace.resource().get("service.name"), Some(&Value::from("test")));
}

#[test]
fn ok_is_final_and_an_error_wins_over_nothing() {
    let status = |body: &dyn Fn()| {
        let captured = capture(|| in_scope("span", body));
        let span = captured.trace().unwrap().root().unwrap().to_data();
        (span.status, span.outcome)
    };
    let set = |status: Status| current_span().set_status(status);
    assert_eq!(status(&|| {}), (Status::Unset, Outcome::Ok));
    assert_eq!(status(&|| set(Status::error("bad"))), (Status::error("bad"), Outcome::Error));
    assert_eq!(status(&|| (set(Status::Ok), set(Status::error("bad"))).1), (Status::Ok, Outcome::Ok));
    assert_eq!(status(&|| (set(Status::error("one")), set(Status::error("two"))).1).0, Status::error("two"));
}

#[test]
fn a_name_can_be_given_later() {
    let captured = capture(|| in_scope("first", || current_span().set_name("second")));
    assert_eq!(captured.trace().unwrap().root().unwrap().name(), "second");
}

#[test]
fn a_static_name_beyond_what_is_interned_is_still_its_spans_name() {
    let names: Vec<&'static str> = (0..trace_core::MAX_INTERNED + 10)
        .map(|number| &*Box::leak(format!("name{number}").into_boxed_str()))
        .collect();
    let captured = capture(|| in_scope("root", || names.iter().for_each(|&name| in_scope(name, || {}))));
    let mut found: Vec<_> = captured.spans().map(|span| span.name().to_owned()).filter(|name| name != "root").collect();
    let mut expected: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}
