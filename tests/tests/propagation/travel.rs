//! Where spans are recorded: parents, trace state and baggage.

use futures::executor::block_on;
use trace_core::{
    Baggage, Context, ContextExt, FutureExt, Handoff, Span, TraceFlags, capture, capture_async, current_baggage,
    current_span, current_trace_state, in_scope, span, start_span,
};

use crate::{PARENT, TRACE, full_request, request, sent};

#[test]
fn the_span_of_a_server_is_a_child_of_the_client_s_and_sends_itself_on() {
    let captured = capture(|| span("serve").parent(full_request()).in_scope(|| in_scope("call", sent)));
    let trace = captured.trace().unwrap();
    let (serve, call) = (trace.find("serve").unwrap(), trace.find("call").unwrap());
    assert_eq!((trace.id().to_string(), serve.parent_id().unwrap().to_string()), (TRACE.to_owned(), PARENT.to_owned()));
    assert!(serve.parent_is_remote() && !call.parent_is_remote());
    assert_eq!(
        captured.value["traceparent"],
        format!("00-{TRACE}-{}-03", call.span_id()),
        "the random flag is carried"
    );
    assert_eq!(captured.value["tracestate"], "congo=t61rcWkgMzE");
    assert_eq!(captured.value["baggage"], "tenant=42;p=1");
    assert_eq!(call.trace_state().as_str(), "congo=t61rcWkgMzE");
}

#[test]
fn what_is_absent_or_broken_begins_a_new_trace_and_what_is_broken_is_told() {
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let table: [(&[_], &[&str], _, _); 8] = [
        (&[], &[], false, "absent"),
        (&[("tracestate", "a=1")], &[], false, "a trace state alone says nothing"),
        (&[("traceparent", "")], &["traceparent"], false, "empty is not absent"),
        (&[("traceparent", "00-0-0-01")], &["traceparent"], false, "broken"),
        (&[("traceparent", traceparent.as_str()); 2], &["traceparent"], false, "twice the same is twice"),
        (&[("Traceparent", &traceparent), ("traceparent", "x")], &["traceparent"], false, "twice, in another case"),
        (&[("traceparent", &format!(" \t{traceparent} "))], &[], true, "optional white space"),
        (&[("traceparent", &traceparent), ("tracestate", "A")], &["tracestate"], true, "a broken trace state alone"),
    ];
    for (headers, broken, is_child, reason) in table {
        let before = trace_core::stats().broken_headers;
        let parent = request(headers);
        assert!(trace_core::stats().broken_headers >= before + broken.len() as u64, "{reason}");
        assert_eq!(parent.broken().iter().map(|broken| broken.header()).collect::<Vec<_>>(), broken, "{reason}");
        assert!(parent.trace_state().is_empty(), "{reason}");
        let captured = capture(|| {
            let _outer = start_span("outer");
            span("serve").parent(parent).in_scope(|| ());
        });
        let serve = captured.traces.iter().find_map(|trace| trace.find("serve")).unwrap();
        assert_eq!(serve.trace_id().to_string() == TRACE, is_child, "{reason}");
        assert_eq!(serve.parent_id().map(|id| id.to_string()), is_child.then(|| PARENT.to_owned()), "{reason}");
    }
}

#[test]
fn what_travels_goes_where_the_span_goes() {
    let tenant = || (current_baggage().to_string(), current_trace_state().to_string());
    let all = ("tenant=42;p=1".to_owned(), "congo=t61rcWkgMzE".to_owned());
    let captured = block_on(capture_async(async {
        let serve = span("serve").parent(full_request()).start();
        let handle = serve.handle();
        let inside = async {
            assert_eq!(tenant(), all);
            assert_eq!(async { tenant() }.in_span(Span::new("child")).await, all);
            assert_eq!(Handoff::child().thread(tenant).join().unwrap(), all);
            assert_eq!(Handoff::detached().thread(tenant).join().unwrap(), Default::default());
            let elsewhere = Handoff::linked_root("later").thread(tenant).join().unwrap();
            assert_eq!(
                elsewhere,
                (all.0.clone(), String::new()),
                "another trace has no state, but the baggage travels"
            );
            assert_eq!(span("root").root().in_scope(tenant), elsewhere);
            let span = Span::new("sent away");
            assert_eq!(std::thread::spawn(move || span.in_scope(tenant)).join().unwrap(), all);
            let _guard = start_span("held");
            futures::future::ready(()).await;
            assert_eq!(tenant(), all);
        };
        inside.in_span(serve).await;
        assert_eq!(tenant(), Default::default());
        assert_eq!(span("by handle").parent(handle).in_scope(tenant), Default::default(), "a handle carries no cargo");
    }));
    let spans = || captured.spans();
    let states = |name: &str| spans().find(|span| span.name() == name).unwrap().trace_state().to_string();
    assert_eq!(["serve", "child", "held", "later", "root"].map(states), [&*all.1, &*all.1, &*all.1, "", ""]);
    let later = spans().find(|span| span.name() == "later").unwrap();
    assert_eq!(later.links().next().unwrap().trace_state().as_str(), all.1, "but a link says that of the other trace");
}

#[test]
fn guards_that_end_in_any_order_take_their_cargo_with_them() {
    let with = |tenant: &str| request(&[("baggage", &format!("tenant={tenant}"))]);
    let current = || current_baggage().get("tenant").map(|tenant| tenant.into_owned());
    capture(|| {
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut guards: Vec<_> =
                ["a", "b", "c"].map(|tenant| Some(span("serve").parent(with(tenant)).enter())).into();
            for index in order {
                guards[index] = None;
                let innermost = guards.iter().rposition(Option::is_some).map(|index| ["a", "b", "c"][index].to_owned());
                assert_eq!(current(), innermost, "{order:?}");
            }
            assert_eq!((current_span().context(), current_baggage()), (None, Baggage::new()), "{order:?}");
        }
    });
}

#[test]
fn a_context_is_a_value_that_can_be_changed_and_taken_along() {
    let captured = capture(|| {
        let span = start_span("work");
        let mut baggage = current_baggage();
        baggage.insert("tenant", "42").unwrap();
        let context = Context::current().with_baggage(baggage.clone()).with_trace_state("a=1".parse().unwrap());
        assert_eq!(context.span_context(), span.context());
        context.clone().in_scope(|| {
            assert_eq!((current_baggage(), current_trace_state().to_string()), (baggage.clone(), "a=1".to_owned()));
            assert_eq!(current_span().context(), span.context());
            in_scope("child", || ());
        });
        assert_eq!(current_baggage(), Baggage::new());
        let elsewhere = context.clone();
        std::thread::spawn(move || trace_core::span("elsewhere").parent(elsewhere).in_scope(sent)).join().unwrap();
        block_on(async { in_scope("polled", || ()) }.in_context(context));
    });
    let trace = captured.trace().unwrap();
    for name in ["child", "elsewhere", "polled"] {
        assert_eq!(trace.find(name).unwrap().parent_id(), Some(trace.root().unwrap().span_id()), "{name}");
    }
}

#[test]
fn a_panic_in_a_scope_takes_its_cargo_with_it() {
    let broken = std::panic::catch_unwind(|| {
        let _serve = span("serve").parent(full_request()).enter();
        let _context = start_span("inside");
        std::panic::resume_unwind(Box::new(()));
    });
    assert!(broken.is_err());
    assert!(current_baggage().is_empty() && sent().is_empty());
}

#[test]
fn nothing_is_sent_from_suppressed_work() {
    span("serve").parent(full_request()).in_scope(|| {
        assert!(trace_core::suppressed(sent).is_empty());
        assert!(!sent().is_empty());
    });
    assert_eq!(full_request().span_context().unwrap().flags(), TraceFlags::SAMPLED | TraceFlags::RANDOM);
}

#[test]
fn a_span_of_another_process_can_be_current_without_a_span_of_our_own() {
    let captured = capture(|| {
        let context = full_request().into_context();
        context.in_scope(|| {
            assert_eq!(sent()["traceparent"], format!("00-{TRACE}-{PARENT}-03"));
            in_scope("first", || ());
            in_scope("second", || ());
        });
    });
    let spans: Vec<_> = captured.spans().collect();
    assert_eq!(spans.len(), 2);
    for span in spans {
        assert_eq!(span.parent_id().unwrap().to_string(), PARENT);
        assert!(span.parent_is_remote());
    }
}
